"""What a figure says: where its axes are, and its alt text. Draws nothing, and invents nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, FigureBase
from matplotlib.text import Text
from PIL import Image

from plotd.axes import AxesDescription, describe_axes, is_colorbar, title_of, visible_axes
from plotd.phrases import of_range, of_series
from plotd.series import Series, names_near
from plotd.wording import listed, of_axis, plain, quoted, sentence, stopped

__all__ = ["AxesDescription", "alt_text", "alt_text_of_all", "describe_axes"]

_MOST_CHARACTERS = 2000
_MOST_NAMELESS = 6
_REST = "There is more, which is left out here."
_NUMBER = re.compile(r"[-+\u2212]?[\d.,]+(e[-+\u2212]?\d+)?\s?%?", re.IGNORECASE)
_POLAR = {"x": "angle in radians", "y": "radius"}


def alt_text(picture: Figure | Image.Image, reading: Mapping[Axes, Sequence[Series]]) -> str:
    """Say in plain sentences, each on a line of its own, what *picture*, which was just drawn, shows.

    Of a figure: titles, axes with labels and ranges, and of each series in its *reading* the kind, name, number of
    points, course and extremes. At most 2,000 characters; if that is not enough for all, the last sentence says so.
    """
    if isinstance(picture, Image.Image):
        return _of_image(picture)
    return _within(_MOST_CHARACTERS, _of_figure(picture, reading))


def alt_text_of_all(texts: Sequence[str]) -> str:
    """Return the *texts* of pictures that stand one below another as one, in no more characters."""
    if len(texts) == 1:
        return texts[0]
    numbered = (f"Picture {number} of {len(texts)}.\n{text}" for number, text in enumerate(texts, start=1))
    return _within(_MOST_CHARACTERS, "\n".join(numbered).split("\n"))


def _within(limit: int, sentences: Sequence[str]) -> str:
    whole = "\n".join(sentences)
    if len(whole) <= limit:
        return whole
    text = ""
    for words in sentences:
        if len(text) + len(words) + len(_REST) + 1 > limit:
            break
        text += words + "\n"
    return text + _REST


def _of_image(image: Image.Image) -> str:
    return f"An image, {image.width} pixels wide and {image.height} high."


def _of_figure(figure: Figure, reading: Mapping[Axes, Sequence[Series]]) -> list[str]:
    axes = list(visible_axes(figure))
    plots = _plots(one for one in axes if not is_colorbar(one))
    sentences = list(_titles(figure))
    for number, plot in enumerate(plots, start=1):
        if len(plots) > 1:
            sentences.append(f"Plot {number} of {len(plots)}.")
        sentences += _of_plot(plot, reading)
    sentences += [_of_colorbar(one) for one in axes if is_colorbar(one)]
    titles = (figure.get_suptitle(), figure.get_supxlabel(), figure.get_supylabel())
    sentences += _of_texts(text for text in figure.texts if text.get_text() not in titles)
    return sentences or ["An empty figure."]


def _plots(all_axes: Iterable[Axes]) -> list[list[Axes]]:
    """Put axes together that lie on the same place and share an axis: to a reader, twins are one plot."""
    plots: list[list[Axes]] = []
    for axes in all_axes:
        twins = next((plot for plot in plots if _are_twins(plot[0], axes)), None)
        if twins is None:
            plots.append([axes])
        else:
            twins.append(axes)
    return plots


def _are_twins(one: Axes, other: Axes) -> bool:
    share = _share("x", one, other) or _share("y", one, other)
    return share and one.get_position().bounds == other.get_position().bounds


def _titles(figure: FigureBase) -> Iterator[str]:
    if title := figure.get_suptitle():
        yield stopped(plain(title))
    for direction, label in (("x", figure.get_supxlabel()), ("y", figure.get_supylabel())):
        if label:
            yield f"All {direction} axes: {quoted(label)}."
    for part in figure.subfigs:
        yield from _titles(part)


def _of_plot(plot: Sequence[Axes], reading: Mapping[Axes, Sequence[Series]]) -> list[str]:
    sentences = [stopped(plain(title)) for title in map(title_of, plot) if title]
    if axes_words := list(_of_axes(plot)):
        sentences.append(sentence("; ".join(axes_words)))
    for axes in plot:
        series = _with_violins(axes, _together(reading.get(axes, ())))
        sentences += [sentence(words) for words in _of_all_series(axes, series, _side(plot, axes))]
        if not any(one.kind == "pie" for one in series):  # the texts of a pie are the names of its slices
            sentences += _of_texts(text for text in axes.texts if not (series and _is_number(text)))
        sentences += [f"A table of {len(table.get_celld())} cells." for table in axes.tables]
    return sentences


def _of_axes(plot: Sequence[Axes]) -> Iterator[str]:
    """Yield what each axis of *plot* shows; one that twins share stands once."""
    for letter in ("x", "y", "z"):
        shown: list[Axes] = []
        for axes in plot:
            if _shows(axes, letter) and not any(_share(letter, axes, other) for other in shown):
                shown.append(axes)
        for axes in shown:
            axis: Axis = getattr(axes, f"{letter}axis")
            name = _POLAR.get(letter, "") if axes.name == "polar" else f"{letter} axis"
            side = f"{axis.get_label_position()} " if len(shown) > 1 else ""
            yield of_axis(axis, getattr(axes, f"get_{letter}lim")(), side + name)


def _shows(axes: Axes, letter: str) -> bool:
    axis: Axis | None = getattr(axes, f"{letter}axis", None)
    switched_on = getattr(axes, "_axis3don", axes.axison)  # in 3-D, axison is off for good
    if axis is None or not (switched_on and axis.get_visible()):
        return False
    return bool(axis.get_label_text()) or any(tick.get_text() for tick in axis.get_majorticklabels())


def _share(letter: str, one: Axes, other: Axes) -> bool:
    return one is other or (letter != "z" and getattr(one, f"get_shared_{letter}_axes")().joined(one, other))


def _side(plot: Sequence[Axes], axes: Axes) -> str:
    """Return which of the axes that twins don't share *axes* goes by."""
    if not all(_share("y", axes, other) for other in plot):
        return f" on the {axes.yaxis.get_label_position()} axis"
    if not all(_share("x", axes, other) for other in plot):
        return f" on the {axes.xaxis.get_label_position()} axis"
    return ""


def _together(all_series: Sequence[Series]) -> list[Series]:
    """Leave out what has nothing to tell, and make one series of bars that were added one by one without a name."""
    told = [series for series in all_series if series.label or series.kind not in ("outline", "shape")]
    for kind in ("bars", "horizontal bars"):
        alone = [one for one in told if one.kind == kind and not one.label and one.value.size == 1]
        if len(alone) > 1:
            x, y, value = (np.concatenate([getattr(one, name) for one in alone]) for name in ("x", "y", "value"))
            names = tuple(name for one in alone for name in one.names)
            whole = Series(kind, "", x, y, value, names=names if len(names) == len(alone) else ())
            told[told.index(alone[0])] = whole
            told = [one for one in told if one not in alone]
    return told


def _with_violins(axes: Axes, all_series: Sequence[Series]) -> list[Series]:
    """Put the areas without a name that are violins together, in the place of the first, as what their numbers mean."""
    told = list(all_series)
    upright: Literal["x", "y"]
    for along, upright, axis in (("x", "y", axes.xaxis), ("y", "x", axes.yaxis)):
        areas = [series for series in told if series.along == along and _is_violin(series)]
        if areas:
            place = np.array([(area.low[0] + area.high[0]) / 2 for area in areas])
            heights = [area.y if along == "x" else area.x for area in areas]
            widest = np.array([of[(area.high - area.low).argmax()] for of, area in zip(heights, areas, strict=True)])
            low, high = np.array([(of.min(), of.max()) for of in heights]).T
            x, y = (place, widest) if along == "x" else (widest, place)
            whole = Series("violins", "", x, y, low=low, high=high, along=upright, names=names_near(axis, place))
            told[told.index(areas[0])] = whole
            told = [one for one in told if one not in areas and not _marks_ends(one, whole)]
    return told


def _marks_ends(series: Series, violins: Series) -> bool:
    """Whether line segments go from end to end of violins, or lie at their ends: that says nothing more."""
    if series.kind != "line segments" or series.label:
        return False
    heights = series.y if violins.along == "y" else series.x
    return bool(np.isin(heights, np.concatenate([violins.low, violins.high])).all())


def _is_violin(series: Series) -> bool:
    """Whether an area bulges, the same to both sides of a place; around zero, a curve and its mirror image do, too."""
    if series.kind != "shaded area" or series.label or series.low.size < 3:
        return False
    middles, widths = (series.low + series.high) / 2, series.high - series.low
    is_even = np.ptp(middles) <= 1e-9 * np.abs(series.high).max() and np.ptp(widths) > 1e-9 * widths.max()
    return bool(is_even and (series.along == "x" or abs(middles[0]) > 1e-9 * widths.max()))


def _of_all_series(axes: Axes, all_series: Sequence[Series], side: str) -> Iterator[str]:
    nameless = [series for series in all_series if series.kind in ("line", "points") and not series.label]
    if len(nameless) <= _MOST_NAMELESS:
        nameless = []
    for series in all_series:
        if series not in nameless:
            yield of_series(axes, series, side)
    if nameless:
        heights = np.concatenate([series.y[np.isfinite(series.y)] for series in nameless])
        told = f": {heights.size:,} points in all, {of_range(axes.yaxis, heights)}" if heights.size else ""
        yield f"{len(nameless)} {_kinds(nameless)} without names{side}{told}"


def _kinds(nameless: Sequence[Series]) -> str:
    kinds = {series.kind for series in nameless}
    return {"line": "lines", "points": "sets of points"}[kinds.pop()] if len(kinds) == 1 else "lines and sets of points"


def _is_number(text: Text) -> bool:
    """Whether *text* tells but a number, as those at bars, contours and cells do: of the data, told already."""
    return bool(_NUMBER.fullmatch(plain(text.get_text())))


def _of_texts(texts: Iterable[Text]) -> list[str]:
    found = (text.get_text() for text in texts if text.get_visible())
    shown = list(dict.fromkeys(quoted(text) for text in found if text.strip()))
    return [f"Text: {listed(shown)}."] if shown else []


def _of_colorbar(axes: Axes) -> str:
    lying = axes.get_window_extent().width > axes.get_window_extent().height
    axis, limits = (axes.xaxis, axes.get_xlim()) if lying else (axes.yaxis, axes.get_ylim())
    return sentence(of_axis(axis, limits, "colour bar"))
