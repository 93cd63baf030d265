"""Shows a window, and when that was closed, the next."""
import random

import matplotlib.pyplot as plt

values = [random.gauss(0, 1) for _ in range(80)]
plt.rcParams["figure.figsize"] = (3.5, 2.5)

plt.plot(values)
plt.title("as they came")
plt.show()

plt.style.use("bmh")
plt.plot(sorted(values), "r")
plt.title("sorted")
plt.show()

plt.hist(values, bins=12)
plt.title("counted")
plt.show()
