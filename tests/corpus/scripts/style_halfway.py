from random import random, seed, shuffle

from matplotlib import pyplot as plt
from matplotlib import style

deck = list("ABCDEFGH")
shuffle(deck)
plt.figure(figsize=(4, 2.5))
plt.bar(deck, [random() for _ in deck], hatch="o")
plt.title("before")

style.use("fivethirtyeight")
plt.figure(figsize=(4, 2.5))
plt.plot([random() for _ in range(20)], label="more")
plt.legend()
plt.title("after")

seed(1)
with plt.rc_context({"axes.facecolor": "black"}):
    plt.figure(figsize=(4, 2.5))
    plt.plot([random() for _ in range(20)], "w-")
