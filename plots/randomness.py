"""The random functions of numpy's and Python's modules, with generators of each render's own. Knows no matplotlib."""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import BuiltinMethodType, MethodType
from typing import Any

import numpy as np

Generators = tuple[np.random.RandomState, random.Random]
States = tuple[tuple[Any, ...], tuple[Any, ...]]  # numpy's and Python's: opaque, but they can be compared

_own: ContextVar[Generators | None] = ContextVar("generators", default=None)
_python: Any = random  # Any: its stubs don't tell of the generator behind the module's functions


@contextlib.contextmanager
def own_generators() -> Iterator[None]:
    """Give the code in this block generators of its own, begun from seed 0: equal code then draws equal pictures."""
    token = _own.set((np.random.RandomState(0), random.Random(0)))
    try:
        yield
    finally:
        _own.reset(token)


def states() -> States:
    """Return the states of the generators that are this context's."""
    kind, words, *rest = np.random.get_state()  # noqa: NPY002 - user code draws from this generator
    return (kind, np.asarray(words).tobytes(), *rest), random.getstate()


def set_states(states: States) -> None:
    """Have the generators of this context go on from *states*."""
    kind, words, *rest = states[0]
    np.random.set_state((kind, np.frombuffer(words, np.uint32), *rest))  # noqa: NPY002 - user code draws from this
    random.setstate(states[1])


def are_there() -> bool:
    """Say whether the generators behind the modules' functions are where `install` looks for them."""
    return hasattr(np.random.mtrand, "_rand") and hasattr(_python, "_inst")


def install() -> None:
    """Have the modules' functions ask whose generator they are to use. Once in a process."""
    shared = np.random.mtrand._rand
    methods = {name: _dispatched(shared, name, 0) for name in dir(np.random.RandomState) if not name.startswith("_")}
    # A kind of RandomState: libraries take the module's own generator where they are given none.
    own = np.random.mtrand._rand = type("RandomState", (np.random.RandomState,), methods)(0)
    for module in (np.random, np.random.mtrand):
        for name, value in dict(vars(module)).items():
            if getattr(value, "__self__", None) is shared:
                setattr(module, name, getattr(own, value.__name__))
    inst = _python._inst
    for name, value in dict(vars(random)).items():
        if isinstance(value, MethodType | BuiltinMethodType) and value.__self__ is inst:
            setattr(random, name, MethodType(_dispatched(inst, value.__name__, 1), inst))


def _dispatched(shared: object, name: str, which: int) -> Callable[..., Any]:
    """Return the method *name* of the render's own generator; outside of any render, that of *shared*."""
    original = getattr(shared, name)

    @functools.wraps(original)
    def method(_self: object, *args: Any, **kwargs: Any) -> Any:
        own = _own.get()
        return original(*args, **kwargs) if own is None else getattr(own[which], name)(*args, **kwargs)

    return method
