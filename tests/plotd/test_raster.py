from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from plotd import raster


def png(image: Image.Image) -> bytes:
    return raster.png(image, 100)


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_webp_has_the_very_pixels(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, channels), dtype=np.uint8)
    pixels[0, 0] = 0  # also where nobody sees them
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels, {2: "LA"}.get(channels))
    found = opened(raster.webp(png(image)))
    assert found.format == "WEBP"
    assert found.mode == ("RGBA" if channels in (2, 4) else "RGB")
    np.testing.assert_array_equal(np.asarray(found), np.asarray(image.convert(found.mode)))


def test_a_webp_of_sixteen_bits_keeps_the_upper_eight() -> None:
    deep = Image.fromarray(np.array([[0, 256, 65535]], dtype=np.uint16))
    found = opened(raster.webp(png(deep)))
    assert [found.getpixel((x, 0)) for x in range(3)] == [(0,) * 3, (1,) * 3, (255,) * 3]


def test_a_picture_that_is_too_long_for_a_webp_is_refused() -> None:
    assert opened(raster.webp(png(Image.new("1", (1, 16_383))))).height == 16_383
    with pytest.raises(ValueError, match="more than 16383 pixels on a side, and this has 1 x 16384 pixels: try PNG"):
        raster.webp(png(Image.new("1", (1, 16_384))))
