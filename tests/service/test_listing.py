"""The table that people read, with names of any length and letters of any width."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from service.listing import as_json, as_table, examine
from service.oneshot import Collection, find
from service.settings import read_config

PLOTS = """
from datetime import timedelta
from enum import Enum
from typing import Literal
from plotd import plot

Colour = Enum("Colour", {"RED": "red", "BLUE": "blue"})

@plot(title="损失函数的曲线，画得非常非常非常长")
def plot_wide(colour: Colour = Colour.RED, span: timedelta = timedelta(hours=6), log: bool = False): ...

def plot_a_name_that_nobody_could_type_twice_without_a_mistake(c: list[int] = [1, 2], m: Literal["x"] = "x"): ...

def plot_esc(text: str = "\\x1b[31mred\\nsecond line"): ...
"""


@pytest.fixture
def plots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collection:
    """A file of plots in a folder deep down."""
    folder = tmp_path / "a folder with a long name" / "and another one within it" / "to look at"
    folder.mkdir(parents=True)
    (folder / "plots.py").write_text(PLOTS)
    monkeypatch.chdir(tmp_path)
    return find(read_config(None, [tmp_path]))


def test_no_line_is_wider_than_80_columns(plots: Collection) -> None:
    for line in as_table(plots).splitlines():
        assert sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line) <= 80, line


def test_names_stand_there_whole_and_the_ends_of_files_too(plots: Collection) -> None:
    lines = as_table(plots).splitlines()
    assert "a_name_that_nobody_could_type_twice_without_a_mistake" in lines
    assert sum(line.endswith("/plots.py") for line in lines) == 3


def test_parameters_are_told_by_type_and_default(plots: Collection) -> None:
    told = [" ".join(line.split()) for line in as_table(plots).splitlines()]
    assert "colour red | blue, default red" in told
    assert "span duration, default 6h" in told
    assert "log 1 or 0, default 0" in told
    assert "c whole number (repeatable), default 1 2" in told


def test_nothing_that_an_author_wrote_colours_a_terminal(plots: Collection) -> None:
    assert "\x1b" not in as_table(plots)
    assert "\x1b" not in as_json(plots)


def test_programs_get_names_whole(plots: Collection) -> None:
    told = json.loads(as_json(plots))
    assert [plot["alias"] for plot in told["plots"]][1] == "a_name_that_nobody_could_type_twice_without_a_mistake"
    assert told["plots"][0]["title"] == "损失函数的曲线，画得非常非常非常长"


def test_an_empty_folder_holds_no_plots(tmp_path: Path) -> None:
    assert as_table(find(read_config(None, [tmp_path]))) == "No plots.\n"


def test_each_wrong_setting_is_a_problem_at_its_place(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("live:\n  ping_s: 0\ncache:\n  memory_mb: -1\n")
    looked_at, problems = examine(file, [])
    assert looked_at == []
    assert [problem.partition(" ")[0] for problem in problems] == [f"{file}:4:", f"{file}:2:"]
    file.write_text("plots: {paths: [nowhere]}\n")
    looked_at, problems = examine(file, [])
    assert looked_at == [f"settings: {file}"]
    assert problems == [f"{tmp_path}/nowhere: there is no such file or folder"]
