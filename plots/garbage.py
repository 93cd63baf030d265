"""Garbage collections in step with drawing: a figure that is dropped is garbage, thousands of objects in cycles."""

from __future__ import annotations

import gc
import itertools

# What one figure has is less: collections that come by themselves, while it is drawn, would make it an old object, and
# it took a collection of all to find that it was dropped.
YOUNG = 20_000
OLDER_EVERY, OLDEST_EVERY = 4, 16  # drawings: others were under way when some ended, and aged by that

_ended = itertools.count(1)


def keep_step() -> None:
    """Take all that is there by now out of collections, and let figures stay young until they are dropped."""
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 2)


def clear_away() -> None:
    """Collect what a drawing left that has ended. It takes two or three milliseconds, in which no thread runs."""
    number = next(_ended)
    gc.collect(2 if number % OLDEST_EVERY == 0 else 1 if number % OLDER_EVERY == 0 else 0)
