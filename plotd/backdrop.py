"""What lies beneath each artist of a figure, read off two drawings: as its author made it, and in its theme."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.lines import AxLine, Line2D
from matplotlib.patches import FancyArrowPatch, Patch
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from plotd.colors import Colors, Rgba

Window = tuple[slice, slice]

_DPI = 100  # is enough to see what lies where; the same for each size in pixels, so that a colour is too
_MOST_PIXELS = 640_000  # of a sheet: beyond that, the dots are larger
_MOST_SAMPLES = 128  # that are looked at for each artist
_MOST_ARTISTS = 500  # that are looked beneath
_FAINT = 4  # of 255: what changes a pixel by less isn't seen there


@dataclass(frozen=True, slots=True)
class Beneath:
    """What lies beneath an artist where its author sees it, pixel by pixel: as he made it, and in the theme."""

    was: Colors
    now: Colors


class Backdrops:
    """A rehearsal: draws a figure in its theme, and what shows data also as its author made it, on a sheet beside.

    Who asked to be called for an artist is so just before that is drawn: what lies beneath it is there, and has the
    colours that it will have.
    """

    def __init__(self) -> None:
        self._calls: list[tuple[Artist, Callable[[], None], bool]] = []  # and whether it is drawn
        self._undo = ExitStack()
        self._was: Any = None  # renderers have no stubs
        self._now: Any = None

    def before(self, artist: Artist, call: Callable[[], None]) -> None:
        """Have *call* made before *artist* is drawn; it isn't on the author's sheet."""
        self._calls.append((artist, call, True))

    def instead(self, artist: Artist, call: Callable[[], None]) -> None:
        """Have *call* made when *artist* would be drawn: nothing has to be told from it."""
        self._calls.append((artist, call, False))

    def between(self, artist: Artist, call: Callable[[Beneath], None]) -> None:
        """Have *call* made, with what lies beneath, when *artist* is on the author's sheet and not yet on the other."""
        draw = artist.draw

        def look() -> None:
            window = self._window(artist)
            before = _words(self._was)[window].copy()
            draw(self._was)
            call(self._seen(before, window))

        self._calls.append((artist, look, True))

    @property
    def is_full(self) -> bool:
        """Whether so many artists are looked beneath that one more would take too long."""
        return len(self._calls) >= _MOST_ARTISTS

    def rehearse(self, figure: Figure, was: Rgba, now: Rgba) -> None:
        """Draw *figure* on sheets of the colours *was* and *now*, and make all calls."""
        with self._undo:
            self._undo.callback(setattr, figure, "dpi", figure.dpi)
            figure.dpi = min(_DPI, math.sqrt(_MOST_PIXELS / math.prod(figure.get_size_inches())))
            self._was, self._now = _sheet(figure, was), _sheet(figure, now)
            for artist, call, is_drawn in self._calls:
                self._hook(artist, call, is_drawn)
            figure.draw(self._now)

    def leave_out(self, artist: Artist) -> None:
        """Have *artist*, from which nothing has to be told apart, not drawn in the rehearsal."""
        self._replace_draw(artist, lambda *_args, **_kwargs: None)

    def _hook(self, artist: Artist, call: Callable[[], None], is_drawn: bool) -> None:
        draw = artist.draw

        def hooked(renderer: Any, *args: Any, **kwargs: Any) -> None:
            if renderer is self._now:
                call()
            if is_drawn and renderer is not self._was:  # there, a part comes by itself
                draw(renderer, *args, **kwargs)

        self._replace_draw(artist, hooked)

    def _replace_draw(self, artist: Artist, draw: Callable[..., None]) -> None:
        own = vars(artist)
        self._undo.callback(own.update, {name: own[name] for name in ("draw",) if name in own})
        self._undo.callback(own.pop, "draw")
        own["draw"] = draw

    def behind(self, text: Text) -> Colors:
        """Return the colours in the theme where *text* is about to be drawn."""
        if isinstance(text, Annotation):
            text.update_positions(self._now)
        box = Text.get_window_extent(text, self._now)  # that of an annotation has the arrow in it
        pixels = _bytes(_words(self._now)[self._inside(box)].reshape(-1))
        return np.asarray(pixels[:: len(pixels) // _MOST_SAMPLES + 1, :3] / 255)

    def _window(self, artist: Artist) -> Window:
        """Return about where *artist* is, as far as that can be told at once; of any other, everywhere.

        What is drawn beyond (a mitre, an arc between two points) isn't looked at: most of it is enough.
        """
        if isinstance(artist, Line2D | Patch) and not isinstance(artist, AxLine | FancyArrowPatch):
            corners = artist.get_transform().transform(artist.get_path().vertices)
            corners = corners[np.isfinite(corners).all(axis=1)]
            width = artist.get_linewidth() + (artist.get_markersize() if isinstance(artist, Line2D) else 0.0)
            if len(corners):
                return self._inside(Bbox([corners.min(axis=0), corners.max(axis=0)]), width * self._was.dpi / 72 + 1)
        return slice(None), slice(None)

    def _inside(self, box: Bbox, margin: float = 0.0) -> Window:
        """Return the part of the sheets that *box* covers, in pixels from the left bottom corner."""
        edges = np.nan_to_num(box.extents) + (-margin, -margin, margin, margin)
        height, width = self._now.height, self._now.width
        left, bottom, right, top = np.clip(edges, 0, (width, height, width, height)).astype(int)
        return slice(height - top - 1 if top < height else 0, height - bottom), slice(left, right + 1)

    def _seen(self, before: NDArray[np.uint32], window: Window) -> Beneath:
        """Return what lies beneath where the author's sheet is another than *before*."""
        after = _words(self._was)[window]
        places = np.nonzero(before != after)
        step = len(places[0]) // _MOST_SAMPLES + 1
        rows, columns = (place[::step] for place in places)
        was, new = _bytes(before[rows, columns]), _bytes(after[rows, columns])
        is_seen = np.abs(was.astype(np.int16) - new).max(axis=1, initial=0) > _FAINT
        now = _bytes(_words(self._now)[window][rows, columns])
        pairs = np.hstack([was[is_seen, :3], now[is_seen, :3]]) / 255
        if len(pairs) and (pairs == pairs[0]).all():  # as it mostly is
            pairs = pairs[:1]
        return Beneath(pairs[:, :3], pairs[:, 3:])


def _sheet(figure: Figure, color: Rgba) -> Any:
    width, height = (math.ceil(length) for length in figure.bbox.size)
    sheet: Any = RendererAgg(width, height, figure.dpi)  # type: ignore[no-untyped-call]
    np.asarray(sheet.buffer_rgba())[:] = np.round(np.multiply(color, 255))
    return sheet


def _words(sheet: Any) -> NDArray[np.uint32]:
    """Return each pixel of *sheet* as one number."""
    return np.asarray(sheet.buffer_rgba()).view(np.uint32)[..., 0]


def _bytes(words: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(words).view(np.uint8).reshape(-1, 4)
