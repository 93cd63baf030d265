"""One picture of several, each drawn when it is added: what becomes of it later shows no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from matplotlib.figure import Figure
from PIL import Image

from plotd.axes import AxesDescription
from plotd.describe import alt_text, alt_text_of_all
from plotd.look import AS_MADE, Look, LookError
from plotd.media import medium_of
from plotd.sizing import Extent, Sizing, extent_of_figure, extent_of_image, refuse_too_many
from plotd.table import Table


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as bytes, and what it shows.

    *width_px*, *height_px* and the boxes of *axes* are device pixels of a PNG, and CSS pixels of an SVG or PDF, which
    have no others; the origin is the top left corner. The pages of a PDF count as lying one below another. *table* is
    what was plotted, in numbers.
    """

    body: bytes
    width_px: int
    height_px: int
    axes: tuple[AxesDescription, ...]
    alt: str
    table: Table = field(default_factory=Table, compare=False)


class Sheet:
    """What `encode` makes of a list of pictures, for pictures that come one after another."""

    def __init__(self, format: str, sizing: Sizing, max_pixels: int, look: Look = AS_MADE, max_rows: int = 0) -> None:
        """Raise ValueError if *format* is none that a picture can have."""
        self._medium = medium_of(format)
        self._sizing = sizing
        self._max_pixels = max_pixels
        self._look = look
        self._max_rows = max_rows
        self._table = Table()
        self._device_px = (0, 0)
        self._sizes: list[tuple[float, float]] = []
        self._axes: list[tuple[AxesDescription, ...]] = []
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._sizes)

    def refuse(self, *pictures: Figure | Image.Image) -> None:
        """Raise TooManyPixels, or ValueError, if *pictures* can't be added."""
        whole = self._device_px
        for picture in pictures:
            whole = _with(whole, extent_of(picture, self._sizing).device_px)
        refuse_too_many(*whole, self._max_pixels)

    def add(self, picture: Figure | Image.Image) -> None:
        """Draw *picture* below the others.

        Raises:
            TooManyPixels, LookError, ValueError: as `encode` says.
        """
        self.refuse(picture)
        look = self._look.from_axes(sum(map(len, self._axes)))
        part = self._medium.add(picture, extent_of(picture, self._sizing), self._max_pixels, look)
        self._device_px = _with(self._device_px, part.device_px)  # savefig.bbox may have made it larger
        refuse_too_many(*self._device_px, self._max_pixels)
        self._sizes.append(part.size)
        self._axes.append(part.axes)
        if isinstance(picture, Image.Image):
            self._texts.append(alt_text(picture, {}))
            return
        self._texts.append(part.alt)
        self._table = self._table.plus(picture, part.reading, self._max_rows)

    def encoded(self) -> Encoded:
        """Return all of it as one picture; there must be one on it.

        Raises:
            LookError: there is no such axes as the look is to change.
        """
        count = sum(map(len, self._axes))
        for limit in self._look.limits:
            if limit.axes >= count:
                raise LookError(_no_axes(limit.axes, count), limit.option)
        corners = corners_of(self._sizes)
        width = max(width for width, _ in self._sizes)
        height = sum(height for _, height in self._sizes)
        axes = moved_to(self._axes, corners)
        body, alt = self._medium.body(corners), alt_text_of_all(self._texts)
        return Encoded(body, round(width), round(height), axes, alt, self._table)


def extent_of(picture: Figure | Image.Image, sizing: Sizing) -> Extent:
    """Return how large *picture* is to be drawn."""
    return extent_of_image(picture, sizing) if isinstance(picture, Image.Image) else extent_of_figure(picture, sizing)


def corners_of(sizes: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where the left top corner of each picture is, one below another and centred, in whole pixels across."""
    widest = max(width for width, _ in sizes)
    tops = accumulate((height for _, height in sizes), initial=0.0)
    return [((widest - width) // 2, top) for (width, _), top in zip(sizes, tops, strict=False)]


def moved_to(
    axes: Sequence[tuple[AxesDescription, ...]], corners: Sequence[tuple[float, float]]
) -> tuple[AxesDescription, ...]:
    """Return the axes of all pictures, each picture at its corner."""
    before = accumulate(map(len, axes), initial=0)
    places = zip(axes, corners, before, strict=False)
    return tuple(one.moved(*corner, count) for own, corner, count in places for one in own)


def _with(whole: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Return how large a sheet of the size *whole* is once a picture of *size* is on it."""
    return max(whole[0], size[0]), whole[1] + size[1]


def _no_axes(number: int, count: int) -> str:
    there_are = {0: "the picture has none", 1: "the picture has only axes 0"}
    return f"there is no axes {number}: {there_are.get(count, f'the picture has axes 0 to {count - 1}')}"
