"""The numbers behind a picture, read out of its artists. Changes nothing, and guesses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import Collection, FillBetweenPolyCollection, LineCollection, PathCollection
from matplotlib.container import BarContainer, Container, ErrorbarContainer, StemContainer
from matplotlib.contour import ContourSet
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch, Wedge
from matplotlib.ticker import FixedFormatter, FuncFormatter
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
NO_NUMBERS: Numbers = np.empty(0)

_GROUPS = (BarContainer, ErrorbarContainer, StemContainer)
_NAMING_FORMATTERS = (StrCategoryFormatter, FixedFormatter, FuncFormatter)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One thing that was plotted.

    *kind* is plain words for it. *x* and *y* are of shape (n,) in data units, NaN where there is no point. *value* is
    what heights, colours or slices stand for, of shape (n,); of an image (rows, columns), with colours of its own
    (rows, columns, channels). *names* are those of the n, if they have any. What a kind lacks is empty.
    """

    kind: str
    label: str = ""
    x: Numbers = field(default_factory=lambda: NO_NUMBERS)
    y: Numbers = field(default_factory=lambda: NO_NUMBERS)
    value: Numbers = field(default_factory=lambda: NO_NUMBERS)
    names: tuple[str, ...] = ()


def read_series(axes: Axes) -> list[Series]:
    """Return what is plotted in *axes* and visible, kind by kind, each in the order it was added.

    Call it after drawing: only then is all in place that depends on the limits.
    """
    groups = [container for container in axes.containers if isinstance(container, _GROUPS)]
    grouped = {part for container in groups for part in _parts(container)}
    single = chain(axes.lines, axes.collections, axes.images, axes.patches)
    artists = [artist for artist in single if artist.get_visible() and artist not in grouped]
    found = [series for container in groups if container for series in _read(_from_group, axes, container)]
    found += [series for artist in artists for series in _read(_from_artist, axes, artist)]
    return found + _pie([artist for artist in artists if isinstance(artist, Wedge)])


def _read(reader: Callable[[Axes, Any], Iterator[Series]], axes: Axes, thing: Artist | Container) -> list[Series]:
    try:
        return list(reader(axes, thing))
    except (AttributeError, LookupError, TypeError, ValueError):
        # Other libraries' artists may lack what matplotlib's have; the picture is worth more than its description.
        return [Series("thing that can't be described", _own_label(thing))]


def _parts(container: Container) -> Iterator[Artist]:
    for part in container:
        if isinstance(part, Artist):
            yield part
        elif part:
            yield from part


def _from_group(axes: Axes, container: Container) -> Iterator[Series]:
    label = _own_label(container)
    if isinstance(container, BarContainer):
        label = label or next(filter(None, map(_own_label, container.patches)), "")  # hist() labels the first bar
        yield Series("standing bars", label) if axes.name == "3d" else _bars(container, axes, label)
    elif isinstance(container, StemContainer):
        yield replace(_line(container.markerline), kind="stems", label=label)
    elif isinstance(container, ErrorbarContainer) and container.lines[0] is not None:
        line = _line(container.lines[0])
        yield replace(line, kind=f"{line.kind} with error bars", label=label)


def _bars(container: BarContainer, axes: Axes, label: str) -> Series:
    boxes = [(bar.get_x(), bar.get_y(), bar.get_width(), bar.get_height()) for bar in container.patches]
    left, bottom, width, height = _numbers(boxes).T
    lying = container.orientation == "horizontal"
    start, breadth, value = (bottom, height, width) if lying else (left, width, height)
    places = start + breadth / 2
    names = _names(axes.yaxis if lying else axes.xaxis, places)
    gaps = np.abs(start[1:] - (start + breadth)[:-1])
    adjoining = not names and gaps.size > 0 and bool((gaps <= 1e-6 * np.abs(breadth[1:])).all())
    kind = "adjoining bars" if adjoining else "lying bars" if lying else "bars"
    x, y = (left + width, places) if lying else (places, bottom + height)
    return Series(kind, label, x, y, value, names)


def _from_artist(axes: Axes, artist: Artist) -> Iterator[Series]:
    label = _label(axes, artist)
    if axes.name == "3d" and isinstance(artist, Collection):
        yield _in_space(artist, label)
    elif isinstance(artist, Line2D):
        yield replace(_line_in(axes, artist), label=label)
    elif isinstance(artist, ContourSet):
        yield Series("contours", label, value=_numbers(artist.levels))
    elif isinstance(artist, AxesImage):
        yield Series("image", label, value=_values(artist))
    elif isinstance(artist, StepPatch):
        heights, edges, _ = artist.get_data()
        centres = (_numbers(edges)[1:] + _numbers(edges)[:-1]) / 2
        yield Series("steps", label, centres, _numbers(heights))
    elif isinstance(artist, Collection):
        yield _collection(axes, artist, label)
    elif label and not isinstance(artist, Wedge):
        yield Series("shape", label)


def _line(line: Line2D) -> Series:
    kind = "points" if line.get_linestyle() in ("None", "none", " ", "") else "line"
    if hasattr(line, "get_data_3d"):  # its flat coordinates are but where it was projected to
        return _of_points(kind, "", *line.get_data_3d())
    return _of_points(kind, "", line.get_xdata(orig=False), line.get_ydata(orig=False))


def _of_points(kind: str, label: str, x: object, y: object, value: object = NO_NUMBERS) -> Series:
    return Series(kind, label, _numbers(x), _numbers(y), _numbers(value))


def _line_in(axes: Axes, line: Line2D) -> Series:
    """Read a line; one whose x or y is no data, as axhline makes it, is but a mark at a place."""
    series = _line(line)
    if axes.name == "3d":
        return series
    x_is_data, y_is_data = line.get_transform().contains_branch_seperately(axes.transData)
    if x_is_data and y_is_data:
        return series
    if y_is_data:
        return Series("horizontal line", y=series.y[:1])
    return Series("vertical line", x=series.x[:1]) if x_is_data else Series("line")


def _collection(axes: Axes, artist: Collection, label: str) -> Series:
    value = _values(artist)
    if isinstance(artist, PathCollection):
        x, y = _numbers(artist.get_offsets()).reshape(-1, 2).T
        return Series("points", label, x, y, value)
    if isinstance(artist, FillBetweenPolyCollection | LineCollection):
        kind = "line segments" if isinstance(artist, LineCollection) else "shaded area"
        corners = [np.asarray(path.vertices) for path in artist.get_paths()]
        if corners and all(artist.get_transform().contains_branch_seperately(axes.transData)):
            x, y = _numbers(np.concatenate(corners)).T
            return Series(kind, label, x, y)
        return Series(kind, label)
    return Series("cells" if value.size else "shapes", label, value=value)


def _in_space(artist: Collection, label: str) -> Series:
    if hasattr(artist, "_offsets3d"):  # the public offsets are but where they were projected to
        return _of_points("points", label, *artist._offsets3d)
    return Series("line segments" if isinstance(artist, LineCollection) else "surface", label)


def _pie(wedges: list[Wedge]) -> list[Series]:
    if len(wedges) < 2:
        return []
    shares = _numbers([abs(wedge.theta2 - wedge.theta1) / 360 for wedge in wedges])
    return [Series("pie", value=shares, names=tuple(_own_label(wedge) for wedge in wedges))]


def _label(axes: Axes, artist: Artist) -> str:
    """Return the label that *artist* was given, or that ``axes.legend([...])`` gave it."""
    legend, own = axes.get_legend(), _own_label(artist)
    if own or legend is None:
        return own
    named = zip(legend.legend_handles, legend.get_texts(), strict=False)
    return next((text.get_text() for handle, text in named if _is_handle_of(handle, artist)), "")


def _is_handle_of(handle: Artist | None, artist: Artist) -> bool:
    label = artist.get_label()
    return handle is not None and handle.get_label() == label and str(label).startswith("_child")


def _own_label(artist: Artist | Container) -> str:
    label = str(artist.get_label() or "")
    return "" if label.startswith("_") else label


def named_places(axis: Axis) -> dict[float, str]:
    """Return what *axis* calls the places where it has a tick; nothing if its ticks show numbers or dates."""
    if not isinstance(axis.get_major_formatter(), _NAMING_FORMATTERS):
        return {}
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=False)
    return {round(float(place), 6): tick.get_text() for place, tick in ticks if tick.get_text()}


def _names(axis: Axis, places: Numbers) -> tuple[str, ...]:
    """Return what *axis* calls each of *places*; nothing unless it has a name for them all."""
    named = named_places(axis)
    names = tuple(named.get(round(float(place), 6), "") for place in places)
    return names if all(names) else ()


def _values(artist: Collection | AxesImage) -> Numbers:
    values = artist.get_array()
    return NO_NUMBERS if values is None else _numbers(values)


def _numbers(values: object) -> Numbers:
    """Return *values* as floats, NaN where they are masked; plain floats are not copied."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values.astype(np.float64), np.nan)
    return np.asarray(values, dtype=np.float64)
