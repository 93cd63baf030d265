"""User modules: imported when first needed, and made anew when what they were made from changes."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plots.importing import Import, ImportFailed
from plots.module import Module
from plots.neighbours import Tables
from plots.source import danger_of
from plots.tracing import State


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """How to get at one plot function of *file*, in the version of the code that it was found in."""

    file: Path
    qualname: str
    module: Module

    def function(self) -> Callable[..., object]:
        """Return what draws the plot; of a method, that of a new instance of its class."""
        owner = self.owner()
        if owner is None:
            return self.declared()
        name = self.qualname.rpartition(".")[2]
        is_bound = isinstance(inspect.getattr_static(owner, name), staticmethod | classmethod)
        function: Callable[..., object] = getattr(owner if is_bound else owner(), name)
        return function

    def is_there(self) -> bool:
        """Say whether it exists: what stands under an ``if``, say, is not always made."""
        names = vars(self.module.namespace)
        owner, _, name = self.qualname.rpartition(".")
        return inspect.getattr_static(names.get(owner), name, None) is not None if owner else name in names

    def owner(self) -> Callable[..., object] | None:
        """Return the class that it is a method of, if any."""
        name = self.qualname.rpartition(".")[0]
        owner: Callable[..., object] | None = vars(self.module.namespace)[name] if name else None
        return owner

    def is_static(self) -> bool:
        """Say whether it is a static method: it gets neither an instance nor the class."""
        return isinstance(self._found(), staticmethod)

    def declared(self) -> Callable[..., object]:
        """Return the function as it was written: of a method, with its ``self``. Runs no code of the user's."""
        found = self._found()
        function: Callable[..., object] = found.__func__ if isinstance(found, staticmethod | classmethod) else found
        return function

    @property
    def code(self) -> str:
        """The hash of its code: the bytes of its file and of every neighbour that this imports."""
        return self.module.code

    @property
    def sources(self) -> tuple[tuple[str, State], ...]:
        """The files that its code was made from, those that this read and those imported later, as they were then."""
        found = self.module.sources()
        if self.module.path == str(self.file):
            return found
        return (*found, (str(self.file), dict(found)[self.module.path]))

    @property
    def rc(self) -> Mapping[str, object]:
        """The rcParams that its code set when it was imported."""
        return self.module.rc

    def put_settings(self) -> None:
        """Let this render begin with what its code set when it was imported."""
        self.module.put_settings()

    def is_used_up(self) -> bool:
        """Say whether its code made what a render changes, such as figures, as it was imported: good for one render."""
        return any(part.is_used_up for part in self.module.reach())

    def _found(self) -> Any:  # whatever stands there: a user's file may call anything so
        owner, name = self.owner(), self.qualname.rpartition(".")[2]
        return vars(self.module.namespace)[name] if owner is None else inspect.getattr_static(owner, name)


class Library:
    """All user modules of this process. One thread at a time uses it; renders may go on importing meanwhile.

    Each file is imported within *importing*, called with its path, which may raise ImportFailed instead.
    """

    def __init__(
        self, import_limit_s: float, importing: Callable[[str], AbstractContextManager[object]] = nullcontext
    ) -> None:
        self._limit_s = import_limit_s
        self._importing = importing
        self._tables = Tables()
        self._failed: dict[str, ImportFailed] = {}

    def load(self, file: Path) -> Module:
        """Return the module that *file* makes now: the present one, if all that it was made from is as it was then.

        As for a script, the folder of its neighbours is that of the file which it may be a link to. What could not be
        imported isn't tried again before it, or something that it imports or reads, changes.

        Raises:
            ImportFailed: it can't be imported, whatever it raised, or must not be.
        """
        if danger := danger_of(os.path.abspath(file)):
            raise ImportFailed(danger)
        path = os.path.realpath(file)
        stem = os.path.basename(path).removesuffix(".py")
        name = stem if "." not in stem else f"{stem}.py"  # import can't reach it: it must not look like a package's
        table = self._tables.of(os.path.dirname(path))
        self._raise_again(path)
        module = table.present(name)
        if module is not None and module.refusal:
            raise ImportFailed(module.refusal)
        if module is not None:
            return module
        try:
            with self._importing(path):
                return Import(table, name, path).result(self._limit_s)
        except ImportFailed as error:
            self._failed[path] = error.again()
            raise

    def tidy(self) -> None:
        """Forget the modules whose files are gone."""
        self._tables.tidy()
        self._failed = {path: failed for path, failed in self._failed.items() if os.path.exists(path)}

    def _raise_again(self, path: str) -> None:
        error = self._failed.pop(path, None)
        if error is not None and error.module is not None and error.module.is_current():
            self._failed[path] = error
            raise error.again()
