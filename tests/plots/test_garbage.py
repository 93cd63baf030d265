"""Garbage collections in step with drawing."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

BEGIN = """
    import gc, sys, time, weakref
    import matplotlib
    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from plots.garbage import OLDER_EVERY, OLDEST_EVERY, ROUNDS, YOUNG, keep_step

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
        ROUNDS.clear_away()
        print(own, gone() is not None)
    """
    assert _told(code).splitlines() == ["[] True", "[0] False"]


def test_one_that_aged_as_others_ended_is_gone_soon() -> None:
    code = """
        for _ in range(4 * OLDER_EVERY):
            ROUNDS.clear_away()
        del figure
        plt.close("all")
        ROUNDS.clear_away()
        print(gone() is not None)
        limit_s = time.monotonic() + 60
        while gone() is not None and time.monotonic() < limit_s:
            ROUNDS.clear_away()
        print(gone() is not None)
    """
    assert _told(code).splitlines() == ["True", "False"]


def test_of_figures_that_others_outlive_only_so_many_are_left_at_a_time() -> None:
    code = """
        class Knot:
            def __init__(self):
                self.own = self

        under_way, refs, most = [], [], 0
        for _ in range(20 * OLDEST_EVERY):
            under_way.append([Knot() for _ in range(3_000)])
            refs.append(weakref.ref(under_way[-1][0]))
            ROUNDS.clear_away()
            del under_way[:-3]
            refs = [ref for ref in refs if ref() is not None]
            most = max(most, len(refs))
        print(most <= OLDEST_EVERY + 4)
    """
    assert _told(code) == "True"


def test_what_user_code_keeps_for_good_is_not_looked_at_each_time() -> None:
    code = """
        kept = [[n] for n in range(1_000_000)]
        own.clear()
        for _ in range(100 * OLDEST_EVERY):
            ROUNDS.clear_away()
        print(own.count(2))
    """
    assert _told(code) == "1"


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
