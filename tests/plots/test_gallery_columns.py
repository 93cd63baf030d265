"""What the gallery chooses to draw of a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

Importer = Callable[[str], ModuleType]


@pytest.fixture
def columns(gallery: Importer) -> Any:
    return gallery("columns")


@pytest.fixture
def read(gallery: Importer) -> Callable[[Path], pd.DataFrame]:
    function: Callable[[Path], pd.DataFrame] = gallery("reading").read_frame
    return function


@pytest.mark.parametrize(
    ("content", "x", "first"),
    [
        ("value,when\n1,2026-01-02T03:04:05\n2,2026-01-03T00:00:00\n", "when", "2026-01-02T03:04:05"),
        ("value,when\n1,2026-01-02T03:04:05+02:00\n2,2026-01-03T00:00:00+02:00\n", "when", "2026-01-02T03:04:05"),
        ("d,value\n2026/01/02,1\n2026/01/03,2\n", "d", "2026-01-02T00:00:00"),
        ("value,timestamp\n1,1767323045\n2,1767323046\n", "timestamp", "2026-01-02T03:04:05"),
        ("value,time\n1,1767323045000\n2,1767323046000\n", "time", "2026-01-02T03:04:05"),
        ("value,time\n1,0.5\n2,1\n", "time", 0.5),
        ("loss,Epoch\n5,3\n4,4\n", "Epoch", 3),
        ("depth,loss\n10,1\n20,1\n", "depth", 10),
        ("who,score\nAnna,1\nBert,2\n", "who", 0),
        ("a,b\n5,1\n3,2\n", "row", 0),
        ("kind,score\na,1\na,2\n", "row", 0),
        (",score\n0,1\n1,2\n", "Unnamed: 0", 0),
    ],
)
def test_x_is_what_the_rows_are_ordered_by(
    read: Callable[[Path], pd.DataFrame], columns: Any, tmp_path: Path, content: str, x: str, first: object
) -> None:
    (tmp_path / "data.csv").write_text(content)
    across = columns.choose_x(read(tmp_path / "data.csv"))
    value = across.values[0]
    assert (across.name, str(value.astype("datetime64[s]")) if across.is_time else value) == (x, first)


def test_times_of_several_zones_are_told_by_the_clock_of_the_first(columns: Any) -> None:
    times = columns.as_times(pd.Series(["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", None]))
    assert times.astype(str).tolist()[:2] == ["2026-03-29 01:00:00", "2026-03-29 02:00:00"]
    assert columns.as_times(pd.Series(["2026-13-45", "2026-01-01"])) is None


def test_an_index_that_pandas_kept_is_a_column(
    read: Callable[[Path], pd.DataFrame], columns: Any, tmp_path: Path
) -> None:
    index = pd.date_range("2026-01-01", periods=3, tz="Europe/Vienna", name="when")
    pd.DataFrame({"v": [1.0, 2, 3], "took": pd.to_timedelta([1, 2, 3], "h")}, index).to_parquet(tmp_path / "i.parquet")
    assert columns.choose_x(read(tmp_path / "i.parquet")).name == "when"


@pytest.mark.parametrize(
    ("series", "groups"),
    [
        ({"a": [0, 1], "b": [0, 30]}, [["a", "b"]]),
        ({"a": [0, 1], "b": [0, 300]}, [["a"], ["b"]]),
        ({"a": [0, 1], "b": [0, 300], "c": [0.2, 0.9], "d": [5, 200]}, [["a", "c"], ["b", "d"]]),
        ({"degrees": [15, 25], "pressure": [1010, 1015]}, [["degrees"], ["pressure"]]),
        ({"hours": [0, 24], "steady": [12.11, 12.13]}, [["hours", "steady"]]),
        ({"a": [0, 1], "constant": [7, 7]}, [["a", "constant"]]),
        ({"a": [0, 1], "empty": [np.nan, np.nan]}, [["a", "empty"]]),
    ],
)
def test_series_share_an_axis_unless_one_would_be_crushed(
    columns: Any, series: dict[str, list[float]], groups: list[list[str]]
) -> None:
    assert columns.share_scales({name: np.array(values, float) for name, values in series.items()}) == groups


def test_numbers_may_be_of_any_type_but_a_words_or_a_dates(columns: Any) -> None:
    frame = pd.DataFrame(
        {
            "text": ["1.5", "2"],
            "durations": pd.to_timedelta([1, 60], "s"),
            "missing": pd.array([1, None], "Int64"),
            "words": ["a", "b"],
            "dates": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "categories": pd.Categorical([1, 2]),
        }
    )
    found = columns.numeric_columns(frame)
    assert {name: array[0] for name, array in found.items()} == {"text": 1.5, "durations": 1, "missing": 1}
    with pytest.raises(ValueError, match="column 'dates' holds '2026-01-01 00:00:00', not a number"):
        columns.choose_y(frame, ["dates"])
    with pytest.raises(ValueError, match="column 'categories' holds 'category', not a number"):
        columns.choose_y(frame, ["categories"])
