"""How many pixels a picture gets, worked out before anything is drawn. Knows no format."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a URL's options ask of a picture; None leaves it as its author made it.

    *width_px* and *height_px* are CSS pixels, *dpi* is CSS pixels per inch, *scale* device pixels per CSS pixel.

    Raises:
        ValueError: one of them isn't a positive, finite number.
    """

    width_px: float | None = None
    height_px: float | None = None
    dpi: float | None = None
    scale: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not _is_length(value):
                raise ValueError(f"{field.name} must be a positive number, not {value}")


class TooManyPixels(ValueError):
    """A picture would be larger than is allowed; no memory was taken for it."""

    def __init__(self, width_px: int, height_px: int, limit: int) -> None:
        super().__init__(width_px, height_px, limit)
        self.width_px = width_px
        self.height_px = height_px
        self.limit = limit

    def __str__(self) -> str:
        return f"a picture of {self.width_px:.9g} x {self.height_px:.9g} pixels has more than {self.limit:,} in all"


@dataclass(frozen=True, slots=True)
class Extent:
    """The size of one picture: CSS pixels, *dpi* of them per inch, each of *scale* by *scale* device pixels."""

    width_px: float
    height_px: float
    dpi: float
    scale: float

    @property
    def device_dpi(self) -> float:
        return self.dpi * self.scale

    @property
    def device_px(self) -> tuple[int, int]:
        return _whole(self.width_px * self.scale), _whole(self.height_px * self.scale)

    @property
    def inches(self) -> tuple[float, float]:
        """The size at which a figure drawn at `device_dpi` has just `device_px`, though matplotlib truncates."""
        width_px, height_px = self.device_px
        return self._inches(self.width_px, width_px), self._inches(self.height_px, height_px)

    def _inches(self, length_px: float, device_px: int) -> float:
        inches = length_px / self.dpi
        while int(inches * self.device_dpi) < device_px:
            inches = math.nextafter(inches, math.inf)
        return inches


def extent_of_figure(figure: Figure, sizing: Sizing) -> Extent:
    """Return how large *figure* becomes, obeying ``savefig.dpi``.

    Raises:
        ValueError: the figure's own size or dpi isn't a positive number, or it gets less than a pixel.
    """
    width_in, height_in = (float(inches) for inches in figure.get_size_inches())
    dpi = float(sizing.dpi or _saved_dpi(figure))
    if not (_is_length(width_in * dpi) and _is_length(height_in * dpi) and _is_length(dpi)):
        raise ValueError(f"a figure of {width_in:g} x {height_in:g} inches at {dpi:g} dpi can't be drawn")
    return _checked(Extent(*_asked(width_in * dpi, height_in * dpi, sizing), dpi, sizing.scale))


def extent_of_image(image: Image.Image, sizing: Sizing) -> Extent:
    """Return how large *image* becomes: within the width and height asked for, its aspect kept; dpi is all one to it.

    Raises:
        ValueError: the image has no pixels.
    """
    width, height = image.size
    if not (width and height):
        raise ValueError(f"an image of {width} x {height} pixels can't be drawn")
    factors = [asked / own for asked, own in ((sizing.width_px, width), (sizing.height_px, height)) if asked]
    factor, least = min(factors, default=1.0), 1 / sizing.scale
    return _checked(Extent(max(width * factor, least), max(height * factor, least), 1.0, sizing.scale))


def refuse_too_many(width_px: int, height_px: int, max_pixels: int) -> None:
    """Raise TooManyPixels if a picture of that size has more than *max_pixels*."""
    if width_px * height_px > max_pixels:
        raise TooManyPixels(width_px, height_px, max_pixels)


def _asked(width_px: float, height_px: float, sizing: Sizing) -> tuple[float, float]:
    if sizing.width_px and sizing.height_px:
        return sizing.width_px, sizing.height_px
    if sizing.width_px:
        return sizing.width_px, sizing.width_px * height_px / width_px
    if sizing.height_px:
        return sizing.height_px * width_px / height_px, sizing.height_px
    return width_px, height_px


def _checked(extent: Extent) -> Extent:
    if not all(_is_length(length * extent.scale) for length in (extent.width_px, extent.height_px)):
        raise ValueError(f"a picture of {extent.width_px:g} x {extent.height_px:g} pixels can't be drawn")
    if 0 in extent.device_px:
        raise ValueError(f"a picture of {extent.width_px:g} x {extent.height_px:g} pixels has less than one pixel")
    return extent


def _saved_dpi(figure: Figure) -> float:
    """As savefig works it out: a window on a screen of many pixels may have changed the figure's dpi."""
    dpi = mpl.rcParams["savefig.dpi"]
    return getattr(figure, "_original_dpi", figure.dpi) if dpi == "figure" else dpi


def _whole(length_px: float) -> int:
    """Cut to whole pixels as matplotlib does: what floats lose doesn't cost a pixel."""
    return int(length_px + 1e-8)


def _is_length(value: float) -> bool:
    return math.isfinite(value) and value > 0
