import matplotlib.animation as animation
import matplotlib.pyplot as plt
import numpy as np

fig, ax = plt.subplots(figsize=(4, 3))
x = np.arange(0, 2 * np.pi, 0.05)
(line,) = ax.plot(x, np.sin(x))
ax.set_ylim(-1.2, 1.2)


def animate(i):
    line.set_ydata(np.sin(x + i / 10))
    return (line,)


ani = animation.FuncAnimation(fig, animate, frames=40, interval=20, blit=True)
plt.show()
