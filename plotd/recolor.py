"""The colours of what shows data: kept, but where a theme's ground would swallow them. Knows no axes and no text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.contour import ContourSet
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import FancyArrowPatch, Patch

from plotd.backdrop import Beneath
from plotd.colors import Rgba, all_over, distances, first_seen, is_gray, is_same, rgba, shades

_LEAST = 0.18  # the distance from what lies beneath below which a colour is lost there
_ENOUGH = 0.24  # what it gets then
_KEPT = 0.4  # what was as faint for its author may be: this share of the distance that it had there
_SHARE = 0.1  # of its pixels may be lost
_SHARE_OF_MENDED = 0.25  # may, if the colour is the one that others got
_TINY = 1e-6
_NOTHING: Rgba = (0.0, 0.0, 0.0, 0.0)
_BLACK: Rgba = (0.0, 0.0, 0.0, 1.0)


def put(artist: Artist, name: str, value: object, undo: ExitStack) -> None:
    """Set a property of *artist* until *undo* is closed."""
    undo.callback(getattr(artist, f"set_{name}"), getattr(artist, f"get_{name}")())
    getattr(artist, f"set_{name}")(value)


@dataclass(frozen=True, slots=True)
class Ground:
    """The face of what artists lie in: *was* as its author made it, *now* as the theme does, with its *ink* on it.

    *is_themed*: the theme was in force when it was made. *mended* are the colours that were changed on it, so that
    what is of one colour stays so, in a legend too.
    """

    was: Rgba
    now: Rgba
    ink: Rgba
    is_themed: bool
    mended: dict[tuple[float, ...], Rgba] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Brush:
    """Chooses the colours of one artist on *ground*, by what truly lies *beneath* it."""

    ground: Ground
    beneath: Beneath

    def stroke(self, color: Rgba) -> Rgba:
        """Return *color* if it can be seen, or the nearest shade that can; of a gray, one as prominent as it was."""
        if color[3] == 0 or not len(self.beneath.was):
            return color
        mended = (*self.ground.mended.get(color[:3], color)[:3], color[3])
        if mended != color and self._visibility(mended, color, _LEAST, _SHARE_OF_MENDED) >= 1:
            return mended
        if self._visibility(color, color, _LEAST) >= 1:
            return color
        tries = self._grays(color) if is_gray(color) else shades(color, self.ground.ink, self.ground.now)
        mended = first_seen(tries, lambda shade: self._visibility(shade, color, _ENOUGH))
        self.ground.mended[color[:3]] = mended
        return mended

    def area(self, color: Rgba) -> Rgba:
        """Return the colour of an area: one that looked like a hole does so still, if it can be told from its rim."""
        hole = (*self.ground.now[:3], color[3])
        is_hole = is_same(color, self.ground.was) and not self._is_ink(color)
        if is_hole and (not len(self.beneath.was) or self._visibility(hole, color, _LEAST) >= 1):
            return hole
        return self.stroke(color)

    def edge(self, color: Rgba, was: Rgba, now: Rgba) -> Rgba:
        """Return the colour of the edge of an area that had the colour *was* and has *now*."""
        if was[3] == 0:
            return self.stroke(color)
        if color == was:
            return now
        face = Beneath(all_over(was, self.beneath.was), all_over(now, self.beneath.now))
        return replace(self, beneath=face).area(color)

    def _visibility(self, color: Rgba, old: Rgba, least: float, share: float = _SHARE) -> float:
        """Return how well *color* is seen where it is seen worst, as a share of what it has to be for *old*."""
        if self._is_ink(old):  # the theme chose it: without one it were black
            old = (*_BLACK[:3], old[3])
        needed = np.minimum(least, self._was(old) * _KEPT) + _TINY
        return _worst((self._now(color) + _TINY) / needed, share)

    def _is_ink(self, color: Rgba) -> bool:
        return self.ground.is_themed and color[:3] == self.ground.ink[:3]

    def _grays(self, color: Rgba) -> Iterator[Rgba]:
        ladder = shades((*self.ground.ink[:3], color[3]), self.ground.now)
        before = _worst(self._was(color))
        yield from sorted(ladder, key=lambda shade: abs(_worst(self._now(shade)) - before))

    def _was(self, color: Rgba) -> Any:
        return distances(all_over(color, self.beneath.was), self.beneath.was)

    def _now(self, color: Rgba) -> Any:
        return distances(all_over(color, self.beneath.now), self.beneath.now)


def _worst(found: Any, share: float = _SHARE) -> float:
    return float(np.sort(found)[int(len(found) * share)])


def recolor(artist: Artist, brush: Brush, undo: ExitStack) -> None:
    """Keep *artist* visible on what lies beneath it until *undo* is closed."""
    if isinstance(artist, Line2D):
        _line(artist, brush, undo)
    elif isinstance(artist, Patch):
        _patch(artist, brush, undo)
    elif isinstance(artist, Collection) and not shows_values(artist):
        _collection(artist, brush, undo)


def shows_values(collection: Any) -> bool:
    """Say whether each colour of a collection, or of another mappable, stands for a value."""
    if isinstance(collection, ContourSet):
        return collection.filled or getattr(collection, "colors", None) is None
    return collection.get_array() is not None


def _line(line: Line2D, brush: Brush, undo: ExitStack) -> None:
    names = ("markerfacecolor", "markeredgecolor")
    before = {name: getattr(line, f"get_{name}")() for name in names}
    _put_new(line, "color", brush.stroke(rgba(line.get_color())), undo)
    if line.get_marker() in ("None", "none", " ", "", None):
        return
    face = new = rgba(before["markerfacecolor"])
    if not MarkerStyle(line.get_marker()).is_filled():
        face = new = _NOTHING
    elif line.get_markerfacecolor() is before["markerfacecolor"]:  # it has a colour of its own
        new = brush.area(face)
        _put_new(line, "markerfacecolor", new, undo)
    if line.get_markeredgecolor() is before["markeredgecolor"]:
        _put_new(line, "markeredgecolor", brush.edge(rgba(before["markeredgecolor"]), face, new), undo)


def _patch(patch: Patch, brush: Brush, undo: ExitStack) -> None:
    face, edge = rgba(patch.get_facecolor()), rgba(patch.get_edgecolor())
    new = brush.area(face) if patch.get_fill() else _NOTHING
    if patch.get_fill():
        _put_new(patch, "facecolor", new, undo)
    if not patch.get_fill() or isinstance(patch, FancyArrowPatch):  # most arrows are but strokes
        face = _NOTHING
    if (edge[3] > 0 and patch.get_linewidth() > 0) or patch.get_hatch():
        _put_new(patch, "edgecolor", brush.edge(edge, face, new), undo)


def _collection(collection: Collection, brush: Brush, undo: ExitStack) -> None:
    # Those in space work theirs out anew for each view: what they were given is asked of the class.
    faces, edges = (_rows(get(collection)) for get in (Collection.get_facecolor, Collection.get_edgecolor))
    new = _each(faces, brush.area)
    _put_rows(collection, "facecolor", new, undo)
    if len(edges) and not np.array_equal(edges, faces):
        pair = (rgba(faces[0]), rgba(new[0])) if len(faces) else (_NOTHING, _NOTHING)
        _put_rows(collection, "edgecolor", _each(edges, lambda edge: brush.edge(edge, *pair)), undo)


def _rows(colors: object) -> Any:
    return np.asarray(colors, dtype=np.float64).reshape(-1, 4)


def _each(rows: Any, rule: Any) -> Any:
    """Return *rows* of colours with *rule* applied to each that is another than those before."""
    if not len(rows):
        return rows
    unique, places = np.unique(rows, axis=0, return_inverse=True)
    return np.array([rule(rgba(color)) for color in unique])[places.reshape(-1)]


def _put_new(artist: Artist, name: str, color: Rgba, undo: ExitStack) -> None:
    if color != rgba(getattr(artist, f"get_{name}")()):
        put(artist, name, color, undo)


def _put_rows(collection: Collection, name: str, rows: Any, undo: ExitStack) -> None:
    old = getattr(Collection, f"get_{name}")(collection)
    if len(rows) and not np.array_equal(rows, _rows(old)):
        undo.callback(getattr(collection, f"set_{name}"), old)
        getattr(collection, f"set_{name}")(rows)
