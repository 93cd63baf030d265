"""The modules of each folder of user code, apart from those of any other folder and from ours. Knows nothing of plots.

What stands in a folder is loaded under a private name, from the bytes of its source file: no .pyc is read or written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from plots import tracing
from plots.attempt import ThreadsLeft, attempt, attempt_under_way
from plots.importer import Importer, install, taken_up
from plots.module import GROWTH, Module
from plots.remains import those_there
from plots.source import Disk, file_of

Locate = Callable[[str, Sequence[str], set[str], Disk], str | None]


class Tables:
    """The tables of all folders, of files on *disk*."""

    def __init__(self, disk: Disk | None = None) -> None:
        self.disk = disk or Disk()
        self._tables: dict[str, Table] = {}
        install()

    def of(self, folder: str) -> Table:
        """Return the table of *folder*, an absolute path."""
        if folder not in self._tables:
            self._tables[folder] = Table(folder, self)
        return self._tables[folder]

    def tidy(self) -> None:
        """Forget the modules whose files are gone."""
        for table in self._tables.values():
            table.tidy()


class Table:
    """The modules of one folder, by the names that its own code calls them."""

    def __init__(self, folder: str, tables: Tables) -> None:
        self.folder = folder
        self.tables = tables
        self._modules: dict[str, Module] = {}

    def find(
        self, name: str, importer: Module, parent: Module | None = None, locate: Locate = file_of
    ) -> Module | None:
        """Return the module *name* as *importer* is to see it: the version that it knows, else the present one.

        None if *locate* finds no file of that name. Whatever the user's code raises is passed on.
        """
        module = self._known(name, importer, parent)
        if module is None:
            missing: set[str] = set()
            with tracing.trace(tracing.Trace()):  # a look at a neighbour is no read of the render
                module = self.present(name)
                folders = list(parent.namespace.__path__) if parent else [self.folder]
                path = locate(name.rpartition(".")[2], folders, missing, self.tables.disk)
            if module is None or module.parent is not parent or module.remains:
                if path is None:
                    importer.absent |= missing
                    return None
                return self.load(name, path, missing, parent, importer)
        with taken_up(importer, module):
            if module.refusal:
                raise ImportError(module.refusal, path=module.path)
        return module

    def present(self, name: str) -> Module | None:
        """Return the newest version of *name*, if all that it was made from is as it was then."""
        module = self._modules.get(name)
        if module is None or not (module.is_usable() or module.refusal):
            return None
        return module if module.is_current() else None

    def load(
        self, name: str, path: str, missing: set[str], parent: Module | None = None, importer: Module | None = None
    ) -> Module:
        """Return a new version of *name*, made from *path*. Whatever the user's code raises is passed on."""
        module = Module(self.folder, name, path, parent, missing, self.tables.disk)
        module.home = self
        before = self._modules.get(name)
        self._drop(name)
        self._modules[name] = module
        if parent:
            parent.later.append(module)
            GROWTH.step()
        with taken_up(importer, module), attempt(importer) as under_way:
            try:
                module.run(under_way, Importer(module, self))
            except ThreadsLeft as error:
                module.fail(refusal=str(error))
                raise
            except BaseException:
                if self._modules.get(name) is module and not module.refusal:
                    self._drop(name)
                module.fail(module.refusal)
                raise
        if importer is not None and module.remains:  # draws and settings depend on those before: nobody shares them
            self._drop(name)
            self._modules.update({} if before is None else {name: before})
        if parent:
            setattr(parent.namespace, name.rpartition(".")[2], module.namespace)
        return module

    def _known(self, name: str, importer: Module, parent: Module | None) -> Module | None:
        """Return the version of *name* that *importer* has, or what it is imported for: nobody sees a mixture."""
        under_way = attempt_under_way()
        scopes = [importer, under_way and under_way.whole]
        for module in (*(module for scope in scopes if scope for module in scope.reach()), *those_there()):
            if module.name == name and module.folder == self.folder and module.parent is parent and module.is_usable():
                return module
        return None

    def tidy(self) -> None:
        """Forget the modules whose files are gone."""
        for name, module in list(self._modules.items()):
            if not os.path.exists(module.path):
                self._drop(name)

    def _drop(self, name: str) -> None:
        """Forget *name*, and what it holds if it is a package; who imported them goes on with them."""
        for other in [other for other in list(self._modules) if other == name or other.startswith(f"{name}.")]:
            self._modules.pop(other, None)
