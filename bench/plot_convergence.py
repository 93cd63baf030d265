"""The plot that is measured: four lines of 1,000 points on twin axes, tightly laid out, 640 x 480 pixels."""

import matplotlib.pyplot as plt
import numpy as np


def plot_measured(n: int = 0, file_path: str = ""):  # noqa: ANN201 - written as a user would
    """Draw it; *n* makes each picture a new one."""
    steps = np.arange(1000)
    start = float(open(file_path).read()) if file_path else 0.0  # noqa: SIM115 - written as a user would
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
