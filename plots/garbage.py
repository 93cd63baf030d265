"""Garbage collections in step with drawing: a figure that is dropped is garbage, thousands of objects in cycles."""

from __future__ import annotations

import gc
import itertools
import time

# What one figure has is less: collections that come by themselves, while it is drawn, would make it an old object, and
# it took a collection of all to find that it was dropped.
YOUNG = 20_000
OLDER_EVERY = 4  # drawings: others were under way when some ended, and aged by that
REST = 200  # times as long as a collection of all took there is no other: user code may keep a million objects


def keep_step() -> None:
    """Take all that is there by now out of collections, and let figures stay young until they are dropped."""
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 2)


class Rounds:
    """The collections by hand of a process."""

    def __init__(self) -> None:
        self._ended = itertools.count(1)
        self._rest_until_s = 0.0

    def clear_away(self) -> None:
        """Collect what a drawing left that has ended. It takes two or three milliseconds, in which no thread runs."""
        start_s = time.monotonic()
        if next(self._ended) % OLDER_EVERY:
            gc.collect(0)
        elif start_s < self._rest_until_s:
            gc.collect(1)
        else:
            gc.collect()
            now_s = time.monotonic()
            self._rest_until_s = now_s + REST * (now_s - start_s)


ROUNDS = Rounds()  # one for the process, as its collector is
