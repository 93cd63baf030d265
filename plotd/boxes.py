"""The numbers behind box plots: matplotlib leaves strokes of them, known by their places alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch

from plotd.lines import of_line_in
from plotd.series import NO_NUMBERS, Numbers, Series, names_near, numbers, own_label


@dataclass(frozen=True, slots=True, eq=False)
class _Box:
    """One box: where it stands, its numbers, lowest first, its mean and outliers, and the artists that make it up."""

    place: float
    low: float
    first: float
    median: float
    third: float
    high: float
    others: Numbers
    parts: tuple[Artist, ...]


def of_boxes(axes: Axes, artists: Sequence[Artist]) -> tuple[list[Series], set[Artist]]:
    """Return the box plots among *artists* of *axes*, which must be in the order they were added, and their artists."""
    lines = [artist for artist in artists if isinstance(artist, Line2D)]
    frames: list[tuple[Artist, Numbers]] = [
        (artist, np.asarray(artist.get_path().vertices)) for artist in artists if isinstance(artist, PathPatch)
    ]
    if axes.name == "3d" or sum(len(np.asarray(line.get_xdata())) == 2 for line in lines) < 3:
        return [], set()
    points = [_points(axes, line) for line in lines]
    frames += [(line, of_it) for line, of_it in zip(lines, points, strict=True) if len(of_it) in (5, 11)]
    boxes = list(_find(lines, points, frames))
    if boxes:
        return list(_told(axes, boxes, "y")), {part for box in boxes for part in box.parts}
    turned = [of_it[:, ::-1] for of_it in points]
    boxes = list(_find(lines, turned, [(frame, of_it[:, ::-1]) for frame, of_it in frames]))
    return list(_told(axes, boxes, "x")), {part for box in boxes for part in box.parts}


def _points(axes: Axes, line: Line2D) -> Numbers:
    """Return the points of *line*, (n, 2); none, if it is no part of a box plot."""
    series = of_line_in(axes, line)
    return np.stack([series.x, series.y], axis=1) if series.x.shape == series.y.shape else np.empty((0, 2))


def _find(
    lines: Sequence[Line2D], points: Sequence[Numbers], frames: Sequence[tuple[Artist, Numbers]]
) -> Iterator[_Box]:
    """Yield the boxes that stand upright: two whiskers, maybe two caps, the median, maybe a mean and outliers."""
    following = 0
    for i in range(len(lines) - 2):
        if i < following or not (_is_upright(points[i]) and _is_upright(points[i + 1])):
            continue
        (place, first), (_, low) = points[i]
        (other, third), (_, high) = points[i + 1]
        frame = next((one for one, of_it in frames if _surrounds(of_it, place, first, third)), None)
        middle = i + 4 if _level(points[i + 2], place) == low and _level(points[i + 3], place) == high else i + 2
        median = _level(points[middle], place) if middle < len(lines) else None
        if place != other or frame is None or median is None or not first <= median <= third:
            continue
        following = middle + 1
        while following < min(len(lines), middle + 3) and _is_beside(points[following], place):
            following += 1
        beside = [of_it if _level(of_it, place) is None else of_it[:1] for of_it in points[middle + 1 : following]]
        others = np.concatenate([np.empty(0), *(of_it[:, 1] for of_it in beside)])
        yield _Box(place, low, first, median, third, high, others, (frame, *lines[i:following]))


def _is_upright(stroke: Numbers) -> bool:
    return len(stroke) == 2 and stroke[0, 0] == stroke[1, 0]


def _level(stroke: Numbers, place: float) -> float | None:
    """Return how high *stroke* lies across *place*; None if it doesn't."""
    if len(stroke) != 2 or stroke[0, 1] != stroke[1, 1] or stroke[0, 0] == stroke[1, 0]:
        return None
    return float(stroke[0, 1]) if np.isclose(stroke[:, 0].mean(), place, rtol=1e-9) else None


def _is_beside(points: Numbers, place: float) -> bool:
    """Whether *points* are a mean or outliers at *place*; there may be no outlier."""
    return bool((points[:, 0] == place).all()) or _level(points, place) is not None


def _surrounds(outline: Numbers, place: float, first: float, third: float) -> bool:
    (left, bottom), (right, top) = outline.min(axis=0), outline.max(axis=0)
    return bool((bottom, top) == (first, third) and np.isclose((left + right) / 2, place, rtol=1e-9))


def _told(axes: Axes, boxes: Sequence[_Box], along: Literal["x", "y"]) -> Iterator[Series]:
    if not boxes:
        return
    place, low, first, median, third, high = np.array(
        [(box.place, box.low, box.first, box.median, box.third, box.high) for box in boxes]
    ).T
    labels = [next(filter(None, map(own_label, box.parts)), "") for box in boxes]
    names = tuple(labels) if all(labels) else names_near(axes.xaxis if along == "y" else axes.yaxis, place)

    name_at = dict(zip(place.tolist(), names, strict=False))

    def series(kind: str, place: Numbers, height: Numbers, low: Numbers, high: Numbers) -> Series:
        x, y = (place, height) if along == "y" else (height, place)
        named = tuple(name_at[one] for one in place.tolist()) if names else ()
        return Series(kind, "", x, y, low=low, high=high, along=along, names=named)

    yield series("boxes", place, median, first, third)
    yield series("whiskers", place, NO_NUMBERS, low, high)
    for kind, is_mean in (("means", True), ("outliers", False)):
        found = [(box.place, one) for box in boxes for one in box.others if is_mean == (box.low <= one <= box.high)]
        if found:
            beside, height = numbers(found).T
            yield series(kind, beside, height, NO_NUMBERS, NO_NUMBERS)
