import matplotlib.pyplot as plt
import numpy as np

x = np.linspace(0, 5, 60)
plt.figure(1, figsize=(4, 2.5))
plt.subplot(211)
plt.plot(x, np.exp(-x))
plt.subplot(212)
plt.plot(x, np.exp(-x) * np.cos(7 * x))

plt.figure(2, figsize=(3, 2))
plt.plot([4, 5, 6])

plt.figure(1)
plt.subplot(211)
plt.title("Easy as 1, 2, 3")

plt.figure(7, figsize=(3.5, 2), facecolor="mistyrose")
plt.scatter(np.random.rand(30), np.random.rand(30), c=range(30))
plt.figure("thrown away")
plt.close("thrown away")
plt.show()
