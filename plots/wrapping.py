"""Has functions of libraries tell of their calls, from when the library is imported on. Knows nothing of what they do.

A library is never imported for that; one that was imported before is wrapped at once.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Notice = Callable[..., None]  # gets the arguments of a call, before that is made
Wrap = Callable[[ModuleType], None]

_MARK = "_plotd_notices"


def when_imported(wraps: dict[str, Wrap]) -> None:
    """Call each of *wraps* with the module that it is named after, as soon as that module has run."""
    sys.meta_path.insert(0, _Finder(wraps))
    for name, wrap in wraps.items():
        module = sys.modules.get(name)
        if module is not None:
            wrap(module)


def notice_calls(module: ModuleType, notices: dict[str, Notice]) -> None:
    """Have calls of functions and classes of *module*, by dotted name, noticed; it may lack some of them."""
    swaps: list[tuple[object, object]] = []
    for name, notice in notices.items():
        *path, last = name.split(".")
        owner: Any = module  # Any: what a library holds
        for part in path:
            owner = getattr(owner, part, None)
        found = getattr(owner, last, None)
        if found is None or _MARK in getattr(found, "__dict__", ()):
            continue
        if isinstance(found, type):
            swaps += _notice_making(found, notice)
        elif path:
            setattr(owner, last, noticed(found, notice))
        else:
            swaps.append((found, noticed(found, notice)))
    swap(module, swaps)


def noticed(function: Callable[..., Any], notice: Notice) -> Callable[..., Any]:
    """Return *function*, telling *notice* of each call."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        notice(*args, **kwargs)
        return function(*args, **kwargs)

    setattr(call, _MARK, True)
    return call


def swap(module: ModuleType, swaps: Sequence[tuple[object, object]]) -> None:
    """Put the second of each pair in the place of the first, wherever the library of *module* holds it.

    Its other modules may hold it too; and pickle looks for a function where that says that it is from.
    """
    new = {id(old): (old, new) for old, new in swaps}
    tops = {str(getattr(old, "__module__", "")).partition(".")[0] for old, _ in swaps}
    tops.add(module.__name__.partition(".")[0])
    for name, other in sys.modules.copy().items():  # in one step: other threads import meanwhile
        if name.partition(".")[0] in tops:
            for key, value in dict(getattr(other, "__dict__", {})).items():
                if id(value) in new:
                    setattr(other, key, new[id(value)][1])


def _notice_making(kind: type, notice: Notice) -> list[tuple[object, object]]:
    """Have the making of objects of *kind* noticed; where that can't be changed, return what is to stand in for it."""

    def tell(self: object, *args: Any, **kwargs: Any) -> None:
        notice(*args, **kwargs)

    try:
        if _MARK not in getattr(kind.__init__, "__dict__", ()):  # type: ignore[misc]  # it is only looked at
            kind.__init__ = noticed(kind.__init__, tell)  # type: ignore[misc]
    except TypeError:  # it is made in C
        return [(kind, _stand_in(kind, tell))]
    return []


def _stand_in(kind: type, tell: Notice) -> type:
    """Return a class that makes objects as *kind* does, telling of each; those that *kind* itself makes are its too."""

    class Kind(type(kind)):  # type: ignore[misc]  # mypy can't know that it is a class of classes
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, kind) if cls is made else type.__instancecheck__(cls, instance)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, kind) if cls is made else type.__subclasscheck__(cls, other)

    def make(cls: type, *args: Any, **kwargs: Any) -> Any:
        tell(cls, *args, **kwargs)
        return kind.__new__(cls, *args, **kwargs)

    names = {name: getattr(kind, name) for name in ("__doc__", "__module__", "__qualname__")}
    made: type = Kind(kind.__name__, (kind,), {**names, "__slots__": (), "__new__": make, _MARK: True})
    return made


class _Finder:
    """Stands first among Python's finders; finds nothing but by asking the others."""

    def __init__(self, wraps: dict[str, Wrap]) -> None:
        self._wraps = wraps

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        wrap = self._wraps.get(name)
        if wrap is None:
            return None
        others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec"))
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is not None and isinstance(spec.loader, Loader) and not isinstance(spec.loader, type):
            _follow(spec.loader, wrap)
        return spec


def _follow(loader: Loader, wrap: Wrap) -> None:
    """Have *wrap* called with the module that *loader*, made for that module alone, loads."""
    load = loader.exec_module

    def load_and_wrap(module: ModuleType) -> None:
        load(module)
        wrap(module)

    loader.exec_module = load_and_wrap  # type: ignore[method-assign]
