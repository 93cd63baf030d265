"""How one user module imports: from its own folder first, then as Python does. Knows nothing of plots.

Each module gets an ``__import__`` of its own, by way of its ``__builtins__``; ours, and that of libraries, never look
into a folder of user code.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

from plots import tracing
from plots.attempt import PREFIX, attempt_under_way, outside, plain
from plots.module import GROWTH, Module, set_rc
from plots.registries import put_in_tables
from plots.remains import arrive
from plots.search_path import bare_path
from plots.source import file_of, folder_of

if TYPE_CHECKING:
    from plots.neighbours import Table, Tables


class Importer:
    """The ``__import__`` of one user module. Doesn't keep the module: sys.modules, which leads here, would for ever."""

    def __init__(self, module: Module, table: Table) -> None:
        self._module = weakref.ref(module)
        self._table = weakref.ref(table)
        self._origin = (module.folder, module.name, module.path)
        self._outside: set[str] = set()

    def __call__(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as the statement does."""
        with bare_path(self._module()):
            return self._import(name, globals, locals, fromlist, level)

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None,
        locals: Mapping[str, object] | None,
        fromlist: Sequence[str] | None,
        level: int,
    ) -> ModuleType:
        top, *rest = name.split(".")
        table = self._table()
        if table is None or (not level and (top in self._outside or _is_asked_by_c(name, fromlist))):
            return _import_from_outside(name, globals, locals, fromlist, level)
        importer = self._module() or self._stand_in(table)
        if level:
            return _import_relative(table, name, fromlist or (), level, importer)
        first = self._find_top(top, importer, table)
        if first is not None:
            importer.bound[top] = first
        else:
            found = self._import_from_outside(name, globals, locals, fromlist, importer)
            self._outside.add(top)
            return found
        last = _descend(table.tables, first, rest, importer)
        if not fromlist:
            return first.namespace
        _import_listed(table.tables, last, fromlist, importer)
        return last.namespace

    def _stand_in(self, table: Table) -> Module:
        """Return one for the module, which is gone: a thread that nobody waited for, say, still runs its functions."""
        module = Module(*self._origin, None, (), table.tables.disk)
        module.settle()
        return module

    def _find_top(self, name: str, importer: Module, table: Table) -> Module | None:
        """Look in the module's own folder, in those put before Python's path, there, and in those put behind it."""
        if bound := importer.bound.get(name):
            with taken_up(importer, bound):
                return bound
        under_way = attempt_under_way()
        known = dict.fromkeys([*importer.reach(), *(under_way.whole.reach() if under_way and under_way.whole else ())])
        front = [table, *(table.tables.of(folder) for module in known for folder in module.front)]
        back = [table.tables.of(folder) for module in known for folder in module.back]
        for place in front:
            if found := place.find(name, importer):
                return found
        bare = [place for place in (*front, *back) if table.tables.disk.is_folder(os.path.join(place.folder, name))]
        if not (back or bare) or _is_outside(name):
            return None
        for place in back:
            if found := place.find(name, importer):
                return found
        return bare[0].find(name, importer, locate=folder_of) if bare else None

    def _import_from_outside(
        self,
        name: str,
        globals: Mapping[str, object] | None,
        locals: Mapping[str, object] | None,
        fromlist: Sequence[str] | None,
        importer: Module,
    ) -> ModuleType:
        try:
            return _import_from_outside(name, globals, locals, fromlist, 0)
        except ModuleNotFoundError:
            missing: set[str] = set()
            file_of(name.partition(".")[0], [importer.folder], missing, importer.disk)
            into = tracing._current.get()
            if into is not None and importer.thread is None:
                for path in sorted(missing):  # the render is another once there is such a neighbour
                    into.note(path, "file")
            file_of(
                name.partition(".")[0], sys.path, importer.absent, importer.disk
            )  # as an import is, once it is installed
            raise


@contextmanager
def taken_up(importer: Module | None, module: Module) -> Iterator[None]:
    """Note that *importer* imports *module* in this block, and let what this sets count for it too.

    While user code is imported, *module* becomes part of what that is made of; in a render, a file that it read.
    """
    if importer is None:
        yield
        return
    under_way = attempt_under_way()
    taker = under_way.running[-1] if under_way and under_way.running else None
    if importer.thread == threading.get_ident():
        taker = importer
    had = set((taker or importer).closure())
    has_run = module.thread is None
    for edges in (taker.imports if taker else [], importer.later if importer is not taker else []):
        if module not in edges:
            edges.append(module)
            GROWTH.step()
    succeeded = False
    try:
        yield
        succeeded = True
    finally:
        new = [part for part in module.closure() if part not in had]
        if taker is None:
            into = tracing._current.get()
            new = [part for part in new if into is not None and part.note_in(into)]
        is_lost = under_way is not None and under_way.lost_turn
        for part in new if succeeded and not is_lost else ():
            set_rc(part.settings)
            put_in_tables(part.registered)
            if taker is not None:
                taker.inherited.update(part.settings)
        if has_run and module in new and succeeded and not is_lost and arrive(new):
            module.remains.put()


def _import_relative(table: Table, name: str, fromlist: Sequence[str], level: int, importer: Module) -> ModuleType:
    """Import from the package that *importer* is in, or above; the plot folder itself counts as the outermost one."""
    package = importer if importer.is_package else importer.parent
    for _ in range(level - 1):
        if package is None:
            raise ImportError("attempted relative import beyond the plot's own folder")
        package = package.parent
    if package is not None:
        last = _descend(table.tables, package, name.split(".") if name else [], importer)
    elif name:
        top, *rest = name.split(".")
        first = table.find(top, importer) or table.find(top, importer, locate=folder_of)
        if first is None:
            raise ModuleNotFoundError(f"No module named {name!r} in the plot's folder", name=name)
        last = _descend(table.tables, first, rest, importer)
    else:
        return _folder_itself(table, fromlist, importer)
    _import_listed(table.tables, last, fromlist, importer)
    return last.namespace


def _folder_itself(table: Table, names: Sequence[str], importer: Module) -> ModuleType:
    """Return what ``from . import names`` takes them from, in a module that stands in no package."""
    init = table.find("__init__", importer)
    whole = ModuleType(os.path.basename(table.folder))
    vars(whole).update(vars(init.namespace) if init else {})
    for name in names:
        if not hasattr(whole, name):
            found = table.find(name, importer) or table.find(name, importer, locate=folder_of)
            if found is not None:
                setattr(whole, name, found.namespace)
    return whole


def _descend(tables: Tables, module: Module, names: Sequence[str], importer: Module) -> Module:
    """Import the modules *names*, each in the package before it; return the last."""
    for name in names:
        full = f"{module.name}.{name}"
        if not hasattr(module.namespace, "__path__"):
            raise ModuleNotFoundError(f"No module named {full!r}; {module.name!r} is not a package", name=full)
        found = _find_in(tables, module, name, importer)
        if found is None:
            raise ModuleNotFoundError(f"No module named {full!r}", name=full)
        module = found
    return module


def _find_in(tables: Tables, package: Module, name: str, importer: Module) -> Module | None:
    table, full = tables.of(package.folder), f"{package.name}.{name}"
    return table.find(full, importer, package) or table.find(full, importer, package, folder_of)


def _import_listed(tables: Tables, module: Module, names: Sequence[str], importer: Module) -> None:
    """Import those of *names* that are modules of the package *module*, if it is one."""
    if not hasattr(module.namespace, "__path__"):
        return
    for name in names:
        if name == "*":
            _import_listed(tables, module, getattr(module.namespace, "__all__", ()), importer)
        elif not hasattr(module.namespace, name):
            _find_in(tables, module, name, importer)


def _import_from_outside(
    name: str,
    globals: Mapping[str, object] | None,
    locals: Mapping[str, object] | None,
    fromlist: Sequence[str] | None,
    level: int,
) -> ModuleType:
    if name in sys.modules and attempt_under_way() is None:
        return builtins.__import__(name, globals, locals, fromlist or (), level)
    with outside():
        return builtins.__import__(name, globals, locals, fromlist or (), level)


def _is_asked_by_c(name: str, fromlist: Sequence[str] | None) -> bool:
    """Say whether a function written in C imports *name*, as ``strptime`` does: it means Python's, never a neighbour.

    Such calls come with an empty list, statements with None or a tuple.
    """
    known = name in sys.modules or name.partition(".")[0] in sys.stdlib_module_names
    return isinstance(fromlist, list) and not fromlist and known


def _is_outside(name: str) -> bool:
    """Say whether Python's own path has a module *name*; a mere folder of that name is none."""
    if name in sys.modules:
        return True
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None


def _import_module(name: str, package: str | None = None) -> ModuleType:
    """Import as ``importlib.import_module`` does; a user's module gets its neighbours so, too."""
    importer = sys._getframe(1).f_builtins.get("__import__")
    if not isinstance(importer, Importer):
        return _python_import_module[0](name, package)
    full = plain(importlib.util.resolve_name(name, package)) if name.startswith(".") else name
    return sys.modules[name] if name.startswith(PREFIX) else importer(full, fromlist=("__name__",))


def install() -> None:
    """Have calls of ``importlib.import_module`` find neighbours, once in a process."""
    if not _python_import_module:
        _python_import_module.append(importlib.import_module)
        importlib.import_module = _import_module


_python_import_module: list[Callable[[str, str | None], ModuleType]] = []  # once ours stands in its place
