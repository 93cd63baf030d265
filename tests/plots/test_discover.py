"""From folders and files to plots: what is found, what it is called, and what is wrong with the rest."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from tests.plots.conftest import Write

from plots.discover import Discovery, Failure, aliases, scan
from plots.isolation import TURNS
from plots.loading import Entry, Library
from plots.module import Module, set_rc
from plots.script import Script
from plots.spec import PlotSpec
from plots.tracing import file_state


@pytest.fixture
def library() -> Library:
    return Library(import_limit_s=10.0)


def names(found: Discovery) -> list[str]:
    return [spec.name for spec in found.plots]


def plot(found: Discovery, name: str) -> PlotSpec:
    return next(spec for spec in found.plots if spec.name == name)


def module_of(spec: PlotSpec) -> Module:
    assert isinstance(spec.entry, Entry)
    return spec.entry.module


def messages(found: Discovery) -> dict[str, str]:
    return {failure.path: failure.message for failure in found.failures}


PLOT = "def plot_a(): ..."
SCRIPT = "import matplotlib.pyplot as plt\nplt.plot([1])"


# What is found


def test_functions_and_methods_are_found_in_order_and_called_by_their_path(library: Library, write: Write) -> None:
    write("b.py", "def plot_two(): ...\ndef plot_one(): ...\ndef other(): ...\ndef plot_(): ...\nplot_x = 3")
    write(
        "sub/train.py",
        "class Net:\n    def plot_loss(self): ...\n    class Inner:\n        def plot_no(self): ...\ndef plot_z(): ...",
    )
    write("sub/deep/c.py", PLOT)
    write("a.py", PLOT)
    folder = write("notes.txt").parent
    found = scan([folder], library)
    assert names(found) == ["a/a", "b/two", "b/one", "sub/deep/c/a", "sub/train/Net/loss", "sub/train/z"]
    assert found.failures == ()
    assert [spec.alias for spec in found.plots] == ["a", "two", "one", "a", "loss", "z"]
    assert found.folders == (folder, folder / "sub", folder / "sub" / "deep")


def test_plots_under_conditions_are_found_if_they_were_made(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        """
        import contextlib
        if True:
            def plot_if(): ...
        else:
            def plot_else(): ...
        try:
            import surely_not_installed
            def plot_try(): ...
        except ImportError:
            def plot_except(): ...
        with contextlib.nullcontext():
            def plot_with(): ...
            class Net:
                if True:
                    def plot_method(self): ...
        if __name__ == "__main__":
            def plot_main(): ...
        def plot_gone(): ...
        del plot_gone
        def f():
            def plot_inner(): ...
        """,
    )
    assert names(scan([file], library)) == ["p/if", "p/except", "p/with", "p/Net/method"]


def test_of_two_plots_of_one_name_in_a_file_the_last_counts(library: Library, write: Write) -> None:
    file = write("p.py", 'def plot_a():\n    "first"\ndef plot_b(): ...\ndef plot_a():\n    "last"')
    found = scan([file], library)
    assert names(found) == ["p/b", "p/a"]
    assert plot(found, "p/a").description == "last"


def test_only_a_file_that_defines_plots_is_imported(library: Library, write: Write) -> None:
    file = write("p.py", "raise SystemExit('run')\n")
    assert scan([file], library) == Discovery(folders=(file.parent,))


def test_a_script_is_one_plot_named_after_its_file_and_never_run(library: Library, write: Write) -> None:
    file = write("runs/my_run.1.py", f'"""Runs.\n\n   Many."""\n{SCRIPT}\nraise SystemExit("run")')
    write("helper.py", "import matplotlib.pyplot as plt\ndef draw(): plt.plot([1])")
    write("both.py", f"{PLOT}\nif __name__ == '__main__':\n    {SCRIPT.replace(chr(10), '; ')}")
    found = scan([file.parent.parent], library)
    assert names(found) == ["both/a", "runs/my_run-1"]
    assert found.failures == ()
    spec = found.plots[1]
    assert (spec.title, spec.description, spec.alias) == ("My Run.1", "Runs.\n\nMany.", "my_run-1")
    assert (spec.file, spec.qualname, spec.parameters, spec.unservable) == (file, "", (), None)
    assert [plot.is_script for plot in found.plots] == [False, True]
    assert isinstance(spec.entry, Script)
    assert (spec.entry.file, spec.entry.source, spec.entry.rc) == (file, file.read_bytes(), {})


def test_a_script_and_a_data_file_of_one_name_are_told_apart(library: Library, write: Write) -> None:
    write("run.csv")
    folder = write("run.py", SCRIPT).parent
    before = scan([folder], library)
    assert names(before) == ["run", "run-py"]
    (folder / "run.csv").unlink()
    assert names(scan([folder], library, before.plots)) == ["run-py"]
    assert names(scan([folder], library)) == ["run"]


def test_an_edit_of_a_script_makes_it_another(library: Library, write: Write) -> None:
    file = write("s.py", SCRIPT)
    [before], [same] = scan([file], library).plots, scan([file], library).plots
    write("s.py", SCRIPT + "\nplt.title('new')")
    [after] = scan([file], library).plots
    assert before.code == same.code != after.code
    assert before.entry.sources == same.entry.sources != after.entry.sources
    assert [path for path, _ in after.entry.sources] == [str(file)]
    write("s.py", PLOT)
    assert names(scan([file], library, [after])) == ["s/a"]


def test_a_script_that_is_a_link_changes_with_what_it_leads_to(library: Library, write: Write) -> None:
    real, link = write("real/s.py", SCRIPT), write("here/x.txt").with_name("s.py")
    link.symlink_to(real)
    [spec] = scan([link], library).plots
    assert [path for path, _ in spec.entry.sources] == [str(link), str(real)]


def test_what_a_file_changes_for_the_whole_process_is_told_of_its_plots(library: Library, write: Write) -> None:
    file = write("p.py", "import os\ndef plot_a(): os.chdir('x')\ndef plot_b(): ...")
    assert [spec.process_wide for spec in scan([file], library).plots] == [("os.chdir",)] * 2


def test_what_is_nobodys_plot_is_passed_over(library: Library, write: Write) -> None:
    for name in (".hidden", "__pycache__", "node_modules", "tests", "env", ".git/sub"):
        write(f"{name}/p.py", PLOT)
        write(f"{name}/data.csv")
    write("env/pyvenv.cfg")
    for name in ("test_p.py", "conftest.py", "setup.py", ".p.py", ".data.csv", "readme.md", "p.pyc"):
        write(name, PLOT)
    folder = write("contest.py", PLOT).parent
    found = scan([folder], library)
    assert (names(found), found.failures, found.folders) == (["contest/a"], (), (folder,))


def test_what_was_asked_for_by_name_is_never_passed_over(library: Library, write: Write) -> None:
    paths = [write("tests/test_p.py", PLOT), write(".hidden/p.py", PLOT).parent, write("setup.py", PLOT)]
    assert names(scan(paths, library)) == ["test_p/a", "p/a", "setup/a"]


def test_data_files_of_every_kind_are_plots_by_the_table_plot(library: Library, write: Write) -> None:
    endings = "csv tsv xlsx parquet feather json jsonl npy npz sqlite db CSV"
    for number, ending in enumerate(endings.split()):
        write(f"runs/my_run{number:02}.{ending}")
    folder = write("p.py", PLOT).parent
    found = scan([folder], library)
    assert names(found) == ["p/a", *(f"runs/my_run{number:02}" for number in range(12))]
    first = found.plots[1]
    assert first.fixed == {"file_path": folder / "runs" / "my_run00.csv"}
    assert first.title == "My Run00"
    assert first.qualname == "plot_table"
    assert "file_path" not in {parameter.name for parameter in first.parameters}
    assert {"x", "y", "kind"} <= {parameter.name for parameter in first.parameters}
    assert not any(parameter.required for parameter in first.parameters)
    assert first.example == {}
    assert first.unservable is None
    assert found.data_files == tuple(spec.fixed["file_path"] for spec in found.plots[1:])


def test_a_data_file_alone_is_a_plot_that_draws(library: Library, write: Write) -> None:
    file = write("metrics.csv", "step,loss\n1,2\n2,1\n")
    found = scan([file], library)
    assert names(found) == ["metrics"]
    [spec] = found.plots
    with TURNS.take():
        set_rc(spec.entry.rc)
        spec.entry.function()(**spec.fixed)
        assert plt.get_fignums()
    assert spec.code


def test_a_plot_file_alone_also_tells_of_the_data_files_beside_it(library: Library, write: Write) -> None:
    data = write("run.csv")
    write("below/other.csv")
    write(".hidden.csv")
    file = write("p.py", PLOT)
    found = scan([file], library)
    assert (names(found), found.data_files, found.folders) == (["p/a"], (data,), (file.parent,))


def test_a_path_that_is_not_there_or_of_no_known_kind_is_refused(library: Library, write: Write) -> None:
    with pytest.raises(ValueError, match=r"nowhere: there is no such file or folder"):
        scan([Path("nowhere")], library)
    text = write("notes.txt")
    with pytest.raises(ValueError, match=r"notes\.txt: expected a folder, a \.py file or a data file \(\.csv \.db"):
        scan([text], library)
    os.mkfifo(text.parent / "pipe.csv")
    with pytest.raises(ValueError, match=r"pipe\.csv: expected a folder"):
        scan([text.parent / "pipe.csv"], library)


def test_what_only_looks_like_a_file_is_no_plot(library: Library, write: Write) -> None:
    folder = write("folder.csv/x.txt").parent.parent
    write("package.py/y.txt")
    os.mkfifo(folder / "pipe.csv")
    os.mkfifo(folder / "pipe.py")
    (folder / "gone.csv").symlink_to("nowhere")
    (folder / "gone.py").symlink_to("nowhere")
    found = scan([folder], library)
    assert names(found) == []
    assert messages(found) == {"gone.py": "No such file or directory"}


def test_relative_paths_are_those_of_the_working_folder(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("sub/p.py", PLOT)
    monkeypatch.chdir(file.parent)
    found = scan([Path("p.py"), Path()], library)
    assert names(found) == ["p/a"]
    assert found.plots[0].file == file


# Links and folders


@pytest.mark.timeout(20)
def test_links_that_lead_back_do_not_hang(library: Library, write: Write) -> None:
    folder = write("sub/p.py", PLOT).parent
    (folder / "up").symlink_to(folder.parent)
    (folder / "itself").symlink_to("itself")
    (folder / "itself.py").symlink_to("itself.py")
    farm = [write(f"farm/{number}/x.txt").parent for number in range(8)]
    for place in farm:
        for other in farm:
            (place / f"to_{other.name}").symlink_to(other)
    found = scan([folder.parent], library)
    assert names(found) == ["sub/p/a"]
    assert messages(found) == {"sub/itself.py": "Too many levels of symbolic links"}


def test_a_link_to_another_folder_is_followed_under_its_own_name(library: Library, write: Write) -> None:
    write("run1/metrics.csv")
    new = write("run2/sub/p.py", PLOT).parent.parent
    (new.parent / "latest").symlink_to("run2")
    found = scan([new.parent], library)
    assert names(found) == ["latest/sub/p/a", "run1/metrics", "run2/sub/p/a"]
    assert module_of(found.plots[0]) is module_of(found.plots[2])


@pytest.fixture
def _not_root() -> Iterator[None]:
    """Let the test be no superuser, who may read everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.usefixtures("_not_root")
def test_folders_and_files_that_cannot_be_read_are_told_of(library: Library) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "locked").mkdir(mode=0)
        (folder / "locked.py").touch(mode=0)
        (folder / "good.py").touch()
        found = scan([folder], library)
        assert messages(found) == {"locked": "Permission denied", "locked.py": "Permission denied"}
        (folder / "locked").chmod(0o700)


# What a plot is


def test_a_plots_title_description_and_parameters_come_from_its_function(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        '''
        def plot_loss_rate_ROC(file_path, smooth: int = 1, *args, _private=0):
            """Loss.

            Per iteration.
            """
        ''',
    )
    spec = plot(scan([file], library), "p/loss_rate_ROC")
    assert (spec.title, spec.description) == ("Loss Rate ROC", "Loss.\n\nPer iteration.")
    assert [parameter.name for parameter in spec.parameters] == ["file_path", "smooth"]
    assert (spec.file, spec.qualname, spec.code) == (file, "plot_loss_rate_ROC", spec.entry.code)
    assert (spec.group, spec.every_s, spec.watch, spec.example, spec.unservable) == ("", None, (), {}, None)


def test_a_decorator_says_what_the_signature_cannot(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        """
        from datetime import date
        from plotd import plot
        def last_row_id(): return 7
        @plot(title="Loss!", group="training", every="1.5s", watch=["runs/*.csv"], version=last_row_id,
              example={"file_path": "sub/../run.csv", "on": True, "since": date(2020, 1, 2), "many": [1, 2]})
        def plot_a(file_path, on: bool, since: date, many: list[int]): ...
        class Net:
            @plot(title="Method")
            def plot_m(self): ...
        """,
    )
    found = scan([file], library)
    spec = plot(found, "p/a")
    assert (spec.title, spec.group, spec.every_s, spec.watch) == ("Loss!", "training", 1.5, ("runs/*.csv",))
    assert spec.example == {
        "file_path": ("sub/../run.csv",),
        "on": ("1",),
        "since": ("2020-01-02",),
        "many": ("1", "2"),
    }
    assert spec.version is not None
    assert spec.version() == 7
    assert spec.entry.function().__plotd__.title == "Loss!"  # type: ignore[attr-defined]  # set by the decorator
    assert plot(found, "p/Net/m").title == "Method"
    assert found.failures == ()


def test_what_a_decorator_says_wrongly_is_told_and_the_plot_is_there(library: Library, write: Write) -> None:
    file = write("p.py", "from plotd import plot\n@plot(every='soon', example={'fil': 1})\ndef plot_a(file_path): ...")
    found = scan([file], library)
    assert names(found) == ["p/a"]
    every, example = found.failures
    assert (every.path, every.line) == ("p.py", 3)
    assert every.message.startswith("plot_a: @plot: every: ")
    assert example.message == "plot_a: @plot: example: there is no parameter 'fil'"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def plot_a(ax): ...", "'ax' is required, but no URL can carry something to draw on"),
        ("async def plot_a(): ...", "it is async"),
        ("def plot_a():\n    yield 1", "it yields"),
        ("async def plot_a():\n    yield 1", "it is async"),
        ("def gone(f): return None\n@gone\ndef plot_a(): ...", "it is no function, but of type NoneType"),
    ],
)
def test_a_plot_that_no_url_can_draw_is_listed_with_why(library: Library, write: Write, source: str, why: str) -> None:
    [spec] = scan([write("p.py", source)], library).plots
    assert why in str(spec.unservable)
    assert spec.name == "p/a"


def test_methods_of_all_kinds_are_plots_if_their_class_can_be_made(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        """
        import abc
        class Net:
            def plot_a(this, x: int): return type(this).__name__, x
            @staticmethod
            def plot_b(x: int): return x
            @classmethod
            def plot_c(klass, x: int): return klass.__name__, x
            @property
            def plot_d(self): return 1
        class Sized:
            def __init__(self, size): ...
            def plot_e(self): ...
        class Abstract(abc.ABC):
            def plot_f(self): ...
            @abc.abstractmethod
            def g(self): ...
        """,
    )
    found = scan([file], library)
    works = [plot(found, f"p/Net/{name}") for name in "abc"]
    assert [[parameter.name for parameter in spec.parameters] for spec in works] == [["x"]] * 3
    assert [spec.entry.function()(x=1) for spec in works] == [("Net", 1), 1, ("Net", 1)]
    assert plot(found, "p/Net/d").unservable == "it is no function, but of type property"
    assert (
        plot(found, "p/Sized/e").unservable
        == "its class is made without arguments, but missing a required argument: 'size'"
    )
    assert plot(found, "p/Abstract/f").unservable == "its class can't be made"


def test_decorated_functions_keep_their_signature_and_options(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        """
        import functools
        from plotd import plot
        def logged(f):
            @functools.wraps(f)
            def call(*args, **kwargs): return f(*args, **kwargs)
            return call
        def ready(f):
            return functools.partial(f, 1)
        @logged
        @plot(title="T")
        def plot_a(x: int = 3): return x
        @ready
        def plot_b(first, x: int = 3): return first, x
        """,
    )
    found = scan([file], library)
    one, two = found.plots
    assert (one.title, [parameter.name for parameter in one.parameters]) == ("T", ["x"])
    assert ([parameter.name for parameter in two.parameters], two.description) == (["x"], "")
    assert (one.entry.function()(), two.entry.function()()) == (3, (1, 3))


def test_code_that_fails_when_its_signature_is_read_is_that_plots_failure(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        """
        class Odd:
            @property
            def __signature__(self): raise RuntimeError("odd")
            def __call__(self): ...
        def odd(f): return Odd()
        @odd
        def plot_a(): ...
        def plot_b(): ...
        """,
    )
    found = scan([file], library)
    assert "p/b" in names(found)
    assert plot_is_told_of(found, "p/a", "p.py")


def plot_is_told_of(found: Discovery, name: str, path: str) -> bool:
    return any(spec.name == name and spec.unservable for spec in found.plots) or path in messages(found)


# Names


def test_characters_that_no_name_may_hold_become_dashes(library: Library, write: Write) -> None:
    write("größe 1/a.b c.py", "def plot_größe(): ...\nclass Ünit:\n    def plot_x(self): ...")
    folder = write("größe 1/m.2020.csv").parent.parent
    found = scan([folder], library)
    assert names(found) == ["gr--e-1/a-b-c/gr--e", "gr--e-1/a-b-c/-nit/x", "gr--e-1/m-2020"]


def test_a_data_file_gives_way_to_another_of_its_stem_by_its_ending(library: Library, write: Write) -> None:
    write("metrics.csv")
    write("metrics.json")
    write("loss/a.csv")
    folder = write("loss.py", "def plot_a(): ...").parent
    found = scan([folder], library)
    assert names(found) == ["loss/a", "loss/a-2", "metrics", "metrics-json"]
    assert found.plots[0].fixed


def test_a_later_path_is_told_apart_by_its_folder_and_else_by_a_number(library: Library, write: Write) -> None:
    paths = [write("one/p.py", PLOT), write("two/p.py", PLOT), write("deep/two/p.py", PLOT)]
    assert names(scan(paths, library)) == ["p/a", "two/p/a", "p/a-2"]
    assert names(scan([path.parent for path in paths], library)) == ["p/a", "two/p/a", "p/a-2"]
    data = [write("one/m.csv"), write("two/m.csv"), write("two/m.json")]
    assert names(scan(data, library)) == ["m", "m-csv", "m-json"]
    same = [write("one/x.csv"), write("two/x.csv"), write("three/x.csv")]
    assert names(scan(same, library)) == ["x", "x-csv", "three/x"]
    write("one/a-b.py", PLOT)
    assert names(scan([write("one/a.b.py", PLOT).parent], library))[:2] == ["a-b/a", "a-b/a-2"]


def test_a_file_in_two_paths_is_found_once(library: Library, write: Write) -> None:
    file = write("sub/p.py", PLOT)
    assert names(scan([file.parent.parent, file.parent, file], library)) == ["sub/p/a"]
    assert names(scan([file, file.parent.parent], library)) == ["p/a"]


def test_a_plot_that_lives_keeps_its_full_name(library: Library, write: Write) -> None:
    second = write("b/a.b.py", PLOT)
    write("b/m.json")
    before = scan([second.parent], library)
    assert names(before) == ["a-b/a", "m"]
    write("b/a-b.py", PLOT)
    write("b/m.csv")
    after = scan([second.parent], library, before.plots)
    assert {spec.name: Path(str(spec.fixed.get("file_path", spec.file))).name for spec in after.plots} == {
        "a-b/a": "a.b.py",
        "a-b/a-2": "a-b.py",
        "m": "m.json",
        "m-csv": "m.csv",
    }
    second.unlink()
    assert names(scan([second.parent], library, after.plots)) == ["a-b/a-2", "m-csv", "m"]
    assert names(scan([second.parent], library)) == ["a-b/a", "m", "m-json"]


def test_an_alias_is_held_by_the_first_and_not_taken_over_while_it_lives(library: Library, write: Write) -> None:
    one, two = write("b/p.py", "def plot_loss(): ..."), write("c/p.py", "def plot_loss(): ...")
    folder = one.parent.parent
    held = aliases(scan([folder], library).plots, {})
    assert held == {"loss": "b/p/loss"}
    write("a/p.py", "def plot_loss(): ...")
    held = aliases(scan([folder], library).plots, held)
    assert held == {"loss": "b/p/loss"}
    one.unlink()
    held = aliases(scan([folder], library).plots, held)
    assert held == {"loss": "a/p/loss"}
    two.unlink()
    assert aliases(scan([folder], library).plots, held) == held


def test_a_full_name_goes_before_an_alias(library: Library, write: Write) -> None:
    folder = write("p.py", "def plot_loss(): ...").parent
    held = aliases(scan([folder], library).plots, {})
    assert held == {"loss": "p/loss"}
    write("loss.csv")
    plots = scan([folder], library).plots
    assert [spec.name for spec in plots] == ["loss", "p/loss"]
    assert aliases(plots, held) == {}


# What goes wrong


def test_a_file_that_fails_is_told_of_and_harms_no_other(library: Library, write: Write) -> None:
    write("sub/broken.py", "def plot_a(:\n")
    write("exits.py", "import sys\ndef plot_a(): ...\nsys.exit(2)\n")
    write("nulls.py", b"def plot_a(): ...\0")
    write("latin.py", "x = 'é'".encode("latin-1"))
    write("deep.py", "x = " + "-" * 100_000 + "1")
    write("helper.py", "1 +")
    folder = write("good.py", "def plot_a(): ...").parent
    found = scan([folder], library)
    assert names(found) == ["good/a"]
    assert set(messages(found)) == {"sub/broken.py", "exits.py", "nulls.py", "latin.py", "deep.py", "helper.py"}
    by_path = {failure.path: failure for failure in found.failures}
    assert (by_path["sub/broken.py"].line, by_path["sub/broken.py"].message) == (1, "SyntaxError: invalid syntax")
    assert "def plot_a(:" in by_path["sub/broken.py"].traceback
    assert (by_path["exits.py"].line, by_path["exits.py"].message) == (3, "SystemExit: 2")
    assert "sys.exit(2)" in by_path["exits.py"].traceback
    assert "null bytes" in by_path["nulls.py"].message
    assert "utf-8" in by_path["latin.py"].message
    assert by_path["deep.py"].message


def test_plots_of_a_file_that_fails_now_are_broken_until_it_is_mended_or_gone(library: Library, write: Write) -> None:
    file = write("p.py", PLOT)
    write("s.py", SCRIPT)
    good = scan([file.parent], library)
    write("p.py", PLOT + "\nraise OSError('no')")
    write("s.py", SCRIPT + "(")
    failing = scan([file.parent], library, good.plots)
    assert names(failing) == names(good)
    assert len(failing.failures) == 2
    for spec, old, why in zip(failing.plots, good.plots, ("OSError: no", "SyntaxError: '(' was never"), strict=True):
        assert spec.broken is not None
        assert spec.broken.message.startswith(f"{spec.file.name}, line ")
        assert why in spec.broken.message
        assert spec.code != old.code
        assert dict(spec.sources)[str(spec.file)] == file_state(str(spec.file))
    assert names(scan([file.parent], library)) == [], "nobody held them"
    again = scan([file.parent], library, failing.plots)
    assert [spec.broken for spec in again.plots] == [spec.broken for spec in failing.plots]
    write("p.py", PLOT)
    (file.parent / "s.py").unlink()
    [mended] = scan([file.parent], library, again.plots).plots
    assert (mended.name, mended.broken, mended.code) == (good.plots[0].name, None, good.plots[0].code)
    write("p.py", "def plot_other(): ...")
    assert names(scan([file.parent], library, [mended])) == ["p/other"]


def test_an_import_that_hangs_leaves_the_rest_to_be_found(write: Write) -> None:
    write("a_hang.py", "def plot_a(): ...\nimport threading\nthreading.Event().wait()")
    folder = write("good.py", PLOT).parent
    found = scan([folder], Library(0.3))
    assert names(found) == ["good/a"]
    assert found.failures[0].message == "import took longer than 0.3 s"
    assert found.failures[0].line == 3


def test_a_world_writable_file_is_told_of_but_only_if_it_would_be_run(library: Library, write: Write) -> None:
    ran = write("x.txt").parent / "ran"
    write("p.py", f"open({str(ran)!r}, 'w').close()\ndef plot_a(): ...").chmod(0o666)
    write("s.py", SCRIPT).chmod(0o666)
    write("helper.py").chmod(0o666)
    found = scan([ran.parent], library)
    assert (names(found), list(messages(found))) == ([], ["p.py", "s.py"])
    assert "chmod o-w p.py" in messages(found)["p.py"]
    assert "chmod o-w s.py" in messages(found)["s.py"]
    assert not ran.exists()


def test_edits_new_files_and_removals_show_in_the_next_scan(library: Library, write: Write) -> None:
    file = write("p.py", PLOT)
    before = scan([file.parent], library)
    assert scan([file.parent], library).plots[0].code == before.plots[0].code
    write("p.py", "def plot_a():\n    'edited'\ndef plot_b(): ...")
    write("q.py", PLOT)
    after = scan([file.parent], library)
    assert names(after) == ["p/a", "p/b", "q/a"]
    assert (before.plots[0].description, after.plots[0].description) == ("", "edited")
    assert after.plots[0].code != before.plots[0].code
    file.unlink()
    assert names(scan([file.parent], library)) == ["q/a"]
    private = module_of(before.plots[0]).private, module_of(after.plots[0]).private
    del before, after
    gc.collect()
    assert not {*private} & {*sys.modules}


def test_a_discovery_cannot_be_changed(library: Library, write: Write) -> None:
    found = scan([write("p.py", "1 +")], library)
    [failure] = found.failures
    assert isinstance(failure, Failure)
    with pytest.raises(FrozenInstanceError):
        found.plots = ()  # type: ignore[misc]  # that is what is tried
    with pytest.raises(FrozenInstanceError):
        failure.line = 3  # type: ignore[misc]  # that is what is tried
