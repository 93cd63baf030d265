from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, AllowInfNan, BeforeValidator, Field, StrictBool, StrictFloat, StrictInt

from plots.dates import RelativeTime
from plots.signature import read_parameters
from plots.spec import Parameter
from plots.words import noun_of, one_line, read_word, word_of

ROOT = Path("/data")


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


class Level(Enum):
    LOW = 1
    HIGH = 2


class Swapped(Enum):
    A = "B"
    B = 1


def parameter(annotation: Any, name: str = "x") -> Parameter:
    def function(x: Any) -> None: ...

    function.__annotations__ = {"x": annotation}
    (found,) = read_parameters(function, folder=ROOT)
    return found


def locate(word: str) -> Path:
    if word.startswith("/"):
        raise ValueError("is outside the data roots")
    return ROOT / word


def read(annotation: Any, word: str) -> object:
    return read_word(parameter(annotation), word, locate)


def refusal(annotation: Any, word: str) -> str:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the callers look at the whole text
        read(annotation, word)
    text = str(refused.value)
    for jargon in ("pydantic", "http", "Input", "validation", "type="):
        assert jargon not in text
    assert "\n" not in text
    return text


ROUND_TRIPS: list[tuple[Any, str, str]] = [
    (int, "007", "7"),
    (int, "-5", "-5"),
    (int, " 5", "5"),
    (int, "5.0", "5"),
    (float, "0.10", "0.1"),
    (float, "1e-1", "0.1"),
    (float, "-0.0", "0.0"),
    (float, "1e 22", "1e+22"),
    (float, "1E22", "1e+22"),
    (float, "5", "5.0"),
    (float, "nan", "nan"),
    (float, "Infinity", "inf"),
    (bool, "TRUE", "1"),
    (bool, "on", "1"),
    (bool, "0", "0"),
    (bool, "Off", "0"),
    (str, "", ""),
    (str, " a\nb ", " a\nb "),
    (str, "數據", "數據"),
    (Path, "run 1/a.csv", "/data/run 1/a.csv"),
    (Literal["a", 1, True], "1", "1"),
    (Literal["a", 1, True], "true", "true"),
    (Mode, "fast", "fast"),
    (Mode, "FAST", "fast"),
    (Level, "HIGH", "HIGH"),
    (Level, "2", "HIGH"),
    (date, "20240531", "2024-05-31"),
    (date, "Monday+8H", "monday+8h"),
    (datetime, "2024-05-31T12:00Z", "2024-05-31T12:00:00+00:00"),
    (datetime, "-8d", "now-8d"),
    (timedelta, "1h30min", "90min"),
    (timedelta, "900s", "15min"),
    (int | Literal["auto"], "05", "5"),
    (int | Literal["auto"], "auto", "auto"),
    (int | str, "5", "5"),
    (float | str, "1e-1", "0.1"),
    (float | str, "often", "often"),
]


@pytest.mark.parametrize(("annotation", "word", "canonical"), ROUND_TRIPS)
def test_each_value_has_one_word_that_means_it_again(annotation: Any, word: str, canonical: str) -> None:
    one = parameter(annotation)
    value = read_word(one, word, locate)
    assert word_of(one, value) == canonical
    again = read_word(one, canonical.removeprefix("/data/"), locate)
    assert repr(again) == repr(value)
    assert word_of(one, again) == canonical


@pytest.mark.parametrize(
    ("annotation", "word", "value"),
    [
        (StrictInt, "5", 5),
        (StrictFloat, "5", 5.0),
        (StrictBool, "on", True),
        (float, "1e999", float("inf")),
        (Annotated[str, AfterValidator(str.upper)], "a", "A"),
        (Annotated[float, BeforeValidator(lambda word: float(word.rstrip("%")) / 100)], "5%", 0.05),
        (Level, "1", Level.LOW),
        (Swapped, "A", Swapped.A),
        (Swapped, "B", Swapped.B),
        (date, "now-8d", RelativeTime("now", timedelta(days=-8))),
        (datetime | timedelta, "6h", timedelta(hours=6)),
        (timedelta | date, "today", RelativeTime("today")),
        (int | str, "a", "a"),
        (str | int, "5", 5),
        (bool | int, "5", 5),
    ],
)
def test_a_word_becomes_the_annotated_type(annotation: Any, word: str, value: object) -> None:
    found = read(annotation, word)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("annotation", "word", "text"),
    [
        (int, "abc", "expected a whole number, got 'abc'"),
        (int, "1.5", "expected a whole number, got '1.5'"),
        (int, "1_000", "expected a whole number, got '1_000'"),
        (int, "0x10", "expected a whole number, got '0x10'"),
        (int, "１００", "expected a whole number, got '１００'"),
        (int, "٣", "expected a whole number, got '٣'"),
        (int, "9" * 5000, f"expected a whole number, got '{'9' * 40}…'"),
        (int, "inf", "expected a whole number, got 'inf'"),
        (float, "1,5", "expected a number, got '1,5'"),
        (float, "1_0", "expected a number, got '1_0'"),
        (float, "１.５", "expected a number, got '１.５'"),
        (float, "a\nb", r"expected a number, got 'a\nb'"),
        (bool, "yes", "expected 1 or 0 (or true or false, on or off), got 'yes'"),
        (Literal["a", "b"], "A", "expected one of 'a', 'b', got 'A'"),
        (Mode, "Fast", "expected one of 'fast', 'slow', got 'Fast'"),
        (timedelta, "5", "expected a duration with its unit, such as 90s, 15min, 6h or 8d, got '5'"),
        (Path, "a\0.csv", r"expected the path of a file or folder, got 'a\x00.csv'"),
        (Path, "/etc/passwd", "is outside the data roots"),
        (str, "\udc80", r"expected Unicode text, got '\udc80'"),
        (str, "x" * 10_001, "expected at most 10,000 characters, got 10,001"),
        (int | Literal["auto"], "x", "expected a whole number or one of 'auto', got 'x'"),
    ],
)
def test_a_wrong_word_is_told_with_what_was_expected(annotation: Any, word: str, text: str) -> None:
    assert refusal(annotation, word) == text


@pytest.mark.parametrize(
    ("annotation", "word", "text"),
    [
        (Annotated[int, Field(ge=1)], "0", "expected at least 1, got '0'"),
        (Annotated[int, Field(gt=1)], "1", "expected more than 1, got '1'"),
        (Annotated[float, Field(le=0.5)], "1", "expected at most 0.5, got '1'"),
        (Annotated[float, Field(lt=0.5)], "0.5", "expected less than 0.5, got '0.5'"),
        (Annotated[int, Field(multiple_of=5)], "7", "expected a multiple of 5, got '7'"),
        (Annotated[float, Field(allow_inf_nan=False)], "nan", "expected a finite number, got 'nan'"),
        (Annotated[float, AllowInfNan(False)], "1e999", "expected a finite number, got '1e999'"),
        (Annotated[str, Field(min_length=1)], "", "expected at least 1 character(s), got ''"),
        (Annotated[str, Field(max_length=2)], "abc", "expected at most 2 character(s), got 'abc'"),
        (Annotated[str, Field(pattern="^[a-z]{2}$")], "A", "expected text that matches ^[a-z]{2}$, got 'A'"),
        (
            Annotated[date, Field(ge=date(2020, 1, 1))],
            "2019-12-31",
            "expected at least 2020-01-01, got '2019-12-31'",
        ),
        (Annotated[date, Field(ge=date(2020, 1, 1))], "now-36500d", "expected at least 2020-01-01, got 'now-36500d'"),
        (Annotated[timedelta, Field(le=timedelta(hours=1))], "2h", "expected at most 1 hour, got '2h'"),
        (Annotated[Path, Field(strict=True)], "/etc", "is outside the data roots"),
    ],
)
def test_constraints_are_told_in_plain_words(annotation: Any, word: str, text: str) -> None:
    assert refusal(annotation, word) == text


def complain(value: str) -> str:
    raise ValueError("no such station:\n" + value * 1000)


def test_an_authors_own_validator_speaks_for_itself_on_one_bounded_line() -> None:
    text = refusal(Annotated[str, AfterValidator(complain)], "abc")
    assert text.startswith("no such station: abcabc")
    assert len(text) < 300


@pytest.mark.parametrize("raised", [ZeroDivisionError, KeyError, TypeError, RecursionError])
def test_an_authors_broken_validator_is_no_failure_of_ours(raised: type[Exception]) -> None:
    def broken(value: str) -> str:
        raise raised("secret")

    text = refusal(Annotated[str, AfterValidator(broken)], "abc")
    assert text == f"could not be checked ({raised.__name__}), got 'abc'"


def test_a_hundred_choices_are_not_all_told() -> None:
    many = Literal[tuple(f"choice{number}" for number in range(100))]  # type: ignore[valid-type]
    text = refusal(many, "x")
    assert text.endswith("'choice9', …, got 'x'")


def test_a_path_is_never_read_before_it_was_located() -> None:
    class Refused(Exception): ...

    def refuse(word: str) -> Path:
        raise Refused(word)

    for annotation in (Path, Path | None, str | Path, Path | Literal["demo"]):
        with pytest.raises(Refused, match="demo"):
            read_word(parameter(annotation), "demo", refuse)


def test_a_noun_says_what_a_value_looks_like() -> None:
    assert noun_of(parameter(int)) == "a whole number"
    assert noun_of(parameter(Literal["a", "b"])) == "one of 'a', 'b'"
    assert noun_of(parameter(float | Literal["auto"])) == "a number or one of 'auto'"


def test_a_message_is_one_printable_line() -> None:
    assert one_line("a\n\tb\u2028c\x1b[31m \udc80") == "a b c [31m"
    assert one_line("x" * 1000, 60) == "x" * 60 + "…"
