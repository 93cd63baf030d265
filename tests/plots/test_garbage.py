"""Garbage collections in step with drawing."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

BEGIN = """
    import gc, sys, weakref
    import matplotlib
    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from plots.garbage import OLDEST_EVERY, YOUNG, clear_away, keep_step

    def draw():
        figure, axes = plt.subplots(2, 2)
        axes[0, 0].plot([1, 2], label="one")
        axes[0, 0].legend()
        figure.tight_layout()
        figure.canvas.draw()
        return figure

    draw()
    plt.close("all")
    gc.collect()
    keep_step()
    own = []
    gc.callbacks.append(lambda phase, how: phase == "start" and own.append(how["generation"]))
    figure = draw()
    gone = weakref.ref(figure)
"""


def _told(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", dedent(BEGIN) + dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_a_figure_is_not_looked_at_while_it_is_drawn_and_gone_when_that_is_over() -> None:
    code = """
        del figure
        plt.close("all")
        print(own, gone() is not None)
        clear_away()
        print(own, gone() is not None)
    """
    assert _told(code).splitlines() == ["[] True", "[0] False"]


def test_one_that_aged_as_others_ended_is_gone_before_many_more_have() -> None:
    code = """
        for _ in range(OLDEST_EVERY):
            clear_away()
        del figure
        plt.close("all")
        left = 0
        while gone() is not None:
            clear_away()
            left += 1
        print(1 < left <= OLDEST_EVERY)
    """
    assert _told(code) == "True"


def test_what_piles_up_while_one_is_drawn_is_collected_too() -> None:
    code = """
        class Knot:
            def __init__(self):
                self.own = self

        for _ in range(3 * YOUNG):
            Knot()
        print(len(own) > 1, sum(isinstance(one, Knot) for one in gc.get_objects()) < YOUNG)
    """
    assert _told(code) == "True True"
