"""What imported code leaves behind for the functions that run later, each time: all but files and rcParams.

That is what a new interpreter would have, once the import is over: context variables (numpy's print options and error
handling, decimal's precision), the random generators, open figures.
"""

from __future__ import annotations

import contextlib
import copy
import decimal
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import Normalize

from plots import randomness

if TYPE_CHECKING:
    from plots.module import Module

USED_UP = (Artist, Normalize, np.random.Generator, np.random.BitGenerator, np.random.RandomState, random.Random)
MUTABLE = (decimal.Context, dict, list, set)  # each render gets a copy of such a value
LOOKED_THROUGH = 100  # items of a collection


@dataclass(frozen=True, slots=True)
class Remains:
    """The values of context variables, the states of the random generators unless untouched, the open figures."""

    variables: Mapping[ContextVar[Any], Any] = field(default_factory=dict)  # Any: of whatever type each has
    generators: randomness.States | None = None
    figures: frozenset[int] = frozenset()

    @classmethod
    def now(cls) -> Remains:
        """Return all that is there in this context."""
        decimal.getcontext()  # it is made when first asked for: that would look like a change
        values = copy_context().items()
        variables = {key: value.copy() if isinstance(value, decimal.Context) else value for key, value in values}
        return cls(variables, randomness.states(), frozenset(plt.get_fignums()))

    def since(self, before: Remains) -> Remains:
        """Return what of it wasn't there *before*."""
        absent = object()
        changed = {k: v for k, v in self.variables.items() if not _is_same(v, before.variables.get(k, absent))}
        generators = self.generators if self.generators != before.generators else None
        return Remains(changed, generators, self.figures - before.figures)

    def put(self) -> None:
        """Have the same in this context, but for figures: these are drawn into, so they are good for one render."""
        for variable, value in self.variables.items():
            variable.set(copy.copy(value) if isinstance(value, MUTABLE) else value)
        if self.generators is not None:
            randomness.set_states(self.generators)

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.variables or self.generators or self.figures)


@contextlib.contextmanager
def gathering() -> Iterator[None]:
    """Have modules that are imported in this block count as there until it ends, unless that is so anyway."""
    token = _there.set(set() if (there := _there.get()) is None else there)
    try:
        yield
    finally:
        _there.reset(token)


def those_there() -> tuple[Module, ...]:
    """Return the modules whose import counts in this context, as ``sys.modules`` would have them."""
    return tuple(_there.get() or ())


def arrive(modules: Sequence[Module]) -> bool:
    """Count *modules*, of which the last imports the others, as there; say whether that was news."""
    there = _there.get()
    if there is None:
        return True
    is_new = modules[-1] not in there
    there.update(modules)
    return is_new


def holds_state(namespace: ModuleType) -> bool:
    """Say whether a module names something that drawing uses up, or an object of its own that holds such a thing.

    That is a part of a figure, a norm that takes its limits from the first data, a generator or an iterator.
    """
    return any(
        issubclass(type(one), USED_UP) or hasattr(type(one), "__next__")  # not isinstance: that may run its own code
        for value in dict(vars(namespace)).values()
        for one in (value, *itertools.islice(_items(value, namespace), LOOKED_THROUGH))
    )


def _items(value: object, namespace: ModuleType) -> Iterable[object]:
    if type(value) is dict:
        return tuple(value.values())
    if type(value) is np.ndarray:
        return value.flat if value.dtype == object else ()
    if type(value) in (list, tuple, set):
        return value  # type: ignore[return-value]  # mypy: type() in (...)
    maker: Any = value if issubclass(type(value), type | FunctionType) else type(value)
    if maker.__module__ != namespace.__name__:
        return ()
    return (*getattr(value, "__dict__", {}).values(), *(_enclosed(value) if type(value) is FunctionType else ()))


def _enclosed(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # it is empty
            yield cell.cell_contents


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, decimal.Context) and isinstance(other, decimal.Context):
        return _rules(one) == _rules(other)
    return one is other


def _rules(context: decimal.Context) -> str:
    """Return all of *context* but its flags: these tell what was computed."""
    bare = context.copy()
    bare.clear_flags()
    return repr(bare)


_there: ContextVar[set[Module] | None] = ContextVar("there", default=None)
