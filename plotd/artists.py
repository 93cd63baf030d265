"""The numbers behind a picture, read out of its artists. Changes nothing, and guesses nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import (
    Collection,
    FillBetweenPolyCollection,
    LineCollection,
    PathCollection,
    PolyQuadMesh,
    QuadMesh,
)
from matplotlib.container import Container
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, NonUniformImage, PcolorImage
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle, StepPatch, Wedge
from matplotlib.quiver import Barbs, Quiver

from plotd import outlines
from plotd.axes import is_colorbar, visible_axes
from plotd.boxes import of_boxes
from plotd.groups import GROUPS, of_group, parts_of
from plotd.lines import of_line_in, of_points
from plotd.series import NO_NUMBERS, Numbers, Series, harmless, numbers, own_label

# Other libraries' artists may lack what matplotlib's have; the picture is worth more than its description.
STRANGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def read_figure(figure: Figure) -> dict[Axes, list[Series]]:
    """Return what is plotted in *figure*, by its axes; colour bars are but the key to others."""
    return {axes: read_series(axes) for axes in visible_axes(figure) if not is_colorbar(axes)}


def read_series(axes: Axes) -> list[Series]:
    """Return what is plotted in *axes* and visible, kind by kind, each in the order it was added."""
    groups = [container for container in axes.containers if isinstance(container, GROUPS)]
    grouped = {part for container in groups for part in parts_of(container)}
    single = chain(axes.lines, axes.collections, axes.images, axes.patches)
    artists = [artist for artist in single if artist.get_visible() and artist not in grouped]
    found = [series for container in groups if container for series in _read(of_group, axes, container)]
    boxes, taken = _boxes(axes, artists)
    found += [series for artist in artists if artist not in taken for series in _read(_of_artist, axes, artist)]
    return found + boxes + _pie([artist for artist in artists if isinstance(artist, Wedge)])


def _read(reader: Callable[[Axes, Any], Iterator[Series]], axes: Axes, thing: Artist | Container) -> list[Series]:
    try:
        return list(reader(axes, thing))
    except STRANGE:
        return [Series("thing that can't be described", own_label(thing))]


def _boxes(axes: Axes, artists: list[Artist]) -> tuple[list[Series], set[Artist]]:
    try:
        return of_boxes(axes, artists)
    except STRANGE:
        return [], set()


def _of_artist(axes: Axes, artist: Artist) -> Iterator[Series]:
    label = _label(axes, artist)
    if axes.name == "3d" and isinstance(artist, Collection):
        yield replace(_in_space(artist), label=label)
    elif isinstance(artist, Line2D):
        yield replace(of_line_in(axes, artist), label=label)
    elif isinstance(artist, AxesImage):
        yield replace(_image(axes, artist), label=label)
    elif isinstance(artist, Collection):
        yield replace(_collection(axes, artist), label=label)
    elif found := _patch(axes, artist):
        yield replace(found, label=label)
    elif label and not isinstance(artist, Wedge):
        yield Series("shape", label)


def _collection(axes: Axes, artist: Collection) -> Series:
    in_data = all(artist.get_transform().contains_branch_seperately(axes.transData))
    if isinstance(artist, PathCollection):
        return _points(artist)
    if isinstance(artist, Quiver | Barbs):
        return _arrows(axes, artist)
    if isinstance(artist, ContourSet):
        return outlines.of_contours(artist)
    if isinstance(artist, FillBetweenPolyCollection):
        return outlines.of_fill(artist) if in_data else Series("shaded area")
    if isinstance(artist, LineCollection):
        return outlines.of_segments(artist) if in_data else Series("line segments")
    if isinstance(artist, QuadMesh | PolyQuadMesh):
        return _mesh(artist)
    return _cells(axes, artist, in_data=in_data)


def _points(artist: PathCollection) -> Series:
    x, y = numbers(artist.get_offsets()).reshape(-1, 2).T
    value, sizes = _values(artist), numbers(artist.get_sizes())
    if not value.size and len(sizes) == len(x) and np.ptp(sizes) > 0:
        value = sizes
    return Series("points", x=x, y=y, value=value)


def _arrows(axes: Axes, artist: Quiver | Barbs) -> Series:
    if not all(artist.get_offset_transform().contains_branch_seperately(axes.transData)):
        return Series("arrows")
    x, y = numbers(artist.get_offsets()).reshape(-1, 2).T
    u, v = (artist.U, artist.V) if isinstance(artist, Quiver) else (artist.u, artist.v)
    return Series("arrows", x=x, y=y, value=numbers(np.ma.hypot(u, v)).ravel())


def _mesh(artist: QuadMesh | PolyQuadMesh) -> Series:
    corners, value = numbers(artist.get_coordinates()), _values(artist)
    channels = value.shape[2:]
    if value.size != math.prod(corners.shape[:2] + channels):  # there is a value at each corner in a smooth one
        corners = (corners[:-1] + corners[1:]) / 2
        corners = (corners[:, :-1] + corners[:, 1:]) / 2
    value = value.reshape(corners.shape[:2] + channels)
    return Series("cells", x=corners[..., 0], y=corners[..., 1], value=value)


def _cells(axes: Axes, artist: Collection, *, in_data: bool) -> Series:
    """Return the middles and values of cells of any shape, as hexbin has them."""
    value = _values(artist)
    if not value.size:
        return outlines.of_spans(artist) if in_data else Series("shapes")
    x, y = numbers(artist.get_offsets()).reshape(-1, 2).T
    if in_data:
        middles = np.array([np.unique(path.vertices, axis=0).mean(axis=0) for path in artist.get_paths()])
        x, y = x + middles[:, 0], y + middles[:, 1]
    elif not all(artist.get_offset_transform().contains_branch_seperately(axes.transData)):
        return Series("cells", value=value)
    return Series("cells", x=x, y=y, value=value) if len(x) == len(value) else Series("cells", value=value)


def _image(axes: Axes, artist: AxesImage) -> Series:
    value = _values(artist)
    if value.ndim < 2 or not all(artist.get_transform().contains_branch_seperately(axes.transData)):
        return Series("image", value=value)
    if isinstance(artist, NonUniformImage):
        return Series("image", x=numbers(artist._Ax)[None, :], y=numbers(artist._Ay)[:, None], value=value)  # type: ignore[attr-defined]
    if isinstance(artist, PcolorImage):
        x, y = (numbers(edges) for edges in (artist._Ax, artist._Ay))  # type: ignore[attr-defined]
        return Series("image", x=(x[1:] + x[:-1])[None, :] / 2, y=(y[1:] + y[:-1])[:, None] / 2, value=value)
    rows, columns = value.shape[:2]
    left, right, bottom, top = artist.get_extent()
    first, last = (top, bottom) if artist.origin == "upper" else (bottom, top)
    return Series(
        "image", x=_middles(left, right, columns)[None, :], y=_middles(first, last, rows)[:, None], value=value
    )


def _middles(start: float, end: float, count: int) -> Numbers:
    """Return the middles of *count* parts between *start* and *end*: integers, if all are."""
    middles = start + (np.arange(count) + 0.5) * ((end - start) / max(count, 1))
    whole = middles.astype(np.int64)
    return whole if np.array_equal(whole, middles) else middles


def _patch(axes: Axes, artist: Artist) -> Series | None:
    """Return what a step plot, an area or a band across the axes shows; of other shapes there is nothing to tell."""
    if isinstance(artist, StepPatch):
        heights, edges, _ = artist.get_data()
        heights, edges = numbers(heights), numbers(edges)
        middles, lying = (edges[1:] + edges[:-1]) / 2, artist.orientation == "horizontal"
        x, y = (heights, middles) if lying else (middles, heights)
        return Series("steps", "", x, y, low=edges[:-1], high=edges[1:], along="y" if lying else "x")
    x_is_data, y_is_data = artist.get_transform().contains_branch_seperately(axes.transData)
    if isinstance(artist, Polygon) and x_is_data and y_is_data:
        outline = numbers(artist.get_xy())
        return outlines.of_bins(outline) or Series("outline", "", *outline.T)
    if not isinstance(artist, Rectangle) or x_is_data == y_is_data:
        return None
    (left, bottom), (right, top) = artist.get_bbox().get_points()
    if x_is_data:
        return Series("vertical band", low=numbers([left]), high=numbers([right]), along="x")
    return Series("horizontal band", low=numbers([bottom]), high=numbers([top]))


def _in_space(artist: Collection) -> Series:
    # The public offsets and paths are but where these were projected to.
    if hasattr(artist, "_offsets3d"):
        return of_points("points", "", *artist._offsets3d)
    if isinstance(artist, LineCollection):
        segments = [np.asarray(segment, dtype=np.float64) for segment in artist._segments3d]  # type: ignore[attr-defined]
        gap = np.full((1, 3), np.nan)
        points = [part for segment in segments for part in (segment, gap)][:-1]
        return of_points("line segments", "", *np.concatenate(points).T)
    if not hasattr(artist, "_faces"):
        return Series("surface")
    corners = numbers(artist._faces).reshape(-1, 3)
    return of_points("surface", "", *np.unique(corners[np.isfinite(corners).all(axis=1)], axis=0).T)


def _pie(wedges: list[Wedge]) -> list[Series]:
    if len(wedges) < 2:
        return []
    shares = numbers([abs(wedge.theta2 - wedge.theta1) / 360 for wedge in wedges])
    return [Series("pie", value=shares, names=tuple(own_label(wedge) for wedge in wedges))]


def _label(axes: Axes, artist: Artist) -> str:
    """Return the label that *artist* was given, or that ``axes.legend([...])`` gave it."""
    legend, own = axes.get_legend(), own_label(artist)
    if own or legend is None:
        return own
    named = zip(legend.legend_handles, legend.get_texts(), strict=False)
    return next((harmless(text.get_text()) for handle, text in named if _is_handle_of(handle, artist)), "")


def _is_handle_of(handle: Artist | None, artist: Artist) -> bool:
    label = artist.get_label()
    return handle is not None and handle.get_label() == label and str(label).startswith("_child")


def _values(artist: Collection | AxesImage) -> Numbers:
    """Return what the colours of *artist* stand for; the colours themselves, unchanged, if these were given."""
    values = artist.get_array()
    if values is None:
        return NO_NUMBERS
    return np.asarray(values) if np.ndim(values) == 3 else numbers(values)
