"""JSON Schema of parameters, for programs: of values as JSON holds them, and of words as a URL carries them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from plots.dates import DURATION_PATTERN, RELATIVE_PATTERN
from plots.forms import file_name, label_of
from plots.parameters import BadWords, parse, words_of
from plots.spec import Parameter
from plots.words import noun_of, value_schema, word_of

TOLD = frozenset(
    "type format pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
    "minLength maxLength minItems maxItems uniqueItems".split()
)


def json_schema(parameters: Iterable[Parameter], show: Callable[[Path], str] = file_name) -> dict[str, object]:
    """Return the JSON Schema of an object that holds the *parameters*; *show* tells where a default's file is."""
    told = tuple(parameters)
    return {
        "type": "object",
        "properties": {parameter.name: _property(parameter, show) for parameter in told},
        "required": [parameter.name for parameter in told if parameter.required],
        "additionalProperties": False,
    }


def word_schema(parameter: Parameter, show: Callable[[Path], str] = file_name) -> dict[str, object]:
    """Return the JSON Schema of what a URL carries for *parameter*, where an empty word stands for none.

    Other than `json_schema`'s it knows relative times, and holds a default only if that keeps its author's own rules.
    """
    schema = _told(_value_schema(parameter, _word_schema), parameter, show)
    if schema.get("default") is None or json_example(parameter, words_of(parameter, parameter.default)) is None:
        schema.pop("default", None)
    return schema


def json_example(parameter: Parameter, words: Sequence[str]) -> object:
    """Return the value that *words*, which its author wrote, stand for, as JSON holds it; None if they are wrong."""
    bare = replace(parameter, required=True)  # its default would be right whatever the rules
    try:
        value = parse([bare], [(parameter.name, word) for word in words], Path).given[parameter.name]
    except BadWords:
        return None
    told = _json_default(replace(parameter, default=value), str)
    items = told if isinstance(told, list) else [told]
    has_nan = parameter.kind == "float" and any(isinstance(item, str) for item in items)  # JSON has no such number
    return None if has_nan else told


def _property(parameter: Parameter, show: Callable[[Path], str]) -> dict[str, object]:
    schema = _value_schema(parameter, _item_schema)
    return _told({"anyOf": [schema, {"type": "null"}]} if parameter.nullable else schema, parameter, show)


def _value_schema(parameter: Parameter, of_item: Callable[[Parameter], dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON Schema of a value, none aside, without words about it."""
    schema = of_item(parameter)
    if parameter.repeated:
        schema = {**_constraints(value_schema(parameter.whole)), "type": "array", "items": schema}
    return schema


def _told(schema: dict[str, Any], parameter: Parameter, show: Callable[[Path], str]) -> dict[str, object]:
    """Return *schema* with the words about *parameter*, and its default."""
    expected = f"Expects {noun_of(parameter)}."
    prose = f"{parameter.description.rstrip('.')}. {expected}" if parameter.description else expected
    default = {} if parameter.required else {"default": _json_default(parameter, show)}
    return {**schema, "title": label_of(parameter), "description": prose, **default}


def _item_schema(parameter: Parameter) -> dict[str, Any]:
    """Return the JSON Schema of one value, without words about it."""
    if parameter.alternatives:
        return {"anyOf": [_item_schema(one) for one in parameter.alternatives]}
    if parameter.kind == "choice":
        return {"type": "string", "enum": [word for word, _ in parameter.choices]}
    if parameter.kind == "path":
        return {"type": "string", "format": "path"}
    if parameter.kind == "timedelta":
        return {"type": "string"}  # not "duration": that is ISO 8601, and nobody types PT15M
    return _constraints(value_schema(parameter.annotation))


def _word_schema(parameter: Parameter) -> dict[str, Any]:
    """Return the JSON Schema of one word, as it is written."""
    if parameter.alternatives:
        return {"anyOf": [_word_schema(one) for one in parameter.alternatives]}
    if parameter.kind == "timedelta":
        return {"type": "string", "pattern": DURATION_PATTERN}
    schema = _item_schema(parameter)
    if parameter.kind == "path" and parameter.required:
        return {**schema, "minLength": 1}
    if parameter.kind in ("date", "datetime"):
        return {"type": "string", "anyOf": [schema, {"pattern": RELATIVE_PATTERN}]}
    return schema


def _constraints(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what *schema* says of type and range; all else is told elsewhere, or is its author's own."""
    return {
        key: value
        for key, value in schema.items()
        if key in TOLD and not (isinstance(value, float) and not math.isfinite(value))
    }


def _json_default(parameter: Parameter, show: Callable[[Path], str]) -> object:
    if not isinstance(parameter.default, tuple):
        return _json_value(parameter, parameter.default, show)
    items = [_json_value(parameter, item, show) for item in parameter.default]
    return sorted(items, key=str) if parameter.gather in (set, frozenset) else items


def _json_value(parameter: Parameter, value: object, show: Callable[[Path], str]) -> object:
    """Return *value* as JSON holds it: numbers and truth as such, all else by the word of a URL."""
    if isinstance(value, Path):
        return show(value)
    is_number = parameter.kind in ("int", "float") or parameter.alternatives
    if value is None or (isinstance(value, bool) and (parameter.kind == "bool" or is_number)):
        return value
    if is_number and isinstance(value, Real) and math.isfinite(value):
        return int(value) if isinstance(value, Integral) else float(value)
    return word_of(parameter, value)
