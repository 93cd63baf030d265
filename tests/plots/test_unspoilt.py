"""Figures that a plot file makes as it is imported: each render finds them as they were then."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from tests.plots.drawing import drawn_at_once, job, title, titles, write

from plots.isolation import TURNS
from plots.loading import Library
from plots.paint import paint

SHARED = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n"


@pytest.fixture
def library() -> Library:
    assert TURNS.prove()
    return Library(import_limit_s=10.0)


def test_lines_do_not_pile_up_also_in_threads(library: Library, tmp_path: Path) -> None:
    draw = "def plot_a():\n    ax.plot([1, 2])\n    plt.title(f'{len(ax.lines)} in {plt.get_fignums()}')"
    one = job(library, write(tmp_path / "p.py", SHARED + draw))
    assert titles(one, 3) == ["1 in [1]"] * 3
    assert [title(outcome) for outcome in drawn_at_once([one] * 4)] == ["1 in [1]"] * 4
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("made", "axes"),
    [
        ("from matplotlib.figure import Figure\nfig = Figure()\nax = fig.add_subplot()", "ax"),
        ("from matplotlib.figure import Figure\nboard = {'ax': Figure().add_subplot()}", "board['ax']"),
        ("from matplotlib.figure import Figure\nclass Board: ax = Figure().add_subplot()", "Board.ax"),
        ("import matplotlib.pyplot as plt\ndef axes(of=plt.figure().gca()): return of", "axes()"),
        ("from board import ax", "ax"),
        (
            "from matplotlib.figure import Figure\n"
            "class Board:\n    def __init__(self): self.ax = Figure().gca()\nb = Board()",
            "b.ax",
        ),
        (
            "from matplotlib.figure import Figure\n"
            "def make():\n    ax = Figure().gca()\n    return lambda: ax\nget = make()",
            "get()",
        ),
    ],
    ids=["a figure", "in a dict", "in a class", "only pyplot has it", "a neighbour's", "in an object", "in a closure"],
)
def test_figures_are_found_wherever_they_are_kept(library: Library, tmp_path: Path, made: str, axes: str) -> None:
    write(tmp_path / "board.py", "import matplotlib.pyplot as plt\nax = plt.figure().gca()")
    draw = f"\ndef plot_a():\n    it = {axes}\n    it.plot([1, 2])\n    it.set_title(len(it.lines))\n    return it"
    assert titles(job(library, write(tmp_path / "p.py", made + draw))) == ["1", "1"]


@pytest.mark.parametrize(
    ("made", "used"),
    [
        ("import numpy as np\nrng = np.random.default_rng(42)", "rng.integers(10**9)"),
        ("import numpy as np\nrng = np.random.RandomState(3)", "rng.randint(10**9)"),
        ("import random\nrng = random.Random(5)", "rng.random()"),
        ("import itertools\ncolours = itertools.cycle('rgbk')", "next(colours)"),
        ("numbers = (n for n in range(9))", "next(numbers)"),
        ("from matplotlib.colors import Normalize\nnorm = Normalize()", "norm(range(len(str(norm.vmax)) + 9)).sum()"),
        ("from matplotlib.colors import Normalize\nnorm = Normalize()", "(norm.vmin, norm([1, 2]))[0]"),
    ],
)
def test_what_goes_on_from_call_to_call_begins_anew_in_each_render(
    library: Library, tmp_path: Path, made: str, used: str
) -> None:
    draw = f"\nimport matplotlib.pyplot as plt\ndef plot_a():\n    plt.title({used})"
    first, second, third = titles(job(library, write(tmp_path / "p.py", made + draw)), 3)
    assert first == second == third


def test_a_neighbour_with_figures_that_a_function_imports_is_new_for_each_render(
    library: Library, tmp_path: Path
) -> None:
    write(tmp_path / "board.py", SHARED)
    draw = (
        "def plot_a():\n    from board import ax\n    ax.plot([1, 2])\n    ax.set_title(len(ax.lines))\n    return ax"
    )
    assert titles(job(library, write(tmp_path / "p.py", draw)), 3) == ["1"] * 3


def test_files_without_figures_are_imported_once(library: Library, tmp_path: Path) -> None:
    text = """
        import matplotlib.pyplot as plt
        plt.plot([1, 2])
        plt.close()
        count = []
        def plot_a():
            count.append(1)
            plt.title(len(count))
        """
    assert titles(job(library, write(tmp_path / "p.py", text))) == ["1", "2"]


def test_arguments_are_of_the_classes_that_the_function_knows(library: Library, tmp_path: Path) -> None:
    text = """
        import enum
        class Mode(enum.Enum): FAST = 1; SLOW = 2
        def plot_a(mode: Mode = Mode.SLOW, times: int = 1):
            ax.set_title(f"{mode is Mode.FAST} {times}")
            return fig
        """
    one = job(
        library, write(tmp_path / "p.py", SHARED + text.replace("\n        ", "\n")), ("mode", "FAST"), ("times", "3")
    )
    assert titles(one) == ["True 3"] * 2


def test_a_render_draws_with_the_very_code_that_it_is_labelled_with(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "words.py", "WORD = 'old'")
    draw = "from words import WORD\ndef plot_a():\n    ax.set_title(WORD + '{}')\n    return ax"
    file = write(tmp_path / "p.py", SHARED + draw.format(1))
    one = job(library, file)
    write(file, SHARED + draw.format(2))
    write(tmp_path / "words.py", "WORD = 'new'")
    assert title(paint(one)) == "old1"
    assert title(paint(job(library, file))) == "new2"


def test_what_the_import_reads_is_what_the_picture_depends_on(library: Library, tmp_path: Path) -> None:
    data = write(tmp_path / "run.csv", "1\n")
    text = f"import pathlib\nax.set_title(pathlib.Path({str(data)!r}).read_text().strip())\ndef plot_a(): return ax"
    one = job(library, write(tmp_path / "p.py", SHARED + text))
    write(data, "22\n")
    outcome = paint(one)
    assert title(outcome) == "22"
    [read] = [each for each in outcome.dependencies if each.path == str(data)]
    assert read.state is not None
    assert data.stat().st_size in read.state


def test_an_import_that_fails_the_second_time_is_the_plot_s_failure(library: Library, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    text = f"import os\nif os.path.exists({str(flag)!r}): raise ValueError('not twice')\ndef plot_a(): return ax"
    one = job(library, write(tmp_path / "p.py", SHARED + text))
    assert paint(one).failure is None
    flag.touch()
    failure = paint(one).failure
    assert failure is not None
    assert (failure.code, failure.message) == ("plot_failed", "ValueError: not twice")
    assert failure.traceback.splitlines()[1].strip().startswith('File "p.py", line 4')


def test_the_modules_of_a_render_leave_the_process_with_it(library: Library, tmp_path: Path) -> None:
    one = job(library, write(tmp_path / "mine_alone.py", SHARED + "def plot_a(): return ax"))

    def names() -> list[str]:
        gc.collect()
        return [name for name in sys.modules if name.endswith("_mine_alone")]

    before = names()
    assert len(before) == 1
    paint(one)
    assert names() == before
