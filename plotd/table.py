"""The numbers behind pictures, taken down as they are drawn, and written as CSV. Knows no URL and no file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timezone, tzinfo
from itertools import count, repeat
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from numpy.typing import NDArray

from plotd.artists import STRANGE
from plotd.axes import is_date, span_us, visible_axes
from plotd.days import iso_dates, iso_spans, spans_of, times_of, zone_of
from plotd.series import Numbers, Series, categories, named_places

COLUMNS = ("x", "y", "value", "low", "high")
AT_HAND_BYTES = 2**20  # of numbers; every picture brings so many along

_AT_ONCE = 2000  # rows; other threads have their turn after each
_BARS = ("bars", "horizontal bars", "adjoining bars", "adjoining horizontal bars")
_BOXES = ("boxes", "whiskers", "means", "outliers")
_BY_TICKS = (*_BARS, "boxes", "whiskers", "spans", "image", "cells")  # these may stand at ticks with names
_CHANNELS = ("red", "green", "blue", "alpha")


class TooManyRows(ValueError):
    """A table is longer than is allowed."""

    def __init__(self, rows: int, limit: int) -> None:
        super().__init__(rows, limit)
        self.rows = rows
        self.limit = limit

    def __str__(self) -> str:
        return f"a table of {self.rows:,} rows has more than {self.limit:,}"


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """Numbers, times, spans of time or names; *zone* is that of the times."""

    values: NDArray[Any]
    zone: tzinfo | None = None

    def cells(self, shape: tuple[int, ...], part: slice, unit: Literal["s", "us"]) -> Sequence[object]:
        """Return a *part* of it once it fills *shape*, times to the *unit*; what is missing is None or empty."""
        values = np.broadcast_to(self.values, shape).flat[part]
        if values.dtype.kind == "M":
            return iso_dates(values, self.zone, unit)
        if values.dtype.kind == "m":
            return iso_spans(values)
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
class _Block:
    """The rows of one series, of *shape*; what it has no numbers for isn't among its columns, which broadcast."""

    axes: int
    series: str
    shape: tuple[int, ...]
    columns: dict[str, _Column]

    @property
    def size_bytes(self) -> int:
        return sum(column.values.nbytes for column in self.columns.values())


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
        is_placed = "x" in found or self.series.kind not in ("image", "cells")  # of some there are but colours
        return found if is_placed else {}

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(values.shape for values in self.numbers.values()))

    @property
    def rows(self) -> int:
        return math.prod(self.shape) if self.numbers else 0

    @property
    def size_bytes(self) -> int:
        return sum(values.nbytes for values in self.numbers.values())

    def block(self) -> _Block:
        """Return a copy of what it has: the arrays may be its author's."""
        series = self.series
        along = {"x": "x", "y": "y", "low": series.along, "high": series.along}
        along["value"] = "z" if self.axes.name == "3d" else ""
        columns = {}
        for name, values in self.numbers.items():
            axis: Axis | None = getattr(self.axes, f"{along[name]}axis") if along[name] else None
            by_ticks = series.kind in _BY_TICKS and name in ("x", "y")
            columns[name] = _Column(values.copy()) if axis is None else _on(axis, values, by_ticks=by_ticks)
        if series.names:
            lying = series.kind == "horizontal bars" or (series.kind in _BOXES and series.along == "x")
            columns["y" if lying else "x"] = _Column(np.array(series.names, dtype=object))
        return _Block(self.number, self.name, self.shape, columns)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The numbers of figures that came one after another; what becomes of them later is no part of it.

    It has *axes* in all, and *rows*. *blocks* is None if these are too many to be taken down unasked.
    """

    axes: int = 0
    rows: int = 0
    blocks: tuple[_Block, ...] | None = ()

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, about, and on its way from a worker."""
        return sum(block.size_bytes for block in self.blocks or ())

    def plus(self, figure: Figure, reading: Mapping[Axes, Sequence[Series]], max_rows: int) -> Table:
        """Return it with the numbers of *figure*, which *reading* holds by its axes, below the others.

        They are taken down if there are at most *max_rows* in all, or if they take at most AT_HAND_BYTES.
        """
        axes = list(visible_axes(figure))
        found = [
            _Found(number, one, name, series)
            for number, one in enumerate(axes, start=self.axes)
            for name, series in _named(reading.get(one, ()))
        ]
        rows = self.rows + sum(one.rows for one in found)
        size_bytes = self.size_bytes + sum(one.size_bytes for one in found)
        if self.blocks is None or (rows > max_rows and size_bytes > AT_HAND_BYTES):
            return Table(self.axes + len(axes), rows, None)
        return Table(self.axes + len(axes), rows, (*self.blocks, *_blocks(found)))

    def left_out(self) -> Table:
        """Return it with none of its numbers taken down."""
        return self if not self.rows else replace(self, blocks=None)

    def body(self, max_rows: int) -> bytes:
        """Return all of it, which must have been taken down, as CSV in UTF-8.

        A header, then a row for each point. ``value``, and ``low`` and ``high``, stand where a series has them. Floats
        have all their digits, times and spans of time are ISO 8601, what is missing is empty, and lines end with a line
        feed.

        Raises:
            TooManyRows: it has more than *max_rows*.
        """
        if self.rows > max_rows:
            raise TooManyRows(self.rows, max_rows)
        blocks = self.blocks or ()
        used = {name for block in blocks for name in block.columns}
        names = [name for name in COLUMNS if name in used or name in ("x", "y")]
        fractional = any(column.is_fractional for block in blocks for column in block.columns.values())
        unit: Literal["s", "us"] = "us" if fractional else "s"  # the same in all rows: readers go by the first
        parts = [_written([("axes", "series", *names)])]
        for block in blocks:
            rows = math.prod(block.shape)
            for start in range(0, rows, _AT_ONCE):
                part = slice(start, start + _AT_ONCE)
                cells = (
                    block.columns[name].cells(block.shape, part, unit) if name in block.columns else repeat(None)
                    for name in names
                )
                length = min(rows - start, _AT_ONCE)
                parts.append(_written(zip(repeat(block.axes, length), repeat(block.series), *cells, strict=False)))
        return b"".join(parts)


def _blocks(all_found: Iterable[_Found]) -> Iterator[_Block]:
    for found in all_found:
        if found.rows:
            try:
                yield found.block()
            except STRANGE:  # the picture is worth more than one series of its numbers
                continue


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
        yield from _by_channel(name, series)


def _by_channel(name: str, series: Series) -> Iterator[tuple[str, Series]]:
    """Yield a series for each channel of one that has colours for values, and any other as it is."""
    if series.value.ndim < 3:
        yield name, series
        return
    for number, channel in enumerate(_CHANNELS[: series.value.shape[2]]):
        yield f"{name} {channel}", replace(series, value=series.value[..., number])


def _on(axis: Axis, values: Numbers, *, by_ticks: bool) -> _Column:
    """Return what *values* mean on *axis*: times, spans of time, or the names of categories."""
    if is_date(axis):
        return _Column(times_of(axis, values), _known_everywhere(zone_of(axis)))
    if unit_us := span_us(axis):
        return _Column(spans_of(values, unit_us))
    names = categories(axis)
    if not names and by_ticks and values.size:
        ticks = named_places(axis)
        names = ticks if all(round(place, 6) in ticks for place in np.unique(values).tolist()) else {}
    if not names:
        return _Column(values.copy())
    named = [names.get(place, None if np.isnan(place) else place) for place in values.ravel().tolist()]
    cells = np.empty(len(named), dtype=object)
    cells[:] = named
    return _Column(cells.reshape(values.shape))


def _known_everywhere(zone: tzinfo | None) -> tzinfo | None:
    """Return *zone* as a process with other modules has it too, or UTC, in which the times are the same."""
    if zone is None or isinstance(zone, timezone) or type(zone).__module__.startswith("dateutil."):
        return zone
    try:
        return ZoneInfo(str(zone))  # so is pytz's Europe/Berlin named, too
    except (KeyError, ValueError, OSError):
        return UTC
