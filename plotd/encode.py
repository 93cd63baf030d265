"""Turn figures and images into the bytes of one picture, fast and reproducibly. Knows no URL and no file."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from PIL import Image

from plotd.look import AS_MADE, Look, LookError
from plotd.sheet import Encoded, Sheet
from plotd.sizing import Sizing, TooManyPixels

__all__ = ["AS_MADE", "Encoded", "Look", "LookError", "Sizing", "TooManyPixels", "encode"]


def encode(
    pictures: Sequence[Figure | Image.Image],
    format: str,
    sizing: Sizing,
    max_pixels: int,
    look: Look = AS_MADE,
    max_rows: int = 0,
) -> Encoded:
    """Draw *pictures*, one below another and centred, as *format*: ``"png"``, ``"svg"`` or ``"pdf"``.

    The pixels are those of savefig, rcParams obeyed, and equal pictures give equal bytes. Figures keep their size, dpi,
    canvas and colours. *sizing* holds for each picture by itself; an image keeps its aspect within it. An SVG has the
    same size in CSS pixels, and *scale* is but the resolution of what is raster in it. So it is in a PDF, where each
    picture is a page of its own, as many inches large as it is laid out at. What pictures of different widths leave
    uncovered is white in a PNG, or of the theme's colour, or transparent if one of them isn't opaque. *look* counts the
    axes of all figures. The numbers are taken down as `Table` says, up to *max_rows* of them.

    Raises:
        TooManyPixels: there would be more than *max_pixels* device pixels, or, of an SVG or PDF, its raster would have
            more.
        LookError: a figure can't look as *look* says.
        ValueError: no picture, an unknown format, or a size that isn't positive and finite.
    """
    sheet = Sheet(format, sizing, max_pixels, look, max_rows)
    if not pictures:
        raise ValueError("there is no picture to encode")
    sheet.refuse(*pictures)
    for picture in pictures:
        sheet.add(picture)
    return sheet.encoded()
