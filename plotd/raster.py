"""Pixels: of a drawn figure, of an image of any mode, of several on one page, as PNG and as WebP. Knows no figure."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

# Lower levels save hardly any time, higher ones cost more of it than they save bytes.
_COMPRESS_LEVEL = 3
_WEBP_SIDE_PX = 16_383  # no side of a WebP can be longer
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I;16B"})


def from_rgba(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return *pixels*, of shape (height, width, 4), as an image, without the alpha channel where all is opaque."""
    height, width, _ = pixels.shape
    image = Image.frombuffer("RGBA", (width, height), pixels, "raw", "RGBA", 0, 1)
    return image.convert("RGB") if (pixels[..., 3] == 255).all() else image


def from_image(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return *image*, of any mode, in one that PNG knows, resampled if *size* (width, height) isn't its own."""
    if image.size != size:
        image = _smooth(image).resize(size, Image.Resampling.LANCZOS)
    if image.mode in _PNG_MODES:
        return image
    if image.mode.startswith("I"):
        return image.convert("I;16")
    if image.mode == "F":
        return image.convert("L")
    if image.mode == "La":
        return image.convert("LA")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def page(images: Sequence[Image.Image], corners: Sequence[tuple[float, float]], ground: str) -> Image.Image:
    """Return one image that holds all *images*, each with its left top corner where *corners* says; one stays as it is.

    What they leave uncovered is of the colour *ground*, or transparent if one of them isn't opaque.
    """
    if len(images) == 1:
        return images[0]
    width = max(int(left) + image.width for image, (left, _) in zip(images, corners, strict=True))
    height = max(int(top) + image.height for image, (_, top) in zip(images, corners, strict=True))
    opaque = not any(image.has_transparency_data for image in images)
    whole = Image.new("RGB", (width, height), ground) if opaque else Image.new("RGBA", (width, height))
    for image, (left, top) in zip(images, corners, strict=True):
        whole.paste(eight_bit(image).convert(whole.mode), (int(left), int(top)))
    return whole


def png(image: Image.Image, dpi: float | None) -> bytes:
    """Return *image* as PNG; *dpi*, if there is one, is told in it."""
    body = io.BytesIO()
    resolution = {} if dpi is None else {"dpi": (dpi, dpi)}
    image.save(body, "PNG", compress_level=_COMPRESS_LEVEL, **resolution)
    return body.getvalue()


def opened(png: bytes) -> Image.Image:
    """Return the image in *png*, one of ours: how large it may be was looked at before it was drawn."""
    return PngImageFile(io.BytesIO(png))


def webp(png: bytes) -> bytes:
    """Return the very pixels of *png* as WebP: without loss, but for the depth of a picture of 16 bits.

    Raises:
        ValueError: it is too large for that format.
    """
    image = opened(png)
    if max(image.size) > _WEBP_SIDE_PX:
        size = f"{image.width} x {image.height} pixels"
        raise ValueError(f"a WebP can't have more than {_WEBP_SIDE_PX} pixels on a side, and this has {size}: try PNG")
    image = eight_bit(image)
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    body = io.BytesIO()
    image.save(body, "WEBP", lossless=True, exact=True, quality=25, method=1)  # more effort costs more time than bytes
    return body.getvalue()


def _smooth(image: Image.Image) -> Image.Image:
    """Give *image* colours that can be mixed: those of a palette, or black and white, can't."""
    if image.mode in ("P", "PA", "RGB") and image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode == "P":
        return image.convert("RGB")
    return image.convert("L") if image.mode == "1" else image


def eight_bit(image: Image.Image) -> Image.Image:
    """Return *image* with no more than eight bits per channel."""
    if not image.mode.startswith("I;16"):
        return image
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))  # convert() would cut off all above 255
