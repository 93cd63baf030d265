"""One word of a URL and the one typed value it stands for. Knows nothing of signatures, nor of what is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pydantic

from plots import dates
from plots.dates import RelativeTime, quoted
from plots.spec import Kind, Parameter

LONGEST_WORD = 10_000
LONGEST_MESSAGE = 300
MOST_CHOICES_TOLD = 10

BOOLS = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}
NOUNS: dict[Kind, str] = {
    "int": "a whole number",
    "float": "a number",
    "bool": "1 or 0 (or true or false, on or off)",
    "str": "text",
    "path": "the path of a file or folder",
    "date": dates.A_DATE,
    "datetime": dates.A_DATETIME,
    "timedelta": dates.A_DURATION,
}
# What pydantic calls a constraint, and how a stranger is told about it.
LIMITS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "finite_number": "a finite number",
    "string_too_short": "at least {min_length} character(s)",
    "string_too_long": "at most {max_length} character(s)",
    "string_pattern_mismatch": "text that matches {pattern}",
    "too_short": "at least {min_length} value(s)",
    "too_long": "at most {max_length} value(s)",
    "date_past": "a date in the past",
    "date_future": "a date in the future",
    "datetime_past": "a time in the past",
    "datetime_future": "a time in the future",
}
# A validator in an annotation is its author's code: it may raise what it likes.
RAISED_BY_AUTHORS = (ArithmeticError, AttributeError, LookupError, NameError, OSError, RuntimeError, TypeError)


def read_word(parameter: Parameter, word: str, locate: Callable[[str], Path]) -> object:
    """Return the one value of *parameter* that *word* stands for. Relative times stay relative, files are Paths.

    Raises:
        ValueError: it stands for none; the text is for a stranger.
    """
    if len(word) > LONGEST_WORD:
        raise ValueError(f"expected at most {LONGEST_WORD:,} characters, got {len(word):,}")
    if word.encode("utf-8", "ignore").decode() != word:
        raise ValueError(f"expected Unicode text, got {quoted(word)}")
    if parameter.alternatives:
        return _first_that_fits(parameter, word, locate)
    value = _parsed(parameter, word, locate)
    if isinstance(value, RelativeTime):
        settle(parameter, value, datetime.now(UTC))
        return value
    if isinstance(value, Path) and takes_text(parameter):
        return Path(validate(parameter, parameter.annotation, str(value), quoted(word)))
    checked = validate(parameter, parameter.annotation, value, quoted(word))
    return checked + 0.0 if isinstance(checked, float) else checked  # -0.0 is 0.0


def settle(parameter: Parameter, value: RelativeTime, now: datetime) -> object:
    """Return the date or time that *value* means at *now*, as the function gets it. Raises ValueError, as read_word."""
    moment = value.at(now)
    settled = moment.date() if parameter.kind == "date" else _on_its_clock(parameter, moment)
    return validate(parameter, parameter.annotation, settled, quoted(value.word))


def validate(parameter: Parameter, annotation: object, value: object, got: str) -> Any:
    """Return *value* as pydantic leaves it. Raises ValueError with a text for a stranger that quotes what it *got*."""
    checks = adapter(annotation)
    is_text = isinstance(value, str) and parameter.kind in ("int", "float", "str", "path")
    try:
        return checks.validate_strings(value) if is_text else checks.validate_python(value)
    except pydantic.ValidationError as error:
        raise ValueError(_complaint(parameter, error, got)) from error
    except RAISED_BY_AUTHORS as error:
        raise ValueError(f"could not be checked ({type(error).__name__}), got {got}") from error


def word_of(parameter: Parameter, value: object) -> str:
    """Return the word by which a URL carries *value*: equal values have equal words."""
    for one in (parameter, *parameter.alternatives):
        for word, meant in one.choices:
            if meant is value or (type(meant) is type(value) and meant == value):
                return word
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case RelativeTime():
            return value.word
        case timedelta():
            return dates.duration_word(value)
        case date():
            return value.isoformat()
        case Integral() if parameter.kind != "float":
            return str(int(value))
        case Real():
            return repr(float(value) + 0.0)
    return str(value)


def noun_of(parameter: Parameter) -> str:
    """Say what one value of *parameter* looks like."""
    if parameter.alternatives:
        return " or ".join(map(noun_of, parameter.alternatives))
    if parameter.kind != "choice":
        return NOUNS[parameter.kind]
    told = ", ".join(quoted(word) for word, _ in parameter.choices[:MOST_CHOICES_TOLD])
    return f"one of {told}{', …' if len(parameter.choices) > MOST_CHOICES_TOLD else ''}"


def takes_text(parameter: Parameter) -> bool:
    """Say whether a function gets a path as str."""
    return getattr(parameter.annotation, "__origin__", parameter.annotation) is str


def one_line(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """Return *text* fit to be shown: on one line, printable, and cut if it is long."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * longest])
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else shown[:longest] + "…"


@lru_cache(maxsize=1024)
def adapter(annotation: Any) -> pydantic.TypeAdapter[Any]:
    """Return what checks values against *annotation*: making one takes far longer than using it."""
    return pydantic.TypeAdapter(annotation)


def value_schema(annotation: Any) -> dict[str, Any]:
    """Return the JSON Schema of *annotation*; an empty one where pydantic can't tell."""
    try:
        return adapter(annotation).json_schema()
    except RAISED_BY_AUTHORS:  # pydantic's own errors are RuntimeErrors
        return {}


def _parsed(parameter: Parameter, word: str, locate: Callable[[str], Path]) -> object:
    """Return what *word* writes, before any constraint; the digits of a number are left to pydantic."""
    match parameter.kind:
        case "int" | "float" if word.isascii() and "_" not in word:
            return word.strip().lower().replace("e ", "e+")  # a URL's + often arrives as a space
        case "bool" if word.lower() in BOOLS:
            return BOOLS[word.lower()]
        case "path" if "\0" not in word:
            return locate(word)
        case "choice" if (found := _chosen(parameter, word)) is not None:
            return found
        case "date":
            return dates.parse_date(word)
        case "datetime":
            moment = dates.parse_datetime(word)
            return moment if isinstance(moment, RelativeTime) else _on_its_clock(parameter, moment)
        case "timedelta":
            return dates.parse_duration(word)
        case "str":
            return word
    raise ValueError(f"expected {noun_of(parameter)}, got {quoted(word)}")


def _chosen(parameter: Parameter, word: str) -> object:
    """Return the choice of that word; an Enum's may be named by name and by value. None: there is no such choice."""
    for known, value in parameter.choices:
        if word == known:
            return value
    for _, value in parameter.choices:
        if isinstance(value, Enum) and (type(value).__members__.get(word) is value or word == str(value.value)):
            return value
    return None


def _first_that_fits(parameter: Parameter, word: str, locate: Callable[[str], Path]) -> object:
    for alternative in parameter.alternatives:
        try:
            return read_word(alternative, word, locate)
        except ValueError:
            continue
    raise ValueError(f"expected {noun_of(parameter)}, got {quoted(word)}")


def _on_its_clock(parameter: Parameter, moment: datetime) -> datetime:
    return dates.without_zone(moment) if parameter.naive else moment


def _complaint(parameter: Parameter, error: pydantic.ValidationError, got: str) -> str:
    """Say in plain words what *error* is about."""
    first = error.errors(include_url=False, include_input=False)[0]
    context = first.get("ctx", {})
    if first["type"] in ("value_error", "assertion_error") and str(context["error"]):
        return f"{one_line(str(context['error']), LONGEST_MESSAGE - 60)}, got {got}"
    limit = LIMITS.get(first["type"])
    return f"expected {limit.format(**context) if limit else noun_of(parameter)}, got {got}"
