from __future__ import annotations

import math
import pickle
import random

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from PIL import Image

from plotd.sizing import Sizing, TooManyPixels, extent_of_figure, extent_of_image, refuse_too_many


def device_px(figure: Figure, sizing: Sizing) -> tuple[int, int]:
    return extent_of_figure(figure, sizing).device_px


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["width_px", "height_px", "dpi", "scale"])
def test_what_is_no_size_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a positive number, not"):
        Sizing(**{name: value})


@pytest.mark.parametrize(
    ("sizing", "expected"),
    [
        (Sizing(), (640, 480)),
        (Sizing(width_px=320), (320, 240)),
        (Sizing(height_px=960), (1280, 960)),
        (Sizing(width_px=300, height_px=500), (300, 500)),
        (Sizing(dpi=50), (320, 240)),
        (Sizing(width_px=300, dpi=50), (300, 225)),
        (Sizing(scale=2), (1280, 960)),
        (Sizing(width_px=301, height_px=201, scale=1.5), (451, 301)),
        (Sizing(scale=0.5, dpi=200), (640, 480)),
    ],
    ids=str,
)
def test_width_and_height_are_css_pixels_and_scale_multiplies_them(sizing: Sizing, expected: tuple[int, int]) -> None:
    assert device_px(Figure(figsize=(6.4, 4.8), dpi=100), sizing) == expected


def test_savefig_dpi_is_the_dpi_unless_one_is_asked_for() -> None:
    figure = Figure(figsize=(2, 1), dpi=100)
    with mpl.rc_context({"savefig.dpi": 50}):
        assert device_px(figure, Sizing()) == (100, 50)
        assert device_px(figure, Sizing(dpi=10)) == (20, 10)
        assert extent_of_figure(figure, Sizing(width_px=300)).inches[0] == 6


def test_what_floats_lose_never_costs_a_pixel() -> None:
    figure, chance = Figure(), random.Random(0)
    for _ in range(5000):
        width_px, dpi, scale = chance.randint(1, 5000), chance.uniform(10, 600), chance.choice([1, 1.25, 2, 3, 4])
        extent = extent_of_figure(figure, Sizing(width_px=width_px, height_px=width_px, dpi=dpi, scale=scale))
        assert extent.device_px[0] == int(width_px * scale)
        assert int(extent.inches[0] * extent.device_dpi) == int(width_px * scale)


@pytest.mark.parametrize(
    ("width_in", "height_in"), [(0, 1), (1, 0), (-1, 1), (math.nan, 1), (1, math.inf), (1e300, 1e-300), (1e308, 1)]
)
def test_a_figure_without_a_size_is_refused(width_in: float, height_in: float) -> None:
    figure = Figure()
    figure.bbox_inches.p1 = width_in, height_in  # past set_size_inches, which refuses most of them
    with pytest.raises(ValueError, match=r"can't be drawn|less than one pixel"):
        extent_of_figure(figure, Sizing())


@pytest.mark.parametrize("dpi", [0, -100, math.nan, math.inf])
def test_a_figure_without_a_dpi_is_refused(dpi: float) -> None:
    figure = Figure()
    figure._original_dpi = dpi  # type: ignore[attr-defined]  # what savefig goes by
    with pytest.raises(ValueError, match=r"inches at .* dpi can't be drawn"):
        extent_of_figure(figure, Sizing())


def test_less_than_a_pixel_is_refused() -> None:
    with pytest.raises(ValueError, match="less than one pixel"):
        extent_of_figure(Figure(figsize=(6, 0.001)), Sizing())


@pytest.mark.parametrize(
    ("sizing", "expected"),
    [
        (Sizing(), (200, 100)),
        (Sizing(width_px=100), (100, 50)),
        (Sizing(height_px=200), (400, 200)),
        (Sizing(width_px=100, height_px=10), (20, 10)),
        (Sizing(width_px=100, height_px=1000, scale=2), (200, 100)),
        (Sizing(dpi=300, scale=0.5), (100, 50)),
        (Sizing(width_px=1), (1, 1)),
        (Sizing(width_px=1, scale=0.5), (1, 1)),
    ],
    ids=str,
)
def test_an_image_keeps_its_aspect_within_what_is_asked_for(sizing: Sizing, expected: tuple[int, int]) -> None:
    assert extent_of_image(Image.new("L", (200, 100)), sizing).device_px == expected


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="an image of 0 x 5 pixels"):
        extent_of_image(Image.new("L", (0, 5)), Sizing())


def test_too_many_pixels_says_how_many_and_can_be_sent_to_another_process() -> None:
    refuse_too_many(1000, 1000, 10**6)
    with pytest.raises(TooManyPixels) as raised:
        refuse_too_many(1001, 1000, 10**6)
    error = pickle.loads(pickle.dumps(raised.value))
    assert (error.width_px, error.height_px, error.limit) == (1001, 1000, 10**6)
    assert str(error) == "a picture of 1001 x 1000 pixels has more than 1,000,000 in all"
