"""How high and low data reaches between the x limits of its axes. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cbook import STEP_LOOKUP_MAP
from matplotlib.collections import Collection, PathCollection, QuadMesh
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.path import Path
from numpy.typing import NDArray

Points = NDArray[np.float64]  # of shape (n, 2), in data units; NaN where a line is interrupted

_NO_LINE = ("None", "none", " ", "", None)


def visible_range(axes: Axes, family: Sequence[Axes]) -> tuple[float, float] | None:
    """Return the y limits, with the margin of *axes*, that fit what is visible in *family*, which share its y axis.

    None if there is nothing to be seen.
    """
    scaled = [found for one in family for found in _scaled_ranges(one)]
    if not scaled:
        return None
    low, high = min(low for low, _ in scaled), max(high for _, high in scaled)
    transform = axes.yaxis.get_transform()
    ends = transform.inverted().transform([low, high])
    if low == high:
        start, end = axes.yaxis.get_major_locator().nonsingular(*ends)
        return float(start), float(end)
    margin = (high - low) * axes.get_ymargin()
    sticky = _sticky(family) if axes.use_sticky_edges else np.empty(0)
    wide = transform.inverted().transform([low - margin, high + margin])
    start, end = (own if np.isclose(sticky, own).any() else far for own, far in zip(ends, wide, strict=True))
    return float(start), float(end)


def _scaled_ranges(axes: Axes) -> Iterator[tuple[float, float]]:
    """Yield how low and high each artist of *axes* reaches where it is visible, in the units of the axis' scale."""
    left, right = sorted(axes.xaxis.get_transform().transform(np.asarray(axes.get_xlim())))
    for artist in (*axes.lines, *axes.patches, *axes.collections, *axes.images):
        if not artist.get_visible():
            continue
        for points, is_joined in _read(axes, artist):
            heights = _between(
                _scaled(axes.xaxis, points[:, 0]), _scaled(axes.yaxis, points[:, 1]), left, right, is_joined
            )
            heights = heights[np.isfinite(heights)]
            if heights.size:
                yield float(heights.min()), float(heights.max())


def _scaled(axis: Axis, values: Points) -> Points:
    """Return *values* in the units of the axis' scale; NaN where that has no place for them."""
    low, high = {"log": (0.0, np.inf), "logit": (0.0, 1.0)}.get(axis.get_scale(), (-np.inf, np.inf))
    scaled: Points = axis.get_transform().transform(np.where((values > low) & (values < high), values, np.nan))
    return scaled


def _between(x: Points, y: Points, left: float, right: float, is_joined: bool) -> Points:
    """Return the heights of the points from *left* to *right*, and of the line that joins them where it enters them."""
    heights = [y[(x >= left) & (x <= right)]]
    if is_joined and len(x) > 1:
        for edge in (left, right):
            with np.errstate(all="ignore"):
                share = (edge - x[:-1]) / (x[1:] - x[:-1])
                crosses = (share > 0) & (share < 1)
                heights.append((y[:-1] + share * (y[1:] - y[:-1]))[crosses])
    return np.concatenate(heights)


def _read(axes: Axes, artist: Artist) -> list[tuple[Points, bool]]:
    try:
        return list(_shapes(axes, artist))
    except (AttributeError, LookupError, TypeError, ValueError):  # other libraries' may lack what matplotlib's have
        return []


def _shapes(axes: Axes, artist: Artist) -> Iterator[tuple[Points, bool]]:
    """Yield the points of *artist*, and whether a line joins them; nothing of what isn't placed by data upwards."""
    across, upwards = artist.get_transform().contains_branch_seperately(axes.transData)
    if isinstance(artist, PathCollection):
        if all(artist.get_offset_transform().contains_branch_seperately(axes.transData)):
            yield _points(artist.get_offsets()), False
        return
    if not upwards:
        return
    for points, is_joined in _outlines(artist):
        if across:
            yield points, is_joined
        else:  # it reaches from side to side, as axhline does
            yield np.column_stack((np.full(len(points), axes.get_xlim()[0]), points[:, 1])), False


def _outlines(artist: Any) -> Iterator[tuple[Points, bool]]:
    if isinstance(artist, Line2D):
        x, y = artist.get_xdata(orig=False), artist.get_ydata(orig=False)
        if artist.get_drawstyle() != "default":
            x, y = STEP_LOOKUP_MAP[artist.get_drawstyle()](x, y)
        yield _points(np.ma.column_stack((x, y))), artist.get_linestyle() not in _NO_LINE
    elif isinstance(artist, Patch):
        yield _outline(artist.get_path().transformed(artist.get_patch_transform())), True
    elif isinstance(artist, AxesImage):
        left, right, bottom, top = artist.get_extent()
        yield np.array([(left, bottom), (right, bottom), (right, top), (left, top)], dtype=np.float64), True
    elif isinstance(artist, QuadMesh):
        corners = np.asarray(artist.get_coordinates())
        yield _points(corners.reshape(-1, 2)), False
        yield _points(corners[0]), True
        yield _points(corners[-1]), True
    elif isinstance(artist, Collection):
        places = _points(artist.get_offsets())
        if places.any():  # a hexbin moves its one path to each of its cells
            yield places, False
        else:
            yield from ((_outline(path), True) for path in artist.get_paths())


def _outline(path: Path) -> Points:
    """Return the corners of *path*, with a gap wherever it is interrupted."""
    points, codes = _points(path.vertices), np.asarray(path.codes)
    if path.codes is None or not len(points):
        return points
    parts: list[Points] = []
    starts = [*np.flatnonzero(codes == Path.MOVETO), len(points)]
    for begin, end in pairwise(starts):
        part = points[begin:end].copy()
        part[codes[begin:end] == Path.CLOSEPOLY] = part[0]
        parts += [part, np.full((1, 2), np.nan)]
    return np.concatenate(parts) if parts else points


def _sticky(family: Sequence[Axes]) -> Points:
    """Return the heights at which there is to be no margin, as below a bar."""
    return np.array([edge for axes in family for artist in axes.get_children() for edge in artist.sticky_edges.y])


def _points(values: object) -> Points:
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan).reshape(-1, 2)
