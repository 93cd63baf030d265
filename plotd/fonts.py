"""Fonts that stand in where a text's own lacks a glyph: Chinese, Japanese and Korean are not boxes."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from matplotlib.font_manager import FontManager, findSystemFonts
from matplotlib.ft2font import FT2Font

SAMPLES = "中あ한"  # one letter of each script
# What the files of fonts that hold such letters are called, the best first.
KNOWN = (
    *("notosanscjk", "sourcehansans", "notosanssc", "notosansjp", "notosanskr", "notosanstc", "pingfang", "hiragino"),
    *("applesdgothic", "stheiti", "msyh", "yugoth", "meiryo", "malgun", "wqy", "droidsansfallback", "simhei", "nanum"),
    *(
        "ipag",
        "ipaex",
        "vl-gothic",
        "takao",
        "notoserifcjk",
        "sourcehanserif",
        "simsun",
        "uming",
        "arialuni",
        "unifont",
    ),
)


@functools.cache
def stand_ins() -> tuple[str, ...]:
    """Return the paths of as few installed fonts as hold the samples; none if there are none.

    matplotlib's own list of fonts may be older than what is installed.
    """
    chosen: list[str] = []
    missing = set(SAMPLES)
    for path in sorted(filter(_is_known, findSystemFonts()), key=_rank):
        held = {letter for letter in missing if _holds(path, letter)}
        if held:
            chosen.append(path)
            missing -= held
        if not missing:
            break
    return tuple(chosen)


def install() -> None:
    """Let the texts of all figures fall back to these fonts, whatever font their author chose."""
    owner: Any = FontManager  # Any: its stubs don't tell of this private method
    find = getattr(owner, "_find_fonts_by_props", None)
    if find is None or hasattr(find, "__wrapped__") or not stand_ins():
        return

    @functools.wraps(find)
    def find_with_stand_ins(self: FontManager, prop: Any, fontext: str = "ttf", *args: Any, **named: Any) -> list[Any]:
        found: list[Any] = find(self, prop, fontext, *args, **named)
        return [*found, *stand_ins()] if fontext == "ttf" else found

    owner._find_fonts_by_props = find_with_stand_ins


def font_for(text: str, usual: str) -> str:
    """Return the path of the font *usual*, or of one that stands in for it if it lacks a letter of *text*."""
    fit = (path for path in (usual, *stand_ins()) if _holds(path, text))
    return next(fit, usual)


def _holds(path: str, text: str) -> bool:
    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):  # whatever bears such a name
        return False
    return all(font.get_char_index(ord(letter)) for letter in text)


def _is_known(path: str) -> bool:
    return any(name in Path(path).name.lower() for name in KNOWN)


def _rank(path: str) -> tuple[int, bool, int, str]:
    """Order the known fonts, of one family the plain style first."""
    name = Path(path).name.lower()
    return next(n for n, known in enumerate(KNOWN) if known in name), "regular" not in name, len(name), path
