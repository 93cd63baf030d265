"""Training runs compared. The folder is looked through at each render, so a new run appears by itself."""

from pathlib import Path
from typing import Annotated, Literal

import matplotlib.pyplot as plt
import pandas as pd
from pydantic import Field

RUNS = Path(__file__).parent.parent / "run"


def plot_runs(
    column: Literal["loss", "precision", "recall", "f-score"] = "loss",
    smooth: Annotated[int, Field(ge=1, le=50)] = 5,
    log: bool = False,
):
    """One column of every run in examples/run, as a moving mean."""
    plt.figure(layout="constrained")
    for path in sorted(RUNS.glob("*.csv")):
        run = pd.read_csv(path)
        plt.plot(run.iteration, run[column].rolling(smooth, min_periods=1).mean(), label=path.stem)
    if plt.gca().lines:
        plt.legend()
    else:
        plt.figtext(0.5, 0.5, "no runs yet: try make demo", ha="center", color="grey")
    plt.yscale("log" if log else "linear")
    plt.xlabel("iteration")
    plt.ylabel(column)
    plt.grid(alpha=0.25)
