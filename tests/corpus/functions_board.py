"""Figures, axes and handles of legends that are made when this file is imported, and drawn into by its functions."""

import matplotlib.patches as patches
import matplotlib.pyplot as plt
import numpy as np

plt.rcParams["lines.linewidth"] = 3
fig, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
left.set_title("Left")
SPOT = patches.Circle((0.5, 0.5), 0.2, color="tab:red")
NOISE = np.random.rand(20)


def plot_into_current_axes():
    plt.plot(NOISE)
    plt.plot(np.random.rand(20), "--")
    plt.xlabel(f"{len(right.lines)} lines")


def plot_into_left():
    left.plot(NOISE[::-1])
    left.legend([f"{len(left.lines)}"])
    return fig


def plot_into_right():
    right.add_patch(SPOT)
    fig.suptitle("Right")
    return right


def plot_in_a_new_figure():
    plt.figure()
    plt.plot(NOISE)
    plt.title(f"figure {plt.gcf().number}")
