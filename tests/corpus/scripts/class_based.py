import matplotlib.pyplot as plt
import numpy as np


class Orbit:
    def __init__(self, radius, phase):
        self.radius, self.phase = radius, phase

    def draw(self):
        t = np.linspace(0, 2 * np.pi, 90)
        plt.plot(self.radius * np.cos(t), 0.7 * self.radius * np.sin(t), label=rf"$r_{{{self.radius}}}$")
        plt.annotate("", (self.radius * np.cos(self.phase), 0.7 * self.radius * np.sin(self.phase)), (0, 0), arrowprops=dict(arrowstyle="->"))


if __name__ == "__main__":
    fig = plt.figure(figsize=(4, 3), dpi=90)
    for radius in 1, 2, 3:
        Orbit(radius, np.random.uniform(0, 6)).draw()
    plt.gca().set_aspect("equal")
    plt.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plt.tight_layout()
    fig.show()
