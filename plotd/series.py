"""What was plotted, as numbers and names. Knows no kind of artist."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.container import Container
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter
from numpy.typing import NDArray

Numbers = NDArray[Any]  # np.float64 or np.int64; numpy has no common type that it accepts for both
NO_NUMBERS: Numbers = np.empty(0)

_NAMING_FORMATTERS = (StrCategoryFormatter, FixedFormatter, FuncFormatter)
_MOST_CALLED = 1000
_STEERING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")  # control characters but tab and line end


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One thing that was plotted.

    *kind* is plain words for it. *x* and *y* are in data units, NaN where there is no point; *value* is what heights,
    colours or slices stand for; *low* and *high* are how far something reaches, along the axis that *along* names. All
    are of one shape or broadcast to it: (n,), or (rows, columns) of an image or a mesh; where *value* is the colours
    themselves, it has their channels beside. *names* are those of the n, if they have any. What a kind lacks is empty.
    """

    kind: str
    label: str = ""
    x: Numbers = field(default_factory=lambda: NO_NUMBERS)
    y: Numbers = field(default_factory=lambda: NO_NUMBERS)
    value: Numbers = field(default_factory=lambda: NO_NUMBERS)
    low: Numbers = field(default_factory=lambda: NO_NUMBERS)
    high: Numbers = field(default_factory=lambda: NO_NUMBERS)
    along: Literal["x", "y", ""] = "y"
    names: tuple[str, ...] = ()


def numbers(values: object) -> Numbers:
    """Return *values* as integers if they are such, else as floats, NaN where they are masked; floats aren't copied."""
    if isinstance(values, np.ma.MaskedArray) and values.mask.any():
        return np.ma.filled(values.astype(np.float64), np.nan)
    array = np.asarray(values)
    return array.astype(np.int64) if np.can_cast(array.dtype, np.int64) else array.astype(np.float64, copy=False)


def harmless(text: str) -> str:
    """Return *text* with a replacement character for each that would steer the terminal it is shown in."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def own_label(artist: Artist | Container) -> str:
    """Return the label that *artist* was given, not one that matplotlib made up."""
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else harmless(label)


def categories(axis: Axis) -> dict[float, str]:
    """Return the names of the categories that *axis* has places for; nothing if it shows numbers or dates."""
    mapping: dict[Any, float] = getattr(axis.get_units(), "_mapping", None) or {}  # type: ignore[no-untyped-call]
    return {float(place): harmless(str(name)) for name, place in mapping.items()}


def named_places(axis: Axis) -> dict[float, str]:
    """Return what *axis* calls the places where it has a tick; nothing if its ticks show numbers or dates."""
    if not isinstance(axis.get_major_formatter(), _NAMING_FORMATTERS):
        return {}
    places = axis.get_majorticklocs()
    if len(places) > _MOST_CALLED:  # each tick is an artist of its own
        return categories(axis)
    ticks = zip(places, axis.get_majorticklabels(), strict=False)
    return {round(float(place), 6): harmless(tick.get_text()) for place, tick in ticks if tick.get_text()}


def names_near(axis: Axis, places: Numbers) -> tuple[str, ...]:
    """Return what *axis* calls each of *places*, which may stand beside their ticks, as grouped bars do.

    Nothing, unless each place has a tick of its own that is nearest to it, and a name there. Beside a tick counts only
    where somebody put the ticks.
    """
    named = named_places(axis)
    ticks = np.array(sorted(named))
    if not ticks.size or not places.size or not np.isfinite(places).all():
        return ()
    above = np.searchsorted(ticks, places).clip(1, max(1, len(ticks) - 1))
    below, above = ticks[above - 1], ticks[np.minimum(above, len(ticks) - 1)]
    nearest = np.where(places - below <= above - places, below, above)
    were_put = bool(categories(axis)) or isinstance(axis.get_major_locator(), FixedLocator)
    reach = 1e-6 if not were_put else np.diff(ticks).min() / 2 if ticks.size > 1 else 0.5
    if (np.abs(nearest - places) >= reach).any() or len(set(nearest)) < len(nearest):
        return ()
    return tuple(named[place] for place in nearest)
