"""Draw plots as their authors would, without plotd: each in a process of its own, seeds 0, saved by ``savefig``.

``python alone.py INTO PLOT...`` writes ``INTO/<which plot>-<which figure>.png``; a PLOT is ``FILE`` for a script, or
``FILE:QUALNAME``. Each process is a fork of one that has imported matplotlib and drawn nothing: as good as a new
interpreter, in a twentieth of the time.
"""

from __future__ import annotations

import importlib
import multiprocessing
import random
import runpy
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

WARM = ["matplotlib.pyplot", "matplotlib.backends.backend_agg", "mpl_toolkits.mplot3d", "pandas", "pandas.plotting"]
AT_ONCE = 2


def main(into: str, *plots: str) -> None:
    """Draw *plots*, and write their pictures to the folder *into*."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(WARM)
    with context.Pool(AT_ONCE, maxtasksperchild=1) as pool:
        pool.starmap(draw, [(plot, f"{into}/{number}") for number, plot in enumerate(plots)], chunksize=1)


def draw(plot: str, into: str) -> None:
    """Draw *plot*; the files' names start with *into*."""
    file, _, qualname = plot.partition(":")
    sys.dont_write_bytecode = True  # nothing may appear beside the plots
    sys.path[0] = str(Path(file).parent)
    if qualname:
        save(figures_of(call(Path(file).stem, qualname)), into)
    else:
        run(file, into)


def call(module: str, qualname: str) -> object:
    """Return what the function returned."""
    mpl.use("agg")
    seed()
    where: object = importlib.import_module(module)
    owner, _, name = qualname.rpartition(".")
    where = getattr(where, owner)() if owner else where
    result: object = getattr(where, name)()
    return result


def run(file: str, into: str) -> None:
    """Run a script; its windows are saved, and closed, whenever it waits for that, and at its end."""
    moves = "Animation(" in Path(file).read_text()
    shown = 0

    class Manager(FigureManagerBase):
        @classmethod
        def pyplot_show(cls, *, block: bool | None = None) -> None:
            nonlocal shown
            if block is not False:
                shown += save_open(f"{into}-{shown}", moves)

    class Canvas(FigureCanvasAgg):
        manager_class = Manager

    window = type(sys)("window")
    vars(window).update(FigureCanvas=Canvas, FigureManager=Manager)
    sys.modules["window"] = window
    mpl.use("module://window")
    sys.argv[:] = [file]
    seed()
    try:
        runpy.run_path(file, run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    save_open(f"{into}-{shown}", moves)


def seed() -> None:
    """Start the random generators where plotd does."""
    random.seed(0)
    np.random.seed(0)


def save_open(into: str, moves: bool) -> int:
    """Save and close all figures; return how many there were."""
    figures = [plt.figure(number) for number in plt.get_fignums()]
    if moves:
        for figure in figures:
            figure.canvas.draw()  # as a window does: the first frame comes with that
    save(figures, into)
    plt.close("all")
    return len(figures)


def save(figures: list[Figure], into: str) -> None:
    """Save each figure as anyone would."""
    for number, figure in enumerate(figures):
        figure.savefig(f"{into}-{number:02}.png", format="png")


def figures_of(result: object) -> list[Figure]:
    """Return the figures that a plot function means by what it returned, in order."""
    if result is None or result is plt:
        return [plt.gcf()]
    if isinstance(result, Artist):
        figure = result.get_figure(root=True)
        assert isinstance(figure, Figure)
        return [figure]
    items = result.values() if isinstance(result, dict) else np.ravel(np.asarray(result, dtype=object))
    found = [figure for item in items for figure in figures_of(item)]
    return list({id(figure): figure for figure in found}.values())


if __name__ == "__main__":
    main(*sys.argv[1:])
