"""Notices which files a render read, listed or missed, and their state just before. Knows nothing of who asked.

An audit hook can't be removed, so one is installed for the life of the process; a context variable says whose trace an
event belongs to. It can't see files opened in C++ (Parquet, HDF5): file parameters are noted by hand for that reason.
"""

from __future__ import annotations

import contextlib
import os
import site
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import matplotlib as mpl

DependencyKind = Literal["file", "folder", "database"]
State = tuple[object, ...] | None

_WRITES = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something a render read, and what it was like just before it was first opened.

    *folders* are those in which a change of it shows: its own, and that of the file it links to. *seen_ns* is the wall
    clock at that moment.
    """

    path: str
    kind: DependencyKind
    state: State
    seen_ns: int
    folders: tuple[str, ...] = ()


@dataclass(eq=False)
class Trace:
    """What one render touched. Filled by the thread that renders; may be read by others once that is over."""

    seen: dict[tuple[str, DependencyKind], tuple[State, int]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    opened_for_update: set[str] = field(default_factory=set)
    unknown: bool = False

    def note(self, path: str, kind: DependencyKind) -> None:
        """Count *path* as a dependency, with its present state if this is the first time."""
        if (path, kind) not in self.seen:
            now = time.time_ns()
            self.seen[path, kind] = (state_of(path, kind), now)

    def dependencies(self) -> tuple[Dependency, ...]:
        """Return what was read, without what the render wrote itself."""
        own = self.own_files()
        return tuple(
            Dependency(path, kind, state, at, folders_of(path))
            for (path, kind), (state, at) in list(self.seen.items())
            if path not in own
        )

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
        """Return the files that the render itself wrote: changes of these are its own."""
        updated = {p for p in self.opened_for_update if (p, "file") in self.seen and self._differs(p)}
        return frozenset(self.written | updated)

    def _differs(self, path: str) -> bool:
        return file_state(path) != self.seen[path, "file"][0]


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
    """Return the state of a SQLite file and of its write-ahead log; an empty log counts as none."""
    log = file_state(path + "-wal")
    return (file_state(path), log if log and log[2:3] != (0,) else None)


def state_of(path: str, kind: DependencyKind) -> State:
    """Return what *path* is like now. Reading a state is never itself noted."""
    token = _current.set(None)
    try:
        if kind == "folder":
            return folder_state(path)
        return database_state(path) if kind == "database" else file_state(path)
    finally:
        _current.reset(token)


def folders_of(path: str) -> tuple[str, ...]:
    """Return the folders in which a change of *path* shows: its own, a link's target's, and itself if it is one."""
    real = os.path.realpath(path)
    folders = {os.path.dirname(path), os.path.dirname(real)}
    if os.path.isdir(real):
        folders.add(real)
    return tuple(sorted(folders))


@contextlib.contextmanager
def trace(into: Trace) -> Iterator[Trace]:
    """Attribute what the current context reads to *into*, and to no other trace, until the block ends."""
    install()
    token = _current.set(into)
    try:
        yield into
    finally:
        _current.reset(token)


def install() -> None:
    """Add the audit hook, the first time that this is called in a process."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)
_installed: list[bool] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    note = _EVENTS.get(event)
    if note is None:
        return
    into = _current.get()
    if into is not None:
        note(into, *arguments)


def _absolute(path: object) -> str | None:
    """Return *path* as absolute text; None if it is a file descriptor, or nothing a plot would call its data."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    text = os.path.abspath(os.fsdecode(path))
    ours = text.startswith(_NOT_DATA) and not text.startswith("/dev/shm/")  # noqa: S108 - a place for data, not ours
    return None if ours or text.endswith(".pyc") else text


def _on_open(into: Trace, path: object, _mode: object = None, flags: object = 0, *_: object) -> None:
    text = _absolute(path)
    if text is None:
        return
    if isinstance(flags, int) and flags & _WRITES:
        into.written.add(text)
        return
    if isinstance(flags, int) and flags & os.O_RDWR:
        into.opened_for_update.add(text)
    into.note(text, "file")


def _on_list(into: Trace, path: object = None, *_: object) -> None:
    text = _absolute("." if path is None else path)
    if text is not None:
        into.note(text, "folder")


def _on_glob(into: Trace, pattern: object, _recursive: object = False, root: object = None, *_: object) -> None:
    """Note the folder a pattern starts from: a glob of a folder that isn't there lists nothing."""
    base = os.fsdecode(root) if isinstance(root, str | bytes | os.PathLike) else ""
    text = os.path.join(base, os.fsdecode(pattern)) if isinstance(pattern, str | bytes) else base
    fixed = Path(text)
    while any(c in str(fixed) for c in "*?["):
        fixed = fixed.parent
    _on_list(into, fixed if fixed != Path(text) else fixed.parent)


def _on_connect(into: Trace, database: object, *_: object) -> None:
    if not isinstance(database, str | bytes | os.PathLike):
        return
    name = os.fsdecode(database)
    if name.startswith("file:"):
        name = unquote(name[5:].partition("?")[0])
        name = "/" + name.lstrip("/") if name.startswith("//") else name
    text = None if name in ("", ":memory:") else _absolute(name)
    if text is not None:
        into.note(text, "database")


def _on_write(into: Trace, *paths: object) -> None:
    into.written.update(text for path in paths if (text := _absolute(path)) is not None)


def _on_unknown(into: Trace, *_: object) -> None:
    into.unknown = True


_EVENTS: dict[str, Callable[..., None]] = {
    "open": _on_open,
    "os.listdir": _on_list,
    "os.scandir": _on_list,
    "glob.glob": _on_glob,
    "glob.glob/2": _on_glob,
    "sqlite3.connect": _on_connect,
    "os.rename": lambda into, source, target, *_: _on_write(into, source, target),
    "os.link": lambda into, source, target, *_: _on_write(into, target),
    "os.symlink": lambda into, source, target, *_: _on_write(into, target),
    "os.remove": lambda into, path, *_: _on_write(into, path),
    "os.mkdir": lambda into, path, *_: _on_write(into, path),
    **dict.fromkeys(
        ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system", "os.posix_spawn"),
        _on_unknown,
    ),
    **dict.fromkeys(("os.exec", "os.fork", "os.forkpty", "os.spawn"), _on_unknown),
}


def _folders_without_data() -> tuple[str, ...]:
    """Return the folders of libraries, fonts, time zones and kernel files: their files are nobody's data."""
    library = [*sysconfig.get_paths().values(), *site.getsitepackages(), site.getusersitepackages()]
    own = [mpl.get_cachedir(), mpl.get_configdir(), mpl.get_data_path()]
    system = [
        "/proc",
        "/sys",
        "/dev",
        "/usr/share/zoneinfo",
        "/usr/share/fonts",
        "/usr/share/locale",
        "/usr/lib/locale",
    ]
    folders = [p for p in [*library, *own, *system] if p and p not in (sys.prefix, sys.base_prefix)]
    return tuple(sorted({os.path.join(os.path.abspath(p), "") for p in folders})) + ("/etc/localtime",)


_NOT_DATA = _folders_without_data()
