"""Run the measurements and print each figure beside what it should be."""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

from bench import servers
from bench.load import requests_per_second
from bench.long_run import memory_in_processes, memory_in_threads
from bench.under_load import fetch, latency_in_processes, latency_in_threads, overhead, painter, two_processes

PLOT = Path(__file__).with_name("plot_convergence.py")
NAME = "/plots/measured"
WATCHED = "/plots/watched.png"


def fresh(folder: Path, pairs: int = 3, rounds: int = 40, warm_up: int = 10) -> float:
    """Return the time of fresh pictures over HTTP, against bare savefig of the same figures in a process of its own.

    Several processes of each take turns, as for `cached`. It's the sums that are compared: either side pays for the
    garbage that it makes, one all the time and the other all at once now and then.
    """
    with ExitStack() as stack:
        ours = [stack.enter_context(servers.plotd(folder)) for _ in range(pairs)]
        clients = [stack.enter_context(closing(HTTPConnection("127.0.0.1", server.port))) for server in ours]
        savers = [stack.enter_context(painter("savefig", folder / PLOT.name)) for _ in range(pairs)]
        served_s = saved_s = 0.0
        for n in range(-warm_up, rounds):
            for client, save in zip(clients, savers, strict=True):
                start = time.perf_counter()
                fetch(client, f"{NAME}.png?n={n}")
                spent_s = time.perf_counter() - start, save(n)
                if n >= 0:
                    served_s, saved_s = served_s + spent_s[0], saved_s + spent_s[1]
    return served_s / saved_s


def cached(folder: Path, pairs: int = 3, rounds: int = 80, warm_up: int = 20) -> float:
    """Return the requests per second of a cached picture, against a bare handler writing the same bytes.

    Slices of a fraction of a second take turns, as the machine's speed changes from one second to the next; several
    processes of each, as two of the same kind differ. The first rounds don't count: both get faster for a while.
    """
    (folder / "data.txt").write_text("1")
    with ExitStack() as stack:
        ports = []
        for _ in range(pairs):
            ours = stack.enter_context(servers.plotd(folder))
            picture = folder / "picture.png"
            with closing(HTTPConnection("127.0.0.1", ours.port)) as client:
                picture.write_bytes(fetch(client, WATCHED))
            ports.append((ours.port, stack.enter_context(servers.bare(picture)).port))
        ratios = []
        for _ in range(warm_up + rounds):
            for our_port, bare_port in ports:
                mine = asyncio.run(requests_per_second(our_port, WATCHED, 32, 25))
                ratios.append(mine / asyncio.run(requests_per_second(bare_port, "/picture.png", 32, 25)))
    return statistics.median(ratios[pairs * warm_up :])


def watching(folder: Path, changes: int = 40) -> float:
    """Return the server's processor time per change with 8 pages watching one plot, against 1 page."""
    with servers.plotd(folder) as server:
        one, eight = [], []
        for _ in range(3):
            one.append(asyncio.run(cost_of_changes(folder, server, 1, changes)))
            eight.append(asyncio.run(cost_of_changes(folder, server, 8, changes)))
    return statistics.median(eight) / statistics.median(one)


async def cost_of_changes(folder: Path, server: servers.Server, pages: int, changes: int) -> float:
    """Return processor seconds of *server* per change, while *pages* do what an open page does."""
    data, path = folder / "data.txt", WATCHED
    data.write_text("0")
    sockets = [await websocket_connect(f"ws://127.0.0.1:{server.port}/live") for _ in range(pages)]
    for socket in sockets:
        await socket.write_message(json.dumps({"watch": [path]}))
    await asyncio.gather(*(show_next(server, socket, path) for socket in sockets))
    process = psutil.Process(server.pid)
    before = process.cpu_times()
    for change in range(changes):
        data.write_text(str(change))
        await asyncio.gather(*(show_next(server, socket, path) for socket in sockets))
    after = process.cpu_times()
    for socket in sockets:
        socket.close()
    return (after.user + after.system - before.user - before.system) / changes


async def show_next(server: servers.Server, socket: WebSocketClientConnection, path: str) -> None:
    """Wait until the picture is fresh, and fetch it, as an open page does."""
    while (message := json.loads(await socket.read_message() or "null"))["state"] != "fresh":
        pass
    await AsyncHTTPClient().fetch(f"http://127.0.0.1:{server.port}{path}?_etag={message['etag']}")


MEASUREMENTS = (
    ("a fresh picture over HTTP : bare savefig, time", fresh, "at most", 0.9),
    ("a cached picture : bare tornado handler, requests per second", cached, "at least", 0.8),
    ("processor time per change, 8 pages watching : 1", watching, "at most", 1.5),
    ("a render, isolated and traced : bare, time", overhead, "at most", 1.03),
    ("40 pictures, 2 worker processes : 1, wall time", two_processes, "at most", 0.65),
    ("cached picture, 99th percentile, all threads drawing - idle, ms", latency_in_threads, "at most", 30),
    ("cached picture, 99th percentile, all processes drawing - idle, ms", latency_in_processes, "at most", 5),
    ("memory after 5,000 renders in threads : after 500", memory_in_threads, "at most", 1.1),
    ("memory after 5,000 renders in processes : after 500", memory_in_processes, "at most", 1.1),
)


def main() -> int:
    """Measure all, or those whose function's name is given; 1 if one misses what it should be."""
    chosen = [m for m in MEASUREMENTS if not sys.argv[1:] or m[1].__name__ in sys.argv[1:]]
    missed = 0
    for title, measure, word, bound in chosen:
        with tempfile.TemporaryDirectory() as name:
            shutil.copy(PLOT, name)
            ratio = measure(Path(name))
        held = ratio <= bound if word == "at most" else ratio >= bound
        missed += not held
        print(f"{ratio:6.2f}  {title} ({word} {bound:g}){'' if held else '  MISSED'}", flush=True)
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
