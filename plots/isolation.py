"""Pyplot's process-wide state, lent to one render at a time.

pyplot keeps its figures, the current axes and rcParams in one place for the whole process, so user code that draws must
not overlap with other user code that draws. A turn is the right to run such code; each starts from the same state,
whatever ran before it.
"""

from __future__ import annotations

import ctypes
import os
import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import matplotlib as mpl

mpl.use("agg")  # before any user code is imported, so that none opens a window

import matplotlib.pyplot as plt
import numpy as np

BASELINE = dict(mpl.rcParams)


class TurnTakenAway(BaseException):
    """Raised inside user code whose turn was written off because it took too long."""


@dataclass(eq=False, slots=True)
class Turn:
    """One thread's right to run pyplot code."""

    thread_id: int = field(default_factory=threading.get_ident)
    over: bool = False
    settings: ExitStack = field(default_factory=ExitStack)


class Turns:
    """Hands out one turn at a time, in this process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holder: Turn | None = None

    @contextmanager
    def take(self, on_start: Callable[[Turn], None] = lambda turn: None) -> Iterator[Turn]:
        """Wait for a turn and hold it; *on_start* is called when it begins. Figures are closed at its end."""
        turn = Turn()
        with self._changed:
            self._changed.wait_for(lambda: self._holder is None)
            self._holder = turn
        try:
            on_start(turn)
            _start_afresh()
            _keep_process_settings(turn.settings)
            yield turn
        finally:
            self._give_back(turn)

    def write_off(self, turn: Turn) -> None:
        """Let others run though *turn* has not ended; its thread gets TurnTakenAway as soon as it runs Python again.

        A thread can't be stopped: one that sits in a C call goes on, but can't draw into what others draw.
        """
        with self._changed:
            if self._holder is not turn or turn.over:
                return
            _raise_in(turn.thread_id, TurnTakenAway)
            turn.settings.close()
            self._holder = None
            self._changed.notify()

    def _give_back(self, turn: Turn) -> None:
        turn.over = True  # before the lock is taken: an exception raised in here would leave it locked
        with self._changed:
            if self._holder is turn:
                try:
                    turn.settings.close()
                    _start_afresh()
                finally:
                    self._holder = None
                    self._changed.notify()
                return
        _swallow_pending(turn.thread_id)


TURNS = Turns()  # one for the process, as pyplot's state is


def _keep_process_settings(until: ExitStack) -> None:
    """Have the warning filters, working folder and standard streams of now restored when *until* is closed."""
    folder, streams = os.getcwd(), (sys.stdin, sys.stdout, sys.stderr)

    def restore() -> None:
        if os.getcwd() != folder:
            os.chdir(folder)
        sys.stdin, sys.stdout, sys.stderr = streams

    until.enter_context(warnings.catch_warnings())
    until.callback(restore)


def _start_afresh() -> None:
    """Close all figures, restore rcParams and the backend, and seed the random generators: pictures must not jitter."""
    plt.close("all")
    if plt.get_backend() != "agg":
        plt.switch_backend("agg")
    dict.update(mpl.rcParams, BASELINE)  # not .update: that validates each of 300 values again
    plt.ioff()
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - user code draws from this generator


def _raise_in(thread_id: int, kind: type[BaseException]) -> None:
    """Make *thread_id* raise *kind* at its next bytecode."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(kind))


def _swallow_pending(thread_id: int) -> None:
    """Let a TurnTakenAway that this very thread has not raised yet be raised here, and hit nothing that it does next.

    It is not taken back: that leaves CPython 3.11 looking for something to raise at every step from then on.
    """
    try:
        _raise_in(thread_id, TurnTakenAway)
        for _ in range(1000):
            pass
    except TurnTakenAway:
        pass
