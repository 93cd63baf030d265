"""With scipy, whose distributions draw from numpy's generator behind its functions."""
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats


def plot_distribution():
    sample = stats.norm.rvs(loc=2, scale=0.5, size=150)
    grid = np.linspace(0, 4, 100)
    plt.figure(figsize=(4, 3))
    plt.hist(sample, bins=20, density=True, color="0.8")
    plt.plot(grid, stats.norm.pdf(grid, *stats.norm.fit(sample)), "r")
    plt.plot(sample, stats.uniform.rvs(0, 0.1, size=150), "|k", ms=5)
    plt.title(r"$\mu = %.4f$, $\sigma = %.4f$" % stats.norm.fit(sample))
