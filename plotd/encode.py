"""Turn figures and images into the bytes of one picture, fast and reproducibly. Knows no URL and no file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from matplotlib.figure import Figure
from PIL import Image

from plotd import raster, svg
from plotd.axes import AxesDescription
from plotd.canvas import draw_pixels, draw_svg
from plotd.describe import alt_text
from plotd.sizing import Extent, Sizing, TooManyPixels, extent_of_figure, extent_of_image, refuse_too_many

__all__ = ["Encoded", "Sizing", "TooManyPixels", "encode"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as bytes, and what it shows.

    *width_px*, *height_px* and the boxes of *axes* are device pixels of a PNG, and CSS pixels of an SVG, which has no
    others; the origin is the top left corner.
    """

    body: bytes
    width_px: int
    height_px: int
    axes: tuple[AxesDescription, ...]
    alt: str


def encode(pictures: Sequence[Figure | Image.Image], format: str, sizing: Sizing, max_pixels: int) -> Encoded:
    """Draw *pictures*, one below another and centred, as *format*: ``"png"`` or ``"svg"``.

    The pixels are those of savefig, rcParams obeyed, and equal pictures give equal bytes. Figures keep their size, dpi
    and canvas. *sizing* holds for each picture by itself; an image keeps its aspect within it. An SVG has the same size
    in CSS pixels, and *scale* is but the resolution of what is raster in it. What pictures of different widths leave
    uncovered is white in a PNG, or transparent if one of them isn't opaque.

    Raises:
        TooManyPixels: there would be more than *max_pixels* device pixels, or, of an SVG, its raster would have more.
        ValueError: no picture, an unknown format, or a size that isn't positive and finite.
    """
    if format not in ("png", "svg"):
        raise ValueError(f"a picture can be png or svg, not {format!r}")
    if not pictures:
        raise ValueError("there is no picture to encode")
    plan = [(picture, extent_of(picture, sizing)) for picture in pictures]
    _refuse_too_many([extent.device_px for _, extent in plan], max_pixels)
    body, size, axes = _png(plan, max_pixels) if format == "png" else _svg(plan, max_pixels)
    return Encoded(body, *size, axes, alt_text(pictures))


Plan = list[tuple[Figure | Image.Image, Extent]]
Drawn = tuple[bytes, tuple[int, int], tuple[AxesDescription, ...]]


def _png(plan: Plan, max_pixels: int) -> Drawn:
    parts = [image_of(picture, extent, max_pixels) for picture, extent in plan]
    images = [image for image, _ in parts]
    _refuse_too_many([image.size for image in images], max_pixels)  # savefig.bbox may have made them larger
    corners = corners_of([image.size for image in images])
    page = raster.page(images, corners)
    dpi = next((extent.device_dpi for picture, extent in plan if isinstance(picture, Figure)), None)
    return raster.png(page, dpi), page.size, moved_to([axes for _, axes in parts], corners)


def _svg(plan: Plan, max_pixels: int) -> Drawn:
    parts = [vector_of(picture, extent, max_pixels) for picture, extent in plan]
    vectors = [vector for vector, _ in parts]
    corners = corners_of([(vector.width_px, vector.height_px) for vector in vectors])
    page = svg.page(vectors, corners)
    size = round(page.width_px), round(page.height_px)
    return page.body, size, moved_to([axes for _, axes in parts], corners)


def image_of(
    picture: Figure | Image.Image, extent: Extent, max_pixels: int
) -> tuple[Image.Image, tuple[AxesDescription, ...]]:
    """Return the pixels of *picture*, and its axes. Raises as `encode` does."""
    if isinstance(picture, Image.Image):
        return raster.from_image(picture, extent.device_px), ()
    drawing = draw_pixels(picture, extent, max_pixels)
    return raster.from_rgba(drawing.pixels), drawing.axes


def vector_of(
    picture: Figure | Image.Image, extent: Extent, max_pixels: int
) -> tuple[svg.Vector, tuple[AxesDescription, ...]]:
    """Return *picture* as SVG, and its axes. Raises as `encode` does."""
    if isinstance(picture, Image.Image):
        png = raster.png(raster.from_image(picture, extent.device_px), None)
        return svg.from_png(png, extent.width_px, extent.height_px), ()
    drawing = draw_svg(picture, extent, max_pixels)
    return svg.from_matplotlib(drawing.svg, extent.dpi), drawing.axes


def extent_of(picture: Figure | Image.Image, sizing: Sizing) -> Extent:
    """Return how large *picture* is to be drawn."""
    return extent_of_image(picture, sizing) if isinstance(picture, Image.Image) else extent_of_figure(picture, sizing)


def _refuse_too_many(sizes: Sequence[tuple[int, int]], max_pixels: int) -> None:
    refuse_too_many(max(width for width, _ in sizes), sum(height for _, height in sizes), max_pixels)


def corners_of(sizes: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where the left top corner of each picture is, one below another and centred, in whole pixels across."""
    widest = max(width for width, _ in sizes)
    tops = accumulate((height for _, height in sizes), initial=0.0)
    return [((widest - width) // 2, top) for (width, _), top in zip(sizes, tops, strict=False)]


def moved_to(
    axes: Sequence[tuple[AxesDescription, ...]], corners: Sequence[tuple[float, float]]
) -> tuple[AxesDescription, ...]:
    """Return the axes of all pictures, each picture at its corner."""
    return tuple(one.moved(*corner) for own, corner in zip(axes, corners, strict=True) for one in own)
