"""Give a figure the colours of a theme, whatever its author chose, until it is given back. Changes no data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import _ImageBase
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnchoredOffsetbox, AnnotationBbox
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.quiver import QuiverKey
from matplotlib.spines import Spine
from matplotlib.table import Cell
from matplotlib.text import Annotation, Text
from numpy.typing import ArrayLike

from plotd.axes import is_colorbar
from plotd.backdrop import Backdrops, Beneath
from plotd.colors import Colors, Rgba, all_over, contrasts, first_seen, is_gray, is_same, over, rgba, shades
from plotd.recolor import Brush, Ground, put, recolor, shows_values
from plotd.theme import Palette, palette

_LEGIBLE = 4.5  # the contrast that WCAG 2 asks of text
_LEGIBLE_ON_DATA = 3.0  # as is to be had anywhere
_SHARE = 0.1  # of what is behind a text may be worse
_OTHER = 0.04  # so far from the ground, in any channel, is what is data
_HALO_PT = 3.0
_WHITE: Rgba = (1.0, 1.0, 1.0, 1.0)
_SAVED: Any = {"savefig.facecolor": "auto", "savefig.edgecolor": "auto", "savefig.transparent": False}


@contextmanager
def restyled(figure: Figure, theme: str) -> Iterator[None]:
    """Let *figure* have the colours of *theme* until the block ends.

    What isn't data gets those of the theme; gaudy text keeps its hue. Data keeps its colours as long as they are seen.
    """
    with mpl.rc_context(_SAVED), ExitStack() as undo:
        _Restyling(palette(theme), undo).whole(figure)
        yield


class _Restyling:
    """The restyling of one figure: first by what its artists are, then by what lies beneath them."""

    def __init__(self, palette: Palette, undo: ExitStack) -> None:
        self._palette = palette
        self._undo = undo
        self._backdrops = Backdrops()

    def whole(self, figure: Figure) -> None:
        ground = self._figure(figure, None)
        self._backdrops.rehearse(figure, ground.was, ground.now)

    def _figure(self, figure: Figure | SubFigure, below: Ground | None) -> Ground:
        """Restyle a figure, or a part of one that lies on *below*."""
        is_open = below is None or rgba(figure.patch.get_facecolor())[3] > 0
        ground = self._opened(figure.patch, self._palette.figure) if is_open or below is None else below
        for artist in figure.get_children():
            if isinstance(artist, SubFigure):
                self._figure(artist, ground)
            elif artist is not figure.patch:
                self._artist(artist, ground)
        return ground

    def _opened(self, patch: Any, color: Rgba) -> Ground:
        """Paint *patch*, and return what lies on it from now on."""
        was = rgba(patch.get_facecolor())
        is_themed = is_same(was, color)
        if was[3] == 0 or is_themed:  # what the theme was in force for, was meant for white
            was = (*_WHITE[:3], was[3] or 1.0)
        self._put(patch, "facecolor", color)
        self._backdrops.between(patch, lambda _: patch.set_facecolor(color))
        self._backdrops.before(patch, lambda: patch.set_facecolor(was))
        return Ground(over(was, _WHITE), color, self._palette.text, is_themed)

    def _axes(self, axes: Axes, below: Ground) -> None:
        ground = below
        face = rgba(axes.patch.get_facecolor())
        is_framed = (axes.axison and axes.get_frame_on()) or _is_in_space(axes)  # where it is drawn in any case
        if is_framed and axes.patch.get_visible() and face[3] > 0:
            ground = self._opened(axes.patch, (*self._palette.axes[:3], face[3]))
            ground = replace(ground, now=over(ground.now, below.now))
        for axis in _axes_of(axes):
            self._axis(axis, below)
        titles = (axes.title, axes._left_title, axes._right_title)  # type: ignore[attr-defined]
        for title in titles:
            self._text(title, self._palette.title, below)
        for artist in axes.get_children():
            if artist is not axes.patch and artist not in titles:
                self._artist(artist, ground)

    def _axis(self, axis: Axis, ground: Ground) -> None:
        letter = axis.axis_name  # type: ignore[attr-defined]
        tick, label = self._palette.tick.get(letter, self._palette.spine), self._palette.tick_label.get(letter)
        label = label or self._palette.text
        self._text(axis.label, self._palette.label, ground)
        for kind in ("major", "minor"):
            self._ticks(axis, kind, tick, label, ground.now)
        self._text(axis.offsetText, label, ground)
        if hasattr(axis, "pane"):
            self._in_space(axis)
        else:
            self._backdrops.before(axis, lambda: self._reread_ticks(axis, ground))

    def _ticks(self, axis: Any, kind: str, tick: Rgba, label: Rgba, ground: Rgba) -> None:
        """Colour the ticks of *axis*: those that there are, and those that are made when it is drawn."""
        settings, ticks = getattr(axis, f"_{kind}_tick_kw"), getattr(axis, f"{kind}Ticks")
        labels = [(text, text.get_color()) for one in ticks for text in (one.label1, one.label2)]
        lines = [line for one in ticks for line in (one.tick1line, one.tick2line, one.gridline)]
        colors = [(line, line.get_color()) for line in lines]
        edges = [(line, line.get_markeredgecolor()) for line in lines]
        offset = axis.offsetText.get_color()
        self._undo.callback(lambda: [line.set_markeredgecolor(color) for line, color in edges])
        self._undo.callback(lambda: [artist.set_color(color) for artist, color in (*labels, *colors)])
        self._undo.callback(_restore, settings, dict(settings))
        # Ticks that are made from now on are the theme's.
        self._undo.callback(ticks.__delitem__, slice(len(ticks), None))
        marks = self._inked(rgba(settings.get("color", tick)), tick, ground)
        words = self._inked(rgba(settings.get("labelcolor", label)), label, ground)
        axis.set_tick_params(which=kind, color=marks, labelcolor=words, grid_color=self._palette.grid)
        for text, color in labels:
            text.set_color(self._inked(rgba(color), label, ground))
        axis.offsetText.set_color(offset)  # set_tick_params takes it along

    def _reread_ticks(self, axis: Any, ground: Ground) -> None:
        for tick in axis._update_ticks():
            self._backdrops.leave_out(tick)
            for text in (tick.label1, tick.label2):
                self._reread(text, rgba(text.get_color()), ground, None)

    def _in_space(self, axis: Any) -> None:
        """Colour what an axis in space has beyond others; it keeps the grid's colour to itself."""
        self._put(axis.line, "color", self._palette.spine)
        pane, grid = axis._axinfo["color"], axis._axinfo["grid"]
        self._undo.callback(axis.set_pane_color, pane)
        axis.set_pane_color((*self._palette.pane[:3], rgba(pane)[3]))
        self._undo.callback(_restore, grid, dict(grid))
        grid["color"] = self._palette.grid

    def _artist(self, artist: Artist, ground: Ground) -> None:
        if isinstance(artist, Spine):
            self._spine(artist, ground)
        elif isinstance(artist, Legend):
            self._legend(artist, ground)
        elif isinstance(artist, Text):
            self._text(artist, self._palette.text, ground)
        elif isinstance(artist, QuiverKey):
            self._text(artist.text, self._palette.text, ground)
            if hasattr(artist, "vector"):  # before matplotlib 3.11 there is none until it is drawn
                self._data(artist.vector, ground)
        elif isinstance(artist, Axes):
            self._axes(artist, ground)
        elif not isinstance(artist, Axis):
            self._data(artist, ground)
            self._parts(artist, ground)

    def _parts(self, artist: Artist, ground: Ground) -> None:
        """Restyle what *artist* is made of."""
        if isinstance(artist, AnchoredOffsetbox | AnnotationBbox):
            self._box(artist.patch)
        if isinstance(artist, Cell):
            self._text(artist.get_text(), self._palette.text, ground)
        for part in artist.get_children():
            self._artist(part, ground)
        for axis in _axes_of(artist):  # of a secondary axes, which is no Axes
            self._axis(axis, ground)

    def _data(self, artist: Artist, ground: Ground) -> None:
        """Have *artist*, if it is of a kind that shows data, kept visible; a colorbar's stand for values."""

        alone = Beneath(np.array([ground.was[:3]]), np.array([ground.now[:3]]))

        def look(beneath: Beneath) -> None:
            if not _stands_for_values(artist.axes):
                # Other libraries' artists may lack what matplotlib's have.
                with suppress(AttributeError, TypeError, ValueError):
                    recolor(artist, Brush(ground, beneath if len(beneath.was) else alone), self._undo)

        if not isinstance(artist, Line2D | Patch | Collection | _ImageBase):
            return
        if not _is_in_space(artist) and not self._backdrops.is_full:
            self._backdrops.between(artist, look)
            return
        look(alone)
        if not _is_in_space(artist):
            self._backdrops.instead(artist, lambda: None)

    def _spine(self, spine: Spine, ground: Ground) -> None:
        self._put(spine, "edgecolor", self._inked(rgba(spine.get_edgecolor()), self._palette.spine, ground.now, 2.0))

    def _legend(self, legend: Legend, below: Ground) -> None:
        frame = legend.get_frame()
        ground = self._opened(frame, (*self._palette.legend[:3], rgba(frame.get_facecolor())[3]))
        self._put(frame, "edgecolor", (*self._palette.legend_edge[:3], rgba(frame.get_edgecolor())[3]))
        ground = replace(ground, now=(*ground.now[:3], 1.0), mended=below.mended)
        for text in legend.findobj(Text):
            assert isinstance(text, Text)
            self._text(text, self._palette.legend_text, ground)
        for handle in legend.findobj(lambda one: one is not frame and not isinstance(one, Text | Legend)):
            self._data(handle, ground)

    def _text(self, text: Text, ink: Rgba, ground: Ground) -> None:
        """Colour a text in *ink*, or as legibly in its own hue; later by what it lies on, its own box included."""
        arrow = text.arrow_patch if isinstance(text, Annotation) else None
        if arrow is not None:
            self._data(arrow, ground)
        box, own = text.get_bbox_patch(), rgba(text.get_color())
        face = None if box is None else self._box(box)
        if text.get_path_effects():
            return  # it has a halo, and is legible anywhere
        self._put(text, "color", self._inked(own, ink, over(face, ground.now) if face else ground.now))
        if not _is_in_space(text):
            watch = self._backdrops.before if arrow else self._backdrops.instead
            watch(text, lambda: self._reread(text, own, ground, face))

    def _reread(self, text: Text, own: Rgba, ground: Ground, face: Rgba | None) -> None:
        """Colour *text* so that it can be read where it lies; on data, in its *own* colour if possible."""
        behind = self._backdrops.behind(text) if text.get_visible() and text.get_text() else np.empty((0, 3))
        if not len(behind):
            return
        behind = all_over(face, behind) if face else behind
        styled = rgba(text.get_color())
        is_data = np.mean(np.abs(behind - ground.now[:3]).max(axis=1) > _OTHER) > 0.5
        is_chosen = is_data and own[:3] != ground.ink[:3]
        color, least = (own, _LEGIBLE_ON_DATA) if is_chosen else (styled, _LEGIBLE)
        inks = [(*ink[:3], own[3]) for ink in (ground.ink, ground.now)]
        starkest = max(inks, key=lambda ink: _contrast(ink, behind))
        tries = np.array([[color], [starkest]]) if is_gray(own) else shades(np.array([color]), *inks)
        best = rgba(first_seen(tries, lambda shade: _contrast(shade, behind) / least)[0])
        if _contrast(best, behind) < _LEGIBLE_ON_DATA:  # nothing can be read on all of it: it takes its ground along
            best = styled
            self._undo.callback(text.set_path_effects, text.get_path_effects())
            text.set_path_effects([withStroke(linewidth=_HALO_PT, foreground=ground.now[:3])])
        text.set_color(best)

    def _box(self, box: Any) -> Rgba:
        """Colour the box of a text, unless it is gaudy, and return its face."""
        face, edge = rgba(box.get_facecolor()), rgba(box.get_edgecolor())
        if face[3] > 0 and is_gray(face):
            face = (*self._palette.legend[:3], face[3])
            self._put(box, "facecolor", face)
        if edge[3] > 0 and is_gray(edge):
            self._put(box, "edgecolor", (*self._palette.legend_edge[:3], edge[3]))
        return face

    def _inked(self, color: Rgba, ink: Rgba, ground: Rgba, least: float = _LEGIBLE) -> Rgba:
        if color[3] == 0:
            return color
        if is_gray(color):
            return (*ink[:3], color[3])
        behind = np.array([ground[:3]])
        tries = shades(np.array([color]), self._palette.text)
        return rgba(first_seen(tries, lambda shade: _contrast(shade, behind) / least)[0])

    def _put(self, artist: Artist, name: str, color: Rgba) -> None:
        put(artist, name, color, self._undo)


def _axes_of(artist: Any) -> list[Axis]:
    """Return the axes, x and y and maybe z, of one Axes, or of a secondary one; of anything else none."""
    return list(getattr(artist, "_axis_map", {}).values())


def _stands_for_values(axes: Any) -> bool:
    """Say whether what is in *axes* has its colours from a map, as a colorbar has."""
    if not (isinstance(axes, Axes) and is_colorbar(axes)):
        return False
    bar: Any = getattr(axes, "_colorbar", None)
    return bar is None or shows_values(bar.mappable)


def _is_in_space(artist: Artist) -> bool:
    """Say whether it is given place and shade only as it is drawn, by how far away it is."""
    return getattr(artist.axes, "name", "") == "3d"


def _contrast(colors: ArrayLike, behind: Colors) -> Any:
    """Return how well a text of each of *colors* can be read where it is read worst."""
    found = np.sort(contrasts(all_over(colors, behind), behind), axis=-1)
    return found[..., int(len(behind) * _SHARE)]


def _restore(settings: dict[str, Any], before: dict[str, Any]) -> None:
    settings.clear()
    settings.update(before)
