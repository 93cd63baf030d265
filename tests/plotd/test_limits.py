"""Other limits than the author's: in which axes, on which scales, and what is visible within them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plotd.encode import Encoded, Look, LookError, Sizing, encode
from plotd.look import Limit

OWN = Sizing(scale=0.5)


def limited(figure: Figure, *limits: Limit, format: str = "png") -> Encoded:
    return encode([figure], format, OWN, 10**8, Look(limits=limits))


def plotted(**axes: Any) -> tuple[Figure, Axes]:
    figure = Figure()
    return figure, figure.add_subplot(**axes)


def x(low: object, high: object, axes: int = 0) -> Limit:
    return Limit("x", axes, str(low), str(high))


def y(low: object, high: object, axes: int = 0) -> Limit:
    return Limit("y", axes, str(low), str(high))


FITTING = Limit("y", 0)


def test_an_axis_gets_the_limits_asked_for_and_the_figure_keeps_its_own() -> None:
    for format in ("png", "svg", "pdf"):
        figure, axes = plotted()
        axes.plot([0, 10], [0, 100])
        before = (axes.get_xlim(), axes.get_ylim(), axes.get_autoscaley_on())
        drawn = limited(figure, x(2.5, 5), y(-1, 1), format=format).axes[0]
        assert (drawn.x.limits, drawn.y.limits) == ((2.5, 5), (-1, 1))
        assert (axes.get_xlim(), axes.get_ylim(), axes.get_autoscaley_on()) == before
        axes.plot([0, 10], [0, 1000])
        assert encode([figure], "png", OWN, 10**8).axes[0].y.limits == pytest.approx((-50, 1050))


def test_a_reversed_axis_stays_reversed() -> None:
    figure, axes = plotted()
    axes.imshow(np.eye(9))
    axes.invert_xaxis()
    drawn = limited(figure, x(1, 2), y(3, 5)).axes[0]
    assert (drawn.x.limits, drawn.y.limits) == ((2, 1), (5, 3))


def test_axes_that_share_an_axis_follow() -> None:
    figure = Figure()
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.plot([0, 10])
    lower.plot([0, 10])
    twin = lower.twinx()
    twin.plot([3, 1])
    first, second, third = limited(figure, x(0.25, 0.5, axes=2), y(1, 2, axes=2)).axes
    assert first.x.limits == second.x.limits == third.x.limits == (0.25, 0.5)
    assert second.y.limits == pytest.approx((-0.5, 10.5))
    assert third.y.limits == (1, 2)


def test_axes_are_counted_as_they_are_described() -> None:
    figure, axes = plotted()
    image = axes.imshow(np.arange(9.0).reshape(3, 3))
    figure.colorbar(image)
    axes.inset_axes((0.5, 0.5, 0.4, 0.4)).plot([0, 1])
    hidden = figure.add_axes((0, 0, 0.1, 0.1))
    hidden.set_visible(False)
    for number in range(3):
        drawn = limited(figure, y(1, 2, axes=number)).axes
        assert [sorted(one.y.limits) == [1, 2] for one in drawn] == [number == k for k in range(3)]


@pytest.mark.parametrize("together", [True, False])
def test_the_axes_of_a_list_of_figures_are_counted_through(together: bool) -> None:
    figures = [plotted()[0] for _ in range(3)]
    drawn = encode(figures, "png", OWN, 10**8, Look(limits=(x(5, 6, axes=1), x(7, 8, axes=2)))).axes
    assert [one.x.limits for one in drawn] == [(0, 1), (5, 6), (7, 8)]
    with pytest.raises(LookError, match=r"^_xlim\.3: there is no axes 3: the picture has axes 0 to 2$"):
        encode(figures, "png", OWN, 10**8, Look(limits=(x(5, 6, axes=3),)))


@pytest.mark.parametrize(
    ("make", "limit", "why"),
    [
        (lambda figure: None, x(1, 2), "there is no axes 0: the picture has none"),
        (lambda figure: figure.add_subplot(), x(1, 2, axes=4), "there is no axes 4: the picture has only axes 0"),
        (lambda figure: figure.add_subplot(xscale="log"), x(0, 2), "both ends must lie above 0"),
        (lambda figure: figure.add_subplot(yscale="log"), y(-1, 2), "both ends must lie above 0"),
        (lambda figure: figure.add_subplot(yscale="logit"), y(0.5, 2), "both ends must lie between 0 and 1"),
        (lambda figure: figure.add_subplot(projection="polar"), x(1, 2), "axes 0 is polar"),
        (lambda figure: figure.add_subplot(projection="3d"), FITTING, "axes 0 is in space"),
        (lambda figure: figure.add_subplot(projection="hammer"), x(1, 2), r"axes 0 is a map \(hammer\)"),
        (lambda figure: figure.add_subplot(), x("2024-01-01T00:00:00", "2024-01-02T00:00:00"), "shows no dates"),
        (lambda figure: figure.add_subplot().plot(["a", "b"], [1, 2]), x("2024-01-01", "2024-01-02"), "shows no dates"),
        (
            lambda figure: figure.add_subplot().plot([np.datetime64("2024-01-01")], [1]),
            x(1e9, 2e9),
            "of the years 1 to 9999",
        ),
        (lambda figure: figure.add_subplot(), x(1, 1), "two ends that differ"),
        (lambda figure: figure.add_subplot(), x(-1e308, 1e308), "two ends whose difference is finite"),
        (lambda figure: figure.add_subplot(), x(1, 1 + 4e-16), "two ends further apart"),
    ],
)
def test_what_a_figure_can_not_show_is_refused(make: Callable[[Figure], object], limit: Limit, why: str) -> None:
    figure = Figure()
    make(figure)
    with pytest.raises(LookError, match=why) as raised:
        limited(figure, limit)
    assert raised.value.options == (limit.option,)


def shared(figure: Figure) -> None:
    figure.subplots(1, 3, sharex=True, sharey=True)


def twins(figure: Figure) -> None:
    figure.add_subplot().twinx()


@pytest.mark.parametrize(
    ("make", "limits"),
    [
        (shared, (x(1, 2, axes=0), x(3, 4, axes=2))),
        (shared, (x(1, 2, axes=1), x(1, 3, axes=2))),
        (shared, (y(1, 2, axes=0), Limit("y", 1))),
        (twins, (x(1, 2, axes=0), x(3, 4, axes=1))),
    ],
)
def test_an_axis_that_two_share_can_not_have_the_limits_of_both(
    make: Callable[[Figure], None], limits: tuple[Limit, Limit]
) -> None:
    figure = Figure()
    make(figure)
    before = [(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes]
    with pytest.raises(LookError, match=r"they share one . axis, which can't have both") as raised:
        limited(figure, *limits)
    assert set(raised.value.options) == {limit.option for limit in limits}
    assert [(axes.get_xlim(), axes.get_ylim()) for axes in figure.axes] == before


def test_axes_that_share_an_axis_may_ask_for_the_same() -> None:
    figure = Figure()
    shared(figure)
    drawn = limited(figure, x(1, 2, axes=0), x("1.0", 2, axes=1), Limit("y", 0), Limit("y", 2)).axes
    assert {one.x.limits for one in drawn} == {(1, 2)}
    figure = Figure()
    twins(figure)
    assert [one.y.limits for one in limited(figure, y(1, 2), y(3, 4, axes=1)).axes] == [(1, 2), (3, 4)]


def test_a_log_axis_gets_limits_above_nought() -> None:
    figure, axes = plotted()
    axes.loglog([1, 1000], [1, 1000])
    assert limited(figure, x(0.1, 20)).axes[0].x.limits == (0.1, 20)


def test_dates_are_given_as_dates_or_as_days() -> None:
    figure, axes = plotted()
    axes.plot(np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]"), np.arange(60))
    drawn = limited(figure, x("2024-01-10T00:00:00", "2024-01-20T06:30:00")).axes[0].x
    assert drawn.dates == ("2024-01-10T00:00:00", "2024-01-20T06:30:00")
    assert limited(figure, x(19732, 19733.5)).axes[0].x.dates == ("2024-01-10T00:00:00", "2024-01-11T12:00:00")
    drawn = limited(figure, x("2024-01-10T00:00:00+00:00", "2024-01-20T06:30:00+00:00")).axes[0].x
    assert drawn.dates == ("2024-01-10T00:00:00", "2024-01-20T06:30:00")


def test_dates_without_an_offset_are_those_of_the_axis_zone() -> None:
    figure, axes = plotted()
    zone = ZoneInfo("Europe/Berlin")
    axes.xaxis_date(zone)
    axes.plot(np.arange(19_723.0, 19_754.0), np.arange(31))
    drawn = limited(figure, x("2024-01-10T12:00:00", "2024-01-11T00:00:00")).axes[0].x
    assert drawn.dates == ("2024-01-10T12:00:00+01:00", "2024-01-11T00:00:00+01:00")
    drawn = limited(figure, x("2024-01-10T12:00:00+00:00", "2024-01-11T00:00:00+00:00")).axes[0].x
    assert drawn.dates == ("2024-01-10T13:00:00+01:00", "2024-01-11T01:00:00+01:00")


@pytest.mark.parametrize("freq", ["D", "B", "h", "ME", "W", "QE"])
def test_dates_mean_the_same_on_the_axis_of_pandas_periods(freq: str) -> None:
    figure, axes = plotted()
    pd.Series(np.arange(40.0), pd.date_range("2024-01-01", periods=40, freq=freq)).plot(ax=axes)
    start, end = "2024-01-02T00:00:00", "2024-01-25T00:00:00"
    dates = limited(figure, x(start, end)).axes[0].x.dates
    assert dates is not None
    for told, asked in zip(dates, (start, end), strict=True):
        assert abs(pd.Timestamp(told) - pd.Timestamp(asked)) < pd.Timedelta("1ms")


def test_spans_of_time_on_the_axis_of_pandas_have_limits_in_numbers() -> None:
    figure, axes = plotted()
    pd.Series(np.arange(40.0), pd.timedelta_range("1h", periods=40, freq="h")).plot(ax=axes)
    drawn = limited(figure, x(3600e6, 7200e6)).axes[0].x
    assert (drawn.limits, drawn.unit, drawn.dates) == ((3600e6, 7200e6), "number", None)


def test_a_layout_fits_the_labels_of_the_new_limits() -> None:
    lefts = []
    for layout, ends in (("tight", (0, 1)), ("tight", (0, 1e6)), ("constrained", (0, 1)), ("constrained", (0, 1e6))):
        figure, axes = plotted()
        axes.plot([0, 1])
        axes.ticklabel_format(style="plain")
        if layout == "tight":
            figure.tight_layout()
        else:
            figure.set_layout_engine("constrained")
        lefts.append(limited(figure, y(*ends)).axes[0].box[0])
    assert lefts[1] > lefts[0] + 5
    assert lefts[3] > lefts[2] + 5


def fitted(make: Callable[[Axes], object], *limits: Limit) -> tuple[float, float]:
    """Return the y limits that fit what *make* draws between *limits*."""
    with mpl.rc_context({"axes.ymargin": 0}):
        figure, axes = plotted()
        make(axes)
        axes.set_ylim(-1000, -999)  # it may have been set by hand
        return limited(figure, FITTING, *limits).axes[0].y.limits


HEIGHTS = np.array([5.0, 1, 2, 8, 3, 0])


@pytest.mark.parametrize(
    ("make", "limits", "expected"),
    [
        (lambda axes: axes.plot(HEIGHTS), (), (0, 8)),
        (lambda axes: axes.plot(HEIGHTS), (x(1, 2),), (1, 2)),
        (lambda axes: axes.plot(HEIGHTS), (x(1, 2.5),), (1, 5)),
        (lambda axes: axes.plot(HEIGHTS, "o"), (x(1, 2.5),), (1, 2)),
        (lambda axes: axes.plot(HEIGHTS), (x(0.25, 0.75),), (2, 4)),
        (lambda axes: axes.step(range(6), HEIGHTS, where="post"), (x(2.1, 2.5),), (1.9, 2.1)),
        (lambda axes: axes.plot([0, 1, np.nan, 3, 4], [1, 2, 9, 3, 4]), (x(0, 3.5),), (1, 3.5)),
        (lambda axes: axes.scatter(range(6), HEIGHTS, s=500), (x(1, 2.5),), (1, 2)),
        (lambda axes: axes.bar(range(6), HEIGHTS), (x(0.7, 2.4),), (0, 2)),
        (lambda axes: axes.barh([1, 2, 3], [10, 20, 30], height=0.5), (x(15, 25),), (1.75, 3.25)),
        (lambda axes: axes.hist([1, 1, 2], [0, 1, 2, 3]), (x(1.1, 1.9),), (0, 2)),
        (lambda axes: axes.hist([1, 1, 2], [0, 1, 2, 3], histtype="stepfilled"), (x(2.2, 2.9),), (0, 1)),
        (lambda axes: axes.fill_between(range(6), HEIGHTS, -1), (x(1, 2),), (-1, 2)),
        (lambda axes: axes.errorbar(range(6), HEIGHTS, yerr=1, fmt="o"), (x(0.5, 2),), (0, 3)),
        (lambda axes: axes.vlines([1, 4], [0, -5], [3, 5]), (x(0, 2),), (0, 3)),
        (lambda axes: (axes.plot(HEIGHTS), axes.axhline(20), axes.axvline(1.5, 0, 1)), (x(1, 2),), (1, 20)),
        (lambda axes: axes.imshow(np.eye(4), aspect="auto"), (x(1, 2),), (-0.5, 3.5)),
        (lambda axes: axes.pcolormesh([0, 1, 2], [0, 2, 6], np.eye(2)), (x(0.2, 0.8),), (0, 6)),
        (lambda axes: axes.contour(np.add.outer(np.arange(5.0), np.arange(5.0)), [2]), (x(0, 1),), (1, 2)),
        (lambda axes: axes.plot(HEIGHTS, transform=axes.transAxes), (x(1, 2),), None),
        (lambda axes: axes.plot(HEIGHTS), (x(50, 60),), None),
        (lambda axes: axes.plot(HEIGHTS, visible=False), (), None),
    ],
)
def test_what_is_visible_is_fitted(
    make: Callable[[Axes], object], limits: tuple[Limit, ...], expected: tuple[float, float] | None
) -> None:
    assert fitted(make, *limits) == pytest.approx(expected or (-1000, -999), abs=1e-9)


def test_what_is_visible_gets_the_margin_that_the_axes_has_but_for_the_foot_of_a_bar() -> None:
    figure, axes = plotted()
    axes.bar([0, 1], [10, 20])
    assert limited(figure, FITTING).axes[0].y.limits == pytest.approx((0, 21))
    figure, axes = plotted()
    axes.margins(y=0.1)
    axes.plot([10, 20])
    axes.invert_yaxis()
    assert limited(figure, FITTING).axes[0].y.limits == pytest.approx((21, 9))


def test_what_is_visible_on_a_log_axis_is_what_is_above_nought() -> None:
    figure, axes = plotted(yscale="log")
    axes.margins(y=0)
    axes.plot([0, 1, 2, 3], [-5, 1, 100, 1e4])
    assert limited(figure, FITTING, x(0, 2.5)).axes[0].y.limits == pytest.approx((1, 1000))


def test_axes_that_share_what_is_fitted_are_all_looked_at() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2, sharey=True)
    left.margins(y=0)
    left.plot([1, 2])
    right.plot([7, 9])
    right.set_xlim(0, 0.5)
    for drawn in limited(figure, FITTING).axes:
        assert drawn.y.limits == pytest.approx((1, 8))


def test_one_height_alone_is_given_room() -> None:
    low, high = fitted(lambda axes: axes.plot([3, 3]))
    assert low < 3 < high
