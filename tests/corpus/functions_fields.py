"""Images, meshes, contours and arrows, with their colour bars."""
import matplotlib.colors as mcolors
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import cm
from matplotlib.ticker import LogLocator, MultipleLocator, PercentFormatter

Y, X = np.mgrid[-2:2:24j, -3:3:36j]


def bump(x, y):
    return (1 - x / 2 + x**5 / 50 + y**3) * np.exp(-(x**2) - y**2)


def plot_image():
    plt.figure(figsize=(4, 3))
    plt.imshow(bump(X, Y), extent=(-3, 3, -2, 2), origin="lower", interpolation="bilinear")
    plt.set_cmap("magma")
    plt.clim(-0.6, 0.9)
    plt.colorbar(shrink=0.8, extend="both")
    plt.title("an image")


def plot_heat_map():
    table = np.random.randint(0, 100, (5, 7))
    fig, ax = plt.subplots(figsize=(4, 3))
    ax.imshow(table, cmap="YlGn", aspect="auto")
    ax.set_xticks(range(7), labels="Mo Tu We Th Fr Sa Su".split(), rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(5), labels=[f"shop {k}" for k in range(5)])
    for i, j in np.ndindex(table.shape):
        ax.text(j, i, table[i, j], ha="center", va="center", color="w" if table[i, j] > 50 else "k", fontsize=7)
    ax.spines[:].set_visible(False)
    fig.tight_layout()
    return ax


def plot_noise():
    image = np.random.random_sample((20, 30, 3))
    plt.figure(figsize=(3, 2))
    plt.axes((0, 0, 1, 1))
    plt.imshow(image)
    plt.axis("off")


def plot_mesh():
    plt.rcParams["image.cmap"] = "cividis"
    plt.figure(figsize=(4, 3))
    plt.pcolormesh(X, Y, np.abs(bump(X, Y)) + 1e-4, norm=mcolors.LogNorm(1e-3, 1), shading="gouraud")
    bar = plt.colorbar(location="bottom", ticks=LogLocator(), pad=0.2)
    bar.set_label("on a log scale")
    plt.gca().set_aspect("equal")


def plot_contours():
    z = bump(X, Y)
    plt.figure(figsize=(4, 3))
    filled = plt.contourf(X, Y, z, 10, cmap=cm.bwr, norm=mcolors.CenteredNorm(), hatches=["", "//", "", ".."])
    lines = plt.contour(X, Y, z, levels=filled.levels[::2], colors="k", linewidths=0.6)
    plt.clabel(lines, fontsize=7, fmt="%.2f")
    plt.colorbar(filled, format=PercentFormatter(1)).add_lines(lines)
    return plt


def plot_discrete_colours():
    colours = mcolors.ListedColormap(["#440154", "#21918c", "#fde725"])
    norm = mcolors.BoundaryNorm([-1, -0.1, 0.1, 1], colours.N)
    fig, ax = plt.subplots(figsize=(4, 3))
    image = ax.pcolormesh(bump(X, Y), cmap=colours, norm=norm, edgecolors="w", linewidth=0.2)
    bar = fig.colorbar(image, ax=ax, spacing="proportional", ticks=[-0.55, 0, 0.45], drawedges=True)
    bar.ax.set_yticklabels(["low", "flat", "high"])
    ax.xaxis.set_major_locator(MultipleLocator(8))


def plot_arrows():
    fig, ax = plt.subplots(figsize=(4, 3))
    u, v = -Y[::3, ::3], X[::3, ::3]
    arrows = ax.quiver(X[::3, ::3], Y[::3, ::3], u, v, np.hypot(u, v), cmap="cool", pivot="mid")
    ax.quiverkey(arrows, 0.85, 1.05, 3, r"$3\,\frac{m}{s}$", labelpos="E")
    ax.barbs([-2, 0, 2], [0, 0, 0], [10, 30, 60], [5, -20, 0], length=6)


def plot_streams():
    fig, ax = plt.subplots(figsize=(4, 3))
    flow = ax.streamplot(X, Y, -1 - X**2 + Y, 1 + X - Y**2, color=np.abs(X), density=0.4, cmap="autumn", linewidth=0.8)
    fig.colorbar(flow.lines)
    ax.set_title("streams")
    return flow.lines


def plot_triangles():
    x, y = np.random.uniform(-2, 2, (2, 80))
    plt.figure(figsize=(4, 3))
    plt.tricontourf(x, y, bump(x, y), levels=8)
    plt.triplot(x, y, "k-", lw=0.3)
    plt.plot(x, y, "w.", ms=3)
    plt.viridis()
    plt.colorbar()


def plot_own_colour_map():
    """Works once in a session."""
    plt.colormaps.register(mcolors.LinearSegmentedColormap.from_list("house", ["navy", "w", "darkred"]))
    fig, ax = plt.subplots(figsize=(3, 2.5))
    ax.pcolor(X, Y, bump(X, Y), cmap="house")
    plt.rcParams["image.cmap"] = "house"
    ax.inset_axes([0.7, 0.7, 0.28, 0.28]).imshow(np.eye(4))
