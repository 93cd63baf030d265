"""One version of a user's module: what it was made from, and what it imported. Knows nothing of how names are found."""

from __future__ import annotations

import builtins
import hashlib
import importlib.util
import itertools
import linecache
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from importlib.abc import Loader
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from types import ModuleType
from typing import cast

from plots.attempt import PREFIX, Attempt
from plots.contexts import rc_in_force
from plots.isolation import BASELINE, TurnTakenAway
from plots.registries import Tables, put_in_tables, tables_in_force
from plots.remains import Remains, arrive, holds_state
from plots.search_path import own_folders
from plots.source import Disk, Source
from plots.tracing import Dependency, State, Trace, state_of, trace

NOT_SETTINGS = frozenset(("backend", "backend_fallback", "interactive"))  # no plot's to choose
DEFAULTS = cast("dict[str, object]", BASELINE)
_numbers = itertools.count(1)  # sys.modules is one for the process, and so are the names in it


class Growth:
    """Counts how often some module of this process came to import another, or ran to its end."""

    steps = 0

    def step(self) -> None:
        self.steps += 1


GROWTH = Growth()


class Module:
    """A version of the module *name* of *folder*, made from the file or folder *path*.

    An edit makes a new version; what imported this one, and renders that began with it, go on with it. Its name leaves
    sys.modules when nobody holds it any more. *missing* are the files that would have been taken instead of *path*.
    """

    def __init__(
        self, folder: str, name: str, path: str, parent: Module | None, missing: Iterable[str], disk: Disk
    ) -> None:
        self.folder = folder
        self.name = name
        self.path = path
        self.parent = parent
        self.disk = disk
        self.imports: list[Module] = []  # by its own code, as it was imported itself
        self.later: list[Module] = []  # by its functions since then; and, of a package, what it came to hold
        self._sources: tuple[int, tuple[tuple[str, State], ...]] = (-1, ())
        self.home: object = None  # the table by way of which it imports: kept as long as it is itself
        self.bound: dict[str, Module] = {}
        self.absent = set(missing)
        self.front: list[str] = []  # folders that it added to sys.path, before and behind those of the process
        self.back: list[str] = []
        self.source: Source | None = None
        self.data = b""  # of the source
        self.reads: tuple[Dependency, ...] = ()
        self.settings: dict[str, object] = {}
        self.registered: Tables = {}  # colour maps, say, by registry
        self.inherited: dict[str, object] = {}
        self.remains = Remains()
        self.is_used_up = False  # it holds what a render changes: it is good for one only
        self.thread: int | None = threading.get_ident()  # None once it has run
        self.failed = False
        self.refusal: str | None = None  # why it isn't tried again as long as it is unchanged
        tail = name.rpartition(".")[2]
        self.private: str = f"{parent.private}.{tail}" if parent else _private_name(name, self._is_binary)
        self.is_package = disk.is_folder(path) or (os.path.basename(path) == "__init__.py" and tail != "__init__")
        self.namespace = importlib.util.module_from_spec(self._spec()) if not self._is_binary else ModuleType(name)
        self._trace = Trace()
        self._own: frozenset[str] = frozenset()
        self.forget = weakref.finalize(self, sys.modules.pop, self.private, None)
        self.forget.atexit = False

    def closure(self) -> list[Module]:
        """Return all that it needed to be imported, directly or not, in the order in which they ran; itself last."""
        return _walk(self, lambda module: module.imports)

    def reach(self) -> list[Module]:
        """Return its closure, and what its functions imported since."""
        return _walk(self, lambda module: module.imports + module.later)

    def is_usable(self) -> bool:
        """Say whether another may import it: it has run, or runs in this very thread, as when two import each other.

        One that runs in another thread isn't waited for: that thread may hang, and have been written off.
        """
        return not self.failed and self.thread in (None, threading.get_ident())

    def is_current(self) -> bool:
        """Say whether all that it reaches was made from files that are as they were then."""
        return all(part.is_unchanged() for part in self.reach())

    def is_unchanged(self) -> bool:
        """Say whether the files that it alone was made from are as they were then."""
        if self.thread is not None:
            return self.thread == threading.get_ident()
        same = (self._less_own(read.path, state_of(read.path, read.kind)) == read.state for read in self.reads)
        if self.disk.gives(self.path):
            return all(same)
        if self.source is None:
            return os.path.isdir(self.path) and not any(map(os.path.exists, self.absent))
        return self.source.is_unchanged() and all(same) and not any(map(os.path.exists, self.absent))

    def sources(self) -> tuple[tuple[str, State], ...]:
        """Return the files that it, and what it reaches, was made from or read when imported, with their states then.

        Remembered until any module imports another: this is asked for on the way of every request.
        """
        if self._sources[0] != GROWTH.steps or self.thread is not None:
            found: dict[str, State] = {}
            steps = GROWTH.steps
            for module in self.reach():
                if module.source is not None:
                    found[module.source.path] = module.source.state
                found.update((read.path, read.state) for read in module.reads if read.kind == "file")
            self._sources = (steps, tuple(found.items()))
        return self._sources[1]

    @cached_property
    def code(self) -> str:
        """The hash of the bytes of its closure, and of the states of the files that it read when imported."""
        parts = []
        for module in self.closure():
            digest = module.source.digest if module.source else ""
            reads = sorted(
                (os.path.relpath(read.path, self.folder), read.kind, repr(read.state)) for read in module.reads
            )
            parts.append((os.path.relpath(module.path, self.folder), digest, reads))
        return hashlib.sha256(repr(sorted(parts)).encode()).hexdigest()

    @cached_property
    def rc(self) -> dict[str, object]:
        """The rcParams that its closure set when imported."""
        return {key: value for module in self.closure() for key, value in module.settings.items()}

    def put_settings(self) -> None:
        """Let this render begin with what its closure set when imported: rcParams, registries, and what that left."""
        set_rc(self.rc)
        for module in self.closure():
            put_in_tables(module.registered)
        if arrive(self.closure()):
            self.remains.put()  # it was there when its neighbours ran, so it has what they left

    def run(self, attempt: Attempt, importer: Callable[..., ModuleType]) -> None:
        """Execute it: the very bytes that its hash is of. Whatever the user's code raises is passed on.

        Raises:
            WorldWritable, ThreadsLeft, OSError, SyntaxError, ValueError: see there.
        """
        sys.modules[self.private] = self.namespace
        begun = attempt.begin(self)
        arrive([self])
        before = Remains.now()
        try:
            with trace(self._trace), own_folders(self), self._own_settings(attempt):
                if not self.disk.is_folder(self.path):
                    self._execute(importer)
            attempt.end(self, begun)
            self.remains = Remains.now().since(before)
            self.is_used_up = bool(self.remains.figures) or holds_state(self.namespace)
        finally:
            attempt.running.remove(self)
            self.settle()

    def note_in(self, into: Trace) -> bool:
        """Count it, and what it read when imported, among the files of *into*; say whether it wasn't there before."""
        if self.source is None or (self.source.path, "file") in into.seen:
            return False
        into.seen[self.source.path, "file"] = (self.source.state, self.source.read_ns)
        for read in self.reads:
            into.seen.setdefault((read.path, read.kind), (read.state, read.seen_ns))
        return True

    def settle(self) -> None:
        """Note that it has run, and what it read."""
        self._own = self._trace.own_files()
        read = [each for each in self._trace.dependencies() if each.path != self.path]
        GROWTH.step()
        self.reads = tuple(replace(each, state=self._less_own(each.path, each.state)) for each in read)
        self.thread = None

    def fail(self, refusal: str | None = None) -> None:
        """Note that it can't be used; *refusal* says why that stays so as long as it is unchanged."""
        self.failed = True
        self.refusal = refusal
        self.forget()
        self.namespace = ModuleType(self.name)  # what it computed until then is nobody's any more

    def _execute(self, importer: Callable[..., ModuleType]) -> None:
        self.source = self.disk.glance(self.path)
        self.source, data = self.disk.read(self.source)
        if self._is_binary:
            found = self._spec()
            self.namespace = sys.modules[self.private] = importlib.util.module_from_spec(found)
            cast("Loader", found.loader).exec_module(self.namespace)
            return
        self.data = data
        spec = self.namespace.__spec__
        assert spec is not None
        code = compile(data, self.path, "exec", dont_inherit=True)
        lines = importlib.util.decode_source(data).splitlines(keepends=True)
        # No time of change: tracebacks then don't look at the file again, and show what runs.
        linecache.cache[self.path] = (len(data), None, lines, self.path)
        vars(self.namespace)["__builtins__"] = {**vars(builtins), "__import__": importer, "input": _no_input}
        spec._initializing = True  # type: ignore[attr-defined]  # errors then say that modules import each other
        try:
            exec(code, vars(self.namespace))  # noqa: S102 - this is what a plot folder is for
        finally:
            spec._initializing = False  # type: ignore[attr-defined]

    @contextmanager
    def _own_settings(self, attempt: Attempt) -> Iterator[None]:
        """Let the code set rcParams, starting from the defaults, for those that import it and nobody else."""
        before, registries = dict.copy(rc_in_force()), tables_in_force()
        set_rc(DEFAULTS)
        try:
            yield
            self.registered = {
                name: {key: entry for key, entry in table.items() if registries[name].get(key) is not entry}
                for name, table in tables_in_force().items()
            }
            unset = {**DEFAULTS, **self.inherited}
            self.settings = {k: v for k, v in dict.items(rc_in_force()) if k not in NOT_SETTINGS and v != unset.get(k)}
        except TurnTakenAway:
            attempt.lost_turn = True
            raise
        finally:
            if not attempt.lost_turn:  # else rcParams are somebody else's by now
                set_rc(before)

    def _less_own(self, path: str, state: State) -> State:
        """Return *state*, if it is that of a listed folder, without the names of the files that the import wrote."""
        own = {os.path.basename(file) for file in self._own if os.path.dirname(file) == path}
        return tuple(part for part in state if part not in own) if state and own else state

    @property
    def _is_binary(self) -> bool:
        return self.path.endswith(tuple(EXTENSION_SUFFIXES))

    def _spec(self) -> ModuleSpec:
        if self.disk.is_folder(self.path):
            portion = ModuleSpec(self.private, None, is_package=True)
            portion.submodule_search_locations = [self.path]
            return portion
        folders = [os.path.dirname(self.path)] if self.is_package else None
        spec = importlib.util.spec_from_file_location(self.private, self.path, submodule_search_locations=folders)
        assert spec is not None
        return spec


def set_rc(values: Mapping[str, object]) -> None:
    """Set rcParams to *values* that were there before, so are right."""
    dict.update(rc_in_force(), values)


def _private_name(name: str, is_binary: bool) -> str:
    """Return a name that no other module has. Of a binary module the last part is its own: its initialiser bears it."""
    return f"{PREFIX}{next(_numbers)}_.{name}" if is_binary else f"{PREFIX}{next(_numbers)}_{name.replace('.', '_')}"


def _walk(start: Module, edges: Callable[[Module], Sequence[Module]]) -> list[Module]:
    """Return all modules that *edges* lead to from *start*, each behind those that it leads to."""
    begun: set[Module] = set()
    order: list[Module] = []

    def visit(module: Module) -> None:
        begun.add(module)
        for other in tuple(edges(module)):
            if other not in begun:
                visit(other)
        order.append(module)

    visit(start)
    return order


def _no_input(prompt: object = "") -> str:
    raise EOFError("input() waits for a terminal, and a plot has none")
