"""How a script imports: from folders of user code, the sources alone; each is noticed, and so is one that is missed.

What a library reads as it is imported is nobody's data.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from types import CodeType, ModuleType

from plots import tracing
from plots.source import Disk, WorldWritable, danger_of, file_of
from plots.tracing import Trace, untraced

INSTALLED = frozenset(("site-packages", "dist-packages"))
PYTHON = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))


@contextmanager
def imports_from_folders(first: str, disk: Disk, code: Trace) -> Iterator[None]:
    """Have ``import`` look in the folder *first* and where a new interpreter does, at what *disk* has there.

    *code* gathers what was found in folders of user code, and what would have been where nothing was found.
    """

    def hook(folder: str) -> _Folder:
        if is_installed(folder) or not disk.is_folder(folder):
            raise ImportError(f"{folder} is no folder of user code")
        return _Folder(folder, disk, code)

    before = sys.path, sys.path_hooks, sys.meta_path, sys.path_importer_cache, sys.dont_write_bytecode
    sys.path = [first, *_path_of_a_new_interpreter()]
    sys.path_hooks = [hook, *sys.path_hooks]
    sys.meta_path = [_Finder(disk, code), *sys.meta_path]
    sys.path_importer_cache = {path: finder for path, finder in before[3].items() if is_installed(path)}
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path, sys.path_hooks, sys.meta_path, sys.path_importer_cache, sys.dont_write_bytecode = before


def is_installed(folder: str) -> bool:
    """Say whether *folder* is Python's own or holds installed libraries: these aren't edited as one works."""
    inside = os.path.join(folder, "")
    python = any(inside.startswith(os.path.join(place, "")) for place in PYTHON)
    return python or not INSTALLED.isdisjoint(folder.split(os.sep))


def _path_of_a_new_interpreter() -> list[str]:
    """Return Python's path without what comes of how this process was started."""
    entries = [entry for entry in sys.path if entry]
    given = {os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry}
    own = [os.path.dirname(entry) == os.path.dirname(PYTHON[0]) or is_installed(entry) for entry in entries]
    start = own.index(True)
    return [entry for entry in entries[:start] if os.path.abspath(entry) in given] + entries[start:]


class _Finder:
    """Stands first among Python's finders; finds what the others do."""

    def __init__(self, disk: Disk, code: Trace) -> None:
        self._disk = disk
        self._code = code
        self._asking = threading.local()  # one of the others may ask all in its turn

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the others find first."""
        asked: set[str] = vars(self._asking).setdefault("names", set())
        if fullname in asked:
            return None
        asked.add(fullname)
        try:
            others = [finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec")]
            spec = next(filter(None, (finder.find_spec(fullname, path, target) for finder in others)), None)
        finally:
            asked.discard(fullname)
        if spec is None:
            self._miss(fullname.rpartition(".")[2], sys.path if path is None else path)
        elif isinstance(spec.loader, Loader) and spec.has_location and is_installed(os.path.dirname(spec.origin or "")):
            _load_untraced(spec.loader)
        return spec

    def _miss(self, name: str, folders: Sequence[str]) -> None:
        """Note the files by which *name* would have been found: once one is there, the picture is another."""
        if tracing._current.get() is None:  # it is a library that asks, which can do without
            return
        missing: set[str] = set()
        places = [os.path.abspath(folder) for folder in folders]
        file_of(name, [place for place in places if not is_installed(place)], missing, self._disk)
        for path in sorted(missing):
            self._code.note(path, "file")


def _load_untraced(loader: Loader) -> None:
    """Have *loader*, made for one module alone, load that on nobody's account."""
    load = loader.exec_module

    def load_untraced(module: ModuleType) -> None:
        with untraced():
            load(module)

    loader.exec_module = load_untraced  # type: ignore[method-assign]


class _Folder(FileFinder):
    """What is in one folder of user code. It isn't listed: a new file there is no reason to draw again."""

    def __init__(self, folder: str, disk: Disk, code: Trace) -> None:
        super().__init__(folder)
        self._disk = disk
        self._code = code

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the module *fullname*, or the part of a package that is here, if there is one."""
        name = fullname.rpartition(".")[2]
        path = file_of(name, [self.path], set(), self._disk)
        folder = os.path.join(self.path, name)
        if path is None:
            portion = ModuleSpec(fullname, None, is_package=True)
            portion.submodule_search_locations = [folder]
            return portion if self._disk.is_folder(folder) else None
        loader: Loader = _Source(fullname, path, self._disk, self._code)
        if path.endswith(tuple(EXTENSION_SUFFIXES)):
            self._code.note(path, "file")  # it is opened in C
            loader = ExtensionFileLoader(fullname, path)
        inside = [folder] if os.path.dirname(path) == folder else None
        return importlib.util.spec_from_file_location(fullname, path, loader=loader, submodule_search_locations=inside)


class _Source(SourceFileLoader):
    """A module of user code, made from its source whatever was compiled before."""

    def __init__(self, fullname: str, path: str, disk: Disk, code: Trace) -> None:
        super().__init__(fullname, path)
        self._disk = disk
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the module.

        Raises:
            WorldWritable: it must not be run.
        """
        path = self.get_filename(fullname)
        if danger := danger_of(path):
            raise WorldWritable(danger, path=path)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code

    def get_data(self, path: str) -> bytes:
        """Return what is in the file *path*."""
        if not self._disk.gives_file(path):
            self._code.note(path, "file")
            with untraced():  # it is no data
                return super().get_data(path)
        source, data = self._disk.read(self._disk.glance(path))
        self._code.seen.setdefault((path, "file"), (source.state, source.read_ns))
        return data
