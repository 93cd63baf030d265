"""Choose what to draw of a table: which column goes on x, which on y, and which share a scale.

Knows nothing of files or pictures.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MAX_SERIES = 6
MAX_TOLD = 40  # letters of a name or a cell, in a message
CRUSHED = 40  # a line that moves within less than this part of its panel's height is lost there
STILL = 0.005  # one that moves by less than this part of its size stands still
INFINITE = 1e150  # as good as: the squares of larger numbers are, and matplotlib can't scale them

TIME_NAMES = {"time", "timestamp", "date", "datetime", "day", "ts"}
COUNT_NAMES = {
    *("iteration", "iterations", "iter", "it", "step", "steps", "global_step", "epoch", "epochs", "batch", "round"),
    *("generation", "frame", "index", "idx", "t", "x", "n", "id", "seconds", "minutes", "hours", "month", "year"),
    "unnamed: 0",  # an index that pandas wrote to a CSV
}
SECONDS_SINCE_1970 = (3e8, 4e9)  # 1979 to 2096


@dataclass(frozen=True, slots=True)
class Horizontal:
    """What goes on x. *values* are numbers, datetimes, or (*texts* given) positions in *texts*."""

    name: str
    values: NDArray[Any]
    texts: tuple[str, ...] | None = None

    @property
    def is_time(self) -> bool:
        return bool(np.issubdtype(self.values.dtype, np.datetime64))

    @property
    def is_grouped(self) -> bool:
        """Say whether several rows share a text."""
        return self.texts is not None and len(self.texts) < len(self.values)

    def as_texts(self) -> list[str]:
        """Return each value as a person would write it."""
        if self.texts:
            return [self.texts[code] for code in self.values]
        if not self.is_time:
            return [f"{value:g}" for value in self.values]
        days = (self.values == self.values.astype("datetime64[D]")).all()
        return [text.replace("T", " ") for text in np.datetime_as_string(self.values, unit="D" if days else "m")]


def choose_x(frame: pd.DataFrame, x: str | None = None) -> Horizontal:
    """Return column *x*, or else the time, the count or the names that the rows are ordered by, or else their numbers.

    Raises:
        ValueError: there is no column *x*.
    """
    if x:
        require(frame, [x])
        times = as_times(frame[x])
        return _horizontal(x, frame[x] if times is None else times)
    for name, column in frame.items():
        times = as_times(column)
        if times is not None and times.notna().any():
            return _horizontal(str(name), times)
    for name in frame.columns:
        if name.lower() in COUNT_NAMES | TIME_NAMES and as_numbers(frame[name]) is not None:
            return _horizontal(name, frame[name])
    first = frame.columns[0]
    if len(frame.columns) > 1 and _orders_rows(frame[first]):
        return _horizontal(first, frame[first])
    return Horizontal("row", np.arange(len(frame)))


def choose_y(frame: pd.DataFrame, y: Sequence[str] = (), x_name: str = "", most: int = MAX_SERIES) -> dict[str, Any]:
    """Return the numbers of columns *y*, or else of the first *most* numeric ones that are not on x: arrays by name.

    Raises:
        ValueError: a column of *y* is not there, or holds no numbers, or none does.
    """
    if y:
        require(frame, y)
        return {name: _numbers_of(frame, name) for name in dict.fromkeys(y)}
    series = numeric_columns(frame, x_name)
    if not series:
        raise ValueError(f"no column of numbers to draw; the columns are: {listed(frame.columns)}")
    return dict(list(series.items())[:most])


def numeric_columns(frame: pd.DataFrame, without: str = "") -> dict[str, Any]:
    """Return the columns that hold numbers: arrays by name."""
    numbers = {name: as_numbers(frame[name]) for name in frame.columns if name != without}
    found = {name: array for name, array in numbers.items() if array is not None}
    return {name: array for name, array in found.items() if np.isfinite(array).any()} or found


def require(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Raise ValueError if one of *names* is no column."""
    for name in names:
        if name not in frame.columns:
            raise ValueError(f"no column {name!r}; the columns are: {listed(frame.columns)}")


def listed(names: Iterable[str]) -> str:
    """Return the names in one line that a person can still read."""
    names = [str(name)[:MAX_TOLD] for name in names]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def as_numbers(column: "pd.Series[Any]") -> NDArray[np.float64] | None:
    """Return the column as floats (durations: seconds), NaN where empty or infinite; None if it holds no numbers."""
    if pd.api.types.is_timedelta64_dtype(column):
        return np.asarray(column.dt.total_seconds(), float)
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return None
    try:
        numbers = pd.to_numeric(column).to_numpy(float, na_value=np.nan)
    except (ValueError, TypeError):
        return None
    return np.where(np.abs(numbers) < INFINITE, numbers, np.nan)


def as_times(column: "pd.Series[Any]") -> "pd.Series[Any] | None":
    """Return the column as datetimes without zone (the clock is that of its first row), or None if it holds no times.

    Numbers are times if the column is called so and they can be seconds or milliseconds since 1970.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.tz_localize(None) if column.dt.tz is not None else column
    if pd.api.types.is_numeric_dtype(column):
        return _times_since_1970(column)
    known = column.dropna()
    if known.empty or not all(hasattr(value, "year") or _looks_like_date(value) for value in known.iloc[[0, -1]]):
        return None
    times = pd.to_datetime(column, format="ISO8601", errors="coerce", utc=True)
    if times.isna().sum() > column.isna().sum():
        return None
    zone = pd.Timestamp(str(known.iloc[0])).tz
    return (times if zone is None else times.dt.tz_convert(zone)).dt.tz_localize(None)


def _times_since_1970(column: "pd.Series[Any]") -> "pd.Series[Any] | None":
    low, high = SECONDS_SINCE_1970
    if str(column.name).lower() not in TIME_NAMES or pd.api.types.is_bool_dtype(column) or not column.notna().any():
        return None
    for per_second in (1, 1e3, 1e6, 1e9):
        if low * per_second <= column.min() and column.max() <= high * per_second:
            return pd.to_datetime(column.astype(float) / per_second, unit="s")
    return None


def _looks_like_date(value: object) -> bool:
    text = str(value).strip()
    return isinstance(value, str) and len(text) >= 7 and text[:4].isdigit() and text[4] in "-/" and text[5].isdigit()


def _orders_rows(column: "pd.Series[Any]") -> bool:
    if column.isna().any() or not column.is_unique:
        return False
    return as_numbers(column) is None or column.is_monotonic_increasing


def _horizontal(name: str, column: "pd.Series[Any]") -> Horizontal:
    if pd.api.types.is_datetime64_any_dtype(column):
        return Horizontal(name, column.to_numpy("datetime64[us]"))
    numbers = as_numbers(column)
    if numbers is not None:
        return Horizontal(name, numbers)
    codes, texts = pd.factorize(column.astype(str))
    return Horizontal(name, codes, tuple(map(str, texts)))


def _numbers_of(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    column = frame[name]
    numbers = as_numbers(column)
    if numbers is None:
        wrong = next((value for value in column.dropna() if not isinstance(value, Number)), column.dtype)
        raise ValueError(f"column {name!r} holds {str(wrong)[:MAX_TOLD]!r}, not a number")
    return numbers


def share_scales(series: dict[str, NDArray[np.float64]]) -> list[list[str]]:
    """Return the names in groups, each of which one y axis can show without crushing a member to a flat line."""
    groups: list[list[str]] = []
    for name in series:
        fitting = (group for group in groups if _fit([series[member] for member in [*group, name]]))
        group = next(fitting, None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return groups


def _fit(arrays: Sequence[NDArray[np.float64]]) -> bool:
    """Say whether those that move at all can be seen moving on one axis."""
    ranges = np.array([(array.min(), array.max()) for array in map(_finite, arrays) if len(array)])
    if not len(ranges):
        return True
    with np.errstate(over="ignore"):
        heights = ranges[:, 1] - ranges[:, 0]
        height = ranges[:, 1].max() - ranges[:, 0].min()
    moving = heights[heights > STILL * np.abs(ranges).max(axis=1)]
    return not len(moving) or bool(moving.min() * CRUSHED >= height)


def _finite(array: NDArray[np.float64]) -> NDArray[np.float64]:
    return array[np.isfinite(array)]
