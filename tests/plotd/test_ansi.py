"""A picture for a terminal: every cell shows two pixels, and nothing is left coloured."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from plotd import ansi

Color = tuple[int, ...]


def png(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()


def seen(text: str) -> list[list[Color]]:
    """Return the pixels that a terminal of 24-bit colours shows, row by row."""
    rows: list[list[Color]] = []
    for line in text.splitlines():
        assert line.endswith("\x1b[0m")
        colors: dict[int, Color] = {}
        upper, lower = [], []
        for found in re.finditer(r"\x1b\[([\d;]*)m|(.)", line.removesuffix("\x1b[0m")):
            codes = [int(code) for code in found[1].split(";")] if found[1] else []
            for start in range(0, len(codes), 5):
                kind, is_direct, *color = codes[start : start + 5]
                assert is_direct == 2
                colors[kind] = tuple(color)
            if found[2]:
                assert found[2] == "▀"
                upper.append(colors[38])
                lower.append(colors[48])
        rows += [upper, lower]
    return rows


def test_each_pixel_of_a_small_picture_is_seen() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 10, 3), dtype=np.uint8)
    text = ansi.text(png(Image.fromarray(pixels)), 10)
    assert text.endswith("\x1b[0m\n")
    assert seen(text) == [[tuple(pixel) for pixel in row] for row in pixels.tolist()]


@pytest.mark.parametrize(
    ("size", "columns", "shape"),
    [((640, 480), 80, (60, 80)), ((640, 480), 400, (300, 400)), ((10, 10), 80, (80, 80)), ((900, 1), 10, (2, 10))],
)
def test_a_picture_is_as_wide_as_asked_for_and_keeps_its_aspect(
    size: tuple[int, int], columns: int, shape: tuple[int, int]
) -> None:
    assert np.shape(seen(ansi.text(png(Image.new("RGB", size)), columns)))[:2] == shape


def test_a_very_tall_picture_has_no_more_lines_than_a_terminal_keeps() -> None:
    rows = seen(ansi.text(png(Image.new("L", (2, 40_000))), 400))
    assert len(rows) <= 4000
    assert len(rows[0]) == 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_what_is_transparent_lies_on_white(mode: str) -> None:
    rows = seen(ansi.text(png(Image.new(mode, (4, 4))), 4))
    assert rows == [[(255,) * 3 if mode in ("LA", "RGBA") else (0,) * 3] * 4] * 4


def test_a_colour_is_told_only_where_it_changes() -> None:
    assert ansi.text(png(Image.new("RGB", (3, 2), "red")), 3) == "\x1b[38;2;255;0;0;48;2;255;0;0m▀▀▀\x1b[0m\n"
