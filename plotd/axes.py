"""Where a figure's axes are and what their pixels mean, so that a client can turn a pixel into data. Draws nothing."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any, Literal

import numpy as np
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from plotd.series import categories, harmless, named_places

Box = tuple[float, float, float, float]

_DATE_FORMATTERS = (mdates.DateFormatter, mdates.AutoDateFormatter, mdates.ConciseDateFormatter)
_SCALE_PARAMETERS = ("base", "linthresh", "linscale", "linear_width")
_MOST_NAMES = 1000


@dataclass(frozen=True, slots=True)
class AxisDescription:
    """One direction of an axes.

    *limits* are in data units, first the one at the left or at the bottom: a reversed axis has the larger one first.
    *scale* is matplotlib's name for it and *parameters* what it needs: ``base`` of a log scale; ``base``, ``linthresh``
    and ``linscale`` of a symlog one. *dates* are the *limits* of a date axis in ISO 8601, with an offset if the data
    has a time zone; None for numbers, and for dates that no calendar has. *names* are what some numbers are called:
    categories, and ticks that were given words. *shared* is the number of the first axes whose limits these are too:
    its own, if it shares them with none before.
    """

    label: str
    limits: tuple[float, float]
    scale: str
    parameters: tuple[tuple[str, float], ...]
    unit: Literal["number", "date"]
    dates: tuple[str, str] | None
    names: tuple[tuple[float, str], ...]
    shared: int

    def as_json(self, letter: str) -> dict[str, object]:
        """Return it with the keys ``xlim``, ``xscale``, ``xunit``, ``xlabel``, ``xshared``, for *letter* x.

        There are ``xbase`` and the like where the scale has parameters, ``xdates`` where the limits are dates, and
        ``xnames`` where there are names.
        """
        named: dict[str, object] = {"lim": list(self.limits), "scale": self.scale, **dict(self.parameters)}
        named |= {"unit": self.unit, "label": self.label, "shared": self.shared}
        if self.dates:
            named["dates"] = list(self.dates)
        if self.names:
            named["names"] = [list(name) for name in self.names]
        return {letter + name: value for name, value in named.items()}


@dataclass(frozen=True, slots=True)
class AxesDescription:
    """One axes; *box* is (left, top, right, bottom) in pixels, from the left top corner of the picture.

    In the *projection* ``"rectilinear"``, a pixel lies between the edges of *box* as its data point lies between the
    limits, all three put through the scale. *aspect* is how much higher a unit of y is than one of x is wide, if that
    was fixed.
    """

    box: Box
    title: str
    x: AxisDescription
    y: AxisDescription
    projection: str
    is_colorbar: bool
    aspect: float | None

    def moved(self, right_px: float, down_px: float, before: int) -> AxesDescription:
        """Return what holds in a picture that shows this one that much further right and down, *before* axes later."""
        left, top, right, bottom = self.box
        return replace(
            self,
            box=(left + right_px, top + down_px, right + right_px, bottom + down_px),
            x=replace(self.x, shared=self.x.shared + before),
            y=replace(self.y, shared=self.y.shared + before),
        )

    def as_json(self) -> dict[str, object]:
        """Return box, title, projection, colorbar and aspect, and both axes as in `AxisDescription.as_json`."""
        return {
            "box": [round(edge, 3) for edge in self.box],
            "title": self.title,
            "projection": self.projection,
            "colorbar": self.is_colorbar,
            "aspect": self.aspect,
            **self.x.as_json("x"),
            **self.y.as_json("y"),
        }


def describe_axes(figure: Figure, height: float, zoom: float = 1.0) -> tuple[AxesDescription, ...]:
    """Describe the visible axes of *figure*, in drawing order, just after it was drawn.

    *height* is that of the drawing in the figure's pixels, of which each has *zoom* pixels of the picture.
    """
    numbers = {axes: number for number, axes in enumerate(visible_axes(figure))}
    return tuple(_describe(axes, numbers, height, zoom) for axes in numbers)


def visible_axes(figure: Figure) -> Iterator[Axes]:
    """Yield the axes that are drawn, in drawing order, each before its insets."""
    return _with_insets(sorted(figure.axes, key=lambda axes: axes.get_zorder()))


def is_colorbar(axes: Axes) -> bool:
    """Whether *axes* shows what the colours of another one mean."""
    return hasattr(axes, "_colorbar") or axes.get_label() == "<colorbar>"


def is_date(axis: Axis) -> bool:
    """Whether the numbers of *axis* stand for dates: days since 1970, or pandas' periods."""
    if period_of(axis) is not None:
        return True
    by_ticks = isinstance(axis.get_major_locator(), mdates.DateLocator)
    return by_ticks or isinstance(axis.get_major_formatter(), _DATE_FORMATTERS)


def iso_date(axis: Axis, value: float) -> str | None:
    """Return the date that *value* stands for on *axis*, in ISO 8601; None if no calendar has it."""
    try:
        if (freq := period_of(axis)) is not None:
            return _period_time(freq, value)
        return _day_time(value, axis.get_units())  # type: ignore[no-untyped-call]
    except (ValueError, OverflowError):
        return None


def title_of(axes: Axes) -> str:
    """Return the title of *axes*, with what stands at its left and right."""
    titles = (axes.get_title(loc=place) for place in ("left", "center", "right"))
    return harmless(" ".join(title for title in titles if title))


def _with_insets(family: Iterable[Any]) -> Iterator[Axes]:  # child_axes may hold secondary axes, which are no Axes
    for axes in family:
        if isinstance(axes, Axes) and axes.get_visible():
            yield axes
            yield from _with_insets(axes.child_axes)


def _describe(axes: Axes, numbers: Mapping[Axes, int], height: float, zoom: float) -> AxesDescription:
    def first(family: Iterable[Axes]) -> int:
        return min(numbers[one] for one in family if one in numbers)

    aspect = axes.get_aspect()
    bounds = axes.get_window_extent()
    left, right = sorted((bounds.x0 * zoom, bounds.x1 * zoom))
    top, bottom = sorted(((height - bounds.y0) * zoom, (height - bounds.y1) * zoom))
    return AxesDescription(
        box=(float(left), float(top), float(right), float(bottom)),
        title=title_of(axes),
        x=_describe_axis(axes.xaxis, axes.get_xlim(), first(axes.get_shared_x_axes().get_siblings(axes))),
        y=_describe_axis(axes.yaxis, axes.get_ylim(), first(axes.get_shared_y_axes().get_siblings(axes))),
        projection=axes.name,
        is_colorbar=is_colorbar(axes),
        aspect=None if isinstance(aspect, str) else float(aspect),
    )


def _describe_axis(axis: Axis, limits: tuple[float, float], shared: int) -> AxisDescription:
    low, high = float(limits[0]), float(limits[1])
    transform = axis.get_transform()
    parameters = ((name, getattr(transform, name, None)) for name in _SCALE_PARAMETERS)
    date = is_date(axis)
    ends = (iso_date(axis, low), iso_date(axis, high)) if date else (None, None)
    return AxisDescription(
        label=harmless(axis.get_label_text()),
        limits=(low, high),
        scale=axis.get_scale(),
        parameters=tuple((name, float(value)) for name, value in parameters if value is not None),
        unit="date" if date else "number",
        dates=(ends[0], ends[1]) if ends[0] and ends[1] else None,
        names=_names(axis),
        shared=shared,
    )


def _names(axis: Axis) -> tuple[tuple[float, str], ...]:
    were_put = bool(categories(axis)) or isinstance(axis.get_major_locator(), FixedLocator)
    names = named_places(axis) if were_put else {}  # elsewhere, a formatter has words for any number
    return tuple(names.items()) if len(names) <= _MOST_NAMES else ()


def period_of(axis: Axis) -> Any:  # pandas' own type: whoever plots without pandas needs none
    """Return the frequency that pandas gave to *axis*; its numbers then count periods of it. None for all others."""
    # An axis of spans of time has one, too, but no converter: its numbers count something else.
    return getattr(axis, "freq", None) if axis.get_converter() is not None else None


def span_us(axis: Axis) -> float:
    """Return how many microseconds the numbers of *axis* count, if pandas shows them as spans of time; 0 if not."""
    formatter = axis.get_major_formatter()
    if not hasattr(formatter, "format_timedelta_ticks"):
        return 0.0
    return {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}[getattr(formatter, "unit", "ns")]


def _day_time(days: float, units: object) -> str:
    """Return the time that many *days* after 1970: in its zone, if the data has one; else without, as the data is."""
    aware = mdates.num2date(days, tz=units if isinstance(units, tzinfo) else UTC)  # type: ignore[no-untyped-call]
    return str((aware if isinstance(units, tzinfo) else aware.replace(tzinfo=None)).isoformat())


def _period_time(freq: Any, value: float) -> str:
    if freq == "B":  # business days, as periods, are something that pandas gives up
        return f"{np.busday_offset(np.datetime64('1970-01-01', 'D'), math.floor(value), roll='forward')}T00:00:00"
    pandas = sys.modules["pandas"]  # a figure with its periods has imported it
    period = pandas.Period(ordinal=math.floor(value), freq=freq)
    start, following = period.start_time, (period + 1).start_time
    return str((start + (following - start) * (value % 1)).isoformat())
