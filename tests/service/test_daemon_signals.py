"""The daemon among its like: what signals, terminals and systemd make it do."""

from __future__ import annotations

import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.conftest import Daemon, Serve
from tornado.websocket import websocket_connect

PATIENCE_S = 60
PLOTD = Path(sys.executable).with_name("plotd")
PLOTS = """
import time
from pathlib import Path
import matplotlib.pyplot as plt
from plotd import plot

HERE = Path(__file__).parent

def plot_quick(n: int = 0):
    plt.plot([n, 1])

def plot_slow(seconds: float = 2):
    (HERE / "begun").touch()
    time.sleep(seconds)
    plt.plot([1, 2])

def plot_data():
    plt.plot([float((HERE / "data.txt").read_text())])

@plot(executor="processes")
def plot_apart():
    plt.plot([1])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of plots."""
    folder = tmp_path / "plots"
    folder.mkdir()
    (folder / "own.py").write_text(PLOTS)
    (folder / "data.txt").write_text("1")
    return folder


def get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def until(holds: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline_s
        pause.wait(0.02)


def test_a_stop_lets_a_picture_under_way_be_finished(serve: Serve, folder: Path) -> None:
    daemon = serve(folder)
    with ThreadPoolExecutor() as clients:
        asked = clients.submit(get, f"{daemon.url}/plots/slow.png")
        until((folder / "begun").exists)
        assert daemon.stop() == 0
        assert asked.result() == 200


def test_no_longer_than_its_grace(serve: Serve, folder: Path) -> None:
    daemon = serve(folder, PLOTD_STOP__GRACE_S="0.2")
    with ThreadPoolExecutor() as clients:
        asked = clients.submit(get, f"{daemon.url}/plots/slow.png?seconds=1000")
        until((folder / "begun").exists)
        assert daemon.stop() == 0
        assert asked.result() == 503


def test_a_second_signal_ends_it_at_once(serve: Serve, folder: Path) -> None:
    daemon = serve(folder, PLOTD_STOP__GRACE_S="1000")
    with ThreadPoolExecutor() as clients:
        asked = clients.submit(get, f"{daemon.url}/plots/slow.png?seconds=1000")
        until((folder / "begun").exists)
        daemon.process.send_signal(signal.SIGINT)
        until(lambda: is_refused(daemon.port))
        assert daemon.stop() == 0
        assert asked.result() == 503


def is_refused(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


async def test_a_reload_takes_up_settings_and_keeps_sockets_and_pictures(
    serve: Serve, folder: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"plots: {{paths: [{folder}]}}\n")
    daemon = serve("--config", "config.yaml")
    client = await websocket_connect(f"ws://127.0.0.1:{daemon.port}/live")
    await client.write_message(json.dumps({"watch": ["/plots/data.png"]}))
    first = await fresh(client)
    drawing = drawing_of(daemon)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "more.py").write_text("import matplotlib.pyplot as plt\ndef plot_more():\n    plt.plot([1])\n")
    config.write_text(
        f"plots: {{paths: [{folder}, {tmp_path}/more]}}\nrender: {{max_pixels: 400000}}\nlisten: {{backlog: 9}}\n"
    )
    daemon.process.send_signal(signal.SIGHUP)
    while "catalog" not in json.loads(await client.read_message() or "{}"):
        pass
    assert get(f"{daemon.url}/plots/more.png") == 200
    assert get(f"{daemon.url}/plots/quick.png?_width=2000") == 413
    assert drawing_of(daemon) == drawing
    (folder / "data.txt").write_text("2")
    assert await fresh(client) != first
    assert "listen.backlog: only a restart takes that up" in daemon.stderr
    daemon.process.terminate()
    while await client.read_message() is not None:
        pass
    assert client.close_code == 1001
    client.close()  # its own end too


def drawing_of(daemon: Daemon) -> str:
    """Return how long the picture took to draw, and so which drawing it is."""
    with urllib.request.urlopen(f"{daemon.url}/plots/data.png") as answer:
        return str(answer.headers["Server-Timing"]).partition(",")[0]


async def fresh(client: object) -> str:
    """Return the etag of the next picture that is told of as fresh."""
    message: dict[str, str] = {}
    while message.get("state") != "fresh":
        message = json.loads(await client.read_message())  # type: ignore[attr-defined]
    return message["etag"]


@pytest.mark.parametrize("text", ["plots: [", "plots: {paths: 3}", "plotz: {}"])
def test_bad_settings_are_refused_and_the_old_ones_stay(serve: Serve, folder: Path, tmp_path: Path, text: str) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"plots: {{paths: [{folder}]}}\n")
    daemon = serve("--config", config)
    config.write_text(text)
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: f"reload refused, all stays as it was: {config}, line 1: " in daemon.stderr)
    assert get(f"{daemon.url}/plots/quick.png") == 200


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a terminal: a person's, and a program's."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:  # closed by the test
            continue


def run_in(terminal: tuple[int, int], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Run the daemon there, as its foreground job."""
    start = "import os, sys, fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", start, str(PLOTD), "serve", "--port", "0", str(folder)]
    process = subprocess.Popen(
        command, stdin=terminal[1], stdout=terminal[1], stderr=terminal[1], start_new_session=True, env=environment
    )
    os.close(terminal[1])
    return process


def read_on(terminal: int, wanted: str = "") -> str:
    """Return what is shown from here on, until *wanted* is, or all."""
    shown = ""
    while not wanted or wanted not in shown:
        ready, _, _ = select.select([terminal], [], [], PATIENCE_S)
        assert ready, shown
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # its other end is closed
            break
    return shown


def test_one_ctrl_c_ends_it_cleanly(
    terminal: tuple[int, int], folder: Path, daemon_environment: dict[str, str]
) -> None:
    process = run_in(terminal, folder, daemon_environment)
    shown = read_on(terminal[0], "plots")
    address = re.search(r"http://\S+\d", shown)
    assert address
    assert get(f"{address[0]}/plots/apart.png") == 200
    os.write(terminal[0], b"\x03")
    shown = read_on(terminal[0])
    assert process.wait(PATIENCE_S) == 0
    assert shown.strip() == "^C"


def test_it_ends_with_its_terminal(terminal: tuple[int, int], folder: Path, daemon_environment: dict[str, str]) -> None:
    process = run_in(terminal, folder, daemon_environment)
    read_on(terminal[0], "plots")
    os.close(terminal[0])
    assert process.wait(PATIENCE_S) == 0


def test_it_goes_on_when_nobody_reads_what_it_prints_any_more(serve: Serve, folder: Path) -> None:
    daemon = serve(folder, within=("bash", "-c", 'exec "$@" > >(head -1)', "bash"))
    until(lambda: get(f"{daemon.url}/readyz") == 200)
    assert get(f"{daemon.url}/plots/quick.png") == 200
    assert daemon.stop() == 0


def test_it_starts_where_there_is_no_room_for_what_it_prints(
    folder: Path, tmp_path: Path, daemon_environment: dict[str, str]
) -> None:
    path = tmp_path / "plotd.sock"
    with open("/dev/full", "w") as full, (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(
            [PLOTD, "serve", folder],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=log,
            env={**daemon_environment, "PLOTD_LISTEN__UNIX_SOCKET": str(path)},
        )
        until(lambda: process.poll() is not None or path.exists())
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
        log.seek(0)
        assert log.read() == ""


class Manager:
    """systemd, as a service sees it: what it is told goes to a socket."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.settimeout(PATIENCE_S)

    def hear(self, *expected: str) -> None:
        """Wait until it is told all that in one message, each state from its beginning on."""
        while True:
            states = self._socket.recv(4096).decode().split("\n")
            if all(any(state.startswith(start) for state in states) for start in expected):
                return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """What is told of state."""
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def test_systemd_hears_of_every_turn(serve: Serve, manager: Manager, folder: Path) -> None:
    daemon = serve(folder, NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="400000")
    manager.hear("STATUS=starting: looking for plots", "EXTEND_TIMEOUT_USEC=")
    manager.hear("READY=1", "STATUS=4 plots, 0 viewers")
    (folder / "broken.py").write_text("def plot_broken(:\n")
    manager.hear("STATUS=4 plots, 0 viewers, 1 file failed to load")
    for _ in range(3):
        manager.hear("WATCHDOG=1")
    daemon.process.send_signal(signal.SIGHUP)
    manager.hear("RELOADING=1", "MONOTONIC_USEC=")
    manager.hear("READY=1", "STATUS=4 plots")
    daemon.process.terminate()
    manager.hear("STOPPING=1")


def test_sockets_that_systemd_holds_outlive_the_daemon(
    folder: Path, tmp_path: Path, daemon_environment: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held, socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "plotd.sock"))
        other.listen()
        assert held.getblocking()
        descriptors = f"9<&{held.fileno()} 4<&{other.fileno()} 3<&9"
        command = f"exec {descriptors}; LISTEN_FDS=2 LISTEN_PID=$$ exec {PLOTD} serve --port 1 {folder}"
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        for _ in range(2):
            process = subprocess.Popen(
                ["bash", "-c", command],
                pass_fds=(held.fileno(), other.fileno()),
                env=daemon_environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            with ThreadPoolExecutor() as clients, process.stdout as said:
                asked = clients.submit(get, f"{url}/plots/quick.png")  # before anybody is there
                assert said.readline() == f"plotd serves {url}/ (Ctrl-C stops it)\n"
                assert asked.result() == 200
                said.readline()
                process.terminate()
                assert process.wait(PATIENCE_S) == 0
        assert (tmp_path / "plotd.sock").exists()


def test_a_descriptor_that_does_not_listen_is_refused(folder: Path, daemon_environment: dict[str, str]) -> None:
    with socket.socket() as idle:
        command = f"exec 3<&{idle.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec {PLOTD} serve {folder}"
        done = subprocess.run(
            ["bash", "-c", command],
            pass_fds=(idle.fileno(),),
            env=daemon_environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    assert done.returncode == 1
    assert "hands over a socket that doesn't listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_daemon_that_is_told_to_stop_while_it_starts_does(serve: Serve, folder: Path) -> None:
    (folder / "late.py").write_text("import time\ntime.sleep(1000)\ndef plot_late(): ...\n")
    daemon: Daemon = serve(folder)
    assert daemon.stop() == 0


def test_those_who_wait_for_a_start_that_is_broken_off_are_told_so_at_once(serve: Serve, folder: Path) -> None:
    (folder / "late.py").write_text("import time\ntime.sleep(1000)\ndef plot_late(): ...\n")
    daemon = serve(folder, PLOTD_STOP__GRACE_S="1000")
    client = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=PATIENCE_S)
    client.request("GET", "/plots/quick.png")
    assert get(f"{daemon.url}/healthz") == 200  # by then the first one has been read
    assert daemon.stop() == 0
    with client.getresponse() as answer:
        assert (answer.status, json.load(answer)["error"]["message"]) == (503, "the daemon stops")
    client.close()
