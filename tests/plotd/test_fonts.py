"""Fonts that stand in for a text's own."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tests.plotd.conftest import DRAWERS

from plotd import fonts

FORMATS = {"png": None, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
USUAL = str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


@pytest.fixture(autouse=True)
def _installed() -> None:
    fonts.install()


def titled(title: str, **options: object) -> Figure:
    figure = Figure(figsize=(3, 1))
    figure.suptitle(title, **options)
    return figure


def saved(figure: Figure, ending: str) -> bytes:
    body = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "plotd"}):
        figure.savefig(body, format=ending, metadata=FORMATS[ending])
    return body.getvalue()


def pixels(figure: Figure) -> np.ndarray:
    canvas: Any = FigureCanvasAgg(figure)  # Any: its stubs leave out types
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("family", ["sans-serif", "serif", "monospace", "cmr10"])
@pytest.mark.parametrize("letters", ["损失", "ロス", "손실"])
def test_letters_of_the_east_are_no_boxes_whatever_the_font(family: str, letters: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of each glyph that it lacks
        one, other = (pixels(titled(letter, family=family)) for letter in letters)
    assert (one != 255).any()
    assert (one != other).any(), "two boxes look the same"


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_they_are_there_in_drawings_too(ending: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, other = (saved(titled(letter), ending) for letter in "损失")
    assert len(one) > 500
    assert one != other


@pytest.mark.parametrize(("name", "ending"), [*((name, "png") for name in DRAWERS), ("lines", "svg"), ("lines", "pdf")])
def test_a_picture_without_them_is_the_same_byte_for_byte(
    name: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn() -> bytes:
        figure = Figure()
        DRAWERS[name](figure)
        return saved(figure, ending)

    with_stand_ins = drawn()
    monkeypatch.setattr(fonts, "stand_ins", tuple)
    assert drawn() == with_stand_ins


def test_a_font_is_chosen_by_the_letters_of_a_text() -> None:
    assert fonts.font_for("Loss ä €", USUAL) == USUAL
    assert fonts.font_for("a file 数据.csv", USUAL) in fonts.stand_ins()
    assert fonts.font_for("\ue000", USUAL) == USUAL, "no font has it"


def test_what_only_bears_the_name_of_a_font_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_stand_ins: Callable[[], tuple[str, ...]]
) -> None:
    broken, gone, sound = tmp_path / "NotoSansCJK.ttc", tmp_path / "SourceHanSans.otf", fonts.stand_ins()[0]
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(broken), str(gone), USUAL, sound])
    assert fresh_stand_ins() == (sound,)


def test_where_no_such_font_is_installed_nothing_stands_in(
    monkeypatch: pytest.MonkeyPatch, fresh_stand_ins: Callable[[], tuple[str, ...]]
) -> None:
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [USUAL])
    assert fresh_stand_ins() == ()


@pytest.fixture
def fresh_stand_ins() -> Callable[[], tuple[str, ...]]:
    """Look for fonts anew, whatever was found before."""
    look: Callable[[], tuple[str, ...]] = fonts.stand_ins.__wrapped__
    return look
