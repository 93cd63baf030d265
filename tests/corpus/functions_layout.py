"""More than one axes: where they are, and what they share."""
import matplotlib.gridspec as gridspec
import matplotlib.pyplot as plt
import numpy as np
from mpl_toolkits.axes_grid1 import make_axes_locatable
from mpl_toolkits.axes_grid1.inset_locator import inset_axes, mark_inset

x = np.linspace(0, 10, 120)


def plot_four_panels_tight():
    fig, axes = plt.subplots(2, 2, sharex=True, sharey="row", figsize=(4.5, 3.6), subplot_kw={"xticks": (0, 5, 10)})
    for k, ax in enumerate(axes.flat):
        ax.plot(x, np.sin(x + k), f"C{k}")
        ax.set_title(rf"$\varphi_{k} = {k}\,\mathrm{{rad}}$")
    fig.supxlabel("time")
    fig.supylabel("level")
    fig.suptitle("four of a kind")
    fig.tight_layout(rect=(0, 0, 1, 0.97))
    return axes


def plot_constrained():
    fig, axes = plt.subplots(1, 2, layout="constrained", figsize=(4.5, 2.4))
    for k, ax in enumerate(axes):
        mesh = ax.pcolormesh(np.outer(np.sin(x[::8] + k), np.cos(x[::8])), vmin=-1, vmax=1, cmap="PuOr")
        ax.set_ylabel("y" * (k + 1))
    fig.colorbar(mesh, ax=axes, shrink=0.7, label="height")
    fig.suptitle("one bar for all")


def plot_mosaic():
    fig, parts = plt.subplot_mosaic(
        """
        AAB
        C.B
        """,
        figsize=(4.5, 3),
        width_ratios=[1, 1, 2],
        layout="compressed",
    )
    parts["A"].bar(["a", "b", "c"], [3, 1, 2], color=["tab:red", "tab:blue", "tab:green"])
    parts["B"].plot(np.cumsum(np.cos(x)), x)
    parts["C"].scatter(np.cos(x), np.sin(x), c=x, s=5)
    for name, part in parts.items():
        part.set_title(name, loc="left", style="italic")
    return parts


def plot_nested_grids():
    fig = plt.figure(figsize=(4.5, 3.5))
    outer = gridspec.GridSpec(1, 2, width_ratios=[1, 2], wspace=0.3)
    left = gridspec.GridSpecFromSubplotSpec(3, 1, subplot_spec=outer[0], hspace=0.6)
    for row in range(3):
        plt.subplot(left[row])
        plt.plot(x, np.sin((row + 1) * x), lw=0.8)
        plt.title("row %d" % row, fontsize=7)
    plt.subplot(outer[1])
    plt.fill(np.cos(3 * x) * x, np.sin(3 * x) * x, alpha=0.3)
    plt.subplot2grid((4, 4), (0, 3)).set_facecolor("lavender")
    return fig


def plot_subfigures():
    fig = plt.figure(figsize=(5, 3), layout="constrained")
    left, right = fig.subfigures(1, 2, wspace=0.05, width_ratios=[2, 1])
    left.set_facecolor("0.92")
    left.suptitle("left")
    for k, ax in enumerate(left.subplots(2, 1, sharex=True)):
        ax.plot(x, x ** (k + 1), label=f"power {k + 1}")
        ax.legend(loc="upper left", fontsize=7)
    right.suptitle("right", color="tab:red")
    right.subplots().hist(np.sin(x), bins=12, orientation="horizontal")
    return fig


def plot_twin_axes():
    fig, price = plt.subplots(figsize=(4, 3))
    price.plot(x, 100 + 5 * x, color="tab:red")
    price.set_ylabel("price", color="tab:red")
    price.tick_params(axis="y", labelcolor="tab:red")
    volume = price.twinx()
    volume.fill_between(x, 1000 * (1 + np.sin(x)), color="tab:blue", alpha=0.3)
    volume.set_ylabel("volume", color="tab:blue")
    volume.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    price.set_zorder(volume.get_zorder() + 1)
    price.patch.set_visible(False)
    fig.tight_layout()


def plot_two_scales_by_pyplot():
    plt.figure(figsize=(4, 3))
    plt.plot(x, np.exp(x / 3))
    plt.yscale("log")
    plt.twinx()
    plt.plot(x, np.cos(x), "r-.")
    plt.ylabel("right")
    plt.twiny()
    plt.plot(x**2, x / 5, "g:")
    plt.xlabel("above")


def plot_secondary_axes():
    fig, ax = plt.subplots(figsize=(4, 3), layout="constrained")
    celsius = np.linspace(-20, 40, 50)
    ax.plot(celsius, 6.1 * 10 ** (7.5 * celsius / (237.3 + celsius)))
    ax.set_xlabel("temperature [°C]")
    above = ax.secondary_xaxis("top", functions=(lambda c: c * 1.8 + 32, lambda f: (f - 32) / 1.8))
    above.set_xlabel("temperature [°F]")
    beside = ax.secondary_yaxis(1.1, functions=(lambda p: p / 6.1, lambda r: 6.1 * r), color="tab:green")
    beside.set_ylabel("times that at 0 °C")
    return ax


def plot_inset():
    fig, ax = plt.subplots(figsize=(4, 3))
    wave = np.sin(x) + 0.1 * np.sin(25 * x)
    ax.plot(x, wave)
    zoom = ax.inset_axes([0.55, 0.62, 0.42, 0.35], xlim=(4, 5), ylim=(-1.2, -0.6))
    zoom.plot(x, wave, "C1")
    zoom.tick_params(labelsize=6)
    ax.indicate_inset_zoom(zoom, edgecolor="black")
    ax.set_ylim(-1.5, 3)


def plot_inset_the_old_way():
    fig, ax = plt.subplots(figsize=(4, 3))
    ax.plot(x, np.tanh(x - 5))
    small = inset_axes(ax, width="35%", height=0.9, loc="lower right", borderpad=2)
    small.plot(x, np.tanh(x - 5), "k")
    small.set_xlim(4.5, 5.5)
    small.set_ylim(-0.5, 0.5)
    mark_inset(ax, small, loc1=2, loc2=1, fc="none", ec="0.5")
    return small


def plot_broken_axis():
    fig, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(4, 3), gridspec_kw={"hspace": 0.08})
    values = np.sin(x)
    values[[30, 90]] = [9.5, 9.1]
    for ax in (top, bottom):
        ax.plot(x, values)
    top.set_ylim(8.8, 10)
    bottom.set_ylim(-1.2, 1.2)
    top.spines["bottom"].set_visible(False)
    bottom.spines.top.set_visible(False)
    top.xaxis.tick_top()
    top.tick_params(labeltop=False)
    kwargs = dict(marker=[(-1, -0.5), (1, 0.5)], markersize=10, linestyle="none", color="k", mec="k", clip_on=False)
    top.plot([0, 1], [0, 0], transform=top.transAxes, **kwargs)
    bottom.plot([0, 1], [1, 1], transform=bottom.transAxes, **kwargs)


def plot_marginals():
    n = np.random.normal(size=(2, 300))
    fig, ax = plt.subplots(figsize=(3.6, 3.6))
    ax.scatter(*n, s=6, alpha=0.5)
    divider = make_axes_locatable(ax)
    above = divider.append_axes("top", 0.6, pad=0.1, sharex=ax)
    beside = divider.append_axes("right", 0.6, pad=0.1, sharey=ax)
    above.hist(n[0], bins=20)
    beside.hist(n[1], bins=20, orientation="horizontal", color="C1")
    above.xaxis.set_tick_params(labelbottom=False)
    beside.yaxis.set_tick_params(labelleft=False)
    return fig
