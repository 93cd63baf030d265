"""Distributions, mostly of numbers that nobody seeded."""
import random
from random import choice, gauss

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.random import rand, randn


def plot_histograms():
    plt.figure(figsize=(4, 3))
    plt.hist(randn(400), bins=25, alpha=0.6, label="one")
    plt.hist(1 + 0.5 * randn(400), bins=25, alpha=0.6, label="other", density=False)
    plt.hist([random.triangular(-3, 3) for _ in range(400)], histtype="step", color="k", label="third")
    plt.legend()


def plot_random_walks():
    rng_free_steps = np.random.choice([-1, 1], size=(5, 200))
    plt.figure(figsize=(4, 3))
    plt.plot(rng_free_steps.cumsum(axis=1).T, lw=1)
    plt.text(random.randint(20, 150), random.uniform(-5, 5), "here", bbox={"boxstyle": "round", "fc": "w"})
    plt.title(random.choice(["heads", "tails", "edge"]) + " %.4f" % random.random())


def plot_box_and_violin():
    data = [np.random.standard_normal(60) * s for s in (1, 2, 0.5)]
    fig, (left, right) = plt.subplots(1, 2, figsize=(5, 3), sharey=True)
    left.boxplot(data, notch=True, patch_artist=True, tick_labels=["a", "b", "c"], bootstrap=50)
    right.violinplot(data, showmedians=True, showextrema=False)
    right.set_xticks([1, 2, 3], labels=["a", "b", "c"])
    fig.suptitle("spread")
    return fig


def plot_bubbles():
    rng = np.random.default_rng(19680801)
    x, y, size, shade = rng.random((4, 40))
    plt.figure(figsize=(4, 3))
    points = plt.scatter(x, y, s=300 * size, c=shade, alpha=0.5, cmap="viridis", edgecolors="k")
    plt.colorbar(points, label="shade")
    plt.legend(*points.legend_elements("sizes", num=4, alpha=0.4), loc="upper left", title="size", fontsize=7)
    plt.xlim(right=1.3)


def plot_error_bars():
    x = np.arange(1, 9)
    np.random.seed(42)
    y = np.sqrt(x) + 0.1 * np.random.randn(8)
    plt.figure(figsize=(4, 3))
    plt.errorbar(x, y, yerr=[0.1 * x**0.5, 0.2 * x**0.5], xerr=0.2, fmt="o", capsize=3, ecolor="gray", label="seen")
    plt.errorbar(x, y + 1, yerr=0.3, uplims=np.arange(8) % 2 == 0, lolims=np.arange(8) % 3 == 0, label="limits")
    plt.fill_between(x, y - 0.3, y + 0.3, where=x > 3, alpha=0.2, hatch="..", edgecolor="C0")
    plt.legend(loc="best")


def plot_stems():
    n = np.arange(24)
    markers, stems, base = plt.stem(n, np.cos(n / 3) * np.exp(-n / 15), linefmt="C2-", markerfmt="D", basefmt="k-")
    plt.setp(markers, markersize=4)
    plt.setp(stems, "linewidth", 0.7)
    plt.gcf().set_size_inches(4, 2.5)
    return markers


def plot_hexbin():
    x = np.random.exponential(size=2000)
    y = x * 0.5 + np.random.gamma(2.0, size=2000)
    fig, ax = plt.subplots(figsize=(4, 3))
    hexes = ax.hexbin(x, y, gridsize=18, cmap="inferno", bins="log", mincnt=1)
    fig.colorbar(hexes, ax=ax).set_label(r"$\log_{10} N$")
    ax.set(xlim=(0, 5), ylim=(0, 8), xlabel="exponential", ylabel="gamma")
    return hexes


def plot_pies():
    fig, (left, right) = plt.subplots(1, 2, figsize=(4.5, 2.5))
    left.pie([35, 25, 20, 20], labels=["oak", "ash", "fir", "elm"], autopct="%1.0f%%", explode=(0, 0.1, 0, 0), shadow=True)
    right.pie([6, 3, 1], wedgeprops={"width": 0.4, "edgecolor": "w"}, startangle=random.randrange(360))
    right.set_title("doughnut")


def plot_stacked_bars():
    species = ("Adélie", "Chinstrap", "Gentoo")
    counts = {"below": np.array([70, 31, 58]), "above": np.array([82, 37, 66])}
    fig, ax = plt.subplots(figsize=(4, 3))
    bottom = np.zeros(3)
    for (name, count), hatch in zip(counts.items(), ["//", "xx"]):
        bars = ax.bar(species, count, 0.6, label=name, bottom=bottom, hatch=hatch, edgecolor="white")
        ax.bar_label(bars, label_type="center", fontsize=8, bbox=dict(fc="w", ec="none", pad=1))
        bottom += count
    ax.legend(loc="upper center", ncols=2)
    ax.set_ylim(0, 190)
    return fig, ax


def plot_categories():
    kinds = ["apple", "pear", "plum", "quince"]
    plt.figure(figsize=(4, 3))
    plt.plot(kinds, [3, 5, 2, 4], "o-")
    plt.scatter([choice(kinds) for _ in range(30)], [abs(gauss(3, 1)) for _ in range(30)], marker="x", c="r")
    plt.barh(["low", "high"], [1, 2], height=0.2, alpha=0.3)


def plot_shuffled():
    order = list(range(36))
    random.shuffle(order)
    plt.matshow(np.array(order).reshape(6, 6), fignum=False, cmap="tab20")
    columns = np.arange(6)
    np.random.shuffle(columns)
    plt.xticks(range(6), columns)
    for row, column in random.sample([(i, j) for i in range(6) for j in range(6)], 8):
        plt.text(column, row, order[6 * row + column], ha="center", va="center", color="w")
    state = np.random.get_state()
    plt.axhline(5 * rand(), color="k")
    np.random.set_state(state)
    plt.axvline(5 * rand(), color="k")


def plot_a_sample():
    frame = pd.DataFrame({"height": np.random.normal(170, 10, 200), "weight": np.random.normal(70, 8, 200)})
    some = frame.sample(40)
    plt.figure(figsize=(4, 3))
    plt.plot(frame.height, frame.weight, ".", ms=2, c="0.7")
    plt.plot(some.height, some.weight, "r+")
    plt.title(f"{some.height.mean():.3f} cm, {some.weight.mean():.3f} kg")
