"""The start: how soon the first picture is there, and how quick the command line says what it can do."""

from __future__ import annotations

import os
import shutil
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
ROWS = 1000
PLOTD = str(Path(sys.executable).with_name("plotd"))
HERE = Path(__file__).parent
PAUSE_S = 0.002  # between two tries to connect


def first_picture(folder: Path) -> float:
    """Return the time from the start of the daemon to its first picture, of a CSV, against a bare script that draws it.

    The two take turns: what the machine does besides slows both.
    """
    rows = (f"{n},{1000 / (n + 1)},{n / ROWS},{n / ROWS},{n / ROWS}" for n in range(ROWS))
    (folder / "log.csv").write_text("\n".join(["iteration,loss,precision,recall,f-score", *rows]))
    return _first(folder, "rows", "rows")


def first_plain_picture(folder: Path) -> float:
    """Return it for a picture that takes no pandas: all that the daemon imports besides is a larger part then."""
    return _first(folder, "convergence", "measured")


def _first(folder: Path, module: str, plot: str) -> float:
    shutil.copy(HERE / f"plot_{module}.py", folder)
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / ".state"), "PYTHONPATH": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled
    code = f"import plot_{module} as plots; plots.plot_{plot}().savefig('picture.png')"
    script, served = [sys.executable, "-c", code], (folder / f"plot_{module}.py", f"/plots/{plot}.png")
    pairs = [(_time_to_picture(*served, environment), _time(script, folder, environment)) for _ in range(ROUNDS + 1)][
        1:
    ]
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


def _time_to_picture(file: Path, url: str, environment: dict[str, str]) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PLOTD, "serve", "--port", str(port), str(file)]
    start_s = time.perf_counter()
    with subprocess.Popen(command, cwd=file.parent, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            client = HTTPConnection("127.0.0.1", port)
            while process.poll() is None:
                with suppress(ConnectionRefusedError):
                    client.connect()
                    break
                time.sleep(PAUSE_S)
            client.request("GET", url)
            answer = client.getresponse()
            assert (answer.status, len(answer.read()) > 0) == (200, True), answer.status
            return time.perf_counter() - start_s
        finally:
            process.terminate()
