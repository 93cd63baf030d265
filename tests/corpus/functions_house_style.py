"""A file with a style of its own, set when it is imported, and colours from a neighbour."""
import matplotlib.pyplot as plt
import numpy as np
from palette import COLOURS, dress

plt.style.use("seaborn-v0_8-whitegrid")
plt.rcParams.update({"font.size": 9, "legend.frameon": True, "axes.edgecolor": COLOURS["edge"]})
SIZE = (4, 3)


def plot_report():
    fig, ax = plt.subplots(figsize=SIZE)
    for k, name in enumerate(["sea", "sand", "coral"]):
        ax.plot(np.arange(10), np.arange(10) * (k + 1) % 7, color=COLOURS[name], label=name)
    ax.legend()
    dress(ax)
    return fig


class Survey:
    """Methods are plots too."""

    def __init__(self):
        self.values = np.random.rand(4, 6)

    def plot_answers(self):
        plt.figure(figsize=SIZE)
        left = np.zeros(4)
        for k, column in enumerate(self.values.T):
            plt.barh(["a", "b", "c", "d"], column, left=left, color=plt.get_cmap("RdYlGn")(k / 5))
            left += column
        plt.gca().invert_yaxis()
        dress(plt.gca())

    @staticmethod
    def plot_scale():
        plt.style.use("default")
        plt.figure(figsize=SIZE)
        plt.plot(COLOURS["levels"], drawstyle="steps-post")
        plt.fill_betweenx([0, 1], 2, 3, color=COLOURS["coral"], hatch="\\\\")
