"""Arithmetic of colours: how well one can be seen on another. Knows no artist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from matplotlib.colors import to_rgba
from numpy.typing import ArrayLike, NDArray

Rgba = tuple[float, float, float, float]
Colors = NDArray[np.float64]  # of shape (n, 3), from 0 to 1, opaque

_STEPS = 32
_SAME = 0.04  # so little apart, in each channel, that nobody sees it
_GRAY = 0.08  # so far apart, its channels still look like none
_FLARE = 0.05  # the light that every screen adds to all that it shows, as WCAG 2 takes it
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])


def contrast(one: ArrayLike, other: ArrayLike) -> float:
    """Return how much lighter one of two colours is than the other: from 1 to 21, as WCAG 2 defines it."""
    return float(contrasts(one, other))


def contrasts(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Return the contrast of each pair of two arrays of colours."""
    lights = _light(one) @ _WEIGHTS, _light(other) @ _WEIGHTS
    return np.asarray(np.maximum(*lights) / np.minimum(*lights))


def distances(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Return how different the colours of each pair look, hue included: from 0 to 0.65, black on white."""
    return np.asarray(np.sqrt((np.cbrt(_light(one)) - np.cbrt(_light(other))) ** 2 @ _WEIGHTS))


def over(color: Rgba, ground: Rgba) -> Rgba:
    """Return what *color* looks like on *ground*, which is opaque."""
    return mixed(ground, (*color[:3], 1.0), color[3])


def all_over(color: Rgba, grounds: Colors) -> Colors:
    """Return what *color* looks like on each of *grounds*."""
    return np.asarray(grounds + (np.asarray(color[:3]) - grounds) * color[3])


def mixed(one: Rgba, other: Rgba, share: float) -> Rgba:
    """Return *one* with so much of *other* in it, opaque as *one* is."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one[:3], other[:3], strict=True))
    return red, green, blue, one[3]


def is_same(one: Rgba, other: Rgba) -> bool:
    """Say whether nobody can tell them apart where both are opaque."""
    return max(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True)) <= _SAME


def is_gray(color: Rgba) -> bool:
    """Say whether it is black, white or something between."""
    return max(color[:3]) - min(color[:3]) <= _GRAY


def shades(color: Rgba, *ends: Rgba) -> Iterator[Rgba]:
    """Yield *color*, and then with more and more of each of *ends* in it."""
    yield color
    for step in range(1, _STEPS + 1):
        for end in ends:
            yield mixed(color, end, step / _STEPS)


def first_seen(candidates: Iterable[Rgba], visibility: Callable[[Rgba], float]) -> Rgba:
    """Return the first of *candidates* whose *visibility* is 1 or more, or the one with the highest."""
    best, most = None, -1.0
    for color in candidates:
        found = visibility(color)
        if found >= 1:
            return color
        if found > most:
            best, most = color, found
    assert best is not None
    return best


def rgba(color: object) -> Rgba:
    """Return any colour of matplotlib's."""
    return to_rgba(color)  # type: ignore[arg-type]  # whatever an artist gives is one


def _light(colors: ArrayLike) -> NDArray[np.float64]:
    """Return the light that each channel sends out, a screen's own included."""
    channels = np.asarray(colors, dtype=np.float64)[..., :3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear + _FLARE)
