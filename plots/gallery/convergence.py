"""How a training run converges: its loss, and the precision, recall and f-score that it has reached."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from columns import MAX_TOLD, listed
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from reading import read_frame

from plotd import plot

LOSS_COLOUR = "#d62728"
SCORES = {"precision": ("#1f77b4", "-"), "recall": ("#009e73", "-"), "f-score": ("#7b4ea3", "-")}
OTHER_SPELLINGS = {
    "fscore": "f-score",
    "f1": "f-score",
    "fmeasure": "f-score",
    "f1score": "f-score",
    "f1measure": "f-score",
    "iter": "iteration",
}


@plot(group="training", example={"file_path": "data/convergence.csv"})
def plot_convergence(file_path: Path, sheet_name: str | None = None) -> Figure:
    """Loss (left), precision, recall and f-score (right) over the iterations of a training run."""
    file_path = Path(file_path)
    series = read_series(file_path, sheet_name)
    iteration = series.pop("iteration")
    figure, losses = plt.subplots(layout="constrained")
    scores = losses.twinx()
    style: dict[str, Any] = {"linewidth": 1.4, "marker": "o" if len(iteration) == 1 else None}
    lines = losses.plot(iteration, series["loss"], color=LOSS_COLOUR, label="loss", **style)
    for name, (colour, dashes) in SCORES.items():
        lines += scores.plot(iteration, series[name], dashes, color=colour, label=name, **style)
    losses.set(xlabel="iteration", ylim=(0, 1000))
    losses.set_ylabel("loss", color=LOSS_COLOUR)
    losses.tick_params(axis="y", labelcolor=LOSS_COLOUR)
    losses.grid(alpha=0.25)
    losses.margins(x=0.02)
    losses.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    scores.set_ylabel("precision, recall, f-score", fontsize=8)
    scores.set_ylim(0, 1)
    title = file_path.name if sheet_name is None else f"{file_path.name}, {sheet_name}"
    figure.suptitle(title.replace("$", r"\$"), fontsize=11)
    losses.legend(
        handles=lines,
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        borderaxespad=0.2,
        ncols=4,
        frameon=False,
        fontsize=8,
        handlelength=1.2,
        columnspacing=1.2,
    )
    if not len(iteration):
        losses.text(0.5, 0.5, "no rows yet", transform=losses.transAxes, ha="center", va="center", color="grey")
        losses.set_xlim(0, 10)
    return figure


def read_series(path: Path, sheet_name: str | None) -> dict[str, NDArray[Any]]:
    """Return iteration, loss and scores as arrays of numbers, NaN where a cell is empty.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it can't be read, lacks a column, or holds something else than numbers.
    """
    frame = read_frame(path, sheet_name)
    columns = {_plain(str(name)): name for name in frame.columns}
    series = {}
    for name in ("iteration", "loss", *SCORES):
        if name not in columns:
            raise ValueError(f"{path.name}: no column {name!r}; the columns are: {listed(frame.columns)}")
        series[name] = _numbers(frame[columns[name]], f"{path.name}: column {name!r}")
    return series


def _plain(name: str) -> str:
    letters = "".join(letter for letter in name.lower() if letter.isalnum())
    return OTHER_SPELLINGS.get(letters, letters)


def _numbers(column: "pd.Series[Any]", where: str) -> NDArray[Any]:
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise ValueError(f"{where} holds {str(column.iloc[row])[:MAX_TOLD]!r} in row {row + 1}, not a number")
    return numbers.to_numpy(float, na_value=float("nan"))
