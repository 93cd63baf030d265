from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field as Limits
from pydantic import PlainValidator
from tests.plots.signatures import read, taking

from plots.schema import json_example, json_schema, word_schema
from plots.words import word_of


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


def schema(annotation: Any, *default: Any) -> dict[str, Any]:
    told: Any = json_schema(taking(annotation, *default))
    json.dumps(told, allow_nan=False)
    found: dict[str, Any] = told["properties"]["x"]
    return found


def broken(schema: dict[str, Any]) -> None:
    raise LookupError("nobody knows")


def word(annotation: Any, *default: Any) -> dict[str, Any]:
    (parameter,) = taking(annotation, *default)
    found: dict[str, Any] = word_schema(parameter)
    json.dumps(found, allow_nan=False)
    assert (found.pop("title"), found.pop("description")[:8]) == ("X", "Expects ")
    return found


INTEGER = {"type": "integer"}
Percent = Annotated[int, Limits(ge=0, le=100)]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (str, {"type": "string"}),
        (Path, {"type": "string", "format": "path"}),
        (date, {"type": "string", "format": "date"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (timedelta, {"type": "string"}),
        (Mode, {"type": "string", "enum": ["fast", "slow"]}),
        (Literal["a", 1], {"type": "string", "enum": ["a", "1"]}),
        (Percent, {"type": "integer", "minimum": 0, "maximum": 100}),
        (
            Annotated[float, Limits(gt=0, lt=1, multiple_of=0.5)],
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.5},
        ),
        (
            Annotated[str, Limits(max_length=3, pattern="^a", examples=["a"])],
            {"type": "string", "maxLength": 3, "pattern": "^a"},
        ),
        (Annotated[float, Limits(le=float("inf"))], {"type": "number"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Annotated[list[str], Limits(max_length=3)], {"type": "array", "items": {"type": "string"}, "maxItems": 3}),
        (tuple[int, int], {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (int | Literal["auto"], {"anyOf": [{"type": "integer"}, {"type": "string", "enum": ["auto"]}]}),
        (Annotated[int, PlainValidator(int)], {}),
        (Annotated[int, Limits(json_schema_extra=broken)], {}),
        (Annotated[int, Limits(json_schema_extra={"x-unit": "s"})], {"type": "integer"}),
    ],
)
def test_json_schema_tells_type_and_limits(annotation: Any, expected: dict[str, Any]) -> None:
    found = schema(annotation)
    assert found.pop("title") == "X"
    assert found.pop("description").startswith("Expects ")
    assert found == expected


@pytest.mark.parametrize(
    ("annotation", "default", "told"),
    [
        (int, 5, 5),
        (float, 1, 1),
        (float, float("nan"), "nan"),
        (float, float("inf"), "inf"),
        (bool, True, True),
        (str, "a", "a"),
        (int, None, None),
        (Mode, Mode.FAST, "fast"),
        (date, "now-8d", "now-8d"),
        (date, date(2024, 5, 31), "2024-05-31"),
        (datetime, datetime(2024, 5, 31, tzinfo=UTC), "2024-05-31T00:00:00+00:00"),
        (timedelta, "900s", "15min"),
        (list[int], [1, 2], [1, 2]),
        (list[Mode], [Mode.SLOW], ["slow"]),
        (set[str], {"c", "a", "b"}, ["a", "b", "c"]),
        (int | Literal["auto"], 5, 5),
        (int | Literal["auto"], "auto", "auto"),
        (Path, Path("sub/a.csv"), "a.csv"),
    ],
)
def test_json_schema_tells_the_default_as_json(annotation: Any, default: Any, told: Any) -> None:
    found = schema(annotation, default)["default"]
    assert (type(found), found) == (type(told), told) or (annotation, found) == (float, told)


def test_json_schema_says_of_each_property_what_it_is() -> None:
    def function(
        since: date,
        n: Annotated[int, Limits(description="Rows to smooth.", title="Window")] = 5,
        file_path: Path = Path("a.csv"),
    ) -> None: ...

    told: Any = json_schema(read(function), lambda path: path.relative_to("/plots").as_posix())
    assert (told["type"], told["required"], told["additionalProperties"]) == ("object", ["since"], False)
    properties = told["properties"]
    assert "relative one such as today, monday or -8d" in properties["since"]["description"]
    assert properties["n"]["title"] == "Window"
    assert properties["n"]["description"] == "Rows to smooth. Expects a whole number."
    assert properties["file_path"]["title"] == "File path"
    assert properties["file_path"]["default"] == "run1/a.csv"
    assert "default" not in properties["since"]
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        (Percent, 5, {"type": "integer", "minimum": 0, "maximum": 100, "default": 5}),
        (int | None, None, {"type": "integer"}),
        (float, float("nan"), {"type": "number"}),
        (list[float], [float("nan")], {"type": "array", "items": {"type": "number"}}),
        (Percent, 500, {"type": "integer", "minimum": 0, "maximum": 100}),
        (
            Annotated[list[int], Limits(max_length=1)],
            [1, 2],
            {"type": "array", "items": {"type": "integer"}, "maxItems": 1},
        ),
        (Literal["a", "b"], "b", {"type": "string", "enum": ["a", "b"], "default": "b"}),
        (Path, Path("a.csv"), {"type": "string", "format": "path", "default": "a.csv"}),
    ],
)
def test_the_schema_of_a_word_holds_its_default_only_if_that_keeps_the_rules(
    annotation: Any, default: Any, expected: dict[str, Any]
) -> None:
    assert word(annotation, default) == expected


@pytest.mark.parametrize("text", ["now", "now-6h", "-8d", "monday+8h30min", "today", "yesterday-1.5h"])
def test_the_schema_of_a_time_knows_relative_ones(text: str) -> None:
    (parameter,) = taking(datetime, text)
    told: Any = word_schema(parameter)
    exact, relative = told["anyOf"]
    assert (exact, told["default"]) == (
        {"type": "string", "format": "date-time"},
        word_of(parameter, parameter.default),
    )
    assert re.search(relative["pattern"], text) and re.search(relative["pattern"], told["default"])
    assert not re.search(relative["pattern"], "2024-05-31") and not re.search(relative["pattern"], "")


def test_the_schema_of_a_duration_knows_its_units() -> None:
    found = word(timedelta, timedelta(minutes=15))
    assert found.pop("default") == "15min"
    assert re.search(found["pattern"], "1d 6h") and not re.search(found["pattern"], "15")


@pytest.mark.parametrize(
    ("annotation", "words", "told"),
    [
        (int, ("5",), 5),
        (bool, ("on",), True),
        (list[int], ("1", "2"), [1, 2]),
        (str, ("a",), "a"),
        (Path, ("runs/a.csv",), "runs/a.csv"),
        (datetime, ("now-6h",), "now-6h"),
        (Percent, ("500",), None),
        (int, ("a",), None),
    ],
)
def test_an_example_is_told_as_json_if_it_is_right(annotation: Any, words: tuple[str, ...], told: object) -> None:
    (parameter,) = taking(annotation, *([] if annotation is not int else [7]))
    assert json_example(parameter, words) == told
