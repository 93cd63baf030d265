"""What all kinds of workers share."""

from __future__ import annotations

import gc
import time

import pytest
from tests.service.conftest import MakeHouse

from plots.paint import Failure
from plots.tracing import Trace
from service.executors import Start, failed


def test_a_clock_that_is_set_meanwhile_makes_no_drawing_longer() -> None:
    began = Start(time.time() - 86_400, time.monotonic() - 2)
    outcome = failed(Failure("render_timeout", "late"), Trace(), began)
    assert outcome.began_s == began.at_s
    assert 2 <= outcome.seconds < 30


LEAVES = """
    import gc
    import weakref
    import matplotlib.pyplot as plt

    gc.disable()
    figures = []

    def plot_leaves(n: int = 0):
        if any(figure() is not None for figure in figures):
            raise LookupError("a figure is left")
        plt.plot([n])
        figures.append(weakref.ref(plt.gcf()))
"""


@pytest.mark.parametrize("executor", ["threads", "processes"])
async def test_nothing_is_left_of_a_figure_once_it_is_drawn(executor: str, make_house: MakeHouse) -> None:
    house = await make_house(render={"executor": executor, "workers": 1})
    house.write("leaves.py", LEAVES)
    try:
        for n in range(3):
            assert (await house.get("leaves", f"n={n}")).error is None
    finally:
        gc.enable()
