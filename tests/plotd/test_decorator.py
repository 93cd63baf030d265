from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from plotd import plot
from plotd.decorator import PlotOptions


def test_the_function_itself_comes_back_and_bears_its_options() -> None:
    def plot_loss(smooth: int = 1) -> int:
        return smooth

    def last_row() -> int:
        return 7

    decorate = plot(
        title="Loss", group="training", every="5s", watch=["runs/*.csv"], version=last_row, example={"smooth": 3}
    )
    assert decorate(plot_loss) is plot_loss
    assert plot_loss(4) == 4
    options = plot_loss.__plotd__  # type: ignore[attr-defined]  # set by the decorator
    assert options == PlotOptions("Loss", "training", "5s", ("runs/*.csv",), last_row, {"smooth": 3})


def test_nothing_needs_to_be_said() -> None:
    @plot()
    def plot_loss() -> None: ...

    assert plot_loss.__plotd__ == PlotOptions()  # type: ignore[attr-defined]  # set by the decorator


def test_methods_of_any_kind_can_be_decorated() -> None:
    class Net:
        @plot(title="a")
        def plot_a(self) -> int:
            return 1

        @plot(title="b")
        @staticmethod
        def plot_b() -> int:
            return 2

        @plot(title="c")
        @classmethod
        def plot_c(cls) -> int:
            return 3

    net: Any = Net()
    assert (net.plot_a(), net.plot_a.__plotd__.title) == (1, "a")
    assert (net.plot_b(), net.plot_b.__plotd__.title) == (2, "b")
    assert (net.plot_c(), net.plot_c.__plotd__.title) == (3, "c")


@pytest.mark.parametrize("every", [5, 0.25, np.float32(2), np.int64(3), Fraction(1, 2)])
def test_every_may_be_any_number_of_seconds(every: Any) -> None:
    function: Any = plot(every=every)(lambda: None)
    assert function.__plotd__.every == float(every)


def test_what_was_handed_over_may_change_afterwards_without_effect() -> None:
    watch, example = ["a.csv"], {"n": 1}
    function: Any = plot(watch=watch, example=example)(lambda: None)
    watch.append("b.csv")
    example["n"] = 2
    assert function.__plotd__.watch == ("a.csv",)
    assert function.__plotd__.example == {"n": 1}


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"title": 5}, TypeError, "title must be text, not int 5"),
        ({"title": " "}, ValueError, "title is empty"),
        ({"group": ["a"]}, TypeError, "group must be text, not list"),
        ({"every": True}, TypeError, "every must be a number of seconds or text such as '5s', not bool"),
        ({"every": []}, TypeError, "every must be a number of seconds or text"),
        ({"every": 0}, ValueError, "every must be a positive number of seconds, not 0"),
        ({"every": -1}, ValueError, "positive"),
        ({"every": math.nan}, ValueError, "positive"),
        ({"every": math.inf}, ValueError, "positive"),
        ({"every": ""}, ValueError, "every is empty"),
        ({"watch": "runs/*.csv"}, TypeError, "watch must be a list of texts, not str"),
        ({"watch": ["a.csv", 3]}, TypeError, "an item of watch must be text, not int 3"),
        ({"watch": [None]}, TypeError, "an item of watch must be text, not None"),
        ({"watch": [""]}, ValueError, "an item of watch is empty"),
        ({"watch": None}, TypeError, "watch must be a list of texts, not None"),
        ({"version": 3}, TypeError, "version must be a function without arguments, not int 3"),
        ({"example": ["file_path"]}, TypeError, "example must be a dict of parameters, not list"),
        ({"example": {1: 2}}, TypeError, "the names in example must be text, not int 1"),
    ],
    ids=str,
)
def test_a_wrong_argument_is_refused_where_it_stands(wrong: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=r"^@plot: ") as raised:
        plot(**wrong)
    assert words in str(raised.value)


@pytest.mark.parametrize("thing", [3, "text", None, dict])
def test_only_functions_can_be_decorated(thing: Any) -> None:
    with pytest.raises(TypeError, match="@plot decorates a function, not"):
        plot()(thing)


def test_the_parentheses_can_not_be_forgotten_silently() -> None:
    with pytest.raises(TypeError, match="positional"):
        plot(lambda: None)  # type: ignore[arg-type, call-arg]  # that is the mistake


def test_importing_the_decorator_costs_a_plot_file_nothing() -> None:
    code = "import sys; from plotd import plot; print(sorted({'numpy', 'matplotlib', 'PIL'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
