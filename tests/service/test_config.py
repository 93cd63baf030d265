"""Every setting: where it may come from, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from service import tokens
from service.access import new_token
from service.addresses import is_among
from service.config import Config, ConfigError, Listen, is_loopback, load

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        file = tmp_path / "config.yaml"
        file.write_text(text)
        return file

    return write


def _problem(file: Path | None, environment: dict[str, str] | None = None, **overrides: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file, environment or {}, {name.replace("__", "."): value for name, value in overrides.items()})
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_any_source_the_defaults_hold() -> None:
    config = load(None, {}, {})
    assert config == Config()
    assert (config.listen.address, config.listen.port, config.plots.paths) == ("127.0.0.1", 9999, ())
    assert (config.live.min_interval_s, config.live.rest, config.cache.unknown_s) == (0.2, 1.0, 10.0)


def test_an_empty_file_or_section_leaves_the_defaults(write: Write) -> None:
    assert load(write(""), {}, {}) == load(write("render:\n"), {}, {}) == Config()


def test_a_flag_beats_the_environment_and_that_beats_the_file(write: Write) -> None:
    file = write("listen: {port: 1, backlog: 1, embed: same-site}\n")
    environment = {"PLOTD_LISTEN__PORT": "2", "PLOTD_LISTEN__BACKLOG": "2"}
    listen = load(file, environment, {"listen.port": 3}).listen
    assert (listen.port, listen.backlog, listen.embed) == (3, 2, "same-site")


def test_nothing_is_read_behind_the_callers_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLOTD_LISTEN__PORT", "1234")
    assert Config() == load(None, {}, {})


def test_every_kind_of_setting_can_come_from_the_environment() -> None:
    config = load(
        None,
        {
            "PLOTD_RENDER__WORKERS": "4",
            "PLOTD_LIVE__REST": "0.5",
            "PLOTD_AUTH__OPEN": "true",
            "PLOTD_LOG__LEVEL": "debug",
            "PLOTD_LISTEN__HOSTS": "plots.example, Other.Example",
            "PLOTD_DATA_ROOTS": "/data,/more",
            "PLOTD_PLOTS__PATHS": '["/with,comma"]',
            "HOME": "/root",
        },
        {},
    )
    assert (config.render.workers, config.live.rest, config.auth.open, config.log.level) == (4, 0.5, True, "debug")
    assert config.listen.hosts == ("plots.example", "other.example")
    assert config.data_roots == (Path("/data"), Path("/more"))
    assert config.plots.paths == (Path("/with,comma"),)


def test_an_empty_variable_counts_as_not_given() -> None:
    assert load(None, {"PLOTD_LISTEN__PORT": ""}, {}) == Config()


def test_relative_paths_of_the_file_are_below_its_folder(write: Write, tmp_path: Path) -> None:
    config = load(write("plots: {paths: [a, /b]}\ndata_roots: [../c]\n"), {}, {})
    assert config.plots.paths == (tmp_path / "a", Path("/b"))
    assert config.data_roots == (tmp_path / "../c",)


def test_relative_paths_from_elsewhere_are_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(None, {"PLOTD_DATA_ROOTS": "c"}, {"plots.paths": ["a", Path("b")]})
    assert config.plots.paths == (tmp_path / "a", tmp_path / "b")
    assert config.data_roots == (tmp_path / "c",)


def test_a_tilde_is_the_home_folder(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert load(write("data_roots: [~/data]\n"), {}, {}).data_roots == (Path("/home/ada/data"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("render:\n  workers: '3'\n", "line 2: render.workers: expected a whole number, found '3'"),
        ("render: {workers: true}", "line 1: render.workers: expected a whole number, found true"),
        ("render: {workers: 1.5}", "line 1: render.workers: expected a whole number, found 1.5"),
        ("render: {workers: 0}", "line 1: render.workers: expected greater than or equal to 1, found 0"),
        ("render: {timeout_s: 0}", "line 1: render.timeout_s: expected greater than 0, found 0"),
        ("render: {timeout_s: soon}", "line 1: render.timeout_s: expected a number, found 'soon'"),
        ("cache: {unknown_s: .inf}", "line 1: cache.unknown_s: expected a finite number, found inf"),
        ("live: {rest: -1}", "line 1: live.rest: expected greater than or equal to 0, found -1"),
        ("listen:\n  port:\n", "line 2: listen.port: expected a whole number, found nothing"),
        ("listen: {port: 65536}", "line 1: listen.port: expected less than or equal to 65535, found 65536"),
        ("listen: {address: 5}", "line 1: listen.address: expected text, found 5"),
        ("listen: {hosts: a.example}", "line 1: listen.hosts: expected a list, found 'a.example'"),
        (
            "listen: {hosts: ['http://a.example']}",
            "line 1: listen.hosts: expected a host name or an IP address, without scheme, port or path, "
            "found 'http://a.example'",
        ),
        (
            "listen: {embed: all}",
            "line 1: listen.embed: expected 'same-origin', 'same-site' or 'cross-origin', found 'all'",
        ),
        ("listen: {tls: [a]}", "listen.tls: expected a list of two files, the certificate and its key, found a list"),
        ("listen: {tls: a}", "listen.tls: expected a list, found 'a'"),
        ("listen: {tls: [a, b]}", "/a: No such file or directory"),
        ("listen: {unix_socket: 5}", "listen.unix_socket: expected a path, found 5"),
        (
            f"listen: {{unix_socket: /{'a' * 107}}}",
            "listen.unix_socket: expected a path of at most 107 bytes, found '/aaaa",
        ),
        ("listen: {trusted_proxies: [all]}", "expected an IP address, or a network such as 10.0.0.0/8, found 'all'"),
        ("listen: {trusted_proxies: [10.0.0.1/8]}", "expected an IP address, or a network such as 10.0.0.0/8, found"),
        ("listen: {max_connections: 0}", "listen.max_connections: expected greater than or equal to 1, found 0"),
        ("listen: {max_url_bytes: 20}", "listen.max_url_bytes: expected greater than or equal to 256, found 20"),
        ("listen: {max_header_bytes: 20}", "listen.max_header_bytes: expected greater than or equal to 1024, found"),
        ("listen: {max_parameters: -1}", "listen.max_parameters: expected greater than or equal to 1, found -1"),
        ("listen: {max_body_bytes: 1k}", "listen.max_body_bytes: expected a whole number, found '1k'"),
        ("listen: {receive_timeout_s: 0}", "listen.receive_timeout_s: expected greater than 0, found 0"),
        ("listen: {send_timeout_s: .inf}", "listen.send_timeout_s: expected a finite number, found inf"),
        ("live: {max_watched: 0}", "live.max_watched: expected greater than or equal to 1, found 0"),
        ("live: {max_message_bytes: 1}", "live.max_message_bytes: expected greater than or equal to 256, found 1"),
        ("cache: {max_requests_per_plot: 0}", "cache.max_requests_per_plot: expected greater than or equal to 1"),
        ("auth: {open: 1}", "line 1: auth.open: expected auto, true or false, found 1"),
        ("log: {level: off}", "line 1: log.level: expected 'debug', 'info', 'warning' or 'error', found false"),
        ("plots: {paths: [[a]]}", "line 1: plots.paths: expected a path, found a list"),
        ("data_roots: {a: b}", "line 1: data_roots: expected a list, found a mapping"),
        ("\n\nrender: 5", "line 3: render: expected settings, each on a line below, found 5"),
        ("render:\n  worker: 2", "line 2: render.worker is no setting; did you mean render.workers?"),
        ("render: {ping_s: 2}", "line 1: render.ping_s is no setting; did you mean live.ping_s?"),
        ("workers: 2", "line 1: workers is no setting; did you mean render.workers?"),
        ("renderer: {workers: 2}", "line 1: renderer is no setting; did you mean render?"),
        ("1: 2", "line 1: 1 is no setting"),
        ('"a\\nb": 2', r"line 1: a\nb is no setting"),
        ("log: {level: info}\nlog: {level: info}", "line 2: log stands there twice, first in line 1"),
        ("live:\n  rest: 1\n  rest: 2", "line 3: live.rest stands there twice, first in line 2"),
        ("live: {rest: 1", "line 1: not YAML: expected ',' or '}', but got '<stream end>'"),
        ("live: !!python/object:os.system x", "line 1: not YAML: could not determine a constructor for the tag"),
        ("log: {level: 2026-99-99}", "not YAML: month must be in 1..12"),
        ("[" * 5000, "not YAML: maximum recursion depth exceeded"),
        ("live: \x01", "not YAML: unacceptable character"),
        ("? [a]\n: b", "line 1: not YAML: found unhashable key"),
        ("- a", "expected sections such as 'listen:', found a list"),
        ("listen", "expected sections such as 'listen:', found 'listen'"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_the_key_and_what_was_expected(
    write: Write, text: str, said: str
) -> None:
    file = write(text)
    problem = _problem(file)
    assert problem.startswith(str(file))
    assert said in problem


def test_a_file_that_refers_to_itself_is_refused(write: Write) -> None:
    assert "listen.inner is no setting" in _problem(write("listen: &a {inner: *a}"))


def test_every_problem_is_told(write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write("render: {workers: x, queue: y}\nnonsense: 1"), {}, {})
    assert len(caught.value.problems) == 3


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert _problem(tmp_path / "no.yaml") == f"{tmp_path}/no.yaml: No such file or directory"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert _problem(tmp_path) == f"{tmp_path}: Is a directory"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"log: \xff")
    assert _problem(file) == f"{file}: expected text in UTF-8, found another byte at position 5"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PLOTD_RENDER__WORKER", "4", "PLOTD_RENDER__WORKER is no setting; did you mean PLOTD_RENDER__WORKERS?"),
        ("PLOTD_LISTEN_PORT", "4", "PLOTD_LISTEN_PORT is no setting; did you mean PLOTD_LISTEN__PORT?"),
        ("PLOTD_LISTEN", "{}", "PLOTD_LISTEN is no setting"),
        ("PLOTD_RENDER__WORKERS", "x", "PLOTD_RENDER__WORKERS: expected a whole number, found 'x'"),
        ("PLOTD_LIVE__REST", "nan", "PLOTD_LIVE__REST: expected a finite number, found nan"),
        ("PLOTD_AUTH__OPEN", "maybe", "PLOTD_AUTH__OPEN: expected auto, true or false, found 'maybe'"),
        ("PLOTD_LISTEN__HOSTS", "[x", "PLOTD_LISTEN__HOSTS: expected a list, found '[x'"),
    ],
)
def test_a_wrong_variable_is_refused_by_its_name(name: str, value: str, said: str) -> None:
    assert _problem(None, {name: value}).startswith(said)


def test_a_wrong_flag_is_refused() -> None:
    assert _problem(None, listen__port=-1).startswith("command line: listen.port: expected")


def test_the_place_that_counts_is_named(write: Write) -> None:
    assert _problem(write("listen: {port: 80}"), {"PLOTD_LISTEN__PORT": "-2"}).startswith("PLOTD_LISTEN__PORT: ")


def test_a_wrong_section_is_not_hidden_by_a_variable(write: Write) -> None:
    assert "render: expected settings" in _problem(write("render: 3"), {"PLOTD_RENDER__WORKERS": "3"})


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.0.5", "::ffff:10.0.0.1", "plots.example"])
def test_beyond_loopback_it_starts_only_when_open_or_with_a_token(
    address: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    file = write(f"listen: {{address: '{address}'}}")
    assert _problem(file) == (
        f"{file}, line 1: listen.address: {address} is within reach of other machines: "
        f"that needs a token (plotd token add NAME --state {tmp_path / 'state'}) or auth.open: true"
    )
    assert "needs a token" in _problem(file, {"PLOTD_AUTH__OPEN": "false"})
    assert load(file, {"PLOTD_AUTH__OPEN": "true"}, {}).is_open
    tokens.add(tmp_path / "state", new_token("over", ("view",), ("*",), -1.0))
    assert "needs a token" in _problem(file)
    tokens.add(tmp_path / "state", new_token("anna", ("view",), ("*",), None))
    assert not load(file, {}, {}).is_open


@pytest.mark.parametrize(
    ("settings", "is_open"),
    [
        ({}, True),
        ({"listen.unix_socket": Path("/run/plotd.sock"), "listen.address": "0.0.0.0"}, True),
        ({"listen.trusted_proxies": ["10.0.0.1"]}, True),
        ({"listen.trusted_proxies": ["10.0.0.1"], "auth.user_header": "X-Remote-User"}, False),
        ({"listen.trusted_proxies": ["10.0.0.1"], "auth.user_header": "X-User", "listen.address": "::"}, False),
        ({"auth.open": False}, False),
        ({"auth.open": True, "listen.address": "::"}, True),
    ],
)
def test_on_this_machine_it_is_open_unless_settings_say_otherwise(settings: dict[str, object], is_open: bool) -> None:
    assert load(None, {}, settings).is_open == is_open


def test_nobody_but_a_trusted_proxy_can_name_users(write: Write) -> None:
    file = write("auth: {user_header: X-Remote-User}")
    assert "auth.user_header: only a proxy can be believed that" in _problem(file)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "localhost", "LocalHost"])
def test_addresses_of_this_machine_are_loopback(address: str) -> None:
    assert is_loopback(address)
    assert load(None, {}, {"listen.address": address}).listen.address == address.lower()


@pytest.mark.parametrize("address", ["", "127.0.0.1:80", "[::1]", "256.1.1.1", "a..b", "-a", "x" * 64, "http://a"])
def test_what_is_no_host_is_refused(address: str) -> None:
    assert "listen.address: expected a host name or an IP address" in _problem(None, listen__address=address)


@pytest.mark.parametrize(
    "address",
    ["", "tcp://127.0.0.1:8786", "dask.example:8786", "tls://[::1]:8786", "wss://a:1", "ws://a:65535", "ucx://b:8786"],
)
def test_addresses_as_dask_writes_them_are_taken(address: str) -> None:
    assert load(None, {}, {"render.dask_scheduler": address}).render.dask_scheduler == address


@pytest.mark.parametrize(
    "address",
    [
        "foo bar",
        "http://a:8786",
        "a",
        "tcp://a",
        "tcp://a:b",
        "tcp://a:0",
        "a:65536",
        "tcp://a:1/",
        "::1:8786",
        "a b:1",
    ],
)
def test_what_is_no_address_of_a_scheduler_is_refused(address: str, write: Write) -> None:
    file = write(f"render:\n  dask_scheduler: '{address}'\n")
    assert _problem(file) == (
        f"{file}, line 2: render.dask_scheduler: expected an address such as tcp://127.0.0.1:8786, "
        f"with tcp://, tls://, ws://, wss://, ucx:// or nothing before it, found '{address}'"
    )


def test_at_a_unix_socket_the_address_is_no_matter(write: Write, tmp_path: Path) -> None:
    listen = load(write("listen: {address: 0.0.0.0, unix_socket: run/plotd.sock}"), {}, {}).listen
    assert listen.unix_socket == tmp_path / "run/plotd.sock"
    assert load(None, {"PLOTD_LISTEN__UNIX_SOCKET": "/run/x"}, {}).listen.unix_socket == Path("/run/x")


def test_proxies_are_addresses_or_networks() -> None:
    listen = load(None, {"PLOTD_LISTEN__TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8, 2001:DB8::/32"}, {}).listen
    assert listen.trusted_proxies == ("127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32")
    among = ["127.0.0.1", "::ffff:127.0.0.1", "10.1.2.3", "2001:db8::7"]
    assert [is_among(address, listen.trusted_proxies) for address in among] == [True] * 4
    others = ["127.0.0.2", "11.0.0.1", "::1", "2001:db9::1", "", "localhost"]
    assert [is_among(address, listen.trusted_proxies) for address in others] == [False] * 6


@pytest.mark.parametrize(
    ("given", "base_url", "origin", "prefix"),
    [
        ("", "", "", ""),
        ("/", "", "", ""),
        ("/plots/", "/plots", "", "/plots"),
        ("/a/b.c-d_~", "/a/b.c-d_~", "", "/a/b.c-d_~"),
        ("https://Host.Example/", "https://host.example", "https://host.example", ""),
        ("HTTPS://host:443/a/", "https://host/a", "https://host", "/a"),
        ("http://host:443", "http://host:443", "http://host:443", ""),
        ("http://[::1]:80/a", "http://[::1]/a", "http://[::1]", "/a"),
    ],
)
def test_a_base_url_is_a_path_or_a_url(given: str, base_url: str, origin: str, prefix: str) -> None:
    listen = load(None, {}, {"listen.base_url": given}).listen
    assert (listen.base_url, listen.origin, listen.prefix) == (base_url, origin, prefix)


@pytest.mark.parametrize(
    "given",
    ["plots", "//host/a", "ftp://host", "https://", "http://host/a?b", "/a#b", "/a?b", "/a b", "/a/../b", "/a//b"]
    + ["https://ada@host/", "http://host:99999", "/%61", "https://ho st", "http:/a", '/"><script>', "https://h/a/./b"],
)
def test_what_is_no_base_url_is_refused(given: str) -> None:
    assert "listen.base_url: expected a" in _problem(None, listen__base_url=given)


def test_a_url_loses_the_prefix_that_only_browsers_see() -> None:
    listen = Listen(base_url="https://host/plots")
    inside = ["/plots/plots/loss.png?a=/plots/", "/plots/", "/plots", "/plots?q=a", "/plotsend/a", "/other", ""]
    seen = ["/plots/loss.png?a=/plots/", "/", "/", "/?q=a", "/plotsend/a", "/other", ""]
    assert [listen.inside(url) for url in inside] == seen
    assert [Listen().inside(url) for url in ("/plots/a.png", "", "/")] == ["/plots/a.png", "", "/"]


def test_port_zero_asks_for_any_free_port() -> None:
    assert load(None, {}, {"listen.port": 0}).listen.port == 0


def test_config_cannot_be_changed_once_loaded() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(None, {}, {}).listen.port = 1
