"""Write the numbers behind pictures as CSV. Draws nothing, and knows no URL and no file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import count, repeat
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from numpy.typing import NDArray

from plotd.artists import read_series
from plotd.axes import is_colorbar, is_date, visible_axes
from plotd.days import iso_dates, times_of, zone_of
from plotd.series import Numbers, Series, categories, named_places
from plotd.sizing import TooManyPixels

COLUMNS = ("x", "y", "value", "low", "high")
PIXELS_PER_ROW = 8  # a row takes about as much memory as that many pixels

_AT_ONCE = 2000  # rows; other threads have their turn after each
_BARS = ("bars", "horizontal bars", "adjoining bars", "adjoining horizontal bars")
_BY_TICKS = (*_BARS, "boxes", "whiskers", "spans", "image", "cells")  # these may stand at ticks with names


class TooManyRows(TooManyPixels):
    """A table would be longer than is allowed; no memory was taken for it."""

    def __init__(self, rows: int, limit: int) -> None:
        super().__init__(1, rows, limit)

    def __str__(self) -> str:
        return f"a table of {self.height_px:,} rows has more than {self.limit:,}"


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """Numbers, times or names, of shape (n,); *zone* is that of the times."""

    values: NDArray[Any]
    zone: tzinfo | None = None

    def cells(self, part: slice, unit: Literal["s", "us"]) -> Sequence[object]:
        """Return a *part* of it, times to the *unit*; what is missing is None or empty."""
        values = self.values[part]
        if values.dtype.kind == "M":
            return iso_dates(values, self.zone, unit)
        if values.dtype.kind == "f" and (missing := np.isnan(values)).any():
            values = values.astype(object)
            values[missing] = None
        cells: list[object] = values.tolist()
        return cells

    @property
    def is_fractional(self) -> bool:
        """Whether some of it are times between seconds."""
        if self.values.dtype.kind != "M":
            return False
        known = self.values[~np.isnat(self.values)]
        return bool((known != known.astype("datetime64[s]")).any())


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A series in axes *number*; nothing of it was copied yet."""

    number: int
    axes: Axes
    name: str
    series: Series

    @property
    def numbers(self) -> dict[str, Numbers]:
        """What it has numbers for, by column, of shapes that broadcast."""
        found = {name: values for name in COLUMNS if (values := getattr(self.series, name)).size}
        if self.series.kind in _BARS:
            found.pop("value", None)  # x or y is the same
        is_placed = "x" in found or self.series.kind not in ("image", "cells")  # of photographs there are but colours
        return found if is_placed else {}

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(values.shape for values in self.numbers.values()))

    @property
    def rows(self) -> int:
        return math.prod(self.shape) if self.numbers else 0

    def columns(self) -> dict[str, _Column]:
        """Return the columns that it has, all of the same length."""
        series, shape = self.series, self.shape
        along = {"x": "x", "y": "y", "low": series.along, "high": series.along}
        along["value"] = "z" if self.axes.name == "3d" else ""
        columns = {}
        for name, values in self.numbers.items():
            axis: Axis | None = getattr(self.axes, f"{along[name]}axis") if along[name] else None
            by_ticks = series.kind in _BY_TICKS and name in ("x", "y")
            column = _Column(values) if axis is None else _on(axis, values, by_ticks=by_ticks)
            columns[name] = _Column(np.broadcast_to(column.values, shape).ravel(), column.zone)
        if series.names:
            lying = series.kind == "horizontal bars" or (series.kind in ("boxes", "whiskers") and series.along == "x")
            columns["y" if lying else "x"] = _Column(np.array(series.names, dtype=object))
        return columns


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The rows of one series; what it has no numbers for isn't among its columns."""

    axes: int
    series: str
    rows: int
    columns: dict[str, _Column]


class Table:
    """The numbers of figures that come one after another; what becomes of them later is no part of it."""

    def __init__(self) -> None:
        self._axes = 0
        self._blocks: list[_Block] = []

    def add(self, figure: Figure, max_rows: int) -> None:
        """Take the numbers of *figure* down, below those of the others.

        Raises:
            TooManyRows: there would be more than *max_rows* in all.
        """
        found = []
        for axes in visible_axes(figure):
            if not is_colorbar(axes):
                found += [_Found(self._axes, axes, name, series) for name, series in _named(read_series(axes))]
            self._axes += 1
        rows = sum(block.rows for block in self._blocks) + sum(one.rows for one in found)
        if rows > max_rows:
            raise TooManyRows(rows, max_rows)
        self._blocks += [_Block(one.number, one.name, one.rows, one.columns()) for one in found if one.rows]

    def body(self) -> bytes:
        """Return all of it as CSV in UTF-8.

        A header, then a row for each point. ``value``, and ``low`` and ``high``, stand where a series has them. Floats
        have all their digits, times are ISO 8601, what is missing is empty, and lines end with a line feed.
        """
        used = {name for block in self._blocks for name in block.columns}
        names = [name for name in COLUMNS if name in used or name in ("x", "y")]
        fractional = any(column.is_fractional for block in self._blocks for column in block.columns.values())
        unit: Literal["s", "us"] = "us" if fractional else "s"  # the same in all rows: readers go by the first
        parts = [_written([("axes", "series", *names)])]
        for block in self._blocks:
            for start in range(0, block.rows, _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                cells = (
                    block.columns[name].cells(part, unit) if name in block.columns else repeat(None) for name in names
                )
                length = min(block.rows - start, _AT_ONCE)
                parts.append(_written(zip(repeat(block.axes, length), repeat(block.series), *cells, strict=False)))
        return b"".join(parts)


def _written(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _named(all_series: Sequence[Series]) -> Iterator[tuple[str, Series]]:
    """Yield each with its label, or ``line 1`` and so on where it has none, or one that another has before it."""
    taken = {series.label for series in all_series}
    used: set[str] = set()
    for series in all_series:
        name = series.label
        if not name or name in used:
            stem = name or series.kind
            name = next(one for one in (f"{stem} {n}" for n in count(2 if name else 1)) if one not in taken | used)
        used.add(name)
        yield name, series


def _on(axis: Axis, values: Numbers, *, by_ticks: bool) -> _Column:
    """Return what *values* mean on *axis*: times, or the names of categories."""
    if is_date(axis):
        return _Column(times_of(axis, values), zone_of(axis))
    names = categories(axis)
    if not names and by_ticks and values.size:
        ticks = named_places(axis)
        names = ticks if all(round(place, 6) in ticks for place in np.unique(values).tolist()) else {}
    if not names:
        return _Column(values)
    named = [names.get(place, None if np.isnan(place) else place) for place in values.ravel().tolist()]
    cells = np.empty(len(named), dtype=object)
    cells[:] = named
    return _Column(cells.reshape(values.shape))
