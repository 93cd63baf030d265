"""Where the daemon listens, as a process: TCP, a Unix socket, TLS; and what happens when clients crowd in."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import resource
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from tests.conftest import Daemon, Serve

from service import tls
from service.config import ConfigError, load

PATIENCE_S = 30
AUTHORITY = trustme.CA()
LINE = "import matplotlib.pyplot as plt\ndef plot_line():\n    plt.plot([1, 2])\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plots"
    made.mkdir()
    (made / "line.py").write_text(LINE)
    return made


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name leaves room for a socket's."""
    made = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    yield made
    for file in made.iterdir():
        file.unlink()
    made.rmdir()


def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    pause = threading.Event()
    for _ in range(PATIENCE_S * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it never came")


class ByUnixSocket(http.client.HTTPConnection):
    """A client of what listens at a path."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def status(connection: http.client.HTTPConnection, path: str, **headers: str) -> int:
    """Return the status of a GET."""
    with contextlib.closing(connection):
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def plotd(*arguments: object, environment: dict[str, str], **settings: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [Path(sys.executable).with_name("plotd"), *map(str, arguments)]
    return subprocess.run(
        command, env={**environment, **settings}, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.fixture
def serve_there(folder: Path, short: Path, daemon_environment: dict[str, str]) -> Iterator[Callable[[], Daemon]]:
    """Start daemons that answer at ``plotd.sock`` in *short*."""
    with contextlib.ExitStack() as ends:

        def start() -> Daemon:
            command: list[str | Path] = [Path(sys.executable).with_name("plotd"), "serve", folder]
            variables = {**daemon_environment, "PLOTD_LISTEN__UNIX_SOCKET": str(short / "plotd.sock")}
            log = folder.parent / f"stderr.{len(os.listdir(folder.parent))}"
            with log.open("w") as stderr:
                process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=variables)
            assert process.stdout is not None
            ends.enter_context(process.stdout)
            daemon = Daemon(process, log)
            ends.callback(daemon.end_well)
            daemon.printed += [process.stdout.readline(), process.stdout.readline()]
            return daemon

        yield start


def test_a_unix_socket_serves_its_owner_and_group(serve_there: Callable[[], Daemon], short: Path) -> None:
    path = short / "plotd.sock"
    daemon = serve_there()
    assert daemon.printed == [f"plotd serves unix:{path} (Ctrl-C stops it)\n", "1 plot\n"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert status(ByUnixSocket(path), "/plots/line.png") == 200
    assert status(ByUnixSocket(path), "/healthz", X_Forwarded_For="192.0.2.1") == 200  # a proxy by nature
    assert status(ByUnixSocket(path), "/healthz", Host="evil.example") == 421
    daemon.end_well()
    assert list(short.iterdir()) == []


def test_a_unix_socket_that_was_left_behind_is_replaced_and_a_live_one_is_not(
    serve_there: Callable[[], Daemon], folder: Path, short: Path, daemon_environment: dict[str, str]
) -> None:
    path = short / "plotd.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    serve_there()
    assert status(ByUnixSocket(path), "/healthz") == 200
    second = plotd("serve", folder, environment=daemon_environment, PLOTD_LISTEN__UNIX_SOCKET=str(path))
    assert (second.returncode, second.stderr) == (1, f"Error: can't listen at {path}: Address already in use\n")
    assert status(ByUnixSocket(path), "/healthz") == 200


def test_a_file_that_is_no_socket_stays(folder: Path, short: Path, daemon_environment: dict[str, str]) -> None:
    (short / "precious").write_text("data")
    path = str(short / "precious")
    failed = plotd("serve", folder, environment=daemon_environment, PLOTD_LISTEN__UNIX_SOCKET=path)
    assert (failed.returncode, failed.stderr) == (
        1,
        f"Error: can't listen at {path}: that is there, and is no socket\n",
    )
    assert (short / "precious").read_text() == "data"


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued = AUTHORITY.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(key))
    certificate.unlink(missing_ok=True)
    for part in issued.cert_chain_pems:
        part.write_to_path(str(certificate), append=True)
    return certificate, key


def test_tls_is_spoken_and_nothing_older_than_1_2(serve: Serve, folder: Path) -> None:
    certificate, key = make_certificate(folder.parent)
    daemon = serve(folder, PLOTD_LISTEN__TLS=f"{certificate},{key}")
    assert daemon.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    assert status(http.client.HTTPSConnection("127.0.0.1", daemon.port, context=context), "/plots/line.png") == 200
    origin = f"https://127.0.0.1:{daemon.port}"
    connection = http.client.HTTPSConnection("127.0.0.1", daemon.port, context=context)
    with contextlib.closing(connection):
        connection.request("POST", "/-/refresh/line", headers={"Origin": origin})
        assert connection.getresponse().status == 202
    with pytest.raises((http.client.HTTPException, OSError)):
        status(http.client.HTTPConnection("127.0.0.1", daemon.port), "/healthz")
    old = ssl.create_default_context()
    AUTHORITY.configure_trust(old)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol version"):
        status(http.client.HTTPSConnection("127.0.0.1", daemon.port, context=old), "/healthz")
    assert status(http.client.HTTPSConnection("127.0.0.1", daemon.port, context=context), "/healthz") == 200


async def test_a_renewed_certificate_is_taken_up_and_a_wrong_one_is_not(
    tmp_path: Path, expected_log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    files = make_certificate(tmp_path)
    used: asyncio.Queue[ssl.SSLContext] = asyncio.Queue()
    keeping = asyncio.create_task(tls.keep_renewed(files, used.put_nowait, 0.01))
    expected_log += ["key.pem: expected a private key without a password, in PEM"]
    async with asyncio.timeout(PATIENCE_S):
        files[1].write_text("nonsense")
        while "stays as it was" not in caplog.text:
            await asyncio.to_thread(time.monotonic)
        assert used.empty()
        new = tmp_path / "new"
        new.mkdir()
        for old, file in zip(files, make_certificate(new), strict=True):
            file.replace(old)
        assert (await used.get()).get_ciphers()
    keeping.cancel()


def test_a_reload_takes_up_a_renewed_certificate_at_once_and_no_wrong_one(serve: Serve, folder: Path) -> None:
    certificate, key = make_certificate(folder.parent)
    daemon = serve(folder, PLOTD_LISTEN__TLS=f"{certificate},{key}")

    def reloaded(what: str) -> str:
        times = daemon.stderr.count(what)
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: daemon.stderr.count(what) > times)
        return ssl.get_server_certificate(("127.0.0.1", daemon.port))

    before = certificate.read_text()
    assert reloaded('msg="reloaded: ') in before
    make_certificate(folder.parent)
    right = key.read_text()
    key.write_text("nonsense")
    assert reloaded("reload refused, all stays as it was: PLOTD_LISTEN__TLS: ") in before
    key.write_text(right)
    shown = reloaded('msg="reloaded: ')
    assert shown in certificate.read_text()
    assert shown not in before


def _problem(*files: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(None, {"PLOTD_LISTEN__TLS": ",".join(map(str, files))}, {})
    (problem,) = caught.value.problems
    return problem.removeprefix("PLOTD_LISTEN__TLS: ")


def test_what_is_wrong_with_a_certificate_is_told_before_the_start(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    assert load(None, {"PLOTD_LISTEN__TLS": f"{certificate},{key}"}, {}).listen.tls == (certificate, key)
    (tmp_path / "other").mkdir()
    _, other = make_certificate(tmp_path / "other")
    missing, locked = tmp_path / "missing.pem", tmp_path / "locked.pem"
    locked.write_text(key.read_text().replace("-----BEGIN ", "-----BEGIN ENCRYPTED "))
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert _problem(missing, key) == f"{missing}: No such file or directory"
    assert _problem(certificate, tmp_path) == f"{tmp_path}: Is a directory"
    assert _problem(key, certificate) == f"{key}: expected a certificate, in PEM"
    assert _problem(certificate, locked) == f"{locked}: expected a private key without a password, in PEM"
    assert _problem(certificate, other) == f"{other} is not the key of {certificate}"
    of_another_kind = tmp_path / "kind.pem"
    AUTHORITY.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA).private_key_pem.write_to_path(str(of_another_kind))
    assert _problem(certificate, of_another_kind) == f"{of_another_kind} is not the key of {certificate}"
    assert _problem(broken, key).startswith(f"{broken} and {key} can't be used: ")
    assert _problem(certificate) == "expected a list of two files, the certificate and its key, found a list"


def test_check_looks_at_the_certificate(tmp_path: Path, folder: Path, daemon_environment: dict[str, str]) -> None:
    (tmp_path / "config.yaml").write_text("listen:\n  tls: [no.pem, no.key]\n")
    done = plotd("check", folder, "--config", tmp_path / "config.yaml", environment=daemon_environment)
    assert done.returncode == 1
    problem = f"{tmp_path}/config.yaml:2: listen.tls: {tmp_path}/no.pem: No such file or directory"
    assert done.stdout.splitlines() == [problem]


def test_the_address_of_the_base_url_is_the_one_to_open(serve: Serve, folder: Path) -> None:
    daemon = serve(folder, PLOTD_LISTEN__BASE_URL="/shown/")
    assert daemon.printed[0] == f"plotd serves {daemon.url}/shown/ (Ctrl-C stops it)\n"
    assert status(http.client.HTTPConnection("127.0.0.1", daemon.port), "/shown/plots/line.png") == 200


def test_two_thousand_half_sent_headers_keep_nobody_else_out(serve: Serve, folder: Path) -> None:
    daemon = serve(folder, PLOTD_LISTEN__RECEIVE_TIMEOUT_S="2", PLOTD_LISTEN__BACKLOG="4096")
    with more_files(3000), contextlib.ExitStack() as ends:
        clients = []
        for number in range(2000):
            client = ends.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
            clients.append(client)
            if number % 500 == 499:
                assert status(http.client.HTTPConnection("127.0.0.1", daemon.port), "/plots/line.png") == 200
        for client in clients:
            client.settimeout(PATIENCE_S)
            assert client.recv(100) == b""
    assert status(http.client.HTTPConnection("127.0.0.1", daemon.port), "/plots/line.png") == 200


def test_two_thousand_connections_are_bound(serve: Serve, folder: Path) -> None:
    daemon = serve(folder, PLOTD_LISTEN__MAX_CONNECTIONS="100", PLOTD_LISTEN__BACKLOG="4096")
    with more_files(3000), contextlib.ExitStack() as ends:
        for _ in range(2000):
            ends.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
        until(lambda: files_of(daemon) < 100 + 200)
        until(lambda: status_now(daemon) == 503)
    until(lambda: status_now(daemon) == 200)


def test_without_file_descriptors_it_waits_and_then_goes_on(serve: Serve, folder: Path) -> None:
    daemon = serve(folder)
    assert status(http.client.HTTPConnection("127.0.0.1", daemon.port), "/plots/line.png") == 200
    pid = daemon.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (files_of(daemon) + 5, before[1]))
    with contextlib.ExitStack() as ends:
        for _ in range(100):
            ends.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
        until(
            lambda: "no connection can be accepted, it is tried again every 0.1 s: Too many open files" in daemon.stderr
        )
    assert status(http.client.HTTPConnection("127.0.0.1", daemon.port), "/healthz") == 200
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert daemon.stderr.count("\n") < 50


def status_now(daemon: Daemon) -> int:
    """Return the status of /healthz; 0 if the connection is closed without an answer."""
    with contextlib.suppress(OSError):
        return status(http.client.HTTPConnection("127.0.0.1", daemon.port), "/healthz")
    return 0


def files_of(daemon: Daemon) -> int:
    """Return how many files a daemon has open."""
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


@contextlib.contextmanager
def more_files(number: int) -> Iterator[None]:
    """Let this process have *number* files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("soft", "hard", "most", "room", "raised"),
    [
        (1024, 4096, 500, 500, 1024),
        (1024, 4096, 2000, 2000, 2256),
        (1024, 4096, 10_000, 3840, 4096),
        (128, 256, 10_000, 128, 256),
    ],
)
def test_there_is_room_for_as_many_connections_as_files_may_be_open(
    soft: int, hard: int, most: int, room: int, raised: int
) -> None:
    script = (
        "import resource, service.listening as l; n = resource.RLIMIT_NOFILE;"
        f"resource.setrlimit(n, ({soft}, {hard})); print(l.make_room({most}), resource.getrlimit(n)[0])"
    )
    told = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert told.split() == [str(room), str(raised)]
