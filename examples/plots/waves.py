"""A form full of sliders, from nothing but a signature."""

from typing import Annotated

import matplotlib.pyplot as plt
import numpy as np
from pydantic import Field

Frequency = Annotated[int, Field(ge=1, le=12)]


def plot_lissajous(
    a: Frequency = 3, b: Frequency = 4, phase: Annotated[float, Field(ge=0, le=360)] = 90, grid: bool = False
):
    """Two swings at right angles."""
    t = np.linspace(0, 2 * np.pi, 2000)
    _, axes = plt.subplots(figsize=(5, 5), layout="constrained")
    axes.plot(np.sin(a * t + np.radians(phase)), np.sin(b * t))
    axes.set_aspect("equal")
    axes.grid(grid)
    axes.set_title(f"{a} : {b}")
