"""Notices which files a render read, listed or missed, and their state just before. Knows nothing of who asked.

An audit hook can't be removed, so one is installed for the life of the process; a context variable says whose trace an
event belongs to. What it can't see, as C++ opens the file, `plots.readers` tells; file parameters are noted by hand.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Literal

from plots import following, readers
from plots.audit import EVENTS
from plots.printed import Tail

DependencyKind = Literal["file", "folder", "database"]
State = tuple[object, ...] | None
Key = tuple[str, DependencyKind]

BESIDE_DATABASES = ("-journal", "-wal", "-shm")
MAX_PLOTS = 1_000  # whose habits are remembered
MAX_HABITS = 1_000  # files of each


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something a render read, and what it was like just before it was first opened.

    *folders* are those in which a change of it shows: its own, and that of the file it links to. *seen_ns* is the wall
    clock at that moment. If the render alone changed it, *state* is what it was like after that, and *before* what it
    was like at first. If others may have changed it too, *after* is what it was like at the end; *is_written* says that
    the render surely did. Else these are ().
    """

    path: str
    kind: DependencyKind
    state: State
    seen_ns: int
    folders: tuple[str, ...] = ()
    before: State = ()
    after: State = ()
    is_written: bool = False


@dataclass(eq=False, slots=True)
class Habits:
    """What the renders of one plot were seen to change, in this process, or may change by way of what they keep open.

    *late* was written by threads that went on after their render; *doubtful* was open for a change at some time.
    """

    late: set[str] = field(default_factory=set)
    doubtful: set[Key] = field(default_factory=set)


@dataclass(eq=False)
class Trace:
    """What one render touched. Filled by the threads that render; may be read by others once that is over."""

    seen: dict[Key, tuple[State, int]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    changing: dict[Key, State] = field(default_factory=dict)  # what it changes in place, just before it could
    habits: Habits = field(default_factory=Habits)
    process_wide: set[str] = field(default_factory=set)  # audit events of what it changed for the whole process
    unknown: bool = False
    has_children: bool = False  # it started processes, of which nobody knows what they do
    is_over: bool = False
    printed: Tail | None = None  # what it prints; None: that goes where it would

    @property
    def output(self) -> str:
        """The end of what it printed, if that is kept."""
        return self.printed.text if self.printed is not None else ""

    def note(self, path: str, kind: DependencyKind) -> None:
        """Count *path* as a dependency, with its present state if this is the first time."""
        if (path, kind) not in self.seen:
            now = time.time_ns()
            self.seen[path, kind] = (state_of(path, kind), now)

    def add_earlier(self, before: Trace) -> None:
        """Add what *before* noted just before the render began: what this opened itself counts as it was then.

        But for one that started processes: what it opened may be what these had just written.
        """
        self.seen = {**self.seen, **before.seen} if self.has_children else {**before.seen, **self.seen}

    def write(self, path: str) -> None:
        """Count *path* as the render's own: what becomes of it is no news."""
        if not self.is_over:
            self.written.add(path)
        elif len(self.habits.late) < MAX_HABITS:
            self.habits.late.add(path)

    def update(self, path: str) -> None:
        """Count *path* as a dependency that is opened for a change in place."""
        self.note(path, "file")
        if not self.is_over:
            self.expect_change(path, "file")

    def expect_change(self, path: str, kind: DependencyKind) -> None:
        """Take a change of *path* from now on for the render's own; one that came before is somebody else's."""
        if self.is_over:
            self.write(path)
        elif (path, kind) not in self.changing:
            self.changing.update((key, state_of(*key)) for key in _keys_of(path, kind))
            self.may_change(path, kind)

    def may_change(self, path: str, kind: DependencyKind) -> None:
        """Note that such renders may change *path*, now or later."""
        if len(self.habits.doubtful) < MAX_HABITS:
            self.habits.doubtful.update(_keys_of(path, kind))

    def doubt_change(self, descriptor: int) -> None:
        """Don't take a change of that open file for the render's own: it is mapped for writing, as is numpy's default.

        Most who read so write nothing.
        """
        for path, kind in list(self.changing):
            with contextlib.suppress(OSError):
                if kind == "file" and os.path.samestat(os.stat(path), os.fstat(descriptor)):
                    del self.changing[path, kind]

    def dependencies(self) -> tuple[Dependency, ...]:
        """Return what was read, without what the render wrote itself."""
        own, real_folder = self.own_files(), functools.cache(os.path.realpath)
        seen = [(*key, *seen, folders_of(key[0], real_folder)) for key, seen in list(self.seen.items())]
        return tuple(self._afterwards(Dependency(*each)) for each in seen if each[0] not in own)

    def glance(self) -> tuple[tuple[Dependency, ...], frozenset[str]]:
        """Return what was read and written so far, while the render goes on; looks at no disk, which may hang."""
        own = frozenset(self.written)
        seen = tuple(
            Dependency(path, kind, state, at, (os.path.dirname(path),))
            for (path, kind), (state, at) in list(self.seen.items())
            if path not in own
        )
        return seen, own

    def own_files(self) -> frozenset[str]:
        """Return the files that such renders themselves write: changes of these are their own."""
        databases = [path for path, kind in list(self.seen) if kind == "database"]
        return frozenset(self.written | self.habits.late | {p + end for p in databases for end in BESIDE_DATABASES})

    def _afterwards(self, seen: Dependency) -> Dependency:
        """Return *seen* with what became of it since, if such renders, or what they start, may change it."""
        key: Key = (seen.path, seen.kind)
        if key not in self.changing and key not in self.habits.doubtful and not self.has_children:
            return seen
        now = state_of(*key)
        if now == seen.state:
            return seen
        is_written = self.changing.get(key, ()) == seen.state
        if is_written and (seen.path, "database") not in self.seen:  # those are there to be written by many at once
            return replace(seen, state=now, before=seen.state)
        return replace(seen, after=now, is_written=is_written)


def _keys_of(path: str, kind: DependencyKind) -> tuple[Key, ...]:
    """Return what changes with *path*: a database may count as a file too, as an argument does."""
    return ((path, kind),) if kind == "file" else ((path, kind), (path, "file"))


def file_state(path: str) -> State:
    """Return (mtime in ns, ctime in ns, size in bytes, inode) of *path*; None if there is no such file."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        return ("unreadable", type(error).__name__)
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


def folder_state(path: str) -> State:
    """Return the sorted names in the folder *path*; None if there is no such folder."""
    try:
        return tuple(sorted(os.listdir(path)))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        return ("unreadable", type(error).__name__)


def database_state(path: str) -> State:
    """Return the state of a SQLite file and of its write-ahead log; an empty log counts as none.

    The log's ctime doesn't count: SQLite sets its owner whenever root opens the database, if only to read.
    """
    log = file_state(path + "-wal")
    if log is not None and len(log) == 4:
        log = (log[0], log[0], *log[2:]) if log[2] else None
    return (file_state(path), log)


def state_of(path: str, kind: DependencyKind) -> State:
    """Return what *path* is like now. Reading a state is never itself noted."""
    token = _current.set(None)
    try:
        if kind == "folder":
            return folder_state(path)
        return database_state(path) if kind == "database" else file_state(path)
    finally:
        _current.reset(token)


def folders_of(path: str, real_folder: Callable[[str], str] = os.path.realpath) -> tuple[str, ...]:
    """Return the folders in which a change of *path* shows: its own, a link's target's, and itself if it is one.

    *real_folder* may remember: that each part of each path is looked at is what this takes its time for.
    """
    folder, name = os.path.split(path)
    real = os.path.join(real_folder(folder), name)
    if os.path.islink(real):
        real = os.path.realpath(real)
    folders = {folder, os.path.dirname(real)}
    if os.path.isdir(real):
        folders.add(real)
    return tuple(sorted(folders))


@contextlib.contextmanager
def trace(into: Trace, of: Hashable = None) -> Iterator[Trace]:
    """Attribute what the current context reads to *into*, and to no other trace, until the block ends.

    *of* names whose habits it may tell of, and adds to: a plot's.
    """
    install()
    if of is not None:
        into.habits = habits_of(of)
    into.is_over = False
    token = _current.set(into)
    try:
        yield into
    finally:
        _current.reset(token)
        into.is_over = True


@contextlib.contextmanager
def untraced() -> Iterator[None]:
    """Let the code in this block read files on nobody's account."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def habits_of(plot: Hashable) -> Habits:
    """Return what is known of the renders of *plot* in this process."""
    habits = _habits.setdefault(plot, Habits())
    while len(_habits) > MAX_PLOTS:
        _habits.popitem(last=False)
    return habits


def install() -> None:
    """Have files noticed that anybody opens, the first time that this is called in a process."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)
        readers.install(_current.get)
        following.install(_current.get)


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)
_installed: list[bool] = []
_habits: OrderedDict[Hashable, Habits] = OrderedDict()


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    note = EVENTS.get(event)
    if note is None:
        return
    into = _current.get()
    if into is not None:
        note(into, *arguments)
