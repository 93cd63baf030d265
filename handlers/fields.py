"""The fields of a plot's form that stand for the service's own options, filled with the words of a URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plotd.theme import NAMES as THEMES
from plots.forms import Field
from service.looks import LIMIT

Word = tuple[str, str]

# What pages call these fields, and what stands in an empty one: phrases that they put into the reader's language.
SIZES = {"_width": "Width", "_height": "Height", "_dpi": "Dots per inch", "_scale": "Scale"}
EVERY, THEME, USUALLY = "Redraw every", "Theme", "when the data changes"
RELATIVE_WORDS = {
    "date": ("today", "yesterday", "monday", "-7d", "-30d"),
    "datetime-local": ("now-1h", "now-6h", "now-1d", "now-7d", "today", "yesterday", "monday"),
}
UNITS = {"_every": "s", "_width": "px", "_height": "px"}


def every_field(words: Sequence[Word], usual_s: float | None, min_every_s: float) -> Field:
    """Return the field that says how often to redraw, which the plot's author thinks best every *usual_s*."""
    usual = f"{usual_s:g}" if usual_s else USUALLY
    return _number(Field("_every", EVERY, "number", placeholder=usual, min=f"{min_every_s:g}"), words)


def look_fields(words: Sequence[Word]) -> tuple[Field, ...]:
    """Return the fields that say how large the picture is to be, and how it is to look.

    Limits of axes have a field where the URL gives some: a figure's axes aren't known before it's drawn.
    """
    sizes = [_number(Field(name, label, "number"), words) for name, label in SIZES.items()]
    theme = _written("_theme", words)
    unknown = tuple(word for word in theme if word not in THEMES)
    field = Field("_theme", THEME, "select", theme, ("", *THEMES, *unknown))
    limits = {name: found for name, _ in words if (found := LIMIT.fullmatch(name))}
    return (
        *sizes,
        field,
        *(Field(name, _limits_of(*at.groups()), "text", _written(name, words)) for name, at in limits.items()),
    )


def _limits_of(direction: str, axes: str | None) -> str:
    return f"{direction} limits" + (f", axes {axes}" if axes not in (None, "0") else "")


def _number(blank: Field, words: Sequence[Word]) -> Field:
    """Return a number's field, filled; as a text's if it's filled with something else: that must be seen."""
    values = _written(blank.name, words)
    is_number = all(word.replace(".", "", 1).isdecimal() for word in values)
    return replace(blank, values=values, step="any", type="number" if is_number else "text")


def _written(name: str, words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(word for given, word in words if given == name and word)
