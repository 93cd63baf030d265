"""A daemon to be attacked, in namespaces of its own where it needs a disk, a clock or limits of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.chaos.place import SHELTER, Place, ask, why_not
from tests.conftest import Daemon, Serve

PLOTS = '''
import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

def plot_line(n: int = 2):
    plt.figure(figsize=(2, 1))
    plt.plot(range(n))

def plot_data():
    plt.figure(figsize=(2, 1))
    plt.plot([float(word) for word in (Path(__file__).parent / "data" / "run.txt").read_text().split()])

def plot_noise(seed: int = 0):
    """Seven megabytes."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (1600, 1600, 3), np.uint8))

def plot_grain(seed: int = 0):
    """A tenth of a megabyte, soon made."""
    picture = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (200, 180, 3), np.uint8)).save(picture, "png")
    return picture.getvalue()

def plot_figure(inches: float = 4, dpi: float = 100):
    plt.figure(figsize=(inches, inches), dpi=dpi)
    plt.plot([1, 2])
'''
WHY_NOT = why_not()
collect_ignore = ["test_misfortunes.py"] if WHY_NOT else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why some of the tests in this folder were not run, if they weren't."""
    if WHY_NOT:
        terminalreporter.write_line(f"{Path(__file__).parent}: no tests of disks and limits: {WHY_NOT}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of plots, with one of data in it."""
    made = tmp_path / "plots"
    (made / "data").mkdir(parents=True)
    (made / "data" / "run.txt").write_text("1 2")
    (made / "p.py").write_text(PLOTS)
    return made


@pytest.fixture
def attacked(serve: Serve, folder: Path) -> Callable[..., Daemon]:
    """Start a daemon with *settings* for the plots, one of which it has drawn, and serves from memory from then on."""

    def start(**settings: str) -> Daemon:
        daemon = serve(folder, **{"PLOTD_CACHE__UNKNOWN_S": "9999", **settings})
        assert ask(daemon, "/plots/line.png").status == 200
        return daemon

    return start


@pytest.fixture
def placed(serve: Serve, folder: Path) -> Callable[..., Place]:
    """Start a daemon in namespaces of its own, in which the shell script *before* was run first."""

    def start(before: str = "true", **settings: str) -> Place:
        script = f'{before}; exec "$@"'
        return Place(serve(folder, within=[*SHELTER, "sh", "-euc", script, "sh"], **settings))

    return start


@pytest.fixture
def faketime() -> str:
    """The library that gives a process a clock of its own."""
    found = subprocess.run(
        ["find", "/usr/lib", "/usr/local/lib", "-name", "libfaketimeMT.so.1"],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.splitlines()[0]
