"""What Python's audit events say of files: which were opened, listed, changed. Knows nothing of who keeps that."""

from __future__ import annotations

import importlib.util
import os
import site
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import matplotlib as mpl

if TYPE_CHECKING:
    from plots.tracing import Trace

_WRITES = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def data_path(path: object) -> str | None:
    """Return *path* as absolute text; None if it is a file descriptor, or nothing a plot would call its data."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    text = os.path.abspath(os.fsdecode(path))
    ours = text.startswith(_NOT_DATA) and not text.startswith("/dev/shm/")  # noqa: S108 - a place for data, not ours
    return None if ours or text.endswith(".pyc") else text


def database_path(database: object) -> str | None:
    """Return the file of a SQLite database, as `data_path` does, given its name or its URI."""
    if not isinstance(database, str | bytes | os.PathLike):
        return None
    name = os.fsdecode(database)
    if name.startswith("file:"):
        name = unquote(name[5:].partition("?")[0])
        name = "/" + name.lstrip("/") if name.startswith("//") else name
    return None if name in ("", ":memory:") else data_path(name)


def _on_open(into: Trace, path: object, _mode: object = None, flags: object = 0, *_: object) -> None:
    text = data_path(path)
    mode = flags if isinstance(flags, int) else 0
    if text is None:
        _on_compiled(into, path, mode)
    elif mode & _WRITES:
        into.write(text)
    elif mode & os.O_RDWR:
        into.update(text)
    else:
        # Only os.open opens a folder, to sync it, say: what counts of one is its names, of which some may be our own.
        into.note(text, "folder" if _mode is None and os.path.isdir(text) else "file")


def _on_compiled(into: Trace, path: object, mode: int) -> None:
    """Note the source of a module of which Python reads what it kept from compiling it: that file it only looks at."""
    if isinstance(path, str) and path.endswith(".pyc") and not mode & (_WRITES | os.O_RDWR):
        try:
            source = data_path(importlib.util.source_from_cache(path))
        except ValueError:  # it isn't where Python keeps them
            return
        if source is not None:
            into.note(source, "file")


def _on_listdir(into: Trace, path: object = None, *_: object) -> None:
    """Note a folder that is listed, but not by Python when it looks for a module: that is nobody's data."""
    if sys._getframe(2).f_code.co_filename != "<frozen importlib._bootstrap_external>":
        _on_list(into, path)


def _on_list(into: Trace, path: object = None, *_: object) -> None:
    text = data_path("." if path is None else path)
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
    text = database_path(database)
    if text is not None:
        into.note(text, "database")


def _on_write(into: Trace, *paths: object) -> None:
    for path in paths:
        text = data_path(path)
        if text is not None:
            into.write(text)


def _on_update(into: Trace, path: object, *_: object) -> None:
    """Note that *path*, which may count as read, is about to be changed in place: its times or rights, say."""
    text = data_path(path)
    if text is not None:
        into.expect_change(text, "file")


def _on_link(into: Trace, source: object, target: object, *_: object) -> None:
    _on_update(into, source)  # one more link to a file is a change of it
    _on_write(into, target)


def _on_map(into: Trace, descriptor: object, _length: object, access: object, *_: object) -> None:
    if isinstance(descriptor, int) and descriptor >= 0 and access not in _READ_ONLY_MAPS:
        into.doubt_change(descriptor)


def _on_unknown(into: Trace, *_: object) -> None:
    into.unknown = True


_READ_ONLY_MAPS = (1, 3)  # mmap.ACCESS_READ, mmap.ACCESS_COPY


def _on_start(into: Trace, *_: object) -> None:
    into.unknown = into.has_children = True


def _on_fork(into: Trace, what: str) -> None:
    """Count a copy of this process, which has its open files and sockets too, as what it should not be drawn in."""
    _on_start(into)
    into.process_wide.add(what)


EVENTS: dict[str, Callable[..., None]] = {
    "open": _on_open,
    "os.listdir": _on_listdir,
    "os.scandir": _on_list,
    "os.fwalk": _on_list,
    "glob.glob/2": _on_glob,
    "sqlite3.connect": _on_connect,
    "mmap.__new__": _on_map,
    "os.rename": lambda into, source, target, *_: _on_write(into, source, target),
    "os.link": _on_link,
    "os.symlink": lambda into, source, target, *_: _on_write(into, target),
    **dict.fromkeys(("os.remove", "os.mkdir", "os.rmdir", "os.truncate"), lambda into, path, *_: _on_write(into, path)),
    **dict.fromkeys(("os.utime", "os.chmod", "os.chown", "os.setxattr", "os.removexattr"), _on_update),
    **dict.fromkeys(("socket.connect", "socket.getaddrinfo", "socket.sendto"), _on_unknown),
    **dict.fromkeys(("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.spawn"), _on_start),
    "os.fork": lambda into, *_: _on_fork(into, "os.fork"),
    "os.forkpty": lambda into, *_: _on_fork(into, "os.forkpty"),
    **{
        event: lambda into, *_, event=event: into.process_wide.add(event)
        for event in ("os.chdir", "resource.setrlimit")
    },
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
