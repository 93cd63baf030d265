"""Run the measurements and print each figure beside what it should be."""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

from bench import servers
from bench.crowd import coming_back, longest_hold, memory_of_clients, telling_clients
from bench.idle import idle_memory, idle_processor, idle_wakeups
from bench.live import eight_windows, row_to_screen, update_bytes, update_requests
from bench.load import Question, connect, requests_per_second
from bench.long_run import memory_in_processes, memory_in_threads
from bench.start import first_picture, first_plain_picture, help_text
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


def cached(folder: Path) -> float:
    """Return the requests per second of a cached picture, against a bare handler writing the same bytes."""
    return against_bare(folder, lambda _: Question(WATCHED), Question("/picture.png"))


def not_modified(folder: Path) -> float:
    """Return the 304s per second of a picture that the client has, against a bare handler that finds the same."""
    theirs = Question("/unchanged.png", ('If-None-Match: "ready"',), 304)
    return against_bare(folder, lambda etag: Question(WATCHED, (f"If-None-Match: {etag}",), 304), theirs)


def against_bare(
    folder: Path, ask: Callable[[str], Question], theirs: Question, pairs: int = 3, rounds: int = 80, warm_up: int = 20
) -> float:
    """Return the requests per second of what *ask* makes of the picture's etag, against *theirs* of a bare handler.

    Slices of a fraction of a second take turns, as the machine's speed changes from one second to the next; several
    processes of each, as two of the same kind differ. The first rounds don't count: both get faster for a while.
    """
    (folder / "data.txt").write_text("1")
    with ExitStack() as stack:
        sides = []
        for _ in range(pairs):
            ours = stack.enter_context(servers.plotd(folder))
            picture = folder / "picture.png"
            with closing(HTTPConnection("127.0.0.1", ours.port)) as client:
                client.request("GET", WATCHED)
                answer = client.getresponse()
                picture.write_bytes(answer.read())
            sides.append((ours.port, ask(answer.headers["Etag"]), stack.enter_context(servers.bare(picture)).port))
        ratios = []
        for _ in range(warm_up + rounds):
            for our_port, question, bare_port in sides:
                mine = asyncio.run(requests_per_second(our_port, question, 32, 25))
                ratios.append(mine / asyncio.run(requests_per_second(bare_port, theirs, 32, 25)))
    return statistics.median(ratios[pairs * warm_up :])


def waiting(folder: Path, clients: int = 200, changes: int = 15) -> float:
    """Return the time from a change until the last of *clients* that wait has its picture, against that of a render."""
    data = folder / "data.txt"
    data.write_text("1")
    waits, renders = [], []
    with servers.plotd(folder) as server, closing(HTTPConnection("127.0.0.1", server.port)) as client:
        for change in range(changes):
            client.request("GET", WATCHED)
            answer = client.getresponse()
            answer.read()
            fields = (f"If-None-Match: {answer.headers['Etag']}", "Prefer: wait=60")
            waits.append(asyncio.run(until_the_last(server.port, Question(WATCHED, fields), clients, data, change)))
            start = time.perf_counter()
            fetch(client, f"{NAME}.png?n={change}")
            renders.append(time.perf_counter() - start)
    return statistics.median(waits) / statistics.median(renders)


async def until_the_last(port: int, question: Question, clients: int, data: Path, change: int) -> float:
    """Return the seconds from a change of *data* until each of *clients* that wait has its answer."""
    ends = await connect(port, question, clients, 1)
    await asyncio.sleep(0.5)  # until all of them wait
    start = time.perf_counter()
    data.write_text(f"{change}")
    await asyncio.gather(*ends)
    return time.perf_counter() - start


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
    ("the first picture of a daemon, of a CSV : a bare script that draws it, time", first_picture, "at most", 1.3),
    ("the same without pandas, whose import is most of a script", first_plain_picture, "at most", 1.3),
    ("plotd --help : python -c 'import click', time", help_text, "at most", 1.5),
    ("a fresh picture over HTTP : bare savefig, time", fresh, "at most", 0.9),
    ("a cached picture : bare tornado handler, requests per second", cached, "at least", 0.85),
    ("a picture that the client has : bare tornado handler, 304s per second", not_modified, "at least", 0.8),
    ("200 clients that wait, from a change until the last has its picture : one render, time", waiting, "at most", 3),
    ("processor time per change, 8 pages watching : 1", watching, "at most", 1.5),
    ("a render, isolated and traced : bare, time", overhead, "at most", 1.03),
    ("40 pictures, 2 worker processes : 1, wall time", two_processes, "at most", 0.65),
    ("cached picture, 99th percentile, all threads drawing - idle, ms", latency_in_threads, "at most", 30),
    ("cached picture, 99th percentile, all processes drawing - idle, ms", latency_in_processes, "at most", 5),
    ("memory after 5,000 renders in threads : after 500", memory_in_threads, "at most", 1.1),
    ("memory after 5,000 renders in processes : after 500", memory_in_processes, "at most", 1.1),
    ("resident memory, idle, 20 plots and 1 viewer : a process that drew one picture", idle_memory, "at most", 1.5),
    ("processor time of a minute idle, 20 plots and 1 viewer - bare tornado's, ms", idle_processor, "at most", 800),
    ("times a second that it wakes meanwhile", idle_wakeups, "at most", 80),
    ("memory of each of 10,000 websocket clients : bare tornado's", memory_of_clients, "at most", 1.3),
    (
        "10,000 websocket clients, until the last is told of a change : bare tornado, time",
        telling_clients,
        "at most",
        1.3,
    ),
    ("the longest that others wait meanwhile, ms", longest_hold, "at most", 100),
    ("the longest that others wait while 1,000 clients come back at once, ms", coming_back, "at most", 100),
    (
        "a row that is written, until it is seen in a browser - reading and drawing it, ms",
        row_to_screen,
        "at most",
        100,
    ),
    ("processor time per change, pages in 8 windows of 2 picture sizes : 1", eight_windows, "at most", 2.5),
    ("requests that a page makes for an update", update_requests, "at most", 2),
    ("bytes that bring an update to a page : its picture's", update_bytes, "at most", 1.1),
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
