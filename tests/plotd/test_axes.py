from __future__ import annotations

import io
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from plotd.axes import AxesDescription, AxisDescription
from plotd.encode import Encoded, Sizing, encode

OWN = Sizing()


def scaled(axis: AxisDescription, value: float) -> float:
    """What a client does to *value*, going by the description alone."""
    parameters = dict(axis.parameters)
    if axis.scale == "log":
        return math.log(value, parameters["base"])
    if axis.scale == "symlog":
        linear, base = parameters["linthresh"], parameters["base"]
        stretch = parameters["linscale"] / (1 - 1 / base)
        if abs(value) <= linear:
            return value * stretch
        return math.copysign(linear * (stretch + math.log(abs(value) / linear, base)), value)
    if axis.scale == "logit":
        return math.log(value / (1 - value))
    assert axis.scale == "linear"
    return value


def pixel_of(axes: AxesDescription, x: float, y: float) -> tuple[float, float]:
    def part(axis: AxisDescription, value: float) -> float:
        low, high = (scaled(axis, limit) for limit in axis.limits)
        return (scaled(axis, value) - low) / (high - low)

    left, top, right, bottom = axes.box
    return left + part(axes.x, x) * (right - left), bottom - part(axes.y, y) * (bottom - top)


def red_in(encoded: Encoded) -> tuple[float, float]:
    """The middle of all that is pure red."""
    pixels = np.asarray(Image.open(io.BytesIO(encoded.body)).convert("RGB"))
    rows, columns = np.nonzero((pixels == (255, 0, 0)).all(axis=-1))
    assert rows.size
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


def mark(axes: Axes, x: Any, y: Any) -> None:
    axes.plot([x], [y], "s", color="red", ms=5, mew=0)


def linear(axes: Axes) -> tuple[float, float]:
    axes.set(xlim=(-3, 7), ylim=(1, 2))
    mark(axes, 5.5, 1.7)
    return 5.5, 1.7


def reversed_axes(axes: Axes) -> tuple[float, float]:
    axes.set(xlim=(7, -3), ylim=(2, 1))
    mark(axes, 5.5, 1.7)
    return 5.5, 1.7


def logarithmic(axes: Axes) -> tuple[float, float]:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set(xlim=(0.1, 70), ylim=(1e-6, 1e9))
    mark(axes, 3, 250)
    return 3, 250


def symmetrical(axes: Axes) -> tuple[float, float]:
    axes.set_xscale("symlog", linthresh=2, linscale=0.5, base=3)
    axes.set_yscale("symlog")
    axes.set(xlim=(-100, 50), ylim=(-1000, 1000))
    mark(axes, -30, 1.5)
    return -30, 1.5


def shares(axes: Axes) -> tuple[float, float]:
    axes.set_yscale("logit")
    axes.set(xlim=(0, 1), ylim=(0.001, 0.999))
    mark(axes, 0.25, 0.9)
    return 0.25, 0.9


def equal(axes: Axes) -> tuple[float, float]:
    axes.set_aspect("equal")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    mark(axes, 0.2, 0.3)
    return 0.2, 0.3


def days(axes: Axes) -> tuple[float, float]:
    when = datetime(2024, 2, 10, 6)  # noqa: DTZ001 - as plots have them
    axes.set_xlim(when - timedelta(days=3), when + timedelta(days=11))  # type: ignore[arg-type]  # units are converted
    mark(axes, when, 4)
    return (when - datetime(1970, 1, 1)) / timedelta(days=1), 4  # noqa: DTZ001


@pytest.mark.parametrize("drawer", [linear, reversed_axes, logarithmic, symmetrical, shares, equal, days])
@pytest.mark.parametrize(
    ("layout", "sizing", "rc"),
    [
        (None, OWN, {}),
        ("constrained", Sizing(width_px=333, height_px=222, dpi=70), {}),
        ("tight", Sizing(scale=2), {}),
        (None, Sizing(dpi=150), {"savefig.bbox": "tight", "savefig.pad_inches": 0.3}),
        (None, OWN, {"savefig.bbox": "tight", "savefig.transparent": True, "savefig.dpi": 80}),
    ],
    ids=str,
)
def test_a_known_point_is_where_the_description_says(
    drawer: Callable[[Axes], tuple[float, float]], layout: Any, sizing: Sizing, rc: Any
) -> None:
    figure = Figure(layout=layout)
    point = drawer(figure.add_subplot(2, 2, 3, title="Title", xlabel="x", ylabel="y"))
    with mpl.rc_context(rc):
        encoded = encode([Figure(figsize=(7, 1)), figure, Figure(figsize=(7, 1))], "png", sizing, 10**8)
        assert red_in(encoded) == pytest.approx(pixel_of(encoded.axes[-1], *point), abs=1.25)


@pytest.mark.parametrize("rc", [{}, {"savefig.bbox": "tight"}], ids=str)
@pytest.mark.parametrize("sizing", [OWN, Sizing(width_px=300, dpi=60, scale=3)], ids=str)
def test_a_known_point_of_an_svg_is_where_the_description_says(sizing: Sizing, rc: Any) -> None:
    figure = Figure()
    point = linear(figure.add_subplot(title="Title"))
    with mpl.rc_context(rc):
        encoded = encode([figure], "svg", sizing, 10**8)
    svg = ET.fromstring(encoded.body)
    use = next(one for one in svg.iter("{http://www.w3.org/2000/svg}use") if "#ff0000" in one.get("style", ""))
    pixels_per_unit = float(svg.get("width", "")) / float(svg.get("viewBox", "").split()[2])
    place = (float(use.get("x", "")) * pixels_per_unit, float(use.get("y", "")) * pixels_per_unit)
    assert place == pytest.approx(pixel_of(encoded.axes[0], *point), abs=0.01)


def described(figure: Figure) -> tuple[AxesDescription, ...]:
    return encode([figure], "png", OWN, 10**8).axes


def test_json_holds_what_a_client_needs_and_nothing_it_can_not_read() -> None:
    figure = Figure(figsize=(4, 2), dpi=100)
    axes = figure.add_axes((0.25, 0.25, 0.5, 0.5), xlabel="x", ylabel="y", title="Middle", xlim=(2, 1), ylim=(1, 100))
    axes.set_yscale("log")
    axes.set_title("Left", loc="left")
    (description,) = described(figure)
    assert json.loads(json.dumps(description.as_json())) == {
        "box": [100, 50, 300, 150],
        "title": "Left Middle",
        "projection": "rectilinear",
        "colorbar": False,
        "aspect": None,
        "xlim": [2, 1],
        "xscale": "linear",
        "xunit": "number",
        "xlabel": "x",
        "xshared": 0,
        "ylim": [1, 100],
        "yscale": "log",
        "ybase": 10,
        "yunit": "number",
        "ylabel": "y",
        "yshared": 0,
    }


def test_a_symlog_scale_comes_with_what_it_takes() -> None:
    figure = Figure()
    figure.add_subplot().set_yscale("symlog", linthresh=0.5, linscale=2, base=3)
    assert described(figure)[0].y.parameters == (("base", 3), ("linthresh", 0.5), ("linscale", 2))


def test_axes_that_share_an_axis_name_the_first_of_them_in_every_picture_of_a_sheet() -> None:
    figures = [Figure(), Figure()]
    for figure in figures:
        _, lower = figure.subplots(2, sharex=True)
        lower.twinx()
    found = encode(figures, "png", OWN, 10**8).axes
    assert [(axes.x.shared, axes.y.shared) for axes in found] == [(0, 0), (0, 1), (0, 2), (3, 3), (3, 4), (3, 5)]


def test_the_first_axes_that_shares_is_one_that_is_seen() -> None:
    figure = Figure()
    hidden, *_ = figure.subplots(3, sharey=True)
    hidden.set_visible(False)
    assert [axes.y.shared for axes in described(figure)] == [0, 0]


def test_a_fixed_aspect_is_told() -> None:
    figure = Figure()
    _, image, stretched = figure.subplots(3)
    image.imshow(np.eye(3))
    stretched.set_aspect(2)
    assert [axes.aspect for axes in described(figure)] == [None, 1, 2]


def test_numbers_that_have_names_are_told_with_them() -> None:
    figure = Figure()
    bars, ticks, percent = figure.subplots(3)
    bars.bar(["night", "day"], [1, 2])
    ticks.set_yticks([2, 5], ["low", "high"])
    percent.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    told = [axes.as_json() for axes in described(figure)]
    assert told[0]["xnames"] == [[0, "night"], [1, "day"]]
    assert told[1]["ynames"] == [[2, "low"], [5, "high"]]
    assert not any("names" in key for key in told[2])


@pytest.mark.filterwarnings("ignore:Glyph")
def test_no_word_steers_the_terminal_that_shows_it() -> None:
    figure = Figure()
    axes = figure.add_subplot(title="a\x1b[31mred", xlabel="x\x9b1m", ylabel="two\nlines")
    axes.plot(["b\x07", "c"], [1, 2])
    (described,) = encode([figure], "png", OWN, 10**8).axes
    assert described.title == "a\ufffd[31mred"
    assert (described.x.label, described.y.label) == ("x\ufffd1m", "two\nlines")
    assert described.x.names == ((0, "b\ufffd"), (1, "c"))


def test_axes_stand_in_drawing_order_with_insets_after_their_own() -> None:
    figure = Figure()
    figure.add_subplot(2, 2, 1, title="front").set_zorder(5)
    back = figure.add_subplot(2, 2, 2, title="back")
    back.inset_axes((0, 0, 0.5, 0.5)).set_title("inset")
    back.secondary_xaxis("top")
    figure.add_subplot(2, 2, 3, title="hidden").set_visible(False)
    figure.add_subfigure(figure.add_gridspec(2, 2)[1, 1]).add_subplot(title="part")
    assert [axes.title for axes in described(figure)] == ["back", "inset", "part", "front"]


def test_colour_bars_are_flagged() -> None:
    figure = Figure()
    axes = figure.add_subplot()
    figure.colorbar(axes.imshow(np.eye(3)), label="height")
    plot, bar = described(figure)
    assert (plot.is_colorbar, bar.is_colorbar) == (False, True)
    assert (bar.y.label, bar.y.limits) == ("height", (0, 1))


def test_only_rectilinear_axes_call_themselves_so() -> None:
    figure = Figure()
    for place, projection in enumerate(["rectilinear", "polar", "3d", "mollweide"], start=1):
        figure.add_subplot(2, 2, place, projection=projection)
    assert [axes.projection for axes in described(figure)] == ["rectilinear", "polar", "3d", "mollweide"]


def test_dates_are_told_as_dates() -> None:
    figure = Figure()
    naive, aware, number = figure.subplots(3)
    naive.set_xlim(datetime(2024, 1, 1), datetime(2024, 3, 1, 12))  # noqa: DTZ001
    mark(aware, pd.Timestamp("2024-07-01T12:00", tz="Europe/Paris"), 1)
    aware.set_xlim(19905.5, 19906)
    mark(number, 19900, 1)
    assert [axes.x.unit for axes in described(figure)] == ["date", "date", "number"]
    first, second, third = (axes.x.dates for axes in described(figure))
    assert first == ("2024-01-01T00:00:00", "2024-03-01T12:00:00")
    assert second == ("2024-07-01T14:00:00+02:00", "2024-07-02T02:00:00+02:00")
    assert third is None


def test_dates_that_no_calendar_has_are_left_out() -> None:
    figure = Figure()
    axes = figure.add_subplot()
    axes.xaxis_date()
    axes.set_xlim(-1e6, 1e7)
    axes.set_xticks([])
    (description,) = described(figure)
    assert (description.x.unit, description.x.dates) == ("date", None)


@pytest.mark.parametrize("frequency", ["D", "h", "ME", "B", "15min"])
def test_the_periods_of_pandas_are_dates_too(frequency: str) -> None:
    index = pd.date_range("2024-01-01", periods=50, freq=frequency)
    figure = Figure()
    pd.Series(range(50), index=index).plot(ax=figure.add_subplot())
    (description,) = described(figure)
    assert description.x.unit == "date"
    assert description.x.dates
    first, last = (datetime.fromisoformat(date) for date in description.x.dates)
    assert abs(first - index[0]) <= timedelta(days=31)
    assert abs(last - index[-1]) <= timedelta(days=31)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", description.x.dates[0])
