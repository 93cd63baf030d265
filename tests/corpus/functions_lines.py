"""Lines, legends, scales and styles."""
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.lines import Line2D
from matplotlib.patches import Patch


def plot_training_curves():
    """A legend in the usual place, with a title."""
    epochs = np.arange(1, 31)
    plt.figure(figsize=(4, 3))
    for rate in [0.05, 0.1, 0.3]:
        plt.plot(epochs, np.exp(-rate * epochs) + 0.02 * rate * epochs, label=f"lr = {rate}")
    plt.plot(epochs, 1 / epochs, "k--", label="bound")
    plt.xlabel("epoch")
    plt.ylabel("loss")
    plt.legend(title="learning rate", loc="upper right", ncol=2, fontsize="small")
    plt.grid(True, alpha=0.4)
    return plt


def plot_legends_everywhere():
    fig, ax = plt.subplots(figsize=(4.5, 3))
    x = np.linspace(0, 6, 50)
    handles = ax.plot(x, np.sin(x), x, np.cos(x), x, np.sin(2 * x) / 2)
    first = ax.legend(handles[:2], ["sine", "cosine"], loc="lower left", frameon=False)
    ax.add_artist(first)
    own = [
        Line2D([], [], marker="o", color="w", markerfacecolor="tab:red", markersize=9),
        Patch(facecolor="tab:blue", edgecolor="k", hatch="//"),
    ]
    ax.legend(own, ["a dot", "a patch"], loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0, shadow=True)
    fig.subplots_adjust(right=0.72)
    fig.legend(handles[2:], ["half"], loc="lower right")
    return fig


def plot_log_axes():
    x = np.logspace(-2, 3, 60)
    fig, axs = plt.subplots(1, 2, figsize=(5, 2.6), tight_layout=True)
    axs[0].loglog(x, x**1.5, "C3", x, 40 * x, "C4:")
    axs[0].grid(True, which="both", lw=0.4)
    axs[1].semilogx(x, 1 / (1 + x))
    axs[1].set_title("roll-off")
    return axs


def plot_symlog_and_logit():
    x = np.linspace(-20, 20, 101)
    plt.figure(figsize=(4, 4))
    plt.subplot(2, 1, 1)
    plt.plot(x, x**3)
    plt.yscale("symlog", linthresh=100)
    plt.title("symlog")
    plt.subplot(2, 1, 2)
    p = 1 / (1 + np.exp(-x / 5))
    plt.plot(x, p, color="tab:green")
    plt.yscale("logit")
    plt.grid(True)
    plt.title("logit")
    plt.tight_layout()


def plot_in_ggplot():
    plt.style.use("ggplot")
    x = np.arange(12)
    plt.figure(figsize=(4, 3))
    plt.bar(x, (x * 5) % 7 + 1, label="sold")
    plt.step(x, (x * 3) % 8, where="mid", color="k", label="ordered")
    plt.legend()
    plt.title("Month by month")


def plot_in_the_dark():
    with plt.style.context(["dark_background", {"lines.linewidth": 3, "axes.titlesize": 16}]):
        fig, ax = plt.subplots(figsize=(4, 3))
        t = np.linspace(0, 1, 200)
        for k in range(1, 5):
            ax.plot(t, np.sin(2 * np.pi * k * t) / k)
        ax.set_title("partials")
        ax.set_xlabel("t [s]")
    return fig


def plot_two_styles_in_one_picture():
    fig = plt.figure(figsize=(5, 2.5))
    x = np.linspace(-2, 2, 80)
    with plt.style.context("seaborn-v0_8-darkgrid"):
        left = fig.add_subplot(121)
        left.plot(x, x**2)
    with plt.style.context("grayscale"):
        right = fig.add_subplot(122)
        right.plot(x, x**2)
        right.plot(x, 2 - x**2)
    left.set_title("left")
    right.set_title("right")


def plot_colour_cycle():
    plt.rc("axes", prop_cycle=cycler(color=["#d62728", "#1f77b4", "#2ca02c"]) * cycler(linestyle=["-", "--"]))
    plt.rc("lines", linewidth=2.5)
    plt.rc("font", size=8)
    x = np.linspace(0, 3, 40)
    plt.figure(figsize=(4, 3))
    for k in range(6):
        plt.plot(x, np.exp(-k * x / 3))
    plt.xlim(0, 3)
    plt.margins(y=0.1)
    plt.minorticks_on()


def plot_set_by_hand():
    matplotlib.rcParams["font.size"] = 7
    matplotlib.rcParams["axes.spines.top"] = False
    matplotlib.rcParams["axes.spines.right"] = False
    matplotlib.rcParams["xtick.direction"] = "in"
    plt.rcParams["figure.figsize"] = 3.2, 2.4
    plt.rcParams["figure.dpi"] = 120
    plt.rcParams["savefig.facecolor"] = "#eef4ff"
    plt.rcParams.update({"axes.labelcolor": "navy", "lines.markersize": 4})
    plt.plot(np.arange(20) ** 0.5, "o-", mfc="none")
    plt.axhline(2, ls=":")
    plt.axvspan(5, 8, alpha=0.2, color="gold")
    plt.xlabel("number")
    plt.ylabel("root")


def plot_hand_drawn():
    with plt.xkcd(scale=2, length=80):
        plt.rcParams["font.family"] = "DejaVu Sans"
        fig = plt.figure(figsize=(4, 3))
        ax = fig.add_axes((0.15, 0.2, 0.75, 0.65))
        ax.plot([0, 1, 2, 3], [0, 3, 1, 4])
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel("time")
        ax.set_title("IDEAS")
    return ax


def plot_step_by_step(points: int = 60):
    """As the first tutorial does it."""
    t = np.linspace(0.0, 2.0, points)
    plt.rcdefaults()
    plt.plot(t, t, "r--", t, t**2, "bs", t, t**3, "g^", markersize=3)
    plt.axis([0, 2, 0, 6])
    plt.xlabel("entry a")
    plt.ylabel("entry b")
    plt.xticks([0, 1, 2], ["none", "half", "all"], rotation=30)
    plt.yticks(np.arange(0, 7, 2))
    plt.figtext(0.99, 0.01, "a footnote", ha="right", fontsize=8)
    plt.setp(plt.gca().get_xticklabels(), color="tab:purple", weight="bold")
    return plt.gcf()
