"""Plain words for numbers, dates, labels and axes. Knows no series and no figure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator

from plotd.axes import is_date, iso_date, span_us
from plotd.series import categories, harmless, named_places

_MOST_NAMED = 12
_LONGEST_LABEL = 80
_SCALES = {"linear": "", "log": ", logarithmic"}
_MATHEMATICS = (  # in this order; what is inside braces comes before what is around them
    (re.compile(r"\\(?:math|text|operatorname|left|right|displaystyle)[a-z]*"), ""),
    (re.compile(r"\^\s*\{?\\circ\b\}?\s*"), "°"),
    (re.compile(r"\\mu(?![A-Za-z])\s*"), "µ"),
    (re.compile(r"\\[,;:! ]"), " "),
    (re.compile(r"\\([%&#_$])"), r"\1"),
)
_BRACES = (
    (re.compile(r"\\[dt]?frac\{(\w+)\}\{(\w+)\}"), r"\1/\2"),
    (re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}"), r"(\1)/(\2)"),
    (re.compile(r"\\sqrt\{([^{}]*)\}"), r"\\sqrt(\1)"),
    (re.compile(r"([\^_])\{(-?\w*|\\[A-Za-z]+)\}"), r"\1\2"),
    (re.compile(r"([\^_])\{([^{}]*)\}"), r"\1(\2)"),
    (re.compile(r"\\(?![dt]?frac|sqrt)([A-Za-z]+)\{([^{}]*)\}"), r"\\\1 \2"),
    (re.compile(r"(?<!\})\{([^{}]*)\}(?!\{)"), r"\1"),
)
_FINENESS = ((3600, 5), (10, 8), (0.01, 12), (0, 15))  # seconds of an axis, and the letters of HH:MM:SS.ffffff told
_OFFSET = re.compile(r"[+-]\d\d:\d\d(?::\d\d)?$")
_DOLLAR = re.compile(r"(?<!\\)\$")  # that begins or ends a formula
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")


def plain(label: str) -> str:
    """Return *label* on one line, without the markup of mathtext, and not too long."""
    parts = _DOLLAR.split(label[: _LONGEST_LABEL * 10])
    in_pairs = len(parts) % 2 == 1
    text = "".join(_spoken(part) if i % 2 else part for i, part in enumerate(parts)) if in_pairs else "$".join(parts)
    text = harmless(" ".join(text.replace(r"\$", "$").split()))
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1].rstrip() + "…"


def quoted(label: str) -> str:
    """Return *label* as `plain` does, in quotes."""
    return f'"{plain(label)}"'


def listed(words: Sequence[str]) -> str:
    """Return the first of *words* with commas, and how many more there are."""
    rest = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def sentence(words: str) -> str:
    """Return *words* with a capital and a full stop."""
    return stopped(words[:1].upper() + words[1:])


def stopped(words: str) -> str:
    """Return *words* with a full stop, unless they end with a mark of their own."""
    return words if words.endswith((".", "!", "?", "…")) else words + "."


def counted(number: int, noun: str) -> str:
    """Return how many there are: 1 point, 2,000 points."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def number(value: float) -> str:
    """Return *value* with four digits that count, or with all those before the point: 12,345, 0.1235, 1.5e-07."""
    size = abs(value)
    if not (size == 0 or 1e-4 <= size < 1e15):
        return f"{value:.4g}"
    decimals = max(0, 3 - math.floor(math.log10(size))) if size else 0
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def of_value(axis: Axis, value: float) -> str:
    """Return *value* as *axis* means it: as a date, a span of time, the name of a category or a number."""
    if is_date(axis) and (date := iso_date(axis, value)):
        return _of_date(date, axis)
    if unit_us := span_us(axis):
        return f"{'-' if value < 0 else ''}{timedelta(microseconds=abs(value) * unit_us)}"
    return plain(categories(axis).get(float(value), "")) or number(value)


def of_place(axis: Axis, value: float) -> str:
    """Return what *axis* calls the place *value*: the words of a tick that somebody put there, else as `of_value`."""
    if isinstance(axis.get_major_locator(), FixedLocator) and (name := named_places(axis).get(round(float(value), 6))):
        return plain(name)
    return of_value(axis, value)


def of_axis(axis: Axis, limits: tuple[float, float], name: str) -> str:
    """Say of *axis*, which is to be called *name*: its label, its range or the names on it, its scale."""
    low, high = sorted(float(limit) for limit in limits)
    label = axis.get_label_text()
    words = f"{name} {quoted(label)}" if label else name
    if names := [text for place, text in named_places(axis).items() if low <= place <= high]:
        return f"{words} with {listed([plain(text) for text in names])}"
    scale = _SCALES.get(axis.get_scale(), f", {axis.get_scale()} scale")
    turned = ", reversed" if limits[0] > limits[1] else ""
    return f"{words} from {of_value(axis, low)} to {of_value(axis, high)}{scale}{turned}"


def _spoken(formula: str) -> str:
    """Return a *formula* of mathtext as it can be read aloud: the names of its signs, fractions with a stroke."""
    for pattern, words in _MATHEMATICS:
        formula = pattern.sub(words, formula)
    before = ""
    while before != formula:  # from the inmost braces outwards
        before = formula
        for pattern, words in _BRACES:
            formula = pattern.sub(words, formula)
    formula = re.sub(r"(?<=[\w)])\\", r" \\", formula)
    return _COMMAND.sub(r"\1 ", formula).replace(" _", "_").replace(" ^", "^").replace(" (", "(").replace(" )", ")")


def _of_date(date: str, axis: Axis) -> str:
    """Return *date*, in ISO 8601, as finely as the range of *axis* calls for, with its offset where it has a time."""
    day, _, time = date.partition("T")
    time, sign, offset = re.match(r"([\d:.]*)([+-]?)([\d:]*)", time).groups()  # type: ignore[union-attr]
    time = time if "." in time else f"{time}.000000"
    ends = [iso_date(axis, end) for end in axis.get_view_interval()]
    low, high = (np.datetime64(_OFFSET.sub("", end) if end else day) for end in ends)
    seconds = abs(high - low) / np.timedelta64(1, "s")
    if seconds >= 7 * 86_400:
        return day
    letters = next(letters for least, letters in _FINENESS if seconds >= least)
    return f"{day} {time[:letters]}{sign}{offset}"
