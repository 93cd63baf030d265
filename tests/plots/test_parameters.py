from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, AwareDatetime, Field, FilePath, NaiveDatetime
from tests.plots.signatures import read, taking

from plots.dates import RelativeTime
from plots.parameters import BadWords, Values, parse, resolve, words_of
from plots.spec import Parameter

ROOT = Path("/data")
NOW = datetime(2024, 5, 29, 12, 30, tzinfo=UTC)  # a Wednesday
Words = Sequence[tuple[str, str]]


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


def locate(word: str) -> Path:
    if word.startswith("/") and not word.startswith("/data/"):
        raise ValueError("is outside the data roots")
    return ROOT / word


def parsed(parameters: tuple[Parameter, ...], *words: str) -> Values:
    return parse(parameters, [("x", word) for word in words], locate)


def got(annotation: Any, *words: str, default: tuple[Any, ...] = ()) -> Any:
    """Return what a function with that one argument is called with."""
    parameters = taking(annotation, *default)
    return resolve(parameters, parsed(parameters, *words).given, NOW)["x"]


def canonical(parameters: tuple[Parameter, ...], *words: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return parsed(parameters, *words).words


def faults(parameters: tuple[Parameter, ...], words: Words) -> dict[str, str]:
    with pytest.raises(BadWords) as wrong:
        parse(parameters, words, locate)
    return wrong.value.fields


def fault(annotation: Any, *words: str, default: tuple[Any, ...] = ()) -> str:
    fields = faults(taking(annotation, *default), [("x", word) for word in words])
    assert list(fields) == ["x"]
    return fields["x"]


def plot_all(  # type: ignore[no-untyped-def]
    file_path,
    n: int = 1,
    lr: float = 0.1,
    log: bool = False,
    q: str = "a",
    mode: Mode = Mode.FAST,
    since: date = "now-8d",  # type: ignore[assignment]
    window: timedelta = timedelta(minutes=15),
    c: Sequence[int] = (1, 2),
    top: int | None = 5,
): ...


def test_every_parameter_is_given_and_defaults_leave_no_word() -> None:
    values = parse(read(plot_all), [("file_path", "a.csv")], locate)
    assert values.given == {
        "file_path": Path("/data/a.csv"),
        "n": 1,
        "lr": 0.1,
        "log": False,
        "q": "a",
        "mode": Mode.FAST,
        "since": RelativeTime("now", timedelta(days=-8)),
        "window": timedelta(minutes=15),
        "c": (1, 2),
        "top": 5,
    }
    assert values.words == (("file_path", ("/data/a.csv",)),)


def test_a_default_that_is_spelt_out_is_not_given() -> None:
    spelt = [
        ("n", "01"),
        ("lr", "1e-1"),
        ("log", "OFF"),
        ("q", "a"),
        ("mode", "FAST"),
        ("since", "-192h"),
        ("window", "900s"),
        ("c", "1"),
        ("c", "2"),
        ("top", "5"),
        ("file_path", "a.csv"),
        ("_", "123456"),
    ]
    assert parse(read(plot_all), spelt, locate) == parse(read(plot_all), [("file_path", "a.csv")], locate)


def test_equal_requests_have_equal_words_however_they_are_spelt() -> None:
    one = [("lr", "0.20"), ("file_path", "a.csv"), ("n", "2"), ("window", "90min"), ("log", "0"), ("log", "1")]
    other = [("window", "1h30min"), ("log", "true"), ("n", "+2"), ("lr", "2e-1"), ("file_path", "/data/./a.csv")]
    first, second = (parse(read(plot_all), words, locate) for words in (one, other))
    assert first == second
    assert first.words == (
        ("file_path", ("/data/a.csv",)),
        ("log", ("1",)),
        ("lr", ("0.2",)),
        ("n", ("2",)),
        ("window", ("90min",)),
    )


def test_canonical_words_mean_the_same_again() -> None:
    words = [
        ("file_path", "a.csv"),
        ("n", "7"),
        ("lr", "nan"),
        ("log", "1"),
        ("q", ""),
        ("mode", "SLOW"),
        ("since", "Monday"),
        ("window", "8d"),
        ("c", ""),
        ("top", ""),
    ]
    once = parse(read(plot_all), words, locate)
    again = parse(read(plot_all), [(name, word) for name, many in once.words for word in many], locate)
    assert again.words == once.words
    assert repr(again.given) == repr(once.given)
    assert dict(once.words)["top"] == dict(once.words)["c"] == dict(once.words)["q"] == ("",)


@pytest.mark.parametrize(
    ("annotation", "default", "other"),
    [
        (int, 1, "2"),
        (float, 1, "1.5"),
        (float, math.nan, "1"),
        (bool, True, "0"),
        (str, "a", ""),
        (Path, Path("a.csv"), "b.csv"),
        (Mode, Mode.FAST, "slow"),
        (Literal[1, "a"], 1, "a"),
        (date, date(2024, 5, 31), "today"),
        (datetime, "2024-05-31T12:00", "now"),
        (datetime, datetime.fromisoformat("2024-05-31T12:00"), "2024-05-31T13:00"),
        (timedelta, timedelta(hours=1), "61min"),
        (list[int], [1, 2], "1"),
        (list[date], [date(2024, 5, 31)], "now"),
        (set[str], {"b", "a"}, "a"),
        (int | None, None, "1"),
        (int | Literal["auto"], "auto", "5"),
    ],
)
def test_each_kind_of_default_can_be_written_and_left(annotation: Any, default: Any, other: str) -> None:
    parameters = taking(annotation, default)
    own = words_of(parameters[0], parameters[0].default)
    if annotation is not Path:  # a default file lies beside the plot, those of a URL below the data roots
        assert repr(parsed(parameters, *own)) == repr(parsed(parameters))
    assert canonical(parameters) == ()
    assert len(canonical(parameters, other)) == 1


def test_a_default_file_that_is_named_is_not_given() -> None:
    def function(file_path: Path = ROOT / "a.csv") -> None: ...

    assert parse(read(function), [("file_path", "a.csv")], locate).words == ()


def test_a_default_that_breaks_its_own_rules_may_be_repeated_but_no_other() -> None:
    odd = taking(Annotated[int, Field(ge=1)], 0)
    assert parsed(odd).given == parsed(odd, "0").given == {"x": 0}
    sentinel = taking(int, "auto")
    assert parsed(sentinel, "auto").given == {"x": "auto"}
    assert fault(int, "none", default=("auto",)) == "expected a whole number, got 'none'"


@pytest.mark.parametrize(
    ("annotation", "default", "value"),
    [
        (int, 1, 1),
        (float, 0.5, 0.5),
        (bool, True, True),
        (date, date(2024, 1, 1), date(2024, 1, 1)),
        (timedelta, "1h", timedelta(hours=1)),
        (Literal["a", "b"], "b", "b"),
        (Mode, Mode.SLOW, Mode.SLOW),
        (Path, Path("/data/a.csv"), Path("/data/a.csv")),
        (int | Literal["auto"], "auto", "auto"),
        (str, "a", ""),
        (None, "a", ""),
        (str | None, "a", None),
        (int | None, 5, None),
        (date | None, date(2024, 1, 1), None),
        (bool | None, True, None),
        (list[int], [1], []),
        (list[str], ["a"], []),
        (tuple[int, ...], (1,), ()),
        (set[int], {1}, set()),
        (list[int] | None, [1], None),
        (Literal["", "a"], "a", ""),
        (int | str, 5, ""),
    ],
)
def test_an_empty_word_means_not_given_but_for_text_none_and_lists(annotation: Any, default: Any, value: Any) -> None:
    found = got(annotation, "", default=(default,))
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("annotation", [int, float, bool, date, datetime, timedelta, Path, Mode, Literal["a"]])
def test_an_empty_word_for_what_is_required_is_missing(annotation: Any) -> None:
    assert fault(annotation, "").startswith("is missing: expected ")
    assert fault(annotation) == fault(annotation, "") == fault(annotation, "", "")


def test_an_empty_word_for_required_text_none_or_list_is_given() -> None:
    assert got(str, "") == ""
    assert got(int | None, "") is None
    assert got(list[int], "") == []
    for annotation in (str, int | None, list[int]):
        assert fault(annotation).startswith("is missing: expected ")


def test_an_empty_word_beside_others_is_left_out() -> None:
    assert got(list[str], "a", "", "b", "") == ["a", "b"]
    assert got(list[int], "", "1") == [1]
    assert got(list[int], "", "") == []
    assert got(int, "", "5") == 5


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["1"], True),
        (["true"], True),
        (["TRUE"], True),
        (["on"], True),
        (["0"], False),
        (["False"], False),
        (["off"], False),
        (["0", "1"], True),
        (["1", "0"], False),
        (["0", "on", ""], True),
        (["maybe", "1"], True),
        ([], True),
    ],
)
def test_of_several_words_for_a_bool_the_last_counts(words: list[str], value: bool) -> None:
    assert got(bool, *words, default=(True,)) is value


@pytest.mark.parametrize("annotation", [int, str, Path, Mode, date, datetime, timedelta, int | None, Literal["a"]])
def test_any_other_word_may_be_written_once(annotation: Any) -> None:
    assert fault(annotation, "1", "1") == "expected one value, got 2"


@pytest.mark.parametrize(
    ("annotation", "words", "value"),
    [
        (list[int], ["3", "1", "3"], [3, 1, 3]),
        (list[str], ["a"], ["a"]),
        (list[bool], ["1", "off"], [True, False]),
        (list[Path], ["a.csv", "b.csv"], [Path("/data/a.csv"), Path("/data/b.csv")]),
        (list[Mode], ["fast", "SLOW"], [Mode.FAST, Mode.SLOW]),
        (list[date], ["today", "2024-01-01"], [date(2024, 5, 29), date(2024, 1, 1)]),
        (list[timedelta], ["1h"], [timedelta(hours=1)]),
        (list[float | Literal["auto"]], ["1", "auto"], [1.0, "auto"]),
        (tuple[int, ...], ["1", "2"], (1, 2)),
        (tuple[float, float], ["1", "2"], (1.0, 2.0)),
        (set[int], ["1", "2", "1"], {1, 2}),
        (frozenset[str], ["a"], frozenset("a")),
        (Sequence[int], ["1"], [1]),
        (Annotated[list[int], AfterValidator(sorted)], ["3", "1"], [1, 3]),
    ],
)
def test_a_list_is_a_name_written_more_than_once(annotation: Any, words: list[str], value: object) -> None:
    found = got(annotation, *words)
    assert (type(found), found) == (type(value), value)


def test_the_default_of_a_list_keeps_its_type_and_is_never_shared() -> None:
    shared = [1]
    parameters = taking(None, shared)
    first, second = (resolve(parameters, parsed(parameters).given, NOW)["x"] for _ in range(2))
    assert first == second == [1]
    assert first is not second
    assert first is not shared
    assert got(None, default=((1, 2),)) == got(None, "1", "2", default=((1, 2),)) == (1, 2)


def test_equal_sets_have_equal_words() -> None:
    parameters = taking(set[str])
    assert canonical(parameters, "b", "a") == canonical(parameters, "a", "b", "a") == (("x", ("a", "b")),)
    assert parsed(parameters, "b", "a") == parsed(parameters, "a", "b")
    assert len(got(set[float], "nan", "nan", "1")) == 2


@pytest.mark.parametrize(
    ("annotation", "words", "text"),
    [
        (list[int], ["1", "a"], "expected a whole number, got 'a'"),
        (Annotated[list[int], Field(max_length=2)], ["1", "2", "3"], "expected at most 2 value(s), got 3"),
        (Annotated[list[int], Field(min_length=1)], [""], "expected at least 1 value(s), got 0"),
        (tuple[int, int], ["1"], "expected at least 2 value(s), got 1"),
        (list[Annotated[int, Field(ge=1)]], ["0"], "expected at least 1, got '0'"),
        (list[Path], ["a.csv", "/etc/passwd"], "is outside the data roots"),
    ],
)
def test_a_wrong_list_is_told(annotation: Any, words: list[str], text: str) -> None:
    assert fault(annotation, *words) == text


def test_a_function_gets_files_absolute_and_as_the_annotated_type() -> None:
    def function(file_path, one: str | None = None, log_file: str = "b.csv", p: Path = Path("c.csv")): ...  # type: ignore[no-untyped-def]

    parameters = read(function)
    values = parse(parameters, [("file_path", "runs/a.csv")], locate)
    assert values.given["file_path"] == Path("/data/runs/a.csv")
    assert resolve(parameters, values.given, NOW) == {
        "file_path": "/data/runs/a.csv",
        "one": None,
        "log_file": "/plots/run1/b.csv",
        "p": Path("/plots/run1/c.csv"),
    }


def test_a_path_may_be_none_or_an_address_of_its_authors_choice() -> None:
    def function(file_path=None, log_file="https://example.org/a", run_dir=""): ...  # type: ignore[no-untyped-def]

    parameters = read(function)
    given = parse(parameters, [("file_path", ""), ("log_file", ""), ("run_dir", "")], locate).given
    expected = {"file_path": None, "log_file": "https://example.org/a", "run_dir": ""}
    assert resolve(parameters, given, NOW) == expected


def test_a_paths_constraints_look_at_the_located_path() -> None:
    def function(file_path: Annotated[str, Field(pattern=r"\.csv$")]) -> None: ...

    assert parse(read(function), [("file_path", "a.csv")], locate).given == {"file_path": Path("/data/a.csv")}
    assert faults(read(function), [("file_path", "a.txt")]) == {
        "file_path": r"expected text that matches \.csv$, got 'a.txt'"
    }


def test_a_file_need_not_be_there_yet() -> None:
    assert got(FilePath, "nowhere.csv") == Path("/data/nowhere.csv")
    assert got(FilePath | None, "", default=(None,)) is None


def test_an_error_of_another_kind_from_locate_is_passed_on() -> None:
    class Missing(Exception): ...

    def missing(word: str) -> Path:
        raise Missing(word)

    with pytest.raises(Missing, match=r"a\.csv"):
        parse(taking(Path), [("x", "a.csv")], missing)


def test_every_field_at_fault_is_named_at_once() -> None:
    words = [
        ("n", "abc"),
        ("lr", "1"),
        ("lr", "2"),
        ("log", "maybe"),
        ("mode", "medium"),
        ("since", "8"),
        ("window", "15"),
        ("c", "x"),
        ("top", "1.5"),
        ("qq", "1"),
    ]
    assert faults(read(plot_all), words) == {
        "qq": "there is no such parameter; the nearest is 'q'",
        "file_path": "is missing: expected the path of a file or folder",
        "n": "expected a whole number, got 'abc'",
        "lr": "expected one value, got 2",
        "log": "expected 1 or 0 (or true or false, on or off), got 'maybe'",
        "mode": "expected one of 'fast', 'slow', got 'medium'",
        "since": "expected a date such as 2024-05-31, or a relative one such as today, monday or -8d, got '8'",
        "window": "expected a duration with its unit, such as 90s, 15min, 6h or 8d, got '15'",
        "c": "expected a whole number, got 'x'",
        "top": "expected a whole number, got '1.5'",
    }


@pytest.mark.parametrize(
    ("name", "nearest"), [("smoth", "smooth"), ("SMOOTH", "smooth"), ("file", "file_path"), ("zzz", "'")]
)
def test_an_unknown_name_is_told_with_the_nearest(name: str, nearest: str) -> None:
    def function(smooth: int = 1, file_path: str = "a.csv") -> None: ...

    told = faults(read(function), [(name, "1")])[name]
    assert told.startswith("there is no such parameter; the nearest is '")
    assert nearest in told


def test_a_name_where_none_is_expected_is_told() -> None:
    def function() -> None: ...

    assert faults(read(function), [("x", "1"), ("_", "2")]) == {"x": "this plot takes no parameters"}
    assert parse(read(function), [("_", "1"), ("_", "2")], locate) == Values({}, ())


def test_names_with_an_underscore_cannot_be_set() -> None:
    def function(x: int = 1, _hidden: int = 2, **more: int) -> None: ...

    assert set(faults(read(function), [("_hidden", "3"), ("more", "1")])) == {"_hidden", "more"}
    assert parse(read(function), [], locate).given == {"x": 1}


@pytest.mark.parametrize(
    "word", ["x" * 9_999, "x" * 20_000, "<script>\r\n" * 900, "\x00\x1b[31m" * 900, "\udc80" * 900]
)
def test_what_is_told_is_one_bounded_printable_line(word: str) -> None:
    def function(
        n: int, d: date, t: datetime, w: timedelta, m: Literal["a"], b: bool, f: float, i: list[int]
    ) -> None: ...

    fields = faults(read(function), [(one.name, word) for one in read(function)] + [(word, word)])
    assert len(fields) == 9
    for name, message in fields.items():
        assert len(name) <= 61
        assert len(message) <= 301
        assert name.isprintable()
        assert message.isprintable()


def test_parameters_with_the_names_of_a_models_attributes_work() -> None:
    def function(
        json: int, copy: str = "a", schema: bool = False, model_config: float = 1.0, self_: int = 0
    ) -> None: ...

    words = [("json", "5"), ("copy", "b"), ("schema", "1"), ("model_config", "2")]
    values = parse(read(function), words, locate)
    assert values.given == {"json": 5, "copy": "b", "schema": True, "model_config": 2.0, "self_": 0}


def test_relative_times_stay_words_until_they_are_resolved() -> None:
    parameters = taking(datetime)
    values = parsed(parameters, "Now-6H")
    assert values == Values({"x": RelativeTime("now", timedelta(hours=-6))}, (("x", ("now-6h",)),))
    for now in (NOW, NOW + timedelta(days=1)):
        assert resolve(parameters, values.given, now) == {"x": now - timedelta(hours=6)}


@pytest.mark.parametrize(
    ("annotation", "word", "text"),
    [
        (date, "now", "2024-05-29"),
        (date, "now-13h", "2024-05-29"),
        (date, "now-15h", "2024-05-28"),
        (date, "-8d", "2024-05-21"),
        (date, "monday", "2024-05-27"),
        (datetime, "monday+8h", "2024-05-27T08:00:00+02:00"),
        (datetime, "today", "2024-05-29T00:00:00+02:00"),
        (datetime, " 1h", "2024-05-29T15:30:00+02:00"),
        (AwareDatetime, "yesterday", "2024-05-28T00:00:00+02:00"),
        (NaiveDatetime, "yesterday", "2024-05-28T00:00:00"),
        (datetime | timedelta, "now", "2024-05-29T14:30:00+02:00"),
    ],
)
def test_a_relative_time_becomes_what_was_annotated(annotation: Any, word: str, text: str) -> None:
    assert got(annotation, word).isoformat() == text


@pytest.mark.parametrize(
    ("word", "aware", "naive"),
    [
        ("2024-05-31T12:00", "2024-05-31T12:00:00+02:00", "2024-05-31T12:00:00"),
        ("2024-01-31T12:00", "2024-01-31T12:00:00+01:00", "2024-01-31T12:00:00"),
        ("2024-05-31T12:00Z", "2024-05-31T12:00:00+00:00", "2024-05-31T14:00:00"),
        ("2024-05-31T12:00-05:00", "2024-05-31T12:00:00-05:00", "2024-05-31T19:00:00"),
        ("today", "2024-05-29T00:00:00+02:00", "2024-05-29T00:00:00"),
    ],
)
def test_a_time_has_a_zone_unless_its_author_wants_none(word: str, aware: str, naive: str) -> None:
    no_zone = datetime.fromisoformat("2020-01-01T00:00")
    with_zone: list[Any] = [(datetime, ()), (AwareDatetime, ()), (datetime, (NOW,)), (datetime | None, (None,))]
    without_zone: list[Any] = [(NaiveDatetime, ()), (datetime, (no_zone,)), (None, (no_zone,))]
    assert [got(annotation, word, default=default).isoformat() for annotation, default in with_zone] == [aware] * 4
    assert [got(annotation, word, default=default).isoformat() for annotation, default in without_zone] == [naive] * 3
    assert got(list[datetime], word, default=([no_zone],))[0].isoformat() == naive


def test_naive_times_in_different_zones_are_one_request() -> None:
    parameters = taking(NaiveDatetime)
    assert canonical(parameters, "2024-05-31T12:00Z") == canonical(parameters, "2024-05-31 14:00")


def test_a_time_keeps_the_zone_in_which_it_was_written() -> None:
    parameters = taking(datetime)
    assert parsed(parameters, "2024-05-31T12:00").words == parsed(parameters, "2024-05-31T12:00 02:00").words
    assert got(datetime, "2024-05-31T12:00+05:30").tzinfo == timezone(timedelta(hours=5, minutes=30))


def test_a_time_that_no_clock_on_this_wall_shows_is_refused() -> None:
    assert fault(NaiveDatetime, "0001-01-01T00:00+14:00").startswith("expected a date and time such as ")


def test_a_relative_time_out_of_bounds_is_refused_when_written_and_when_drawn() -> None:
    bounded = Annotated[date, Field(ge=date(2024, 5, 1))]
    assert fault(bounded, "now-36500d") == "expected at least 2024-05-01, got 'now-36500d'"
    parameters = taking(bounded)
    values = parsed(parameters, "today")
    with pytest.raises(BadWords) as wrong:
        resolve(parameters, values.given, datetime(2024, 4, 30, tzinfo=UTC))
    assert wrong.value.fields == {"x": "expected at least 2024-05-01, got 'today'"}


def test_an_error_says_all_of_it_as_text() -> None:
    assert str(BadWords({"a": "is missing", "b": "is wrong"})) == "a: is missing; b: is wrong"
