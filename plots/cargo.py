"""The source of all that a plot may come to run: its file's, its neighbours', and theirs. Runs nothing of it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES

from plots.module import Module
from plots.script import Script
from plots.source import Disk, Given, Source, WorldWritable, file_of
from plots.statements import ANY, Statement, statements
from plots.tracing import Trace, trace

MAX_READ = 2048  # files that no module was made from yet, kept for the next look


@dataclass(frozen=True, slots=True)
class Cargo:
    """The sources from which the module *name* of *folder*, at *path*, is made, and all that it may come to import.

    Of a script, *name* is ``__main__``. *folders* are packages without a file of their own. *code* is the hash of what
    is imported along with the module; *key* tells these sources from others, and from equal ones read at another time:
    renders depend on their states.
    """

    folder: str
    name: str
    path: str
    sources: tuple[Given, ...]
    folders: tuple[str, ...]
    code: str
    key: str


def cargo_of(module: Module) -> Cargo:
    """Return what *module* is made from, and what its functions may import, as that is now. Looks at the disk."""
    parts = module.reach()
    made = [part for part in parts if part.source and (part.source.digest or part.source.danger)]
    given = [(Given(part.source, part.data), part.folder) for part in made if part.source]
    folders = [part.path for part in parts if part.source is None]
    added = [folder for part in parts for folder in (*part.front, *part.back)]
    return _cargo((module.folder, module.name, module.path), module.code, given, folders, added)


def cargo_of_script(script: Script) -> Cargo:
    """Return *script* and what it may import from beside it, as that is now. Looks at the disk."""
    path = os.path.realpath(script.file)
    folder = os.path.dirname(path)
    given = Given(Source(path, script.state, script.read_ns, "", script.code), script.source)
    return _cargo((folder, "__main__", str(script.file)), script.code, [(given, folder)], [], [])


def _cargo(
    where: tuple[str, str, str], code: str, given: list[tuple[Given, str]], folders: list[str], added: list[str]
) -> Cargo:
    with trace(Trace()):  # whoever asks: nothing of this is what a render reads
        found = _Found(given, folders, added)
    sources, bare = tuple(found.sources.values()), tuple(found.folders)
    told = (where, code, [one.source for one in sources], bare)
    return Cargo(*where, sources, bare, code, hashlib.sha256(repr(told).encode()).hexdigest())


class _Found:
    """The sources that can be reached: those *given*, each with the user's folder that it is of, and those they name.

    These are looked for in that folder, and in those *added* to Python's path. Modules that calls name in no readable
    way are none of these.
    """

    def __init__(self, given: list[tuple[Given, str]], folders: list[str], added: list[str]) -> None:
        self.sources = {one.source.path: one for one, _ in given}
        self.folders = dict.fromkeys(folders)
        self._ahead = list(given)
        self._added = added
        self._disk = Disk(self.sources.values(), self.folders)
        self._looked: dict[tuple[str, str], str] = {}
        while self._ahead:
            one, folder = self._ahead.pop()
            for statement in statements(one.data):
                self._follow(statement, one.source.path, folder)

    def _follow(self, statement: Statement, path: str, folder: str) -> None:
        """Take all that *statement* may mean in the file *path* of the user's *folder*."""
        if not statement.level:
            for place in dict.fromkeys((folder, *self._added)):
                self._descend(statement, place, place)
            return
        package = path
        for _ in range(statement.level):
            package = os.path.dirname(package)
        if package == folder:
            self._look("__init__", folder, folder)
        if os.path.join(package, "").startswith(os.path.join(folder, "")):
            self._descend(statement, package, folder)

    def _descend(self, statement: Statement, package: str, folder: str) -> None:
        for name in statement.name.split(".") if statement.name else ():
            package = self._look(name, package, folder)
            if not package:
                return
        for listed in statement.listed:
            for name in _modules_in(package) if listed == ANY else [listed]:
                self._look(name, package, folder)

    def _look(self, name: str, package: str, folder: str) -> str:
        """Take the module *name* in the folder *package*, if there is one; return the folder of its parts, if any."""
        if (name, package) not in self._looked:
            self._looked[name, package] = self._look_first(name, package, folder)
        return self._looked[name, package]

    def _look_first(self, name: str, package: str, folder: str) -> str:
        if not name or os.sep in name:  # calls may name anything
            return ""
        path = file_of(name, [package], set(), self._disk)
        inner = os.path.join(package, name)
        if path is None:
            if not self._disk.is_folder(inner):
                return ""
            self.folders[inner] = None
        elif path not in self.sources and (given := _given(path)) is not None:
            self.sources[path] = given
            self._ahead.append((given, folder))
        return inner if path is None or os.path.dirname(path) == inner else ""


def _modules_in(package: str) -> list[str]:
    """Return the names of what may be modules in the folder *package*."""
    try:
        names = {name.removesuffix(".py") for name in os.listdir(package)}
    except OSError:
        return []
    return sorted(name for name in names if "." not in name and name != "__pycache__")


def _given(path: str) -> Given | None:
    """Return *path* as it is now; None if it can't be read, or is no source."""
    known = _read.get(path)
    if known is not None and known.source.is_unchanged():
        return known
    if path.endswith(tuple(EXTENSION_SUFFIXES)):
        return None
    source = Source.glance(path)
    try:
        given = Given(*source.read())
    except WorldWritable:  # it is told there, where it is imported
        given = Given(source, b"")
    except OSError:
        return None
    if len(_read) >= MAX_READ:
        _read.clear()
    _read[path] = given
    return given


_read: dict[str, Given] = {}
