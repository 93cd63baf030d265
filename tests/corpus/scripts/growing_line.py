"""An animation whose picture is empty before its first frame."""
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.animation import FuncAnimation

figure, axes = plt.subplots(figsize=(4, 3))
axes.set_xlim(0, 10)
axes.set_ylim(-6, 6)
(walk,) = axes.plot([], [], "o-", color="tab:purple")
steps = np.random.randn(50).cumsum()


def update(frame):
    walk.set_data(np.arange(frame), steps[:frame])
    axes.set_title(f"frame {frame}")


movie = FuncAnimation(figure, update, frames=range(5, 50, 5), repeat=False)
plt.show()
