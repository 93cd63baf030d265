"""The pixels of encode are those of savefig, whatever is drawn."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from plotd.encode import Sizing, encode

Drawer = Callable[[Figure], None]


def twins(figure: Figure) -> None:
    left = figure.add_subplot(xlabel="iteration", ylabel="loss", title="Convergence")
    left.plot(np.exp(-np.linspace(0, 5, 300)), "r")
    right = left.twinx()
    right.plot(np.linspace(0, 1, 300))
    right.set_ylabel("score")


def build(drawer: Drawer, layout: Any = None, **options: Any) -> Figure:
    figure = Figure(layout=layout, **options)
    drawer(figure)
    return figure


def saved(figure: Figure, **options: Any) -> NDArray[np.uint8]:
    body = io.BytesIO()
    figure.savefig(body, format="png", **options)
    return pixels(body.getvalue())


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def encoded(figure: Figure, sizing: Sizing = Sizing()) -> NDArray[np.uint8]:  # noqa: B008 - it is frozen
    return pixels(encode([figure], "png", sizing, 10**8).body)


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_the_pixels_are_those_of_savefig(drawer: Drawer, layout: str | None) -> None:
    np.testing.assert_array_equal(encoded(build(drawer, layout)), saved(build(drawer, layout)))


@pytest.mark.parametrize(
    "rc",
    [
        {"savefig.dpi": 50},
        {"savefig.dpi": 133.7},
        {"figure.dpi": 60},
        {"savefig.facecolor": "yellow", "savefig.edgecolor": "red"},
        {"savefig.facecolor": (0.5, 0.5, 0.5, 0.5)},
        {"savefig.transparent": True, "figure.dpi": 75},
        {"savefig.bbox": "tight"},
        {"savefig.bbox": "tight", "savefig.pad_inches": 1, "savefig.dpi": 70},
        {"savefig.bbox": "tight", "savefig.transparent": True},
        {"figure.constrained_layout.use": True},
        {"figure.autolayout": True},
        {"path.sketch": (1, 100, 2), "axes.facecolor": "lightblue", "font.family": "monospace"},
    ],
    ids=str,
)
@pytest.mark.parametrize("drawer", ["twins", "insets", "see_through"], indirect=True)
@pytest.mark.filterwarnings("ignore:This figure includes Axes that are not compatible with tight_layout")
def test_rc_params_are_obeyed(drawer: Drawer, rc: Any) -> None:
    with mpl.rc_context(rc):
        np.testing.assert_array_equal(encoded(build(drawer)), saved(build(drawer)))


@pytest.mark.parametrize("layout", [None, "constrained"])
@pytest.mark.parametrize("drawer", ["twins", "scatter", "space", "dates"], indirect=True)
def test_a_figure_that_was_drawn_and_saved_before_looks_as_savefig_would_make_it_now(
    drawer: Drawer, layout: str | None
) -> None:
    def used() -> Figure:
        figure = build(drawer, layout)
        figure.draw_without_rendering()
        figure.savefig(io.BytesIO(), dpi=40, format="png")
        figure.savefig(io.BytesIO(), format="svg", bbox_inches="tight")
        return figure

    np.testing.assert_array_equal(encoded(used()), saved(used()))


class CountedFigure(Figure):
    draws = 0

    def draw(self, renderer: Any) -> None:
        self.draws += 1
        super().draw(renderer)


@pytest.mark.parametrize("layout", [None, "tight_layout()", "constrained"])
def test_a_figure_is_drawn_once_though_savefig_draws_it_twice(layout: str | None) -> None:
    def made() -> CountedFigure:
        figure = CountedFigure(layout="constrained" if layout == "constrained" else None)
        twins(figure)
        if layout == "tight_layout()":
            figure.tight_layout()
        return figure

    once, reference = made(), made()
    np.testing.assert_array_equal(encoded(once), saved(reference))
    assert (once.draws, reference.draws) == (1, 2 if layout else 1)


def test_what_acts_on_the_first_draw_is_seen_in_the_second_as_with_savefig() -> None:
    def made() -> Figure:
        figure = build(twins, "constrained")
        figure.canvas.mpl_connect("draw_event", lambda event: figure.axes[0].set_title("drawn"))
        return figure

    np.testing.assert_array_equal(encoded(made()), saved(made()))


@pytest.mark.parametrize("drawer", ["lines", "scatter", "space", "dates", "subfigures"], indirect=True)
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_a_size_asked_for_lays_the_figure_out_anew(drawer: Drawer, layout: str | None) -> None:
    reference = build(drawer, layout, figsize=(4.5, 3.25))
    sizing = Sizing(width_px=540, height_px=390, dpi=120)
    np.testing.assert_array_equal(encoded(build(drawer, layout), sizing), saved(reference, dpi=120))


def test_a_scale_keeps_the_layout() -> None:
    np.testing.assert_array_equal(encoded(build(twins), Sizing(scale=2)), saved(build(twins), dpi=200))
    wide = encoded(build(twins), Sizing(width_px=300, dpi=50, scale=1.5))
    np.testing.assert_array_equal(wide, saved(build(twins, figsize=(6, 4.5)), dpi=75))


def test_margins_made_by_tight_layout_fit_the_new_size() -> None:
    def tight(**options: Any) -> Figure:
        figure = build(twins, **options)
        figure.tight_layout()
        return figure

    figure = tight()
    left = figure.subplotpars.left
    np.testing.assert_array_equal(encoded(figure, Sizing(width_px=300)), saved(tight(figsize=(3, 2.25))))
    assert figure.subplotpars.left == left


def test_margins_changed_after_tight_layout_are_kept() -> None:
    def adjusted(**options: Any) -> Figure:
        figure = build(twins, **options)
        figure.tight_layout()
        figure.subplots_adjust(left=0.3, right=0.7, bottom=0.2, top=0.8)
        return figure

    reference = saved(adjusted(figsize=(3, 2.25)))
    np.testing.assert_array_equal(encoded(adjusted(), Sizing(width_px=300)), reference)


@pytest.mark.parametrize("format", ["png", "svg"])
@pytest.mark.parametrize("rc", [{}, {"savefig.bbox": "tight", "savefig.facecolor": "red"}], ids=str)
def test_the_figure_is_left_as_it_was(format: str, rc: Any) -> None:
    figure = build(twins)
    figure.tight_layout()
    before = state(figure)
    with mpl.rc_context(rc):
        encode([figure], format, Sizing(width_px=300, dpi=90, scale=2), 10**8)
    assert state(figure) == before
    np.testing.assert_array_equal(encoded(figure), encoded(figure))


@pytest.mark.parametrize("format", ["png", "svg"])
def test_the_figure_is_left_as_it_was_when_drawing_fails(format: str) -> None:
    class Failing(Artist):
        def draw(self, renderer: object) -> None:
            raise RuntimeError("no")

    figure = Figure()
    figure.add_artist(Failing())
    before = state(figure)
    with pytest.raises(RuntimeError, match="no"):
        encode([figure], format, Sizing(width_px=300, dpi=90, scale=2), 10**8)
    assert state(figure) == before


def state(figure: Figure) -> list[object]:
    callbacks = {name: list(found) for name, found in figure.canvas.callbacks.callbacks.items() if found}
    margins = (figure.subplotpars.left, figure.subplotpars.right, figure.subplotpars.top, figure.subplotpars.bottom)
    return [figure.canvas, figure.dpi, *figure.get_size_inches(), callbacks, margins, figure.get_facecolor()]


def test_no_figure_of_pyplot_comes_or_goes() -> None:
    mine, unrelated = plt.figure(), plt.figure()
    try:
        twins(mine)
        canvas = mine.canvas
        encode([mine, Figure()], "png", Sizing(width_px=200), 10**8)
        encode([mine, Figure()], "svg", Sizing(width_px=200), 10**8)
        assert plt.get_fignums() == [mine.number, unrelated.number]
        assert plt.gcf() is unrelated
        assert mine.canvas is canvas
        assert canvas.manager is not None
    finally:
        plt.close("all")


@pytest.mark.parametrize("maker", [Figure, plt.figure])
def test_the_dpi_is_that_which_savefig_takes_when_the_author_changed_it(maker: Callable[..., Figure]) -> None:
    def changed() -> Figure:
        figure = maker(dpi=80)
        figure.set_dpi(130)
        twins(figure)
        return figure

    try:
        np.testing.assert_array_equal(encoded(changed()), saved(changed()))
    finally:
        plt.close("all")


@pytest.mark.parametrize("format", ["png", "svg"])
def test_nothing_is_left_behind(format: str) -> None:
    figure = build(twins)
    encode([figure], format, Sizing(width_px=200), 10**8)
    gc.collect()
    before = canvases()
    for _ in range(5):
        encode([figure, build(twins)], format, Sizing(width_px=200), 10**8)
    gc.collect()
    assert canvases() == before


def canvases() -> int:
    return sum(isinstance(thing, FigureCanvasBase) for thing in gc.get_objects())
