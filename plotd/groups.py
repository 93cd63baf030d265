"""The numbers behind artists that belong together: bars, stems, points with error bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import BarContainer, Container, ErrorbarContainer, StemContainer

from plotd.axes import is_date
from plotd.lines import of_line
from plotd.series import NO_NUMBERS, Numbers, Series, names_near, numbers, own_label

GROUPS = (BarContainer, ErrorbarContainer, StemContainer)
Direction = Literal["x", "y"]


def parts_of(container: Container) -> Iterator[Artist]:
    """Yield the artists that *container* groups."""
    for part in container:
        if isinstance(part, Artist):
            yield part
        elif part:
            yield from part


def of_group(axes: Axes, container: Container) -> Iterator[Series]:
    """Yield what *container* shows; nothing of error bars that belong to bars, which tell them."""
    label = own_label(container)
    if isinstance(container, BarContainer):
        label = label or next(filter(None, map(own_label, container.patches)), "")  # hist() labels the first bar
        if axes.name == "3d":
            yield Series("standing bars", label)
        else:
            yield from _bars(container, axes, label)
    elif isinstance(container, StemContainer):
        yield replace(of_line(container.markerline), kind="stems", label=label)
    elif isinstance(container, ErrorbarContainer) and container.lines[0] is not None:
        line = of_line(container.lines[0])
        found = replace(line, kind=f"{line.kind} with error bars", label=label)
        if axes.name == "3d":
            yield found
        else:
            yield from _with_errors(found, container)
    elif isinstance(container, ErrorbarContainer) and not _belongs_to_bars(container, axes):
        directions = _directions(container)
        yield from (_alone("error bars", label, along, container) for along in directions[:1])
        yield from _along_others(label, directions, container)


def _bars(container: BarContainer, axes: Axes, label: str) -> Iterator[Series]:
    left, bottom, width, height = (
        numbers([getattr(bar, f"get_{name}")() for bar in container.patches]) for name in ("x", "y", "width", "height")
    )
    lying = container.orientation == "horizontal"
    axis, ends_axis = (axes.yaxis, axes.xaxis) if lying else (axes.xaxis, axes.yaxis)
    side, breadth, start, length = (bottom, height, left, width) if lying else (left, width, bottom, height)
    end, places = start + length, _middles(side, breadth)
    names = names_near(axis, places)
    gaps = np.abs(side[1:] - (side + breadth)[:-1])
    adjoining = not names and gaps.size > 0 and bool((gaps <= 1e-6 * np.abs(breadth[1:])).all())
    kind = f"{'adjoining ' if adjoining else ''}{'horizontal ' if lying else ''}bars"
    reach = end if is_date(ends_axis) else length
    along: Direction = "x" if lying else "y"
    x, y = (reach, places) if lying else (places, reach)
    series = Series(kind, label, x, y, length, along=along, names=names)
    if container.errorbar is not None:
        yield from _with_errors(series, container.errorbar)
    elif adjoining:
        yield replace(series, low=side, high=side + breadth, along="y" if lying else "x")
    elif start.any():
        yield replace(series, low=np.minimum(start, end), high=np.maximum(start, end))
    else:
        yield series


def _middles(side: Numbers, breadth: Numbers) -> Numbers:
    """Return the middles, without what taking half a breadth off and adding it again leaves in the last digits."""
    middles = side + breadth / 2
    largest = np.abs(np.concatenate([side, middles])).max(initial=0)
    if not 0 < largest < np.inf:
        return middles
    short = np.round(middles, max(0, 12 - int(np.ceil(np.log10(largest)))))
    return np.where(np.abs(short - middles) <= 4 * np.spacing(largest), short, middles)


def _with_errors(series: Series, container: ErrorbarContainer) -> Iterator[Series]:
    """Yield *series* with how far its error bars reach; those along x stand by themselves where there are both."""
    directions = _directions(container)
    yield _beside(series, directions[0], container) if directions else series
    yield from _along_others(series.label, directions, container)


def _along_others(label: str, directions: Sequence[Direction], container: ErrorbarContainer) -> Iterator[Series]:
    for along in directions[1:]:
        yield _alone(f"error bars along {along}", label and f"{label} along {along}", along, container)


def _beside(series: Series, along: Direction, container: ErrorbarContainer) -> Series:
    place, low, high = _errors(container, along)
    places = series.x if along == "y" else series.y
    found = _found_at(places, place)
    if found is None:
        return series
    lows, highs = np.full((2, *places.shape), np.nan)
    lows[found], highs[found] = low, high
    return replace(series, low=lows, high=highs, along=along)


def _alone(kind: str, label: str, along: Direction, container: ErrorbarContainer) -> Series:
    place, low, high = _errors(container, along)
    x, y = (place, NO_NUMBERS) if along == "y" else (NO_NUMBERS, place)
    return Series(kind, label, x, y, low=low, high=high, along=along)


def _directions(container: ErrorbarContainer) -> list[Direction]:
    """Return the axes that the error bars lie along, y first."""
    both: tuple[tuple[Direction, bool], ...] = (("y", container.has_yerr), ("x", container.has_xerr))
    return [along for along, has in both if has]


def _errors(container: ErrorbarContainer, along: Direction) -> tuple[Numbers, Numbers, Numbers]:
    """Return where the error bars that lie *along* one axis stand on the other, and their ends."""
    bars = container.lines[2]
    if not bars:
        return NO_NUMBERS, NO_NUMBERS, NO_NUMBERS
    paths = bars[-1 if along == "y" else 0].get_paths()
    x, y = np.array([path.vertices for path in paths], dtype=np.float64).reshape(-1, 2, 2).transpose(2, 1, 0)
    place, ends = (x[0], y) if along == "y" else (y[0], x)
    return place, ends.min(axis=0), ends.max(axis=0)


def _found_at(places: Numbers, wanted: Numbers) -> Numbers | None:
    """Return the indices of *wanted* among *places*, both in the same order; None if one is missing."""
    if len(places) == len(wanted):
        return np.arange(len(places))
    found, start = [], 0
    for place in wanted:
        rest = np.flatnonzero(places[start:] == place)
        if not rest.size:
            return None
        start += int(rest[0]) + 1
        found.append(start - 1)
    return np.array(found, dtype=np.int64)


def _belongs_to_bars(container: ErrorbarContainer, axes: Axes) -> bool:
    return any(isinstance(other, BarContainer) and other.errorbar is container for other in axes.containers)
