"""Give a figure the colours of a theme, whatever its author chose, until it is given back. Changes no data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.quiver import QuiverKey
from matplotlib.spines import Spine
from matplotlib.table import Table
from matplotlib.text import Annotation, Text

from plotd.axes import is_colorbar
from plotd.backdrop import Backdrop
from plotd.colors import Rgba, contrast, is_gray, is_same, legible, over, rgba
from plotd.recolor import Ground, put, recolor
from plotd.theme import Palette, palette

_LEGIBLE = 4.5  # the contrast that WCAG 2 asks of text
_LEGIBLE_ON_DATA = 3.0  # as is to be had anywhere
_WHITE: Rgba = (1.0, 1.0, 1.0, 1.0)
_SAVED: Any = {"savefig.facecolor": "auto", "savefig.edgecolor": "auto", "savefig.transparent": False}


@contextmanager
def restyled(figure: Figure, theme: str) -> Iterator[None]:
    """Let *figure* have the colours of *theme* until the block ends.

    What isn't data gets those of the theme; gaudy text keeps its hue. Data keeps its colours as long as they are seen.
    """
    with mpl.rc_context(_SAVED), ExitStack() as undo:
        _Restyling(palette(theme), undo).figure(figure)
        yield


class _Restyling:
    """The restyling of one figure."""

    def __init__(self, palette: Palette, undo: ExitStack) -> None:
        self._palette = palette
        self._undo = undo

    def figure(self, figure: Figure | SubFigure, below: Ground | None = None) -> None:
        """Restyle a figure, or a part of one that lies on *below*."""
        is_open = below is None or rgba(figure.patch.get_facecolor())[3] > 0
        ground = self._opened(figure.patch, self._palette.figure) if is_open or below is None else below
        for artist in figure.get_children():
            if isinstance(artist, SubFigure):
                self.figure(artist, ground)
            elif artist is not figure.patch:
                self._artist(artist, ground, None)

    def _opened(self, patch: Any, color: Rgba) -> Ground:
        """Paint *patch*, and return what lies on it from now on."""
        was = rgba(patch.get_facecolor())
        self._put(patch, "facecolor", color)
        if was[3] == 0 or is_same(was, color):  # what the theme was in force for, was meant for white
            was = _WHITE
        return Ground(over(was, _WHITE), color, self._palette.text)

    def _axes(self, axes: Axes, below: Ground) -> None:
        ground = below
        face = rgba(axes.patch.get_facecolor())
        if axes.axison and axes.get_frame_on() and axes.patch.get_visible() and face[3] > 0:
            ground = self._opened(axes.patch, (*self._palette.axes[:3], face[3]))
            ground = Ground(ground.was, over(ground.now, below.now), ground.ink)
        for axis in _axes_of(axes):
            self._axis(axis, below)
        titles = (axes.title, axes._left_title, axes._right_title)  # type: ignore[attr-defined]
        for title in titles:
            self._role(title, self._palette.title, below.now)
        data = [one for one in axes.get_children() if one is not axes.patch and one not in titles]
        backdrop = Backdrop(axes, ground.now)
        texts = [one for one in data if isinstance(one, Text)]
        if not is_colorbar(axes):
            for artist in data:
                if not isinstance(artist, Text):
                    self._artist(artist, ground, backdrop)
        else:
            for spine in axes.spines.values():
                self._spine(spine, below)
        for text in texts:  # at last: some lie on what was recoloured
            self._artist(text, ground, backdrop)

    def _axis(self, axis: Axis, ground: Ground) -> None:
        letter = axis.axis_name  # type: ignore[attr-defined]
        tick, label = self._palette.tick.get(letter, self._palette.spine), self._palette.tick_label.get(letter)
        label = label or self._palette.text
        self._role(axis.label, self._palette.label, ground.now)
        for kind in ("major", "minor"):
            self._ticks(axis, kind, tick, label, ground.now)
        self._role(axis.offsetText, label, ground.now)
        if hasattr(axis, "pane"):
            self._in_space(axis)

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

    def _in_space(self, axis: Any) -> None:
        """Colour what an axis in space has beyond others; it keeps the grid's colour to itself."""
        self._put(axis.line, "color", self._palette.spine)
        pane, grid = axis._axinfo["color"], axis._axinfo["grid"]
        self._undo.callback(axis.set_pane_color, pane)
        axis.set_pane_color((*self._palette.pane[:3], rgba(pane)[3]))
        self._undo.callback(_restore, grid, dict(grid))
        grid["color"] = self._palette.grid

    def _artist(self, artist: Artist, ground: Ground, backdrop: Backdrop | None) -> None:
        if isinstance(artist, Spine):
            self._spine(artist, ground)
        elif isinstance(artist, Legend):
            self._legend(artist)
        elif isinstance(artist, Text):
            self._text(artist, ground, backdrop)
        elif isinstance(artist, Table):
            for cell in artist.get_celld().values():
                recolor(cell, ground, self._undo)
                self._legible(cell.get_text(), over(rgba(cell.get_facecolor()), ground.now))
        elif isinstance(artist, QuiverKey):
            self._role(artist.text, self._palette.text, ground.now)
            if hasattr(artist, "vector"):  # before matplotlib 3.11 there is none until it is drawn
                recolor(artist.vector, ground, self._undo)
        elif isinstance(artist, Axes):
            self._axes(artist, ground)
        elif not isinstance(artist, Axis):
            with suppress(AttributeError, TypeError, ValueError):  # other libraries' may lack what matplotlib's have
                recolor(artist, ground, self._undo)
            self._each(artist.get_children(), ground, backdrop)
            for axis in _axes_of(artist):  # of a secondary axes, which is no Axes
                self._axis(axis, ground)

    def _each(self, artists: Iterable[Artist], ground: Ground, backdrop: Backdrop | None) -> None:
        for artist in artists:
            self._artist(artist, ground, backdrop)

    def _spine(self, spine: Spine, ground: Ground) -> None:
        self._put(spine, "edgecolor", self._inked(rgba(spine.get_edgecolor()), self._palette.spine, ground.now, 2.0))

    def _legend(self, legend: Legend) -> None:
        frame = legend.get_frame()
        ground = self._opened(frame, (*self._palette.legend[:3], rgba(frame.get_facecolor())[3]))
        self._put(frame, "edgecolor", (*self._palette.legend_edge[:3], rgba(frame.get_edgecolor())[3]))
        ground = Ground(ground.was, (*ground.now[:3], 1.0), ground.ink)
        for text in legend.findobj(Text):
            self._role(text, self._palette.legend_text, ground.now)
        for handle in legend.findobj(lambda one: one is not frame and not isinstance(one, Text | Legend)):
            recolor(handle, ground, self._undo)

    def _text(self, text: Text, ground: Ground, backdrop: Backdrop | None) -> None:
        """Colour a text that stands anywhere: on the ground, on data, or on a box of its own."""
        if isinstance(text, Annotation) and text.arrow_patch is not None:
            recolor(text.arrow_patch, ground, self._undo)
        behind, is_data = backdrop.behind(text) if backdrop else (ground.now, False)
        box = text.get_bbox_patch()
        if box is not None:
            behind, is_data = self._box(box, behind)
        if text.get_path_effects():
            return  # it has a halo, and is legible anywhere
        if is_data:
            self._legible(text, behind)
        else:
            self._role(text, self._palette.text, behind)

    def _box(self, box: Any, behind: Rgba) -> tuple[Rgba, bool]:
        """Colour the box of a text, unless it is gaudy, and return what its text lies on, and whether that is gaudy."""
        face, edge = rgba(box.get_facecolor()), rgba(box.get_edgecolor())
        is_gaudy = face[3] > 0 and not is_gray(face)
        if not is_gaudy and face[3] > 0:
            face = (*self._palette.legend[:3], face[3])
            self._put(box, "facecolor", face)
        if edge[3] > 0 and is_gray(edge):
            self._put(box, "edgecolor", (*self._palette.legend_edge[:3], edge[3]))
        return over(face, behind), is_gaudy

    def _role(self, text: Text, ink: Rgba, ground: Rgba) -> None:
        """Colour a text in *ink*; of a hue of its own, as much is kept as is legible."""
        self._put(text, "color", self._inked(rgba(text.get_color()), ink, ground))

    def _legible(self, text: Text, ground: Rgba) -> None:
        """Colour a text on a *ground* that isn't the theme's, if it can't be read there."""
        color = rgba(text.get_color())
        if contrast(color, ground) < _LEGIBLE_ON_DATA:
            best = max((self._palette.text, self._palette.axes), key=lambda ink: contrast(ink, ground))
            self._put(text, "color", (*best[:3], color[3]))

    def _inked(self, color: Rgba, ink: Rgba, ground: Rgba, least: float = _LEGIBLE) -> Rgba:
        if color[3] == 0:
            return color
        if is_gray(color):
            return (*ink[:3], color[3])
        return legible(color, ground, self._palette.text, least)

    def _put(self, artist: Artist, name: str, color: Rgba) -> None:
        put(artist, name, color, self._undo)


def _axes_of(artist: Any) -> list[Axis]:
    """Return the axes, x and y and maybe z, of one Axes, or of a secondary one; of anything else none."""
    return list(getattr(artist, "_axis_map", {}).values())


def _restore(settings: dict[str, Any], before: dict[str, Any]) -> None:
    settings.clear()
    settings.update(before)
