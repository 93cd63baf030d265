"""What each format makes of pictures: they are added one after another, and joined at the end. Knows no URL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from plotd import raster, svg
from plotd.axes import AxesDescription
from plotd.canvas import Drawing, draw_pdf, draw_pixels, draw_svg
from plotd.look import Look
from plotd.series import Series
from plotd.sizing import Extent
from plotd.theme import palette


@dataclass(frozen=True, slots=True)
class Part:
    """One picture that was added: its *size*, in the pixels of its medium, and *device_px*, those that are bounded.

    *alt* is what a figure says, and *reading* the numbers that it says that of; an image says nothing.
    """

    size: tuple[float, float]
    device_px: tuple[int, int]
    axes: tuple[AxesDescription, ...] = ()
    alt: str = ""
    reading: Mapping[Axes, Sequence[Series]] = field(default_factory=dict)


NOT_DRAWN = Drawing()  # an image


class Medium(ABC):
    """One picture in the making."""

    @abstractmethod
    def add(self, picture: Figure | Image.Image, extent: Extent, max_pixels: int, look: Look) -> Part:
        """Draw *picture*. Raises as `encode` does."""

    @abstractmethod
    def body(self, corners: Sequence[tuple[float, float]]) -> bytes:
        """Return all that was added as one picture, each with its left top corner where *corners* says."""


class Png(Medium):
    """Pixels on one page."""

    def __init__(self) -> None:
        self._images: list[Image.Image] = []
        self._dpi: float | None = None
        self._ground = "white"

    def add(self, picture: Figure | Image.Image, extent: Extent, max_pixels: int, look: Look) -> Part:
        if isinstance(picture, Image.Image):
            image, drawing = raster.from_image(picture, extent.device_px), NOT_DRAWN
        else:
            drawing = draw_pixels(picture, extent, max_pixels, look)
            image = raster.from_rgba(drawing.pixels)
            self._dpi = self._dpi or extent.device_dpi
            self._ground = to_hex(palette(look.theme).figure) if look.theme else "white"
        self._images.append(image)
        return Part(image.size, image.size, drawing.axes, drawing.alt, drawing.reading)

    def body(self, corners: Sequence[tuple[float, float]]) -> bytes:
        return raster.png(raster.page(self._images, corners, self._ground), self._dpi)


class Svg(Medium):
    """Vectors on one page."""

    def __init__(self) -> None:
        self._vectors: list[svg.Vector] = []

    def add(self, picture: Figure | Image.Image, extent: Extent, max_pixels: int, look: Look) -> Part:
        if isinstance(picture, Image.Image):
            png = raster.png(raster.from_image(picture, extent.device_px), None)
            vector, drawing = svg.from_png(png, extent.width_px, extent.height_px), NOT_DRAWN
        else:
            drawing = draw_svg(picture, extent, max_pixels, look)
            vector = svg.from_matplotlib(drawing.svg, extent.dpi)
        self._vectors.append(vector)
        return Part((vector.width_px, vector.height_px), extent.device_px, drawing.axes, drawing.alt, drawing.reading)

    def body(self, corners: Sequence[tuple[float, float]]) -> bytes:
        return svg.page(self._vectors, corners).body


class Pdf(Medium):
    """Pages, one for each picture."""

    def __init__(self) -> None:
        from plotd.pdf import Pages  # a fifth of what the daemon's start would take, for the fewest

        self._pages = Pages()

    def add(self, picture: Figure | Image.Image, extent: Extent, max_pixels: int, look: Look) -> Part:
        if isinstance(picture, Image.Image):
            self._pages.add_image(raster.from_image(picture, extent.device_px), extent)
            return Part((extent.width_px, extent.height_px), extent.device_px)
        drawing = draw_pdf(picture, extent, max_pixels, look, self._pages)
        return Part(drawing.size, extent.device_px, drawing.axes, drawing.alt, drawing.reading)

    def body(self, corners: Sequence[tuple[float, float]]) -> bytes:
        return self._pages.body()


MEDIA: dict[str, type[Medium]] = {"png": Png, "svg": Svg, "pdf": Pdf}


def medium_of(format: str) -> Medium:
    """Return what makes a picture of *format*. Raises ValueError: there is no such format."""
    if format not in MEDIA:
        *others, last = MEDIA
        raise ValueError(f"a picture can be {', '.join(others)} or {last}, not {format!r}")
    return MEDIA[format]()
