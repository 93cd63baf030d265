from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from plotd.encode import Sizing, encode

Drawer = Callable[[Figure], None]
DAY_AND_A_HALF = (datetime(2024, 1, 1), datetime(2024, 1, 2, 12))  # noqa: DTZ001 - as most data is


def lasting(seconds: float) -> tuple[datetime, datetime]:
    return DAY_AND_A_HALF[0], DAY_AND_A_HALF[0] + timedelta(seconds=seconds)


def told(*pictures: Figure | Image.Image) -> str:
    return encode(pictures, "png", Sizing(), 10**8).alt.replace("\n", " ")


def test_a_convergence_plot_is_told_as_one_plot_with_two_axes() -> None:
    figure = Figure()
    loss = figure.add_subplot(xlabel="iteration", ylabel="loss", title="Training", xlim=(0, 1000), ylim=(0, 1000))
    loss.plot(np.arange(1000), np.linspace(960.4, 3.21, 1000), color="red", label="loss")
    scores = loss.twinx()
    scores.set(ylim=(0, 1), ylabel="score")
    scores.plot([0, 500, 999], [0.1, np.nan, 0.987654], label="recall")
    assert told(figure) == (
        'Training. X axis "iteration" from 0 to 1,000; left y axis "loss" from 0 to 1,000; '
        'right y axis "score" from 0 to 1. '
        'Line "loss" on the left axis: 1,000 points, falls from 960.4 to 3.21. '
        'Line "recall" on the right axis: 2 points, rises from 0.1 to 0.9877.'
    )


def axes_of(figure: Figure) -> Any:
    """An axes of *figure* of which nothing is told but what is plotted."""
    axes = figure.add_subplot()
    axes.set_axis_off()
    return axes


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda axes: axes.plot([1, 2], [3, 4]), "Line: 2 points, rises from 3 to 4."),
        (lambda axes: axes.plot([1, 2], [3, 4], "o", label="a"), 'Points "a": 2 points, rises from 3 to 4.'),
        (lambda axes: axes.plot([5], [6]), "Line: one point at 5, 6."),
        (lambda axes: axes.plot([], []), "Line: no points."),
        (lambda axes: axes.plot([1, 2], [np.nan, np.nan]), "Line: no points."),
        (lambda axes: axes.plot([1, 2, 3], [7, 7, 7]), "Line: 3 points, all at 7."),
        (lambda axes: axes.plot([1, 2, 3], [1, 2, 1e-17]), "Line: 3 points, falls from 1 to 0, highest 2 at 2."),
        (lambda axes: axes.plot([1, 2], [3, 4], visible=False), ""),
        (
            lambda axes: axes.plot([1, 2, 3, 4], [0, 5, -5, 1]),
            "Line: 4 points, goes from 0 to 1, lowest -5 at 3, highest 5 at 2.",
        ),
        (lambda axes: axes.loglog([1, 2, 3], [1e-9, 9, 1e3]), "Line: 3 points, rises from 1e-09 to 1,000."),
        (lambda axes: axes.plot(["mo", "tu", "we"], [1, 9, 2]), "Line: 3 points, goes from 1 to 2, highest 9 at tu."),
        (lambda axes: axes.plot([0, 1], [0, 1], transform=axes.transAxes), ""),
        (
            lambda axes: axes.scatter([3, 1, 2, 5, 4, 8, 6, 7, 9, 0], [6, 2, 4, 10, 8, 16, 12, 14, 18, 0]),
            "Points: 10 points, lowest 0, highest 18, last 0, tending to rise to the right.",
        ),
        (lambda axes: [axes.bar(name, 2) for name in "ab"], "Bars: a 2, b 2."),
        (lambda axes: axes.bar(3, 2), "Bars: one bar, 2 at 3."),
        (lambda axes: axes.bar([1, 2], 2), "Bars: 2 bars, all 2."),
        (
            lambda axes: axes.hist([1, 2, 2, 3], bins=[0, 2, 4], histtype="step"),
            "Steps: 2 steps, lowest 1, highest 3 from 2 to 4, last 3.",
        ),
        (
            lambda axes: axes.boxplot([[1, 2, 3, 4, 9]], tick_labels=["a"]),
            "Boxes: a with median 3 and half from 2 to 4. Whiskers: from 1 to 4 in all. Outliers: 1, all at 9.",
        ),
        (
            lambda axes: axes.hist([1, 2, 2], bins=[0, 1.5, 3], orientation="horizontal"),
            "Adjoining horizontal bars: 2 bars, lowest 1, highest 2 from 1.5 to 3, last 2.",
        ),
        (lambda axes: axes.plot([1, 2, 3], [1, 5, 1]), "Line: 3 points, begins and ends at 1, highest 5 at 2."),
        (lambda axes: axes.broken_barh([(1, 2), (5, 1)], (0, 1)), "Spans: 2 of them between 1 and 6."),
        (lambda axes: axes.set_title(r"$\dot{y}\,[\mathrm{m\,s^{-1}}]$"), "dot y [m s^-1]."),
        (lambda axes: axes.eventplot([4, 6, 5]), "Events: 3 of them from 4 to 6."),
        (lambda axes: axes.quiver([0, 1], [0, 1], [3, 6], [4, 8]), "Arrows: 2 of them, lengths from 5 to 10."),
        (lambda axes: axes.contourf([[0, 1], [2, 3]], levels=[0, 1, 3]), "Filled contours: 2 bands from 0 to 3."),
        (lambda axes: axes.bar_label(axes.bar(["a", "b"], [3, 5])), "Bars: a 3, b 5."),
        (lambda axes: axes.text(0, 0, "42"), 'Text: "42".'),
        (lambda axes: axes.set_title(r"$\frac{a}{b}$ in $\mu$s at $20\,^\circ$C"), "a/b in µs at 20 °C."),
        (lambda axes: axes.set_title(r"$\sqrt{2\pi}\cdot e^{-x^2}$"), "sqrt(2 pi) cdot e^(-x^2)."),
        (lambda axes: axes.axhline(0.5, label="limit"), 'Horizontal line "limit": at 0.5.'),
        (lambda axes: axes.axvline(3), "Vertical line: at 3."),
        (
            lambda axes: axes.scatter([1, 2, 3], [5, 4, 6], c=[7, 8, 9], label="runs"),
            'Points "runs": 3 points, rises from 5 to 6, lowest 4 at 2, values from 7 to 9.',
        ),
        (
            lambda axes: axes.errorbar([1, 2], [3, 5], yerr=1, capsize=3, label="mean"),
            'Line with error bars "mean": 2 points, rises from 3 to 5.',
        ),
        (
            lambda axes: axes.errorbar([1, 2], [3, 5], xerr=0.5, yerr=1, label="mean"),
            'Line with error bars "mean": 2 points, rises from 3 to 5. '
            'Error bars along x "mean along x": from 0.5 to 2.5 in all.',
        ),
        (
            lambda axes: axes.violinplot([[1, 2, 3], [2, 4, 9]], points=5, showextrema=False),
            "Violins: at 1 from 1 to 3, widest at 2, at 2 from 2 to 9, widest at 3.75.",
        ),
        (
            lambda axes: axes.violinplot([[1, 2, 3], [2, 4, 9]], points=5),
            "Violins: at 1 from 1 to 3, widest at 2, at 2 from 2 to 9, widest at 3.75.",
        ),
        (
            lambda axes: (
                axes.violinplot([[1, 2, 3]], points=5, orientation="horizontal", showextrema=True),
                axes.set_yticks([1], ["cat"]),
            ),
            "Violins: cat from 1 to 3, widest at 2.",
        ),
        (
            lambda axes: axes.fill_between([1, 2, 3], [1, 3, 1], [-1, -3, -1]),
            "Shaded area: lowest -3, highest 3, for x from 1 to 3.",
        ),
        (
            lambda axes: axes.fill_between([1, 2, 3], 4, 6),
            "Shaded area: lowest 4, highest 6, for x from 1 to 3.",
        ),
        (lambda axes: axes.stem([1, 3, 2], label="s"), 'Stems "s": 3 points, rises from 1 to 2, highest 3 at 1.'),
        (lambda axes: axes.bar(["a", "b"], [3, -5.5], label="n"), 'Bars "n": a 3, b -5.5.'),
        (lambda axes: axes.barh(["a", "b"], [3, 5]), "Horizontal bars: a 3, b 5."),
        (
            lambda axes: axes.bar([1, 2, 4], [3, 5, 4], width=0.5),
            "Bars: 3 bars, lowest 3, highest 5 at 2, last 4.",
        ),
        (
            lambda axes: axes.hist([1, 1.5, 1.6, 2.5, 4], bins=[0, 1, 2, 3, 4], label="h"),
            'Adjoining bars "h": 4 bars, lowest 0, highest 3 from 1 to 2, last 1.',
        ),
        (lambda axes: axes.stairs([3, 1, 2]), "Steps: 3 steps, lowest 1, highest 3 from 0 to 1, last 2."),
        (
            lambda axes: axes.imshow([[0, 1, 2], [3, 4, np.nan]]),
            "Image: 2 rows and 3 columns, values from 0 to 4, highest at 1, 1.",
        ),
        (lambda axes: axes.imshow(np.zeros((4, 6, 3))), "Image: 6 pixels wide and 4 high."),
        (lambda axes: axes.pcolormesh([[0, 1], [2, 3]]), "Cells: 4 of them, values from 0 to 3."),
        (lambda axes: axes.contour([[0, 1], [2, 3]], levels=[1, 2, 2.5]), "Contours: 3 levels from 1 to 2.5."),
        (
            lambda axes: axes.fill_between([1, 2], [3, 4], [1, 2]),
            "Shaded area: lowest 1, highest 4, for x from 1 to 2.",
        ),
        (lambda axes: axes.vlines([1, 2], 3, [4, 9]), "Line segments: lowest 3, highest 9."),
        (lambda axes: axes.pie([1, 3], labels=["yes", "no"]), "Pie: yes 25.0%, no 75.0%."),
        (lambda axes: axes.axvspan(1, 2, label="break"), 'Vertical band "break": from 1 to 2.'),
        (lambda axes: axes.text(1, 1, "Hello\nthere"), 'Text: "Hello there".'),
        (lambda axes: axes.table([["1", "2"]]), "A table of 2 cells."),
        (lambda axes: axes.set_title("What?"), "What?"),
        (lambda axes: axes.set_title(r"$\mathrm{sin}(\alpha_{1})$ for \$5"), "sin(alpha_1) for $5."),
        (lambda axes: axes.set_title("costs $5"), "costs $5."),
    ],
)
def test_each_kind_of_series_has_its_words(draw: Callable[[Any], object], words: str) -> None:
    figure = Figure()
    draw(axes_of(figure))
    assert told(figure) == (words or "An empty figure.")


def test_names_given_to_the_legend_alone_are_used() -> None:
    figure = Figure()
    axes = axes_of(figure)
    axes.plot([1, 2])
    axes.plot([3, 4], label="own")
    axes.plot([5, 6])
    axes.legend([axes.lines[2], axes.lines[0]], ["third", "first"])
    assert [words.split(":")[0] for words in told(figure).split(". ")] == ['Line "first"', 'Line "own"', 'Line "third"']


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"xlim": (0, 12345.678), "xlabel": "steps"}, 'X axis "steps" from 0 to 12,346'),
        ({"xlim": (3, -1)}, "X axis from -1 to 3, reversed"),
        ({"xlim": (1e-9, 1e20), "xscale": "log"}, "X axis from 1e-09 to 1e+20, logarithmic"),
        ({"xlim": (0.25, 0.75), "xscale": "logit"}, "X axis from 0.25 to 0.75, logit scale"),
        ({"xlim": (0, 2), "xticks": ([0, 1, 2], ["low", "mid", "high"])}, "X axis with low, mid, high"),
        ({"xlim": DAY_AND_A_HALF}, "X axis from 2024-01-01 00:00 to 2024-01-02 12:00"),
        ({"xlim": lasting(seconds=30)}, "X axis from 2024-01-01 00:00:00 to 2024-01-01 00:00:30"),
        ({"xlim": lasting(seconds=0.25)}, "X axis from 2024-01-01 00:00:00.000 to 2024-01-01 00:00:00.250"),
        ({"xlim": lasting(seconds=0.002)}, "X axis from 2024-01-01 00:00:00.000000 to 2024-01-01 00:00:00.002000"),
    ],
)
def test_each_axis_is_told_with_label_range_and_scale(change: dict[str, Any], words: str) -> None:
    figure = Figure()
    axes = figure.add_subplot()
    if "xticks" in change:
        axes.set_xticks(*change.pop("xticks"))
    if "xscale" in change:
        axes.set_xscale(change.pop("xscale"))
    axes.set(**change)
    assert told(figure) == f"{words}; y axis from 0 to 1."


def test_spans_of_time_are_told_as_the_axis_of_pandas_shows_them() -> None:
    figure = Figure()
    index = pd.timedelta_range("-30min", periods=53, freq="30min")
    pd.Series(np.arange(53.0), index=index).plot(ax=figure.add_subplot())
    assert "X axis from -0:30:00 to 1 day, 1:30:00;" in told(figure)


@pytest.mark.filterwarnings("ignore:Glyph")
def test_no_word_steers_the_terminal_that_shows_it() -> None:
    figure = Figure()
    figure.suptitle("all\x1b[2J")
    axes = axes_of(figure)
    axes.set_title("a\x00b\x1b[31mred\x07")
    axes.plot([1, 2], [3, 4], label="\x1b]0;x\x07 l")
    axes.text(0, 0, "c\x9b1m\x7f")
    assert told(figure) == (
        "all\ufffd[2J. a\ufffdb\ufffd[31mred\ufffd. "
        'Line "\ufffd]0;x\ufffd l": 2 points, rises from 3 to 4. Text: "c\ufffd1m\ufffd".'
    )


@pytest.mark.parametrize(
    ("title", "words"),
    [
        (r"costs \$5", "costs $5."),
        (r"\$5 of $x^{2}$", "$5 of x^2."),
        (r"$5\$ of \$x$", "5$ of $x."),
        (r"$5 \$6", "$5 $6."),
    ],
)
def test_a_dollar_that_is_no_markup_is_told_as_one(title: str, words: str) -> None:
    figure = Figure()
    axes_of(figure).set_title(title)
    assert told(figure) == words


def test_several_plots_are_counted_and_colour_bars_are_not_among_them() -> None:
    figure = Figure()
    figure.suptitle("Both")
    figure.supxlabel("time")
    first, second = (figure.add_subplot(1, 2, place, title=f"Part {place}") for place in (1, 2))
    for axes in (first, second):
        axes.set_axis_off()
    figure.colorbar(first.imshow(np.eye(2)), ax=first, label="height")
    assert told(figure) == (
        'Both. All x axes: "time". Plot 1 of 2. Part 1. Image: 2 rows and 2 columns, values from 0 to 1. '
        'Plot 2 of 2. Part 2. Colour bar "height" from 0 to 1.'
    )


def test_several_pictures_are_counted() -> None:
    assert told(Figure(), Image.new("L", (30, 20))) == (
        "Picture 1 of 2. An empty figure. Picture 2 of 2. An image, 30 pixels wide and 20 high."
    )


def test_axes_in_space_and_in_circles_have_axes_of_their_own() -> None:
    figure = Figure()
    space: Any = figure.add_subplot(1, 2, 1, projection="3d", xlim=(0, 1), ylim=(0, 2))
    space.set(zlim=(0, 3), zlabel="height")
    space.plot([0, 1], [0, 1], [2, 3], label="up")
    space.scatter([0.5], [0.25], [1])
    circle = figure.add_subplot(1, 2, 2, projection="polar")
    circle.set_rmax(2)  # type: ignore[attr-defined]  # a polar axes has it
    assert told(figure) == (
        'Plot 1 of 2. X axis from 0 to 1; y axis from 0 to 2; z axis "height" from 0 to 3. '
        'Line "up": 2 points, lowest 2, highest 3, last 3. Points: one point at 0.5, 0.25, 1. '
        "Plot 2 of 2. Angle in radians from 0 to 6.283; radius from 0 to 2."
    )


def test_many_lines_without_names_are_told_together() -> None:
    figure = Figure()
    axes = axes_of(figure)
    for number in range(20):
        axes.plot([number, number + 1])
    axes.plot([1, 2], label="mean")
    assert told(figure) == (
        'Line "mean": 2 points, rises from 1 to 2. 20 lines without names: 40 points in all, lowest 0, highest 20.'
    )


def test_what_is_too_long_ends_with_a_whole_sentence_and_says_so() -> None:
    figure = Figure()
    axes = axes_of(figure)
    for number in range(100):
        axes.plot([1, 2], label=f"a rather long name of a line that has the number {number} in it" * 3)
    text = told(figure)
    assert 1800 < len(text) <= 2000
    assert text.endswith("from 1 to 2. There is more, which is left out here.")
    assert "…" in text


def test_nothing_that_is_drawn_is_beyond_words(drawer: Drawer) -> None:
    figure = Figure()
    drawer(figure)
    text = told(figure)
    assert 0 < len(text) <= 2000
    assert "can't be described" not in text
    assert "nan" not in text.lower().split()
    assert "  " not in text


def test_an_artist_that_lacks_what_it_should_have_costs_no_picture(drawers: Mapping[str, Drawer]) -> None:
    class Strange(Line2D):
        def get_xdata(self, orig: bool = True) -> Any:
            raise TypeError("it has none")

    figure = Figure()
    drawers["twins"](figure)
    figure.axes[0].add_line(Strange([0, 1], [0, 1], label="odd"))
    text = told(figure)
    assert 'Thing that can\'t be described "odd" on the left axis.' in text
    assert "Convergence" in text
