"""What a URL may say of a picture's look, and that equal wishes are one."""

from __future__ import annotations

import pytest

from plotd.look import Limit, Look
from service.looks import read_look

EXPECTED = r"expected low,high: two numbers, or two dates in ISO 8601, got "


def look(**words: str) -> Look:
    """Return the look that *words* ask for; N of an option is written after two underscores."""
    fields: dict[str, str] = {}
    found = read_look({name.replace("__", "."): word for name, word in words.items()}, fields)
    assert not fields
    return found


def test_nothing_asked_is_nothing_changed() -> None:
    assert look() == look(_theme="", _xlim="", _ylim__3="", _width="5") == Look()


def test_a_theme_is_named() -> None:
    assert look(_theme="dark") == Look("dark")
    assert look(_theme="seaborn-v0_8-white") == Look("seaborn-v0_8-white")


@pytest.mark.parametrize(
    "words",
    [
        ["0,10", "0.0,1e1", " 0 , +10 ", "-0,10", "10,0"],
        ["2024-01-01,2024-01-02", "20240101,2024-01-02T00:00", "2024-01-02,2024-01-01"][::2],
        ["2024-01-01T00:00Z,2024-01-02T00:00Z", "2024-01-01T01:00+01:00,2024-01-01T23:00-01:00"],
        ["0.1,0.30000000000000004", "0.1,0.3000000000000000444"],
    ],
    ids=str,
)
def test_equal_limits_are_one_however_they_are_spelt(words: list[str]) -> None:
    assert len({look(_xlim=word) for word in words}) == 1
    assert look(_xlim=words[0]) == look(_xlim__0=words[-1])


def test_limits_of_several_axes_are_kept_apart_and_in_order() -> None:
    one = look(_ylim__1="auto", _xlim__10="1,2", _xlim__2="2024-01-01,2024-01-02T06:30")
    assert one.limits == (
        Limit("x", 2, "2024-01-01T00:00:00", "2024-01-02T06:30:00"),
        Limit("x", 10, "1.0", "2.0"),
        Limit("y", 1),
    )
    assert one == look(_xlim__2="2024-01-01,2024-01-02T06:30", _xlim__10="1,2", _ylim__1="auto")
    assert [limit.option for limit in one.limits] == ["_xlim.2", "_xlim.10", "_ylim.1"]


def test_a_space_stands_for_the_plus_of_an_offset_where_it_can_be_nothing_else() -> None:
    meant = look(_xlim="2026-01-01T00:00+02:00,2026-01-02T00:00:00.5+02:00")
    assert look(_xlim="2026-01-01T00:00 02:00,2026-01-02 00:00:00.5 0200") == meant
    assert look(_xlim="2026-01-01 02:00,2026-01-02").limits[0].low == "2026-01-01T02:00:00"


@pytest.mark.parametrize(
    ("name", "word", "why"),
    [
        (
            "_theme",
            "drak",
            r"^there is no theme 'drak': expected light, dark or the name of a style; did you mean dark\?$",
        ),
        ("_theme", "../x.mplstyle", "there is no theme"),
        ("_theme", "https://example.org/x.mplstyle", "there is no theme"),
        ("_theme", "DARK", "there is no theme"),
        ("_xlim", "1", EXPECTED),
        ("_xlim", "1,2,3", EXPECTED),
        ("_xlim", ",", EXPECTED),
        ("_xlim", "1,", EXPECTED),
        ("_xlim", "1,2024-01-01", EXPECTED),
        ("_xlim", "1_0,2", EXPECTED),
        ("_xlim", "\N{ARABIC-INDIC DIGIT ONE},2", EXPECTED),
        ("_xlim", "now-6h,now", EXPECTED),
        ("_xlim", "2024-02-30,2024-03-01", EXPECTED),
        ("_xlim", "auto", EXPECTED),
        ("_ylim", "auto,1", EXPECTED),
        ("_xlim", "1,1.0", "expected two finite numbers that differ, got '1,1.0'"),
        ("_xlim", "nan,1", "expected two finite numbers"),
        ("_xlim", "0,inf", "expected two finite numbers"),
        ("_xlim", "0,1e999", "expected two finite numbers"),
        ("_ylim", "-1e308,1e308", "^expected two numbers whose difference is finite, got '-1e308,1e308'$"),
        ("_xlim", "2024-01-01,2024-01-01T00:00", "expected two dates that differ"),
        ("_xlim", "2024-01-01T00:00Z,2024-01-01T01:00+01:00", "expected two dates that differ"),
        ("_xlim", "2024-01-01T00:00Z,2024-01-02", "expected both dates with an offset from UTC, or both without"),
        ("_xlim", "0001-01-01T00:00+01:00,2024-01-02", EXPECTED),
    ],
)
def test_a_word_that_makes_no_sense_is_told(name: str, word: str, why: str) -> None:
    fields: dict[str, str] = {}
    read_look({name: word}, fields)
    assert list(fields) == [name]
    with pytest.raises(ValueError, match=why):
        raise ValueError(fields[name])


def test_the_same_limits_given_by_both_names_are_given_twice() -> None:
    fields: dict[str, str] = {}
    read_look({"_xlim": "1,2", "_xlim.0": "1,2", "_ylim": "1,2"}, fields)
    assert fields == {"_xlim.0": "given more than once: _xlim is that of axes 0"}
