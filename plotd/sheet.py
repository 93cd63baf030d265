"""One picture of several figures, each drawn when it is added: what becomes of it later shows no more."""

from __future__ import annotations

from matplotlib.figure import Figure
from PIL import Image

from plotd import raster, svg
from plotd.axes import AxesDescription
from plotd.describe import alt_text
from plotd.encode import Encoded, corners_of, extent_of, image_of, moved_to, vector_of
from plotd.sizing import Sizing, refuse_too_many

_MOST_CHARACTERS = 2000  # of alt text, as of one picture


class Sheet:
    """What `encode` makes of a list of figures, for figures that come one after another."""

    def __init__(self, format: str, sizing: Sizing, max_pixels: int) -> None:
        self._is_png = format == "png"
        self._sizing = sizing
        self._max_pixels = max_pixels
        self._width_px = 0
        self._height_px = 0
        self._dpi: float | None = None
        self._images: list[Image.Image] = []
        self._vectors: list[svg.Vector] = []
        self._axes: list[tuple[AxesDescription, ...]] = []
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._axes)

    def refuse(self, figure: Figure) -> None:
        """Raise TooManyPixels, or ValueError, if *figure* can't be added."""
        self._with(extent_of(figure, self._sizing).device_px)

    def add(self, figure: Figure) -> None:
        """Draw *figure* below the others.

        Raises:
            TooManyPixels, ValueError: as `encode` says.
        """
        extent = extent_of(figure, self._sizing)
        size = self._with(extent.device_px)
        if self._is_png:
            image, axes = image_of(figure, extent, self._max_pixels)
            size = self._with(image.size)  # savefig.bbox may have made it larger
            self._images.append(image)
        else:
            vector, axes = vector_of(figure, extent, self._max_pixels)
            self._vectors.append(vector)
        self._width_px, self._height_px = size
        self._dpi = self._dpi or extent.device_dpi
        self._axes.append(axes)
        self._texts.append(alt_text([figure]))

    def encoded(self) -> Encoded:
        """Return all of it as one picture; there must be a figure."""
        if self._is_png:
            corners = corners_of([image.size for image in self._images])
            page = raster.page(self._images, corners)
            body, size = raster.png(page, self._dpi), page.size
        else:
            corners = corners_of([(vector.width_px, vector.height_px) for vector in self._vectors])
            whole = svg.page(self._vectors, corners)
            body, size = whole.body, (round(whole.width_px), round(whole.height_px))
        return Encoded(body, *size, moved_to(self._axes, corners), self._alt())

    def _with(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return how large the sheet is once a picture of *size* is on it. Raises TooManyPixels."""
        whole = max(self._width_px, size[0]), self._height_px + size[1]
        refuse_too_many(*whole, self._max_pixels)
        return whole

    def _alt(self) -> str:
        if len(self._texts) == 1:
            return self._texts[0]
        texts = [f"Picture {n} of {len(self._texts)}. {text}" for n, text in enumerate(self._texts, start=1)]
        whole = " ".join(texts)
        return whole if len(whole) <= _MOST_CHARACTERS else whole[: _MOST_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"
