"""matplotlib's registries, each render's own: colour maps, colours, styles, scales and projections, units.

A render sees those of the process until it first adds to one: from then on that is a copy. What libraries register as
they are imported stays in the process, as the libraries do.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, MutableMapping
from contextvars import ContextVar
from typing import Any

import matplotlib as mpl
import matplotlib.colors
import matplotlib.scale
import matplotlib.style
import matplotlib.units
from matplotlib.projections import projection_registry

SCALES = [name for name in ("_scale_mapping", "_scale_has_axis_parameter") if hasattr(matplotlib.scale, name)]

Tables = dict[str, dict[Any, Any]]  # Any, here and below: of all kinds, and in places that stubs don't tell of

_shared: Tables = {}  # the registries of the process, by name
_own: ContextVar[Tables | None] = ContextVar("registries", default=None)


@contextlib.contextmanager
def own_tables() -> Iterator[None]:
    """Give the code in this block registries of its own, as in a fresh interpreter."""
    token = _own.set({})
    try:
        yield
    finally:
        _own.reset(token)


@contextlib.contextmanager
def shared_tables() -> Iterator[None]:
    """Let the code in this block, a library's, add to the registries of the process; this context has that too."""
    token = _own.set(None)
    try:
        yield
    finally:
        _own.reset(token)
        for name, mine in (_own.get() or {}).items():
            put_in_tables({name: {key: entry for key, entry in list(dict.items(_shared[name])) if key not in mine}})


def tables_in_force() -> Tables:
    """Return copies of the registries of this context, by name."""
    return {name: dict(_here(name)) for name in _shared}


def put_in_tables(more: Tables) -> None:
    """Add *more* to the registries of this render; those of the process stay as they are."""
    if _own.get() is not None:
        for name, entries in more.items():
            for key, entry in entries.items():
                _mine(name)[key] = entry


def are_there() -> bool:
    """Say whether the registries are where `install` looks for them."""
    colours = getattr(matplotlib.colors, "_colors_full_map", None)
    return (
        hasattr(mpl.colormaps, "_cmaps")
        and hasattr(mpl.color_sequences, "_color_sequences")
        and isinstance(getattr(colours, "cache", None), dict)
        and type(matplotlib.style.library) is dict
        and type(getattr(projection_registry, "_all_projection_types", None)) is dict
        and all(type(getattr(matplotlib.scale, name, None)) is dict for name in SCALES)
    )


def install() -> None:
    """Put ours in the places of theirs. Once in a process."""
    maps, sequences, colours = _any(mpl.colormaps), _any(mpl.color_sequences), _any(matplotlib.colors)
    maps._cmaps = Table("colormaps", maps._cmaps)
    sequences._color_sequences = Table("sequences", sequences._color_sequences)
    colours._colors_full_map = colours.ColorConverter.colors = _Colours("colours", colours._colors_full_map)
    styles = Table("styles", matplotlib.style.library)
    for place in filter(None, map(sys.modules.get, ("matplotlib.style", "matplotlib.style.core"))):
        _any(place).library = styles
    kinds, scales = _any(projection_registry), _any(matplotlib.scale)
    kinds._all_projection_types = Table("projections", kinds._all_projection_types)
    for name in SCALES:
        setattr(scales, name, Table(name, getattr(scales, name)))
    _shared["units"] = matplotlib.units.registry
    matplotlib.units.registry.__class__ = _Units


def _here(name: str) -> dict[Any, Any]:
    """Return the registry of the context that asks, to be read."""
    own = _own.get()
    return _shared[name] if own is None else own.get(name, _shared[name])


def _mine(name: str) -> dict[Any, Any]:
    """Return the registry of the context that asks, to be changed."""
    own = _own.get()
    if own is None:
        return _shared[name]
    if name not in own:
        shared = _shared[name]
        own[name] = dict(shared) if isinstance(shared, _Units) else type(shared)(shared)
    return own[name]


class Table(MutableMapping[Any, Any]):
    """A registry, by name."""

    def __init__(self, name: str, shared: dict[Any, Any]) -> None:
        self._name = name
        _shared[name] = shared

    def __getitem__(self, key: Any) -> Any:
        return self._here()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._mine()[key] = value

    def __delitem__(self, key: Any) -> None:
        del self._mine()[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._here())

    def __len__(self) -> int:
        return len(self._here())

    def _here(self) -> dict[Any, Any]:
        return _here(self._name)

    def _mine(self) -> dict[Any, Any]:
        return _mine(self._name)


class _Colours(Table):
    """The colours that have names."""

    @property
    def cache(self) -> dict[Any, Any]:
        """The colours that were converted, by how they were written."""
        mapping: Any = _here(self._name)
        cache: dict[Any, Any] = mapping.cache
        return cache


class _Units(matplotlib.units.Registry):
    """The converters of units; pandas puts its own there while it plots."""

    def __getitem__(self, key: Any) -> Any:
        return dict.__getitem__(_here("units"), key)

    def __setitem__(self, key: Any, value: Any) -> None:
        dict.__setitem__(_mine("units"), key, value)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(_here("units"), key)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the converter of the class *key*."""
        return dict.get(_here("units"), key, default)

    def pop(self, key: Any, *default: Any) -> Any:
        """Take the converter of the class *key* away."""
        return dict.pop(_mine("units"), key, *default)

    def items(self) -> Any:
        """Return the classes and their converters."""
        return dict.items(_here("units"))


def _any(place: Any) -> Any:
    return place
