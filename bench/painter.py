"""Draws one plot again and again, either as a worker does or bare; prints the seconds that each took."""

from __future__ import annotations

import gc
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt

from plotd.encode import Sizing, encode
from plots.discover import scan
from plots.isolation import TURNS
from plots.loading import Library
from plots.paint import Job, paint

MAX_PIXELS = 16_000_000


def isolated(file: Path) -> Callable[[int], object]:
    """Return what draws *file*'s plot as a worker does: in a state of its own, its reads noticed."""
    TURNS.prove()
    spec = next(spec for spec in scan([file], Library(30)).plots if spec.alias == "measured")

    def draw(n: int) -> None:
        outcome = paint(Job(spec, {"n": n, "file_path": ""}, "png", Sizing(), MAX_PIXELS))
        assert outcome.failure is None, outcome.failure

    return draw


def bare(file: Path) -> Callable[[int], object]:
    """Return what calls the same function and encodes the same figure, and nothing else.

    All of plotd is imported here too, as a larger process is slower by itself; but nothing of it is put in place.
    """
    spec = importlib.util.spec_from_file_location("measured", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def draw(n: int) -> None:
        figure = module.plot_measured(n)
        encode([figure], "png", Sizing(), MAX_PIXELS)
        plt.close(figure)

    return draw


def main() -> None:
    """Draw once for each number on standard input."""
    draw = {"paint": isolated, "bare": bare}[sys.argv[1]](Path(sys.argv[2]))
    for line in sys.stdin:
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        draw(int(line))
        print(time.perf_counter() - start, flush=True)
        gc.enable()


if __name__ == "__main__":
    main()
