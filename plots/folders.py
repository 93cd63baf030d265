"""Which files there are below the given paths, in order. Looks at names and kinds; opens no file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DATA_ENDINGS = frozenset(".csv .tsv .xlsx .parquet .feather .json .jsonl .npy .npz .sqlite .db".split())
SKIPPED_FOLDERS = frozenset(("__pycache__", "node_modules", "tests"))
PASSING = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EINTR))
SKIPPED_FILES = frozenset(("conftest.py", "setup.py"))

Identity = tuple[int, int]  # device and inode


@dataclass(frozen=True, slots=True)
class File:
    """A plot file or data file, found in or below *root*, the folder of the given path number *position*."""

    path: Path
    root: Path
    position: int

    @property
    def is_data(self) -> bool:
        """Whether it holds data rather than code."""
        return self.path.suffix.lower() in DATA_ENDINGS

    @property
    def relative(self) -> Path:
        """Its path below its root."""
        return self.path.relative_to(self.root)


@dataclass(slots=True)
class Look:
    """What a look at the paths found: *files* in order, *beside* data files that lie next to a given plot file.

    *unreadable* holds what could not be looked at, and why.
    """

    files: list[File] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    beside: list[Path] = field(default_factory=list)
    unreadable: list[tuple[File, OSError]] = field(default_factory=list)


def look(paths: Sequence[Path]) -> Look:
    """Return the plot files and data files in *paths*: folders with all below them, and files.

    Raises:
        ValueError: one of *paths* doesn't exist, or is neither of these.
        OSError: they can't be looked at right now.
    """
    into = Look()
    for position, path in enumerate(Path(os.path.abspath(path)) for path in paths):
        if path.is_dir():
            _Walk(path, position, into).run()
            continue
        _check_file(path)
        into.files.append(File(path, path.parent, position))
        into.folders.append(path.parent)
        if path.suffix == ".py":
            into.beside += _data_files(path.parent)
    first: dict[Path, File] = {}
    for file in into.files:
        first.setdefault(file.path, file)
    into.files = list(first.values())
    into.folders = list(dict.fromkeys(into.folders))
    return into


def _check_file(path: Path) -> None:
    if not path.exists():
        raise ValueError(f"{path}: there is no such file or folder")
    if not path.is_file() or (path.suffix != ".py" and path.suffix.lower() not in DATA_ENDINGS):
        endings = " ".join(sorted(DATA_ENDINGS))
        raise ValueError(f"{path}: expected a folder, a .py file or a data file ({endings})")


def _data_files(folder: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise_if_passing(error)
        return
    for path in (folder / name for name in names if not name.startswith(".")):
        if path.suffix.lower() in DATA_ENDINGS and path.is_file():
            yield path


class _Walk:
    """A look at one folder and all below it, in the order of names.

    A link to a folder is followed, so that ``latest`` may be one; but not back to a folder that it lies in, and from
    within it only to folders not seen yet: a farm of links to each other has more paths than anyone can wait for.
    """

    def __init__(self, root: Path, position: int, into: Look) -> None:
        self._root = root
        self._position = position
        self._into = into
        self._seen: set[Identity] = set()

    def run(self) -> None:
        """Add all that there is to the look."""
        # A stack of our own: folders may lie deeper in each other than Python's goes.
        waiting: list[tuple[Path, frozenset[Identity], bool]] = [(self._root, frozenset(), False)]
        while waiting:
            path, above, is_linked = waiting.pop()
            try:
                if not path.is_dir():
                    self._take(path)
                elif path == self._root or not is_skipped_folder(path):
                    waiting += reversed(self._enter(path, above, is_linked))
            except OSError as error:
                raise_if_passing(error)
                self._into.unreadable.append((self._file(path), error))

    def _enter(
        self, folder: Path, above: frozenset[Identity], is_linked: bool
    ) -> list[tuple[Path, frozenset[Identity], bool]]:
        """Return what is to be looked at in *folder*."""
        found = folder.stat()
        identity = (found.st_dev, found.st_ino)
        is_link = folder != self._root and folder.is_symlink()
        if identity in above or (is_link and is_linked and identity in self._seen):
            return []
        names = sorted(os.listdir(folder))
        self._seen.add(identity)
        self._into.folders.append(folder)
        inside = above | {identity}
        return [(folder / name, inside, is_linked or is_link) for name in names if not name.startswith(".")]

    def _take(self, path: Path) -> None:
        """Note *path* if it is a plot file or a data file."""
        if path.suffix == ".py":
            if path.name.startswith("test_") or path.name in SKIPPED_FILES:
                return
            path.stat()  # a link that leads nowhere is told of
        elif path.suffix.lower() not in DATA_ENDINGS:
            return
        if path.is_file():
            self._into.files.append(self._file(path))

    def _file(self, path: Path) -> File:
        return File(path, self._root, self._position)


def raise_if_passing(error: OSError) -> None:
    """Raise *error* if it says nothing of the file: whoever looks again later finds what is there."""
    if error.errno in PASSING:
        raise error


def is_skipped_folder(path: Path) -> bool:
    """Say whether the folder *path* holds no plots of anyone's: a cache, libraries, a virtual environment, tests."""
    return path.name in SKIPPED_FOLDERS or (path / "pyvenv.cfg").is_file()
