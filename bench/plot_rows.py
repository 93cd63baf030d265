"""A plot of a file that grows: four lines of its columns on twin axes, with the number of its rows as the title."""

import matplotlib.pyplot as plt
import pandas as pd


def plot_rows(file_path="log.csv"):
    """Read and draw it."""
    data = pd.read_csv(file_path)
    figure, left = plt.subplots()
    right = left.twinx()
    left.plot(data.iteration, data.loss, "r", label="loss")
    for name in ("precision", "recall", "f-score"):
        right.plot(data.iteration, data[name], label=name)
    left.set(xlabel="iteration", ylabel="loss", title=f"{len(data)} rows")
    right.set(ylabel="score", ylim=(0, 1))
    right.legend()
    figure.tight_layout()
    return figure
