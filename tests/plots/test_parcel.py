"""Jobs that travel to another process: there the plot is made from what was packed, whatever the disk holds by then."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests.plots.conftest import Write

from plotd.encode import Sizing
from plots.cargo import cargo_of
from plots.discover import scan
from plots.loading import Library
from plots.paint import Job, Outcome, paint
from plots.parameters import parse
from plots.parcel import KEPT, MAX_KEPT, Kept, Parcel, pack, paint_parcel
from plots.tracing import file_state
from plots.worker import begin

Draw = Callable[[Parcel], Outcome]

CURVE = """
    import matplotlib.pyplot as plt
    def plot_a(n: int = 5):
        plt.plot([k * k for k in range(n)])
        plt.title(rf"$\\alpha_{n}$")
"""


def new_pool() -> ProcessPoolExecutor:
    """Return one worker process, as the daemon has them."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["plots.worker"])
    return ProcessPoolExecutor(1, context, begin, (0,))


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """One worker process for all tests, but those of scripts."""
    with new_pool() as workers:
        yield workers


@pytest.fixture
def draw(pool: ProcessPoolExecutor) -> Draw:
    """Return what draws a parcel in the worker process."""
    return lambda parcel: pool.submit(paint_parcel, parcel).result(60)


def job(path: Path, *words: tuple[str, str], library: Library | None = None) -> Job:
    """Return the job of drawing the only plot in *path* here."""
    found = scan([path], library or Library(import_limit_s=10.0))
    assert not found.failures
    (spec,) = found.plots
    values = parse(spec.parameters, words, lambda word: path.parent / word)
    return Job(spec, values.given, "png", Sizing(), 10**7, words=values.words)


def said(outcome: Outcome) -> str:
    """Return what a plot says that draws nothing but raises a LookupError."""
    assert outcome.failure is not None
    assert outcome.failure.message.startswith("LookupError: "), outcome.failure
    return outcome.failure.message.removeprefix("LookupError: ")


def picture(outcome: Outcome) -> bytes:
    assert outcome.picture is not None, outcome.failure
    return outcome.picture.body


def states(outcome: Outcome) -> set[tuple[str, str, object]]:
    return {(each.path, each.kind, each.state) for each in outcome.dependencies}


def code_of(parcel: Parcel) -> str:
    return KEPT.unpacked(parcel.cargo, 10.0).job(parcel).spec.code


# The same picture


def test_a_function_draws_there_what_it_draws_here_without_its_file(draw: Draw, write: Write) -> None:
    wanted = job(write("p.py", CURVE), ("n", "7"))
    parcel, here = pack(wanted), paint(wanted)
    shutil.rmtree(wanted.spec.file.parent)
    there = draw(parcel)
    assert picture(there) == picture(here)
    assert there.dependencies == here.dependencies == ()


def test_a_method_is_called_on_an_instance_made_there(draw: Draw, write: Write) -> None:
    file = write("p.py", "class C:\n def __init__(self): self.x = 'made'\n def plot_a(self): raise LookupError(self.x)")
    parcel = pack(job(file))
    file.unlink()
    assert said(draw(parcel)) == "made"


def test_a_data_file_is_drawn_by_the_bundled_table_plot(draw: Draw, write: Write) -> None:
    wanted = job(write("t.csv", "x,y\n1,2\n2,4\n3,9\n"))
    there, here = draw(pack(wanted)), paint(wanted)
    assert picture(there) == picture(here)
    assert states(there) == states(here)


def test_settings_made_by_an_import_count_there_too(draw: Draw, write: Write) -> None:
    write("style.py", "import matplotlib as mpl\nmpl.rcParams['lines.linewidth'] = 7")
    wanted = job(write("p.py", f"import style\n{textwrap.dedent(CURVE)}"))
    plain = job(write("plain/p.py", CURVE))
    assert picture(draw(pack(wanted))) == picture(paint(wanted)) != picture(paint(plain))
    assert picture(draw(pack(plain))) == picture(paint(plain))


def test_values_of_every_kind_are_made_again_from_their_words(draw: Draw, write: Write) -> None:
    file = write(
        "p.py",
        """
        from datetime import date, timedelta
        from enum import Enum
        from pathlib import Path
        from typing import Literal, Optional
        class Colour(Enum):
            RED = "r"
            BLUE = "b"
        def plot_a(colour: Colour, path: Path, day: date, wait: timedelta, many: list[int], odd: set[str],
                   ratio: float, which: Literal["a", 2], late: date = "-2d", none: Optional[int] = None,
                   left: str = "x"):
            known = colour is Colour.BLUE
            raise LookupError(repr((known, path, day, wait, many, sorted(odd), ratio, which, late, none, left)))
        """,
    )
    write("data.txt", "")
    words = [("colour", "BLUE"), ("path", "data.txt"), ("day", "today"), ("wait", "90s"), ("many", "3"), ("many", "1")]
    words += [("odd", "u"), ("odd", "é"), ("ratio", "0.1"), ("which", "2"), ("none", "4")]
    wanted = job(file, *words)
    there = draw(pack(wanted))
    assert said(there) == said(paint(wanted))
    assert said(there).startswith(f"(True, PosixPath('{file.with_name('data.txt').name}'), datetime.date(")
    assert {d.path for d in there.dependencies} == {str(file.with_name("data.txt"))}


def test_a_script_travels_with_its_neighbours(write: Write) -> None:
    source = "import sys, near\nimport matplotlib.pyplot as plt\nplt.figure(figsize=(near.X, 1), dpi=100)"
    file, near = write("s.py", source), write("near.py", "from far import X")
    write("far.py", "X = 3")
    wanted = job(file)
    parcel = pack(wanted)
    shutil.rmtree(file.parent)
    write("far.py", "X = 4")
    with new_pool() as pool:
        there = pool.submit(paint_parcel, parcel).result(60)
    assert there.picture is not None, there.failure
    assert there.picture.width_px == 300
    assert {str(file), str(near)} <= {each.path for each in there.dependencies}
    assert parcel.code == wanted.spec.code


# Neighbours


def test_neighbours_travel_also_those_that_only_functions_import(draw: Draw, write: Write) -> None:
    write("kit/__init__.py", "from .deep import leaf")
    write(
        "kit/deep/leaf.py",
        "from ... import top\nNAME = 'leaf of ' + top.NAME\ndef late(): from .. import other; return other.X",
    )
    write("kit/other.py", "import importlib\nX = importlib.import_module('.twig', __package__).X")
    write("kit/twig.py", "X = 'twig'")
    write("top.py", "NAME = 'top'")
    write("lib/added.py", "def more():\n    import beside\n    return beside.B")
    write("lib/beside.py", "B = 'beside'")
    write("bare/inner.py", "I = 'inner'")
    file = write(
        "p.py",
        """
        import os, sys
        sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
        import kit
        def plot_a():
            import added
            from bare import inner
            raise LookupError(" ".join([kit.leaf.NAME, kit.leaf.late(), added.more(), inner.I, __file__]))
        """,
    )
    parcel, here = pack(job(file)), paint(job(file))
    shutil.rmtree(file.parent)
    there = draw(parcel)
    assert said(there) == said(here) == "leaf of top twig beside inner p.py"
    assert states(there) == states(here)
    names = ("kit/other", "kit/twig", "lib/added", "lib/beside", "bare/inner")
    late = {str(file.parent / f"{name}.py") for name in names}
    assert {path for path, _, _ in states(there)} >= late
    again = draw(parcel)
    assert said(again) == said(there)
    assert {path for path, _, _ in states(again)} == late


def test_a_linked_plot_has_the_neighbours_of_what_it_links_to(draw: Draw, write: Write) -> None:
    write("real/near.py", "N = 'near'")
    real = write("real/p.py", "def plot_a():\n    import near\n    raise LookupError(near.N)")
    link = real.parent.parent / "link.py"
    link.symlink_to(real)
    parcel = pack(job(link))
    link.unlink()
    shutil.rmtree(real.parent)
    assert said(draw(parcel)) == "near"


def test_the_code_is_the_same_there(pool: ProcessPoolExecutor, write: Write) -> None:
    write("data.txt", "1")
    write("near.py", "from pathlib import Path\nX = Path(__file__).with_name('data.txt').read_text()")
    wanted = job(write("p.py", "import near\ndef plot_a():\n    import late"))
    write("late.py", "")
    parcel = pack(wanted)
    assert parcel.code == wanted.spec.code == pool.submit(code_of, parcel).result(60)


def test_a_neighbour_not_packed_is_taken_from_disk_and_its_edits_are_seen(draw: Draw, write: Write) -> None:
    near = write("near.py", "X = 'first'")
    file = write(
        "p.py", "import importlib\ndef plot_a():\n    raise LookupError(importlib.import_module('ne' + 'ar').X)"
    )
    parcel = pack(job(file))
    there = draw(parcel)
    assert said(there) == "first"
    assert [(d.path, d.state) for d in there.dependencies] == [(str(near), file_state(str(near)))]
    write("near.py", "X = 'second'")
    assert said(draw(parcel)) == "second"
    near.unlink()
    there = draw(parcel)
    assert there.failure is not None and there.failure.message == "ModuleNotFoundError: No module named 'near'"
    assert (str(near), None) in [(d.path, d.state) for d in there.dependencies]


# Versions


def test_an_edit_after_packing_changes_nothing_of_what_is_drawn(draw: Draw, write: Write) -> None:
    near = write("near.py", "X = 'old near'")
    late = write("late.py", "Y = 'old late'")
    file = write("p.py", "import near\ndef plot_a():\n    import late\n    raise LookupError(f'old {near.X} {late.Y}')")
    old, before = pack(job(file)), file_state(str(late))
    for path in (file, near, late):
        path.write_text(path.read_text().replace("old", "new"))
    write("near/__init__.py", "X = 'a package that would go first'")
    there = draw(old)
    assert said(there) == "old old near old late"
    assert [(d.path, d.state) for d in there.dependencies] == [(str(late), before)]
    shutil.rmtree(file.with_name("near"))
    new = pack(job(file))
    assert said(draw(new)) == "new new near new late"
    assert said(draw(old)) == "old old near old late"


def test_modules_are_made_once_for_each_version(draw: Draw, write: Write) -> None:
    file = write("p.py", "C = []\ndef plot_a():\n    C.append(0)\n    raise LookupError(len(C))")
    library = Library(import_limit_s=10.0)
    assert [said(draw(pack(job(file, library=library)))) for _ in range(3)] == ["1", "2", "3"]
    os.utime(file, (1, 1))
    assert said(draw(pack(job(file, library=library)))) == "1"


def test_a_neighbour_that_only_functions_import_is_packed_as_it_is_now(draw: Draw, write: Write) -> None:
    file = write(
        "p.py",
        """
        def plot_a():
            try: import late
            except ImportError: raise LookupError("none")
            raise LookupError(late.X)
        """,
    )
    wanted = job(file)
    assert said(draw(pack(wanted))) == "none"
    late = write("late.py", "X = 'there'")
    assert said(draw(pack(wanted))) == "there"
    late.write_text("X = 'then'")
    parcel = pack(wanted)
    late.unlink()
    assert said(draw(parcel)) == "then"
    assert said(draw(pack(wanted))) == "none"


def test_data_that_an_import_read_is_read_again_when_it_changed(draw: Draw, write: Write) -> None:
    data = write("data.txt", "1")
    write("late.py", "from pathlib import Path\nX = Path(__file__).with_name('data.txt').read_text()")
    parcel = pack(job(write("p.py", "def plot_a():\n    import late\n    raise LookupError(late.X)")))
    assert said(draw(parcel)) == "1"
    data.write_text("22")
    assert said(draw(parcel)) == "22"


def test_sources_that_earlier_renders_needed_keep_counting(draw: Draw, write: Write) -> None:
    late = write("late.py", "")
    other = write("other.txt", "")
    file = write("p.py", "def plot_a(f: bool = False):\n    if f:\n        import late\n    raise LookupError('drawn')")
    known = replace(job(file), known=((str(late), "file"), (str(other), "file")))
    parcel, state = pack(known), file_state(str(late))
    late.unlink()
    there = draw(parcel)
    assert said(there) == "drawn"
    assert {(d.path, d.state) for d in there.dependencies} == {(str(late), state), (str(other), file_state(str(other)))}


def test_threads_of_one_worker_share_the_modules(write: Write) -> None:
    count = "with LOCK:\n        C.append(0)\n        raise LookupError(len(C) - 1)"
    parcel = pack(job(write("p.py", f"import threading\nLOCK, C = threading.Lock(), []\ndef plot_a():\n    {count}")))
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(paint_parcel, [parcel] * 24))
    assert {int(said(outcome)) for outcome in outcomes} == set(range(24))


def test_a_worker_keeps_the_modules_of_so_many_versions(write: Write) -> None:
    kept, library = Kept(), Library(import_limit_s=10.0)
    cargoes = []
    for version in range(MAX_KEPT + 3):
        file = write("p.py", f"X = {version}\ndef plot_a(): pass")
        cargoes.append(cargo_of(library.load(file)))
    gc.collect()
    before = sum(name.startswith("_plotd_") for name in sys.modules)
    for cargo in cargoes:
        kept.unpacked(cargo, 10.0)
    gc.collect()
    assert sum(name.startswith("_plotd_") for name in sys.modules) == before + MAX_KEPT


# What goes wrong


THERE_ONLY = "import multiprocessing\nTHERE = multiprocessing.parent_process() is not None\n"


def test_an_import_that_fails_only_there_is_the_plots_failure(draw: Draw, write: Write) -> None:
    data = write("data.txt", "1")
    source = "open(__file__.replace('p.py', 'data.txt')).close()\nif THERE: raise OSError(__file__)\ndef plot_a(): pass"
    there = draw(pack(job(write("p.py", THERE_ONLY + source))))
    assert there.failure is not None
    assert (there.failure.code, there.failure.message) == ("plot_failed", "OSError: p.py")
    assert 'File "p.py", line 4' in there.failure.traceback
    assert str(data.parent) not in there.failure.traceback
    assert str(data) in {d.path for d in there.dependencies}


ODD_CLASS = """
class Odd(type):
    @property
    def __signature__(cls):
        return inspect.Signature() if not THERE else 1 / 0
class C(metaclass=Odd):
    def plot_a(self): pass
"""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("if not THERE:\n    def plot_a(): pass", "in this worker, p.py defines no plot_a"),
        ("def plot_a(x: 'int if not THERE else 1 / 0' = 2): pass", "the annotation of 'x' can't be read"),
        (f"import inspect\n{ODD_CLASS}", "ZeroDivisionError: division by zero"),
        ("if THERE: raise SystemExit(3)\ndef plot_a(): pass", "SystemExit: 3"),
    ],
)
def test_a_plot_that_is_another_there_is_a_failure(draw: Draw, write: Write, source: str, message: str) -> None:
    there = draw(pack(job(write("p.py", THERE_ONLY + source))))
    assert there.failure is not None
    assert there.failure.code == "plot_failed"
    assert there.failure.message.startswith(message)


def test_words_that_mean_nothing_there_are_told_by_name(draw: Draw, write: Write) -> None:
    source = "from typing import Literal\nK = Literal['x'] if THERE else Literal['x', 'y']\ndef plot_a(k: K): pass"
    there = draw(pack(job(write("p.py", THERE_ONLY + source), ("k", "y"))))
    assert there.failure is not None
    assert there.failure.code == "bad_parameter"
    assert list(there.failure.fields) == ["k"]


def test_what_anyone_could_have_written_is_not_run_there_either(draw: Draw, write: Write) -> None:
    late = write("late.py", "")
    late.chmod(0o666)
    there = draw(pack(job(write("p.py", "def plot_a():\n    import late"))))
    assert there.failure is not None
    assert there.failure.message.startswith("WorldWritable: any user of this machine can write to late.py")


def test_a_parcel_weighs_little_more_than_the_sources_in_it(write: Write) -> None:
    write("near.py", f"X = {'x' * 10_000!r}\nimport numpy, pandas")
    parcel = pack(job(write("p.py", f"import near\n{textwrap.dedent(CURVE)}")))
    assert len(pickle.dumps(parcel)) < 12_000
