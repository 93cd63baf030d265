"""Folders that plot files and their functions add to Python's path: theirs alone, and only while they run."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plots.drawing import drawn_at_once, job, title, titles, write

from plots.isolation import TURNS
from plots.loading import Library
from plots.paint import paint
from plots.search_path import own_path

DRAW = "import os, sys\nimport matplotlib.pyplot as plt\nHERE = os.path.dirname(__file__)\n"
WAYS = (
    "sys.path.insert(0, {0})\nimport only_here",
    "sys.path.append({0})\nimport only_here",
    "sys.path += [{0}]\nimport only_here",
    "sys.path = [{0}, *sys.path]\nimport only_here",
    "sys.path.insert(0, {0})\nimport only_here\nsys.path.remove({0})",
    "sys.path.insert(0, {0})\nimport json, only_here\nsys.path.pop(0)",
    "old = sys.path[:]\nsys.path.insert(0, {0})\nimport only_here\nsys.path[:] = old",
    "import importlib\nsys.path.insert(0, {0})\nonly_here = importlib.import_module('only_here')",
)


@pytest.fixture
def library() -> Library:
    assert TURNS.prove()
    return Library(import_limit_s=10.0)


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = list(sys.path)
    yield
    assert list(sys.path) == before
    assert "only_here" not in sys.modules


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_that_a_function_adds_is_searched_for_it_alone(library: Library, tmp_path: Path, way: str) -> None:
    lines = "\n    ".join(way.format("os.path.join(HERE, 'lib')").splitlines())
    jobs = []
    for name in ("one", "two"):
        write(tmp_path / name / "lib" / "only_here.py", f"WORD = {name!r}")
        file = write(tmp_path / name / "p.py", f"{DRAW}def plot_a():\n    {lines}\n    plt.title(only_here.WORD)")
        jobs.append(job(library, file))
    assert [titles(one) for one in jobs] == [["one"] * 2, ["two"] * 2]
    assert [title(outcome) for outcome in drawn_at_once(jobs * 2)] == ["one", "two"] * 2


@pytest.mark.parametrize("way", WAYS)
def test_a_file_may_add_a_folder_in_any_way_as_it_is_imported(library: Library, tmp_path: Path, way: str) -> None:
    write(tmp_path / "lib" / "only_here.py", "WORD = 'mine'")
    lines = way.format("os.path.join(HERE, 'lib')")
    file = write(tmp_path / "p.py", f"{DRAW}{lines}\ndef plot_a(): plt.title(only_here.WORD)")
    assert titles(job(library, file)) == ["mine"] * 2


def test_a_folder_added_at_the_end_of_an_import_is_searched_when_functions_import(
    library: Library, tmp_path: Path
) -> None:
    write(tmp_path / "lib" / "only_here.py", "WORD = 'mine'")
    add = "sys.path.insert(0, os.path.join(HERE, 'lib'))\n"
    file = write(tmp_path / "p.py", f"{DRAW}{add}def plot_a():\n    import only_here\n    plt.title(only_here.WORD)")
    assert titles(job(library, file)) == ["mine"] * 2


def test_functions_find_neighbours_though_nobody_keeps_the_library(tmp_path: Path) -> None:
    write(tmp_path / "lib" / "only_here.py", "WORD = 'mine'")
    add = "sys.path.insert(0, os.path.join(HERE, 'lib'))\n"
    file = write(tmp_path / "p.py", f"{DRAW}{add}def plot_a():\n    import only_here\n    plt.title(only_here.WORD)")
    one = job(Library(10.0), file)
    gc.collect()
    assert titles(one) == ["mine"] * 2


def test_a_relative_folder_is_looked_for_beside_the_file_if_the_working_folder_has_none(
    library: Library, tmp_path: Path
) -> None:
    write(tmp_path / "only_lib" / "only_here.py", "WORD = 'mine'")
    text = f"{DRAW}sys.path.append('only_lib')\nimport only_here\ndef plot_a(): plt.title(only_here.WORD)"
    assert titles(job(library, write(tmp_path / "p.py", text))) == ["mine"] * 2


def test_an_edit_to_what_a_function_found_so_is_drawn(library: Library, tmp_path: Path) -> None:
    helper = write(tmp_path / "lib" / "only_here.py", "WORD = 'old'")
    add = "sys.path.insert(0, os.path.join(HERE, 'lib'))"
    text = f"{DRAW}def plot_a():\n    {add}\n    import only_here\n    plt.title(only_here.WORD)"
    file = write(tmp_path / "p.py", text)
    outcome = paint(job(library, file))
    assert title(outcome) == "old"
    assert str(helper) in {each.path for each in outcome.dependencies}
    write(helper, "WORD = 'newer'")
    assert title(paint(job(library, file))) == "newer"


def test_the_path_looks_like_a_list_to_whoever_asks() -> None:
    before = list(sys.path)
    with own_path():
        sys.path.append("mine")
        assert sys.path == [*before, "mine"]
        assert sys.path[-1] == "mine"
        assert copy.copy(sys.path) == pickle.loads(pickle.dumps(sys.path)) == [*before, "mine"]
        assert type(copy.deepcopy(sys.path)) is list
        sys.path *= 2
        assert len(sys.path) == 2 * len(before) + 2
    assert list(sys.path) == before
    assert isinstance(sys.path, list)
