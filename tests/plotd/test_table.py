from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from plotd.encode import Sizing, encode
from plotd.sheet import Sheet
from plotd.table import AT_HAND_BYTES, TooManyRows

Drawer = Callable[[Figure], None]

MANY = 10**8
X = np.array([0.1, 1 / 3, np.pi, 4e-300, 5e300])
Y = np.array([1e-17, -2.5, 3.0000000000000004, 0.1 + 0.2, 7])


def csv_of(*pictures: Figure | Image.Image) -> str:
    return encode(pictures, "png", Sizing(), MANY, max_rows=MANY).table.body(MANY).decode()


def table_of(*pictures: Figure | Image.Image) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(csv_of(*pictures)))


def drawn(draw: Callable[[Any], object], **subplot: Any) -> pd.DataFrame:
    figure = Figure()
    draw(figure.add_subplot(**subplot))
    return table_of(figure)


def _step_outline(axes: Any) -> None:
    axes.hist([1, 2, 2, 3, 7], bins=[0, 1.5, 2.5, 8], histtype="step", label="h")


def _stacked(axes: Any) -> None:
    axes.bar([1, 2], [3, 4], label="a")
    axes.bar([1, 2], [5, 6], bottom=[3, 4], label="b")


def _with_legend(axes: Any) -> None:
    axes.plot([1, 2], [3, 4])
    axes.legend(["named late"])


def _violins(axes: Any) -> None:
    axes.violinplot([[1, 2, 3]], showextrema=False, points=3)


def _collapsed(axes: Any) -> None:
    axes.errorbar([1, 2, 3, 4], [1, 2, 3, 4], yerr=0.5, errorevery=(1, 2))


NAN = np.nan
CASES: dict[str, tuple[Callable[[Any], object], dict[str, list[Any]]]] = {
    "a line, to the last digit": (lambda axes: axes.plot(X, Y), {"x": [*X], "y": [*Y]}),
    "integers": (lambda axes: axes.plot([1, 2], [2**53 + 1, -4]), {"x": [1, 2], "y": [2**53 + 1, -4]}),
    "its label": (lambda axes: axes.plot([1], label="loss"), {"series": ["loss"]}),
    "no label": (lambda axes: axes.plot([1]), {"series": ["line 1"]}),
    "a label of the legend": (_with_legend, {"series": ["named late"] * 2}),
    "gaps": (lambda axes: axes.plot([1, NAN, 3], [4, 5, NAN]), {"x": [1, NAN, 3], "y": [4, 5, NAN]}),
    "a mask": (lambda axes: axes.plot(np.ma.array([1, 2, 3], mask=[False, True, False])), {"y": [1, NAN, 3]}),
    "no end": (lambda axes: axes.plot([1, 2], [np.inf, -np.inf]), {"y": [np.inf, -np.inf]}),
    "points": (lambda axes: axes.plot([3, 1], [2, 4], "o"), {"series": ["points 1"] * 2, "x": [3, 1], "y": [2, 4]}),
    "a log scale": (
        lambda axes: axes.loglog([1, 10, 1e200], [1e-200, 1, 9]),
        {"x": [1, 10, 1e200], "y": [1e-200, 1, 9]},
    ),
    "steps": (lambda axes: axes.step([1, 2, 3], [4, 6, 5], where="mid"), {"x": [1, 2, 3], "y": [4, 6, 5]}),
    "stairs": (
        lambda axes: axes.stairs([3, 1], [0, 1, 4]),
        {"series": ["steps 1"] * 2, "x": [0.5, 2.5], "y": [3, 1], "low": [0, 1], "high": [1, 4]},
    ),
    "lying stairs": (
        lambda axes: axes.stairs([3, 1], [0, 1, 4], orientation="horizontal"),
        {"x": [3, 1], "y": [0.5, 2.5], "low": [0, 1], "high": [1, 4]},
    ),
    "stems": (lambda axes: axes.stem([1, 2], [3, 1], label="s"), {"series": ["s"] * 2, "x": [1, 2], "y": [3, 1]}),
    "a scatter": (
        lambda axes: axes.scatter(X[:3], Y[:3], c=[7, 8.5, 9]),
        {"x": [*X[:3]], "y": [*Y[:3]], "value": [7, 8.5, 9]},
    ),
    "sizes": (lambda axes: axes.scatter([1, 2], [3, 4], s=[10, 20.5]), {"value": [10, 20.5]}),
    "colours before sizes": (lambda axes: axes.scatter([1, 2], [3, 4], [10, 20], [5, 6]), {"value": [5, 6]}),
    "a masked scatter": (
        lambda axes: axes.scatter(np.ma.array([1.0, 2, 3], mask=[False, True, False]), [4, 5, 6], plotnonfinite=True),
        {"x": [1, NAN, 3], "y": [4, NAN, 6]},
    ),
    "bars": (lambda axes: axes.bar([0.1, 0.2, 0.3], [3, 5, 4]), {"x": [0.1, 0.2, 0.3], "y": [3, 5, 4]}),
    "stacked bars": (
        _stacked,
        {"series": ["a", "a", "b", "b"], "y": [3, 4, 5, 6], "low": [NAN, NAN, 3, 4], "high": [NAN, NAN, 8, 10]},
    ),
    "lying bars": (lambda axes: axes.barh([1, 2], [3.5, 5]), {"x": [3.5, 5], "y": [1, 2]}),
    "lying bars in the air": (lambda axes: axes.barh([1, 2], [3, -1], left=[1, 9]), {"low": [1, 8], "high": [4, 9]}),
    "bars with errors": (
        lambda axes: axes.bar(["a", "b"], [3, 5], yerr=[[1, 2], [0.5, 0]]),
        {"x": ["a", "b"], "y": [3, 5], "low": [2, 3], "high": [3.5, 5]},
    ),
    "bars below the names of ticks": (
        lambda axes: (axes.set_xticks([0, 1], ["yes", "no"]), axes.bar([-0.2, 0.8], [3, 5], width=0.4)),
        {"x": ["yes", "no"], "y": [3, 5]},
    ),
    "a histogram": (
        lambda axes: axes.hist([1, 2, 2, 3, 7], bins=[0, 1.5, 2.5, 8], label="h"),
        {"series": ["h"] * 3, "x": [0.75, 2, 5.25], "y": [1, 2, 2], "low": [0, 1.5, 2.5], "high": [1.5, 2.5, 8]},
    ),
    "a lying histogram": (
        lambda axes: axes.hist([1, 2, 2], bins=[0, 1.5, 3], orientation="horizontal"),
        {"x": [1, 2], "y": [0.75, 2.25], "low": [0, 1.5], "high": [1.5, 3]},
    ),
    "the outline of a histogram": (
        _step_outline,
        {"series": ["h"] * 3, "x": [0.75, 2, 5.25], "y": [1, 2, 2], "low": [0, 1.5, 2.5], "high": [1.5, 2.5, 8]},
    ),
    "the filled outline of a histogram": (
        lambda axes: axes.hist([1, 2, 2], bins=[0, 1.5, 3], histtype="stepfilled"),
        {"x": [0.75, 2.25], "y": [1, 2], "low": [0, 1.5], "high": [1.5, 3]},
    ),
    "a distribution": (lambda axes: axes.ecdf([3, 1, 2, 2]), {"x": [1, 1, 2, 2, 3], "y": [0, 0.25, 0.5, 0.75, 1]}),
    "uneven errors": (
        lambda axes: axes.errorbar([1, 2], [10, 20], yerr=[[1, 2], [3, 4]], label="e"),
        {"series": ["e"] * 2, "x": [1, 2], "y": [10, 20], "low": [9, 18], "high": [13, 24]},
    ),
    "errors of x": (lambda axes: axes.errorbar([1, 2], [3, 4], xerr=0.5), {"low": [0.5, 1.5], "high": [1.5, 2.5]}),
    "errors of both": (
        lambda axes: axes.errorbar([1], [3], xerr=0.5, yerr=1, capsize=3, label="e"),
        {"series": ["e", "e along x"], "x": [1, NAN], "y": [3, 3], "low": [2, 0.5], "high": [4, 1.5]},
    ),
    "bars with errors of both": (
        lambda axes: axes.barh([1, 2], [3, 4], xerr=1, yerr=0.25),
        {"series": ["horizontal bars 1"] * 2 + ["error bars along x 1"] * 2, "low": [0.75, 1.75, 2, 3]},
    ),
    "errors of both alone": (
        lambda axes: axes.errorbar([1], [3], xerr=0.5, yerr=1, fmt="none"),
        {"series": ["error bars 1", "error bars along x 1"], "low": [2, 0.5]},
    ),
    "no errors": (lambda axes: axes.errorbar([1, 2], [3, 4]), {"x": [1, 2], "y": [3, 4]}),
    "every other error": (_collapsed, {"low": [NAN, 1.5, NAN, 3.5], "high": [NAN, 2.5, NAN, 4.5]}),
    "errors alone": (
        lambda axes: axes.errorbar([1, 2], [3, 4], yerr=1, fmt="none"),
        {"series": ["error bars 1"] * 2, "x": [1, 2], "y": [NAN] * 2, "low": [2, 3], "high": [4, 5]},
    ),
    "a fill": (
        lambda axes: axes.fill_between([1, 2, 3], [3, 9, 1], [2, 4, 5], label="f"),
        {"series": ["f"] * 3, "x": [1, 2, 3], "y": [NAN] * 3, "low": [2, 4, 1], "high": [3, 9, 5]},
    ),
    "a fill here and there": (
        lambda axes: axes.fill_between(range(6), [1, 2, 3, 4, 5, 6], where=[1, 1, 0, 1, 1, 1]),
        {"x": [0, 1, 3, 4, 5], "low": [0] * 5, "high": [1, 2, 4, 5, 6]},
    ),
    "a fill by steps": (
        lambda axes: axes.fill_between([1, 2, 3], [3, 9, 1], step="post"),
        {"x": [1, 2, 3], "low": [0] * 3, "high": [3, 9, 1]},
    ),
    "a sideways fill": (
        lambda axes: axes.fill_betweenx([1, 2], [3, 4], [5, 6]),
        {"x": [NAN] * 2, "y": [1, 2], "low": [3, 4], "high": [5, 6]},
    ),
    "stacked areas": (
        lambda axes: axes.stackplot([1, 2], [3, 4], [5, 6], labels=["a", "b"]),
        {"series": ["a", "a", "b", "b"], "low": [0, 0, 3, 4], "high": [3, 4, 8, 10]},
    ),
    "a filled polygon": (lambda axes: axes.fill([0, 1, 0.5], [0, 0, 1]), {"x": [0, 1, 0.5, 0], "y": [0, 0, 1, 0]}),
    "violins": (_violins, {"y": [1, 2, 3], "x": [NAN] * 3}),
    "an image": (
        lambda axes: axes.imshow([[1, 2.5], [3, NAN]]),
        {"x": [0, 1, 0, 1], "y": [0, 0, 1, 1], "value": [1, 2.5, 3, NAN]},
    ),
    "an image with its extent": (
        lambda axes: axes.imshow([[1, 2], [3, 4]], extent=(10, 20, 0, 1)),
        {"x": [12.5, 17.5] * 2, "y": [0.75, 0.75, 0.25, 0.25], "value": [1, 2, 3, 4]},
    ),
    "an image from below": (
        lambda axes: axes.imshow([[1, 2], [3, 4]], extent=(10, 20, 0, 1), origin="lower"),
        {"x": [12.5, 17.5] * 2, "y": [0.25, 0.25, 0.75, 0.75], "value": [1, 2, 3, 4]},
    ),
    "a photograph": (
        lambda axes: axes.imshow(np.array([[[1, 2, 3], [4, 5, 255]]], dtype=np.uint8), extent=(0, 4, 0, 2)),
        {
            "series": [f"image 1 {name}" for name in ("red", "green", "blue") for _ in range(2)],
            "x": [1, 3] * 3,
            "y": [1] * 6,
            "value": [1, 4, 2, 5, 3, 255],
        },
    ),
    "a mesh of colours": (
        lambda axes: axes.pcolormesh([0, 1, 4], [0, 2], [[[1, 0, 0, 1], [0, 0.5, 0, 1]]]),
        {"x": [0.5, 2.5] * 4, "value": [1, 0, 0, 0.5, 0, 0, 1, 1]},
    ),
    "named rows and columns": (
        lambda axes: (axes.imshow([[1, 2]]), axes.set_xticks([0, 1], ["cat", "dog"]), axes.set_yticks([0], ["all"])),
        {"x": ["cat", "dog"], "y": ["all", "all"], "value": [1, 2]},
    ),
    "a mesh": (
        lambda axes: axes.pcolormesh([0, 1, 4], [0, 2, 4], [[1, 2], [3, 4]]),
        {"x": [0.5, 2.5] * 2, "y": [1, 1, 3, 3], "value": [1, 2, 3, 4]},
    ),
    "a smooth mesh": (
        lambda axes: axes.pcolormesh([0, 1], [5, 6], [[1, 2], [3, 4]], shading="gouraud"),
        {"x": [0, 1, 0, 1], "y": [5, 5, 6, 6], "value": [1, 2, 3, 4]},
    ),
    "an older mesh": (
        lambda axes: axes.pcolor([0, 1, 4], [0, 2], np.ma.array([[1, 2]], mask=[[False, True]])),
        {"x": [0.5, 2.5], "y": [1, 1], "value": [1, NAN]},
    ),
    "an uneven image": (
        lambda axes: axes.pcolorfast([0, 1, 4], [0, 2, 3], np.array([[1.0, 2], [3, 4]])),
        {"x": [0.5, 2.5] * 2, "y": [1, 1, 2.5, 2.5], "value": [1, 2, 3, 4]},
    ),
    "hexagons": (lambda axes: axes.hexbin([0, 0, 9], [0, 0, 9], gridsize=2, mincnt=1), {"value": [2, 1]}),
    "contours": (
        lambda axes: axes.contour([0, 1], [0, 1], [[0, 0], [2, 2]], levels=[1]),
        {"series": ["contours 1"] * 2, "y": [0.5, 0.5], "value": [1, 1]},
    ),
    "filled contours": (
        lambda axes: axes.contourf([0, 1], [0, 1], [[0, 0], [2, 2]], levels=[0, 2]),
        {"value": [1] * 5, "low": [0] * 5, "high": [2] * 5},
    ),
    "upright segments": (
        lambda axes: axes.vlines([1, 2], [0, 1], [5, 6]),
        {"x": [1, 2], "y": [NAN] * 2, "low": [0, 1], "high": [5, 6]},
    ),
    "lying segments": (lambda axes: axes.hlines([1, 2], 0, [5, 6]), {"y": [1, 2], "low": [0, 0], "high": [5, 6]}),
    "marks": (lambda axes: (axes.axhline(5), axes.axvline(3)), {"x": [NAN, 3], "y": [5, NAN]}),
    "bands": (lambda axes: axes.axvspan(3, 4), {"series": ["vertical band 1"], "low": [3], "high": [4]}),
    "events": (lambda axes: axes.eventplot([3, 1, 2.5]), {"x": [1, 2.5, 3], "y": [1, 1, 1]}),
    "boxes": (
        lambda axes: axes.boxplot([[1, 2, 3, 4, 9], [5, 6, 7]], tick_labels=["a", "b"]),
        {
            "series": ["boxes 1"] * 2 + ["whiskers 1"] * 2 + ["outliers 1"],
            "x": ["a", "b", "a", "b", "a"],
            "y": [3, 6, NAN, NAN, 9],
            "low": [2, 5.5, 1, 5, NAN],
            "high": [4, 6.5, 4, 7, NAN],
        },
    ),
    "lying boxes": (
        lambda axes: axes.boxplot([[1, 2, 3]], orientation="horizontal", patch_artist=True, showmeans=True),
        {"series": ["boxes 1", "whiskers 1", "means 1"], "x": [2, NAN, 2], "y": [1, 1, 1], "low": [1.5, 1, NAN]},
    ),
    "lying boxes with names": (
        lambda axes: axes.boxplot([[1, 2, 3], [4, 5, 5, 5, 6]], orientation="horizontal", tick_labels=["a", "b"]),
        {
            "series": ["boxes 1"] * 2 + ["whiskers 1"] * 2 + ["outliers 1"] * 2,
            "x": [2, 5, NAN, NAN, 4, 6],
            "y": ["a", "b", "a", "b", "b", "b"],
        },
    ),
    "spans": (
        lambda axes: (axes.broken_barh([(1, 2), (4, 0.5)], (0, 2)), axes.set_yticks([1], ["room"])),
        {"series": ["spans 1"] * 2, "y": ["room"] * 2, "x": [NAN] * 2, "low": [1, 4], "high": [3, 4.5]},
    ),
    "a pie": (
        lambda axes: axes.pie([1, 3], labels=["yes", "no"]),
        {"series": ["pie 1"] * 2, "x": ["yes", "no"], "y": [NAN] * 2, "value": [0.25, 0.75]},
    ),
    "arrows": (lambda axes: axes.quiver([0, 1], [2, 3], [3, 0], [4, 1]), {"x": [0, 1], "y": [2, 3], "value": [5, 1]}),
    "categories": (lambda axes: axes.plot(["mo", "tu", "we"], [1, 2, 3]), {"x": ["mo", "tu", "we"], "y": [1, 2, 3]}),
    "categories from the left": (lambda axes: axes.barh(["mo", "tu"], [1, 2]), {"x": [1, 2], "y": ["mo", "tu"]}),
}


@pytest.mark.parametrize(("draw", "expected"), CASES.values(), ids=CASES.keys())
def test_the_numbers_are_those_that_were_plotted(draw: Callable[[Any], object], expected: dict[str, list[Any]]) -> None:
    found = drawn(draw)
    assert list(found.columns[:4]) == ["axes", "series", "x", "y"]
    for name, values in expected.items():
        if isinstance(values[0], str):
            assert found[name].tolist() == values
        else:
            assert_allclose(found[name], values, rtol=1e-15, err_msg=name)


def test_floats_are_the_same_to_the_last_bit_and_integers_stay_such() -> None:
    numbers = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-300, 200, 0.5)
    found = drawn(lambda axes: axes.plot(np.arange(1000), numbers))
    assert_array_equal(found.y, numbers)
    assert found.x.dtype == np.int64


def test_dates_are_iso_8601_alike_in_all_rows() -> None:
    start = datetime(2024, 2, 28, 23, 59, 59)  # noqa: DTZ001
    moments = [start, start + timedelta(microseconds=1), start + timedelta(days=20_000)]
    found = drawn(lambda axes: axes.plot(moments, [1, 2, 3]))
    assert found.x[0] == "2024-02-28T23:59:59.000000"
    assert pd.to_datetime(found.x).tolist() == moments
    whole = drawn(lambda axes: axes.plot(pd.date_range("2024-01-01", periods=3), [1, 2, 3]))
    assert whole.x.tolist() == ["2024-01-01T00:00:00", "2024-01-02T00:00:00", "2024-01-03T00:00:00"]


def test_dates_keep_their_zone() -> None:
    moments = [datetime(2024, 3, 31, 0, 30, tzinfo=ZoneInfo("Europe/Berlin")) + timedelta(hours=i) for i in range(4)]
    moments = [moment.astimezone(UTC).astimezone(ZoneInfo("Europe/Berlin")) for moment in moments]
    found = drawn(lambda axes: axes.plot(moments, range(4)))
    assert [datetime.fromisoformat(text) for text in found.x] == moments
    assert {text[-6:] for text in found.x} == {"+01:00", "+02:00"}


def test_dates_that_no_calendar_has_are_left_empty() -> None:
    def draw(axes: Any) -> None:
        axes.xaxis_date(tz=ZoneInfo("Asia/Tokyo"))
        axes.plot([-1e9, 0, 1e9], [1, 2, 3])
        axes.set_xlim(0, 1)

    assert drawn(draw).x.tolist()[1] == "1970-01-01T09:00:00+09:00"
    assert drawn(draw).x.isna().tolist() == [True, False, True]


def test_dates_may_be_missing_or_be_on_the_other_axis_or_at_the_ends_of_bars() -> None:
    days = np.array(["2024-01-01", "NaT", "2024-01-03"], dtype="datetime64[D]")
    assert drawn(lambda axes: axes.plot(days, [1, 2, 3])).x.isna().tolist() == [False, True, False]
    assert drawn(lambda axes: axes.plot([1, 2, 3], days)).y[2] == "2024-01-03T00:00:00"
    found = drawn(lambda axes: axes.barh(["build"], timedelta(days=2), left=[days[0]]))
    assert found[["x", "y", "low", "high"]].iloc[0].tolist() == [
        "2024-01-03T00:00:00",
        "build",
        "2024-01-01T00:00:00",
        "2024-01-03T00:00:00",
    ]


@pytest.mark.parametrize("freq", ["D", "h", "ME", "B", "W", "QE", "YE", "min"])
def test_periods_of_pandas_are_when_they_begin(freq: str) -> None:
    index = pd.date_range("2024-01-01", periods=5, freq=freq)
    data = pd.Series(np.arange(5.0), index=index, name="n")
    figure = Figure()
    data.plot(ax=figure.add_subplot())
    found = table_of(figure)
    begins = index if freq in ("D", "h", "B", "min") else index.to_period().to_timestamp()
    assert pd.to_datetime(found.x).tolist() == begins.tolist()
    assert found.series.tolist() == ["n"] * 5 or found.series.tolist() == ["line 1"] * 5


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(("start", "freq"), [("-36h", "90min"), ("0s", "30s"), ("1D", "D")])
def test_spans_of_time_on_the_axis_of_pandas_are_iso_8601(
    unit: Literal["s", "ms", "us", "ns"], start: str, freq: str
) -> None:
    index = pd.timedelta_range(start, periods=40, freq=freq).as_unit(unit)
    figure = Figure()
    pd.Series(np.arange(40.0), index=index).plot(ax=figure.add_subplot())
    assert pd.to_timedelta(table_of(figure).x).tolist() == index.tolist()


def test_spans_of_time_tell_microseconds_only_where_there_are_some() -> None:
    index = pd.timedelta_range("-1us", periods=2, freq="1us")
    figure = Figure()
    axes = pd.Series([1, 2], index=index).plot(ax=figure.add_subplot())
    axes.plot([3 * 86_400e6 + 3_661e6, np.inf], [1, 2])
    assert csv_of(figure).splitlines()[1:] == [
        "0,line 1,-P0DT0H0M0.000001S,1",
        "0,line 1,P0DT0H0M0S,2",
        "0,line 2,P3DT1H1M1S,1",
        "0,line 2,,2",
    ]


def test_bare_spans_of_time_are_the_numbers_that_matplotlib_shows() -> None:
    found = drawn(lambda axes: axes.plot(np.array([0, 90], dtype="timedelta64[m]"), [1, 2]))
    assert found.x.tolist() == [0, 90]


def test_bars_of_pandas_have_the_names_of_its_index() -> None:
    figure = Figure()
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=["yes", "no"]).plot.bar(ax=figure.add_subplot())
    found = table_of(figure)
    assert found.x.tolist() == ["yes", "no", "yes", "no"]
    assert found.series.tolist() == ["a", "a", "b", "b"]
    assert found.y.tolist() == [1, 2, 3, 4]


def test_in_space_value_is_the_height() -> None:
    def draw(axes: Any) -> None:
        axes.plot([1, 2], [3, 4], [5, 6], label="line")
        axes.scatter([7], [8], [9], label="dot")
        axes.plot_surface(*np.meshgrid([0.0, 1], [0.0, 2]), np.array([[1.0, 2], [3, 4]]), label="hill")

    found = drawn(draw, projection="3d")
    assert found[found.series == "line"].value.tolist() == [5, 6]
    assert found[found.series == "dot"].iloc[0, 2:].tolist() == [7, 8, 9]
    hill = found[found.series == "hill"]
    assert sorted(zip(hill.x, hill.y, hill.value, strict=True)) == [(0, 0, 1), (0, 2, 3), (1, 0, 2), (1, 2, 4)]


def test_axes_are_counted_as_in_the_description_of_the_picture() -> None:
    figure = Figure()
    first, second = figure.subplots(1, 2)
    figure.colorbar(first.imshow([[1.0, 2.0]]), ax=first)
    twin = second.twinx()
    second.plot([1], label="a")
    twin.plot([2], label="b")
    other = Figure()
    other.subplots().plot([3], label="c")
    encoded = encode([figure, other], "png", Sizing(), MANY)
    found = table_of(figure, other)
    assert len(encoded.axes) == 5
    assert found.groupby("series")["axes"].first().to_dict() == {"a": 1, "b": 3, "c": 4, "image 1": 0}
    assert [axes.is_colorbar for axes in encoded.axes] == [False, False, True, False, False]


def test_figures_that_come_one_after_another_are_taken_down_as_they_are_then() -> None:
    sheet = Sheet("png", Sizing(), MANY)
    figure = Figure()
    (line,) = figure.subplots().plot([1, 2])
    sheet.add(figure)
    line.set_ydata([3, 4])
    sheet.add(figure)
    found = pd.read_csv(io.BytesIO(sheet.encoded().table.body(MANY)))
    assert found[["axes", "y"]].to_numpy().tolist() == [[0, 1], [0, 2], [1, 3], [1, 4]]


@pytest.mark.filterwarnings("ignore:Glyph 13")
@pytest.mark.parametrize("label", ["a,b", 'say "x"', "two\nlines", "=1+1", "Größe μ", " spaced ", "-1", "a\r\nb"])
def test_labels_and_categories_come_back_as_they_were_given(label: str) -> None:
    figure = Figure()
    figure.subplots().plot([label, "z"], [1, 2], label=label)
    found = pd.read_csv(io.StringIO(csv_of(figure), newline=""), dtype=str)
    assert found.series[0] == label
    assert found.x[0] == label


@pytest.mark.filterwarnings("ignore:Glyph")
def test_labels_and_categories_do_not_steer_the_terminal_that_shows_them() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.plot(["a\x1b]0;x\x07", "b\rc"], [1, 2], label="\x1b[31mred\x9b0m\x7f\tl")
    axes.plot([0, 1], [3, 4])
    axes.legend(axes.lines[1:], ["named\x1b late"])
    axes.set_xticks([0, 1])
    assert csv_of(figure) == (
        "axes,series,x,y\n"
        "0,\ufffd[31mred\ufffd0m\ufffd\tl,a\ufffd]0;x\ufffd,1\n"
        "0,\ufffd[31mred\ufffd0m\ufffd\tl,b\ufffdc,2\n"
        "0,named\ufffd late,a\ufffd]0;x\ufffd,3\n"
        "0,named\ufffd late,b\ufffdc,4\n"
    )


def test_names_are_unique_within_their_axes() -> None:
    figure = Figure()
    first, second = figure.subplots(2)
    for axes, label in ((first, "a"), (first, "a"), (first, "line 1"), (first, ""), (second, "")):
        axes.plot([1], label=label)
    found = table_of(figure)
    assert list(zip(found["axes"], found["series"], strict=True)) == [
        (0, "a"),
        (0, "a 2"),
        (0, "line 1"),
        (0, "line 2"),
        (1, "line 1"),
    ]


def test_columns_that_nothing_uses_are_left_out_and_nothing_is_a_header_alone() -> None:
    assert csv_of(Figure()) == "axes,series,x,y\n"
    assert csv_of(Image.new("L", (3, 3))) == "axes,series,x,y\n"
    assert drawn(lambda axes: axes.plot([], [])).empty
    assert drawn(lambda axes: axes.plot([1], visible=False)).empty
    figure = Figure()
    figure.subplots().plot([1], [2], "o", label="é")
    assert csv_of(figure) == "axes,series,x,y\n0,é,1,2\n"


def test_every_kind_of_figure_has_a_table(drawer: Drawer) -> None:
    figure = Figure()
    drawer(figure)
    limits = [(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes]
    found = table_of(figure)
    assert {"axes", "series", "x", "y"} <= set(found.columns) <= {"axes", "series", "x", "y", "value", "low", "high"}
    assert not found.series.isna().any()
    assert [(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes] == limits


def test_an_artist_that_lacks_what_it_should_have_costs_no_table(drawers: Mapping[str, Drawer]) -> None:
    class Strange(Line2D):
        def get_xdata(self, orig: bool = True) -> Any:
            raise TypeError("it has none")

    figure = Figure()
    drawers["twins"](figure)
    figure.axes[0].add_line(Strange([0, 1], [0, 1], label="odd"))
    found = table_of(figure)
    assert len(found) == 600
    assert "odd" not in set(found.series)


def test_a_table_longer_than_is_allowed_is_refused_with_its_length() -> None:
    figure = Figure()
    figure.subplots().plot(np.arange(1001))
    table = encode([figure], "png", Sizing(), MANY).table
    with pytest.raises(TooManyRows, match="a table of 1,001 rows has more than 1,000"):
        table.body(1000)
    assert len(table.body(1001).splitlines()) == 1002


@pytest.mark.parametrize("max_rows", [0, MANY])
def test_many_numbers_are_taken_down_only_if_they_are_asked_for(max_rows: int) -> None:
    few, many = (Figure() for _ in range(2))
    few.subplots().plot(np.zeros(AT_HAND_BYTES // 16))
    many.subplots().plot(np.zeros(AT_HAND_BYTES // 16 + 1))
    table = encode([few], "png", Sizing(), MANY, max_rows=max_rows).table
    assert len(table.body(MANY).splitlines()) == AT_HAND_BYTES // 16 + 1
    assert table.size_bytes == AT_HAND_BYTES
    for figures, rows in (([many], AT_HAND_BYTES // 16 + 1), ([few, few], AT_HAND_BYTES // 8)):
        table = encode(figures, "png", Sizing(), MANY, max_rows=max_rows).table
        assert table.rows == rows
        assert (table.blocks is None) == (max_rows == 0)


def test_what_becomes_of_an_array_later_is_no_part_of_the_table() -> None:
    heights, image, figure = np.array([1.0, 2.0]), np.zeros((1, 2)), Figure()
    axes = figure.subplots()
    axes.plot(heights)
    axes.imshow(image)
    table = encode([figure], "png", Sizing(), MANY).table
    before = table.body(MANY)
    heights[:], image[:] = 7, 7
    assert table.body(MANY) == before


@pytest.mark.parametrize("zone", ["Europe/Berlin", "dateutil", "fixed", "own"])
def test_times_keep_their_zone_on_their_way_from_another_process(zone: str) -> None:
    class Own(tzinfo):
        def utcoffset(self, moment: datetime | None) -> timedelta:
            return timedelta(hours=2)

        def dst(self, moment: datetime | None) -> timedelta:
            return timedelta()

    zones: dict[str, Callable[[], tzinfo]] = {
        "dateutil": lambda: pd.Timestamp(0, tz="dateutil/Europe/Berlin").tz or UTC,
        "fixed": lambda: timezone(timedelta(hours=2)),
        "own": Own,
    }
    moment = datetime.fromtimestamp(20_000.5 * 86_400, UTC)
    figure = Figure()
    axes = figure.subplots()
    axes.xaxis_date(tz=zones.get(zone, lambda: ZoneInfo(zone))())
    axes.plot([20_000.5], [1])
    table = pickle.loads(pickle.dumps(encode([figure], "png", Sizing(), MANY).table))
    found = pd.read_csv(io.BytesIO(table.body(MANY))).x[0]
    assert datetime.fromisoformat(found) == moment
    assert found.endswith("+00:00" if zone == "own" else "+02:00")


def test_long_lines_are_whole() -> None:
    numbers = np.arange(25_003) / 7
    assert_array_equal(drawn(lambda axes: axes.plot(numbers)).y, numbers)
