import datetime
import warnings

import matplotlib as mpl
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.gridspec import GridSpec

warnings.filterwarnings("ignore")
mpl.rcParams["font.size"] = 7
plt.rc("axes", titlesize=8, titleweight="bold")

rng = np.random.default_rng(3)
fig = plt.figure(figsize=(6, 4))
gs = GridSpec(2, 3, figure=fig, hspace=0.5, wspace=0.4)

ax = fig.add_subplot(gs[0, :2])
day = datetime.date(2026, 1, 5)
days = [day + datetime.timedelta(days=k) for k in range(90)]
ax.plot(days, rng.normal(size=90).cumsum())
ax.xaxis.set_major_formatter(mdates.DateFormatter("%b %d"))
ax.set_title("Visitors")

ax = fig.add_subplot(gs[0, 2], projection="polar")
ax.fill(np.linspace(0, 2 * np.pi, 7), [3, 4, 2, 5, 4, 3, 3], alpha=0.3)
ax.set_title("Skills")

ax = fig.add_subplot(gs[1, 0])
ax.violinplot(rng.normal(size=(40, 3)), vert=False)
ax.set_title("Spread")

ax = fig.add_subplot(gs[1, 1])
ax.axis("off")
ax.table([["a", "1"], ["b", "2"]], colLabels=["key", "value"], loc="center")
ax.set_title("Table")

ax = fig.add_subplot(gs[1, 2], projection="3d")
ax.scatter(*rng.random((3, 25)), c=rng.random(25))
ax.set_title("Cloud")
plt.show()
