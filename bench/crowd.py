"""Ten thousand clients that watch one picture: what each costs, how soon all know of a change, and who waits."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread

import psutil

from bench import servers
from bench.clients import Clients, clients

MANY = 10_000
COMING_BACK = 1_000
CHANGES = 15
URL = "/plots/told.png"
REFRESH = "/-/refresh/told"
MESSAGE = f'{{"url": "{URL}", "etag": "{"0" * 32}", "state": "fresh"}}'
PLOT = '''
from io import BytesIO
from PIL import Image

PICTURE = BytesIO()
Image.new("RGB", (8, 8)).save(PICTURE, "png")

def plot_told():
    """A picture that costs next to nothing: what is measured is the telling."""
    return PICTURE.getvalue()
'''
SETTINGS = ("listen: {max_connections: 12000}", "cache: {unknown_s: 86400}")
EVERY_S = 0.002  # between two looks at whether the server answers


def memory_of_clients(folder: Path) -> float:
    """Return the memory that each of 10,000 clients costs after some changes, against a bare server's."""
    with _both(folder) as (ours, theirs):
        return ours.bytes_each / theirs.bytes_each


def telling_clients(folder: Path) -> float:
    """Return the time from a change until the last of 10,000 clients was told, against a bare server's same bytes."""
    with _both(folder) as (ours, theirs):
        return statistics.median(ours.spent_s) / statistics.median(theirs.spent_s)


def longest_hold(folder: Path) -> float:
    """Return for how long at most, in ms, nobody else was answered while 10,000 clients came, were told and left."""
    (folder / "told.py").write_text(PLOT)
    with servers.plotd(folder, *SETTINGS) as server, _held_ms(server.port) as held:
        with ExitStack() as stack:
            crowd = Crowd(server, stack)
            for _ in range(CHANGES):
                crowd.change()
        while psutil.Process(server.pid).num_fds() > MANY / 10:
            time.sleep(EVERY_S)
    return max(held)


def coming_back(folder: Path) -> float:
    """Return for how long at most, in ms, nobody else was answered while 1,000 clients came back at once."""
    (folder / "told.py").write_text(PLOT)
    with servers.plotd(folder, *SETTINGS) as server, _held_ms(server.port) as held:
        for _ in range(5):
            with clients(server.port, URL, COMING_BACK) as came:
                came.last_told()
    return max(held)


class Crowd:
    """10,000 clients of *server*; *spent_s* holds how long it took until the last was told of each change."""

    def __init__(self, server: servers.Server, stack: ExitStack) -> None:
        self._process = psutil.Process(server.pid)
        self._port = server.port
        with clients(server.port, URL, 1) as few:
            few.last_told()  # what the first client alone makes the server load doesn't count
        self._before = self._process.memory_info().rss
        self._clients: Clients = stack.enter_context(clients(server.port, URL, MANY))
        self._clients.last_told()
        self.spent_s: list[float] = []

    @property
    def bytes_each(self) -> float:
        """How much resident memory each client costs."""
        return (self._process.memory_info().rss - self._before) / MANY

    def change(self) -> None:
        """Say that the data changed, and wait until all were told."""
        self._clients.listen()
        start_s = time.perf_counter()
        with closing(HTTPConnection("127.0.0.1", self._port)) as client:
            client.request("POST", REFRESH)
            answer = client.getresponse()
            answer.read()
        assert answer.status == 202, answer.status
        self.spent_s.append(self._clients.last_told() - start_s)


@contextmanager
def _both(folder: Path) -> Iterator[tuple[Crowd, Crowd]]:
    """Give the crowds of the daemon and of a bare server, both told of the same changes in turns."""
    (folder / "told.py").write_text(PLOT)
    (folder / "message").write_text(MESSAGE)
    with ExitStack() as stack:
        ours = Crowd(stack.enter_context(servers.plotd(folder, *SETTINGS)), stack)
        theirs = Crowd(stack.enter_context(servers.bare_live(folder / "message")), stack)
        for _ in range(CHANGES):
            ours.change()
            theirs.change()
        yield ours, theirs


@contextmanager
def _held_ms(port: int) -> Iterator[list[float]]:
    """Ask for next to nothing all the time until the block ends, and give how long each answer took, in ms."""
    took_ms: list[float] = []
    ended = Event()

    def ask() -> None:
        with closing(HTTPConnection("127.0.0.1", port)) as client:
            look(client)  # until it is there
            while not ended.wait(EVERY_S):
                start_s = time.perf_counter()
                look(client)
                took_ms.append(1000 * (time.perf_counter() - start_s))

    def look(client: HTTPConnection) -> None:
        client.request("GET", "/healthz")
        client.getresponse().read()

    thread = Thread(target=ask)
    thread.start()
    try:
        yield took_ms
    finally:
        ended.set()
        thread.join()
