"""Code that leans on pyplot's idea of the current figure and the current axes."""
import io
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

matplotlib.use("Agg")
x = np.linspace(0, 2 * np.pi, 100)


def decorate(title):
    plt.title(title)
    plt.xlabel("x")
    plt.gca().spines["top"].set_linewidth(3)
    plt.gcf().patch.set_facecolor("honeydew")


def draw_curve(k):
    plt.plot(x, np.sin(k * x))


def add_panel(rows, columns, index):
    plt.subplot(rows, columns, index)
    draw_curve(index)


def plot_by_helpers():
    plt.figure(figsize=(4, 3))
    draw_curve(1)
    draw_curve(3)
    decorate("helped")


def plot_panels_by_helpers():
    plt.figure(figsize=(5, 4))
    for k in range(1, 5):
        add_panel(2, 2, k)
    plt.subplot(2, 2, 1)
    decorate("back to the first")
    plt.suptitle("panels")
    plt.tight_layout()


def plot_switching_figures():
    plt.figure(1, figsize=(3, 2))
    plt.figure(2, figsize=(4, 3))
    for k in range(1, 4):
        plt.figure(k % 2 + 1)
        plt.plot(x, np.cos(k * x), label=str(k))
        plt.legend()
    plt.figure(1)
    plt.title("one")
    plt.figure(2)
    plt.title("two")
    return [plt.figure(1), plt.figure(2)]


def plot_named_figures():
    plt.figure("summary", figsize=(4, 3))
    plt.plot(x, np.sin(x))
    plt.figure("scratch")
    plt.plot(x, np.cos(x))
    if plt.fignum_exists("scratch"):
        plt.close("scratch")
    plt.title(f"{plt.get_figlabels()} {plt.get_fignums()}")


def plot_closing_in_the_middle():
    plt.plot([1, 2, 3])
    plt.close()
    plt.figure(figsize=(3, 3))
    plt.plot([3, 1, 2], "r")
    kept = plt.gcf()
    plt.figure()
    plt.plot([0, 1])
    plt.close(kept)
    plt.ylabel("still here")


def plot_cleared():
    fig, axes = plt.subplots(1, 3, figsize=(5, 2.4))
    for k, ax in enumerate(axes):
        plt.sca(ax)
        draw_curve(k)
    plt.sca(axes[0])
    plt.cla()
    plt.plot(x, x**2, "k")
    plt.delaxes(axes[1])
    plt.sca(axes[2])
    plt.xlim(0, 3)
    plt.locator_params(axis="y", nbins=3)


def plot_saved_on_the_way():
    plt.figure(figsize=(3, 2), dpi=150)
    plt.plot(x, np.tan(x).clip(-3, 3))
    buffer = io.BytesIO()
    plt.savefig(buffer, format="png", dpi=40)
    with tempfile.TemporaryDirectory() as folder:
        plt.savefig(os.path.join(folder, "tangent.pdf"), bbox_inches="tight")
        plt.savefig(os.path.join(folder, "tangent.png"), transparent=True)
    image = plt.imread(io.BytesIO(buffer.getvalue()))
    plt.figimage(image[::2, ::2], 20, 20, alpha=0.5)
    plt.title(str(image.shape))


def plot_saved_tight():
    plt.rcParams["savefig.bbox"] = "tight"
    plt.rcParams["savefig.dpi"] = 70
    plt.rcParams["savefig.pad_inches"] = 0.3
    plt.figure(figsize=(4, 3))
    plt.plot(x, np.sin(x) ** 3)
    plt.text(8, 0, "outside")


def plot_transparent():
    plt.rcParams["savefig.transparent"] = True
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.fill_between(x, np.sin(x), alpha=0.4)
    return ax.figure


def plot_on_draw():
    fig, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    (line,) = ax.plot(x, np.sin(x))
    label = ax.text(0.02, 0.02, "", transform=ax.transAxes)

    def on_draw(event):
        left, bottom, width, height = ax.get_position().bounds
        label.set_text(f"{width:.4f} x {height:.4f}")

    def on_limits(axes):
        line.set_color("r" if axes.get_xlim()[1] > 5 else "b")

    fig.canvas.mpl_connect("draw_event", on_draw)
    ax.callbacks.connect("xlim_changed", on_limits)
    plt.xlim(1, 6)
    plt.ylabel("two\nlines")
    fig.canvas.draw()


def plot_interactively():
    plt.ion()
    plt.switch_backend("agg")
    plt.figure(figsize=(4, 3))
    for k in range(4):
        plt.clf()
        plt.plot(x, np.sin(x + k), label=f"step {k}")
        plt.legend(loc=1)
        plt.draw()
        plt.pause(0.001)
    plt.ioff()
    plt.show()


def plot_in_a_thread_of_its_own():
    plt.figure(figsize=(4, 3))
    drawn = threading.Event()

    def work():
        plt.plot(np.random.rand(20).cumsum(), "o-")
        plt.title("from a thread")
        drawn.set()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert drawn.is_set()
    with ThreadPoolExecutor(1) as pool:
        for y in pool.map(lambda k: np.random.rand(20) + k, [1, 2]):
            plt.plot(y)
    plt.ylabel(f"{np.random.rand():.6f}")


def plot_whole_list():
    figures = []
    for k in range(3):
        plt.figure(figsize=(2 + k / 2, 1.5))
        plt.bar(range(4), np.random.rand(4), color=f"C{k}")
        figures.append(plt.gcf())
    return figures


def plot_left_to_the_end():
    for k in range(3):
        plt.figure(k + 10, figsize=(3, 2))
        plt.plot(np.roll(np.arange(5), k))
    plt.figure(11)
    plt.title("current")
