"""Garbage collections in step with drawing: a figure that is dropped is garbage, thousands of objects in cycles."""

from __future__ import annotations

import gc
import itertools
import time

# What one figure has is less: collections that come by themselves, while it is drawn, would make it an old object, and
# it took a collection of all to find that it was dropped.
YOUNG = 20_000
OLDER_EVERY, OLDEST_EVERY = 4, 16  # drawings: others were under way when some ended, and aged by that
# A collection of all that finds less than one figure has isn't worth it: user code may keep a million objects. There is
# no other for so many times as long as it took. One that finds more doesn't rest: that would be more and more.
WORTH, REST = 5_000, 200


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
        number = next(self._ended)
        if number % OLDEST_EVERY == 0 and time.monotonic() >= self._rest_until_s:
            self._collect_all()
        else:
            gc.collect(0 if number % OLDER_EVERY else 1)

    def _collect_all(self) -> None:
        start_s = time.monotonic()
        found = gc.collect()
        now_s = time.monotonic()
        self._rest_until_s = now_s + REST * (now_s - start_s) if found < WORTH else now_s


ROUNDS = Rounds()  # one for the process, as its collector is
