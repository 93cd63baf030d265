"""What all tests share: logs that must stay quiet, the real daemon, a real browser."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import matplotlib as mpl
import pytest
from playwright.sync_api import Browser, sync_playwright
from tests import nginx as nginx_server

START_S = 60  # the first start on a machine makes matplotlib's list of fonts
STOP_S = 20


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the browser's tests come last.

    Playwright's synchronous side keeps its event loop marked as running in this thread: no asyncio test can follow it.
    """
    items.sort(key=lambda item: "chromium" in getattr(item, "fixturenames", ()))


@pytest.fixture
def expected_log() -> list[str]:
    """Regular expressions that a test adds: each must be found in a record of level WARNING or above."""
    return []


@pytest.fixture(autouse=True)
def _quiet_log(caplog: pytest.LogCaptureFixture, expected_log: list[str]) -> Iterator[None]:
    """Fail a test that logs an unexpected warning or error, or doesn't log an expected one."""
    yield
    records = [r for phase in ("setup", "call") for r in caplog.get_records(phase) if r.levelno >= logging.WARNING]
    lines = [f"{r.levelname} {r.name}: {r.getMessage()}" for r in records]
    unexpected = [line for line in lines if not any(re.search(pattern, line) for pattern in expected_log)]
    missing = [pattern for pattern in expected_log if not any(re.search(pattern, line) for line in lines)]
    assert not unexpected, "unexpected log records"
    assert not missing, "expected log records that never came"


@dataclass(eq=False)
class Daemon:
    """A running ``plotd serve``. Once it has ended, *stderr* says what it logged."""

    process: subprocess.Popen[str]
    log: Path
    url: str = ""  # without a slash at the end
    printed: list[str] = field(default_factory=list)
    killed: bool = False
    _reader: threading.Thread | None = None

    @property
    def stderr(self) -> str:
        """What it has logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def port(self) -> int:
        """The TCP port it listens at."""
        return int(self.url.rpartition(":")[2])

    def wait_until_it_says_where(self) -> None:
        """Read the address that it prints, and go on reading so that it never waits for us."""
        said = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(said,), name="daemon-stdout")
        self._reader.start()
        assert said.wait(START_S), f"no address within {START_S} s\n{self.stderr}"
        assert self.url, f"ended with {self.process.wait(STOP_S)} before it printed an address\n{self.stderr}"

    def _read(self, said: threading.Event) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.printed.append(line)
                if not self.url and (found := re.search(r"https?://[^\s/]+:\d+", line)):
                    self.url = found[0]
                    said.set()
        said.set()

    def stop(self) -> int:
        """End it as systemd does, if it still runs, and return its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # its log then tells what each thread does
            self.process.wait(STOP_S)
            raise AssertionError(f"it did not end within {STOP_S} s of SIGTERM\n{self.stderr}") from None
        finally:
            self.process.wait(STOP_S)
            if self._reader is not None:
                self._reader.join(STOP_S)

    def kill(self) -> None:
        """End it as a crash does: without a word to anybody."""
        self.killed = True
        self.process.kill()
        self.process.wait(STOP_S)

    def end_well(self) -> None:
        """End it, and fail unless it ended with status 0 and logged no error of its own: a plot's are its author's."""
        status = self.stop()
        assert not re.search(r"^(Traceback|time=\S+ level=(error|critical) )", self.stderr, re.MULTILINE), self.stderr
        assert status == 0 or self.killed, f"exit status {status}\n{self.stderr}"


Serve = Callable[..., Daemon]


@pytest.fixture
def daemon_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a daemon under test: nothing of the developer's settings, state or matplotlibrc."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith("PLOTD_")}
    home = tmp_path_factory.mktemp("home")  # not below tmp_path, which a test may serve
    kept = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
    # The list of fonts takes seconds to make: it may stay where it is.
    return {**ours, **kept, "HOME": str(home), "MPLCONFIGDIR": mpl.get_cachedir()}


@pytest.fixture
def serve(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, daemon_environment: dict[str, str]
) -> Iterator[Serve]:
    """Start ``plotd serve ARGUMENT...`` in tmp_path, on a free loopback port; keywords are environment variables.

    The command is run by *within*, a command that becomes what it is given, if that isn't empty.

    All are ended with the test, which fails if one logged a traceback or ended otherwise than with status 0.
    """
    with contextlib.ExitStack() as ends:

        def start(*arguments: str | Path, within: Sequence[str] = (), **variables: str) -> Daemon:
            command = [*within, Path(sys.executable).with_name("plotd"), "serve", "--port", "0", *arguments]
            log = tmp_path_factory.mktemp("daemon") / "stderr"
            with log.open("w") as stderr:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    text=True,
                    cwd=tmp_path,
                    env={**daemon_environment, **variables},
                )
            daemon = Daemon(process, log)
            ends.callback(daemon.end_well)
            daemon.wait_until_it_says_where()
            return daemon

        yield start


class StartNginx(Protocol):
    """Starts an nginx."""

    def __call__(
        self, port: int, prefix: str = "", *, refuse_upgrades: bool = False, strip: bool = False
    ) -> nginx_server.Nginx:
        """Show the daemon at *port* below *prefix*; *strip*: pass requests on without that."""


@pytest.fixture
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartNginx]:
    """Put nginx, as deploy/nginx.conf has it, in front of a daemon on loopback.

    That daemon needs PLOTD_LISTEN__TRUSTED_PROXIES=127.0.0.1, and PLOTD_LISTEN__BASE_URL where there is a prefix.
    """
    with contextlib.ExitStack() as ends:

        def start(
            port: int, prefix: str = "", *, refuse_upgrades: bool = False, strip: bool = False
        ) -> nginx_server.Nginx:
            folder = tmp_path_factory.mktemp("nginx")
            started = nginx_server.start(
                folder, f"127.0.0.1:{port}", prefix, refuse_upgrades=refuse_upgrades, strip=strip
            )
            ends.callback(started.stop)
            return started

        yield start


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium: the system's if it works, else Playwright's own (tests/install.sh made sure)."""
    flags = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
    ]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium has none for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_chromium(), args=flags)
        yield browser
        browser.close()


def system_chromium() -> str | None:
    """Return the path of the system's Chromium, if it has one that works."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        path = shutil.which(name)
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None
