"""The bundled plots, called as their users' code would be; what they draw is read from the artists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import plots
from plots.parameters import BadWords

DATA = Path(plots.__file__).parent / "gallery" / "data"
pytestmark = pytest.mark.usefixtures("turn")

Importer = Callable[[str], ModuleType]
Plot = Callable[..., Figure]

KINDS = ("line", "scatter", "hist", "box", "heatmap")
SIZES = [(3.2, 2.4), (6.4, 4.8), (12, 5)]  # inches
HEADER = "iteration,loss,precision,recall,f-score\n"


@pytest.fixture
def convergence(gallery: Importer) -> Plot:
    return drawn(gallery("convergence").plot_convergence)


@pytest.fixture
def table(gallery: Importer) -> Plot:
    return drawn(gallery("table").plot_table)


def drawn(function: Plot) -> Plot:
    """Return the plot *function*, whose figures are drawn as well: only then does matplotlib find most faults."""

    def draw(*arguments: Any, **keywords: Any) -> Figure:
        figure = function(*arguments, **keywords)
        figure.canvas.draw()
        return figure

    return draw


def csv(folder: Path, text: str, name: str = "run.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def lines(figure: Figure) -> dict[str, tuple[list[float], list[float]]]:
    """Return x and y of each line that a legend names."""
    named = {str(line.get_label()): line for axes in figure.axes for line in axes.lines}
    return {label: (np.asarray(line.get_xdata()).tolist(), list(line.get_ydata())) for label, line in named.items()}  # type: ignore[arg-type]  # a line's data is an array


def texts(figure: Figure) -> str:
    return " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def title(figure: Figure) -> str:
    return figure.get_suptitle()


def outside(figure: Figure) -> bool:
    """Say whether something sticks out of the picture by more than a pixel or two."""
    box, width, height = figure.get_tightbbox(), *figure.get_size_inches()
    return bool(box.x0 < -0.02 or box.y0 < -0.02 or box.x1 > width + 0.02 or box.y1 > height + 0.02)


class Refusal(NamedTuple):
    """What went wrong, in a person's words."""

    kind: type[Exception]
    text: str


def refusal(function: Plot, path: Path, **words: Any) -> Refusal:
    """Return the error, which must be fit to be shown: one line, the file's name, no path."""
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        function(path, **words)
    text = str(caught.value)
    assert text.startswith(f"{path.name}: ")
    assert str(path.parent) not in text
    assert "\n" not in text
    return Refusal(caught.type, text)


def test_convergence_draws_loss_on_the_left_and_the_scores_on_the_right(convergence: Plot) -> None:
    data = pd.read_csv(DATA / "convergence.csv")
    figure = convergence(DATA / "convergence.csv")
    left, right = figure.axes
    (loss,) = left.lines
    assert (loss.get_color(), left.get_ylim(), right.get_ylim()) == ("#d62728", (0, 1000), (0, 1))
    assert [line.get_label() for line in right.lines] == ["precision", "recall", "f-score"]
    for line in (loss, *right.lines):
        assert line.get_xdata() == pytest.approx(data["iteration"])
        assert line.get_ydata() == pytest.approx(data[str(line.get_label())])
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["loss", "precision", "recall", "f-score"]  # type: ignore[union-attr]  # it has one
    assert (left.get_xlabel(), left.get_ylabel(), title(figure)) == ("iteration", "loss", "convergence.csv")


def test_a_workbook_shows_its_first_sheet_or_the_one_asked_for(convergence: Plot) -> None:
    book = DATA / "convergence.xlsx"
    first, second = pd.read_excel(book, sheet_name=[0, 1]).values()
    assert lines(convergence(book))["loss"][1] == pytest.approx(list(first["loss"]))
    other = convergence(book, sheet_name="rate 0.2")
    assert lines(other)["loss"][1] == pytest.approx(list(second["loss"]))
    assert title(other) == "convergence.xlsx, rate 0.2"
    assert refusal(convergence, book, sheet_name="nope").text.endswith("no sheet 'nope'; it has: rate 0.06, rate 0.2")


@pytest.mark.parametrize("spelling", ["f-score", "fscore", "f_score", "f1", "F1 score", "F-Score", "F1-measure"])
def test_the_f_score_may_be_spelt_otherwise(convergence: Plot, tmp_path: Path, spelling: str) -> None:
    path = csv(tmp_path, f"Iteration, LOSS,Precision,recall,{spelling}\n1,900,0.1,0.2,0.3\n2,800,0.2,0.3,0.4\n")
    assert lines(convergence(path))["f-score"] == ([1, 2], [0.3, 0.4])


def test_a_run_that_has_just_begun_shows_empty_axes(convergence: Plot, tmp_path: Path) -> None:
    figure = convergence(csv(tmp_path, HEADER))
    assert texts(figure) == "no rows yet"
    assert figure.axes[0].get_ylim() == (0, 1000)


def test_the_first_row_can_be_seen(convergence: Plot, tmp_path: Path) -> None:
    figure = convergence(csv(tmp_path, HEADER + "1,900,0.1,0.2,0.3\n"))
    assert [line.get_marker() for axes in figure.axes for line in axes.lines] == ["o"] * 4


@pytest.mark.parametrize("half", ["3", "3,", "3,700,0.3,0.4,", "3,700,0.3,0.4,1e-", '3,"70', "3,700,0."])
def test_a_line_that_its_writer_has_not_finished_is_left_out(
    convergence: Plot, table: Plot, tmp_path: Path, half: str
) -> None:
    path = csv(tmp_path, HEADER + "1,900,0.1,0.2,0.3\n2,800,0.2,0.3,0.4\n" + half)
    assert lines(convergence(path))["loss"] == ([1, 2], [900, 800])
    assert lines(table(path))["loss"] == ([1, 2], [900, 800])


def test_convergence_says_what_is_wrong_with_a_file(convergence: Plot, tmp_path: Path) -> None:
    def reason(text: str) -> str:
        return refusal(convergence, csv(tmp_path, text)).text.removeprefix("run.csv: ")

    missing = refusal(convergence, tmp_path / "gone.csv")
    assert missing == (FileNotFoundError, "gone.csv: no such file")
    assert reason("") == "the file is empty"
    assert reason("iteration,loss,recall\n1,2,3\n") == "no column 'precision'; the columns are: iteration, loss, recall"
    assert reason(HEADER + "1,2,3,4,5\n2,3,4,5,6,7\n") == "Expected 5 fields in line 3, saw 6"
    assert reason(HEADER + "1,2,3,4,5,6\n2,3,4,5,6\n") == "Expected 5 fields in line 2, saw 6"
    assert reason(HEADER + "1,2,3,4,5\n2,oops,4,5,6\n") == "column 'loss' holds 'oops' in row 2, not a number"
    text = refusal(convergence, DATA / "convergence.csv", sheet_name="a").text
    assert text == "convergence.csv: no workbook, so it has no sheet 'a'"


def test_an_empty_cell_is_a_gap(convergence: Plot, tmp_path: Path) -> None:
    figure = convergence(csv(tmp_path, HEADER + "1,900,,0.2,0.3\n2,,0.2,0.3,0.4\n"))
    assert np.isnan(lines(figure)["precision"][1]).tolist() == [True, False]


def test_a_table_needs_no_words(table: Plot) -> None:
    figure = table(DATA / "daylight.csv")
    assert list(lines(figure)) == ["Quito", "Sydney", "Rome", "Edinburgh", "Tromsø"]
    assert str(lines(figure)["Quito"][0][0]).startswith("2026-01-01")
    assert (len(figure.axes), figure.axes[0].get_xlabel(), title(figure)) == (1, "date", "daylight.csv")


def test_a_series_that_others_would_crush_gets_a_panel_of_its_own(table: Plot) -> None:
    figure = table(DATA / "convergence.csv")
    shown = [[line.get_label() for line in axes.lines] for axes in figure.axes]
    assert shown == [["loss"], ["precision", "recall", "f-score"]]
    assert figure.axes[0].get_shared_x_axes().joined(*figure.axes)


def test_at_most_six_columns_are_drawn_and_the_title_says_so(table: Plot, tmp_path: Path) -> None:
    data = pd.DataFrame(np.arange(90.0).reshape(10, 9), columns=list("abcdefghi"))
    data.to_csv(tmp_path / "wide.csv", index=False)
    figure = table(tmp_path / "wide.csv")
    assert (list(lines(figure)), title(figure)) == (list("bcdefg"), "wide.csv (6 of 8 columns)")
    asked = table(tmp_path / "wide.csv", y=list("ihgfedcb"))
    assert (list(lines(asked)), title(asked)) == (list("ihgfedcb"), "wide.csv")


def test_x_and_y_are_drawn_as_asked(table: Plot, tmp_path: Path) -> None:
    path = csv(tmp_path, "step,loss,rate\n1,5,0.1\n2,4,0.2\n3,3,0.3\n")
    figure = table(path, x="rate", y=["loss"])
    assert lines(figure) == {"loss": ([0.1, 0.2, 0.3], [5, 4, 3])}
    assert figure.axes[0].get_xlabel() == "rate"


@pytest.mark.parametrize(("words", "name"), [({"x": "nope"}, "x"), ({"y": ["loss", "nope"]}, "y")])
def test_a_column_that_is_not_there_is_the_fault_of_its_parameter(
    table: Plot, tmp_path: Path, words: dict[str, Any], name: str
) -> None:
    for text in ("step,loss,rate\n1,5,0.1\n", "step,loss,rate\n"):
        with pytest.raises(BadWords) as caught:
            table(csv(tmp_path, text), **words)
        told = "run.csv: no column 'nope'; the columns are: step, loss, rate"
        assert caught.value.fields == {name: told}


def test_a_table_without_numbers_is_refused(table: Plot, tmp_path: Path) -> None:
    path = csv(tmp_path, "who,what\nAnna,sings\nBert,dances\n")
    assert refusal(table, path).text == "run.csv: no column of numbers to draw; the columns are: who, what"
    assert refusal(table, path, y=["what"]).text == "run.csv: column 'what' holds 'sings', not a number"


def test_a_column_that_is_filled_now_and_then_is_a_line_still(table: Plot, tmp_path: Path) -> None:
    figure = table(csv(tmp_path, "epoch,train,val\n1,5,\n2,4,4.5\n3,3,\n4,2,2.5\n"))
    assert lines(figure)["val"] == ([2, 4], [4.5, 2.5])


def test_a_scatter_has_points_and_no_lines(table: Plot) -> None:
    figure = table(DATA / "convergence.csv", x="precision", y=["recall"], kind="scatter")
    (points,) = figure.axes[0].lines
    assert (points.get_linestyle(), points.get_marker(), len(lines(figure)["recall"][0])) == ("None", "o", 300)


def test_histograms_count_every_row(table: Plot, tmp_path: Path) -> None:
    figure = table(csv(tmp_path, "a,b\n1,0.5\n3,0.25\n2,0.75\n3,\n"), kind="hist")
    counts = {axes.get_title(): [bar.get_height() for bar in axes.patches] for axes in figure.axes}  # type: ignore[attr-defined]  # bars have one
    assert counts["a"] == [1, 1, 2]
    assert sum(counts["b"]) == 3


def test_boxes_stand_for_columns_or_for_the_groups_that_x_names(table: Plot, tmp_path: Path) -> None:
    path = csv(tmp_path, "kind,size\na,1\na,2\na,3\nb,8\nb,9\n")
    assert labels_y(table(path, kind="box").axes[0]) == ["size"]
    figure = table(path, x="kind", kind="box")
    medians = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_color() == "#d9730d"]  # type: ignore[index]  # an array
    assert (labels_y(figure.axes[0]), medians) == (["a", "b"], [2, 8.5])


def labels_y(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def test_a_heatmap_has_a_line_for_each_column_and_a_matrix_is_drawn_as_it_stands(table: Plot, tmp_path: Path) -> None:
    (image,) = table(DATA / "daylight.csv", kind="heatmap").axes[0].images
    assert np.asarray(image.get_array()).shape == (5, 365)
    np.save(tmp_path / "matrix.npy", np.arange(12.0).reshape(3, 4))
    (image,) = table(tmp_path / "matrix.npy", kind="heatmap").axes[0].images
    assert np.asarray(image.get_array()).tolist() == np.arange(12.0).reshape(3, 4).tolist()


def test_many_long_names_on_x_stay_few_short_and_slanting(table: Plot, tmp_path: Path) -> None:
    rows = "".join(f"a rather long name, number {k:04},{k}\n".replace(", n", " n") for k in range(400))
    figure = table(csv(tmp_path, "name,value\n" + rows))
    names = [label for label in figure.axes[0].get_xticklabels() if label.get_text()]
    assert 3 <= len(names) <= 15
    assert all(len(label.get_text()) <= 16 and label.get_rotation() == 35 for label in names)
    assert not outside(figure)


def test_names_are_shown_as_they_are_written(table: Plot, tmp_path: Path) -> None:
    figure = table(csv(tmp_path, "i,_hidden,a$\\frac$\n1,2,3\n2,3,4\n", "p$x_1$.csv"))
    legend = figure.axes[0].get_legend()
    assert legend is not None
    shown = [text._preprocess_math(text.get_text()) for text in legend.get_texts()]  # type: ignore[attr-defined]  # what it will draw
    assert shown == [("\u200b_hidden", False), ("a$\\frac$", False)]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_are_still_to_come_are_no_error(table: Plot, tmp_path: Path, kind: str) -> None:
    assert texts(table(csv(tmp_path, "step,loss\n"), kind=kind)) == "no rows yet"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cells", ["1,1\n", "1,\n2,\n", "1,inf\n2,-inf\n", "1,1e308\n2,-1e308\n3,0\n", "1,5\n2,5\n"])
def test_odd_numbers_draw_something(table: Plot, tmp_path: Path, kind: str, cells: str) -> None:
    assert table(csv(tmp_path, "step,loss\n" + cells), kind=kind).axes


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_picture_fits_into_every_size(table: Plot, convergence: Plot, size: tuple[float, float]) -> None:
    figures = [table(DATA / name, kind=kind) for name in ("daylight.csv", "convergence.csv") for kind in KINDS]
    for figure in [*figures, convergence(DATA / "convergence.csv")]:
        figure.set_size_inches(size)
        figure.canvas.draw()
        assert not outside(figure)


def test_a_large_table_is_drawn_as_pixels_in_an_svg(table: Plot, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pd.DataFrame(rng.normal(size=(200_000, 2)), columns=["a", "b"]).to_parquet(tmp_path / "large.parquet")
    for kind in ("line", "scatter", "box"):
        table(tmp_path / "large.parquet", kind=kind).savefig(tmp_path / "large.svg")
        assert (tmp_path / "large.svg").stat().st_size < 400_000
