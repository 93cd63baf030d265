"""Many kinds of figures, each drawn by one function that gives the same each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle, ConnectionPatch, FancyArrowPatch
from matplotlib.patheffects import withStroke

Drawer = Callable[[Figure], None]

DRAWERS: dict[str, Drawer] = {}


def drawn(function: Drawer) -> Drawer:
    DRAWERS[function.__name__] = function
    return function


@drawn
def nothing(figure: Figure) -> None:
    pass


@drawn
def empty_axes(figure: Figure) -> None:
    figure.add_subplot()


@drawn
def lines(figure: Figure) -> None:
    axes = figure.add_subplot(title="Lines", xlabel="x", ylabel="y")
    for power in range(4):
        axes.plot(np.linspace(0, 1, 500) ** power, ls=["-", "--", ":", "-."][power], label=f"power {power}")
    axes.legend()
    axes.grid(visible=True)


@drawn
def noise(figure: Figure) -> None:
    figure.add_subplot().plot(np.random.default_rng(0).normal(size=20_000), lw=0.5)


@drawn
def gaps(figure: Figure) -> None:
    figure.add_subplot().plot([1, np.nan, 3, 4, np.nan, 2], "o-")


@drawn
def markers(figure: Figure) -> None:
    axes = figure.add_subplot()
    for number, marker in enumerate("o^s*+xDv<>p"):
        axes.plot([number], [number % 3], marker=marker, ms=12, mfc="none")


@drawn
def scatter(figure: Figure) -> None:
    x, y, size = np.random.default_rng(1).random((3, 300))
    axes = figure.add_subplot()
    figure.colorbar(axes.scatter(x, y, 200 * size, size, alpha=0.5), label="size")


@drawn
def bars(figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.bar_label(axes.bar(["one", "two", "three"], [3, 5, 2], yerr=[0.5, 0.2, 0.9], capsize=4))


@drawn
def stacked_lying_bars(figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.barh([1, 2, 3], [3, 5, 2], label="a")
    axes.barh([1, 2, 3], [1, 1, 4], left=[3, 5, 2], label="b")
    axes.legend(loc="best")


@drawn
def hatches(figure: Figure) -> None:
    axes = figure.add_subplot()
    for number, hatch in enumerate(["/", "\\", "|", "-", "+", "x", "o", "O", ".", "*"]):
        axes.bar(number, number + 1, hatch=hatch, edgecolor="red", facecolor="none")


@drawn
def histograms(figure: Figure) -> None:
    data = np.random.default_rng(2).normal(size=1000)
    left, right = figure.subplots(1, 2)
    left.hist(data, 30, density=True)
    right.hist([data, data / 2], 10, histtype="step", cumulative=True)


@drawn
def hexagons(figure: Figure) -> None:
    x, y = np.random.default_rng(3).normal(size=(2, 2000))
    axes = figure.add_subplot()
    figure.colorbar(axes.hexbin(x, y, gridsize=25, bins="log"))


@drawn
def image(figure: Figure) -> None:
    axes = figure.add_subplot()
    figure.colorbar(axes.imshow(np.random.default_rng(4).random((13, 17))), ax=axes, orientation="horizontal")


@drawn
def smooth_image(figure: Figure) -> None:
    figure.add_subplot().imshow(np.arange(12.0).reshape(3, 4), interpolation="bicubic", aspect="auto", cmap="magma")


@drawn
def overlaid_images(figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.imshow(np.eye(5), alpha=0.5)
    axes.imshow(np.eye(5)[::-1], alpha=0.3, cmap="Reds", extent=(0, 3, 0, 3))


@drawn
def image_on_figure(figure: Figure) -> None:
    figure.figimage(np.random.default_rng(5).random((100, 150)), 50, 60)


@drawn
def mesh(figure: Figure) -> None:
    axes = figure.add_subplot()
    figure.colorbar(axes.pcolormesh(np.arange(20.0).reshape(4, 5), edgecolors="white"), ax=axes)


@drawn
def gouraud(figure: Figure) -> None:
    figure.add_subplot().pcolormesh(np.arange(20.0).reshape(4, 5), shading="gouraud")


@drawn
def contours(figure: Figure) -> None:
    x, y = np.meshgrid(np.linspace(-3, 3, 60), np.linspace(-3, 3, 60))
    axes = figure.add_subplot()
    height = np.exp(-(x**2)) * np.cos(y)
    figure.colorbar(axes.contourf(x, y, height, 12))
    axes.clabel(axes.contour(x, y, height, colors="black"))


@drawn
def triangles(figure: Figure) -> None:
    x, y = np.random.default_rng(6).random((2, 50))
    figure.add_subplot().tripcolor(x, y, x + y)


@drawn
def arrows(figure: Figure) -> None:
    axes = figure.add_subplot()
    key = axes.quiver([0, 1, 2], [0, 1, 0], [1, 0, -1], [1, 1, 1])
    axes.quiverkey(key, 0.9, 1.05, 1, "unit")


@drawn
def wind(figure: Figure) -> None:
    figure.add_subplot().barbs([0, 1, 2], [0, 1, 0], [10, 50, -30], [10, 20, 60])


@drawn
def streams(figure: Figure) -> None:
    y, x = np.mgrid[-2:2:20j, -2:2:20j]
    figure.add_subplot().streamplot(x, y, -y, x, density=0.6)


@drawn
def shaded(figure: Figure) -> None:
    x = np.linspace(0, 6, 100)
    axes = figure.add_subplot()
    axes.fill_between(x, np.sin(x), np.cos(x), where=np.sin(x) > np.cos(x), alpha=0.4)
    axes.stackplot(x, x, 2 * x, alpha=0.2)
    axes.axvspan(1, 2, color="yellow")
    axes.axhline(0.5)


@drawn
def error_bars(figure: Figure) -> None:
    figure.add_subplot().errorbar([1, 2, 3], [4, 5, 3], xerr=0.2, yerr=[1, 0.5, 2], capsize=5, fmt="s")


@drawn
def boxes_and_violins(figure: Figure) -> None:
    data = np.random.default_rng(7).normal(size=(50, 4))
    left, right = figure.subplots(1, 2, sharey=True)
    left.boxplot(data, notch=True)
    right.violinplot(data, showmedians=True)


@drawn
def stems_and_steps(figure: Figure) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.stem([1, 3, 2, 4])
    lower.step([0, 1, 2, 3], [1, 3, 2, 4], where="mid")
    lower.stairs([1, 2, 1], [0, 1, 2, 3], fill=True)


@drawn
def pie(figure: Figure) -> None:
    figure.add_subplot().pie([3, 2, 1], labels=list("abc"), autopct="%.0f%%", explode=(0, 0.1, 0), shadow=True)


@drawn
def table(figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.table([["1", "2"], ["3", "4"]], colLabels=["a", "b"], loc="center")


@drawn
def polar(figure: Figure) -> None:
    axes = figure.add_subplot(projection="polar", title="Polar")
    axes.plot(np.linspace(0, 12, 200), np.linspace(0, 3, 200))
    axes.bar([0, 1], [3, 2], width=0.5, alpha=0.5)


@drawn
def globe(figure: Figure) -> None:
    axes = figure.add_subplot(projection="mollweide")
    axes.plot([-1, 0, 1], [0.5, -0.5, 0.5])
    axes.grid(visible=True)


@drawn
def space(figure: Figure) -> None:
    axes = figure.add_subplot(projection="3d")
    x, y = np.meshgrid(np.linspace(-2, 2, 20), np.linspace(-2, 2, 20))
    axes.plot_surface(x, y, np.exp(-(x**2) - y**2), cmap="viridis")
    axes.plot([0, 1], [0, 1], [0, 1])
    axes.scatter([0, 1], [1, 0], [0.5, 0.5])


@drawn
def twins(figure: Figure) -> None:
    left = figure.add_subplot(xlabel="iteration", ylabel="loss", title="Convergence")
    left.plot(np.exp(-np.linspace(0, 5, 300)), "r")
    right = left.twinx()
    right.plot(np.linspace(0, 1, 300))
    right.set_ylabel("score")


@drawn
def secondary(figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.plot([1, 3, 5])
    axes.secondary_yaxis("right", functions=(np.degrees, np.radians)).set_ylabel("degrees")


@drawn
def insets(figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    left.imshow(np.eye(9))
    inset = left.inset_axes((0.5, 0.5, 0.47, 0.47), xlim=(1, 3), ylim=(1, 3))
    inset.imshow(np.eye(9))
    left.indicate_inset_zoom(inset)
    figure.colorbar(right.imshow(np.eye(30, 8)), ax=[left, right])


@drawn
def mathematics(figure: Figure) -> None:
    axes = figure.add_subplot(title=r"$\frac{1}{\sqrt{2\pi}}\int_0^\infty e^{-x^2}\,dx$", ylabel=r"$\alpha_i$")
    axes.text(0.5, 0.5, "several\nlines", rotation=30, ha="center", bbox={"boxstyle": "round"})


@drawn
def other_scripts(figure: Figure) -> None:
    figure.suptitle("Überschrift, Ελληνικά, заголовок")
    figure.add_subplot().text(0.1, 0.5, "wrapped text " * 20, wrap=True)


@drawn
def dates(figure: Figure) -> None:
    figure.add_subplot().plot(np.arange("2024-01-01", "2024-03-31", dtype="datetime64[D]"), np.arange(90))
    figure.autofmt_xdate()


@drawn
def log_scales(figure: Figure) -> None:
    left, middle, right = figure.subplots(1, 3)
    left.loglog([1, 10, 1000], [1e-6, 1, 1e9])
    middle.set_yscale("symlog", linthresh=0.1)
    middle.plot([-100, 0, 1, 1000])
    right.set_xscale("logit")
    right.plot([0.001, 0.5, 0.99], [1, 2, 3])
    right.invert_yaxis()


@drawn
def big_offsets(figure: Figure) -> None:
    figure.add_subplot().plot([1e9, 1e9 + 1, 1e9 + 3], [1e-9, 2e-9, 5e-9])


@drawn
def pointers(figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    right.set(aspect="equal", xlim=(0, 5), ylabel="long\nlabel")
    left.annotate("there", (0.5, 0.5), (0.1, 0.9), arrowprops={"arrowstyle": "->"})
    left.annotate("by the label", (0.5, 0.5), xycoords=right.yaxis.label)
    left.add_artist(ConnectionPatch((0.5, 0.5), (2, 0.5), "data", "data", axesA=left, axesB=right))


@drawn
def patches(figure: Figure) -> None:
    axes = figure.add_subplot()
    axes.add_patch(Circle((0.3, 0.5), 0.2, alpha=0.3, clip_on=False, zorder=10))
    axes.add_patch(FancyArrowPatch((0, 0), (1, 1), mutation_scale=30, connectionstyle="arc3,rad=0.3"))
    axes.text(0.1, 0.1, "outlined", size=30, path_effects=[withStroke(linewidth=4, foreground="red")])


@drawn
def subfigures(figure: Figure) -> None:
    grid = figure.add_gridspec(1, 2, width_ratios=(1, 2))
    left, right = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    left.suptitle("Left")
    left.subplots().plot([1, 2])
    right.set_facecolor("lightblue")
    right.subplots(2, 2, sharex=True)[0, 1].plot([3, 1])


@drawn
def mosaic(figure: Figure) -> None:
    panels = figure.subplot_mosaic("AAB;CCB")
    panels["A"].plot([1e5, 2e5])
    panels["B"].set_title("wide title of a narrow panel", wrap=True)
    figure.align_labels()


@drawn
def animated(figure: Figure) -> None:
    figure.add_subplot().plot([1, 2, 3], animated=True)


@drawn
def sketched(figure: Figure) -> None:
    (line,) = figure.add_subplot().plot([1, 3, 2], rasterized=True)
    line.set_sketch_params(3, 30, 2)


@drawn
def see_through(figure: Figure) -> None:
    figure.set_facecolor((0, 0, 1, 0.3))
    figure.add_subplot(facecolor=(1, 0, 0, 0.5)).plot([1, 3, 2])


@drawn
def framed(figure: Figure) -> None:
    figure.set(edgecolor="red", linewidth=10, size_inches=(3.337, 2.111), dpi=71.3)
    figure.add_subplot().plot([1, 3, 2])


@pytest.fixture(params=DRAWERS)
def drawer(request: pytest.FixtureRequest) -> Drawer:
    """Each of the drawers in its turn; a test may name some of them instead."""
    return DRAWERS[request.param]


@pytest.fixture(scope="session")
def drawers() -> Mapping[str, Drawer]:
    return DRAWERS
