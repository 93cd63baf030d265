"""How long things took: so many up to each bound, as Prometheus counts them. Knows no Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate


class Durations:
    """Counts of durations by *bounds_s*, which rise; what is longer than the last is counted too.

    No lock, as a garbage collection is noted here wherever it interrupts its thread, be it in here.
    """

    def __init__(self, bounds_s: Sequence[float]) -> None:
        self.bounds_s = tuple(bounds_s)
        self.sum_s = 0.0
        self._counts = [0] * (len(self.bounds_s) + 1)

    def note(self, seconds: float) -> None:
        """Count one more."""
        self._counts[bisect_left(self.bounds_s, seconds)] += 1
        self.sum_s += seconds

    def up_to(self) -> list[int]:
        """Return how many took no longer than each bound, and how many there are in all."""
        return list(accumulate(self._counts))
