"""Memory over thousands of renders: what the daemon and its workers hold after the first 500, and at the end."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

import psutil

from bench import servers

FIRST = 500
RENDERS = 5_000
CLIENTS = 3
URLS = 100  # that are asked for again and again, while the data changes
MIXED = '''
from pathlib import Path
import matplotlib.pyplot as plt
import numpy as np

def read():
    return float(Path(__file__).with_name("data.txt").read_text())

def plot_lines(n: int = 0):
    read()
    plt.figure(figsize=(3, 2))
    plt.plot(np.arange(100) * n, label=rf"$x_{{{n}}}$")
    plt.legend()

def plot_image(n: int = 0):
    read()
    figure, axes = plt.subplots(figsize=(3, 2), layout="constrained")
    figure.colorbar(axes.imshow(np.random.rand(40, 40) + n))

def plot_leaking(n: int = 0):
    """Leaves figures open behind itself."""
    read()
    for _ in range(3):
        plt.figure(figsize=(2, 2)).add_subplot(projection="polar").plot([n, 1, 2])

def plot_failing(n: int = 0):
    read()
    plt.bar(range(5), range(5))
    raise ValueError(f"no picture {n}")
'''
NAMES = ("lines", "image", "leaking", "failing")


def memory_in_threads(folder: Path) -> float:
    """Return the memory after 5,000 renders of mixed plots in threads, against that after the first 500."""
    return _growth(folder, "threads")


def memory_in_processes(folder: Path) -> float:
    """Return the same of the daemon and all its worker processes."""
    return _growth(folder, "processes")


def _growth(folder: Path, executor: str) -> float:
    (folder / "mixed.py").write_text(MIXED)
    with servers.plotd(folder, f"render: {{executor: {executor}}}") as server:
        for number in range(RENDERS // URLS):
            if number == FIRST // URLS:
                first = _bytes(server.pid)
            (folder / "data.txt").write_text(str(number))
            _draw_all(server.port)
        return _bytes(server.pid) / first


def _draw_all(port: int) -> None:
    left = iter(range(URLS))

    def ask() -> None:
        with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as client:
            for n in left:
                client.request("GET", f"/plots/{NAMES[n % len(NAMES)]}.png?n={n}")
                answer = client.getresponse()
                answer.read()
                assert answer.status == (500 if NAMES[n % len(NAMES)] == "failing" else 200), answer.status
                assert "desc=hit" not in answer.headers.get("Server-Timing", "")

    threads = [Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _bytes(pid: int) -> int:
    """Return the resident memory of a process and of all below it; what they share counts once."""
    daemon = psutil.Process(pid)
    own = daemon.memory_full_info().uss if daemon.children() else daemon.memory_info().rss
    return own + sum(child.memory_full_info().uss for child in daemon.children(recursive=True))
