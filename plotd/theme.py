"""Themes: the settings that each puts in force before a figure is made, and the colours of what isn't data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib import style

from plotd.colors import Rgba, mixed, rgba

_BOXPLOT = [f"boxplot.{part}props.color" for part in ("box", "cap", "whisker", "flier")]


def _settings(ground: str, ink: str, quiet: str, line: str) -> dict[str, Any]:
    return {
        **dict.fromkeys(("figure.facecolor", "figure.edgecolor", "axes.facecolor"), ground),
        **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), ink),
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), quiet),
        **dict.fromkeys((*_BOXPLOT, "boxplot.flierprops.markeredgecolor", "patch.edgecolor"), ink),
        **dict.fromkeys(("grid.color", "legend.edgecolor"), line),
    }


# The colours of the pages' own light and dark, so that a picture lies well on them.
_DARK_CYCLE = "#6cb0f5 #ff9f4a #4cc38a #ff8079 #b8a0f2 #cfa084 #f39ad2 #a7b1bd #d3cf55 #45cfe0".split()
_OWN: Mapping[str, Mapping[str, Any]] = {
    "light": _settings("#ffffff", "#1c2127", "#57616e", "#d5dae1"),
    "dark": {
        **_settings("#1c2025", "#e3e7ec", "#9ca7b4", "#3d4550"),
        "axes.prop_cycle": cycler(color=_DARK_CYCLE),
    },
}

NAMES: tuple[str, ...] = (*_OWN, *style.available)  # a name alone: a style can also be a path or a URL, a theme can't


def use(name: str) -> None:
    """Put the settings of that theme in force; of what code has set before, what it doesn't name stays."""
    if name in _OWN:
        mpl.rcParams.update(_OWN[name])  # type: ignore[arg-type]  # the stubs know each key by name
    elif name in NAMES:
        style.use(name)
    else:
        raise ValueError(f"there is no theme {name!r}")


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme, by what they are for."""

    figure: Rgba
    axes: Rgba
    text: Rgba
    title: Rgba
    label: Rgba
    spine: Rgba
    tick: Mapping[str, Rgba]  # by the letter of the axis, as the next
    tick_label: Mapping[str, Rgba]
    grid: Rgba
    legend: Rgba
    legend_edge: Rgba
    legend_text: Rgba
    pane: Rgba


def palette(name: str) -> Palette:
    """Return the colours of that theme."""
    defaults: Any = mpl.rcParamsDefault  # Any: the stubs name each key
    own: Any = _OWN.get(name) or style.library[name]
    rc: dict[str, Any] = {**defaults, **own}

    def color(key: str, otherwise: str) -> Rgba:
        own = rc[key]
        return rgba(rc[otherwise] if own is None or own in ("inherit", "auto", "None") else own)

    ticks = {"x": "xtick", "y": "ytick", "z": "xtick"}  # a third axis goes by the settings of the first
    figure, text = rgba(rc["figure.facecolor"]), rgba(rc["text.color"])
    return Palette(
        figure=figure,
        axes=rgba(rc["axes.facecolor"]),
        text=text,
        title=color("axes.titlecolor", "text.color"),
        label=rgba(rc["axes.labelcolor"]),
        spine=rgba(rc["axes.edgecolor"]),
        tick={letter: rgba(rc[f"{tick}.color"]) for letter, tick in ticks.items()},
        tick_label={letter: color(f"{tick}.labelcolor", f"{tick}.color") for letter, tick in ticks.items()},
        grid=rgba(rc["grid.color"]),
        legend=color("legend.facecolor", "axes.facecolor"),
        legend_edge=color("legend.edgecolor", "axes.edgecolor"),
        legend_text=color("legend.labelcolor", "text.color"),
        pane=mixed(figure, text, 0.06),
    )
