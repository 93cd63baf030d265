"""One import of user code: what it may change in the process, for itself alone. Knows nothing of where modules are.

Standard input is empty meanwhile, the working folder is restored after it, and threads started by it are told of, and
don't keep the process from ending.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from plots.isolation import IMPORTING, TurnTakenAway
from plots.printed import stand_in
from plots.registries import shared_tables
from plots.remains import gathering
from plots.tracing import Trace, trace

if TYPE_CHECKING:
    from plots.module import Module

PREFIX = "_plotd_"  # of the names under which user modules stand in sys.modules
PATIENCE_S = 1.0  # for another thread's import to end: what code changes in the process is known by when it does
GRACE_S = 0.2  # for threads that are about to end


class ThreadsLeft(ImportError):
    """Threads that a module started as it was imported go on running."""


class _Surroundings:
    """What the process was like before any import began that is under way now."""

    def __init__(self) -> None:
        self._stdin = sys.stdin
        self._folder = _working_folder()

    def restore(self) -> None:
        """Make it so again."""
        sys.stdin = self._stdin
        if self._folder and _working_folder() != self._folder:
            os.chdir(self._folder)


class Attempt:
    """The import of one module, *root*, and of all that it imports for the first time. *running* holds those under way.

    *requester* is the module whose function asks for it in a render.
    """

    def __init__(self, requester: Module | None = None) -> None:
        self.requester = requester
        self.running: list[Module] = []
        self.root: Module | None = None
        self.is_over = False
        self.lost_turn = False
        self._threads: list[threading.Thread] = []
        others = list(_under_way)
        self._surroundings: _Surroundings = others[0]._surroundings if others else _Surroundings()
        _under_way.append(self)
        sys.stdin = io.StringIO()

    @property
    def whole(self) -> Module | None:
        """The module whose neighbours all are for: none of them may see another version than it does."""
        return self.requester or self.root

    def restore(self) -> None:
        """Undo what the code changed, once: later on that may be somebody else's doing."""
        if self.is_over:
            return
        self.is_over = True
        _under_way.remove(self)
        if not _under_way:
            self._surroundings.restore()

    def begin(self, module: Module) -> int:
        """Note that *module* runs now; return what `end` is to be told."""
        if self.lost_turn:
            raise TurnTakenAway  # swallowed once: what is imported now is nobody's
        self.root = self.root or module
        self.running.append(module)
        return len(self._threads)

    def end(self, module: Module, begun: int) -> None:
        """Note that *module* has run.

        Raises:
            ThreadsLeft: it started threads that go on.
        """
        started = self._threads[begun:]
        del self._threads[begun:]
        deadline = time.monotonic() + GRACE_S
        for thread in started:
            thread.join(max(0.0, deadline - time.monotonic()))
        left = [thread.name for thread in started if thread.is_alive()]
        if left:
            what = f"importing {os.path.basename(module.path)} left threads running ({', '.join(left)})"
            raise ThreadsLeft(f"{what}: start threads inside the plot function, and end them there", path=module.path)

    def add_thread(self, thread: threading.Thread) -> None:
        """Note that the code starts *thread*, if it isn't of a library's own kind: that is the library's business."""
        if type(thread).__module__.startswith(("threading", PREFIX)):
            self._threads.append(thread)


def plain(text: str) -> str:
    """Return *text* with modules called as the user calls them."""
    return re.sub(rf"\b{PREFIX}\d+_\.?", "", text)


@contextlib.contextmanager
def attempt(requester: Module | None = None) -> Iterator[Attempt]:
    """Return the attempt under way in this context; if there is none, a new one is until the block ends."""
    under_way = _current.get()
    if under_way is not None:
        yield under_way
        return
    _install()
    stand_in()  # code may hold on to the streams that it finds
    alone = IMPORTING.acquire(PATIENCE_S)  # else it may hang
    own = Attempt(requester)
    token = _current.set(own)
    try:
        with gathering():
            yield own
    finally:
        _current.reset(token)
        own.restore()
        if alone:
            IMPORTING.release()


def attempt_under_way() -> Attempt | None:
    return _current.get()


@contextlib.contextmanager
def outside() -> Iterator[None]:
    """Let a library be imported: what it reads, registers and starts threads for is not the user code's."""
    token = _current.set(None)
    try:
        with trace(Trace()), shared_tables():
            yield
    finally:
        _current.reset(token)


def _start_noticed(thread: threading.Thread) -> None:
    """Start *thread*, as ``Thread.start`` does; one that is started by an import can't keep the process from ending."""
    noticing = _current.get()
    if noticing is not None and thread.ident is None:
        thread.daemon = True
        noticing.add_thread(thread)
    _start[0](thread)


def _install() -> None:
    """Have threads noticed that user code starts, once in a process."""
    if not _start:
        _start.append(threading.Thread.start)
        threading.Thread.start = _start_noticed  # type: ignore[assignment]  # mypy counts self twice


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


_start: list[Callable[[threading.Thread], None]] = []  # Python's own, once ours stands in its place
_under_way: list[Attempt] = []  # of the process, as what they change is; more than one if a thread hangs in one
_current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)
