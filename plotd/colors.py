"""Arithmetic of colours: how well one can be seen on another. Knows no artist."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgba
from numpy.typing import ArrayLike, NDArray

Rgba = tuple[float, float, float, float]

_STEPS = 32
_SAME = 0.04  # so little apart, in each channel, that nobody sees it
_GRAY = 0.08  # so far apart, its channels still look like none
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])


def contrast(one: ArrayLike, other: ArrayLike) -> float:
    """Return how much lighter one of two colours is than the other: from 1 to 21, as WCAG 2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def over(color: Rgba, ground: Rgba) -> Rgba:
    """Return what *color* looks like on *ground*, which is opaque."""
    return mixed(ground, (*color[:3], 1.0), color[3])


def mixed(one: Rgba, other: Rgba, share: float) -> Rgba:
    """Return *one* with so much of *other* in it, opaque as *one* is."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one[:3], other[:3], strict=True))
    return red, green, blue, one[3]


def is_same(one: Rgba, other: Rgba) -> bool:
    """Say whether nobody can tell them apart where both are opaque."""
    return _distance(one, other) <= _SAME


def is_gray(color: Rgba) -> bool:
    """Say whether it is black, white or something between."""
    return max(color[:3]) - min(color[:3]) <= _GRAY


def legible(color: Rgba, ground: Rgba, ink: Rgba, least: float) -> Rgba:
    """Return *color* with as little of *ink* in it as gives it a contrast of *least* to *ground*, if *ink* has that."""
    shades = (mixed(color, ink, step / _STEPS) for step in range(_STEPS))
    return next((shade for shade in shades if contrast(shade, ground) >= least), (*ink[:3], color[3]))


def rgba(color: object) -> Rgba:
    """Return any colour of matplotlib's."""
    return to_rgba(color)  # type: ignore[arg-type]  # whatever an artist gives is one


def _luminance(color: ArrayLike) -> float:
    channels: NDArray[np.float64] = np.asarray(color, dtype=np.float64)[:3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ _WEIGHTS)


def _distance(one: Rgba, other: Rgba) -> float:
    return max(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True))
