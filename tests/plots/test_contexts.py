from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import matplotlib as mpl
import matplotlib.colors
import matplotlib.projections
import matplotlib.pyplot as plt
import matplotlib.scale
import matplotlib.units
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.scale import LinearScale

from plots.contexts import own_state, rc_in_force
from plots.isolation import TURNS, prove
from plots.registries import put_in_tables
from plots.tracing import Trace, trace


@pytest.fixture(autouse=True)
def many_at_once() -> None:
    assert TURNS.prove()


def together(*jobs: Callable[[Callable[[], object]], object]) -> list[object]:
    """Run *jobs* at once, each in a turn of its own; each is given what waits for the others to get as far."""
    meeting = threading.Barrier(len(jobs), timeout=20)

    def run(job: Callable[[Callable[[], object]], object]) -> object:
        with TURNS.take():
            return job(meeting.wait)

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs))


def test_the_proof_leaves_nothing_behind() -> None:
    before = dict.copy(rc_in_force())
    state = random.getstate()
    assert prove()
    assert rc_in_force() == before
    assert random.getstate() == state
    assert plt.get_fignums() == []


def test_figures_and_current_axes_are_each_render_s_own() -> None:
    def job(number: int) -> Callable[[Callable[[], object]], object]:
        def draw(meet: Callable[[], object]) -> object:
            plt.figure(number)
            meet()
            plt.plot([number])
            meet()
            plt.figure(number + 10)
            plt.figure(number)
            meet()
            drawn = np.asarray(plt.gca().get_lines()[0].get_ydata())
            plt.close("all")
            meet()
            return drawn.tolist(), plt.get_fignums()

        return draw

    assert together(job(1), job(2)) == [([1], []), ([2], [])]


def test_settings_are_each_render_s_own_however_they_are_set() -> None:
    def styled(meet: Callable[[], object]) -> object:
        plt.style.use("dark_background")
        plt.rcParams["font.sans-serif"].insert(0, "Mine")
        meet()
        with mpl.rc_context({"lines.linewidth": 9}):
            meet()
        meet()
        return (
            plt.rcParams["axes.facecolor"],
            plt.rcParams["lines.linewidth"],
            "Mine" in plt.rcParams["font.sans-serif"],
        )

    def plain(meet: Callable[[], object]) -> object:
        meet()
        seen = plt.rcParams["lines.linewidth"]
        plt.rc("lines", linewidth=4)
        meet()
        plt.rcdefaults()
        meet()
        return plt.rcParams["axes.facecolor"], seen, "Mine" in plt.rcParams["font.sans-serif"]

    assert together(styled, plain) == [("black", 1.5, True), ("white", 1.5, False)]
    assert mpl.rcParams["axes.facecolor"] == "white"


def test_random_numbers_begin_anew_in_each_render() -> None:
    def draw(meet: Callable[[], object]) -> object:
        meet()
        first = np.random.rand(), random.random(), np.random.default_rng is not None
        meet()
        return first, np.random.normal(), random.gauss(0, 1), random.sample(range(9), 3), np.random.choice(9)

    one, two = together(draw, draw)
    assert one == two
    state = np.random.RandomState(0)
    assert isinstance(one, tuple)
    assert one[0][0] == state.rand()


def test_libraries_that_take_the_modules_own_generator_get_the_render_s() -> None:
    with TURNS.take():
        frame = pd.DataFrame({"x": range(100)}).sample(3)
    with TURNS.take():
        assert pd.DataFrame({"x": range(100)}).sample(3).equals(frame)
        assert isinstance(np.random.mtrand._rand, np.random.RandomState)


def test_outside_of_a_render_random_numbers_go_on() -> None:
    np.random.seed(7)
    first = np.random.rand()
    with TURNS.take():
        np.random.seed(1)
        np.random.rand()
    assert (first, np.random.rand()) == tuple(np.random.RandomState(7).rand(2))


def test_a_colour_map_can_be_registered_in_every_render() -> None:
    for _ in range(2):
        with TURNS.take():
            mpl.colormaps.register(mpl.colormaps["viridis"].reversed(), name="mine")
            assert plt.get_cmap("mine") is not None
    assert "mine" not in mpl.colormaps


def test_a_projection_and_a_scale_are_those_of_the_render_that_registered_them() -> None:
    for k in range(2):
        with TURNS.take():
            mine = type("Mine", (Axes,), {"name": "mine", "k": k})
            bent = type("Bent", (LinearScale,), {"name": "bent", "__init__": lambda self: None})
            matplotlib.projections.register_projection(mine)
            matplotlib.scale.register_scale(bent)
            axes: Any = plt.subplot(projection="mine")
            axes.set_xscale("bent")
            assert (axes.k, type(axes.xaxis._scale)) == (k, bent)
    assert "mine" not in matplotlib.projections.get_projection_names()
    assert "bent" not in matplotlib.scale.get_scale_names()


def test_a_name_given_to_a_colour_is_each_render_s_own() -> None:
    names = matplotlib.colors.get_named_colors_mapping()
    red = matplotlib.colors.to_rgba("red")

    def job(colour: str) -> Callable[[Callable[[], object]], object]:
        def draw(meet: Callable[[], object]) -> object:
            unknown = "brand" not in names
            matplotlib.colors.get_named_colors_mapping()["brand"] = colour
            names["red"] = colour
            meet()
            drawn = plt.plot([1], color="brand")[0].get_color()
            meet()
            return unknown, matplotlib.colors.to_hex(drawn), matplotlib.colors.to_hex("red")

        return draw

    assert together(job("#123456"), job("#abcdef")) == [(True, each, each) for each in ("#123456", "#abcdef")]
    assert "brand" not in names
    assert matplotlib.colors.to_rgba("red") == red


def test_a_colour_named_again_by_a_neighbour_is_not_the_one_that_was_converted_before() -> None:
    with TURNS.take():
        matplotlib.colors.get_named_colors_mapping()["brand"] = "#111111"
        assert matplotlib.colors.to_hex("brand") == "#111111"
        put_in_tables({"colours": {"brand": "#222222"}})
        assert matplotlib.colors.to_hex("brand") == "#222222"


def test_a_style_that_a_render_adds_or_edits_is_its_own() -> None:
    for _ in range(2):
        with TURNS.take():
            assert "house" not in plt.style.library
            plt.style.library["house"] = mpl.RcParams({"lines.linewidth": 7})
            plt.style.use("house")
            assert plt.rcParams["lines.linewidth"] == 7
    assert "house" not in plt.style.library
    assert "ggplot" in plt.style.library


def test_converters_that_pandas_puts_there_while_it_plots_are_not_the_others_() -> None:
    def with_pandas(meet: Callable[[], object]) -> object:
        pd.plotting.register_matplotlib_converters()
        meet()
        meet()
        return type(matplotlib.units.registry[datetime]).__module__.partition(".")[0]

    def without(meet: Callable[[], object]) -> object:
        meet()
        found = type(matplotlib.units.registry[datetime]).__module__.partition(".")[0]
        meet()
        return found

    assert together(with_pandas, without) == ["pandas", "matplotlib"]


@pytest.mark.filterwarnings("error")
def test_code_that_means_to_show_windows_goes_on_as_if_it_had() -> None:
    with TURNS.take():
        mpl.use("TkAgg")
        plt.switch_backend("QtAgg")
        plt.ion()
        plt.plot([1, 2])
        plt.show()
        plt.show(block=False)
        plt.pause(3600)
        plt.gcf().canvas.start_event_loop(3600)
        plt.draw()
        assert plt.get_fignums() == [1]
    assert mpl.get_backend() == "agg"
    assert not mpl.is_interactive()


def test_threads_that_a_render_starts_draw_into_its_figures() -> None:
    def draw(meet: Callable[[], object]) -> object:
        with trace(Trace()):
            plt.figure()
            meet()
            thread = threading.Thread(target=lambda: plt.plot([1, 2, 3]))
            thread.start()
            thread.join()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(plt.title, "by a pool").result()
        return len(plt.gca().get_lines()), plt.gca().get_title()

    assert together(draw, draw) == [(1, "by a pool")] * 2


def test_a_formula_is_not_drawn_as_other_settings_would_have_it() -> None:
    def width(font: str) -> float:
        with own_state():
            mpl.rcParams["mathtext.fontset"] = "custom"
            mpl.rcParams.update({"mathtext.rm": font, "mathtext.cal": "sans"})
            figure = plt.figure()
            text = figure.text(0, 0, r"$\mathrm{iiiiiiiiii}$")
            return text.get_window_extent().width

    assert width("monospace") > 1.5 * width("sans")
    assert width("sans") < width("monospace")


def test_what_a_plot_sets_in_its_context_is_gone_with_it() -> None:
    with TURNS.take():
        plt.figure()
    assert plt.get_fignums() == []
