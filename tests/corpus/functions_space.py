"""Three dimensions, and round ones."""
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import cm
from mpl_toolkits.mplot3d import Axes3D  # noqa: F401


def plot_surface():
    fig = plt.figure(figsize=(4, 3))
    ax = fig.add_subplot(projection="3d")
    x, y = np.meshgrid(np.linspace(-3, 3, 18), np.linspace(-3, 3, 18))
    surface = ax.plot_surface(x, y, np.sin(np.hypot(x, y)), cmap=cm.coolwarm, linewidth=0, antialiased=False)
    ax.set_zlim(-1.2, 1.2)
    ax.zaxis.set_major_formatter("{x:.01f}")
    fig.colorbar(surface, shrink=0.5, aspect=8)


def plot_cloud():
    fig, ax = plt.subplots(subplot_kw={"projection": "3d"}, figsize=(3.5, 3.5))
    for colour, marker in [("r", "o"), ("b", "^")]:
        ax.scatter(*np.random.rand(3, 40), c=colour, marker=marker, label=marker)
    ax.view_init(elev=25, azim=np.random.randint(20, 70))
    ax.set(xlabel="x", ylabel="y", zlabel=r"$\zeta$")
    ax.legend()
    return ax


def plot_helix_and_bars():
    fig = plt.figure(figsize=(5, 2.6))
    t = np.linspace(0, 6 * np.pi, 120)
    left = fig.add_subplot(1, 2, 1, projection="3d")
    left.plot(np.cos(t), np.sin(t), t, lw=1)
    left.set_box_aspect((1, 1, 1.5))
    right = fig.add_subplot(1, 2, 2, projection="3d")
    right.bar3d(np.arange(4), np.zeros(4), np.zeros(4), 0.6, 0.6, [1, 3, 2, 4], shade=True)
    right.contour(*np.meshgrid(np.arange(5), np.arange(5)), np.add.outer(np.arange(5), np.arange(5)), zdir="z", offset=0)
    return [left, right]


def plot_rose():
    theta = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ax = plt.subplot(projection="polar")
    ax.bar(theta, 10 * np.random.rand(12), width=0.4, color=plt.cm.viridis(np.linspace(0, 1, 12)), alpha=0.6)
    ax.set_theta_zero_location("N")
    ax.set_theta_direction(-1)
    ax.set_rlabel_position(110)
    plt.gcf().set_size_inches(3.5, 3.5)


def plot_polar_lines():
    theta = np.linspace(0, 2 * np.pi, 200)
    plt.figure(figsize=(3.5, 3.5))
    plt.polar(theta, 1 + np.sin(4 * theta), label="four")
    plt.polar(theta, 0.5 + theta / 8, "r--", label="spiral")
    plt.rgrids([0.5, 1, 1.5], angle=40)
    plt.thetagrids(range(0, 360, 45))
    plt.legend(loc="lower left", bbox_to_anchor=(-0.1, -0.12))


def plot_on_a_globe():
    plt.figure(figsize=(4, 2.5))
    plt.subplot(111, projection="mollweide")
    plt.scatter(np.random.uniform(-3, 3, 50), np.random.uniform(-1.4, 1.4, 50), s=9)
    plt.grid(True)
    plt.title("sky")
