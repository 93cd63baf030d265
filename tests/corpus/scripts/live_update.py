"""Watches numbers come in, as one does at a bench."""
import matplotlib.pyplot as plt
import numpy as np

plt.ion()
fig = plt.figure(figsize=(4, 3))
ax = fig.add_subplot(1, 1, 1)
xs, ys = [], []
for k in range(6):
    xs.append(k)
    ys.append(np.random.rand())
    ax.clear()
    ax.plot(xs, ys, "s-")
    ax.set_title(f"{k + 1} values, mean {np.mean(ys):.3f}")
    plt.draw()
    plt.pause(0.005)
plt.ioff()
plt.show()
