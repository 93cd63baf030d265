"""Plots found by name, and drawn with their user's own rights."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from PIL import Image

from service.config import ConfigError
from service.errors import BadParameter, MissingFile, NotFound, PlotFailed, TooLarge, UnknownPlot
from service.oneshot import Collection, find, locate
from service.settings import read_config

Find = Callable[..., Collection]


@pytest.fixture
def found(tmp_path: Path) -> Find:
    """Write files below tmp_path and return the plots in the *paths*, by default all of it."""

    def write(*paths: str, **files: str) -> Collection:
        for name, text in files.items():
            stem, _, ending = name.rpartition("_")
            file = tmp_path / f"{stem.replace('__', '/')}.{ending}"
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(text))
        return find(read_config(None, [tmp_path / path for path in paths or ("",)]))

    return write


LINE = "import matplotlib.pyplot as plt\ndef plot_line(n: int = 3):\n    plt.plot(range(n))\n"


def test_a_plot_has_its_full_name_and_whoever_comes_first_the_alias(found: Find) -> None:
    both = found(a_py=LINE, b_py=LINE)
    assert [both.link(spec) for spec in both.found.plots] == ["line", "b/line"]
    assert both.get("line").name == both.get("a/line").name == "a/line"
    assert both.get("b/line").file.name == "b.py"


def test_an_unknown_name_is_told_with_the_nearest_and_with_what_did_not_load(found: Find) -> None:
    plots = found(a_py=LINE, b_py="def plot_b(:")
    with pytest.raises(UnknownPlot, match=r"there is no plot 'lin'; the nearest: 'line'") as failed:
        plots.get("lin")
    assert any("b.py:1: SyntaxError" in note for note in failed.value.__notes__)


def test_the_one_plot_of_a_file_needs_no_name(found: Find) -> None:
    assert found("a.py", a_py=LINE + "def plot_on(ax): ...").only().name == "a/line"
    with pytest.raises(UnknownPlot, match="holds 2 plots: name one"):
        found("a.py", a_py=LINE + "def plot_dot(): ...").only()
    with pytest.raises(UnknownPlot, match="holds no plot"):
        found("a.py", a_py="x = 1").only()


def test_a_path_that_holds_no_plots_is_a_wrong_setting(found: Find, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no plot")
    for path in ("nowhere.csv", "notes.txt"):
        with pytest.raises(ConfigError, match=path):
            found(path)


def test_words_become_a_picture_of_that_size(found: Find, tmp_path: Path) -> None:
    plots = found(a_py=LINE)
    picture = plots.draw(plots.get("line"), [("n", "5"), ("_width", "300")], "png", [str(tmp_path)])
    assert Image.open(io.BytesIO(picture.body)).size == (300, 225) == (picture.width_px, picture.height_px)


@pytest.mark.parametrize(
    ("format", "start"),
    [("svg", b"<?xml"), ("pdf", b"%PDF-"), ("webp", b"RIFF"), ("csv", b"axes,series"), ("ansi", b"\x1b[38;2;28;32;37")],
)
def test_a_picture_is_made_in_the_format_asked_for(found: Find, tmp_path: Path, format: str, start: bytes) -> None:
    plots = found(a_py=LINE)
    words = [("_theme", "dark"), ("_xlim", "0,1"), ("_columns", "40")]
    body = plots.draw(plots.get("line"), words, format, [str(tmp_path)]).body
    assert body.startswith(start)
    assert format != "ansi" or body.splitlines()[0].count("▀".encode()) == 40


def test_every_wrong_word_is_told(found: Find, tmp_path: Path) -> None:
    plots = found(a_py=LINE + "def plot_on(ax): ...")
    with pytest.raises(BadParameter) as failed:
        plots.draw(plots.get("line"), [("n", "x"), ("m", "1"), ("_scale", "9")], "png", [str(tmp_path)])
    assert set(failed.value.fields) == {"n", "m", "_scale"}
    with pytest.raises(BadParameter, match="'ax' is required"):
        plots.draw(plots.get("on"), [], "png", [str(tmp_path)])


READS = """
import pandas as pd
def plot_read(file_path, other_path="b.csv"):
    return pd.read_csv(file_path).plot()
"""


def test_files_may_lie_anywhere(found: Find, tmp_path: Path) -> None:
    plots = found("plots", plots__a_py=READS, plots__b_csv="x\n1\n2\n", elsewhere__c_csv="x\n1\n2\n")
    read = plots.get("read")
    for word in (str(tmp_path / "elsewhere" / "c.csv"), "../elsewhere/c.csv", "b.csv"):
        assert plots.draw(read, [("file_path", word)], "png", [str(tmp_path / "plots")]).body
    with pytest.raises(MissingFile, match=r"there is no file '.*d\.csv'"):
        plots.draw(read, [("file_path", "d.csv")], "png", [str(tmp_path / "plots")])
    with pytest.raises(BadParameter, match="got a URL"):
        plots.draw(read, [("file_path", "http://localhost/c.csv")], "png", [str(tmp_path / "plots")])


def test_a_plot_that_raises_or_is_too_large_has_no_picture(found: Find, tmp_path: Path) -> None:
    plots = found(a_py=LINE + "def plot_bad():\n    1 / 0\n")
    with pytest.raises(PlotFailed, match="ZeroDivisionError") as failed:
        plots.draw(plots.get("bad"), [], "png", [str(tmp_path)])
    assert "in plot_bad" in failed.value.traceback
    with pytest.raises(TooLarge, match="has more than 16,000,000 in all"):
        plots.draw(plots.get("line"), [("_width", "9000")], "png", [str(tmp_path)])


def test_settings_of_the_environment_count(found: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLOTD_RENDER__MAX_PIXELS", "1000")
    plots = found(a_py=LINE)
    with pytest.raises(TooLarge, match="has more than 1,000 in all"):
        plots.draw(plots.get("line"), [], "png", [str(tmp_path)])
    monkeypatch.setenv("PLOTD_RENDER__MAX_PIXEL", "1000")
    with pytest.raises(ConfigError, match="PLOTD_RENDER__MAX_PIXEL is no setting"):
        found()


def test_a_path_is_looked_for_in_each_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "two" / "a.csv").touch()
    folders = [str(tmp_path / "one"), str(tmp_path / "two")]
    assert locate("a.csv", folders) == tmp_path / "two" / "a.csv"
    assert locate("b.csv", folders) == tmp_path / "one" / "b.csv"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert locate("~/two/a.csv", folders) == tmp_path / "two" / "a.csv"


def test_a_failed_file_is_told_by_its_place(found: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plots = found("one", "two", one__a_py=LINE, two__deep_py="x = 1\ndef plot_b(:")
    (failure,) = plots.found.failures
    assert plots.place(failure) == tmp_path / "two" / "deep.py"
    assert plots.told(failure).startswith("two/deep.py:2: SyntaxError")


def test_plots_without_a_group_stand_under_their_folder(found: Find) -> None:
    grouped = "from plotd import plot\n@plot(group='mine')\ndef plot_g(): ...\n"
    plots = found(a_py=LINE, inner__b_py=LINE, c_py=grouped)
    assert {spec.name: plots.group(spec) for spec in plots.found.plots} == {
        "a/line": "",
        "inner/b/line": "inner",
        "c/g": "mine",
    }


def test_no_plot_is_no_server_error(found: Find) -> None:
    with pytest.raises(NotFound):
        found(a_py=LINE).get("")
