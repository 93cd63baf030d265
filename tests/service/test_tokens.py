"""Tokens and links: the file that holds them, what it gives away, and the commands that change it."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Serve

from service import links, tokens
from service.access import Access, Token, new_token
from service.config import Listen, load
from service.layers import ConfigError
from service.listening import check_reach
from service.tokens import Tokens

PLOTD = Path(sys.executable).with_name("plotd")


def anna(seconds: float | None = None) -> Token:
    return new_token("anna", ("view",), ("*",), seconds)


def plotd(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run([PLOTD, *arguments], capture_output=True, text=True, check=False, env=environment)


def test_a_token_is_random_and_kept_as_a_hash_that_nobody_else_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    text = tokens.add(folder, anna())
    assert text.startswith("plotd_") and len(text) > 40
    kept = (folder / tokens.FILE).read_text()
    assert text not in kept and text.removeprefix("plotd_") not in kept
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert sorted(file.name for file in folder.iterdir()) == [tokens.FILE, f"{tokens.FILE}.lock"]
    found = Tokens(folder).find(text)
    assert found is not None and found.name == "anna"
    assert text != tokens.add(folder, new_token("bob", ("view",), ("*",), None))


def test_what_is_nearly_a_token_is_none(tmp_path: Path) -> None:
    text = tokens.add(tmp_path, anna())
    kept = Tokens(tmp_path)
    digest = kept.kept.tokens[0].digest
    for wrong in ("", "anna", text[:-1], f"{text} ", text.upper(), digest, "\udcff", "x" * 100_000):
        assert kept.find(wrong) is None, wrong


def test_a_change_is_known_at_once_and_time_ends_a_token(tmp_path: Path) -> None:
    kept = Tokens(tmp_path)
    text = tokens.add(tmp_path, anna())
    token = kept.find(text)
    assert token is not None and kept.holds(token)
    tokens.revoke(tmp_path, "anna")
    assert kept.find(text) is None and not kept.holds(token)
    over = tokens.add(tmp_path, anna(-1.0))
    assert kept.find(over) is None and not kept.holds(kept.kept.tokens[0])


def test_a_name_is_given_once(tmp_path: Path) -> None:
    tokens.add(tmp_path, anna())
    with pytest.raises(ConfigError, match="there is a token anna already"):
        tokens.add(tmp_path, anna())
    with pytest.raises(ConfigError, match="there is no token 'bob'"):
        tokens.revoke(tmp_path, "bob")
    for name in ("", "a b", "-a", "a.b", "x" * 65, "a\n"):
        with pytest.raises(ConfigError, match="expected a name"):
            new_token(name, ("view",), ("*",), None)


def test_commands_at_the_same_time_lose_no_token(tmp_path: Path) -> None:
    names = [f"job-{number}" for number in range(20)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: tokens.add(tmp_path, new_token(name, ("view",), ("*",), None)), names))
    assert sorted(token.name for token in Tokens(tmp_path).kept.tokens) == sorted(names)


def test_a_link_in_the_place_of_the_lock_leads_nobody_to_another_file(tmp_path: Path) -> None:
    other, state = tmp_path / "shadow", tmp_path / "state"
    other.write_text("root's")
    state.mkdir()
    (state / f"{tokens.FILE}.lock").symlink_to(other)
    with pytest.raises(ConfigError, match="lock"):
        tokens.add(state, anna())
    assert [file.name for file in state.iterdir()] == [f"{tokens.FILE}.lock"]


@pytest.mark.parametrize("damage", ["", "{", '{"key": 1}', '{"key": "", "tokens": [{"name": "a"}]}'])
def test_of_a_damaged_file_nothing_holds_and_nothing_is_overwritten(
    tmp_path: Path, damage: str, expected_log: list[str]
) -> None:
    expected_log.append("access.json is damaged: .*: no token and no link holds")
    text = tokens.add(tmp_path, anna())
    kept = Tokens(tmp_path)
    assert kept.find(text) is not None
    (tmp_path / tokens.FILE).write_text(damage)
    assert kept.find(text) is None
    assert kept.key == b""
    with pytest.raises(ConfigError, match="is damaged"):
        tokens.add(tmp_path, new_token("bob", ("view",), ("*",), None))
    assert (tmp_path / tokens.FILE).read_text() == damage


def test_a_session_holds_as_long_as_its_token(tmp_path: Path) -> None:
    tokens.add(tmp_path, anna())
    kept = Tokens(tmp_path)
    token = kept.kept.tokens[0]
    session, seconds = kept.session(token)
    assert seconds == tokens.SESSION_S
    assert kept.of_session(session) == token
    name, ends_s, signature = session.split(".")
    for wrong in (
        "",
        name,
        f"{name}.{ends_s}.",
        f"{name}.{int(ends_s) + 1}.{signature}",
        f"bob.{ends_s}.{signature}",
        f"{name}.{ends_s}.{signature[:-1]}x",
        f"{name}.x.{signature}",
        f"{name}.\u0661.{signature}",
    ):
        assert kept.of_session(wrong) is None, wrong
    tokens.revoke(tmp_path, "anna")
    tokens.add(tmp_path, anna())
    assert kept.of_session(session) is None, "a new token of that name is another"


def test_a_session_ends_with_its_token(tmp_path: Path) -> None:
    tokens.add(tmp_path, anna(1000.0))
    kept = Tokens(tmp_path)
    session, seconds = kept.session(kept.kept.tokens[0])
    assert 990 < seconds <= 1000
    assert kept.of_session(session) is not None


def test_a_session_ends_with_its_own_time(tmp_path: Path) -> None:
    tokens.add(tmp_path, anna())
    kept = Tokens(tmp_path)
    (token,) = kept.kept.tokens
    for late_s, holds in ((60, True), (-1, False)):
        ends_s = f"{time.time() + late_s:.0f}"
        signature = tokens.sign(kept.key, "session", token.name, token.digest, ends_s)
        assert (kept.of_session(f"anna.{ends_s}.{signature}") is not None) is holds


@pytest.mark.parametrize(
    ("patterns", "names", "reaches"),
    [
        (("*",), ("train/loss", "loss"), True),
        (("train/*",), ("train/loss", "loss"), True),
        (("train/*",), ("test/loss", "loss"), False),
        (("loss",), ("train/loss", "loss"), True),
        (("loss",), ("train/loss",), False),
        (("a*", "b?"), ("bc",), True),
        ((), ("loss",), False),
    ],
)
def test_a_pattern_fits_a_full_name_or_an_alias(
    patterns: tuple[str, ...], names: tuple[str, ...], reaches: bool
) -> None:
    assert Access("anna", ("view",), patterns).reaches(*names) == reaches


def test_admin_is_all_scopes_and_others_are_just_themselves() -> None:
    assert all(Access("a", ("admin",)).may(scope) for scope in ("view", "publish", "admin"))
    assert [Access("a", ("publish",)).may(scope) for scope in ("view", "publish", "admin")] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("loss", "/plots/loss.png"),
        ("train/loss.svg?smooth=5&_width=800", "/plots/train/loss.svg?smooth=5&_width=800"),
        ("/plots/loss.png?q=a b&q=ä#1", "/plots/loss.png?q=a+b&q=%C3%A4%231"),
    ],
)
def test_a_link_is_to_the_picture_that_a_name_stands_for(text: str, url: str) -> None:
    assert links.picture_url(text) == url


@pytest.mark.parametrize(
    "text", ["", "a b", "loss.exe", "loss.", "http://a/plots/loss.png", "../x", "a?_sig=1", "a?%ff"]
)
def test_what_names_no_picture_gets_no_link(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        links.publish(text, 60, tmp_path, Listen())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ({}, "http://127.0.0.1:9999/plots/"),
        ({"address": "::1", "port": 80}, "http://[::1]:80/plots/"),
        ({"address": "0.0.0.0", "hosts": ("box.example",)}, "http://box.example:9999/plots/"),
        ({"base_url": "https://site.example/shown"}, "https://site.example/shown/plots/"),
        ({"base_url": "/shown"}, "http://127.0.0.1:9999/shown/plots/"),
    ],
)
def test_a_link_begins_where_browsers_find_the_daemon(settings: dict[str, object], start: str, tmp_path: Path) -> None:
    assert links.publish("loss", 60, tmp_path, Listen.model_validate(settings)).startswith(start)


def test_without_an_address_there_is_no_link(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"listen\.base_url"):
        links.publish("loss", 60, tmp_path, Listen(unix_socket=tmp_path / "socket"))


def test_links_that_ended_are_forgotten(tmp_path: Path) -> None:
    tokens.add_link(tmp_path, links.new_link("/plots/a.png", -1))
    tokens.add_link(tmp_path, links.new_link("/plots/b.png", 60))
    assert [link.url for link in Tokens(tmp_path).kept.links] == ["/plots/b.png"]


def test_sockets_that_systemd_opened_to_all_let_nobody_in_unasked() -> None:
    with socket.create_server(("0.0.0.0", 0)) as far, socket.create_server(("127.0.0.1", 0)) as near:
        with pytest.raises(ConfigError, match="systemd listens for us at"):
            check_reach([near, far], load(None, {}, {}))
        check_reach([near], load(None, {}, {}))
        for auth in (True, False):
            check_reach([near, far], load(None, {}, {"auth.open": auth}))


def test_beyond_this_machine_the_daemon_starts_with_a_token_and_asks_for_it(
    serve: Serve, tmp_path: Path, daemon_environment: dict[str, str]
) -> None:
    (tmp_path / "line.py").write_text("import matplotlib.pyplot as plt\n\ndef plot_line():\n    plt.plot([1, 2])\n")
    command = [str(PLOTD), "serve", "--host", "0.0.0.0", "--port", "0", "line.py"]
    options: dict[str, Any] = {"cwd": tmp_path, "env": daemon_environment, "capture_output": True, "text": True}
    refused = subprocess.run(command, check=False, **options)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert "that needs a token (plotd token add NAME) or auth.open: true" in refused.stderr
    added = subprocess.run([PLOTD, "token", "add", "anna"], check=True, **options)
    token = added.stdout.strip()
    daemon = serve("--host", "0.0.0.0", "line.py", PLOTD_LOG__ACCESS="true")
    for path in ("/plots/line.png", "/", "/-/plots.json"):
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(daemon.url + path)
        with raised.value as error:
            assert error.code == 401
        request = urllib.request.Request(daemon.url + path, headers={"Authorization": f"Bearer {token}"})
        for allowed in (request, f"{daemon.url}{path}?_token={token}"):
            with urllib.request.urlopen(allowed) as answer:
                assert answer.status == 200
    assert token not in daemon.stderr and "url=/plots/line.png" in daemon.stderr


def test_units_are_made_before_the_tokens_of_their_daemon(tmp_path: Path) -> None:
    (tmp_path / "far.yaml").write_text("listen: {address: 0.0.0.0}")
    state = {"STATE_DIRECTORY": str(tmp_path / "state")}
    assert plotd("unit", "--config", str(tmp_path / "far.yaml"), **state).returncode == 0
    checked = plotd("check", "--config", str(tmp_path / "far.yaml"), **state)
    assert checked.returncode == 1 and f"plotd token add NAME --state {tmp_path / 'state'}" in checked.stdout


def test_a_daemon_that_lets_in_nobody_says_so(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("a,b\n1,2\n2,3\n")
    daemon = serve("numbers.csv", PLOTD_AUTH__OPEN="false")
    assert "nobody is let in yet: make a token with plotd token add NAME" in daemon.stderr
    assert "nobody" not in serve("numbers.csv").stderr


def test_the_command_adds_lists_and_revokes(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state"))
    added = plotd("token", "add", "nightly", "--scope", "publish", "--plots", "train/*", "--for", "90d", *state)
    assert added.returncode == 0 and len(added.stdout.split()) == 1
    assert "it isn't shown again" in added.stderr
    listed = plotd("token", "list", *state)
    assert [word for word in listed.stdout.split() if word in ("nightly", "publish", "train/*")] != []
    assert added.stdout.strip() not in listed.stdout
    again = plotd("token", "add", "nightly", STATE_DIRECTORY=str(tmp_path / "state"))
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert plotd("token", "revoke", "nightly", *state).returncode == 0
    assert plotd("token", "list", *state).stdout == "No tokens.\n"
    assert plotd("token", "add", "x", "--for", "soon", *state).returncode == 1
    assert plotd("token", "add", "x", "--scope", "all", *state).returncode == 2


def test_the_command_makes_lists_and_revokes_links(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path))
    made = plotd("link", "loss?smooth=5", "--for", "30d", *state)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("http://127.0.0.1:9999/plots/loss.png?smooth=5&_exp=")
    assert "/plots/loss.png?smooth=5" in plotd("link", "--list", *state).stdout
    assert plotd("link", "--revoke", made.stdout.strip(), *state).returncode == 0
    assert plotd("link", "--list", *state).stdout == "No links.\n"
    assert plotd("link", *state).returncode == 2
    assert plotd("link", "no plot", *state).returncode == 1
