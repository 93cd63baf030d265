"""The plot that is measured: four lines of 1,000 points on twin axes, tightly laid out, 640 x 480 pixels."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np


def plot_watched(file_path="data.txt"):
    """Draw it from a file that changes."""
    return plot_measured(0, file_path)


def plot_measured(n: int = 0, file_path: str = ""):
    """Draw it; *n* makes each picture a new one."""
    steps = np.arange(1000)
    start = float(Path(file_path).read_text()) if file_path else 0.0
    figure, left = plt.subplots()
    right = left.twinx()
    left.plot(steps, 1000 / (1 + steps / 50), "r", label="loss")
    for k, name in enumerate(("precision", "recall", "f-score")):
        right.plot(steps, 1 - np.exp(-steps / (200 + 40 * k)) + 0 * start, label=name)
    left.set(xlabel="iteration", ylabel="loss", ylim=(0, 1000), title=f"run {n}")
    right.set(ylabel="score", ylim=(0, 1))
    right.legend()
    figure.tight_layout()
    return figure
