"""Windows for a script where there is no screen: what it would show goes on a sheet, and nobody is waited for.

It changes pyplot for the whole process, so it is for a process of the script's own.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib import rcsetup
from matplotlib.backend_bases import FigureCanvasBase, FigureManagerBase
from matplotlib.figure import Figure

from plotd.sheet import Sheet
from plots.animations import show_first_frame
from plots.interpreter import lent

PYLAB = ("pylab", "matplotlib.pylab")  # they hold pyplot's functions under the same names


class Windows:
    """The windows of one script: those that wait to be closed are drawn then, all others at its end."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._waiting: dict[int, Figure] = {}  # shown, and closed since, maybe
        self._drawn: weakref.WeakSet[Figure] = weakref.WeakSet()
        self._error: BaseException | None = None

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Have pyplot show its figures here until the block ends; whichever backend is asked for, it is Agg."""
        functions = {"show": self._show, "pause": self._pause, "switch_backend": _switch_backend}
        with contextlib.ExitStack() as undo:
            for module in (plt, *filter(None, map(sys.modules.get, PYLAB))):
                for name, function in functions.items():
                    undo.enter_context(lent(module, name, function))
            undo.enter_context(lent(FigureCanvasBase, "start_event_loop", _wait_for_nobody))
            undo.enter_context(lent(FigureManagerBase, "show", lambda manager: self._note(manager.canvas.figure)))
            yield

    def finish(self) -> int:
        """Draw what is open now, or was shown and isn't drawn yet; return how many figures there were in all.

        Whatever drawing one of them raised is raised, though the script may have caught it.
        """
        if self._error is not None:
            raise self._error
        self._note_open()
        self._draw()
        return len(self._sheet)

    def _show(self, *args: Any, block: bool | None = None, **_: Any) -> None:  # Any: each backend has its own
        """Stand in for ``plt.show``: a window that waits to be closed is closed at once."""
        waits = args[0] if args else block
        self._note_open()
        if not mpl.is_interactive() if waits is None else waits:
            self._draw()
            plt.close("all")

    def _pause(self, interval: float) -> None:
        """Stand in for ``plt.pause``: the time is over."""
        self._note_open()

    def _note_open(self) -> None:
        numbers = plt.get_fignums()
        if numbers:
            current = plt.gcf()
            for number in numbers:
                self._note(plt.figure(number))
            plt.figure(current)

    def _note(self, figure: Figure) -> None:
        if figure not in self._drawn:
            self._waiting[id(figure)] = figure

    def _draw(self) -> None:
        while self._waiting:
            figure = self._waiting.pop(next(iter(self._waiting)))
            self._drawn.add(figure)
            try:
                self._sheet.refuse(figure)
                show_first_frame(figure)
                self._sheet.add(figure)
            except BaseException as error:
                self._error = self._error or error
                raise


def _switch_backend(newbackend: str) -> None:
    """Stand in for ``plt.switch_backend``, which ``matplotlib.use`` calls: take it down, and stay with Agg."""
    mpl.rcParams["backend"] = rcsetup.validate_backend(newbackend)


def _wait_for_nobody(canvas: FigureCanvasBase, timeout: float = 0) -> None:
    """Stand in for ``start_event_loop``: nobody will press a key."""
