"""How numbers are written and computed, set when this file is imported."""

import decimal
from decimal import Decimal

import matplotlib.pyplot as plt
import numpy as np

np.set_printoptions(precision=2, suppress=True, linewidth=30)
np.seterr(all="raise")
decimal.getcontext().prec = 5


def plot_rounded_labels():
    table = np.outer(np.arange(1, 6), 1 / np.arange(1, 6))
    plt.imshow(table)
    plt.figtext(0.01, 0.02, str(table), fontsize=6)
    plt.title(f"1 / 7 = {Decimal(1) / 7}")
    decimal.getcontext().prec = 12  # the next one begins with five again
    np.set_printoptions(precision=7)
    plt.ylabel(f"{Decimal(2) / 7} {np.array([1 / 3])}")


def plot_where_it_is_defined():
    x = np.linspace(-1, 1, 21)
    try:
        plt.plot(x, 1 / x)
    except FloatingPointError:
        plt.plot(x, x**3)
    plt.legend([f"{Decimal(1) / 3}"])
