"""A script may go where it likes."""
import os
import sys
import tempfile

import matplotlib.pyplot as plt
import pandas as pd

os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
table = pd.read_csv("stations.csv", index_col="station")
ax = table.groupby(level=0).rain.sum().plot.barh(figsize=(4, 2.5), color="steelblue")
os.chdir(tempfile.gettempdir())
ax.bar_label(ax.containers[0], fmt="%d mm", padding=3)
ax.set_xlim(0, 1100)
plt.tight_layout()
plt.show()
