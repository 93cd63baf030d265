"""The colours of what shows data: kept, but where a theme's ground would swallow them. Knows no axes and no text."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.contour import ContourSet
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import FancyArrowPatch, Patch

from plotd.backdrop import Beneath
from plotd.colors import (
    Colors,
    Rgba,
    Rows,
    all_over,
    are_gray,
    are_same,
    distances,
    first_seen,
    lightness,
    rgba,
    shades,
)

_LEAST = 0.18  # the distance from what lies beneath below which a colour is lost there
_ENOUGH = 0.24  # what it gets then
_KEPT = 0.4  # what was as faint for its author may be: this share of the distance that it had there
_KEPT_OF_GRAY = 0.9
_SHARE = 0.1  # of the pixels of a stroke may be lost
_SHARE_OF_AREA = 0.25  # may
_SHARE_OF_HOLE = 0.5  # may: it shows what lies beneath all of it
_TURNED = 0.4  # the distance from which on a ground is light that was dark, or dark that was light
_LADDER = np.linspace(-1, 1, 65)[:, None]  # from the ground to the ink, and beyond it
_MOST_FACES = 64  # that are looked at to choose the colour of their edges
_MOST_PAIRS = 40_000  # of a colour and what lies beneath that are looked at together
_MOST_KNOWN = 64  # colours of one artist that have names, so to speak
_TINY = 1e-6
_BLACK: Rgba = (0.0, 0.0, 0.0, 1.0)
_WHITE: Rgba = (1.0, 1.0, 1.0, 1.0)
_NONE = ("None", "none", " ", "", None)
_OF_MARKERS = ("markerfacecolor", "markeredgecolor")


def put(artist: Artist, name: str, value: object, undo: ExitStack) -> None:
    """Set a property of *artist* until *undo* is closed."""
    undo.callback(getattr(artist, f"set_{name}"), getattr(artist, f"get_{name}")())
    getattr(artist, f"set_{name}")(value)


@dataclass(frozen=True, slots=True)
class Ground:
    """The face of what artists lie in: *was* as its author made it, *now* as the theme does, with its *ink* on it.

    *is_themed*: the theme was in force when it was made. *mended* are the colours that were changed on it, so that
    what is of one colour stays so, in a legend too; *chosen* is what was found out before.
    """

    was: Rgba
    now: Rgba
    ink: Rgba
    is_themed: bool
    mended: dict[tuple[float, ...], Rows] = field(default_factory=dict)
    chosen: dict[tuple[object, ...], Rows] = field(default_factory=dict)

    def meant(self, colors: Rows) -> Rows:
        """Return *colors* with black for ink: the theme chose that; without one it were black."""
        is_ink = self.is_themed & (colors[:, :3] == self.ink[:3]).all(axis=1)
        return np.where(is_ink[:, None], colors * (0, 0, 0, 1), colors)

    def turned(self, colors: Any) -> Any:
        """Return *colors* with the grays, if light became dark or dark light, as prominent as they were."""
        is_gray = are_gray(colors)
        if distances(self.was, self.now) < _TURNED or not is_gray.any():
            return colors
        before, after, ink = lightness([self.was, self.now, self.ink])
        farthest = max(lightness([_BLACK, _WHITE]), key=lambda end: abs(end - before))
        now = np.array(self.now[:3])
        ladder = np.clip(now + _LADDER * (self.ink[:3] - now), 0, 1)
        steps = (lightness(colors) - before) / (farthest - before)
        places = np.interp(steps, (lightness(ladder) - after) / (ink - after), _LADDER[:, 0])
        grays = np.clip(now + places[:, None] * (self.ink[:3] - now), 0, 1)
        return np.where(is_gray[:, None], np.hstack([grays, colors[:, 3:]]), colors)


@dataclass(frozen=True, slots=True)
class Brush:
    """Chooses the colours of one artist on *ground*, by what truly lies *beneath* it; all of them at once."""

    ground: Ground
    beneath: Beneath

    def stroke(self, colors: Rows) -> Rows:
        """Return *colors*: the grays turned with what lies beneath, those that would be lost in the nearest shade."""
        return self._once(self._kept, colors, _SHARE)

    def area(self, colors: Rows) -> Rows:
        """Return the colours of areas likewise: of those, more may be lost."""
        return self._once(self._kept, colors, _SHARE_OF_AREA)

    def hole(self, colors: Rows) -> Rows:
        """Return the colours of areas: one that looked like a hole does so still, if it can be told from its rim."""
        return self._once(self._hollow, colors, _SHARE_OF_AREA)

    def edge(self, colors: Rows, was: Rows, now: Rows) -> Rows:
        """Return the colours of the edges of areas that had the colours *was* and have *now*."""
        if not was[:, 3].any():
            return self.stroke(colors)
        if np.array_equal(colors, was):
            return now
        faces = Beneath(self._faces(was, self.beneath.was), self._faces(now, self.beneath.now))
        # A colour between two others is nobody's example.
        return replace(self, beneath=faces, ground=replace(self.ground, mended={})).hole(colors)

    def inside(self, edges: Rows, faces: Rows) -> Brush:
        """Return the brush for *faces* within *edges* of another colour: no theme fills such with its ink.

        One whose ink is white would have it that what its author filled with white was ink.
        """
        has_rim = bool(edges[:, 3].any()) and not np.array_equal(edges, faces)
        return replace(self, ground=replace(self.ground, is_themed=False)) if has_rim else self

    def _faces(self, colors: Rows, below: Colors) -> Colors:
        return all_over(_few(colors, _MOST_FACES), _few(below, _MOST_FACES)).reshape(-1, 3)

    def _once(self, rule: Callable[[Rows, float], Rows], colors: Rows, share: float) -> Rows:
        """Return what *rule* makes of *colors*: there may be thousands of artists alike."""
        key = (
            rule.__name__,
            share,
            self.ground.is_themed,
            *(rows.tobytes() for rows in (colors, self.beneath.was, self.beneath.now)),
        )
        if key not in self.ground.chosen:
            self.ground.chosen[key] = rule(colors, share) if len(colors) else colors
        return self.ground.chosen[key]

    def _hollow(self, colors: Rows, share: float) -> Rows:
        holes = np.hstack([np.tile(self.ground.now[:3], (len(colors), 1)), colors[:, 3:]])
        meant = self.ground.meant(colors)
        is_hole = are_same(meant, self.ground.was)
        if is_hole.any():
            is_hole &= self._visibility(meant, _SHARE_OF_HOLE, _LEAST, _KEPT, holes) >= 1
        return np.where(is_hole[:, None], holes, self._kept(colors, share))

    def _kept(self, colors: Rows, share: float) -> Rows:
        unique, places = colors, np.zeros(1, int)
        if len(colors) > 1:
            unique, places = np.unique(colors, axis=0, return_inverse=True)
        kept = np.where(unique[:, 3:] > 0, self._shown(unique, share), unique)
        return kept[places.reshape(-1)]

    def _shown(self, colors: Rows, share: float) -> Rows:
        meant = self.ground.meant(colors)
        turned, is_gray = self.ground.turned(meant), are_gray(meant)[:, None]
        known, usual = self._known(colors), meant
        if is_gray.any() and self._has_turned():
            is_new = is_gray & (known == colors).all(axis=1)[:, None]
            known, usual = np.where(is_new, turned, known), np.where(is_gray, turned, usual)
        tries = np.array([known, usual])
        visibility = partial(self._visibility, meant, share, _LEAST, _KEPT)
        best = first_seen(tries, visibility)
        lost = visibility(best) < 1
        if lost.any():
            ladder, old = shades(turned[lost], self.ground.ink, self.ground.now), meant[lost]
            # A gray has no hue to be known by: it gets about as prominent as it was, or as it can be.
            asked = (np.where(is_gray[lost], much, usual) for much, usual in ((1, _ENOUGH), (_KEPT_OF_GRAY, _KEPT)))
            best[lost] = first_seen(ladder, partial(self._visibility, old, share, *asked))
        self._note(colors, best, lost | ~is_gray[:, 0])
        return best

    def _note(self, colors: Rows, best: Rows, is_own: Any) -> None:
        """Note which colours that have their own way, as grays that merely turn have not, became which."""
        if len(colors) <= _MOST_KNOWN:
            changed = (best != colors).any(axis=1) & is_own
            self.ground.mended.update(zip(map(tuple, colors[changed, :3]), best[changed], strict=True))

    def _known(self, colors: Rows) -> Rows:
        """Return *colors* as they were changed elsewhere."""
        if len(colors) > _MOST_KNOWN:
            return colors
        found = np.array([self.ground.mended.get(tuple(color[:3]), color) for color in colors])
        return np.hstack([found[:, :3], colors[:, 3:]])

    def _has_turned(self) -> bool:
        """Say whether most of what lies beneath is gray and was turned, as the ground may be."""
        was, now = self.beneath.was, self.beneath.now
        turned = self.ground.turned(was)
        return bool(np.mean(distances(now, turned) < distances(now, was)) >= 0.5)

    def _visibility(self, old: Rows, share: float, least: Any, kept: Any, colors: Rows) -> Any:
        """Return how well each of *colors* is seen where it is seen worst, as a share of what *old* asks for.

        That is the distance *least* from what lies beneath, or of the one that it had the share *kept*.
        """
        most = max(1, _MOST_PAIRS // len(colors))
        was, now = _few(self.beneath.was, most), _few(self.beneath.now, most)
        needed = np.minimum(least, distances(all_over(old, was), was) * kept) + _TINY
        found = np.sort((distances(all_over(colors, now), now) + _TINY) / needed, axis=1)
        return found[:, int(len(was) * share)]


def _few(rows: Any, most: int) -> Any:
    """Return so many of *rows*, evenly taken, or all."""
    return rows[:: -(-len(rows) // most) or 1]


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
    color = _row(line.get_color())
    if line.get_marker() not in _NONE:
        _marker(line, brush, undo)
    if line.get_linestyle() not in _NONE:
        _put_new(line, "color", brush.stroke(color), undo)


def _marker(line: Any, brush: Brush, undo: ExitStack) -> None:
    """Keep the markers of *line* visible: each colour by itself, though it may be the line's as long as it has none."""
    inherits = {name: getattr(line, f"get_{name}")() is line.get_color() for name in _OF_MARKERS}
    face, edge = (_row(getattr(line, f"get_{name}")()) for name in _OF_MARKERS)
    if not MarkerStyle(line.get_marker()).is_filled():
        face = face * 0
    new = brush.inside(edge, face).area(face)
    for name, row in zip(_OF_MARKERS, (new, brush.edge(edge, face, new)), strict=True):
        _put_new(line, name, row, undo)
    for name in (name for name in _OF_MARKERS if inherits[name]):
        undo.callback(getattr(line, f"set_{name}"), "auto")


def _patch(patch: Patch, brush: Brush, undo: ExitStack) -> None:
    face, edge = _row(patch.get_facecolor()), _row(patch.get_edgecolor())
    new = brush.inside(edge, face).hole(face) if patch.get_fill() else face
    _put_new(patch, "facecolor", new, undo)
    if not patch.get_fill() or isinstance(patch, FancyArrowPatch):  # most arrows are but strokes
        face = face * 0
    if (edge[0, 3] > 0 and patch.get_linewidth() > 0) or patch.get_hatch():
        _put_new(patch, "edgecolor", brush.edge(edge, face, new), undo)


def _collection(collection: Collection, brush: Brush, undo: ExitStack) -> None:
    # Those in space work theirs out anew for each view: what they were given is asked of the class.
    faces, edges = (_rows(get(collection)) for get in (Collection.get_facecolor, Collection.get_edgecolor))
    new = brush.inside(edges, faces).area(faces)
    _put_rows(collection, "facecolor", new, undo)
    if not isinstance(getattr(collection, "_edgecolors", None), str):  # "face": they follow, in space in another order
        _put_rows(collection, "edgecolor", brush.edge(edges, faces, new), undo)


def _rows(colors: object) -> Any:
    return np.asarray(colors, dtype=np.float64).reshape(-1, 4)


def _row(color: object) -> Any:
    return np.array([rgba(color)])


def _put_new(artist: Artist, name: str, row: Rows, undo: ExitStack) -> None:
    color = rgba(row[0])
    if color != rgba(getattr(artist, f"get_{name}")()):
        put(artist, name, color, undo)


def _put_rows(collection: Collection, name: str, rows: Any, undo: ExitStack) -> None:
    old = getattr(Collection, f"get_{name}")(collection)
    if len(rows) and not np.array_equal(rows, _rows(old)):
        undo.callback(getattr(collection, f"set_{name}"), old)
        getattr(collection, f"set_{name}")(rows)
