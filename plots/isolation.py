"""Turns: the right of a thread to run user code that draws, and how it is taken back.

Where `plots.contexts` can give each render a state of its own, as many threads as there are draw at once; elsewhere one
after another, each from the same state, whatever ran before it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import font_manager

from plots.baton import Baton
from plots.contexts import BASELINE, DRAWING, install, own_state, rc_in_force
from plots.printed import stand_in
from plots.remains import gathering
from plots.search_path import own_path

__all__ = ["BASELINE", "IMPORTING", "TURNS", "Turn", "TurnTakenAway", "Turns", "prove"]

IMPORTING = Baton()  # one thread at a time imports user code: what that changes meanwhile is the whole process's
PROOF_S = 20  # seconds, as long as another process may try it
MEETING_S = 10.0  # how long two threads of the proof wait for each other


class TurnTakenAway(BaseException):
    """Raised inside user code whose turn was written off because it took too long."""


@dataclass(eq=False, slots=True)
class Turn:
    """One thread's right to run pyplot code."""

    thread_id: int = field(default_factory=threading.get_ident)
    over: bool = False

    @property
    def waited_s(self) -> float:
        """How long it waited, in seconds, for others to draw: that isn't its own doing."""
        return DRAWING.waited_s(self.thread_id) + IMPORTING.waited_s(self.thread_id)


class Turns:
    """Hands out turns in this process: one at a time, until `prove` has shown that more can do no harm."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: set[Turn] = set()
        self._surroundings: _Surroundings | None = None
        self.kind: Literal["contexts", "lock"] = "lock"
        self._prover = 0  # the process that tries it

    def prove(self) -> bool:
        """Try whether renders can draw at once without mixing, and let them from now on if so. Under a second.

        Until then they take turns; if it is this process that must try it, they wait.
        """
        if self.kind == "lock" and (self._is_proved() or self._prove_here()):
            with self._changed:
                self.kind = "contexts"
                self._changed.notify_all()
        return self.kind == "contexts"

    def prove_meanwhile(self) -> None:
        """Begin to try it, in a copy of this process, so that this one can do something else until it asks.

        For a start, when no thread runs yet: of what others hold just then, a copy would wait for ever.
        """
        if threading.active_count() > 1 or sys.platform == "darwin":  # where system libraries bear no fork
            return
        try:
            self._prover = os.fork()
        except OSError:  # there is no room for it
            return
        if not self._prover:
            status = 1
            signal.alarm(PROOF_S)  # should it wait for ever after all
            try:
                status = 0 if prove() else 1
            finally:
                os._exit(status)

    def give_up(self) -> None:
        """End the copy, if it's still at it: nobody will draw any more."""
        if prover := self._prover:
            with contextlib.suppress(ProcessLookupError):
                os.kill(prover, signal.SIGKILL)

    def _is_proved(self) -> bool:
        """Wait for what the copy of this process found, if there is one."""
        try:
            return bool(self._prover) and os.waitpid(self._prover, 0)[1] == 0
        except ChildProcessError:  # user code waited for it, or who started us has children be forgotten
            return False
        finally:
            self._prover = 0

    def _prove_here(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: not self._inside)
            return prove()

    @contextmanager
    def take(self, on_start: Callable[[Turn], None] = lambda turn: None) -> Iterator[Turn]:
        """Wait for a turn and hold it; *on_start* is called when it begins. Figures are closed at its end."""
        turn = Turn()
        with self._changed:
            self._changed.wait_for(lambda: self.kind == "contexts" or not self._inside)
            if not self._inside:
                stand_in()
                self._surroundings = _Surroundings()
            self._inside.add(turn)
        try:
            on_start(turn)
            with own_path(), gathering():
                if install():
                    with own_state():
                        yield turn
                else:
                    _start_afresh()
                    yield turn
        finally:
            self._give_back(turn)

    def write_off(self, turn: Turn) -> None:
        """Let others run though *turn* has not ended; its thread gets TurnTakenAway as soon as it runs Python again.

        A thread can't be stopped: one that sits in a C call goes on, but can't draw into what others draw. If it drew
        a figure just then, those that wait for that draw theirs.
        """
        with self._changed:
            if turn not in self._inside or turn.over:
                return
            _raise_in(turn.thread_id, TurnTakenAway)
            for baton in (DRAWING, IMPORTING):
                baton.take_away(turn.thread_id)
            self._leave(turn)
        _forget_fonts()

    def _give_back(self, turn: Turn) -> None:
        turn.over = True  # before the lock is taken: an exception raised in here would leave it locked
        for baton in (DRAWING, IMPORTING):
            baton.forget(turn.thread_id)
        with self._changed:
            if turn in self._inside:
                if not install():
                    _start_afresh()
                self._leave(turn)
                return
        _swallow_pending(turn.thread_id)

    def _leave(self, turn: Turn) -> None:
        """Let *turn* count no more; the last to leave restores what is the whole process's."""
        try:
            self._inside.discard(turn)
            assert self._surroundings is not None
            self._surroundings.tidy() if self._inside else self._surroundings.restore()
        finally:
            self._changed.notify_all()


TURNS = Turns()  # one for the process, as pyplot's state is


def prove() -> bool:
    """Say whether two threads can draw at once what each draws alone, styles, random numbers, formulas and all."""
    if not install():
        return False
    before = dict.copy(rc_in_force())
    alone = [_sketch(k, lambda: None) for k in range(2)]
    together: dict[int, object] = {}
    meeting = threading.Barrier(2, timeout=MEETING_S)

    def draw(k: int) -> None:
        try:
            together[k] = _sketch(k, meeting.wait)
        except BaseException:
            meeting.abort()
            raise

    threads = [threading.Thread(target=draw, args=(k,), name=f"prove {k}", daemon=True) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    untouched = before == dict.copy(rc_in_force()) and not plt.get_fignums()
    return untouched and [together.get(k) for k in range(2)] == alone


def _sketch(k: int, meet: Callable[[], object]) -> object:
    """Draw a small figure, one of two, meeting the other's thread at each step; return all that could get mixed up."""
    with own_state():
        plt.style.use(("ggplot", "dark_background")[k])
        mpl.rcParams["lines.linewidth"] = 3.0 + k
        figure = plt.figure(figsize=(1.5, 1), dpi=60)
        meet()
        plt.plot(np.random.rand(5), label=str(random.random()))  # noqa: NPY002 - these are what is tried
        meet()
        plt.title(rf"$\alpha_{k}^{{\frac{{1}}{{2}}}}$")
        plt.tight_layout()
        meet()
        figure.canvas.draw()
        canvas: Any = figure.canvas  # Any: it is Agg's, which the stubs don't know
        pixels = bytes(canvas.buffer_rgba())
        return plt.get_fignums(), plt.gca().lines[0].get_label(), mpl.rcParams["lines.linewidth"], pixels


class _Surroundings:
    """The warning filters, working folder and standard streams of the process, as they were while nobody drew."""

    def __init__(self) -> None:
        self._folder, self._streams = os.getcwd(), (sys.stdin, sys.stdout, sys.stderr)
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        # Where no filter says otherwise Python shows each once, to whichever render comes first; ours, once to each.
        warnings.simplefilter("always", append=True)

    def tidy(self) -> None:
        """Restore what a render may have changed, while others go on."""
        with contextlib.suppress(OSError):
            if os.getcwd() != self._folder:
                os.chdir(self._folder)
        sys.stdin, sys.stdout, sys.stderr = self._streams

    def restore(self) -> None:
        """Restore all of it."""
        self.tidy()
        self._warnings.__exit__(None, None, None)


def _forget_fonts() -> None:
    """Let go of the fonts that matplotlib keeps open for each thread: one that is written off asks for none again.

    Other threads open theirs again.
    """
    if (cached := getattr(font_manager, "_get_font", None)) is not None:  # a later matplotlib may have another name
        cached.cache_clear()


def _start_afresh() -> None:
    """Close all figures, restore rcParams and the backend, and seed the random generators: pictures must not jitter."""
    plt.close("all")
    if plt.get_backend() != "agg":
        plt.switch_backend("agg")
    dict.update(rc_in_force(), BASELINE)  # not .update: that validates each of 300 values again
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
