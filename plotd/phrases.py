"""Plain words for what is plotted: how much there is, where it begins and ends, lowest and highest. Knows no figure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis

from plotd.series import Numbers, Series
from plotd.wording import counted, listed, number, of_place, of_value, plain, quoted

_FEW = 10  # points; of fewer one can't say how they tend
_TENDENCY = 0.5  # of correlation, from which on a cloud of points is seen to rise or fall


def of_series(axes: Axes, series: Series, where: str = "") -> str:
    """Say of *series*, which is plotted in *axes*: its kind, label, number of points, course or range, last value."""
    name = (f"{series.kind} {quoted(series.label)}" if series.label else series.kind) + where
    told = _TELLERS.get(series.kind, _tell_points)(axes, series)
    return f"{name}: {told}" if told else name


def of_range(axis: Axis, values: Numbers) -> str:
    """Say what the lowest and the highest of *values* are, of which there must be one."""
    lowest, highest = of_value(axis, values.min()), of_value(axis, values.max())
    return f"all at {lowest}" if lowest == highest else f"lowest {lowest}, highest {highest}"


def _tell_points(axes: Axes, series: Series) -> str:
    in_space = hasattr(axes, "zaxis")
    axis, heights = (axes.zaxis, series.value) if in_space else (axes.yaxis, series.y)  # type: ignore[attr-defined]
    if heights.size != series.x.size:
        return ""
    seen = np.isfinite(heights) & np.isfinite(series.x)
    places, heights = series.x[seen], _without_noise(axis, heights[seen])
    if not heights.size:
        return "no points"
    if heights.size == 1:
        place = [of_value(axes.xaxis, places[0]), of_value(axes.yaxis, series.y[seen][0])]
        return f"one point at {', '.join(place + [number(heights[0])] * in_space)}"
    colors = "" if in_space else _spread(series.value, ", values")
    in_order = not in_space and bool((np.diff(places) >= 0).all())
    told = _course(axes.xaxis, axis, places, heights) if in_order else _cloud(axes.xaxis, axis, places, heights)
    return f"{counted(heights.size, 'point')}, {told}{colors}"


def _course(x_axis: Axis, axis: Axis, places: Numbers, heights: Numbers) -> str:
    """Say where points in order begin and end, and where they are lowest and highest if that is in between."""
    words = [of_value(axis, height) for height in (heights[0], heights[-1], heights.min(), heights.max())]
    first, last, lowest, highest = words
    if lowest == highest:
        return f"all at {lowest}"
    scaled = _scaled(axis, heights)
    change = (scaled[-1] - scaled[0]) / (scaled.max() - scaled.min() or 1)
    verb = "goes" if abs(change) < 0.5 else "rises" if change > 0 else "falls"
    told = f"begins and ends at {first}" if first == last else f"{verb} from {first} to {last}"
    if lowest not in (first, last):
        told += f", lowest {lowest} at {of_place(x_axis, places[heights.argmin()])}"
    if highest not in (first, last):
        told += f", highest {highest} at {of_place(x_axis, places[heights.argmax()])}"
    return told


def _cloud(x_axis: Axis, axis: Axis, places: Numbers, heights: Numbers) -> str:
    """Say between what values points in no order lie, and whether they tend to rise or fall."""
    told = of_range(axis, heights)
    if told.startswith("all"):
        return told
    told += f", last {of_value(axis, heights[-1])}"
    x, y = _scaled(x_axis, places), _scaled(axis, heights)
    if x.size < _FEW or np.ptp(x) == 0 or np.ptp(y) == 0:
        return told
    correlation = np.corrcoef(x, y)[0, 1]
    if abs(correlation) < _TENDENCY:
        return told
    return f"{told}, tending to {'rise' if correlation > 0 else 'fall'} to the right"


def _tell_bars(axes: Axes, series: Series) -> str:
    lying = "horizontal" in series.kind
    axis, places = (axes.yaxis, series.y) if lying else (axes.xaxis, series.x)
    length_axis, ends = (axes.xaxis, series.x) if lying else (axes.yaxis, series.y)
    seen = np.isfinite(series.value)
    ends, places = ends[seen], places[seen]
    if not ends.size:
        return "no bars"
    if series.names:
        names = np.array(series.names)[seen]
        return listed([f"{plain(name)} {of_value(length_axis, end)}" for name, end in zip(names, ends, strict=True)])
    if ends.size == 1:
        return f"one bar, {of_value(length_axis, ends[0])} at {of_place(axis, places[0])}"
    lowest, highest, last = (of_value(length_axis, end) for end in (ends.min(), ends.max(), ends[-1]))
    if lowest == highest:
        return f"{ends.size:,} bars, all {lowest}"
    where = f"at {of_place(axis, places[ends.argmax()])}"
    if "adjoining" in series.kind and series.low.size and series.along == ("y" if lying else "x"):
        where = _bin(axis, series, int(np.flatnonzero(seen)[ends.argmax()]))
    return f"{ends.size:,} bars, lowest {lowest}, highest {highest} {where}, last {last}"


def _tell_steps(axes: Axes, series: Series) -> str:
    standing = series.along == "x"
    bins, axis = (axes.xaxis, axes.yaxis) if standing else (axes.yaxis, axes.xaxis)
    levels = series.y if standing else series.x
    seen = levels[np.isfinite(levels)]
    if not seen.size:
        return "no steps"
    told = of_range(axis, seen)
    if not told.startswith("all"):
        told += f" {_bin(bins, series, int(np.nanargmax(levels)))}, last {of_value(axis, seen[-1])}"
    return f"{counted(seen.size, 'step')}, {told}"


def _bin(axis: Axis, series: Series, which: int) -> str:
    return f"from {of_value(axis, series.low[which])} to {of_value(axis, series.high[which])}"


def _tell_boxes(axes: Axes, series: Series) -> str:
    standing = series.along == "y"
    places, axis = (axes.xaxis, axes.yaxis) if standing else (axes.yaxis, axes.xaxis)
    place, medians = (series.x, series.y) if standing else (series.y, series.x)
    names = [plain(name) for name in series.names] or [f"at {of_value(places, one)}" for one in place]
    numbers = [[of_value(axis, one) for one in each] for each in (medians, series.low, series.high)]
    told = zip(names, *numbers, strict=True)
    return listed([f"{name} with median {median} and half from {low} to {high}" for name, median, low, high in told])


def _tell_reach(axes: Axes, series: Series) -> str:
    axis = axes.yaxis if series.along == "y" else axes.xaxis
    seen = np.isfinite(series.low) & np.isfinite(series.high)
    if not seen.any():
        return ""
    return f"from {of_value(axis, series.low[seen].min())} to {of_value(axis, series.high[seen].max())} in all"


def _tell_violins(axes: Axes, series: Series) -> str:
    standing = series.along == "y"
    places, axis = (axes.xaxis, axes.yaxis) if standing else (axes.yaxis, axes.xaxis)
    place, widest = (series.x, series.y) if standing else (series.y, series.x)
    names = [plain(name) for name in series.names] or [f"at {of_value(places, one)}" for one in place]
    numbers = [[of_value(axis, one) for one in each] for each in (series.low, series.high, widest)]
    told = zip(names, *numbers, strict=True)
    return listed([f"{name} from {low} to {high}, widest at {most}" for name, low, high, most in told])


def _tell_outliers(axes: Axes, series: Series) -> str:
    axis, heights = (axes.yaxis, series.y) if series.along == "y" else (axes.xaxis, series.x)
    return f"{heights.size:,}, {of_range(axis, heights)}"


def _tell_mark(axes: Axes, series: Series) -> str:
    place, axis = (series.x, axes.xaxis) if series.x.size else (series.y, axes.yaxis)
    return f"at {of_value(axis, place[0])}" if place.size and np.isfinite(place[0]) else ""


def _tell_band(axes: Axes, series: Series) -> str:
    axis = axes.xaxis if series.along == "x" else axes.yaxis
    return f"from {of_value(axis, series.low[0])} to {of_value(axis, series.high[0])}"


def _tell_image(axes: Axes, series: Series) -> str:
    if series.value.ndim < 2:
        return ""
    rows, columns = series.value.shape[:2]
    if series.value.ndim == 3:
        return f"{columns:,} pixels wide and {rows:,} high"
    told = f"{counted(rows, 'row')} and {counted(columns, 'column')}{_spread(series.value, ', values')}"
    if not series.x.size or not np.isfinite(series.value).any():
        return told
    highest = np.argwhere(series.value == np.nanmax(series.value))
    if len(highest) > 1:
        return told
    row, column = highest[0]
    return f"{told}, highest at {of_place(axes.xaxis, series.x[0, column])}, {of_place(axes.yaxis, series.y[row, 0])}"


def _tell_cells(axes: Axes, series: Series) -> str:
    if series.value.ndim > 2:  # these are their colours
        return f"{series.x.size:,} of them"
    return f"{series.value.size:,} of them{_spread(series.value, ', values')}"


def _tell_levels(axes: Axes, series: Series) -> str:
    levels = np.unique(series.value[np.isfinite(series.value)])
    return f"{counted(levels.size, 'level')}{_spread(levels, '')}"


def _tell_bands(axes: Axes, series: Series) -> str:
    bands = np.unique(series.low[np.isfinite(series.value)])
    return f"{counted(bands.size, 'band')}{_spread(np.concatenate([bands, series.high]), '')}"


def _tell_extent(axes: Axes, series: Series) -> str:
    if series.value.size and hasattr(axes, "zaxis"):
        return _spread(series.value, "heights")
    ends = np.concatenate([series.low, series.high])
    heights = np.concatenate([series.y, ends]) if series.along == "y" else series.y
    seen, places = heights[np.isfinite(heights)], series.x[np.isfinite(series.x)]
    if not seen.size:
        return ""
    told = of_range(axes.yaxis, seen)
    if series.kind != "shaded area" or not places.size or series.along != "y":
        return told
    return f"{told}, for x from {of_value(axes.xaxis, places.min())} to {of_value(axes.xaxis, places.max())}"


def _tell_spans(axes: Axes, series: Series) -> str:
    ends = of_value(axes.xaxis, series.low.min()), of_value(axes.xaxis, series.high.max())
    return f"{series.low.size:,} of them between {ends[0]} and {ends[1]}"


def _tell_events(axes: Axes, series: Series) -> str:
    varying, axis = (series.x, axes.xaxis) if np.ptp(series.x) > 0 else (series.y, axes.yaxis)
    return f"{series.x.size:,} of them from {of_value(axis, varying.min())} to {of_value(axis, varying.max())}"


def _tell_arrows(axes: Axes, series: Series) -> str:
    return f"{series.value.size:,} of them{_spread(series.value, ', lengths')}"


def _tell_pie(axes: Axes, series: Series) -> str:
    shares = zip(series.names, series.value, strict=True)
    return listed([f"{plain(name)} {share:.1%}".strip() for name, share in shares])


def _tell_surface(axes: Axes, series: Series) -> str:
    return _spread(series.value, "heights")


def _tell_nothing(axes: Axes, series: Series) -> str:
    return ""


_TELLERS: dict[str, Callable[[Axes, Series], str]] = {
    "bars": _tell_bars,
    "horizontal bars": _tell_bars,
    "adjoining bars": _tell_bars,
    "adjoining horizontal bars": _tell_bars,
    "spans": _tell_spans,
    "boxes": _tell_boxes,
    "whiskers": _tell_reach,
    "error bars along x": _tell_reach,
    "violins": _tell_violins,
    "outliers": _tell_outliers,
    "means": _tell_outliers,
    "horizontal line": _tell_mark,
    "vertical line": _tell_mark,
    "horizontal band": _tell_band,
    "vertical band": _tell_band,
    "image": _tell_image,
    "cells": _tell_cells,
    "contours": _tell_levels,
    "filled contours": _tell_bands,
    "shaded area": _tell_extent,
    "error bars": _tell_extent,
    "line segments": _tell_extent,
    "events": _tell_events,
    "arrows": _tell_arrows,
    "outline": _tell_extent,
    "steps": _tell_steps,
    "pie": _tell_pie,
    "surface": _tell_surface,
    "standing bars": _tell_nothing,
    "thing that can't be described": _tell_nothing,
    "shape": _tell_nothing,
    "shapes": _tell_nothing,
}


def _scaled(axis: Axis, values: Numbers) -> Numbers:
    """Return *values* as *axis* spaces them, so that a course is what is seen of it; as they are, if it can't."""
    with np.errstate(all="ignore"):
        scaled = np.asarray(axis.get_transform().transform(np.asarray(values, dtype=np.float64)))
    return scaled if np.isfinite(scaled).all() else np.asarray(values, dtype=np.float64)


def _without_noise(axis: Axis, values: Numbers) -> Numbers:
    """Return *values* with zeros for what floats leave of a zero, which says nothing; a log axis has no zero."""
    if axis.get_scale() != "linear":
        return values
    return np.where(np.abs(values) < 1e-12 * np.abs(values).max(initial=0), 0, values)


def _spread(values: Numbers, what: str) -> str:
    seen = values[np.isfinite(values)]
    return f"{what} from {number(seen.min())} to {number(seen.max())}" if seen.size else ""
