"""PDF: pages as large as savefig makes them, text that is text, and the same bytes each time."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from plotd.encode import Sizing, encode


def plotted(width_in: float = 2, height_in: float = 1) -> Figure:
    figure = Figure(figsize=(width_in, height_in), dpi=100)
    axes = figure.add_axes((0.2, 0.2, 0.6, 0.6), title="Überschrift")
    axes.imshow(np.eye(3), aspect="auto")
    return figure


def body_of(*pictures: Figure | Image.Image, sizing: Sizing = Sizing()) -> bytes:  # noqa: B008 - it is frozen
    return encode(pictures, "pdf", sizing, 10**7).body


def boxes(body: bytes) -> list[list[float]]:
    """Return the width and height of each page, in points."""
    return [[float(end) for end in box.split()[2:]] for box in re.findall(rb"/MediaBox \[(.*?)\]", body)]


def run(*command: str, body: bytes) -> bytes:
    return subprocess.run(command, input=body, capture_output=True, check=True).stdout


def pages(body: bytes, dpi: int, count: int) -> list[NDArray[np.uint8]]:
    """Return the pixels of the pages, as pdftoppm sees them."""
    numbers = [str(number + 1) for number in range(count)]
    command = ("pdftoppm", "-r", str(dpi), "-png")
    shown = [run(*command, "-f", number, "-l", number, "-", body=body) for number in numbers]
    return [np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) for png in shown]


@pytest.mark.parametrize(
    ("sizing", "inches"),
    [
        (Sizing(), (2, 1)),
        (Sizing(width_px=300), (3, 1.5)),
        (Sizing(width_px=300, height_px=70, dpi=50), (6, 1.4)),
        (Sizing(dpi=50), (2, 1)),
        (Sizing(scale=3), (2, 1)),
    ],
    ids=str,
)
def test_a_page_has_the_inches_that_the_figure_is_laid_out_at(sizing: Sizing, inches: tuple[float, float]) -> None:
    encoded = encode([plotted()], "pdf", sizing, 10**7)
    assert boxes(encoded.body) == [pytest.approx([72 * length for length in inches])]
    svg = encode([plotted()], "svg", sizing, 10**7)
    assert (encoded.width_px, encoded.height_px) == (svg.width_px, svg.height_px)
    assert encoded.axes[0].box == pytest.approx(svg.axes[0].box)
    assert encoded.alt == svg.alt


def test_each_picture_is_a_page(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 96, 3), dtype=np.uint8)
    body = body_of(plotted(), plotted(1, 2), Image.fromarray(pixels), Image.new("LA", (48, 48)))
    assert boxes(body) == [[144, 72], [72, 144], [72, 30], [36, 36]]
    assert (pages(body, 96, 4)[3] == 255).all()
    (tmp_path / "a.pdf").write_bytes(body)
    run("pdfimages", "-png", "-f", "3", "-l", "3", str(tmp_path / "a.pdf"), str(tmp_path / "image"), body=b"")
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "image-000.png")), pixels[::-1]
    )  # PDF counts upwards


def test_a_page_looks_as_the_png_does() -> None:
    png = np.asarray(Image.open(io.BytesIO(encode([plotted()], "png", Sizing(), 10**7).body)).resize((50, 25)))
    [shown] = pages(body_of(plotted()), 100, 1)
    assert shown.shape == (100, 200, 3)
    small = np.asarray(Image.fromarray(shown).resize((50, 25)))
    assert np.abs(small.astype(int) - png).mean() < 6


def test_text_is_text() -> None:
    assert "Überschrift" in run("pdftotext", "-", "-", body=body_of(plotted())).decode()


CODE = """
import hashlib
from matplotlib.figure import Figure
from plotd.encode import Sizing, encode
figure = Figure()
figure.add_subplot(title="$\\\\alpha$ Title").plot([1, 2], "o--", label="line")
figure.axes[0].legend()
figure.axes[0].bar([1, 2], [1, 2], hatch="/", alpha=0.5)
print(hashlib.sha256(encode([figure, figure], "pdf", Sizing(), 10**8).body).hexdigest())
"""


def test_equal_figures_give_equal_bytes_in_any_process() -> None:
    told = set()
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "MPLCONFIGDIR": mpl.get_cachedir()}
        command = [sys.executable, "-c", CODE]
        told.add(subprocess.run(command, capture_output=True, check=True, text=True, env=environment).stdout)
    assert len(told) == 1
    assert b"CreationDate" not in body_of(plotted())


def test_what_savefig_is_told_is_obeyed() -> None:
    settings: list[tuple[Any, int]] = [({"savefig.facecolor": "red"}, 2), ({"savefig.bbox": "tight"}, 0)]
    for rc, at in settings:
        with mpl.rc_context(rc):
            body = body_of(plotted())
            expected = io.BytesIO()
            plotted().savefig(expected, format="pdf", metadata={"CreationDate": None})
        assert boxes(body) == boxes(expected.getvalue())
        np.testing.assert_array_equal(pages(body, 50, 1)[0][at], pages(expected.getvalue(), 50, 1)[0][at])


def test_the_scale_is_the_resolution_of_what_is_raster() -> None:
    def raster_px(scale: float) -> int:
        figure = Figure(figsize=(2, 1), dpi=100)
        figure.add_axes((0, 0, 1, 1)).plot(range(9), rasterized=True)
        widths = re.findall(rb"/Width (\d+)", body_of(figure, sizing=Sizing(scale=scale)))
        return max(map(int, widths))

    assert raster_px(3) == pytest.approx(3 * raster_px(1), abs=6)
