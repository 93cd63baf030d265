"""Looks in a worker: a theme is in force before a plot's code runs, and what a figure can't show is told."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.plots.drawing import job

from plotd.encode import Sizing
from plotd.look import Limit, Look
from plots.discover import scan
from plots.loading import Library
from plots.paint import Job, Outcome, paint
from plots.parcel import pack, paint_parcel

Write = Callable[..., Path]

DARK, GROUND = Look("dark"), (28, 32, 37)
PLOT = """
import matplotlib.pyplot as plt
plt.rcParams["lines.linewidth"] = 50.0
def plot_line():
    figure = plt.figure(figsize=(2, 2), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.plot([0, 1], [0.75, 0.75])
    axes.plot([0, 1], [0.25, 0.25], "k")
    axes.set(xlim=(0, 1), ylim=(0, 1))
"""


def pixels(outcome: Outcome) -> NDArray[np.uint8]:
    assert outcome.picture is not None, outcome.failure
    return np.asarray(Image.open(io.BytesIO(outcome.picture.body)))


def here(one: Job) -> Outcome:
    return paint(one)


def there(one: Job) -> Outcome:
    return paint_parcel(pack(one))


@pytest.mark.parametrize("draw", [here, there])
def test_a_theme_is_in_force_before_the_code_runs_and_below_its_own_settings(
    draw: Callable[[Job], Outcome], write: Write
) -> None:
    plain = job(Library(10.0), write("p.py", PLOT))
    dark = pixels(draw(replace(plain, look=DARK)))
    assert tuple(dark[10, 10]) == GROUND
    assert tuple(dark[50, 100]) == (108, 176, 245)  # the first of the theme's own colours
    assert tuple(dark[30, 100]) == (108, 176, 245)  # as thick as the file wants its lines
    assert tuple(dark[150, 100]) == (227, 231, 236)
    again = pixels(draw(plain))
    assert tuple(again[10, 10]) == (255, 255, 255)
    assert tuple(again[50, 100]) == (31, 119, 180)


def test_a_figure_made_at_import_has_the_theme_in_one_render_only(write: Write) -> None:
    text = "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\ndef plot_line():\n    return figure\n"
    plain = job(Library(10.0), write("p.py", text))
    for look, ground in ((DARK, GROUND), (Look(), (255,) * 3), (DARK, GROUND)):
        assert tuple(pixels(paint(replace(plain, look=look)))[0, 0]) == ground


@pytest.mark.parametrize("draw", [here, there])
def test_what_the_figure_can_not_show_is_a_bad_parameter(draw: Callable[[Job], Outcome], write: Write) -> None:
    plain = job(Library(10.0), write("p.py", PLOT))
    failure = draw(replace(plain, look=Look(limits=(Limit("x", 3, "1.0", "2.0"),)))).failure
    assert failure is not None
    why = "there is no axes 3: the picture has only axes 0"
    assert (failure.code, failure.message, failure.fields) == ("bad_parameter", f"_xlim.3: {why}", {"_xlim.3": why})


SCRIPT = """
import matplotlib.pyplot as plt
for number in range(2):
    figure = plt.figure(figsize=(2, 1), dpi=50)
    figure.add_axes((0, 0, 1, 1)).plot([0, 1])
    plt.show()
    figure.set_facecolor("red")
print(plt.rcParams["figure.facecolor"])
"""


def test_each_figure_of_a_script_has_the_look(write: Write) -> None:
    library, file = Library(10.0), write("s.py", SCRIPT)
    [spec] = scan([file], library).plots
    look = Look("dark", (Limit("x", 1, "5.0", "6.0"),))
    parcel = pack(Job(spec, {}, "png", Sizing(), 10**6, look=look))
    with ProcessPoolExecutor(1, get_context("forkserver")) as pool:
        outcome = pool.submit(paint_parcel, parcel).result()
    assert outcome.output == "#1c2025\n"
    shown = pixels(outcome)
    assert shown.shape == (100, 100, 3)
    assert tuple(shown[5, 50]) == tuple(shown[55, 50]) == GROUND
    assert outcome.picture is not None
    assert [axes.x.limits for axes in outcome.picture.axes] == [pytest.approx((-0.05, 1.05)), (5, 6)]
