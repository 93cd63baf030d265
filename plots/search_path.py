"""Python's path, each render's own: a folder that user code adds to ``sys.path`` is searched for that code alone.

Archives and folders of installed libraries are for everyone, and last: these don't bear to be imported by other names.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plots.module import Module

LIBRARIES = ("site-packages", "dist-packages")
METHODS = (
    "__add__ __contains__ __delitem__ __eq__ __getitem__ __iadd__ __imul__ __iter__ __len__ __mul__ __ne__ __repr__ "
    "__reversed__ __rmul__ __setitem__ append clear copy count extend index insert pop remove reverse sort"
).split()


@contextlib.contextmanager
def own_path() -> Iterator[None]:
    """Give the code in this block a ``sys.path`` of its own, as that is now."""
    install()
    token = _own.set(list(sys.path))
    try:
        yield
    finally:
        _own.reset(token)


@contextlib.contextmanager
def own_folders(module: Module) -> Iterator[None]:
    """Let the code of *module* run in this block: what it adds to ``sys.path`` is searched for it alone, later on."""
    with own_path():
        try:
            yield
        finally:
            _take_folders(module)


@contextlib.contextmanager
def bare_path(module: Module | None) -> Iterator[None]:
    """Have in ``sys.path`` what everyone finds there, while a statement of *module* imports; note what that added."""
    own = _own.get()
    if own is None or (own == _shared() and sys.path is _PATH):
        yield
        return
    found = _take_folders(module)
    own[:] = _shared()
    try:
        yield
    finally:
        own[:] = [*found, *(entry for entry in _take_folders(module) if entry not in found)]


def install() -> None:
    """Have ``sys.path`` ask whose it is to be; code may have put another list in its place since."""
    if sys.path is not _PATH:
        _PATH[:] = list(sys.path)
        sys.path = _PATH


def _take_folders(module: Module | None) -> list[str]:
    """Note in *module* the folders that are in this context's path alone; return that path."""
    install()
    found, shared = list(sys.path), _shared()
    in_front = set(itertools.takewhile(lambda entry: entry not in shared, found))
    for entry in dict.fromkeys(found):
        if entry in shared or not isinstance(entry, str):
            continue
        folder = os.path.abspath(entry)
        if os.path.isfile(folder) or any(part in LIBRARIES for part in folder.split(os.sep)):
            list.append(_PATH, entry)
        elif module is not None:
            beside = os.path.join(module.folder, entry)  # the working folder may be any; that file's is what was meant
            folder = os.path.normpath(beside) if not os.path.isdir(folder) and os.path.isdir(beside) else folder
            place = module.front if entry in in_front else module.back
            if folder not in place:
                place.append(folder)
    return found


class _Path(list[str]):
    """The path of the context that asks; as a mere list, which is all that code written in C sees, the process's."""

    def __reduce_ex__(self, protocol: object) -> tuple[Callable[..., list[str]], tuple[list[str]]]:
        """Be pickled, and copied, as the list that it stands for."""
        return list, (list(self),)


def _shared() -> list[str]:
    """Return a copy of the process's."""
    return list.__getitem__(_PATH, slice(None))


def _dispatched(name: str) -> Callable[..., Any]:
    method = getattr(list, name)

    def of_this_context(self: _Path, *args: Any, **kwargs: Any) -> Any:
        own = _own.get()
        result = method(self if own is None else own, *args, **kwargs)
        return self if result is own and own is not None else result  # += gives sys.path what comes of it

    return of_this_context


for _name in METHODS:
    setattr(_Path, _name, _dispatched(_name))
_PATH = _Path()
_own: ContextVar[list[str] | None] = ContextVar("path", default=None)
