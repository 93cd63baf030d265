"""What each plot cost of late, in figures: for the gallery's table, and whoever measures the daemon."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from service.durations import Durations
from service.errors import BadParameter, MissingFile, ServiceError, TooLarge

HOUR_MIN = 60
MAX_PLOTS = 10_000
RENDER_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
ASKED_WRONGLY = (BadParameter, MissingFile, TooLarge)


@dataclass(eq=False, slots=True)
class Figures:
    """One plot's, of all its requests: how long its last render took, and how large its last picture is.

    *renders* and *failures* count since the start; *changed_s*, seconds since the epoch, is when a picture of it was
    last replaced by one that looks otherwise; 0: not yet. *shape* is how wide and
    how high its last picture is that keeps the shape its author gave it, in pixels. *error* is what the last render
    failed with, *error_s* since when all did, in seconds since the epoch: what was asked wrongly is no fault of a plot.
    """

    seconds: float = 0.0
    sum_s: float = 0.0
    size_bytes: int = 0
    renders: int = 0
    failures: int = 0
    changed_s: float = 0.0
    succeeded_s: float = 0.0  # seconds since the epoch; 0: not yet
    error: ServiceError | None = None
    error_s: float = 0.0
    shape: tuple[int, int] | None = None
    _minutes: deque[list[int]] = field(default_factory=lambda: deque(maxlen=HOUR_MIN))  # each: which, and how many

    def count(self, now_s: float) -> None:
        """Count a render that ended at *now_s*."""
        self.renders += 1
        minute = int(now_s // 60)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._minutes.append([minute, 0])
        self._minutes[-1][1] += 1

    def last_hour(self, now_s: float) -> int:
        """Return how many renders there were in the hour, to the minute, before *now_s*."""
        first = int(now_s // 60) - HOUR_MIN
        return sum(number for minute, number in self._minutes if minute > first)


class Ledger:
    """The figures of all plots, by their full names, and how long renders took. Used from the event loop only."""

    def __init__(self) -> None:
        self.durations = Durations(RENDER_S)
        self._plots: OrderedDict[str, Figures] = OrderedDict()

    def of(self, plot: str) -> Figures:
        """Return the figures of *plot*, all of them zero if it was never drawn."""
        return self._plots.get(plot) or Figures()

    def note(self, plot: str, seconds: float, size_bytes: int, *, is_change: bool) -> None:
        """Count a render of *plot* that took *seconds*, and gave *size_bytes*."""
        figures, now_s = self._count(plot, seconds)
        figures.size_bytes, figures.succeeded_s, figures.error = size_bytes, now_s, None
        if is_change:
            figures.changed_s = now_s

    def note_failure(self, plot: str, seconds: float, error: ServiceError) -> None:
        """Count a render of *plot* that took *seconds*, and failed with *error*."""
        figures, now_s = self._count(plot, seconds)
        figures.failures += 1
        if not isinstance(error, ASKED_WRONGLY):
            figures.error_s = figures.error_s if figures.error is not None else now_s
            figures.error = error

    def _count(self, plot: str, seconds: float) -> tuple[Figures, float]:
        """Count a render; return the plot's figures, and the time in seconds since the epoch."""
        figures = self._plots.setdefault(plot, Figures())
        self._plots.move_to_end(plot)
        if len(self._plots) > MAX_PLOTS:
            self._plots.popitem(last=False)
        now_s = time.time()
        figures.count(now_s)
        figures.seconds = seconds
        figures.sum_s += seconds
        self.durations.note(seconds)
        return figures, now_s
