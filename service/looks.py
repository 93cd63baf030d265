"""What the words of a URL ask of a picture's look: their form alone. What a figure makes of them, only it can tell."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from plotd.look import Limit, Look
from plotd.theme import NAMES as THEMES
from plots.dates import with_plus

LIMIT = re.compile(r"_([xy])lim(?:\.(0|[1-9]\d{0,2}))?")

_EXPECTED = "expected low,high: two numbers, or two dates in ISO 8601"


def read_look(given: Mapping[str, str], fields: dict[str, str]) -> Look:
    """Return the look that the options in *given*, by name, ask for. What is wrong with one goes into *fields*."""
    theme = given.get("_theme", "")
    if theme and theme not in THEMES:
        near = difflib.get_close_matches(theme, THEMES, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]}?" if near else ""
        fields["_theme"] = f"there is no theme {theme[:40]!r}: expected light, dark or the name of a style{hint}"
    limits: dict[str, Limit] = {}
    for name, word in given.items():
        match = LIMIT.fullmatch(name)
        if match is None or not word:
            continue
        try:
            limit = _limit("x" if match[1] == "x" else "y", int(match[2] or 0), word)
        except ValueError as error:
            fields[name] = str(error)
            continue
        if limit.option in limits:
            fields[name] = f"given more than once: _{match[1]}lim is that of axes 0"
        limits[limit.option] = limit
    return Look(theme, tuple(sorted(limits.values(), key=lambda one: (one.direction, one.axes))))


def _limit(direction: Literal["x", "y"], axes: int, word: str) -> Limit:
    """Return the limits that *word* means, spelt as all do who mean the same. Raises ValueError: it means none."""
    if word == "auto" and direction == "y":
        return Limit(direction, axes)
    ends = [_end(part.strip()) for part in word.split(",")]
    if len(ends) != 2:
        raise ValueError(f"{_EXPECTED}, got {word[:60]!r}")
    if isinstance(ends[0], float) and isinstance(ends[1], float):
        low, high = sorted((ends[0], ends[1]))
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"expected two finite numbers that differ, got {word[:60]!r}")
        if not math.isfinite(high - low):
            raise ValueError(f"expected two numbers whose difference is finite, got {word[:60]!r}")
        return Limit(direction, axes, f"{low!r}", f"{high!r}")
    if isinstance(ends[0], datetime) and isinstance(ends[1], datetime):
        if (ends[0].tzinfo is None) != (ends[1].tzinfo is None):
            raise ValueError(f"expected both dates with an offset from UTC, or both without, got {word[:60]!r}")
        early, late = sorted((ends[0], ends[1]))
        if early == late:
            raise ValueError(f"expected two dates that differ, got {word[:60]!r}")
        return Limit(direction, axes, early.isoformat(), late.isoformat())
    raise ValueError(f"{_EXPECTED}, got {word[:60]!r}")


def _end(word: str) -> float | datetime | None:
    """Return the number or the date that *word* is, or None."""
    if not word.isascii() or "_" in word:
        return None
    try:
        return float(word) + 0.0  # there is no negative zero
    except ValueError:
        pass
    try:
        date = datetime.fromisoformat(with_plus(word))
        return date if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
