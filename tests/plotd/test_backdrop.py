"""Themes and what truly lies beneath: data keeps its colours where they are seen, and is lost nowhere."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from numpy.typing import NDArray
from tests.plotd.test_restyle import DARK_GROUND, Drawer, made, picture, ratio, starkest

from plotd.colors import Rgba, rgba

On = Callable[[Axes, str], object]
Pixels = NDArray[np.uint8]

BENEATH: dict[str, On] = {
    "image": lambda axes, tone: axes.imshow(
        [[0.0]], cmap=_map(tone), vmin=0, vmax=1, extent=(0, 1, 0, 1), aspect="auto"
    ),
    "mesh": lambda axes, tone: axes.pcolormesh([0, 1], [0, 1], [[0.0]], cmap=_map(tone), vmin=0, vmax=1),
    "axvspan": lambda axes, tone: axes.axvspan(0, 1, color={"pale": "lightyellow", "dark": "0.1"}[tone]),
    "axhspan": lambda axes, tone: axes.axhspan(0, 1, color={"pale": "cornsilk", "dark": "midnightblue"}[tone]),
    "stack": lambda axes, tone: axes.stackplot([0, 1], [1, 1], colors=[{"pale": "lightcyan", "dark": "#222222"}[tone]]),
    "bands": lambda axes, tone: axes.contourf(
        [[0, 0], [0, 0]], levels=[-1, 1], colors=[_tone(tone)], extent=(0, 1, 0, 1)
    ),
}
ABOVE: dict[str, On] = {
    "line": lambda axes, color: axes.plot([0, 1], [0.5, 0.5], color, lw=8),
    "lines": lambda axes, color: axes.hlines([0.5], 0, 1, colors=color, linewidth=8),
    "contour": lambda axes, color: axes.contour(
        [0, 1], [0, 1], [[0, 0], [1, 1]], levels=[0.5], colors=color, linewidths=8
    ),
    "frame": lambda axes, color: axes.add_patch(Rectangle((-1, 0.5), 3, 3, fill=False, edgecolor=color, linewidth=8)),
    "circle": lambda axes, color: axes.add_patch(Circle((0.5, 0.5), 0.1, color=color)),
    "arrows": lambda axes, color: axes.quiver([0.2], [0.5], [1], [0], color=color, scale=1.5, width=0.1),
    "arrow": lambda axes, color: axes.annotate(
        "", (0.9, 0.5), (0.1, 0.5), arrowprops={"arrowstyle": "-", "lw": 8, "color": color}
    ),
    "text": lambda axes, color: axes.text(0.5, 0.5, "■", size=40, ha="center", va="center", color=color),
}


def _map(tone: str) -> str:
    return {"pale": "Greys", "dark": "gray"}[tone]


def _tone(tone: str) -> str:
    return {"pale": "white", "dark": "black"}[tone]


def whole(figure: Figure) -> Axes:
    """Return axes that fill *figure*, from 0 to 1."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_autoscale_on(False)
    return axes


def shown(drawer: Drawer, name: str, early: bool = False) -> Pixels:
    return picture(made(drawer, name if early else "", figsize=(2, 2), dpi=100), name)


@pytest.mark.parametrize("early", [True, False], ids=["made in it", "made before"])
@pytest.mark.parametrize(("tone", "color", "name"), [("pale", "black", "dark"), ("dark", "white", "light")])
@pytest.mark.parametrize("above", ABOVE)
@pytest.mark.parametrize("beneath", BENEATH)
def test_what_lies_on_data_keeps_its_colour(
    beneath: str, above: str, tone: str, color: str, name: str, early: bool
) -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        BENEATH[beneath](axes, tone)
        ABOVE[above](axes, color)

    pixels = shown(drawn, name, early)
    assert tuple(pixels[100, 100]) == {"black": (0, 0, 0), "white": (255, 255, 255)}[color]
    assert ratio(pixels[100, 100], pixels[20, 100]) > 8


@pytest.mark.parametrize("above", ABOVE)
def test_what_is_partly_on_data_is_seen_everywhere(above: str) -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        axes.axvspan(0, 0.5, color="lightyellow")
        ABOVE[above](axes, "black")

    pixels = shown(drawn, "dark")
    for x in (94, 106):  # on both sides of the edge
        assert starkest(pixels[20:180, x : x + 1]) > 2.5


@pytest.mark.parametrize("color", ["0.85", "gold", "lightblue", "whitesmoke", "#eeeeee", "0.95"])
def test_pale_data_stays_pale_on_a_cream_ground(color: str) -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        axes.bar([0.25], [0.4], width=0.3, color=color)
        axes.axhspan(0.8, 1, color=color)
        axes.stackplot([0.5, 1], [0.4, 0.4], colors=[color])

    plain, cream = shown(drawn, ""), shown(drawn, "Solarize_Light2")
    for y, x in ((150, 50), (10, 100), (150, 150)):
        assert tuple(cream[y, x]) == tuple(plain[y, x])
    assert tuple(cream[100, 100]) == (238, 232, 213)


@pytest.mark.parametrize(("color", "channel"), [("darkgreen", 1), ("navy", 2), ("maroon", 0), ("black", None)])
def test_what_the_ground_would_swallow_gets_lighter_and_keeps_its_hue(color: str, channel: int | None) -> None:
    pixels = shown(lambda figure: whole(figure).plot([0, 1], [0.5, 0.5], color, lw=8), "dark")
    assert ratio(pixels[100, 100], DARK_GROUND) > 2.9
    if channel is not None:
        assert pixels[100, 100].argmax() == channel


def test_what_has_one_colour_has_one_in_a_theme_as_in_its_legend() -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        axes.axvspan(0.6, 1, color="0.9")
        axes.bar(np.arange(0.05, 0.9, 0.1), 0.4, width=0.1, color="navy", alpha=0.5, edgecolor="white", label="bars")
        axes.legend(loc="upper left", borderpad=0, handlelength=10, handleheight=5, borderaxespad=0, framealpha=1)

    pixels = shown(drawn, "dark")
    bars = {tuple(pixels[180, x]) for x in (11, 30, 50, 70, 90)}
    assert bars == {tuple(pixels[20, 30])}


@pytest.mark.parametrize("early", [True, False], ids=["made in it", "made before"])
@pytest.mark.parametrize("marker", ["", "s"])
def test_a_gray_that_can_not_merely_turn_is_the_same_in_the_legend(marker: str, early: bool) -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        axes.axvspan(0.3, 0.6, color="lightyellow")
        axes.plot([0.1, 0.5, 0.9], [0.2] * 3, "k", lw=0 if marker else 8, marker=marker, ms=12, label="line")
        axes.legend(loc="upper right", handlelength=3, borderpad=2, handleheight=2, framealpha=1)

    pixels = shown(drawn, "dark", early)
    line = pixels[160, 180]
    assert 2.5 < ratio(line, DARK_GROUND) < 10
    assert (pixels[:100, 100:] == line).all(axis=2).any()


@pytest.mark.parametrize("early", [True, False], ids=["made in it", "made before"])
@pytest.mark.parametrize("name", ["dark", "dark_background", "light"])
def test_what_is_white_and_what_is_black_within_black_edges_differ(name: str, early: bool) -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        axes.bar([0.25, 0.75], [0.4] * 2, width=0.3, color=["white", "black"], edgecolor="black", lw=4)
        axes.scatter([0.25, 0.75], [0.7] * 2, s=900, c=["white", "black"], edgecolors="black", linewidths=4)
        for x, face in ((0.25, "white"), (0.75, "black")):
            axes.plot([x], [0.9], "o", ms=25, mfc=face, mec="black", mew=4)

    pixels = shown(drawn, name, early)
    for y in (160, 60, 20):
        hollow, full = pixels[y, 50], pixels[y, 150]
        assert ratio(hollow, full) > 10
        assert ratio(hollow, pixels[100, 100]) < 1.5  # the ground shows through


def test_a_grid_is_no_data() -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        BENEATH["image"](axes, "dark")
        axes.grid(color="white", linewidth=5)
        axes.set_xticks(np.arange(0, 1, 0.1))
        axes.plot([0, 1], [0.5, 0.5], "white", lw=8, zorder=3)

    pixels = shown(drawn, "Solarize_Light2")
    assert tuple(pixels[100, 5]) == (255, 255, 255)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_labels_across_an_edge_can_be_read_on_both_sides(name: str) -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        axes.axvspan(0, 0.5, color="black" if name == "light" else "gold")
        axes.text(0.5, 0.5, "■■■", size=30, ha="center", va="center")

    pixels = shown(drawn, name)
    for half in (slice(50, 95), slice(105, 150)):
        assert starkest(pixels[70:130, half]) > 4.5
    assert ratio(pixels[100, 100], pixels[5, 150]) > 4.5


def test_tick_labels_that_lie_on_data_can_be_read() -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        axes.axvspan(0, 1, color="lightyellow")
        inset = axes.inset_axes((0.4, 0.4, 0.5, 0.5))
        inset.set_xticks([0.5], ["■"], size=40)
        inset.set_yticks([])

    pixels = shown(drawn, "dark")
    assert starkest(pixels[130:180, 100:160]) > 8


def test_what_was_drawn_on_a_dark_ground_by_hand_is_seen_on_a_light_one() -> None:
    def dark(figure: Figure) -> None:
        axes = whole(figure)
        axes.set_facecolor("#112233")
        axes.axhspan(0, 0.3, color="#223344")
        axes.plot([0, 1], [0.5, 0.5], "yellow", lw=8)
        axes.plot([0, 1], [0.15, 0.15], "white", lw=8)

    pixels = shown(dark, "light")
    assert ratio(pixels[100, 100], (255, 255, 255)) > 1.5
    assert tuple(pixels[170, 100]) == (255, 255, 255)
    assert tuple(pixels[145, 100]) == (0x22, 0x33, 0x44)


@pytest.mark.parametrize("early", [True, False], ids=["made in it", "made before"])
@pytest.mark.parametrize("color", ["white", "black"])
def test_hollow_markers_stay_hollow_and_have_a_rim(color: str, early: bool) -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        axes.plot([0, 1], [0.5, 0.5], "black", lw=4)
        axes.plot([0.5], [0.5], "s", color=color, mfc="white", mec="black", ms=40, mew=8)

    pixels = shown(drawn, "dark", early)
    assert tuple(pixels[100, 100]) == DARK_GROUND
    assert ratio(pixels[100, 128], DARK_GROUND) > 8


@pytest.mark.parametrize("early", [True, False], ids=["made in it", "made before"])
def test_grays_turn_together_and_keep_their_order(early: bool) -> None:
    levels = np.linspace(0, 1, 10)

    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        for place, level in zip(levels + 0.05, levels, strict=True):
            axes.bar([place * 0.9], [0.4], width=0.09, color=str(level))
            axes.plot([place * 0.9, place * 0.9 + 0.01], [0.6, 0.6], color=str(level), lw=8)

    pixels = shown(drawn, "dark", early)
    for y in (160, 80):
        row = pixels[y, np.round((levels + 0.05) * 180 + 1).astype(int)].astype(int).sum(axis=1)
        assert (np.diff(row) < 0).all(), row
        assert row[0] > 660
        assert row[-1] == sum(DARK_GROUND)


def test_a_legend_tells_grays_apart_as_the_plot_does() -> None:
    def drawn(figure: Figure) -> None:
        axes = whole(figure)
        for height, color in ((0.1, "0.85"), (0.2, "black")):
            axes.plot([0, 1], [height, height], color=color, lw=8, label=color)
        axes.legend(loc="upper left", borderpad=0, handlelength=5, borderaxespad=0, framealpha=1, labelspacing=2)

    figure = made(drawn, figsize=(2, 2), dpi=100)
    pixels = picture(figure, "dark")
    first, second = (tuple(pixels[y, 150]) for y in (180, 160))
    assert first != second
    assert {first, second} <= {tuple(pixel) for pixel in pixels[:80, 30]}


@pytest.mark.parametrize(
    "size", [{"width_px": 400, "dpi": 62}, {"width_px": 240, "dpi": 50}, {"dpi": 30}, {"dpi": 150}]
)
def test_a_colour_is_the_same_at_any_size(size: dict[str, float]) -> None:
    def cells(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.table([["1", "2"], ["3", "4"]], cellColours=[["w", "lightyellow"], ["navy", "k"]], loc="center")

    def bars(figure: Figure) -> None:
        axes = figure.add_subplot()
        for number in range(20):
            axes.bar([number], [number], width=1, color="w" if number % 2 else "lightyellow", edgecolor="k")

    for drawer in (cells, bars):
        figure = made(drawer)
        faces = _faces_while_drawn(figure)
        picture(figure, "dark", **size)
        assert rgba("lightyellow") in faces
        assert rgba("white") not in faces


def _faces_while_drawn(figure: Figure) -> set[Rgba]:
    """Return the colours, once it is drawn, of all rectangles in the only axes of *figure*."""
    faces: set[Rgba] = set()
    patches = [patch for patch in figure.axes[0].findobj(Rectangle) if patch is not figure.axes[0].patch]

    def look(_: object) -> None:
        faces.update(rgba(patch.get_facecolor()) for patch in patches if isinstance(patch, Rectangle))

    figure.canvas.mpl_connect("draw_event", look)
    return faces


def test_all_of_a_box_plot_but_its_box_is_ink() -> None:
    def drawn(figure: Figure) -> None:
        boxes = whole(figure).boxplot(
            [[0.2, 0.4, 0.5, 0.6, 0.8]], positions=[0.5], patch_artist=True, boxprops={"facecolor": "lightblue"}
        )
        for line in (*boxes["whiskers"], *boxes["caps"]):
            line.set_linewidth(8)

    pixels = shown(drawn, "dark", early=True)
    for y in (40, 50, 150, 160):
        assert ratio(pixels[y, 100], DARK_GROUND) > 10


def test_of_thousands_of_colours_each_is_seen_and_keeps_its_hue() -> None:
    colors = np.random.default_rng(0).random((3000, 3)) * (0.6, 0.2, 0.2) + (0.4, 0, 0)

    def drawn(figure: Figure) -> None:
        x, y = (np.arange(3000) % 60 + 0.5) / 60, (np.arange(3000) // 60 + 0.5) / 50
        whole(figure).scatter(x, y, s=40, c=colors, marker="s", linewidths=0)

    pixels = shown(drawn, "dark").astype(int)
    assert (pixels[..., 0] > pixels[..., 1:].max(axis=2)).mean() > 0.9
    assert min(ratio(pixel, DARK_GROUND) for pixel in pixels[20:180:7, 20:180:7].reshape(-1, 3)) > 1.2


def test_points_in_space_keep_their_edges() -> None:
    places, colors = np.random.default_rng(0).random((2, 3000, 3))
    figure = made(lambda figure: figure.add_subplot(projection="3d").scatter(*places.T, c=colors), figsize=(2, 2))
    assert tuple(picture(figure, "dark")[2, 2]) == DARK_GROUND


def test_of_thousands_of_artists_each_is_seen() -> None:
    def drawn(figure: Figure) -> None:
        whole(figure).bar(np.arange(0, 1, 0.0005), 0.5, width=0.0005, align="edge", color="black")

    plain, dark = (shown(drawn, name)[150, 5:195] for name in ("", "dark"))  # without the spines
    is_black = (plain == 0).all(axis=1)
    assert is_black.sum() > 50
    assert {ratio(pixel, DARK_GROUND) > 10 for pixel in dark[is_black]} == {True}


def test_nothing_of_the_rehearsal_stays_with_an_artist(drawer: Drawer) -> None:
    figure = made(drawer, dpi=40)
    dpi = figure.dpi
    picture(figure, "dark")
    assert figure.dpi == dpi
    assert not [artist for artist in figure.findobj() if "draw" in vars(artist)]
