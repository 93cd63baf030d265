"""This process among others: what it is told by signals, how it keeps responsive and small while threads draw."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import selectors
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

CROWD = 250  # clients: a full garbage collection looks at their 25,000 objects for some 12 ms
DRAWN_S = 0.1  # after which it is asked again whether nothing is being drawn
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of <malloc.h>
HEAPS = 2
LARGE_BYTES = 2**20
AT_ONCE = 256  # connections at which there is something to do: some ten milliseconds


class Signals:
    """What signals ask for. SIGTERM and SIGINT: to *stop*, a second one at once; SIGHUP: to *reload*.

    A terminal that goes away sends SIGHUP too: then it is Ctrl-C that was meant.
    """

    def __init__(self) -> None:
        """Hear them from now on, though nothing comes of it before there is an event loop."""
        self.stop, self.reload, self._hurry = (asyncio.Event() for _ in range(3))
        self._had_terminal = has_terminal()
        self._heard = {signal.SIGTERM: self._end, signal.SIGINT: self._end}
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
            self._heard[signal.SIGHUP] = self._hang_up
        for number, act in self._heard.items():
            signal.signal(number, lambda *_, act=act: act())

    def listen(self) -> None:
        """Have the event loop hear them, which they wake."""
        for number, act in self._heard.items():
            asyncio.get_running_loop().add_signal_handler(number, act)

    async def patience(self, work: Coroutine[Any, Any, None], at_most_s: float) -> None:  # Any: what it is sent
        """Wait for *work*, but no longer than that, and not when there is a hurry."""
        waiting = [asyncio.create_task(work), asyncio.create_task(self._hurry.wait())]
        await asyncio.wait(waiting, timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    def _end(self) -> None:
        (self._hurry if self.stop.is_set() else self.stop).set()

    def _hang_up(self) -> None:
        (self.stop if self._had_terminal and not has_terminal() else self.reload).set()


def has_terminal() -> bool:
    """Say whether somebody can press Ctrl-C."""
    with contextlib.suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
        return True
    return False


def bound_heaps() -> None:
    """Have what threads free given back to the system. To be called before there is any thread but the first.

    glibc gives each thread a heap, up to eight for each processor, and keeps what is free in them: after an hour of
    drawing that is more than all that is in use. Pixels get a place of their own, which is gone when they are.
    """
    with contextlib.suppress(AttributeError):  # not glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, HEAPS)
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(M_TRIM_THRESHOLD, LARGE_BYTES)


def tune() -> None:
    """Keep the loop responsive while threads draw, from the end of the start on.

    A full garbage collection with matplotlib loaded stops everything for 100 ms: what is there by now is taken out of
    it, and the rest is collected more often. Threads give way every half millisecond.
    """
    gc.freeze()
    gc.set_threshold(700, 10, 2)
    gc.enable()  # while a start imports, it would find nothing, for a quarter of the time
    sys.setswitchinterval(0.0005)


def tune_again() -> None:
    """Do so once something else took the place of what was there."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class FairSelector(selectors.DefaultSelector):
    """Has the loop look at so many connections at a time, and then at whatever else there is to do.

    Ten thousand clients that leave in one moment would hold it for a third of a second.
    """

    _first = 0  # of those that are ready: none is always the last

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return some of what is ready; the rest is so the next time too."""
        ready = super().select(timeout)
        if len(ready) <= AT_ONCE:
            return ready
        self._first = (self._first + AT_ONCE) % len(ready)
        return (ready[self._first :] + ready[: self._first])[:AT_ONCE]


class Crowds:
    """Keeps the loop responsive while clients come by the thousand: they too are taken out of garbage collections.

    Ten thousand are a million objects, and a full collection would stop everything for half a second. Of a client that
    leaves nothing needs to be collected. But a figure does, so none may be there: *is_drawing* says whether one is. And
    a plot's module does once it is edited: for the sake of a few clients it is not taken out.
    """

    def __init__(self, is_drawing: Callable[[], bool]) -> None:
        self._is_drawing = is_drawing
        self._came = 0
        self._waits = False

    def join(self, present: int) -> None:
        """Note that one more client came, so that there are so many *present*."""
        self._came += 1
        if min(self._came, present) >= CROWD and not self._waits:
            self._waits = True
            self._settle()

    def _settle(self) -> None:
        if self._is_drawing():
            asyncio.get_running_loop().call_later(DRAWN_S, self._settle)
            return
        self._came, self._waits = 0, False
        gc.collect()
        gc.freeze()
