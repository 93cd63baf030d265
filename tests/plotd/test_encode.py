from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from PIL import Image

from plotd.encode import Encoded, Sizing, TooManyPixels, encode

OWN = Sizing()
SVG = "{http://www.w3.org/2000/svg}"


def plotted(width_in: float = 2, height_in: float = 1, color: str = "white") -> Figure:
    figure = Figure(figsize=(width_in, height_in), dpi=100, facecolor=color)
    axes = figure.add_subplot(title="Title")
    axes.plot([1, 2], "s", label="line")
    axes.imshow(np.eye(3), aspect="auto")
    return figure


def opened(encoded: Encoded) -> Image.Image:
    return Image.open(io.BytesIO(encoded.body))


def root(encoded: Encoded) -> ET.Element:
    return ET.fromstring(encoded.body)


def test_a_png_is_opaque_where_the_figure_is_and_tells_its_dpi() -> None:
    image = opened(encode([plotted()], "png", Sizing(dpi=150, scale=2), 10**6))
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (600, 300))
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert opened(encode([plotted(color="none")], "png", OWN, 10**6)).mode == "RGBA"


def test_equal_figures_give_equal_bytes(drawer: Callable[[Figure], None]) -> None:
    bodies = []
    for _ in range(2):
        figure = Figure()
        drawer(figure)
        bodies.append(encode([figure], "svg", OWN, 10**7).body)
    assert bodies[0] == bodies[1]
    assert encode([plotted()], "png", OWN, 10**6).body == encode([plotted()], "png", OWN, 10**6).body


def test_the_salt_that_the_user_chose_is_kept() -> None:
    with mpl.rc_context({"svg.hashsalt": "mine", "svg.image_inline": False}):
        mine = encode([plotted()], "svg", OWN, 10**6).body
        assert mpl.rcParams["svg.hashsalt"] == "mine"
        assert mine != encode([plotted()], "svg", OWN, 10**6).body.replace(b"x", b"y")
    assert mine != encode([plotted()], "svg", OWN, 10**6).body
    assert mpl.rcParams["svg.hashsalt"] is None


@pytest.mark.parametrize(
    ("sizing", "size"),
    [
        (OWN, ("200", "100")),
        (Sizing(width_px=300), ("300", "150")),
        (Sizing(width_px=300, height_px=70, dpi=50), ("300", "70")),
        (Sizing(dpi=50), ("100", "50")),
        (Sizing(scale=3), ("200", "100")),
    ],
    ids=str,
)
def test_browsers_show_an_svg_at_the_size_asked_for(sizing: Sizing, size: tuple[str, str]) -> None:
    encoded = encode([plotted()], "svg", sizing, 10**6)
    element = root(encoded)
    assert (element.get("width"), element.get("height")) == size
    assert (encoded.width_px, encoded.height_px) == (int(size[0]), int(size[1]))
    dpi = sizing.dpi or 100
    left, top, width, height = map(float, element.get("viewBox", "").split())
    assert (left, top, width, height) == pytest.approx((0, 0, int(size[0]) * 72 / dpi, int(size[1]) * 72 / dpi))


def test_the_scale_of_an_svg_is_the_resolution_of_its_raster() -> None:
    def raster_px(scale: float) -> int:
        image = next(root(encode([plotted()], "svg", Sizing(scale=scale), 10**6)).iter(f"{SVG}image"))
        data = image.get("{http://www.w3.org/1999/xlink}href", "").partition(",")[2]
        return Image.open(io.BytesIO(base64.b64decode(data))).width

    assert raster_px(3) == pytest.approx(3 * raster_px(1), abs=3)


def test_an_svg_obeys_the_bounding_box_that_savefig_would_use() -> None:
    with mpl.rc_context({"savefig.bbox": "tight"}):
        encoded = encode([plotted()], "svg", OWN, 10**6)
        expected = opened(encode([plotted()], "png", OWN, 10**6)).size
    assert (encoded.width_px, encoded.height_px) == pytest.approx(expected, abs=2)


def test_pictures_stand_one_below_another_and_centred_on_white() -> None:
    red, blue = plotted(2, 1, "red"), plotted(1, 0.5, "blue")
    page = encode([red, blue, Image.new("L", (50, 20), 0)], "png", OWN, 10**6)
    pixels = np.asarray(opened(page))
    assert pixels.shape == (170, 200, 3)
    np.testing.assert_array_equal(pixels[:100], np.asarray(opened(encode([red], "png", OWN, 10**6))))
    np.testing.assert_array_equal(pixels[100:150, 50:150], np.asarray(opened(encode([blue], "png", OWN, 10**6))))
    assert (pixels[100:150, :50] == 255).all()
    assert (pixels[150:, 75:125] == 0).all()
    assert (pixels[150:, 125:] == 255).all()


def test_pictures_of_which_one_is_not_opaque_stand_on_nothing() -> None:
    page = opened(encode([plotted(2, 1), Image.new("RGBA", (50, 20), (0, 255, 0, 100))], "png", OWN, 10**6))
    assert page.mode == "RGBA"
    assert page.getpixel((10, 110)) == (0, 0, 0, 0)
    assert page.getpixel((100, 110)) == (0, 255, 0, 100)


def test_the_boxes_of_a_lower_picture_lie_where_it_is() -> None:
    alone = encode([plotted(1, 0.5)], "png", OWN, 10**6).axes[0].box
    for format in ("png", "svg"):
        upper, lower = encode([plotted(2, 1), plotted(1, 0.5)], format, OWN, 10**6).axes
        assert upper.box[3] < 100
        assert lower.box == pytest.approx((alone[0] + 50, alone[1] + 100, alone[2] + 50, alone[3] + 100))


def test_no_id_stands_twice_in_one_svg() -> None:
    encoded = encode([plotted(), plotted(1, 1), Image.new("1", (9, 9))], "svg", OWN, 10**6)
    page = root(encoded)
    assert (page.get("width"), page.get("height")) == ("200", "209")
    places = [(part.get("x"), part.get("y"), part.get("width"), part.get("height")) for part in page]
    assert places == [("0", "0", "200", "100"), ("50", "100", "100", "100"), ("95", "200", "9", "9")]
    identifiers = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(identifiers) > 20
    assert len(set(identifiers)) == len(identifiers)
    meant = set(re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', encoded.body.decode()))
    assert {one or other for one, other in meant} <= set(identifiers)


def test_text_that_looks_like_an_id_stays() -> None:
    figure = Figure()
    figure.text(0.5, 0.5, ' id="a" url(#b) href="#c"')
    with mpl.rc_context({"svg.fonttype": "none"}):
        page = root(encode([figure, figure], "svg", OWN, 10**6))
    texts = [element.text for element in page.iter(f"{SVG}text")]
    assert [(text or "").strip() for text in texts] == ['id="a" url(#b) href="#c"'] * 2


@pytest.mark.parametrize(
    "mode", "1 L LA La P PA RGB RGBA RGBa RGBX CMYK YCbCr LAB HSV I F I;16 I;16B I;16L I;16N".split()
)
@pytest.mark.parametrize("sizing", [OWN, Sizing(width_px=13, scale=2)], ids=str)
def test_an_image_of_any_mode_becomes_a_picture(mode: str, sizing: Sizing) -> None:
    encoded = encode([Image.new(mode, (8, 6))], "png", sizing, 10**6)
    image = opened(encoded)
    image.load()
    assert image.size == (encoded.width_px, encoded.height_px) == ((8, 6) if sizing == OWN else (26, 19))
    assert encoded.alt == "An image, 8 pixels wide and 6 high."
    page = encode([Image.new(mode, (8, 6))] * 2, "svg", sizing, 10**6)
    assert len(list(root(page).iter(f"{SVG}image"))) == 2


def test_the_pixels_of_an_image_stay_as_they_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 4), dtype=np.uint8)
    for image in (Image.fromarray(pixels), Image.fromarray(pixels[..., :3]), Image.fromarray(pixels[..., 0])):
        np.testing.assert_array_equal(np.asarray(opened(encode([image], "png", OWN, 10**6))), np.asarray(image))
    deep = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    np.testing.assert_array_equal(np.asarray(opened(encode([deep], "png", OWN, 10**6))), np.asarray(deep))
    stacked = np.asarray(opened(encode([deep, deep], "png", OWN, 10**6)))
    np.testing.assert_array_equal(stacked[:7, :, 0], pixels[..., 0])


def test_a_palette_keeps_its_colours_and_its_transparency() -> None:
    image = Image.new("P", (4, 4))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.info["transparency"] = 1
    image.putpixel((0, 0), 1)
    for sizing in (OWN, Sizing(width_px=40)):
        got = opened(encode([image], "png", sizing, 10**6)).convert("RGBA")
        assert got.getpixel((got.width - 1, got.height - 1)) == (255, 0, 0, 255)
        assert got.getpixel((0, 0))[3] == 0  # type: ignore[index]  # it has four channels


class Drawn(Artist):
    """Tells that somebody began to draw."""

    def draw(self, renderer: Any) -> None:
        raise AssertionError("it was drawn")


@pytest.mark.parametrize("format", ["png", "svg"])
@pytest.mark.parametrize(
    ("sizing", "count"), [(Sizing(width_px=1000), 1), (Sizing(scale=6), 1), (Sizing(dpi=600), 1), (OWN, 20)], ids=str
)
def test_too_many_pixels_are_refused_before_anything_is_drawn(format: str, sizing: Sizing, count: int) -> None:
    figures = [Figure(figsize=(2, 1), dpi=100) for _ in range(count)]
    for figure in figures:
        figure.add_artist(Drawn())
    with pytest.raises(TooManyPixels) as raised:
        encode(figures, format, sizing, 300_000)
    assert raised.value.width_px * raised.value.height_px > raised.value.limit == 300_000


def test_as_many_pixels_as_allowed_are_drawn() -> None:
    assert encode([Figure(figsize=(2, 1), dpi=100)], "png", OWN, 20_000).width_px == 200
    with pytest.raises(TooManyPixels):
        encode([Figure(figsize=(2, 1), dpi=100)], "png", OWN, 19_999)
    with pytest.raises(TooManyPixels):
        encode([Image.new("L", (200, 100))], "png", Sizing(scale=1.01), 20_000)


@pytest.mark.parametrize("format", ["png", "svg"])
def test_a_tight_bounding_box_can_not_get_round_the_bound(format: str) -> None:
    figure = Figure(figsize=(2, 1), dpi=100)
    figure.add_subplot().text(3000, 3000, "far away")
    with mpl.rc_context({"savefig.bbox": "tight"}), pytest.raises(TooManyPixels) as raised:
        encode([figure], format, OWN, 10**6)
    assert raised.value.width_px > 100_000


def test_what_can_not_be_encoded_is_refused() -> None:
    with pytest.raises(ValueError, match=r"can be png, .* not 'gif'"):
        encode([Figure()], "gif", OWN, 10**6)
    with pytest.raises(ValueError, match="no picture"):
        encode([], "png", OWN, 10**6)
    with pytest.raises(ValueError, match=r"0 x 4\.8 inches"):
        encode([Figure(figsize=(0, 4.8))], "png", OWN, 10**6)


def test_the_ground_floor_loads_nothing_of_ours_and_nothing_that_a_job_may_lack() -> None:
    code = """if True:
        import sys
        import plotd.encode, plotd.describe
        absent = {"pandas", "pydantic", "tornado", "yaml", "matplotlib.pyplot", "plots", "service", "handlers"}
        print(sorted(absent & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
