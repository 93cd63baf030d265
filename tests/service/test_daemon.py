"""The daemon as a process: what it says, and how it ends."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.conftest import Daemon, Serve

from service.config import load
from service.listening import shows_tracebacks

HANGS = """
import pathlib
import threading
import time
import matplotlib.pyplot as plt
from plotd import plot

HERE = pathlib.Path(__file__).parent

def plot_loops():
    (HERE / "looping").touch()
    while True:
        pass

def plot_leaves():
    threading.Thread(target=time.sleep, args=(1e6,)).start()
    plt.plot([1])

@plot(version=lambda: time.sleep(1e6))
def plot_waits():
    plt.plot([1])
"""


def test_it_ends_though_a_render_hangs_and_tells_who_waits(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    folder.mkdir()
    (folder / "hangs.py").write_text(HANGS)
    daemon = serve(folder)
    statuses: list[int] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{daemon.url}/plots/loops.png") as answer:
                statuses.append(answer.status)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)
            error.close()

    asking = threading.Thread(target=ask)
    asking.start()
    begun = threading.Event()
    while not (folder / "looping").exists():
        begun.wait(0.01)
    assert daemon.stop() == 0
    asking.join(20)
    assert statuses == [503]


def test_it_ends_though_threads_of_user_code_never_do(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    folder.mkdir()
    (folder / "hangs.py").write_text(HANGS)
    daemon = serve(folder)
    with urllib.request.urlopen(f"{daemon.url}/plots/leaves.png") as answer:
        assert answer.status == 200
    threading.Thread(target=_try, args=(f"{daemon.url}/plots/waits.png",), daemon=True).start()
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, True),
        ({"listen.address": "::1"}, True),
        ({"listen.trusted_proxies": ["127.0.0.1"]}, False),
        ({"listen.base_url": "/plots"}, False),
        ({"listen.unix_socket": "/run/plotd.sock"}, False),
        ({"auth.open": True}, False),
        ({"listen.base_url": "/plots", "render.show_tracebacks": "always"}, True),
        ({"render.show_tracebacks": "never"}, False),
    ],
)
def test_tracebacks_are_shown_only_where_nobody_comes_from_afar(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, object], shown: bool
) -> None:
    for name in ("SYSTEMD_EXEC_PID", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    assert shows_tracebacks(load(None, {}, settings)) == shown


def _try(url: str) -> None:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(url).close()


def test_a_name_or_a_text_that_is_no_utf8_takes_nothing_down(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    folder.mkdir()
    (folder / "odd.py").write_text("def plot_odd():\n    raise ValueError('\\udcff is odd')\n")
    with open(bytes(folder) + b"/caf\xe9.csv", "w") as file:
        file.write("a,b\n1,2\n2,3\n")
    daemon = serve(folder)
    for path in ("/", "/-/plots.json", "/plots/odd", "/plots/odd.json", "/plots/caf-", "/plots/caf-.json"):
        with urllib.request.urlopen(daemon.url + path) as answer:
            assert answer.status == 200, path
    for accept in ("application/json", "text/html", "image/png"):
        request = urllib.request.Request(f"{daemon.url}/plots/odd.png", headers={"Accept": accept})
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request)
        with raised.value as error:
            assert error.code == 500
            assert error.read()


def test_what_fails_to_load_or_is_missing_stands_in_the_log_with_why(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("def plot_a(:\n")
    daemon = serve("p.py", "later")
    until_logged(daemon, "later isn't there yet: it is served once it is")
    until_logged(daemon, 'msg="a file failed to load" file=p.py line=1 error="SyntaxError: invalid syntax"')
    (tmp_path / "p.py").write_text("def plot_a():\n    pass\n")
    until_logged(daemon, 'msg="a file no longer fails to load" file=p.py')
    daemon.process.send_signal(signal.SIGHUP)
    until_logged(daemon, "reloaded: 1 plot,")
    assert daemon.stderr.count("later isn't there yet") == 2
    assert daemon.stderr.count("a file failed to load") == 1


def until_logged(daemon: Daemon, words: str) -> None:
    pause, until_s = threading.Event(), time.monotonic() + 30
    while words not in daemon.stderr:
        assert time.monotonic() < until_s, daemon.stderr
        pause.wait(0.05)


def test_a_malformed_request_is_one_line_of_the_log(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    daemon = serve(tmp_path / "plots")
    with socket.create_connection(("127.0.0.1", daemon.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while client.recv(65_536):
            pass
    daemon.stop()
    (line,) = daemon.stderr.splitlines()
    assert "status=400 method=GET url=/" in line
