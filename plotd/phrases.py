"""Plain words for numbers, dates, labels, axes and series. Knows no whole figure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from plotd.axes import is_date, iso_date
from plotd.series import Numbers, Series, named_places

_MOST_NAMED = 12
_LONGEST_LABEL = 80
_MARKUP = re.compile(r"\\(?:math|text)[a-z]+|[$\\{}]")
_SCALES = {"linear": "", "log": ", logarithmic"}


def plain(label: str) -> str:
    """Return *label* on one line, without the markup of mathtext, and not too long."""
    text = label.replace(r"\$", "\0")
    if "$" in text and text.count("$") % 2 == 0:
        text = _MARKUP.sub("", text)
    text = " ".join(text.replace("\0", "$").split())
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1].rstrip() + "…"


def quoted(label: str) -> str:
    """Return *label* as `plain` does, in quotes."""
    return f'"{plain(label)}"'


def listed(words: Sequence[str]) -> str:
    """Return the first of *words* with commas, and how many more there are."""
    rest = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def sentence(words: str) -> str:
    """Return *words* with a capital and a full stop."""
    return stopped(words[:1].upper() + words[1:])


def stopped(words: str) -> str:
    """Return *words* with a full stop, unless they end with a mark of their own."""
    return words if words.endswith((".", "!", "?", "…")) else words + "."


def number(value: float) -> str:
    """Return *value* with four digits that count, or with all those before the point: 12,345, 0.1235, 1.5e-07."""
    size = abs(value)
    if not (size == 0 or 1e-4 <= size < 1e15):
        return f"{value:.4g}"
    decimals = max(0, 3 - math.floor(math.log10(size))) if size else 0
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def of_value(axis: Axis, value: float) -> str:
    """Return *value* as *axis* means it: on a date axis, the date."""
    if is_date(axis) and (date := iso_date(axis, value)):
        return re.sub(r"\.\d+", "", date).replace("T", " ").removesuffix(" 00:00:00")
    return number(value)


def of_axis(axis: Axis, limits: tuple[float, float], name: str) -> str:
    """Say of *axis*, which is to be called *name*: its label, its range or the names on it, its scale."""
    low, high = sorted(float(limit) for limit in limits)
    label = axis.get_label_text()
    words = f"{name} {quoted(label)}" if label else name
    if names := [text for place, text in named_places(axis).items() if low <= place <= high]:
        return f"{words} with {listed([plain(text) for text in names])}"
    scale = _SCALES.get(axis.get_scale(), f", {axis.get_scale()} scale")
    turned = ", reversed" if limits[0] > limits[1] else ""
    return f"{words} from {of_value(axis, low)} to {of_value(axis, high)}{scale}{turned}"


def of_series(axes: Axes, series: Series, where: str = "") -> str:
    """Say of *series*, which is plotted in *axes*: its kind, label, number of points, range and last value."""
    name = (f"{series.kind} {quoted(series.label)}" if series.label else series.kind) + where
    told = _TELLERS.get(series.kind, _tell_points)(axes, series)
    return f"{name}: {told}" if told else name


def _tell_points(axes: Axes, series: Series) -> str:
    in_space = hasattr(axes, "zaxis")
    axis, heights = (axes.zaxis, series.value) if in_space else (axes.yaxis, series.y)  # type: ignore[attr-defined]
    seen = np.isfinite(heights) & np.isfinite(series.x)
    heights = heights[seen]
    if not heights.size:
        return "no points"
    if heights.size == 1:
        place = [of_value(axes.xaxis, series.x[seen][0]), of_value(axes.yaxis, series.y[seen][0])]
        return f"one point at {', '.join(place + [number(heights[0])] * in_space)}"
    colors = "" if in_space else _spread(series.value, ", coloured")
    return f"{heights.size:,} points, {_range_and_last(axis, heights)}{colors}"


def _tell_bars(axes: Axes, series: Series) -> str:
    lying = series.kind == "lying bars"
    axis, places = (axes.yaxis, series.y) if lying else (axes.xaxis, series.x)
    seen = np.isfinite(series.value)
    heights, places = series.value[seen], places[seen]
    if not heights.size:
        return "no bars"
    if series.names:
        named = zip(series.names, series.value, strict=True)
        return listed([f"{plain(name)} {number(height)}" for name, height in named])
    highest = f"highest {number(heights.max())} at {of_value(axis, places[heights.argmax()])}"
    return f"{heights.size:,} bars, lowest {number(heights.min())}, {highest}, last {number(heights[-1])}"


def _tell_mark(axes: Axes, series: Series) -> str:
    place, axis = (series.x, axes.xaxis) if series.x.size else (series.y, axes.yaxis)
    return f"at {of_value(axis, place[0])}" if place.size and np.isfinite(place[0]) else ""


def _tell_image(axes: Axes, series: Series) -> str:
    if series.value.ndim < 2:
        return ""
    rows, columns = series.value.shape[:2]
    if series.value.ndim == 3:
        return f"{columns:,} pixels wide and {rows:,} high"
    return f"{rows:,} rows and {columns:,} columns{_spread(series.value, ', values')}"


def _tell_cells(axes: Axes, series: Series) -> str:
    return f"{series.value.size:,} of them{_spread(series.value, ', values')}"


def _tell_levels(axes: Axes, series: Series) -> str:
    return f"{series.value.size:,} levels{_spread(series.value, '')}"


def _tell_extent(axes: Axes, series: Series) -> str:
    heights = series.y[np.isfinite(series.y)]
    return _range(axes.yaxis, heights) if heights.size else ""


def _tell_steps(axes: Axes, series: Series) -> str:
    heights = series.y[np.isfinite(series.y)]
    if not heights.size:
        return "no steps"
    return f"{heights.size:,}, {_range_and_last(axes.yaxis, heights)}"


def _tell_pie(axes: Axes, series: Series) -> str:
    shares = zip(series.names, series.value, strict=True)
    return listed([f"{plain(name)} {share:.1%}".strip() for name, share in shares])


def _tell_nothing(axes: Axes, series: Series) -> str:
    return ""


_TELLERS: dict[str, Callable[[Axes, Series], str]] = {
    "bars": _tell_bars,
    "lying bars": _tell_bars,
    "adjoining bars": _tell_bars,
    "horizontal line": _tell_mark,
    "vertical line": _tell_mark,
    "image": _tell_image,
    "cells": _tell_cells,
    "contours": _tell_levels,
    "shaded area": _tell_extent,
    "line segments": _tell_extent,
    "steps": _tell_steps,
    "pie": _tell_pie,
    "surface": _tell_nothing,
    "standing bars": _tell_nothing,
    "thing that can't be described": _tell_nothing,
    "shape": _tell_nothing,
    "shapes": _tell_nothing,
}


def _range(axis: Axis, values: Numbers) -> str:
    lowest, highest = of_value(axis, values.min()), of_value(axis, values.max())
    return f"all at {lowest}" if lowest == highest else f"lowest {lowest}, highest {highest}"


def _range_and_last(axis: Axis, values: Numbers) -> str:
    noise = 1e-12 * np.abs(values).max()
    last = 0.0 if abs(values[-1]) < noise else values[-1]  # what floats leave of a zero says nothing
    words = _range(axis, values)
    return words if words.startswith("all") else f"{words}, last {of_value(axis, last)}"


def _spread(values: Numbers, what: str) -> str:
    seen = values[np.isfinite(values)]
    return f"{what} from {number(seen.min())} to {number(seen.max())}" if seen.size else ""
