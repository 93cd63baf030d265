"""What plot files set as they are imported, but for rcParams: each of their renders begins with it."""

from __future__ import annotations

import decimal
import random
from pathlib import Path

import numpy as np
import pytest
from tests.plots.drawing import drawn_at_once, job, title, titles, write

from plots.isolation import TURNS
from plots.loading import Library
from plots.paint import paint

DRAW = "import matplotlib.pyplot as plt\nimport numpy as np\n"


@pytest.fixture
def library() -> Library:
    assert TURNS.prove()
    return Library(import_limit_s=10.0)


def first_of(seed: int, skipped: int = 0) -> str:
    """Return the number that numpy draws after *skipped* others."""
    return f"{np.random.RandomState(seed).rand(skipped + 1)[-1]:.9f}"


def test_a_seed_set_by_an_import_is_that_of_each_render_also_in_threads(library: Library, tmp_path: Path) -> None:
    text = """
        import random
        np.random.seed(42)
        random.seed(7)
        def plot_a(): plt.title(f"{np.random.rand():.9f} {random.random()}")
        """
    one = job(library, write(tmp_path / "p.py", DRAW + text.replace("\n        ", "\n")))
    expected = f"{first_of(42)} {random.Random(7).random()}"
    before = random.getstate()
    assert titles(one) == [expected] * 2
    assert [title(outcome) for outcome in drawn_at_once([one] * 4)] == [expected] * 4
    assert random.getstate() == before


def test_numbers_go_on_where_the_import_left_off(library: Library, tmp_path: Path) -> None:
    text = "X = np.random.rand(5)\ndef plot_a(): plt.title(f'{np.random.rand():.9f}')"
    assert titles(job(library, write(tmp_path / "p.py", DRAW + text))) == [first_of(0, skipped=5)] * 2


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_neighbour_that_draws_does_so_anew_for_each_file_that_imports_it(
    library: Library, tmp_path: Path, order: str
) -> None:
    write(tmp_path / "dice.py", "import numpy as np\nX = np.random.rand()")
    end = "import dice\ndef plot_{}(): plt.title(f'{{dice.X:.9f}} {{np.random.rand():.9f}}')"
    write(tmp_path / "a.py", DRAW + end.format("a"))
    write(tmp_path / "b.py", DRAW + "np.random.seed(3)\n" + end.format("b"))
    jobs = {name: job(library, tmp_path / f"{name}.py") for name in order}
    assert titles(jobs["a"]) == [f"{first_of(0)} {first_of(0, skipped=1)}"] * 2
    assert titles(jobs["b"]) == [f"{first_of(3)} {first_of(3, skipped=1)}"] * 2


def test_a_file_whose_import_draws_is_not_imported_again_while_it_is_unchanged(
    library: Library, tmp_path: Path
) -> None:
    file = write(tmp_path / "p.py", "import numpy as np\nX = np.random.rand()\ndef plot_a(): ...")
    other = write(tmp_path / "q.py", "import p\ndef plot_b(): ...")
    module = library.load(file)
    assert library.load(other).imports != [module]
    assert library.load(file) is module


def test_a_seed_counts_once_however_often_its_module_is_imported(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "seeded.py", "import numpy as np\nnp.random.seed(9)")
    write(tmp_path / "late.py", "def draw():\n    import seeded")
    text = """
        import seeded, late
        X = np.random.rand()
        import seeded
        def plot_a():
            late.draw()
            import seeded
            plt.title(f"{np.random.rand():.9f}")
        """
    one = job(library, write(tmp_path / "p.py", DRAW + text.replace("\n        ", "\n")))
    assert titles(one) == [first_of(9, skipped=1)] * 2


def test_a_seed_set_by_a_neighbour_that_a_function_imports_is_that_of_each_render(
    library: Library, tmp_path: Path
) -> None:
    write(tmp_path / "seeded.py", "import numpy as np\nnp.random.seed(9)\nnp.set_printoptions(precision=2)")
    text = "def plot_a():\n    import seeded\n    plt.title(f'{np.random.rand():.9f} {np.array([1 / 3])}')"
    one = job(library, write(tmp_path / "p.py", DRAW + text))
    assert titles(one, 3) == [f"{first_of(9)} [0.33]"] * 3


def test_what_is_set_in_the_context_is_each_render_s_own_copy(library: Library, tmp_path: Path) -> None:
    text = """
        import contextvars, decimal
        decimal.getcontext().prec = 5
        np.set_printoptions(precision=2)
        np.seterr(divide="raise")
        seen = contextvars.ContextVar("seen")
        seen.set([])
        def plot_a():
            seen.get().append(1)
            words = f"{decimal.Decimal(1) / 3} {np.array([1 / 3])} {np.geterr()['divide']} {len(seen.get())}"
            decimal.getcontext().prec = 9
            np.set_printoptions(precision=7)
            np.seterr(divide="ignore")
            plt.title(words)
        """
    one = job(library, write(tmp_path / "p.py", DRAW + text.replace("\n        ", "\n")))
    before = decimal.getcontext().prec, np.get_printoptions()["precision"], np.geterr()
    assert titles(one) == ["0.33333 [0.33] raise 1"] * 2
    assert [title(outcome) for outcome in drawn_at_once([one] * 4)] == ["0.33333 [0.33] raise 1"] * 4
    assert (decimal.getcontext().prec, np.get_printoptions()["precision"], np.geterr()) == before


def test_a_neighbour_that_only_computes_is_shared(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "sums.py", "import decimal\nX = decimal.Decimal(1) / 3\nwith decimal.localcontext(prec=3): Y = +X")
    one, two = (library.load(write(tmp_path / name, "import sums\ndef plot_a(): ...")) for name in ("a.py", "b.py"))
    assert one.imports == two.imports
    assert one.imports


def test_an_edit_to_the_seed_is_drawn(library: Library, tmp_path: Path) -> None:
    text = DRAW + "np.random.seed({})\ndef plot_a(): plt.title(f'{{np.random.rand():.9f}}')"
    file = write(tmp_path / "p.py", text.format(1))
    assert title(paint(job(library, file))) == first_of(1)
    write(file, text.format(22))
    assert title(paint(job(library, file))) == first_of(22)
