"""User modules: neighbours, reloading as a set, and imports that go wrong."""

from __future__ import annotations

import contextlib
import gc
import inspect
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import kiwisolver
import matplotlib as mpl
import pytest
from tests.plots.conftest import Write

import plots
from plots.importing import ImportFailed
from plots.isolation import BASELINE, TURNS, Turn, TurnTakenAway
from plots.loading import Entry, Library
from plots.module import set_rc
from plots.tracing import Trace, file_state, trace


@pytest.fixture
def library() -> Library:
    return Library(import_limit_s=10.0)


@pytest.fixture(autouse=True)
def _nothing_of_ours_is_changed() -> Iterator[None]:
    modules = {name: module for name, module in sys.modules.items() if not name.startswith("_plotd_")}
    before = (list(sys.path), os.getcwd(), sys.stdin)
    yield
    assert (sys.path, os.getcwd(), sys.stdin) == before
    assert all(sys.modules.get(name) is module for name, module in modules.items())


def entry(library: Library, file: Path, qualname: str = "plot_a") -> Entry:
    return Entry(file, qualname, library.load(file))


def test_what_a_library_registers_when_imported_is_there_for_every_file(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    shades = write(
        "site-packages/shades.py",
        "import matplotlib as mpl\nmpl.colormaps.register(mpl.colormaps['jet'].copy(), name='shade')",
    )
    monkeypatch.syspath_prepend(str(shades.parent))
    late = """
        import matplotlib as mpl
        def plot_a():
            mpl.colormaps.register(mpl.colormaps["jet"].copy(), name="mine")
            import shades
            return mpl.colormaps["shade"].name, mpl.colormaps["mine"].name
        """
    plots = [entry(library, write(f"{name}.py", late)) for name in "pq"]
    try:
        assert [render(plot)[0] for plot in plots * 2] == [("shade", "mine")] * 4
        assert "mine" not in mpl.colormaps
    finally:
        mpl.colormaps.unregister("shade")
        del sys.modules["shades"]


def test_colours_and_styles_that_a_module_names_are_there_in_each_render_of_its_own(
    library: Library, write: Write
) -> None:
    text = """
        import matplotlib.colors as colors, matplotlib.pyplot as plt
        colors.get_named_colors_mapping()["brand"] = "{0}"
        plt.style.library["house"] = {{"lines.linewidth": {1}}}
        def plot_a():
            plt.style.use("house")
            return colors.to_hex("brand"), plt.rcParams["lines.linewidth"]
        """
    wanted = [("#123456", 3), ("#abcdef", 4)]
    plots = [entry(library, write(f"p{i}.py", textwrap.dedent(text).format(*each))) for i, each in enumerate(wanted)]
    for plot, each in zip(plots * 2, wanted * 2, strict=True):
        with TURNS.take():
            plot.put_settings()
            assert plot.function()() == each
    assert "brand" not in mpl.colors.get_named_colors_mapping()


def call(library: Library, file: Path, qualname: str = "plot_a") -> object:
    return entry(library, file, qualname).function()()


def render(plot: Entry) -> tuple[object, Trace]:
    """Call the plot as a render does."""
    seen = Trace()
    with TURNS.take():
        set_rc(plot.rc)
        with trace(seen):
            return plot.function()(), seen


def failure(library: Library, file: Path) -> ImportFailed:
    with pytest.raises(ImportFailed) as caught:
        library.load(file)
    return caught.value


# Neighbours


def test_two_folders_with_a_utils_of_their_own_each_get_theirs(library: Library, write: Write) -> None:
    for name in ("one", "two"):
        write(f"{name}/utils.py", f"NAME = {name!r}")
        write(f"{name}/p.py", "import utils\ndef plot_a(): return utils.NAME")
    assert [
        call(library, write(f"{n}/q.py", "from utils import NAME\ndef plot_a(): return NAME")) for n in ("one", "two")
    ]
    assert [call(library, write("x", "").parent / name / "p.py") for name in ("one", "two")] == ["one", "two"]


@pytest.mark.parametrize("name", ["plots", "handlers", "service", "plotd", "types", "json", "random", "matplotlib"])
def test_a_neighbour_named_as_one_of_ours_or_pythons_is_the_users_own(
    library: Library, write: Write, name: str
) -> None:
    write(f"{name}.py", "MARK = 'theirs'")
    file = write("p.py", f"import {name}\ndef plot_a():\n    from {name} import MARK\n    return MARK, {name}.MARK")
    ours = sys.modules.get(name)
    assert call(library, file) == ("theirs", "theirs")
    assert sys.modules.get(name) is ours
    assert "plots.loading" in sys.modules
    assert plots.__doc__


def test_what_python_imports_by_itself_is_never_a_neighbour(library: Library, write: Write) -> None:
    write("_strptime.py", "raise RuntimeError('not this one')")
    write("copyreg.py", "raise RuntimeError('not this one')")
    file = write(
        "p.py",
        """
        import datetime, pickle
        class Thing: pass
        def plot_a():
            pickle.dumps(Thing())
            return datetime.datetime.strptime("2020", "%Y").year
        """,
    )
    assert call(library, file) == 2020


def test_a_package_in_the_folder_works_with_all_kinds_of_imports(library: Library, write: Write) -> None:
    write("kit/__init__.py", "from .deep import leaf as early\nNAME = 'kit'\n__all__ = ['NAME', 'listed']")
    write("kit/listed.py", "from . import NAME\nfrom .. import beside\nX = NAME, beside.Y")
    write("kit/deep/__init__.py", "")
    write("kit/deep/leaf.py", "from ..deep import twig\nfrom ...beside import Y\nVALUE = twig.V + Y")
    write("kit/deep/twig.py", "import kit.deep\nV = 1")
    write("beside.py", "Y = 10")
    file = write(
        "p.py",
        """
        import kit.deep.leaf
        import kit.deep.twig as twig
        from kit import listed
        from kit.deep import leaf, twig as other
        from kit import *
        def plot_a():
            return kit.deep.leaf.VALUE, twig is other, kit.early is leaf, listed.X, NAME, kit.__file__
        """,
    )
    kit = str(file.parent / "kit" / "__init__.py")
    assert call(library, file) == (11, True, True, ("kit", 10), "kit", kit)


def test_a_folder_without_init_is_a_package_only_if_python_has_none_of_that_name(
    library: Library, write: Write
) -> None:
    write("data/values.py", "X = 5")
    write("json/readme.txt", "no module")
    file = write("p.py", "import json\nimport data.values\ndef plot_a(): return json.dumps(data.values.X)")
    assert call(library, file) == "5"


def test_relative_imports_beside_the_plot_reach_its_neighbours_and_the_folders_init(
    library: Library, write: Write
) -> None:
    write("utils.py", "X = 1")
    write("__init__.py", "Y = 2")
    file = write("p.py", "from . import utils, Y\nfrom .utils import X\ndef plot_a(): return utils.X, X, Y")
    assert call(library, file) == (1, 1, 2)


def test_relative_imports_end_at_the_plots_folder(library: Library, write: Write) -> None:
    error = failure(library, write("p.py", "from .. import secrets_of_others\ndef plot_a(): ..."))
    assert error.message == "ImportError: attempted relative import beyond the plot's own folder"


def test_modules_that_import_each_other_see_the_same_modules(library: Library, write: Write) -> None:
    write("a.py", "import b\nX = 1\ndef f(): return b.g()")
    write("b.py", "import a\ndef g(): return a.X, a")
    file = write("p.py", "import a, b\ndef plot_a(): return a.f()[0], a.f()[1] is a, b.a is a")
    assert call(library, file) == (1, True, True)


def test_a_name_that_is_not_there_yet_in_a_circle_is_told_as_python_does(library: Library, write: Write) -> None:
    write("b.py", "from p import X")
    error = failure(library, write("p.py", "import b\nX = 1\ndef plot_a(): ..."))
    assert "cannot import name 'X' from partially initialized module 'p'" in error.message
    assert "circular import" in error.message


def test_import_module_finds_neighbours_too(library: Library, write: Write) -> None:
    write("kit/__init__.py", "")
    write("kit/part.py", "import importlib\nME = importlib.import_module('.other', __package__).X")
    write("kit/other.py", "X = 3")
    write("plots.py", "X = 4")
    file = write(
        "p.py",
        """
        from importlib import import_module
        def plot_a():
            assert __import__("plots") is import_module("plots")
            return import_module("kit.part").ME, import_module("plots").X, import_module("os.path").sep
        """,
    )
    assert call(library, file) == (3, 4, "/")


def test_a_missing_name_or_module_is_told_by_the_names_that_the_user_knows(library: Library, write: Write) -> None:
    write("utils.py", "")
    write("kit/__init__.py", "")
    texts = {
        "from utils import x": "cannot import name 'x' from 'utils' (utils.py)",
        "import utils.x": "No module named 'utils.x'; 'utils' is not a package",
        "import kit.x": "No module named 'kit.x'",
        "from kit import x": "cannot import name 'x' from 'kit' (kit/__init__.py)",
        "from . import x": "cannot import name 'x' from",
        "from .x import y": "No module named 'x' in the plot's folder",
        "import surely_not_installed": "No module named 'surely_not_installed'",
    }
    for number, (statement, text) in enumerate(texts.items()):
        assert text in failure(library, write(f"p{number}.py", f"{statement}\ndef plot_a(): ...")).message


def test_folders_added_to_the_path_count_for_that_file_alone(library: Library, write: Write) -> None:
    for name in ("one", "two"):
        write(f"lib_{name}/common.py", f"import helper\nX = {name!r}, helper.X")
        write(f"lib_{name}/helper.py", f"X = {name!r}")
        text = f"""
            import os, sys
            sys.path.append(os.path.join(os.path.dirname(__file__), "..", "lib_{name}"))
            import common
            def plot_a():
                import helper
                return common.X + (helper.X,)
            """
        write(f"{name}/p.py", text)
    file = write("other/q.py", "import common\ndef plot_a(): ...")
    folder = file.parent.parent
    assert call(library, folder / "one" / "p.py") == ("one", "one", "one")
    assert call(library, folder / "two" / "p.py") == ("two", "two", "two")
    assert failure(library, file).message == "ModuleNotFoundError: No module named 'common'"


def test_an_empty_entry_of_the_path_is_the_working_folder_as_ever(library: Library, write: Write) -> None:
    write("lib/only_there.py", "X = 1")
    text = """
        import os, sys
        os.chdir(os.path.join(os.path.dirname(__file__), "../lib"))
        sys.path.insert(0, "")
        import only_there
        def plot_a(): return only_there.X
        """
    assert call(library, write("run/p.py", text)) == 1


def test_a_folder_put_behind_the_path_hides_no_library(library: Library, write: Write) -> None:
    write("lib/json.py", "raise RuntimeError('not this one')")
    write("lib/mine.py", "X = 1")
    file = write(
        "run/p.py",
        """
        import os, sys
        sys.path.append(os.path.abspath(os.path.join(os.path.dirname(__file__), "../lib")))
        import json, mine
        def plot_a(): return json.dumps(mine.X)
        """,
    )
    assert call(library, file) == "1"


def test_a_plot_file_that_is_a_link_has_the_neighbours_of_what_it_links_to(library: Library, write: Write) -> None:
    write("real/utils.py", "X = 1")
    real = write("real/p.py", "import utils\ndef plot_a(): return utils.X")
    link = write("shown/x.txt", "").parent / "p.py"
    link.symlink_to(real)
    found = entry(library, link)
    assert found.function()() == 1
    assert str(link) in dict(found.sources)


def test_a_neighbour_written_in_c_is_found(library: Library, write: Write) -> None:
    made_of = Path(str(kiwisolver._cext.__file__))
    file = write(
        "p.py", "import _cext\nfrom _cext import Variable\ndef plot_a(): return _cext.__file__, Variable('x').name()"
    )
    (file.parent / made_of.name).write_bytes(made_of.read_bytes())
    assert call(library, file) == (str(file.parent / made_of.name), "x")
    assert "_cext" not in sys.modules


# What Python promises of modules


def test_dataclasses_with_postponed_annotations_work(library: Library, write: Write) -> None:
    write(
        "shapes.py",
        """
        from __future__ import annotations
        from dataclasses import dataclass, fields
        from typing import ClassVar, get_type_hints
        @dataclass
        class Point:
            SIZE: ClassVar[int] = 2
            x: int
            other: Point | None = None
        """,
    )
    file = write(
        "p.py",
        """
        from __future__ import annotations
        import dataclasses, typing
        from shapes import Point
        def plot_a():
            @dataclasses.dataclass
            class Local:
                kept: typing.ClassVar[int]
                point: Point
            hints = typing.get_type_hints(Point)
            return [f.name for f in dataclasses.fields(Point)], hints["x"], [f.name for f in dataclasses.fields(Local)]
        """,
    )
    assert call(library, file) == (["x", "other"], int, ["point"])


def test_objects_of_a_users_class_can_be_pickled_within_a_render(library: Library, write: Write) -> None:
    write("kit/__init__.py", "")
    write("kit/shapes.py", "class Point:\n    def __init__(self, x): self.x = x")
    file = write(
        "p.py",
        """
        import copy, io, pickle
        from kit.shapes import Point
        def plot_a():
            slow = io.BytesIO()
            pickle._Pickler(slow).dump(Point(2))  # the one in Python, as joblib's is
            return pickle.loads(pickle.dumps(Point(1))).x, pickle.loads(slow.getvalue()).x, copy.deepcopy(Point(3)).x
        """,
    )
    assert render(entry(library, file))[0] == (1, 2, 3)


def test_the_source_that_tracebacks_and_inspect_show_is_what_runs(library: Library, write: Write) -> None:
    file = write("p.py", "def plot_a():\n    return 1 / 0  # the culprit\n")
    function = entry(library, file).function()
    assert inspect.getsource(function) == "def plot_a():\n    return 1 / 0  # the culprit\n"
    with pytest.raises(ZeroDivisionError) as caught:
        function()
    assert str(caught.traceback[-1].path) == str(file)
    assert str(caught.traceback[-1].statement).strip() == "return 1 / 0  # the culprit"


def test_no_bytecode_is_written_beside_the_source_nor_read(library: Library, write: Write) -> None:
    write("utils.py", "X = 1")
    file = write("p.py", "import utils\ndef plot_a(): return utils.X")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-c", "import utils"], cwd=file.parent, env=environment, check=True)
    [compiled] = (file.parent / "__pycache__").iterdir()
    state = file_state(str(file.parent / "utils.py"))
    write("utils.py", "X = 2")
    os.utime(file.parent / "utils.py", ns=(state[0], state[0]))  # type: ignore[index,arg-type]  # it is there
    assert call(library, file) == 2
    assert [path.name for path in (file.parent / "__pycache__").iterdir()] == [compiled.name]


def test_features_of_our_own_source_do_not_leak_into_the_users(library: Library, write: Write) -> None:
    file = write("p.py", "def plot_a(x: 1 + 1 = 3): return plot_a.__annotations__['x']")
    assert call(library, file) == 2


# Reloading


def test_an_edit_to_a_neighbour_reloads_what_imports_it_and_changes_its_code(library: Library, write: Write) -> None:
    write("utils.py", "X = 1")
    write("between.py", "import utils\ndef f(): return utils.X")
    file, lone = (
        write("p.py", "import between\ndef plot_a(): return between.f()"),
        write("q.py", "def plot_a(): return 0"),
    )
    before, apart = entry(library, file), entry(library, lone)
    write("utils.py", "X = 2")
    after = entry(library, file)
    assert (before.function()(), after.function()()) == (1, 2)
    assert before.code != after.code
    assert library.load(lone) is apart.module


def test_what_is_unchanged_is_not_imported_again(library: Library, write: Write) -> None:
    write("utils.py", "X = object()")
    first = write("p.py", "import utils\ndef plot_a(): return utils.X")
    second = write("q.py", "import utils\ndef plot_a(): return utils.X")
    before = call(library, first)
    assert library.load(first) is library.load(first)
    write("p.py", "import utils\ndef plot_a():  # edited\n    return utils.X")
    assert call(library, first) is before
    assert call(library, second) is before


def test_a_touched_file_is_reloaded_with_the_same_code(library: Library, write: Write) -> None:
    write("utils.py", "X = 1")
    file = write("p.py", "import utils\ndef plot_a(): return utils.X")
    before = entry(library, file)
    os.utime(file)
    os.utime(file.parent / "utils.py")
    after = entry(library, file)
    assert after.module is not before.module
    assert after.code == before.code


def test_equal_files_in_another_folder_have_equal_code(library: Library, write: Write) -> None:
    for name in ("one", "two"):
        write(f"{name}/utils.py", "X = 1")
        write(f"{name}/p.py", "import utils\ndef plot_a(): return utils.X")
    folder = write("x.txt", "").parent
    one, two = (entry(library, folder / name / "p.py") for name in ("one", "two"))
    assert one.code == two.code


def test_the_code_does_not_depend_on_what_was_loaded_before(write: Write) -> None:
    write("utils.py", "X = 1")
    write("kit/__init__.py", "")
    write("kit/part.py", "import utils")
    one = write("p.py", "import kit\nimport utils\ndef plot_a(): ...")
    two = write("q.py", "import kit.part\nimport p\ndef plot_a(): ...")
    forwards, backwards = Library(10.0), Library(10.0)
    codes = [entry(forwards, one).code, entry(forwards, two).code]
    assert [entry(backwards, two).code, entry(backwards, one).code] == codes[::-1]


def test_an_edit_of_equal_size_and_time_is_seen(library: Library, write: Write) -> None:
    file = write("p.py", "def plot_a(): return 1")
    stat = file.stat()
    for number in range(2, 9):
        before = entry(library, file)
        write("p.py", f"def plot_a(): return {number}")
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert call(library, file) == number
        assert entry(library, file).code != before.code


def test_an_edit_within_the_clocks_grain_is_seen(library: Library, write: Write) -> None:
    file = write("p.py", "def plot_a(): return 0")
    for number in range(1, 60):
        file.write_text(f"def plot_a(): return {number % 10}")
        assert call(library, file) == number % 10


def test_an_old_version_goes_on_with_the_neighbours_it_began_with(library: Library, write: Write) -> None:
    write("utils.py", "X = 1")
    write("helper.py", "import utils\ndef f(): return utils.X")
    file = write("p.py", "import helper\ndef plot_a():\n    import utils, helper as h\n    return utils.X, h.f()")
    before = entry(library, file)
    write("utils.py", "X = 2")
    after = entry(library, file)
    gc.collect()
    assert before.function()() == (1, 1)
    assert after.function()() == (2, 2)
    assert before.function()() == (1, 1)


def test_an_old_version_can_still_make_dataclasses_and_pickles(library: Library, write: Write) -> None:
    text = """
        from __future__ import annotations
        import dataclasses, pickle
        class Thing: x = {}
        def plot_a():
            @dataclasses.dataclass
            class Local:
                x: int
            return pickle.loads(pickle.dumps(Thing())).x, Local(1).x
        """
    file = write("p.py", text.format(1))
    before = entry(library, file)
    write("p.py", text.format(2))
    after = entry(library, file)
    gc.collect()
    assert (before.function()(), after.function()()) == ((1, 1), (2, 1))


def test_names_of_versions_that_nobody_holds_leave_the_process(library: Library, write: Write) -> None:
    write("a.py", "import b")
    write("b.py", "import a")
    file = write("p.py", "import a\ndef plot_a(): ...")
    for number in range(3):
        write("b.py", f"import a  # {number}")
        library.load(file)
    gc.collect()
    names = [name for name in sys.modules if name.startswith("_plotd_") and name.endswith(("_a", "_b", "_p"))]
    here = [n for n in names if str(getattr(sys.modules[n], "__file__", "")).startswith(str(file.parent))]
    assert len(here) == 3
    file.unlink()
    (file.parent / "a.py").unlink()
    (file.parent / "b.py").unlink()
    library.tidy()
    gc.collect()
    assert not set(here) & set(sys.modules)


def test_a_package_is_made_anew_with_its_parts(library: Library, write: Write) -> None:
    write("kit/__init__.py", "")
    write("kit/part.py", "X = 1")
    file = write("p.py", "import kit.part\ndef plot_a(): return kit.part.X")
    before = entry(library, file)
    write("kit/part.py", "X = 2")
    assert call(library, file) == 2
    assert before.function()() == 1
    del before
    write("p.py", "import kit\ndef plot_a(): ...")
    write("kit/__init__.py", "X = 1")
    library.load(file)
    gc.collect()
    assert not [name for name in sys.modules if name.startswith("_plotd_") and name.endswith("_kit.part")]


def test_a_neighbour_that_appears_is_taken_up(library: Library, write: Write) -> None:
    file = write("p.py", "import textwrap, late\ndef plot_a(): return late.X")
    assert failure(library, file).message == "ModuleNotFoundError: No module named 'late'"
    write("late.py", "X = 1")
    assert call(library, file) == 1
    write("late/__init__.py", "X = 2")
    assert call(library, file) == 2
    write("textwrap.py", "X = 3")
    write("p.py", "import textwrap\ndef plot_a(): return getattr(textwrap, 'X', None)")
    assert call(library, file) == 3


def test_a_neighbour_that_hides_a_library_later_is_taken_up(library: Library, write: Write) -> None:
    file = write("p.py", "import textwrap\ndef plot_a(): return getattr(textwrap, 'X', None)")
    assert call(library, file) is None
    write("textwrap.py", "X = 3")
    assert call(library, file) == 3


def test_a_neighbour_whose_failure_was_caught_is_tried_again_when_mended(library: Library, write: Write) -> None:
    write("extra.py", "1 / 0")
    file = write(
        "p.py", "try:\n    import extra as e\nexcept ZeroDivisionError:\n    e = None\ndef plot_a(): return e and e.X"
    )
    before = entry(library, file)
    assert before.function()() is None
    write("extra.py", "X = 1")
    after = entry(library, file)
    assert after.function()() == 1
    assert after.code != before.code


def test_a_file_read_by_an_import_belongs_to_the_code(library: Library, write: Write) -> None:
    data = write("limits.txt", "1")
    missing = data.parent / "missing.txt"
    file = write(
        "p.py",
        """
        from pathlib import Path
        X = Path(__file__).with_name("limits.txt").read_text()
        Y = Path(__file__).with_name("missing.txt").exists() and 0
        try:
            Path(__file__).with_name("missing.txt").read_text()
        except OSError:
            pass
        def plot_a(): return X
        """,
    )
    before = entry(library, file)
    assert dict(before.sources)[str(data)] == file_state(str(data))
    assert dict(before.sources)[str(missing)] is None
    assert library.load(file) is before.module
    write("limits.txt", "2")
    after = entry(library, file)
    assert (before.function()(), after.function()()) == ("1", "2")
    assert after.code != before.code
    write("missing.txt", "")
    assert library.load(file) is not after.module


def test_a_folder_listed_by_an_import_belongs_to_the_code(library: Library, write: Write) -> None:
    write("runs/1.csv", "")
    file = write(
        "p.py", "import glob, os\nN = len(glob.glob(os.path.dirname(__file__) + '/runs/*'))\ndef plot_a(): return N"
    )
    assert call(library, file) == 1
    write("runs/2.csv", "")
    assert call(library, file) == 2


def test_a_file_that_an_import_itself_writes_does_not_make_it_stale(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        """
        import os
        HERE = os.path.dirname(__file__)
        os.listdir(HERE)
        with open(HERE + "/cache.txt", "w") as cache: cache.write(str(os.getpid()))
        with open(HERE + "/cache.txt") as cache: cache.read()
        def plot_a(): ...
        """,
    )
    for each in (library, Library(10.0)):  # at first the cache is not there yet, then it is
        module = each.load(file)
        assert each.load(file) is module
        write("cache.txt", "else")
        assert each.load(file) is module


def test_what_libraries_read_when_imported_is_nobodys_dependency(library: Library, write: Write) -> None:
    file = write("p.py", "import wave, sqlite3.dump, xml.dom.minidom, xmlrpc.client\ndef plot_a(): ...")
    assert list(dict(entry(library, file).sources)) == [str(file)]


def test_what_a_library_on_pythons_path_does_when_imported_is_its_own_business(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
        import os, pathlib, threading
        TEXT = (pathlib.Path(__file__).parent / "table.txt").read_text()
        os.listdir(os.path.dirname(__file__))
        threading.Thread(target=threading.Event().wait, args=(5,), daemon=True).start()
        """
    write("lib/table.txt", "3")
    monkeypatch.syspath_prepend(str(write("lib/library_of_a_test.py", text).parent))
    file = write("run/p.py", "import library_of_a_test as lib\ndef plot_a(): return lib.TEXT")
    found = entry(library, file)
    del sys.modules["library_of_a_test"]
    assert found.function()() == "3"
    assert list(dict(found.sources)) == [str(file)]


# Imports within a render


def test_a_neighbour_imported_by_a_render_is_a_file_that_it_read(library: Library, write: Write) -> None:
    late = write("late.py", "import deeper\nX = deeper.X")
    deeper = write("deeper.py", "from pathlib import Path\nX = Path(__file__).read_text().count('X')")
    file = write("p.py", "def plot_a():\n    import late\n    return late.X")
    plot = entry(library, file)
    code = plot.code
    for _ in range(2):
        value, seen = render(plot)
        assert value == 2
        assert {path for path, _ in seen.seen} == {str(late), str(deeper)}
        assert seen.seen[str(late), "file"][0] == file_state(str(late))
    assert plot.code == code
    assert {str(late), str(deeper)} <= set(dict(plot.sources))


def test_an_edit_to_a_neighbour_imported_by_a_render_is_seen_and_told_from_the_old(
    library: Library, write: Write
) -> None:
    late = write("late.py", "X = 1")
    file = write("p.py", "def plot_a():\n    import late\n    return late.X")
    before = entry(library, file)
    assert render(before)[0] == 1
    old = file_state(str(late))
    write("late.py", "X = 22")
    value, seen = render(before)
    assert (value, seen.seen[str(late), "file"][0]) == (1, old)
    after = entry(library, file)
    value, seen = render(after)
    assert (value, seen.seen[str(late), "file"][0]) == (22, file_state(str(late)))
    assert after.code == before.code


def test_a_module_that_a_render_did_not_find_is_a_missing_file(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        "def plot_a():\n    try:\n        import late\n    except ImportError:\n        return 0\n    return late.X",
    )
    value, seen = render(entry(library, file))
    assert (value, seen.seen[str(file.parent / "late.py"), "file"][0]) == (0, None)
    write("late.py", "X = 1")
    assert render(entry(library, file))[0] == 1


def test_a_neighbour_that_another_thread_still_imports_is_not_waited_for(library: Library, write: Write) -> None:
    first, begun, pipe = (write("x.txt", "").with_name(name) for name in ("first", "begun", "pipe"))
    first.touch()
    os.mkfifo(pipe)
    text = f"""
        from pathlib import Path
        if Path({str(first)!r}).exists():
            Path({str(begun)!r}).touch()
            Path({str(pipe)!r}).read_text()
        X = 1
        """
    write("late.py", text)
    function = entry(library, write("p.py", "def plot_a():\n    import late\n    return late.X")).function()
    values: list[object] = []
    other = threading.Thread(target=lambda: values.append(function()), daemon=True)
    other.start()
    while not begun.exists():
        os.sched_yield()
    first.unlink()
    assert function() == 1
    pipe.write_text("")  # lets the other go on
    other.join(10)
    assert values == [1]


def test_what_a_render_imports_sees_the_neighbours_that_the_render_began_with(library: Library, write: Write) -> None:
    write("utils.py", "X = 1")
    write("late.py", "import utils\ndef f(): return utils.X")
    file = write("p.py", "import utils\ndef plot_a():\n    import late\n    return utils.X, late.f()")
    before = entry(library, file)
    write("utils.py", "X = 2")
    assert render(before)[0] == (1, 1)
    assert render(entry(library, file))[0] == (2, 2)
    assert render(before)[0] == (1, 1)


def test_functions_that_outlive_their_module_can_still_import(library: Library, write: Write) -> None:
    write("late.py", "X = 1")
    file = write("p.py", "def plot_a():\n    import late, json\n    return json.dumps(late.X)")
    function = entry(library, file).function()
    write("p.py", "def plot_a(): ...")
    library.load(file)
    gc.collect()
    assert function() == "1"
    del library
    gc.collect()


# rcParams


def test_each_module_sets_rcparams_on_top_of_the_defaults_whoever_imports_it_first(write: Write) -> None:
    size = float(BASELINE["font.size"])
    write("twice.py", "import matplotlib as mpl\nmpl.rcParams['font.size'] *= 2")
    first = write("p.py", "import matplotlib as mpl\nmpl.rcParams['font.size'] = 40\nimport twice\ndef plot_a(): ...")
    second = write("q.py", "import twice\ndef plot_a(): ...")
    for files in ((first, second), (second, first)):
        library = Library(10.0)
        assert [entry(library, file).rc for file in files] == [{"font.size": 2 * size}] * 2


def test_a_style_set_by_an_import_is_that_files_alone(library: Library, write: Write) -> None:
    styled = write(
        "p.py",
        "import matplotlib.pyplot as plt\nplt.style.use('ggplot')\ndef plot_a(): return plt.rcParams['axes.grid']",
    )
    other = write("q.py", "import matplotlib.pyplot as plt\ndef plot_a(): return plt.rcParams['axes.grid']")
    assert entry(library, styled).rc["axes.grid"] is True
    assert entry(library, other).rc == {}
    assert mpl.rcParams["axes.grid"] == BASELINE["axes.grid"]
    assert (render(entry(library, styled))[0], render(entry(library, other))[0]) == (True, False)


def test_a_style_set_by_a_neighbour_counts_for_whoever_imports_it_in_any_order(library: Library, write: Write) -> None:
    write("look.py", "import matplotlib as mpl\nmpl.rcParams['font.size'] = 20\nmpl.rcParams['axes.grid'] = True")
    write("more.py", "import look")
    first = write(
        "p.py", "import look\nimport matplotlib as mpl\nmpl.rcParams['font.size'] *= 2\nimport more\ndef plot_a(): ..."
    )
    second = write(
        "q.py", "import more, matplotlib as mpl\nSIZE = mpl.rcParams['font.size']\ndef plot_a(): return SIZE"
    )
    assert entry(library, first).rc == {"font.size": 40.0, "axes.grid": True}
    assert entry(library, second).rc == {"font.size": 20.0, "axes.grid": True}
    assert call(library, second) == 20.0
    fresh = Library(10.0)
    assert entry(fresh, second).rc == {"font.size": 20.0, "axes.grid": True}
    assert entry(fresh, first).rc == {"font.size": 40.0, "axes.grid": True}


def test_a_style_set_by_a_neighbour_that_a_render_imports_counts_in_each_render(library: Library, write: Write) -> None:
    write("look.py", "import matplotlib as mpl\nmpl.rcParams['font.size'] = 20")
    file = write(
        "p.py", "import matplotlib as mpl\ndef plot_a():\n    import look\n    return mpl.rcParams['font.size']"
    )
    plot = entry(library, file)
    assert [render(plot)[0] for _ in range(3)] == [20.0, 20.0, 20.0]
    assert mpl.rcParams["font.size"] == BASELINE["font.size"]


# Imports that go wrong


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("x = (\ndef", "SyntaxError: '(' was never closed (p.py, line 1)", 1),
        ("\n1 / 0", "ZeroDivisionError: division by zero", 2),
        ("import sys\nsys.exit(3)", "SystemExit: 3", 2),
        ("exit()", "SystemExit: None", 1),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", 1),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded", 1),
        ("x = input('name? ')", "EOFError: input() waits for a terminal, and a plot has none", 1),
        (
            "import code\ncode.interact()\nimport sys\nprint(1 / len(sys.stdin.read()))",
            "ZeroDivisionError: division by zero",
            4,
        ),
        (b"x = '\xff'", "SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xff", 1),
        (b"x = 1\n\0", "null bytes", None),
        ("class Mine(Exception): ...\nraise Mine('two\\nlines \\u4e2d')", "p.Mine: two\nlines \u4e2d", 2),
        (
            "class Mine(Exception):\n    def __str__(self): raise self\nraise Mine",
            "p.Mine: <exception str() failed>",
            3,
        ),
        ("raise ExceptionGroup('many', [ValueError('x')])", "ExceptionGroup: many (1 sub-exception)", 1),
        ("import helper", "NameError: name 'missing' is not defined", 1),
    ],
)
def test_what_an_import_raises_is_that_files_failure_alone(
    library: Library, write: Write, source: str | bytes, message: str, line: int | None
) -> None:
    write("helper.py", "def f():\n    missing\nf()")
    error = failure(library, write("p.py", source))
    assert message in error.message
    assert error.line == line
    assert "importing.py" not in error.traceback
    assert "_plotd_" not in error.traceback
    assert call(library, write("good.py", "def plot_a(): return 1")) == 1


def test_a_failures_traceback_holds_the_users_frames_and_lines_only(library: Library, write: Write) -> None:
    write("helper.py", "import json\ndef f():\n    json.loads('{')  # here\n")
    file = write(
        "p.py",
        "import helper\ntry:\n    helper.f()\nexcept ValueError as error:\n    raise LookupError('no') from error",
    )
    error = failure(library, file)
    frames = [line.strip() for line in error.traceback.splitlines() if line.strip().startswith("File")]
    helper = file.parent / "helper.py"
    assert frames == [
        f'File "{file}", line 3, in <module>',
        f'File "{helper}", line 3, in f',
        f'File "{file}", line 5, in <module>',
    ]
    assert "json.loads('{')  # here" in error.traceback
    assert error.traceback.endswith("LookupError: no\n")
    assert error.line == 5


def test_a_failed_import_is_not_tried_again_until_something_changes(library: Library, write: Write) -> None:
    count = write("count.txt", "").parent / "count.log"
    text = f"with open({str(count)!r}, 'a') as log: log.write('x')\nimport helper\n"
    write("helper.py", "1 / 0")
    file = write("p.py", text)
    messages = {failure(library, file).message for _ in range(3)}
    assert messages == {"ZeroDivisionError: division by zero"}
    assert count.read_text() == "x"
    write("helper.py", "")
    library.load(file)
    assert count.read_text() == "xx"


def test_an_import_that_fails_for_want_of_a_file_is_tried_again_when_it_is_there(
    library: Library, write: Write
) -> None:
    file = write(
        "p.py", "from pathlib import Path\nX = Path(__file__).with_name('x.txt').read_text()\ndef plot_a(): return X"
    )
    assert failure(library, file).message.startswith("FileNotFoundError")
    write("x.txt", "there")
    assert call(library, file) == "there"


@pytest.mark.parametrize("hang", ["while True: pass", "import threading\nthreading.Event().wait(1e6)"])
def test_an_import_that_hangs_leaves_others_importable(write: Write, hang: str) -> None:
    library = Library(0.3)
    log = write("log", "")
    write("hang.py", f"with open({str(log)!r}, 'a') as log: log.write('x')\n{hang}")
    first, second = write("p.py", "\nimport hang"), write("q.py", "import hang\ndef plot_a(): ...")
    error = failure(library, first)
    assert (error.message, error.line) == ("import took longer than 0.3 s", 2)
    assert f'File "{first.parent / "hang.py"}", line' in error.traceback
    assert failure(library, second).message == "ImportError: importing hang.py took longer than 0.3 s"
    assert failure(library, first).message == error.message
    assert log.read_text() == "x"  # it was waited for once
    assert call(library, write("good.py", "import os\ndef plot_a(): return 1")) == 1
    write("hang.py", "X = 1")
    library.load(first)
    library.load(second)


def test_a_render_waits_no_longer_for_an_import_that_hangs(write: Write) -> None:
    library = Library(0.3)
    failure(library, write("p.py", "import threading\nthreading.Event().wait(1e6)"))
    with TURNS.take():
        assert mpl.rcParams["font.size"] == BASELINE["font.size"]


def test_a_render_written_off_in_an_import_harms_nobody(library: Library, write: Write) -> None:
    begun = write("x.txt", "").with_name("begun")
    hang = "import matplotlib as mpl\nmpl.rcParams['font.size'] = 30"
    write("late.py", f"{hang}\nopen({str(begun)!r}, 'w').close()\nwhile True: pass")
    plot = entry(library, write("p.py", "def plot_a():\n    import late\n    return late.X"))
    turns: list[Turn] = []

    def work() -> None:
        with contextlib.suppress(TurnTakenAway), TURNS.take(turns.append), trace(Trace()):
            plot.function()()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    while not begun.exists():
        os.sched_yield()
    TURNS.write_off(turns[0])
    with TURNS.take():
        mpl.rcParams["font.size"] = 12
        thread.join(10)
        assert not thread.is_alive()
        assert mpl.rcParams["font.size"] == 12
    write("late.py", "X = 1")
    assert render(plot)[0] == 1


def test_threads_left_behind_are_that_files_error(library: Library, write: Write) -> None:
    left = """
        import threading
        threading.Thread(target=threading.Event().wait, args=(30,), name="poll", daemon=False).start()
        """
    file = write("p.py", left)
    error = failure(library, file)
    assert "importing p.py left threads running (poll)" in error.message
    assert error.line is None
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "poll")
    write("helper.py", left)
    second = write("q.py", "import helper\ndef plot_a(): ...")
    assert "importing helper.py left threads running" in failure(library, second).message
    assert "importing helper.py left threads running" in failure(library, write("r.py", "import helper")).message


def test_threads_that_end_with_the_import_are_fine(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(3) as pool:
            X = sum(pool.map(int, "123"))
        threading.Timer(0.01, int).start()
        def plot_a(): return X
        """,
    )
    assert call(library, file) == 6


def test_a_librarys_own_kind_of_thread_is_the_librarys_business(
    library: Library, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
        import threading
        class Monitor(threading.Thread):
            def run(self): threading.Event().wait(5)
        """
    monkeypatch.syspath_prepend(str(write("lib/monitor_of_a_test.py", text).parent))
    start = "Monitor(daemon=False).start()\ndef plot_a(): return 1"
    assert call(library, write("run/p.py", f"from monitor_of_a_test import Monitor\n{start}")) == 1
    del sys.modules["monitor_of_a_test"]
    own = write(
        "run/q.py", f"import threading\nclass Monitor(threading.Thread):\n    run = threading.Event().wait\n{start}"
    )
    assert "left threads running" in failure(library, own).message


def test_threads_left_behind_do_not_keep_the_process_from_ending(write: Write) -> None:
    file = write("p.py", "import threading\nthreading.Thread(target=threading.Event().wait, daemon=False).start()\n")
    hang = write("q.py", "import threading\nthreading.Event().wait()\n")
    script = f"""
        from pathlib import Path
        from plots.loading import ImportFailed, Library
        for file in ({str(file)!r}, {str(hang)!r}):
            try:
                Library(0.5).load(Path(file))
            except ImportFailed as error:
                print(error)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=Path(plots.__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "left threads running" in done.stdout
    assert "took longer than 0.5 s" in done.stdout


def test_an_import_may_not_move_the_process_to_another_folder(library: Library, write: Write) -> None:
    file = write(
        "p.py", "import os\nos.chdir(os.path.dirname(__file__))\nHERE = os.getcwd()\ndef plot_a(): return HERE"
    )
    assert call(library, file) == str(file.parent)


# What anyone could write


def test_a_world_writable_file_is_refused_until_it_is_mended(library: Library, write: Write) -> None:
    file = write("p.py", "def plot_a(): return 1")
    file.chmod(0o646)
    message = failure(library, file).message
    assert "any user of this machine can write to p.py (mode 646)" in message
    assert "chmod o-w p.py" in message
    file.chmod(0o644)
    assert call(library, file) == 1
    file.chmod(0o666)
    assert "chmod o-w p.py" in failure(library, file).message


def test_a_file_in_a_world_writable_folder_is_refused(library: Library, write: Write) -> None:
    file = write("open/p.py", "def plot_a(): return 1")
    assert call(library, file) == 1
    file.parent.chmod(0o1777)
    assert "write to the folder open (mode 1777)" in failure(library, file).message
    file.parent.chmod(0o755)
    assert call(library, file) == 1


def test_a_world_writable_neighbour_is_never_imported(library: Library, write: Write) -> None:
    trace_of_it = write("x.txt", "").parent / "ran"
    neighbour = write("utils.py", f"open({str(trace_of_it)!r}, 'w').close()")
    neighbour.chmod(0o666)
    part = write("kit/part.py", f"open({str(trace_of_it)!r}, 'w').close()")
    part.parent.chmod(0o777)
    for statement in ("import utils", "import kit.part"):
        error = failure(library, write("p.py", f"\n{statement}\ndef plot_a(): ..."))
        assert "chmod o-w" in error.message
        assert error.line == 2
    assert not trace_of_it.exists()
    neighbour.chmod(0o644)
    library.load(write("p.py", "import utils\ndef plot_a(): ..."))
    assert trace_of_it.exists()


def test_a_link_in_a_world_writable_folder_is_refused(library: Library, write: Write) -> None:
    real = write("safe/p.py", "def plot_a(): return 1")
    link = write("open/x.txt", "").parent / "p.py"
    link.symlink_to(real)
    link.parent.chmod(0o777)
    assert "chmod o-w open" in failure(library, link).message


# Entries


def test_a_method_is_called_on_a_fresh_instance(library: Library, write: Write) -> None:
    file = write(
        "p.py",
        """
        class Net:
            made = 0
            def __init__(self): Net.made += 1
            def plot_a(self): return Net.made
            @staticmethod
            def plot_b(): return "b"
            @classmethod
            def plot_c(cls): return cls.__name__
        """,
    )
    method = entry(library, file, "Net.plot_a")
    assert [method.function()(), method.function()()] == [1, 2]
    assert [call(library, file, f"Net.plot_{name}") for name in "bc"] == ["b", "Net"]
    assert method.function()() == 3


def test_entries_are_cheap_to_compare_with_the_files_as_they_are(library: Library, write: Write) -> None:
    write("utils.py", "")
    file = write("p.py", "import utils, os\ndef plot_a(): ...")
    found = entry(library, file)
    assert [path for path, _ in found.sources] == [str(file.parent / "utils.py"), str(file)]
    assert all(file_state(path) == state for path, state in found.sources)
    assert hash(found)
    assert pickle.dumps(found.sources)


def test_colour_maps_that_a_module_registers_are_there_in_each_render(library: Library, write: Write) -> None:
    write("house.py", "import matplotlib as mpl\nmpl.colormaps.register(mpl.colormaps['jet'].copy(), name='mine')")
    both = "import house\nimport matplotlib.pyplot as plt\ndef plot_a(): return plt.get_cmap('mine').name"
    plot = entry(library, write("p.py", both))
    for _ in range(2):
        with TURNS.take():
            plot.put_settings()
            assert plot.function()() == "mine"
    assert "mine" not in mpl.colormaps
