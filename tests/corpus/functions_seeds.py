"""Random numbers, from seeds set when this file is imported, and drawn then too."""

import random

import matplotlib.pyplot as plt
import numpy as np
from dice import throws

np.random.seed(42)
random.seed(1)
CENTRES = np.random.normal(size=(3, 2))


def plot_seeded_clouds():
    for centre, colour in zip(CENTRES, "rgb"):
        plt.scatter(*(centre[:, None] + np.random.normal(0, 0.3, (2, 40))), c=colour, s=throws(40))
    plt.title(f"{random.random():.6f}")


def plot_seeded_steps():
    plt.step(range(30), np.cumsum(np.random.choice([-1, 1], 30)))
    plt.bar(range(30), throws(30), alpha=0.3)
