"""A picture as text for a terminal of 24-bit colours. Knows no figure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plotd import raster

COLUMNS = 80

_MOST_LINES = 2000  # a taller picture gets narrower: a terminal keeps about so many
_UPPER_HALF = "\N{UPPER HALF BLOCK}"
_RESET = "\x1b[0m"


def text(png: bytes, columns: int = COLUMNS) -> str:
    """Return the picture *png*, so many *columns* wide, as lines of half blocks, each line two pixels high.

    A cell of a terminal is about twice as high as it is wide, so that these are square. What is transparent lies on
    white, as in a browser: what was drawn for paper would be lost on a dark terminal.
    """
    image = _on_white(raster.eight_bit(raster.opened(png)))
    height_per_width = image.height / image.width / 2
    columns = max(1, min(columns, int(_MOST_LINES / height_per_width)))
    lines = max(1, min(_MOST_LINES, round(columns * height_per_width)))
    small = image.resize((columns, 2 * lines), Image.Resampling.LANCZOS, reducing_gap=3.0)
    pixels: NDArray[np.uint8] = np.asarray(small)
    return "".join("".join(_line(pixels[row], pixels[row + 1])) for row in range(0, 2 * lines, 2))


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def _line(upper: NDArray[np.uint8], lower: NDArray[np.uint8]) -> Iterator[str]:
    """Yield one line: colours only where they change."""
    last: tuple[list[int] | None, list[int] | None] = (None, None)
    for front, back in zip(upper.tolist(), lower.tolist(), strict=True):
        codes = []
        if front != last[0]:
            codes.append("38;2;{};{};{}".format(*front))
        if back != last[1]:
            codes.append("48;2;{};{};{}".format(*back))
        last = front, back
        yield (f"\x1b[{';'.join(codes)}m" if codes else "") + _UPPER_HALF
    yield f"{_RESET}\n"
