from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from plots.dates import (
    RelativeTime,
    duration_s,
    duration_word,
    parse_date,
    parse_datetime,
    parse_duration,
    quoted,
    with_zone,
    without_zone,
)

CENTRAL_EUROPE = "CET-1CEST,M3.5.0,M10.5.0/3"  # spelt out: a machine may have no table of zones


@pytest.fixture(autouse=True)
def _in_central_europe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", CENTRAL_EUROPE)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone()


def at(word: str, now: str) -> str:
    """Return what *word* means at *now*, both as a clock on the wall shows it."""
    relative = parse_datetime(word)
    assert isinstance(relative, RelativeTime)
    return without_zone(relative.at(local(now))).isoformat(timespec="minutes")


@pytest.mark.parametrize("word", ["2024-05-31", " 2024-05-31", "20240531", "2024-W22-5", "2024-w22-5"])
def test_a_date_is_written_as_iso_8601_says(word: str) -> None:
    assert parse_date(word) == date(2024, 5, 31)


@pytest.mark.parametrize(
    "word", ["", " ", "31.5.2024", "2024-13-01", "2024-02-30", "1700000000", "2024-05-31T12:00", "２０２４-05-31", "8d"]
)
def test_what_is_no_date_is_refused_with_what_was_expected(word: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a date such as 2024-05-31, or .* got '"):
        parse_date(word)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("2024-05-31T18:00", "2024-05-31T18:00+02:00"),
        ("2024-01-31T18:00", "2024-01-31T18:00+01:00"),
        ("2024-05-31 18:00:30.5", "2024-05-31T18:00:30.500+02:00"),
        ("2024-05-31", "2024-05-31T00:00+02:00"),
        ("2024-05-31T18:00Z", "2024-05-31T18:00+00:00"),
        ("2024-05-31t18:00z", "2024-05-31T18:00+00:00"),
        ("2024-05-31T18:00-05:00", "2024-05-31T18:00-05:00"),
        ("20240531T1800+0530", "2024-05-31T18:00+05:30"),
    ],
)
def test_a_time_without_zone_is_one_of_this_machine(word: str, meant: str) -> None:
    expected = datetime.fromisoformat(meant)
    parsed = parse_datetime(word)
    assert isinstance(parsed, datetime)
    assert (parsed, parsed.utcoffset()) == (expected, expected.utcoffset())


@pytest.mark.parametrize("word", ["2024-05-31T18:00 05:00", "2024-05-31 18:00 05:00", "2024-05-31T18:00 05"])
def test_a_plus_that_arrived_as_a_space_is_a_plus(word: str) -> None:
    assert parse_datetime(word) == datetime(2024, 5, 31, 18, tzinfo=timezone(timedelta(hours=5)))


def test_a_space_between_date_and_time_is_no_plus() -> None:
    assert parse_datetime("2024-05-31 18:00") == local("2024-05-31T18:00")


@pytest.mark.parametrize(
    "word",
    ["0001-01-01T00:00", "9999-12-31T23:59-12:00", "2024-05-31T25:00", "2024-05-31x18:00", "now-", "now+6", "monday8h"],
)
def test_what_is_no_time_is_refused_with_what_was_expected(word: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a date and time such as 2024-05-31T18:00, or .* got '"):
        parse_datetime(word)


@pytest.mark.parametrize(
    ("word", "canonical"),
    [
        ("now", "now"),
        ("NOW-6h", "now-6h"),
        ("now - 6h", "now-6h"),
        ("now-360min", "now-6h"),
        ("now-0s", "now"),
        ("-8d", "now-8d"),
        ("+1d", "now+1d"),
        (" 1d", "now+1d"),
        ("now 1h30min", "now+90min"),
        ("Monday", "monday"),
        ("monday+8h", "monday+8h"),
        ("monday 8h", "monday+8h"),
        ("today", "today"),
        ("yesterday-1m", "yesterday-1min"),
        ("tomorrow+1w", "tomorrow+7d"),
    ],
)
def test_a_relative_time_has_one_spelling(word: str, canonical: str) -> None:
    for parse in (parse_date, parse_datetime):
        relative = parse(word)
        assert isinstance(relative, RelativeTime)
        assert relative.word == canonical
        assert parse(relative.word) == relative


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("now", "2024-05-29T14:30"),
        ("now-6h", "2024-05-29T08:30"),
        ("-8d", "2024-05-21T14:30"),
        (" 90s", "2024-05-29T14:31"),
        ("today", "2024-05-29T00:00"),
        ("yesterday", "2024-05-28T00:00"),
        ("tomorrow", "2024-05-30T00:00"),
        ("wednesday", "2024-05-29T00:00"),
        ("tuesday", "2024-05-28T00:00"),
        ("thursday", "2024-05-23T00:00"),
        ("monday+8h", "2024-05-27T08:00"),
        ("sunday-1d", "2024-05-25T00:00"),
    ],
)
def test_a_relative_time_is_told_from_now_on(word: str, meant: str) -> None:
    assert at(word, "2024-05-29T14:30:15") == meant  # a Wednesday


@pytest.mark.parametrize(
    ("word", "now", "meant"),
    [
        ("today+8h", "2024-03-31T12:00", "2024-03-31T08:00"),
        ("today+8h", "2024-10-27T12:00", "2024-10-27T08:00"),
        ("now-12h", "2024-03-31T12:00", "2024-03-30T23:00"),
        ("now-12h", "2024-10-27T12:00", "2024-10-27T01:00"),
        ("monday", "2024-04-02T12:00", "2024-04-01T00:00"),
        ("friday", "2024-04-02T12:00", "2024-03-29T00:00"),
    ],
)
def test_when_clocks_change_midnights_stay_midnights_and_hours_before_now_are_hours(
    word: str, now: str, meant: str
) -> None:
    assert at(word, now) == meant


def test_a_midnight_bears_the_offset_of_its_own_day() -> None:
    friday = parse_datetime("friday")
    assert isinstance(friday, RelativeTime)
    assert friday.at(local("2024-04-02T12:00")).isoformat() == "2024-03-29T00:00:00+01:00"


def test_now_may_come_in_any_zone_or_none() -> None:
    today = RelativeTime("today")
    for now in (datetime(2024, 5, 28, 22, 30, tzinfo=UTC), datetime.fromisoformat("2024-05-29T00:30")):
        assert today.at(now).isoformat() == "2024-05-29T00:00:00+02:00"


def test_an_offset_beyond_a_hundred_years_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 36525 days from now, got '-36526d'"):
        parse_date("-36526d")
    assert parse_date("-36525d") == RelativeTime("now", timedelta(days=-36525))


@pytest.mark.parametrize(
    ("word", "seconds", "canonical"),
    [
        ("90s", 90, "90s"),
        ("15min", 900, "15min"),
        ("15m", 900, "15min"),
        ("6h", 21_600, "6h"),
        ("8d", 691_200, "8d"),
        ("2w", 1_209_600, "14d"),
        ("1h30min", 5400, "90min"),
        ("1h 30min", 5400, "90min"),
        ("1.5h", 5400, "90min"),
        (" 15 MIN ", 900, "15min"),
        ("-15min", -900, "-15min"),
        ("+15min", 900, "15min"),
        ("0.25s", 0.25, "250ms"),
        ("250ms", 0.25, "250ms"),
        ("5us", 5e-6, "5us"),
        ("0s", 0, "0s"),
        ("60min", 3600, "1h"),
    ],
)
def test_a_duration_has_a_unit_and_one_short_spelling(word: str, seconds: float, canonical: str) -> None:
    duration = parse_duration(word)
    assert duration.total_seconds() == seconds
    assert duration_word(duration) == canonical
    assert parse_duration(canonical) == duration


@pytest.mark.parametrize(
    "word", ["", "15", "-15", "1.5", "min", "1h-30min", "--5s", "1h30", "９s", "PT15M", "1e3s", "5 y"]
)
def test_a_bare_number_is_no_duration_and_the_message_names_units(word: str) -> None:
    with pytest.raises(ValueError, match="expected a duration with its unit, such as 90s, 15min, 6h or 8d, got '"):
        parse_duration(word)


@pytest.mark.parametrize("word", ["999999999999w", "300000d"])
def test_a_duration_of_geologists_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=f"expected a duration of at most 292 years, got '{word}'"):
        parse_duration(word)


@pytest.mark.parametrize("every", ["5s", 5, 5.0, timedelta(seconds=5), "5000ms"])
def test_seconds_may_be_told_as_text_or_as_a_number(every: str | float | timedelta) -> None:
    assert duration_s(every) == 5.0
    assert type(duration_s(every)) is float


@pytest.mark.parametrize("every", ["5", "0s", "-5s", "soon", 0, -1, True, float("nan"), float("inf"), None])
def test_what_is_no_time_to_wait_is_refused(every: object) -> None:
    with pytest.raises(ValueError, match="expected a duration with its unit"):
        duration_s(every)  # type: ignore[arg-type]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("word", [" " * 9999 + "x", "now" + " " * 9999, "1h" * 5000, "-" + "1" * 9999, "9" * 9999])
def test_a_long_word_is_refused_at_once(word: str) -> None:
    for parse in (parse_date, parse_datetime, parse_duration):
        with pytest.raises(ValueError, match="expected a d") as refused:
            parse(word)
        assert len(str(refused.value)) < 200


def test_a_zone_is_added_only_where_there_is_none() -> None:
    utc = datetime(2024, 5, 31, 12, tzinfo=UTC)
    assert with_zone(utc) is utc
    assert with_zone(datetime.fromisoformat("2024-05-31T14:00")) == utc
    assert without_zone(utc).isoformat() == "2024-05-31T14:00:00"


def test_one_time_has_one_name_for_its_zone_however_it_is_written() -> None:
    names = {f"{parse_datetime(word):%H:%M %Z}" for word in ("2024-05-31T12:00", "2024-05-31T12:00+02:00")}
    assert names == {"12:00 CEST"}
    assert f"{parse_datetime('2024-05-31T12:00Z'):%H:%M %Z}" == "12:00 UTC"


def test_the_second_of_two_equal_hours_is_shown_as_the_clock_does() -> None:
    second = datetime.fromisoformat("2024-10-27T02:30+01:00")
    assert without_zone(second) == datetime.fromisoformat("2024-10-27T02:30")
    assert without_zone(second).fold == 0


def test_what_is_quoted_stays_on_one_line_and_is_cut() -> None:
    assert quoted("a\nb\udc80") == r"'a\nb\udc80'"
    assert quoted("x" * 100) == f"'{'x' * 40}…'"
