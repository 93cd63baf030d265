"""Any data file as a picture of its columns."""

from pathlib import Path
from typing import Literal

import matplotlib.pyplot as plt
import pandas as pd
from charts import CHARTS, draw_matrix, shortened
from columns import MAX_SERIES, choose_x, choose_y, numeric_columns, require
from matplotlib.figure import Figure
from reading import read_frame

from plotd import plot
from plots.parameters import BadWords

MAX_HEATMAP_LINES = 40
MAX_HEATMAP_COLUMNS = 2_000


@plot(group="data", example={"file_path": "data/daylight.csv", "kind": "heatmap"})
def plot_table(
    file_path: Path,
    x: str | None = None,
    y: list[str] = [],  # noqa: B006 - nobody changes it, and the form shows it
    kind: Literal["line", "scatter", "hist", "box", "heatmap"] = "line",
) -> Figure:
    """The columns of a data file: its numbers over time, over a count, or over its rows."""
    file_path = Path(file_path)
    frame = read_frame(file_path)
    for parameter, names in (("x", [x] if x else []), ("y", y)):
        try:
            require(frame, names)
        except ValueError as error:
            raise BadWords({parameter: f"{file_path.name}: {error}"}) from error
    try:
        figure, left_out = _no_rows() if frame.empty else _drawn(frame, x, y, kind)
    except ValueError as error:
        raise ValueError(f"{file_path.name}: {error}") from error
    figure.suptitle(shortened(file_path.name, 48) + left_out, fontsize=11)
    return figure


def _drawn(frame: pd.DataFrame, x: str | None, y: list[str], kind: str) -> tuple[Figure, str]:
    is_matrix = list(frame.columns) == [f"column {k}" for k in range(len(frame.columns))]
    if is_matrix and kind == "heatmap" and not x:
        return draw_matrix(choose_y(frame, y, most=MAX_HEATMAP_COLUMNS)), ""
    across = choose_x(frame, x)
    most = MAX_HEATMAP_LINES if kind == "heatmap" else MAX_SERIES
    series = choose_y(frame, y, across.name, most)
    there = len(numeric_columns(frame, across.name))
    return CHARTS[kind](across, series), "" if y or there <= most else f" ({most} of {there} columns)"


def _no_rows() -> tuple[Figure, str]:
    figure, axes = plt.subplots(layout="constrained")
    axes.text(0.5, 0.5, "no rows yet", transform=axes.transAxes, ha="center", va="center", color="grey")
    axes.set_axis_off()
    return figure, ""
