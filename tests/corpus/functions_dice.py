"""Random numbers that a neighbour drew when it was imported, and those that follow; no seed is set."""

import random

import matplotlib.pyplot as plt
import numpy as np

BEFORE = np.random.rand(3)

import dice


def plot_first_throws():
    plt.plot(dice.FIRST, "o-")
    plt.plot(np.random.rand(20))
    plt.title(f"{BEFORE} {random.random()}", fontsize=8)


def plot_more_throws():
    plt.hist(dice.throws(200), bins=6)
