"""Draw chosen columns: lines, points, histograms, boxes, a heatmap; readable from a thumbnail to a wall.

Knows nothing of files; what goes on x and y was chosen before.
"""

from collections.abc import Callable
from math import ceil, sqrt
from typing import Any

import matplotlib.dates
import matplotlib.pyplot as plt
import numpy as np
from columns import Horizontal, share_scales
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

mdates: Any = matplotlib.dates  # it has no types
Series = dict[str, NDArray[np.float64]]

FEW_ROWS = 40  # so few that each is worth a mark
MANY_ROWS = 20_000  # so many that an SVG holds them as pixels
MAX_BOXES = 20
MAX_TEXTS = 14
MAX_HEATMAP_WIDTH = 500
MAX_LETTERS = 18
LEGEND_LETTERS = 46  # in one line above a picture 320 pixels wide
NAMES = {"fontsize": 8}
GRID = {"alpha": 0.25}
ROUND_STEPS = [1, 2, 2.5, 5, 10]


def draw_lines(across: Horizontal, series: Series) -> Figure:
    if across.is_grouped:
        return draw_points(across, series)  # a line from group to group would say nothing
    width = 1.4 if len(across.values) < 1_000 else 1.0 if len(across.values) < 10_000 else 0.6
    return _stacked(across, series, linewidth=width)


def draw_points(across: Horizontal, series: Series) -> Figure:
    count = len(across.values)
    size = 4.5 if count < 200 else 3.0 if count < 2_000 else 1.5 if count < MANY_ROWS else 1.0
    return _stacked(across, series, linestyle="none", marker="o", markersize=size, markeredgewidth=0)


def _stacked(across: Horizontal, series: Series, **style: Any) -> Figure:
    """Draw the series over one x, those of one scale in one panel."""
    groups = share_scales(series)
    height = max(4.8, 1.2 * len(groups) + 0.8)
    figure, panels = plt.subplots(len(groups), sharex=True, squeeze=False, figsize=(6.4, height), layout="constrained")
    order = np.argsort(across.values, kind="stable") if across.is_time else slice(None)
    # Side by side, where one would hide the other.
    shifts = np.linspace(-0.25, 0.25, 2 * len(series) + 1)[1::2] if across.is_grouped else [0] * len(series)
    for axes, group in zip(panels[:, 0], groups, strict=True):
        for name in group:
            k = list(series).index(name)
            moments, numbers = _without_gaps(across.values[order] + shifts[k], series[name][order])
            few = {"marker": "o", "markersize": 3} if len(numbers) <= FEW_ROWS else {}
            big = {"rasterized": True} if len(numbers) > MANY_ROWS else {}
            axes.plot(moments, numbers, color=f"C{k}", label=plain(name), **{**few, **big, **style})
        axes.grid(**GRID)
        axes.margins(x=0.02)
        axes.tick_params(labelsize=8)
        axes.yaxis.set_major_locator(MaxNLocator("auto" if len(groups) < 3 else 3, steps=ROUND_STEPS))
        _name_lines(axes, group)
    _mark_x(panels[-1, 0], across)
    return figure


def _without_gaps(moments: NDArray[Any], numbers: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the points less the empty ones, if no two others are neighbours: a line would not show at all."""
    known = np.isfinite(numbers)
    if (known[1:] & known[:-1]).any():
        return moments, numbers
    return moments[known], numbers[known]


def _name_lines(axes: Axes, names: list[str]) -> None:
    letters = [len(shortened(name)) + 5 for name in names]
    columns = len(names) if sum(letters) <= LEGEND_LETTERS else max(1, LEGEND_LETTERS // max(letters))
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.2,
        borderpad=0.1,
        ncols=columns,
        frameon=False,
        markerscale=4 / min(4, axes.lines[0].get_markersize()),
        handlelength=1,
        handletextpad=0.4,
        columnspacing=1,
        labelspacing=0.3,
        **NAMES,
    )


def _mark_x(axes: Axes, across: Horizontal) -> None:
    axes.set_xlabel(plain(across.name), fontsize=9, loc="left" if across.is_time else "center")
    axes.tick_params(labelsize=8)
    if across.is_time:
        locator = mdates.AutoDateLocator(minticks=3, maxticks=6)
        axes.xaxis_date()  # a heatmap's x is in bare numbers
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
        axes.xaxis.get_offset_text().set_fontsize(8)
    elif across.texts:
        _mark_texts(axes.xaxis, [plain(text, 16) for text in across.texts])


def _mark_texts(axis: Axis, texts: list[str]) -> None:
    """Let ticks at whole numbers bear texts: as many as there is room for, slanting if they are long."""
    shown = min(len(texts), MAX_TEXTS)
    axis.set_major_locator(MaxNLocator(shown, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _at(texts, value)))
    axis.set_tick_params(labelsize=8)
    if isinstance(axis, XAxis) and shown * max(map(len, texts)) > 30:
        axis.set_tick_params(rotation=35)
        plt.setp(axis.get_ticklabels(), ha="right", rotation_mode="anchor")


def _at(texts: list[str], position: float) -> str:
    return texts[round(position)] if 0 <= position < len(texts) and position == round(position) else ""


def draw_histograms(across: Horizontal, series: Series) -> Figure:
    """Draw how often each value occurs, each series in a panel of its own."""
    rows = round(sqrt(len(series)))
    columns = ceil(len(series) / rows)
    figure, panels = plt.subplots(rows, columns, squeeze=False, layout="constrained")
    for k, (axes, (name, numbers)) in enumerate(zip(panels.flat, series.items(), strict=False)):
        known = numbers[np.isfinite(numbers)]
        axes.hist(known, bins=_bins(known), color=f"C{k}", alpha=0.85, edgecolor="white", linewidth=0.3)
        axes.set_title(plain(name, 42 // columns), **NAMES)
        axes.tick_params(labelsize=7)
        axes.grid(axis="y", **GRID)
        axes.xaxis.set_major_locator(MaxNLocator(6 // columns + 1, steps=ROUND_STEPS))
        axes.ticklabel_format(scilimits=(-3, 4))
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_offset_text().set_fontsize(7)
    for axes in panels.flat[len(series) :]:
        axes.remove()
    figure.supylabel("rows", fontsize=9)
    return figure


def _bins(numbers: NDArray[np.float64]) -> Any:
    """Return the edges of the bars: one bar a number where they are few whole ones."""
    if not len(numbers):
        return 10
    low, high = numbers.min(), numbers.max()
    if high - low <= 40 and (numbers == np.round(numbers)).all():
        return np.arange(low - 0.5, high + 1)
    return int(np.clip(sqrt(len(numbers)), 10, 50))


def draw_boxes(across: Horizontal, series: Series) -> Figure:
    """Draw quartiles and outliers: a box for each series, or for each of the groups of rows that x names."""
    if across.is_grouped:
        panels = {name: _by_text(across, numbers) for name, numbers in series.items()}
    else:
        panels = {"\n".join(group): {name: series[name] for name in group} for group in share_scales(series)}
    counts = [len(boxes) for boxes in panels.values()]
    figure, rows = plt.subplots(len(panels), squeeze=False, height_ratios=counts, layout="constrained")
    for axes, (title, boxes) in zip(rows[:, 0], panels.items(), strict=True):
        known = [numbers[np.isfinite(numbers)] for numbers in boxes.values()]
        axes.boxplot(
            known,
            orientation="horizontal",
            tick_labels=[plain(name) for name in boxes],
            widths=0.6,
            patch_artist=True,
            boxprops={"facecolor": "#cfe2f3", "edgecolor": "#1f77b4"},
            medianprops={"color": "#d9730d", "linewidth": 1.6},
            flierprops={"marker": ".", "markersize": 3, "alpha": 0.4, "rasterized": len(known[0]) > MANY_ROWS},
        )
        axes.invert_yaxis()
        axes.grid(axis="x", **GRID)
        axes.tick_params(labelsize=8)
        if across.texts:
            axes.set_title(plain(title), **NAMES)
    return figure


def _by_text(across: Horizontal, numbers: NDArray[np.float64]) -> Series:
    texts = (across.texts or ())[:MAX_BOXES]
    return {text: numbers[across.values == k] for k, text in enumerate(texts)}


def draw_heatmap(across: Horizontal, series: Series) -> Figure:
    """Draw each number as a colour: x from left to right, a line for each series."""
    figure, axes = plt.subplots(layout="constrained")
    lines, label = np.array(list(series.values())), ""
    if len(share_scales(series)) > 1:
        lines, label = _standardised(lines), "standard score, line by line"
    block = ceil(lines.shape[1] / MAX_HEATMAP_WIDTH)
    lines = _means(lines, block)
    edges = _even_edges(across, block, lines.shape[1])
    extent = (*(edges or (-0.5, lines.shape[1] - 0.5)), len(lines) - 0.5, -0.5)
    image = axes.imshow(lines, extent=extent, aspect="auto", interpolation="nearest", cmap="viridis")
    figure.colorbar(image, ax=axes, pad=0.02).set_label(label, fontsize=8)
    _mark_texts(axes.yaxis, [plain(name) for name in series])
    if edges is None:
        across = Horizontal(across.name, np.arange(0), tuple(across.as_texts()[::block]))
    _mark_x(axes, across)
    return figure


def _even_edges(across: Horizontal, block: int, blocks: int) -> tuple[float, float] | None:
    """Return where x begins and ends, if its values are evenly spaced."""
    if across.texts or len(across.values) < 2:
        return None
    numbers = np.asarray(mdates.date2num(across.values)) if across.is_time else across.values
    steps = np.diff(numbers)
    step = float(np.median(steps))
    if step == 0 or not np.allclose(steps, step, rtol=0.01, atol=0):
        return None
    left = float(numbers[0]) - step / 2
    return left, left + step * block * blocks


def draw_matrix(series: Series) -> Figure:
    """Draw the columns as they stand in their table, each number as a colour."""
    figure, axes = plt.subplots(layout="constrained")
    matrix = np.array(list(series.values())).T
    near_square = 1 / 3 <= matrix.shape[0] / matrix.shape[1] <= 3
    image = axes.imshow(matrix, aspect="equal" if near_square else "auto", cmap="viridis")
    figure.colorbar(image, ax=axes, pad=0.02)
    axes.set(xlabel="column", ylabel="row")
    return figure


def _means(lines: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    """Return the means of so many neighbours each, in each line."""
    missing = -lines.shape[1] % block
    padded = np.pad(lines, ((0, 0), (0, missing)), constant_values=np.nan)
    blocks = np.ma.masked_invalid(padded.reshape(len(lines), -1, block))
    return np.asarray(blocks.mean(axis=2).filled(np.nan))


def _standardised(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.ma.masked_invalid(lines)
    spread = known.std(axis=1, keepdims=True).filled(0)
    spread[spread == 0] = 1
    return np.asarray(((known - known.mean(axis=1, keepdims=True)) / spread).filled(np.nan))


def shortened(text: str, letters: int = MAX_LETTERS) -> str:
    """Return the text in one line of at most so many letters, cut in the middle."""
    text = " ".join(text.split())
    if len(text) <= letters:
        return text
    half = (letters - 1) // 2
    return f"{text[: letters - 1 - half]}…{text[-half:]}"


def plain(text: str, letters: int = MAX_LETTERS) -> str:
    """Return the text shortened, and such that matplotlib shows it as it stands: no mathematics, no hidden labels."""
    text = shortened(text, letters).replace("$", r"\$")
    return f"\u200b{text}" if text.startswith("_") else text


CHARTS: dict[str, Callable[[Horizontal, Series], Figure]] = {
    "line": draw_lines,
    "scatter": draw_points,
    "hist": draw_histograms,
    "box": draw_boxes,
    "heatmap": draw_heatmap,
}
