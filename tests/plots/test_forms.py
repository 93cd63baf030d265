from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field as Limits
from pydantic import NaiveDatetime
from tests.plots.signatures import read, taking

from plots.forms import Field, form_fields, label_of
from plots.parameters import parse


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


@pytest.fixture(autouse=True)
def _in_central_europe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def field(annotation: Any, *words: str, default: Sequence[Any] = ()) -> Field:
    """Return the field of an argument with that annotation, and perhaps default, when *words* are written."""
    (found,) = form_fields(taking(annotation, *default), [("x", word) for word in words])
    return found


Percent = Annotated[int, Limits(ge=0, le=100)]
Ratio = Annotated[float, Limits(ge=0, le=1)]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "number"),
        (float, "number"),
        (Annotated[int, Limits(ge=0)], "number"),
        (Percent, "range"),
        (Ratio, "range"),
        (Percent | None, "number"),
        (list[Percent], "number"),
        (Annotated[float, Limits(gt=0, lt=1)], "number"),
        (Annotated[int, Limits(gt=0, lt=10)], "range"),
        (Annotated[int, Limits(ge=5, le=5)], "number"),
        (bool, "checkbox"),
        (bool | None, "select"),
        (list[bool], "select"),
        (str, "text"),
        (None, "text"),
        (Path, "text"),
        (Literal["a", "b"], "select"),
        (Mode, "select"),
        (date, "date"),
        (datetime, "datetime-local"),
        (timedelta, "text"),
        (int | Literal["auto"], "text"),
    ],
)
def test_each_kind_has_its_field(annotation: Any, kind: str) -> None:
    found = field(annotation)
    assert (found.name, found.label, found.type, found.values) == ("x", "X", kind, ())


def test_a_field_says_what_a_page_needs_to_know() -> None:
    def function(
        file_path: str, window_s: Annotated[float | None, Limits(title="Window", description="Seconds")] = None
    ) -> None: ...

    first, second = form_fields(read(function), [])
    assert first == Field("file_path", "File path", "text", required=True, is_path=True)
    assert second == Field("window_s", "Window", "number", step="any", nullable=True, description="Seconds")


@pytest.mark.parametrize(
    ("annotation", "default", "values"),
    [
        (int, 5, ("5",)),
        (float, 1e-9, ("1e-09",)),
        (bool, True, ("1",)),
        (str, "a b", ("a b",)),
        (str, "", ()),
        (int, None, ()),
        (Mode, Mode.SLOW, ("slow",)),
        (date, date(2024, 5, 31), ("2024-05-31",)),
        (timedelta, timedelta(minutes=90), ("90min",)),
        (list[int], [2, 1], ("2", "1")),
        (list[int], [], ()),
        (Path, Path("a.csv"), ()),
    ],
)
def test_a_field_shows_the_default_until_something_is_written(annotation: Any, default: Any, values: object) -> None:
    found = field(annotation, default=(default,))
    assert found.values == values
    assert found.required is False
    assert field(annotation, "1", default=(default,)).values != values or annotation is bool


@pytest.mark.parametrize(
    ("annotation", "words", "values"),
    [
        (int, ["007"], ("7",)),
        (float, ["1E-1"], ("0.1",)),
        (bool, ["0", "ON"], ("1",)),
        (bool, ["1", "0"], ("0",)),
        (Mode, ["FAST"], ("fast",)),
        (date, ["20240531"], ("2024-05-31",)),
        (timedelta, ["90m"], ("90min",)),
        (list[int], ["1", "", "02"], ("1", "2")),
        (list[str], [""], ()),
        (int | None, [""], ()),
        (Path, ["a//b.csv"], ("a//b.csv",)),
        (str, [" a "], (" a ",)),
    ],
)
def test_right_words_are_shown_in_their_canonical_spelling(annotation: Any, words: list[str], values: object) -> None:
    assert field(annotation, *words).values == values


def test_an_empty_word_that_means_not_given_shows_the_default() -> None:
    assert field(int, "", default=(5,)).values == ("5",)
    assert field(str, "", default=("a",)).values == ()
    assert field(int | None, "", default=(5,)).values == ()


@pytest.mark.parametrize(
    ("annotation", "words", "kind"),
    [
        (int, ["abc"], "text"),
        (int, ["1.5"], "number"),
        (float, ["nan"], "text"),
        (Percent, ["150"], "number"),
        (Percent, ["5", "6"], "number"),
        (Annotated[int, Limits(ge=0, le=10, multiple_of=5)], ["7"], "number"),
        (bool, ["maybe"], "text"),
        (date, ["31.5.2024"], "text"),
        (date, ["20240531x"], "text"),
        (datetime, ["soon"], "text"),
        (timedelta, ["15"], "text"),
        (Mode, ["medium"], "select"),
        (list[int], ["1", "x"], "text"),
        (Path, ["../../etc/passwd"], "text"),
        (int | Literal["auto"], ["often"], "text"),
    ],
)
def test_wrong_words_are_shown_letter_by_letter_in_a_field_that_can(
    annotation: Any, words: list[str], kind: str
) -> None:
    found = field(annotation, *words)
    assert (found.type, found.values) == (kind, tuple(words))


def test_a_number_that_is_not_finite_is_shown_as_text() -> None:
    assert field(float, default=(float("inf"),)).type == "text"
    assert field(float, "inf").values == ("inf",)


@pytest.mark.parametrize(
    ("annotation", "default", "low", "high", "step"),
    [
        (int, 5, "", "", "1"),
        (float, 5, "", "", "any"),
        (Percent, 5, "0", "100", "1"),
        (Ratio, 0.5, "0", "1", "0.01"),
        (Ratio, 0.123, "0", "1", "any"),
        (Annotated[float, Limits(ge=-0.5, le=0.5)], 0, "-0.5", "0.5", "0.01"),
        (Annotated[float, Limits(ge=1e-6, le=1e-3)], 1e-6, "1e-06", "0.001", "1e-06"),
        (Annotated[int, Limits(gt=0, lt=11, multiple_of=5)], 5, "5", "10", "5"),
        (Annotated[float, Limits(ge=0.25)], 1, "0.25", "", "any"),
        (Annotated[int, Limits(ge=1)], 1, "1", "", "1"),
    ],
)
def test_a_number_knows_its_ends_and_its_steps(annotation: Any, default: Any, low: str, high: str, step: str) -> None:
    found = field(annotation, default=(default,))
    assert (found.min, found.max, found.step) == (low, high, step)


def test_a_default_out_of_bounds_is_shown_all_the_same() -> None:
    found = field(Percent, default=(150,))
    assert (found.type, found.values) == ("number", ("150",))


def test_a_slider_never_moves_the_value_it_shows() -> None:
    for word in ("0.123456", "0.07", "1", "0"):
        found = field(Ratio, word)
        steps = 0.0 if found.step == "any" else float(word) / float(found.step)
        assert found.type == "range"
        assert steps == pytest.approx(round(steps), abs=1e-6)


@pytest.mark.parametrize(
    ("annotation", "default", "choices"),
    [
        (Literal["a", "b"], ("a",), ("a", "b")),
        (Literal["a", "b"], (), ("", "a", "b")),
        (Literal["", "b"], (), ("", "b")),
        (Literal["a", "b"], (None,), ("", "a", "b")),
        (list[Literal["a", "b"]], (["a"],), ("", "a", "b")),
        (Mode, (Mode.FAST,), ("fast", "slow")),
        (bool | None, (None,), ("", "1", "0")),
    ],
)
def test_a_choice_may_be_empty_where_nothing_is_chosen(annotation: Any, default: Any, choices: object) -> None:
    assert field(annotation, default=default).choices == choices


def test_a_wrong_choice_is_among_the_choices_so_that_it_is_seen() -> None:
    assert field(Mode, "medium", default=(Mode.FAST,)).choices == ("fast", "slow", "medium")


def test_a_check_box_is_never_required() -> None:
    assert not field(bool).required


@pytest.mark.parametrize(
    ("annotation", "word", "kind", "shown", "step"),
    [
        (datetime, "2024-05-31T12:00", "datetime-local", "2024-05-31T12:00", ""),
        (datetime, "2024-05-31T12:00:30", "datetime-local", "2024-05-31T12:00:30", "any"),
        (datetime, "2024-05-31T12:00:00.5", "datetime-local", "2024-05-31T12:00:00.500", "any"),
        (datetime, "2024-05-31T12:00 02:00", "datetime-local", "2024-05-31T12:00", ""),
        (datetime, "2024-05-31T12:00Z", "text", "2024-05-31T12:00:00+00:00", ""),
        (datetime, "2024-05-31T12:00:00.000001", "text", "2024-05-31T12:00:00.000001+02:00", ""),
        (datetime, "2024-10-27T02:30+02:00", "datetime-local", "2024-10-27T02:30", ""),
        (datetime, "2024-10-27T02:30+01:00", "text", "2024-10-27T02:30:00+01:00", ""),
        (datetime, "now-6H", "text", "now-6h", ""),
        (NaiveDatetime, "2024-05-31T12:00Z", "datetime-local", "2024-05-31T14:00", ""),
        (date, "-8d", "text", "now-8d", ""),
        (date, "monday", "text", "monday", ""),
    ],
)
def test_a_time_that_a_picker_cannot_hold_is_shown_as_text(
    annotation: Any, word: str, kind: str, shown: str, step: str
) -> None:
    found = field(annotation, word)
    assert (found.type, found.values, found.step) == (kind, (shown,), step)
    default = field(annotation, default=(word,))
    assert (default.type, default.values, default.step) == (kind, (shown,), step)


def test_a_form_sent_back_unchanged_asks_for_the_same() -> None:
    def function(
        n: Percent = 5,
        r: Ratio = 0.123,
        t: datetime = "2024-05-31T12:00",  # type: ignore[assignment]
        d: date = "monday",  # type: ignore[assignment]
        w: timedelta = timedelta(hours=36),
        mode: Mode = Mode.SLOW,
        on: bool = True,
        q: str = "a b",
        c: Sequence[int] = (1, 2),
        top: int | None = None,
        u: float | Literal["auto"] = "auto",
        file_path: Path = Path("a.csv"),
    ) -> None: ...

    parameters = read(function)
    fields = form_fields(parameters, [])
    sent = [(one.name, word) for one in fields for word in one.values or ("",)]
    assert parse(parameters, sent, Path) == parse(parameters, [], Path)


def test_an_empty_path_shows_where_its_default_is_as_far_as_a_stranger_may_know() -> None:
    def relative(path: Path) -> str:
        return path.relative_to("/plots").as_posix()

    assert field(Path, default=(Path("a.csv"),)).placeholder == "a.csv"
    assert field(list[Path], default=([Path("a.csv"), Path("b.csv")],)).placeholder == "a.csv, b.csv"
    (found,) = form_fields(taking(Path, Path("a.csv")), [], relative)
    assert (found.placeholder, found.values) == ("run1/a.csv", ())
    (found,) = form_fields(taking(Path, Path("a.csv")), [("x", "b.csv")], relative)
    assert (found.placeholder, found.values) == ("", ("b.csv",))


def test_an_empty_duration_shows_an_example() -> None:
    assert field(timedelta).placeholder == "15min"
    assert field(timedelta, "1h").placeholder == ""


def test_words_of_other_names_do_no_harm() -> None:
    (found,) = form_fields(taking(int, 5), [("y", "7"), ("_", "1"), ("x", "6")])
    assert found.values == ("6",)


def test_a_label_is_the_name_in_words() -> None:
    def function(file_path: str, lr_: float, URL: str) -> None: ...  # noqa: N803 - authors do

    assert [label_of(one) for one in read(function)] == ["File path", "Lr", "URL"]
