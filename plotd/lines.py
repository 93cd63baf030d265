"""The numbers behind one line, in the plane or in space."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from plotd.series import NO_NUMBERS, Numbers, Series, numbers


def of_line(line: Line2D) -> Series:
    """Return what *line* joins or marks; in space, *value* is the height."""
    kind = "points" if line.get_linestyle() in ("None", "none", " ", "") else "line"
    if hasattr(line, "get_data_3d"):  # its flat coordinates are but where it was projected to
        return of_points(kind, "", *line.get_data_3d())
    x = _as_given(line.get_xdata(orig=True), line.get_xdata(orig=False))
    return of_points(kind, "", x, _as_given(line.get_ydata(orig=True), line.get_ydata(orig=False)))


def of_points(kind: str, label: str, x: object, y: object, value: object = NO_NUMBERS) -> Series:
    """Return a series of points."""
    return Series(kind, label, numbers(x), numbers(y), numbers(value))


def of_line_in(axes: Axes, line: Line2D) -> Series:
    """Read a line; one whose x or y is no data, as axhline makes it, is but a mark at a place."""
    series = of_line(line)
    if axes.name == "3d":
        return series
    x_is_data, y_is_data = line.get_transform().contains_branch_seperately(axes.transData)
    if x_is_data and y_is_data:
        return series
    if y_is_data:
        return Series("horizontal line", y=series.y[:1])
    return Series("vertical line", x=series.x[:1]) if x_is_data else Series("shape")


def _as_given(given: Any, converted: Any) -> Numbers:
    """Return the numbers that were given, if they are integers: matplotlib makes floats of them."""
    kind = getattr(getattr(given, "dtype", None), "kind", "")
    if kind in ("i", "u") and not np.ma.is_masked(given) and np.array_equal(given, converted):
        return numbers(np.asarray(given))
    return numbers(converted)
