from __future__ import annotations

import io
import re

import pytest
from matplotlib.figure import Figure
from PIL import Image

from plotd.encode import Encoded, Sizing, TooManyPixels, encode
from plotd.sheet import Sheet

SIZINGS = [Sizing(), Sizing(width_px=120.0), Sizing(dpi=30, scale=2)]


def figures() -> list[Figure]:
    made = [Figure(figsize=(3, 2), dpi=50), Figure(figsize=(2, 1), dpi=80)]
    for number, figure in enumerate(made):
        figure.add_subplot(title=f"Title {number}").plot([1, 3, 2], label="line")
    return made


def on_a_sheet(drawn: list[Figure], format: str, sizing: Sizing) -> Encoded:
    sheet = Sheet(format, sizing, 10**6)
    for figure in drawn:
        sheet.add(figure)
    assert len(sheet) == len(drawn)
    return sheet.encoded()


@pytest.mark.parametrize("sizing", SIZINGS)
@pytest.mark.parametrize("format", ["png", "svg"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_sheet_is_what_encode_makes_of_the_figures_together(format: str, sizing: Sizing, count: int) -> None:
    assert on_a_sheet(figures()[:count], format, sizing) == encode(figures()[:count], format, sizing, 10**6)


def test_what_becomes_of_a_figure_later_shows_no_more() -> None:
    [first, _], sheet = figures(), Sheet("png", Sizing(), 10**6)
    sheet.add(first)
    first.set_facecolor("black")
    assert sheet.encoded() == encode(figures()[:1], "png", Sizing(), 10**6)


def test_a_figure_for_which_there_is_no_room_is_refused_before_it_is_drawn() -> None:
    [first, second], sheet = figures(), Sheet("png", Sizing(), 160 * 179)
    sheet.refuse(first)
    sheet.add(first)
    for refuse in (sheet.refuse, sheet.add):
        with pytest.raises(TooManyPixels, match="160 x 180 pixels"):
            refuse(second)
    assert Image.open(io.BytesIO(sheet.encoded().body)).size == (150, 100)


def test_the_text_of_many_figures_is_cut_where_it_gets_too_long() -> None:
    sheet = Sheet("png", Sizing(), 10**8)
    for number in range(30):
        figure = Figure(figsize=(1, 1), dpi=10)
        figure.suptitle(f"Title {number} " + "x" * 100)
        sheet.add(figure)
    alt = sheet.encoded().alt
    assert alt.startswith("Picture 1 of 30.\n")
    assert len(alt) <= 2000
    assert re.fullmatch(r"(Picture \d+ of 30\.\nTitle .*\n)+(Picture \d+ of 30\.\n)?There is more, .*", alt)
