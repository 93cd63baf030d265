"""The numbers in the outlines of filled areas, steps, segments and contours. Knows no axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.collections import Collection, EventCollection, FillBetweenPolyCollection, LineCollection
from matplotlib.contour import ContourSet
from matplotlib.path import Path

from plotd.series import NO_NUMBERS, Numbers, Series, numbers


def of_fill(artist: FillBetweenPolyCollection) -> Series:
    """Return the places along its axis where *artist* begins and ends across it, as they were given."""
    across = 1 if artist.t_direction == "x" else 0  # type: ignore[attr-defined]
    step = 2 if getattr(artist, "_step", None) in ("pre", "post") else 1  # these repeat each place but the last
    regions = [_region(np.asarray(path.vertices), across, step) for path in artist.get_paths()]
    if not regions:
        return Series("shaded area")
    place, one, other = np.concatenate(regions, axis=1)
    low, high = np.minimum(one, other), np.maximum(one, other)
    if across:
        return Series("shaded area", x=place, low=low, high=high)
    return Series("shaded area", y=place, low=low, high=high, along="x")


def _region(vertices: Numbers, across: int, step: int) -> Numbers:
    """Return places, one curve and the other, (3, n), of a polygon: start, along the one, end, back along the other."""
    count = (len(vertices) - 2) // 2
    there, back = vertices[1 : count + 1][::step], vertices[count + 2 : 2 * count + 2][::-1][::step]
    if not np.array_equal(there[:, 1 - across], back[:, 1 - across]):
        raise ValueError("this is no area between two curves")
    return np.stack([there[:, 1 - across], there[:, across], back[:, across]])


def of_segments(artist: LineCollection) -> Series:
    """Return upright or lying segments as what they reach from and to, events by their places, others by points."""
    kind, value = "line segments", artist.get_array()
    if isinstance(artist, EventCollection):
        places = numbers(artist.get_positions())
        offset = np.full(places.shape, float(artist.get_lineoffset()))
        lying = artist.is_horizontal()
        return Series("events", x=places if lying else offset, y=offset if lying else places)
    corners = [np.asarray(path.vertices, dtype=np.float64) for path in artist.get_paths()]
    colors = NO_NUMBERS if value is None or len(value) != len(corners) else numbers(value)
    if corners and all(len(ends) == 2 for ends in corners):
        x, y = np.stack(corners).transpose(2, 0, 1)
        if _same(x[:, 0], x[:, 1]):
            return Series(kind, x=x[:, 0], value=colors, low=y.min(axis=1), high=y.max(axis=1))
        if _same(y[:, 0], y[:, 1]):
            return Series(kind, y=y[:, 0], value=colors, low=x.min(axis=1), high=x.max(axis=1), along="x")
    x, y, piece = _apart(corners)
    return Series(kind, x=x, y=y, value=colors[piece] if colors.size else NO_NUMBERS)


def of_contours(artist: ContourSet) -> Series:
    """Return the points of each line with its level; of bands, those of their edges, with the levels between."""
    paths: Sequence[Path] = artist.get_paths()
    pieces = [(number, part) for number, path in enumerate(paths) for part in _pieces(path)]
    x, y, piece = _apart([part for _, part in pieces])
    level = np.array([number for number, _ in pieces], dtype=np.intp)[piece]
    if not artist.filled:
        return Series("contours", x=x, y=y, value=numbers(artist.levels)[level])
    bands = numbers(artist._levels)  # type: ignore[attr-defined]  # those of extend= included, unlike levels
    low, high = bands[level], bands[level + 1]
    middles = numbers(artist.layers)[level]  # type: ignore[attr-defined]
    return Series("filled contours", x=x, y=y, value=middles, low=low, high=high, along="")


def of_spans(artist: Collection) -> Series:
    """Return what lying rectangles span, as broken_barh draws them; other shapes have no numbers."""
    corners = [np.asarray(path.vertices, dtype=np.float64)[:4] for path in artist.get_paths()]
    if not corners or any(_is_no_rectangle(each) for each in corners):
        return Series("shapes")
    (left, bottom), (right, top) = (np.stack(corners).min(axis=1).T, np.stack(corners).max(axis=1).T)
    return Series("spans", y=(bottom + top) / 2, low=left, high=right, along="x")


def of_bins(vertices: Numbers) -> Series | None:
    """Return the bins of a histogram from its outline, (n, 2), filled or not; None if it is no such outline."""
    for end in (len(vertices), len(vertices) // 2 + 2):  # the outline of a filled one goes back along the bottom
        x, y = vertices[1 : end - 1].T
        steps = len(x) > 1 and len(x) % 2 == 0 and x[0] == vertices[0, 0] and x[-1] == vertices[end - 1, 0]
        if steps and np.array_equal(y[::2], y[1::2]) and np.array_equal(x[1:-1:2], x[2::2]):
            left, right = x[::2], x[1::2]
            return Series("steps", x=(left + right) / 2, y=y[::2], low=left, high=right, along="x")
    return None


def _pieces(path: Path) -> list[Numbers]:
    vertices = np.asarray(path.vertices, dtype=np.float64)
    if path.codes is None:
        return [vertices]
    starts = np.flatnonzero(path.codes == Path.MOVETO)
    return np.split(vertices, starts[1:]) if starts.size else []


def _apart(pieces: Sequence[Numbers]) -> tuple[Numbers, Numbers, Numbers]:
    """Return x and y of all points, NaN between the pieces, as a line is broken; and of which piece each is."""
    if not pieces:
        return NO_NUMBERS, NO_NUMBERS, np.empty(0, dtype=np.int64)
    gap = np.full((1, 2), np.nan)
    parts = [part for piece in pieces for part in (piece, gap)][:-1]
    lengths = [len(piece) + 1 for piece in pieces]
    lengths[-1] -= 1
    x, y = np.concatenate(parts).T
    return x, y, np.repeat(np.arange(len(pieces)), lengths)


def _same(one: Numbers, other: Numbers) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def _is_no_rectangle(corners: Numbers) -> bool:
    return len(np.unique(corners, axis=0)) != 4 or any(len(np.unique(along)) != 2 for along in corners.T)
