"""The source file of a user's module: where it is, and what it was when it was read. Knows nothing of importing."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from plots.tracing import State, file_state

GRAIN_NS = 2_000_000_000  # two writes within one tick of a file system's clock leave the same state; no tick is longer


class WorldWritable(ImportError):
    """Every user of the machine could change what would be run."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its state just before it was read at *read_ns* (wall clock); *digest* is that of its bytes.

    *danger* says why it must not be run.
    """

    path: str
    state: State
    read_ns: int
    danger: str
    digest: str = ""

    @classmethod
    def glance(cls, path: str) -> Source:
        """Return *path* as it is now, not yet read."""
        return cls(path, file_state(path), time.time_ns(), danger_of(path))

    def read(self) -> tuple[Source, bytes]:
        """Return the bytes, and the source with their digest.

        Raises:
            WorldWritable: it must not be run.
            OSError: it can't be read.
        """
        if self.danger:
            raise WorldWritable(self.danger, path=self.path)
        data = Path(self.path).read_bytes()
        return replace(self, digest=hashlib.sha256(data).hexdigest()), data

    def is_unchanged(self) -> bool:
        """Say whether the file still holds what was read; one that was changed just before is read once more."""
        if file_state(self.path) != self.state or danger_of(self.path) != self.danger:
            return False
        if self.danger or not self._was_young():
            return True
        try:
            return self.read()[0].digest == self.digest
        except OSError:
            return not self.digest

    def _was_young(self) -> bool:
        changed_ns = self.state[1] if self.state else None
        return isinstance(changed_ns, int) and changed_ns > self.read_ns - GRAIN_NS


def danger_of(path: str) -> str:
    """Say why *path* must not be run: any user can write to it, or add files to its folder, or its target's."""
    for place in dict.fromkeys((path, os.path.dirname(path), os.path.dirname(os.path.realpath(path)))):
        try:
            mode = os.stat(place).st_mode
        except OSError:
            continue
        if mode & stat.S_IWOTH:
            name = os.path.basename(place) or place
            what = name if place == path else f"the folder {name}"
            why = f"any user of this machine can write to {what} (mode {stat.S_IMODE(mode):o})"
            return f"{why}, and so run code as plotd: it is refused; chmod o-w {name}"
    return ""


@dataclass(frozen=True, slots=True)
class Given:
    """A source that was read elsewhere, and its bytes."""

    source: Source
    data: bytes


class Disk:
    """What user modules are made from: the files *given*, as they were then, before those that are there now.

    *folders* are given ones, beside those in which the given files are.
    """

    def __init__(self, given: Iterable[Given] = (), folders: Iterable[str] = ()) -> None:
        self._files = {one.source.path: one for one in given}
        self._folders = set(folders)
        for path in [*self._files, *self._folders]:
            while (path := os.path.dirname(path)) not in self._folders:
                self._folders.add(path)

    def gives(self, path: str) -> bool:
        """Say whether *path* was given: whatever there is now in its place doesn't count."""
        return path in self._files or path in self._folders

    def gives_file(self, path: str) -> bool:
        """Say whether *path* was given, as a file."""
        return path in self._files

    def is_folder(self, path: str) -> bool:
        """Say whether *path* is a folder."""
        return path in self._folders or (path not in self._files and os.path.isdir(path))

    def glance(self, path: str) -> Source:
        """Return *path* as it is to be read."""
        return self._files[path].source if path in self._files else Source.glance(path)

    def read(self, source: Source) -> tuple[Source, bytes]:
        """Return what ``Source.read`` does. Raises as that."""
        given = self._files.get(source.path)
        return source.read() if given is None or source.danger else (given.source, given.data)


def file_of(name: str, folders: Sequence[str], missing: set[str], disk: Disk) -> str | None:
    """Return the file of the module *name* in the first of *folders* that has one; add to *missing* where none was."""
    endings = (f"{os.sep}__init__.py", *EXTENSION_SUFFIXES, ".py")
    paths = [os.path.join(folder, name) + ending for folder in folders for ending in endings]
    for path in filter(disk.gives_file, paths):
        return path
    for path in paths:
        if os.path.isfile(path):
            return path
        missing.add(path)
    return None


def folder_of(name: str, folders: Sequence[str], missing: set[str], disk: Disk) -> str | None:
    """Return the folder *name*, a package without ``__init__.py``; add to *missing* the files that would go first."""
    file_of(name, folders, missing, disk)
    return next((path for folder in folders if disk.is_folder(path := os.path.join(folder, name))), None)
