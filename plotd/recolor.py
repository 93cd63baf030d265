"""The colours of what shows data, where a new ground would swallow them; all others stay. Knows no axes and no text."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.contour import ContourSet
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch

from plotd.colors import Rgba, contrast, is_gray, is_same, legible, over, rgba

_NOTHING: Rgba = (0.0, 0.0, 0.0, 0.0)
_LEAST = 2.0  # the contrast below which a colour that was made for another ground can't be seen
_ENOUGH = 3.0  # what it gets then


def put(artist: Artist, name: str, value: object, undo: ExitStack) -> None:
    """Set a property of *artist* until *undo* is closed."""
    undo.callback(getattr(artist, f"set_{name}"), getattr(artist, f"get_{name}")())
    getattr(artist, f"set_{name}")(value)


@dataclass(frozen=True, slots=True)
class Ground:
    """What data lies on: *was* as its author made it, *now* as the theme does, with the theme's *ink* on it."""

    was: Rgba
    now: Rgba
    ink: Rgba

    def visible(self, color: Rgba) -> Rgba:
        """Return the colour of a stroke: another one only if it would be lost here, and wasn't where it was."""
        seen = contrast(color, self.now)
        lost = seen < _LEAST and (seen < contrast(color, self.was) or is_same(color, self.now))
        if color[3] == 0 or not lost:
            return color
        return (*self.ink[:3], color[3]) if is_gray(color) else legible(color, self.now, self.ink, _ENOUGH)

    def filling(self, color: Rgba, is_edged: bool) -> Rgba:
        """Return the colour of an area: one that looked like a hole does so still."""
        if is_same(color, self.was):
            return (*self.now[:3], color[3])
        return color if is_edged else self.visible(color)

    def edging(self, color: Rgba, face: Rgba) -> Rgba:
        """Return the colour of the edge of an area of the colour *face*: one that looked like a gap does so still."""
        if face[3] == 0:
            return self.visible(color)
        if is_same(color, self.was):
            return (*self.now[:3], color[3])
        return color if contrast(color, over(face, self.now)) >= _LEAST else self.visible(color)


def recolor(artist: Artist, ground: Ground, undo: ExitStack) -> None:
    """Keep *artist*, which lies on *ground*, visible there until *undo* is closed."""
    if isinstance(artist, Line2D):
        _line(artist, ground, undo)
    elif isinstance(artist, Patch):
        _patch(artist, ground, undo)
    elif isinstance(artist, Collection):
        _collection(artist, ground, undo)


def _line(line: Line2D, ground: Ground, undo: ExitStack) -> None:
    names = ("markerfacecolor", "markeredgecolor")
    before = {name: getattr(line, f"get_{name}")() for name in names}
    _put_new(line, "color", ground.visible(rgba(line.get_color())), undo)
    if line.get_marker() in ("None", "none", " ", "", None):
        return
    for name in names:
        if getattr(line, f"get_{name}")() is before[name] and not _is_none(before[name]):  # it has a colour of its own
            old = rgba(before[name])
            face = name == "markerfacecolor"
            _put_new(line, name, ground.filling(old, is_edged=True) if face else ground.visible(old), undo)


def _patch(patch: Patch, ground: Ground, undo: ExitStack) -> None:
    face, edge = rgba(patch.get_facecolor()), rgba(patch.get_edgecolor())
    is_edged = edge[3] > 0 and patch.get_linewidth() > 0
    if patch.get_fill() and face[3] > 0:
        face = ground.filling(face, is_edged)
        _put_new(patch, "facecolor", face, undo)
    if is_edged or patch.get_hatch():
        is_area = patch.get_fill() and not isinstance(patch, FancyArrowPatch)  # most arrows are but strokes
        _put_new(patch, "edgecolor", ground.edging(edge, face if is_area else _NOTHING), undo)


def _collection(collection: Collection, ground: Ground, undo: ExitStack) -> None:
    if isinstance(collection, ContourSet):
        if getattr(collection, "colors", None) is not None and not collection.filled:  # else they stand for values
            edges = [ground.visible(rgba(color)) for color in np.atleast_2d(collection.get_edgecolor())]
            _put_rows(collection, "edgecolor", np.array(edges), undo)
        return
    if collection.get_array() is not None:
        return
    # Those in space work theirs out anew for each view: what they were given is asked of the class.
    faces, edges = (_rows(get(collection)) for get in (Collection.get_facecolor, Collection.get_edgecolor))
    is_edged = len(edges) > 0 and bool((edges[:, 3] > 0).any()) and not np.array_equal(edges, faces)
    faces = _each(faces, lambda color: ground.filling(color, is_edged))
    _put_rows(collection, "facecolor", faces, undo)
    if is_edged:
        face = rgba(faces[0]) if len(faces) else _NOTHING
        _put_rows(collection, "edgecolor", _each(edges, lambda edge: ground.edging(edge, face)), undo)


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


def _is_none(color: object) -> bool:
    return isinstance(color, str) and color.lower() == "none"
