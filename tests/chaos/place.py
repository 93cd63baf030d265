"""Where a daemon under attack runs, what it takes there, and clients that mean it no good."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from tests.conftest import Daemon

PATIENCE_S = 30
SHELTER = ("unshare", "--user", "--map-root-user", "--mount")


def why_not() -> str:
    """Return why nothing can have disks and limits of its own here; nothing if it can."""
    tried = subprocess.run(
        [*SHELTER, "sh", "-c", "mount -t tmpfs tmpfs /mnt && echo 1 >/proc/sys/user/max_inotify_watches"],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stderr.strip()


class Place:
    """Namespaces that *daemon* has for itself."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon

    def run(self, command: str) -> str:
        """Run *command* there, by a shell, as what counts as root there; return what it says."""
        enter = ["nsenter", f"--target={self.daemon.process.pid}", "--user", "--mount", "--preserve-credentials"]
        done = subprocess.run([*enter, "sh", "-euc", command], capture_output=True, text=True, check=False)
        assert not done.returncode, f"{command}: {done.stderr}"
        return done.stdout

    def write(self, path: Path, text: str) -> None:
        """Write a file as the daemon sees it."""
        self.run(f"printf %s {shlex.quote(text)} >{shlex.quote(str(path))}")


class Answer:
    """What a daemon answered."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def error(self) -> dict[str, object]:
        """The error that it tells."""
        return dict(json.loads(self.body)["error"])

    @property
    def how(self) -> str:
        """Whether the picture was drawn for it."""
        return (self.headers["Server-Timing"] or "").rpartition("=")[2]


def ask(daemon: Daemon, path: str, **headers: str) -> Answer:
    """Return the answer to a GET on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def serves(daemon: Daemon) -> bool:
    """Say whether others are served, and soon."""
    began_s = time.monotonic()
    return ask(daemon, "/plots/line.png").status == 200 and time.monotonic() - began_s < 5


def memory_mb(daemon: Daemon) -> float:
    """Return how much memory a daemon takes."""
    return float(psutil.Process(daemon.process.pid).memory_info().rss / 2**20)


def processor_s(daemon: Daemon) -> float:
    """Return how much processor time a daemon has taken."""
    times = psutil.Process(daemon.process.pid).cpu_times()
    return float(times.user + times.system)


def files_of(daemon: Daemon) -> int:
    """Return how many files a daemon has open."""
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def clients_of(daemon: Daemon) -> int:
    """Return how many connections a daemon holds open."""
    found = psutil.Process(daemon.process.pid).net_connections("tcp")
    return sum(connection.status == psutil.CONN_ESTABLISHED for connection in found)


def logged(daemon: Daemon, words: str) -> int:
    """Return how many lines of the log hold *words*."""
    return sum(words in line for line in daemon.stderr.splitlines())


@contextlib.contextmanager
def crowd(daemon: Daemon, number: int, said: bytes = b"", room: int = 0) -> Iterator[list[socket.socket]]:
    """Connect that often, each saying that, and taking in no more at a time than *room* bytes, if that isn't 0."""
    with contextlib.ExitStack() as ends:
        ends.enter_context(more_files(number + 500))
        clients = []
        for _ in range(number):
            client = ends.enter_context(socket.socket())
            client.settimeout(PATIENCE_S)
            if room:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            client.connect(("127.0.0.1", daemon.port))
            client.sendall(said)
            clients.append(client)
        yield clients


@contextlib.contextmanager
def more_files(number: int) -> Iterator[None]:
    """Let this process, and those that it starts, have *number* files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number), max(hard, number)))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, max(hard, number)))


def is_closed(client: socket.socket) -> bool:
    """Say whether the other side closed a connection, after dropping what it said."""
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        try:
            while client.recv(65_536):
                pass
        except ConnectionError:
            pass
        return True
    return False
