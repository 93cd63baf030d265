"""Draws one plot again and again, as a worker does, bare, or with savefig; prints the seconds that each took."""

from __future__ import annotations

import gc
import importlib.util
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

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
    plot = _function_in(file)

    def draw(n: int) -> None:
        figure = plot(n)
        encode([figure], "png", Sizing(), MAX_PIXELS)
        plt.close(figure)

    return draw


def saved(file: Path) -> Callable[[int], object]:
    """Return what calls the same function and saves the figure as anyone would, in a process like that of `bare`."""
    plot = _function_in(file)

    def draw(n: int) -> None:
        figure = plot(n)
        figure.savefig(io.BytesIO(), format="png")
        plt.close(figure)

    return draw


def _function_in(file: Path) -> Callable[[int], Figure]:
    spec = importlib.util.spec_from_file_location("measured", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Callable[[int], Figure] = module.plot_measured
    return function


def main() -> None:
    """Draw once for each number on standard input."""
    kind, file = sys.argv[1:]
    draw = {"paint": isolated, "bare": bare, "savefig": saved}[kind](Path(file))
    for line in sys.stdin:
        if kind != "savefig":  # what is compared with it collects garbage too; these two are compared with each other
            gc.collect()
            gc.disable()
        start = time.perf_counter()
        draw(int(line))
        print(time.perf_counter() - start, flush=True)
        gc.enable()


if __name__ == "__main__":
    main()
