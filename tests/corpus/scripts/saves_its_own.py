import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

fig, ax = plt.subplots(figsize=(4, 3))
ax.imshow(np.random.rand(12, 12), cmap="twilight")
ax.set_xlabel(r"$k_x\;[\AA^{-1}]$")
with tempfile.TemporaryDirectory() as out:
    plt.savefig(Path(out) / "spectrum.png", dpi=200)
    plt.savefig(Path(out) / "spectrum.svg", bbox_inches="tight")
    print("saved", sorted(path.name for path in Path(out).iterdir()))
plt.colorbar(ax.images[0])
plt.show(block=False)
