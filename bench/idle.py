"""The daemon at rest: 20 plots, and one page that shows them all. What it takes in memory, and in processor time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import psutil
from websockets.sync.client import ClientConnection, connect

from bench import servers

PLOTS = 20
SETTLE_S = 5.0
IDLE_S = 60.0
MESSAGE = json.dumps({"url": "/plots/p0/rows.png", "etag": "0" * 32, "state": "fresh"})
PLOT = """
from pathlib import Path
import matplotlib.pyplot as plt
import pandas as pd

def plot_rows():
    data = pd.read_csv(Path(__file__).with_suffix(".csv"))
    plt.plot(data.x, data.y)
"""
# What anything that draws so has in memory, served by what the daemon is made with.
BARE = """
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt, numpy, pandas, tornado.web, tornado.httpserver, tornado.websocket
from io import BytesIO
pandas.read_csv("p0.csv").plot()
plt.savefig(BytesIO())
print("drawn", flush=True)
__import__("signal").pause()
"""


def idle_memory(folder: Path) -> float:
    """Return the resident memory of the idle daemon, against that of a process that drew one such picture."""
    with watched(folder) as daemon:
        command = [sys.executable, "-c", BARE]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as bare:
            assert bare.stdout is not None
            bare.stdout.readline()
            ratio = _resident(daemon.pid) / _resident(bare.pid)
            bare.kill()
    return ratio


def idle_processor(folder: Path) -> float:
    """Return the processor time that the idle daemon takes in a minute, in ms, beyond what a bare server takes."""
    (folder / "message").write_text(MESSAGE)
    with watched(folder) as daemon, servers.bare_live(folder / "message") as bare, watching(bare.port, 1):
        ours, theirs = (psutil.Process(server.pid) for server in (daemon, bare))
        Event().wait(SETTLE_S)
        before = _processor_s(ours) - _processor_s(theirs)
        Event().wait(IDLE_S)
        return 1000 * (_processor_s(ours) - _processor_s(theirs) - before) * 60 / IDLE_S


def idle_wakeups(folder: Path) -> float:
    """Return how often a second a thread of the idle daemon wakes up."""
    with watched(folder) as daemon:
        Event().wait(SETTLE_S)
        before = _switches(daemon.pid)
        Event().wait(IDLE_S)
        return (_switches(daemon.pid) - before) / IDLE_S


@contextmanager
def watched(folder: Path) -> Iterator[servers.Server]:
    """Run the daemon with its plots, all of them drawn, and one client who is told of all."""
    for number in range(PLOTS):
        (folder / f"p{number}.py").write_text(PLOT)
        (folder / f"p{number}.csv").write_text("x,y\n1,2\n3,4\n")
    with servers.plotd(folder) as daemon, watching(daemon.port, PLOTS):
        yield daemon


@contextmanager
def watching(port: int, plots: int) -> Iterator[ClientConnection]:
    """Watch as many plots by a websocket, once all of them are drawn."""
    with connect(f"ws://127.0.0.1:{port}/live") as socket:
        socket.send(json.dumps({"watch": [f"/plots/p{number}/rows.png" for number in range(plots)]}))
        drawn: set[str] = set()
        while len(drawn) < plots:
            message = json.loads(socket.recv())
            if message.get("state") == "fresh":
                drawn.add(message["url"])
        yield socket


def _resident(pid: int) -> int:
    return psutil.Process(pid).memory_info().rss


def _processor_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _switches(pid: int) -> int:
    """Return how often the threads of a process have waited for something."""
    statuses = [(thread / "status").read_text() for thread in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for text in statuses)
