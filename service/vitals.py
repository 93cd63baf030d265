"""How the process itself fares: its event loop, its garbage collections, and what it answers. Knows no Prometheus."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict

from service.durations import Durations

SAMPLE_S = 0.5  # between two looks at how late the loop is
LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
PAUSE_S = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Vitals:
    """*lag* is how late the loop came to what was due, *pauses* how long collections took.

    *answers* counts those that were sent by their status, *pictures* those with a picture by how it was come by.
    """

    def __init__(self) -> None:
        self.lag = Durations(LAG_S)
        self.pauses = Durations(PAUSE_S)
        self.answers: defaultdict[int, int] = defaultdict(int)
        self.pictures: defaultdict[str, int] = defaultdict(int)
        self._collecting_since_s = 0.0

    async def watch(self) -> None:
        """Measure, until cancelled."""
        gc.callbacks.append(self._collects)
        try:
            while True:
                due_s = time.perf_counter() + SAMPLE_S
                await asyncio.sleep(SAMPLE_S)
                self.lag.note(max(0.0, time.perf_counter() - due_s))
        finally:
            gc.callbacks.remove(self._collects)

    def _collects(self, phase: str, _: object) -> None:
        if phase == "start":
            self._collecting_since_s = time.perf_counter()
        elif self._collecting_since_s:
            self.pauses.note(time.perf_counter() - self._collecting_since_s)
