"""What files are like now. A look at a local file costs microseconds; one at a network mount is made by a thread."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TypeVar

import psutil

from plots.tracing import DependencyKind, State, file_state, state_of

LOCAL_TYPES = frozenset(
    "apfs bcachefs btrfs erofs ext2 ext3 ext4 f2fs hfs jfs overlay ramfs rootfs squashfs tmpfs ufs xfs zfs".split()
)
LOCAL_GRAIN_NS = 20_000_000
REMOTE_GRAIN_NS = 2_000_000_000
MEMORY = 20_000

Path = tuple[str, DependencyKind]
K = TypeVar("K")
V = TypeVar("V")


class States:
    """Looks at files. A network mount's files are as they were when *look_at_remote* last ran, in a thread."""

    def __init__(self) -> None:
        self._types: dict[str, bool] = {}
        self._linked: dict[str, bool] = {}
        self._remote: dict[Path, State] = {}
        self._listings: dict[str, tuple[State, State]] = {}

    def is_local(self, path: str) -> bool:
        """Say whether *path* lies on a file system of this machine; by its spelling, unless `learn` knows better."""
        if path in self._linked:
            return self._linked[path]
        folder = os.path.dirname(path)
        if folder not in self._types:
            _remember(self._types, folder, _file_system_type(path) in LOCAL_TYPES)
        return self._types[folder]

    def learn(self, path: str, folders: Iterable[str]) -> None:
        """Note in which *folders* the file *path* really is: a link may lead to a network mount."""
        away = [folder for folder in folders if folder != os.path.dirname(path)]
        if away:
            _remember(self._linked, path, all(self.is_local(os.path.join(folder, "_")) for folder in away))

    def now(self, path: str, kind: DependencyKind, own: frozenset[str]) -> State:
        """Return the state of *path*, without the files *own*."""
        if not self.is_local(path):
            state = self._remote.get((path, kind))
        elif kind == "file":
            return file_state(path)
        else:
            state = self._listing(path) if kind == "folder" else state_of(path, kind)
        return without(state, kind, path, own)

    def look(self, path: str, kind: DependencyKind, own: frozenset[str], now_ns: int) -> tuple[State, bool]:
        """Return the state of *path*, and whether it is so young that a further write could leave it as it is."""
        state = self.now(path, kind, own)
        return state, self.youth_ns(path, state, now_ns) > 0

    def look_at_remote(self, paths: Iterable[Path]) -> None:
        """Look at those of *paths* that lie on network mounts. Runs in a thread: it may take long."""
        for path, kind in paths:
            _remember(self._remote, (path, kind), state_of(path, kind))

    def youth_ns(self, path: str, state: State, at_ns: int) -> int:
        """Return for how long after *at_ns* a further write to *path* could leave *state* as it is, in ns; 0: no more.

        Two writes within one tick of the file system's clock, of the same length, can't be told apart.
        """
        grain_ns = LOCAL_GRAIN_NS if self.is_local(path) else REMOTE_GRAIN_NS
        age_ns = at_ns - _last_change_ns(state)
        return grain_ns - age_ns if -grain_ns < age_ns < grain_ns else 0

    def _listing(self, path: str) -> State:
        """Return the names in a folder, listed anew only if it changed since, or so lately that one can't tell."""
        stat = state_of(path, "file")
        known = self._listings.get(path)
        if known is not None and known[0] == stat:
            return known[1]
        at_ns = time.time_ns()
        names = state_of(path, "folder")
        if not self.youth_ns(path, stat, at_ns):
            _remember(self._listings, path, (stat, names))
        return names


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    """Keep *value*, and forget the oldest beyond MEMORY entries: a daemon runs for months."""
    memory[key] = value
    while len(memory) > MEMORY:
        del memory[next(iter(memory))]


def without(state: State, kind: DependencyKind, path: str, own: frozenset[str]) -> State:
    """Return the *state* of a folder without the names of the files *own*: what a plot writes is no news to it."""
    if kind != "folder" or state is None or not own:
        return state
    names = {os.path.basename(file) for file in own if os.path.dirname(file) == path}
    return tuple(name for name in state if name not in names)


def _last_change_ns(state: State) -> int:
    """Return the newest ctime in *state*: no program can set that, and every write does."""
    if state is None:
        return 0
    if len(state) == 4 and isinstance(state[1], int):
        return state[1]
    return max((_last_change_ns(part) for part in state if isinstance(part, tuple)), default=0)


def _file_system_type(path: str) -> str:
    """Return the type of the file system that *path* is on, by the longest mount point above it."""
    best, kind = "", ""
    for partition in psutil.disk_partitions(all=True):
        mount = partition.mountpoint
        if len(mount) >= len(best) and (path == mount or path.startswith(os.path.join(mount, ""))):
            best, kind = mount, partition.fstype
    return kind


def look_at_local_file(path: str, now_ns: int) -> tuple[State, bool]:
    """Return what `States.look` would of a file on this machine, sooner: this is on the way of every request."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return file_state(path), False
    changed_ns = found.st_ctime_ns
    state = (found.st_mtime_ns, changed_ns, found.st_size, found.st_ino)
    return state, -LOCAL_GRAIN_NS < now_ns - changed_ns < LOCAL_GRAIN_NS


def may_change(state: State, began_ns: int, ended_ns: int) -> bool:
    """Say whether a file may have changed during a look (wall clock): then what was seen of it can't be trusted.

    One that was changed later still was so before the clock was put back.
    """
    changed_ns = state[1] if state is not None else None
    return isinstance(changed_ns, int) and began_ns - LOCAL_GRAIN_NS < changed_ns < ended_ns + LOCAL_GRAIN_NS
