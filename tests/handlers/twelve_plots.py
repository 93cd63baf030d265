"""Twelve kinds of pyplot code, as their authors would write them: none knows of any other, or of plotd.

Run as a script, it saves the picture of each, drawn alone in a fresh interpreter, as anyone would.
"""

# mypy: disable-error-code="no-untyped-def"
import random
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd


def plot_legend(k: int = 0):
    plt.plot([k, k + 1, k - 1], label=f"line {k}")
    plt.plot([1, 2, 3], "k--", label="other")
    plt.legend(title="which")
    return plt


def plot_mathtext(k: int = 0):
    plt.figure(figsize=(3, 2))
    plt.title(rf"$\alpha_{{{k}}} = \frac{{x}}{{{k + 1}}}$")
    plt.xlabel(r"$\sqrt{x^2 + y^2}$")
    plt.plot([0, k])
    plt.tight_layout()


def plot_style(k: int = 0):
    plt.style.use("dark_background" if k % 2 else "ggplot")
    plt.plot([1, k, 3])


def plot_context(k: int = 0):
    with plt.rc_context({"lines.linewidth": 1 + k, "axes.facecolor": "lightyellow"}):
        figure, axes = plt.subplots()
        axes.plot([1, 2, k])
    return figure


def plot_settings(k: int = 0):
    mpl.rcParams["font.size"] = 6 + k
    plt.rcParams["axes.grid"] = True
    plt.plot([1, 2, 3])
    plt.ylabel("size")


def plot_random(k: int = 0):
    plt.scatter(np.random.rand(50), [random.random() + k for _ in range(50)])


def plot_twin(k: int = 0):
    _, left = plt.subplots(layout="constrained")
    left.plot([1, 10, 100 * (k + 1)], "r")
    left.set_yscale("log")
    right = left.twinx()
    right.plot([3, 2, 1])
    right.set_ylabel("right")
    return left


def plot_polar(k: int = 0):
    angles = np.linspace(0, 2 * np.pi, 100)
    plt.polar(angles, np.abs(np.sin((k + 1) * angles)))


def plot_image(k: int = 0):
    plt.imshow(np.arange(100).reshape(10, 10) % (k + 2), cmap="magma")
    plt.colorbar(label="value")


def plot_dates(k: int = 0):
    days = pd.date_range("2026-01-01", periods=30 + k)
    plt.plot(days, np.arange(len(days)))
    plt.gcf().autofmt_xdate()


def plot_three(k: int = 0):
    axes = plt.figure(figsize=(4, 4)).add_subplot(projection="3d")
    axes.plot(np.arange(20), np.arange(20) % (k + 2), np.arange(20))
    return axes


def plot_panels(k: int = 0):
    figure, axes = plt.subplots(2, 2, sharex=True)
    for number, one in enumerate(axes.flat):
        one.bar(range(5), np.arange(5) * (number + k), hatch="/")
        one.annotate("here", (1, 1), (3, 3), arrowprops={"arrowstyle": "->"})
    figure.suptitle("four")
    return axes


if __name__ == "__main__":
    mpl.use("agg")
    before = dict(mpl.rcParams)
    for name, plot in [item for item in globals().items() if item[0].startswith("plot_")]:
        for number in range(3):
            dict.update(mpl.rcParams, before)
            np.random.seed(0)
            random.seed(0)
            plot(number)
            plt.gcf().savefig(f"{sys.argv[1]}/{name[5:]}-{number}.png", format="png")
            plt.close("all")
