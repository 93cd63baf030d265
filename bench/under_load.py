"""How the daemon answers while it draws, and how much faster more workers draw."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread

import numpy as np

from bench import servers

CACHED = "/plots/watched.png"
DRAWN = "/plots/measured.png"
EVERY_S = 0.01  # between two requests whose latency is taken
IDLE_S = 15.0
BUSY_S = 45.0  # a full garbage collection is rare: less would miss it by luck


def fetch(client: HTTPConnection, path: str) -> bytes:
    """Return the body of a GET."""
    client.request("GET", path)
    answer = client.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return body


def latency_in_threads(folder: Path) -> float:
    """Return how much the 99th percentile of a cached picture's latency grows, in ms, while all threads draw."""
    return _growth_ms(folder, "render: {executor: threads}")


def latency_in_processes(folder: Path) -> float:
    """Return the same while all worker processes draw."""
    return _growth_ms(folder, "render: {executor: processes}")


def two_processes(folder: Path, pictures: int = 40) -> float:
    """Return the wall time of distinct pictures with two worker processes, against one."""
    spent_s = {}
    for workers in (1, 2):
        with servers.plotd(folder, f"render: {{executor: processes, workers: {workers}}}") as server:
            _ask_for_each(server.port, range(4), 2)  # the workers start, and draw for the first time
            start = time.perf_counter()
            _ask_for_each(server.port, range(100, 100 + pictures), 4)
            spent_s[workers] = time.perf_counter() - start
    return spent_s[2] / spent_s[1]


def overhead(folder: Path, pairs: int = 4, rounds: int = 40) -> float:
    """Return the time of a render, isolated and traced, against the same code called bare.

    Several processes of each take turns: two of the same kind differ by a few per cent.
    """
    plot = folder / "plot_convergence.py"
    kinds = ("paint", "bare")
    spent_s: dict[str, list[float]] = {kind: [] for kind in kinds}
    with ExitStack() as stack:
        painters = {kind: [stack.enter_context(painter(kind, plot)) for _ in range(pairs)] for kind in kinds}
        for n in range(rounds):
            for which in range(pairs):
                for kind in kinds if n % 2 else kinds[::-1]:
                    spent_s[kind].append(painters[kind][which](n))
    warm_up = pairs * rounds // 4
    return float(np.median(np.divide(spent_s["paint"], spent_s["bare"])[warm_up:]))


def _growth_ms(folder: Path, setting: str) -> float:
    (folder / "data.txt").write_text("1")
    with servers.plotd(folder, setting) as server, closing(HTTPConnection("127.0.0.1", server.port)) as client:
        fetch(client, CACHED)
        _ask_for_each(server.port, range(4), 2)
        idle_ms = _percentile_ms(client, IDLE_S)
        stopped = Event()
        numbers = itertools.count(1000)
        threads = [Thread(target=_ask_on, args=(server.port, numbers, stopped)) for _ in range(3)]
        for thread in threads:
            thread.start()
        busy_ms = _percentile_ms(client, BUSY_S)
        stopped.set()
        for thread in threads:
            thread.join()
    return busy_ms - idle_ms


def _percentile_ms(client: HTTPConnection, for_s: float) -> float:
    """Return the 99th percentile of the latency of a cached picture, asked for every 10 ms."""
    spent_s = []
    end = time.perf_counter() + for_s
    pause = Event()
    while (start := time.perf_counter()) < end:
        fetch(client, CACHED)
        spent_s.append(time.perf_counter() - start)
        pause.wait(max(0.0, EVERY_S - spent_s[-1]))
    return 1000 * float(np.percentile(spent_s, 99))


def _ask_on(port: int, numbers: itertools.count[int], stopped: Event) -> None:
    with closing(HTTPConnection("127.0.0.1", port)) as client:
        while not stopped.is_set():
            fetch(client, f"{DRAWN}?n={next(numbers)}")


def _ask_for_each(port: int, numbers: range, clients: int) -> None:
    left = iter(numbers)

    def ask() -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as client:
            for n in left:
                fetch(client, f"{DRAWN}?n={n}")

    threads = [Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def painter(kind: str, plot: Path) -> Iterator[Callable[[int], float]]:
    """Run a process that draws, and return what has it draw one picture and gives the seconds that this took."""
    command = [sys.executable, "-m", "bench.painter", kind, str(plot)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asks, answers = process.stdin, process.stdout

        def draw(n: int) -> float:
            asks.write(f"{n}\n")
            asks.flush()
            return float(answers.readline())

        try:
            yield draw
        finally:
            process.kill()
