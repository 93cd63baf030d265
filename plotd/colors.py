"""Arithmetic of colours: how well one can be seen on another. Knows no artist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from matplotlib.colors import to_rgba
from numpy.typing import ArrayLike, NDArray

Rgba = tuple[float, float, float, float]
Colors = NDArray[np.float64]  # of shape (n, 3), from 0 to 1, opaque
Rows = NDArray[np.float64]  # of shape (n, 4): one Rgba each

_STEPS = 16
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


def lightness(colors: ArrayLike) -> NDArray[np.float64]:
    """Return how light each colour looks: from 0.37 to 1.02; of two grays, the difference is their distance."""
    return np.asarray(np.cbrt(_light(colors)) @ _WEIGHTS)


def over(color: Rgba, ground: Rgba) -> Rgba:
    """Return what *color* looks like on *ground*, which is opaque."""
    return mixed(ground, (*color[:3], 1.0), color[3])


def all_over(colors: ArrayLike, grounds: Colors) -> Colors:
    """Return what a colour, or each of a row of them, looks like on each of *grounds*: of shape (..., n, 3)."""
    rows = np.asarray(colors, dtype=np.float64)[..., None, :]
    return np.asarray(grounds + (rows[..., :3] - grounds) * rows[..., 3:])


def mixed(one: Rgba, other: Rgba, share: float) -> Rgba:
    """Return *one* with so much of *other* in it, opaque as *one* is."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one[:3], other[:3], strict=True))
    return red, green, blue, one[3]


def is_same(one: Rgba, other: Rgba) -> bool:
    """Say whether nobody can tell them apart where both are opaque."""
    return bool(are_same(one, other))


def are_same(colors: ArrayLike, other: Rgba) -> NDArray[np.bool_]:
    """Say of each colour whether nobody can tell it from *other*."""
    return np.asarray(np.abs(np.asarray(colors)[..., :3] - other[:3]).max(axis=-1) <= _SAME)


def is_gray(color: Rgba) -> bool:
    """Say whether it is black, white or something between."""
    return bool(are_gray(color))


def are_gray(colors: ArrayLike) -> NDArray[np.bool_]:
    """Say of each colour whether it is black, white or something between."""
    channels = np.asarray(colors)[..., :3]
    return np.asarray(np.ptp(channels, axis=-1) <= _GRAY)


def shades(colors: Rows, *ends: Rgba) -> Iterator[Rows]:
    """Yield *colors*, and then with more and more of each of *ends* in them."""
    yield colors
    for step in range(1, _STEPS + 1):
        for end in ends:
            yield colors + (np.array([*end[:3], 0.0]) - colors * (1, 1, 1, 0)) * (step / _STEPS)


def first_seen(candidates: Iterable[Rows], visibility: Callable[[Rows], NDArray[np.float64]]) -> Rows:
    """Return, for each row, the first of *candidates* whose *visibility* is 1 or more, or the one with the highest."""
    candidates = iter(candidates)
    best = next(candidates).copy()
    most = visibility(best)
    while (most < 1).any() and (colors := next(candidates, None)) is not None:
        found = visibility(colors)
        is_better = (most < 1) & (found > most)
        best[is_better], most[is_better] = colors[is_better], found[is_better]
    return best


def rgba(color: object) -> Rgba:
    """Return any colour of matplotlib's."""
    return to_rgba(color)  # type: ignore[arg-type]  # whatever an artist gives is one


def _light(colors: ArrayLike) -> NDArray[np.float64]:
    """Return the light that each channel sends out, a screen's own included."""
    channels = np.asarray(colors, dtype=np.float64)[..., :3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear + _FLARE)
