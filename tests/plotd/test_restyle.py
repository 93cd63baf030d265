"""Themes: whatever its author chose, text can be read and data be seen, and the figure is given back as it was."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from plotd import theme
from plotd.colors import contrast, rgba
from plotd.encode import Look, Sizing, encode

Drawer = Callable[[Figure], object]

DARK_GROUND = (28, 32, 37)
GROUNDS = {"light": (255, 255, 255), "dark": DARK_GROUND, "ggplot": (255, 255, 255)}


def picture(figure: Figure, name: str, **sizing: Any) -> NDArray[np.uint8]:
    body = encode([figure], "png", Sizing(**sizing), 10**8, Look(name)).body
    return np.asarray(Image.open(io.BytesIO(body)))


def made(drawer: Drawer, name: str = "", **options: Any) -> Figure:
    """Return what *drawer* makes with the settings of a theme in force."""
    with mpl.rc_context():
        if name:
            theme.use(name)
        figure = Figure(**options)
        drawer(figure)
    return figure


def ratio(pixel: NDArray[np.uint8], other: NDArray[np.uint8] | tuple[int, ...]) -> float:
    return contrast(np.asarray(pixel) / 255, np.asarray(other) / 255)


def starkest(pixels: NDArray[np.uint8]) -> float:
    """Return the contrast between what most of *pixels* are and what differs most from that."""
    colors, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    ground = colors[counts.argmax()]
    return max(ratio(color, ground) for color in colors)


def texts_of(figure: Figure, name: str) -> list[tuple[str, NDArray[np.uint8]]]:
    """Return the pixels, in that theme, of each text that can be read in *figure*: some ticks are beyond its limits."""
    pixels, before = picture(figure, name), picture(figure, "")
    height, width, _ = pixels.shape
    figure.draw_without_rendering()
    found: list[tuple[str, NDArray[np.uint8]]] = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        left, bottom, right, top = (round(edge) for edge in text.get_window_extent().extents)
        place = slice(height - top, height - bottom), slice(left, right)
        if 0 <= left < right <= width and 0 <= bottom < top <= height and starkest(before[place]) > 2:
            found.append((text.get_text(), pixels[place]))
    return found


@pytest.mark.parametrize("early", [True, False], ids=["made in it", "made before"])
@pytest.mark.parametrize("name", GROUNDS)
@pytest.mark.parametrize(
    "drawer",
    "lines bars stacked_lying_bars scatter image pie polar twins dates subfigures mosaic secondary".split(),
    indirect=True,
)
def test_text_can_be_read_in_any_theme(drawer: Drawer, name: str, early: bool) -> None:
    shown = [(text, starkest(pixels)) for text, pixels in texts_of(made(drawer, name if early else ""), name)]
    assert shown
    assert [(text, found) for text, found in shown if found < 2.5] == []  # thin strokes are mixed with what is behind


@pytest.mark.parametrize("name", GROUNDS)
@pytest.mark.parametrize("drawer", ["nothing", "lines", "space", "see_through"], indirect=True)
def test_a_theme_has_its_ground(drawer: Drawer, name: str) -> None:
    assert tuple(picture(made(drawer, name), name)[2, 2]) == GROUNDS[name]


@pytest.mark.parametrize("drawer", ["lines", "scatter", "image", "pie", "space", "insets", "table"], indirect=True)
def test_a_figure_without_a_theme_is_not_touched(drawer: Drawer) -> None:
    np.testing.assert_array_equal(picture(made(drawer), ""), picture_of_savefig(made(drawer)))


def picture_of_savefig(figure: Figure) -> NDArray[np.uint8]:
    body = io.BytesIO()
    figure.savefig(body, format="png")
    return np.asarray(Image.open(body).convert("RGB"))


def test_a_figure_is_given_back_with_its_colours(drawer: Drawer) -> None:
    restyled, other = made(drawer, dpi=40), made(drawer, dpi=40)
    picture(restyled, "dark")
    picture(other, "")  # some are laid out otherwise the second time
    np.testing.assert_array_equal(picture(restyled, ""), picture(other, ""))


def test_the_settings_of_a_theme_are_in_force_where_it_is_used() -> None:
    with mpl.rc_context():
        theme.use("dark")
        assert mpl.rcParams["figure.facecolor"] == "#1c2025"
        theme.use("ggplot")
        assert mpl.rcParams["axes.facecolor"] == "#E5E5E5"
    for name in ("", "default", "/etc/passwd", "https://example.org/x.mplstyle", "_classic_test"):
        with pytest.raises(ValueError, match="there is no theme"):
            theme.use(name)


def by_hand(figure: Figure) -> None:
    figure.set_facecolor("white")
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7), facecolor="#eeeeee")
    axes.plot([0, 1], [0.25, 0.25], "black", lw=8, label="black")
    axes.plot([0, 1], [0.5, 0.5], "navy", lw=8, label="navy")
    axes.plot([0, 1], [0.75, 0.75], "tab:orange", lw=8, label="orange")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_title("black", color="black")
    axes.set_xlabel("blue", color="darkblue")
    axes.tick_params(colors="black", labelcolor="black", length=20, width=8)
    axes.get_yticklabels()[0].set_color("darkred")
    for spine in axes.spines.values():
        spine.set(color="black", linewidth=8)


def test_what_was_coloured_by_hand_is_restyled() -> None:
    figure = made(by_hand, figsize=(4, 4), dpi=100)
    pixels = picture(figure, "dark")
    spine, below = pixels[200, 80], pixels[300, 200]
    assert tuple(pixels[2, 2]) == tuple(pixels[150, 200]) == DARK_GROUND
    assert ratio(spine, DARK_GROUND) > 3
    black, navy, orange = (pixels[320 - round(280 * height), 200] for height in (0.25, 0.5, 0.75))
    assert ratio(black, DARK_GROUND) > 10
    assert ratio(navy, DARK_GROUND) >= 2.9
    assert navy[2] > navy[0]
    assert tuple(orange) == (255, 127, 14)
    assert tuple(below) == DARK_GROUND


def test_text_keeps_its_hue_and_ticks_their_own_colours() -> None:
    def coloured(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.set_ylabel("red", color="tab:red")
        axes.tick_params(axis="y", labelcolor="tab:red")
        axes.set_xticks([0.5], ["one"])
        axes.get_xticklabels()[0].set_color("darkgreen")

    figure = made(coloured)
    seen: list[tuple[float, ...]] = []

    def look(_: object) -> None:
        axes = figure.axes[0]
        texts = (axes.yaxis.label, axes.get_yticklabels()[0], axes.get_xticklabels()[0])
        seen[:] = [rgba(text.get_color()) for text in texts]

    figure.canvas.mpl_connect("draw_event", look)
    picture(figure, "dark")
    ground = rgba("#1c2025")
    for color, channel in zip(seen, (0, 0, 1), strict=True):
        assert contrast(color, ground) >= 4.5
        assert max(color[:3]) == color[channel]
    assert figure.axes[0].get_xticklabels()[0].get_color() == "darkgreen"


def test_ticks_that_come_with_the_layout_have_the_theme_too() -> None:
    def drawn(figure: Figure) -> None:
        figure.add_subplot().plot([0, 1])

    small = made(drawn, layout="constrained", figsize=(2, 1))
    pixels = picture(small, "dark", width_px=900, height_px=700)
    expected = picture(made(drawn, "dark", layout="constrained", figsize=(9, 7)), "dark")
    np.testing.assert_array_equal(pixels[:, :60], expected[:, :60])


def test_labels_on_data_stay_as_legible_as_they_were() -> None:
    values = np.array([[0.0, 1.0]])

    def labelled(figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(values, cmap="gray", aspect="auto")
        axes.text(0, 0, "■", color="white", size=40, ha="center", va="center")
        axes.text(1, 0, "■", color="black", size=40, ha="center", va="center")

    def defaulted(figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.pcolormesh(values, cmap="gray")
        for place in (0.5, 1.5):
            axes.text(place, 0.5, "■", size=40, ha="center", va="center")

    def in_bars(figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.bar([0, 1], [1, 1], width=1, color=["black", "white"])
        axes.set(xlim=(-0.5, 1.5), ylim=(0, 1), facecolor="gray")
        for place in (0, 1):
            axes.text(place, 0.5, "■", size=40, ha="center", va="center")

    def in_bands(figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.contourf([[0.0, 1, 2], [0, 1, 2]], levels=[0, 1, 2], colors=["black", "white"])
        for place in (0.5, 1.5):
            axes.text(place, 0.5, "■", size=40, ha="center", va="center")

    for drawer in (labelled, defaulted, in_bars, in_bands):
        for name in ("light", "dark"):
            pixels = picture(made(drawer, name, figsize=(4, 2), dpi=100), name)
            for x in (100, 300):
                assert ratio(pixels[100, x], pixels[50, x]) > 4, (drawer.__name__, name, x)


def test_gaudy_boxes_and_halos_keep_what_was_legible() -> None:
    def boxed(figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.text(0.25, 0.5, "■", size=40, ha="center", va="center", bbox={"facecolor": "wheat"})
        halo = [withStroke(linewidth=8, foreground="white")]
        axes.text(0.75, 0.5, "■", size=40, ha="center", va="center", color="black", path_effects=halo)
        axes.text(0.5, 0.2, "■", size=40, ha="center", va="center", bbox={"facecolor": "white"})

    pixels = picture(made(boxed, "dark", figsize=(4, 2), dpi=100), "dark")
    assert ratio(pixels[100, 100], (245, 222, 179)) > 8
    assert tuple(pixels[100, 300]) == (0, 0, 0)
    assert ratio(pixels[160, 200], DARK_GROUND) > 8
    assert not (pixels[110:, 140:260] == 255).all(axis=2).any()


def test_holes_and_gaps_show_the_new_ground() -> None:
    def drawn(figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.pie([1, 1], startangle=90, wedgeprops={"edgecolor": "white", "linewidth": 8})
        axes.add_patch(Circle((0, 0), 0.5, color="white"))

    pixels = picture(made(drawn, figsize=(4, 4), dpi=100), "dark")
    assert tuple(pixels[200, 200]) == DARK_GROUND  # the hole
    assert tuple(pixels[80, 200]) == DARK_GROUND  # between the slices
    assert tuple(pixels[200, 80]) != DARK_GROUND


def test_what_was_made_for_a_dark_ground_is_seen_on_a_light_one() -> None:
    def dark(figure: Figure) -> None:
        figure.set_facecolor("black")
        axes = figure.add_axes((0, 0, 1, 1), facecolor="black")
        axes.plot([0, 1], [0.25, 0.25], "white", lw=8)
        axes.bar([0.5], [0.2], color="white")
        axes.set(xlim=(0, 1), ylim=(0, 1))

    pixels = picture(made(dark, figsize=(2, 2), dpi=100), "light")
    assert ratio(pixels[150, 20], (255, 255, 255)) > 10
    assert ratio(pixels[190, 100], (255, 255, 255)) > 3


def test_a_theme_is_opaque_whatever_savefig_would_do() -> None:
    with mpl.rc_context({"savefig.transparent": True, "savefig.facecolor": "red"}):
        figure = Figure(facecolor="none")
        figure.add_subplot()
        pixels = picture(figure, "dark")
        assert mpl.rcParams["savefig.facecolor"] == "red"
    assert pixels.shape[2] == 3
    assert tuple(pixels[0, 0]) == DARK_GROUND


@pytest.mark.parametrize("format", ["svg", "pdf"])
def test_vectors_have_themes_too(format: str, drawers: Mapping[str, Drawer]) -> None:
    def body(name: str) -> bytes:
        return encode([made(drawers["lines"])], format, Sizing(), 10**8, Look(name)).body

    with mpl.rc_context({"pdf.compression": 0}):
        ground = b"#1c2025" if format == "svg" else b"0.1098"
        assert ground in body("dark")
        assert ground not in body("")


def test_what_pictures_leave_uncovered_is_the_theme_s() -> None:
    body = encode([Figure((4, 1)), Figure((2, 1))], "png", Sizing(), 10**8, Look("dark")).body
    assert (np.asarray(Image.open(io.BytesIO(body))) == DARK_GROUND).all()


def test_artists_of_other_libraries_do_no_harm() -> None:
    class Odd(Artist):
        def draw(self, renderer: object) -> None:
            pass

    class OddLine(Line2D):
        def get_color(self) -> Any:
            raise AttributeError("it has no colour")

        def draw(self, renderer: object) -> None:
            pass

    figure = Figure()
    axes = figure.add_subplot()
    for artist in (Odd(), OddLine([0, 1], [0, 1])):
        axes.add_artist(artist)
    figure.add_artist(Odd())
    assert tuple(picture(figure, "dark")[0, 0]) == DARK_GROUND
