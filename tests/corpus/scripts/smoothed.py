import numpy as np
from matplotlib import pyplot as plt
from smoothing import moving_average

np.random.seed(7)
noisy = np.sin(np.linspace(0, 6, 200)) + np.random.normal(0, 0.4, 200)
fig, axs = plt.subplots(nrows=3, sharex=True, figsize=(4, 4), constrained_layout=True)
for ax, width in zip(axs, (1, 10, 40)):
    ax.plot(noisy, ".", color="0.7", ms=2)
    ax.plot(np.arange(200 - width + 1) + width / 2, moving_average(noisy, width))
    ax.set_title("width %d" % width, loc="right", fontsize="small")
fig.align_ylabels()
