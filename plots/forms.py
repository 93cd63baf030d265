"""What a page's form needs to know of parameters. Knows nothing of HTML."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from plots.dates import with_zone, without_zone
from plots.parameters import BadWords, parse, words_of
from plots.spec import Parameter
from plots.words import value_schema

FieldType = Literal["number", "range", "checkbox", "text", "select", "date", "datetime-local"]
Picker = Literal["", "date", "datetime-local"]
RANGE_STEPS = 100


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; the texts *min*, *max* and *step* are empty where there is none.

    *values* are the words to show: those that were written, in their canonical spelling if they are right and letter by
    letter if they are not; else the default's. *choices* are the words to select from, an empty one for none included.
    A check box is on for ``1``; it sends nothing when it is off, so a hidden ``0`` of that name belongs before it.
    *picker* is the type of field by which a date can be picked, where this one may have to show words instead.
    """

    name: str
    label: str
    type: FieldType
    values: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    min: str = ""
    max: str = ""
    step: str = ""
    required: bool = False
    repeated: bool = False
    nullable: bool = False
    placeholder: str = ""
    description: str = ""
    is_path: bool = False
    picker: Picker = ""


def file_name(path: Path) -> str:
    """Return how a path is told to a stranger by someone who knows no roots."""
    return path.name


def form_fields(
    parameters: Iterable[Parameter],
    words: Sequence[tuple[str, str]],
    show: Callable[[Path], str] = file_name,
) -> tuple[Field, ...]:
    """Return the fields of a form that shows *words*, right or wrong; *show* tells where a default's file is."""
    return tuple(
        _field(parameter, [word for name, word in words if name == parameter.name], show) for parameter in parameters
    )


def label_of(parameter: Parameter) -> str:
    """Return what a parameter is called on a page."""
    words = parameter.title or parameter.name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _field(parameter: Parameter, written: Sequence[str], show: Callable[[Path], str]) -> Field:
    values, right = _current(parameter, written)
    shape: dict[str, Any] = {"type": "text", "values": values}
    match parameter.kind:
        case "int" | "float":
            shape |= _number(parameter, values, right)
        case "bool" if right and not (parameter.nullable or parameter.repeated):
            shape |= {"type": "checkbox"}
        case "bool" if right:
            shape |= {"type": "select", "choices": ("", "1", "0")}
        case "choice":
            shape |= {"type": "select", "choices": _choices(parameter, values)}
        case "date":
            shape |= {"type": "date" if all(map(_is_date, values)) else "text", "picker": "date"}
        case "datetime":
            shape |= {"picker": "datetime-local", **_local_times(values)}
    return Field(
        name=parameter.name,
        label=label_of(parameter),
        required=parameter.required and shape["type"] != "checkbox",
        repeated=parameter.repeated,
        nullable=parameter.nullable,
        placeholder="" if values else _placeholder(parameter, show),
        description=parameter.description,
        is_path=parameter.kind == "path",
        **shape,
    )


def _current(parameter: Parameter, written: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Return the words to show, and whether they are right. A path's are shown as written, its default not at all."""
    typed = tuple(word for word in written if word)
    if parameter.kind == "path":
        return typed, True
    try:
        value = parse([parameter], [(parameter.name, word) for word in written], Path).given[parameter.name]
    except BadWords:
        return typed, not typed
    words = words_of(parameter, value)
    return (() if words == ("",) else words), True


def _number(parameter: Parameter, values: Sequence[str], right: bool) -> dict[str, Any]:
    """Return the field of a number: a range where both ends are given, and what it is to show is something between."""
    if not all(map(_is_number, values)):
        return {"type": "text"}
    low, high, step = parameter.low, parameter.high, "any"
    if parameter.kind == "int":
        multiple = value_schema(parameter.annotation).get("multipleOf", 1)
        low = None if low is None else math.ceil(low / multiple) * multiple  # a field counts its steps from there
        high = None if high is None else math.floor(high / multiple) * multiple
        step = _number_text(multiple)
    limits = {"min": _number_text(low), "max": _number_text(high), "step": step}
    if low is None or high is None or low >= high or parameter.nullable or parameter.repeated or not right:
        return {"type": "number", **limits}
    numbers = [float(word) for word in values]
    if any(not low <= number <= high for number in numbers):
        return {"type": "number", **limits}
    return {"type": "range", **limits, "step": step if step != "any" else _range_step(low, high, numbers)}


def _range_step(low: float, high: float, numbers: Iterable[float]) -> str:
    """Return a round step, a hundredth of the range or less; any, where that would move one of *numbers*."""
    step: float = 10.0 ** math.floor(math.log10((high - low) / RANGE_STEPS))
    steps = [(number - low) / step for number in numbers]
    return f"{step:g}" if all(abs(count - round(count)) < 1e-6 for count in steps) else "any"


def _number_text(number: float | None) -> str:
    if number is None:
        return ""
    return str(int(number)) if number == int(number) else repr(number)


def _choices(parameter: Parameter, values: Sequence[str]) -> tuple[str, ...]:
    """Return the words to select from. One that is no choice is among them if it was written: it must be seen."""
    words = [word for word, _ in parameter.choices]
    may_be_empty = parameter.nullable or parameter.required or parameter.repeated
    none = [""] if may_be_empty and "" not in words else []
    return (*none, *words, *(word for word in values if word not in words))


def _is_number(word: str) -> bool:
    """Say whether a number field can show *word*."""
    try:
        return word.isascii() and math.isfinite(float(word))
    except ValueError:
        return False


def _is_date(word: str) -> bool:
    """Say whether a date field can show *word*."""
    try:
        return date.fromisoformat(word).isoformat() == word
    except ValueError:
        return False


def _local_times(words: Sequence[str]) -> dict[str, Any]:
    """Return the field of times: text where one is relative, in another zone or finer than such a field can show."""
    local = []
    for word in words:
        try:
            moment = with_zone(datetime.fromisoformat(word))
        except (ValueError, OverflowError):
            return {}
        shown = without_zone(moment)
        if shown.astimezone().utcoffset() != moment.utcoffset() or shown.microsecond % 1000:
            return {}
        local.append(shown)
    fine = (
        "milliseconds"
        if any(t.microsecond for t in local)
        else "seconds"
        if any(t.second for t in local)
        else "minutes"
    )
    values = tuple(moment.isoformat(timespec=fine) for moment in local)
    return {"type": "datetime-local", "values": values, "step": "" if fine == "minutes" else "any"}


def _placeholder(parameter: Parameter, show: Callable[[Path], str]) -> str:
    """Return what an empty field says: where the default's file is, or what a duration looks like."""
    if isinstance(parameter.default, Path):
        return show(parameter.default)
    if parameter.kind == "path" and isinstance(parameter.default, str | tuple):
        items = parameter.default if isinstance(parameter.default, tuple) else (parameter.default,)
        return ", ".join(show(item) if isinstance(item, Path) else str(item) for item in items)
    return "15min" if parameter.kind == "timedelta" else ""
