"""The start: how soon the first picture is there, and how quick the command line says what it can do."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

ROUNDS = 9
PLOTD = str(Path(sys.executable).with_name("plotd"))
PICTURE = "import plot_convergence as p; p.plot_measured().savefig('picture.png')"
PAUSE_S = 0.002  # between two tries to connect


def first_picture(folder: Path) -> float:
    """Return the time from the start of the daemon to its first picture, against a bare script that draws it.

    The two take turns: what the machine does besides slows both.
    """
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / ".state"), "PYTHONPATH": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled
    script = [sys.executable, "-c", PICTURE]
    pairs = [(_time_to_picture(folder, environment), _time(script, folder, environment)) for _ in range(ROUNDS + 1)][1:]
    return statistics.median(ours / bare for ours, bare in pairs)


def help_text(folder: Path) -> float:
    """Return the time of ``plotd --help``, against Python's importing click."""
    click = [sys.executable, "-c", "import click"]
    pairs = [(_time([PLOTD, "--help"], folder), _time(click, folder)) for _ in range(3 * ROUNDS)]
    return statistics.median(ours / bare for ours, bare in pairs)


def _time(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> float:
    start_s = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start_s


def _time_to_picture(folder: Path, environment: dict[str, str]) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PLOTD, "serve", "--port", str(port), str(folder / "plot_convergence.py")]
    start_s = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            client = HTTPConnection("127.0.0.1", port)
            while process.poll() is None:
                with suppress(ConnectionRefusedError):
                    client.connect()
                    break
                time.sleep(PAUSE_S)
            client.request("GET", "/plots/measured.png")
            answer = client.getresponse()
            assert (answer.status, len(answer.read()) > 0) == (200, True), answer.status
            return time.perf_counter() - start_s
        finally:
            process.terminate()
