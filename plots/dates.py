"""Dates, times and durations as a URL writes them. Knows nothing of parameters."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

A_DATE = "a date such as 2024-05-31, or a relative one such as today, monday or -8d"
A_DATETIME = "a date and time such as 2024-05-31T18:00, or a relative one such as now-6h, monday+8h or -8d"
A_DURATION = "a duration with its unit, such as 90s, 15min, 6h or 8d"

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS_BACK = {"today": 0, "yesterday": 1, "tomorrow": -1}
FARTHEST = timedelta(days=36_525)
LONGEST_WORD = 100  # matching takes time that grows with the square of the length

_PIECE = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(us|ms|s|min|m|h|d|w)\s*", re.ASCII)
_DURATION = re.compile(rf"(?:{_PIECE.pattern})+", re.ASCII)
_RELATIVE = re.compile(
    rf"(?P<anchor>now|{'|'.join((*DAYS_BACK, *WEEKDAYS))}|)\s*(?:(?P<sign>[+\- ])\s*(?P<offset>{_DURATION.pattern}))?",
    re.ASCII,
)
# For programs, as JSON Schema has patterns: the usual spellings of what is parsed here.
DURATION_PATTERN = f"^{_DURATION.pattern}$"
RELATIVE_PATTERN = (
    f"^(?:(?:now|{'|'.join((*DAYS_BACK, *WEEKDAYS))})(?:[+-]{_DURATION.pattern})?|[+-]{_DURATION.pattern})$"
)
_ISO_LETTERS = re.compile(r"[0-9TWZ:., +-]+")
_SPACE_FOR_PLUS = re.compile(r"(.+[T ].+) (\d\d(?::?\d\d)?)")
_DAY_US = 86_400_000_000
_MICROSECONDS = {"us": 1, "ms": 1000, "s": 10**6, "min": 60 * 10**6, "m": 60 * 10**6, "h": 3600 * 10**6}
_MICROSECONDS |= {"d": _DAY_US, "w": 7 * _DAY_US}
_LONGEST_US = 106_751 * _DAY_US  # 292 years: what pandas can hold
_UNITS_US = (
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("min", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
)


@dataclass(frozen=True, slots=True)
class RelativeTime:
    """A time that is told from now on: *anchor* is ``now``, a day's name or a weekday's; all but ``now`` at 00:00."""

    anchor: str
    offset: timedelta = timedelta()

    @property
    def word(self) -> str:
        """The one spelling of it."""
        if not self.offset:
            return self.anchor
        return f"{self.anchor}{'-' if self.offset < timedelta() else '+'}{duration_word(abs(self.offset))}"

    def at(self, now: datetime) -> datetime:
        """Return what it means at *now*, in the zone of this machine.

        Hours after a midnight are told by the clock on the wall; those before now have really passed.
        """
        if self.anchor == "now":
            return (now.astimezone(UTC) + self.offset).astimezone()
        today = now.astimezone().date()
        if self.anchor in WEEKDAYS:
            days_back = (today.weekday() - WEEKDAYS.index(self.anchor)) % 7
        else:
            days_back = DAYS_BACK[self.anchor]
        return (datetime.combine(today - timedelta(days=days_back), time()) + self.offset).astimezone()


def parse_date(word: str) -> date | RelativeTime:
    """Return the date that *word* writes. Raises ValueError, with a text for a stranger."""
    found = _relative(word)
    if found is not None:
        return found
    try:
        return date.fromisoformat(_iso(word))
    except ValueError as error:
        raise ValueError(f"expected {A_DATE}, got {quoted(word)}") from error


def parse_datetime(word: str) -> datetime | RelativeTime:
    """Return the time that *word* writes, in this machine's zone if it names none. Raises ValueError, as parse_date."""
    found = _relative(word)
    if found is not None:
        return found
    try:
        return with_zone(datetime.fromisoformat(with_plus(_iso(word))))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"expected {A_DATETIME}, got {quoted(word)}") from error


def parse_duration(word: str) -> timedelta:
    """Return the duration that *word* writes. Raises ValueError, with a text for a stranger."""
    text = word.strip().lower()
    sign = -1 if text.startswith("-") else 1
    text = text.lstrip("+-") if text[1:2].isdigit() else text
    if len(text) > LONGEST_WORD or not _DURATION.fullmatch(text):
        raise ValueError(f"expected {A_DURATION}, got {quoted(word)}")
    length_us = sum(Decimal(number) * _MICROSECONDS[unit] for number, unit in _PIECE.findall(text))
    if length_us > _LONGEST_US:
        raise ValueError(f"expected a duration of at most 292 years, got {quoted(word)}")
    return sign * timedelta(microseconds=int(length_us))


def duration_s(duration: str | float | timedelta) -> float:
    """Return *duration* in seconds; a number is one of seconds. Raises ValueError: it is none, or not above zero."""
    if isinstance(duration, str):
        duration = parse_duration(duration)
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise ValueError(f"expected {A_DURATION}, or seconds, above zero, got {quoted(str(duration))}")
    return float(seconds)


def duration_word(duration: timedelta) -> str:
    """Return the one, short spelling of *duration*: in the largest unit that needs no fraction."""
    microseconds = duration // timedelta(microseconds=1)
    unit, size = next((u, s) for u, s in _UNITS_US if microseconds % s == 0) if microseconds else ("s", 1)
    return f"{microseconds // size}{unit}"


def with_zone(moment: datetime) -> datetime:
    """Return *moment* with the zone of this machine if it has none, and with its name if it has that very offset.

    Otherwise two spellings of one time would differ in ``%Z``. Raises OverflowError: no clock here shows its year.
    """
    here = moment.astimezone()
    return here if moment.tzinfo is None or moment.utcoffset() == here.utcoffset() else moment


def without_zone(moment: datetime) -> datetime:
    """Return *moment* as a clock on this machine's wall shows it. Raises OverflowError, as with_zone."""
    return moment.astimezone().replace(tzinfo=None, fold=0)  # a clock doesn't say which of two equal hours it is


def with_plus(word: str) -> str:
    """Return *word*, a time in ISO 8601, with the plus before its offset that a URL made a space of."""
    return _SPACE_FOR_PLUS.sub(r"\1+\2", word) if len(word) <= LONGEST_WORD else word


def quoted(word: str) -> str:
    """Return *word* as a message quotes it: on one line, and cut if it is long."""
    return repr(word if len(word) <= 40 else word[:40] + "…")


def _relative(word: str) -> RelativeTime | None:
    """Return the relative time that *word* writes; None if it writes something else. A space may stand for ``+``."""
    found = _RELATIVE.fullmatch(word.lower().rstrip()) if len(word) <= LONGEST_WORD else None
    if found is None or not (found["anchor"] or found["offset"]):
        return None
    offset = parse_duration(found["offset"]) if found["offset"] else timedelta()
    if offset > FARTHEST:
        raise ValueError(f"expected at most {FARTHEST.days} days from now, got {quoted(word)}")
    return RelativeTime(found["anchor"] or "now", -offset if found["sign"] == "-" else offset)


def _iso(word: str) -> str:
    text = word.strip().upper()
    if len(text) > LONGEST_WORD or not _ISO_LETTERS.fullmatch(text):
        raise ValueError("not ISO 8601")
    return text
