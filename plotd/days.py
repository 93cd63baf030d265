"""The dates and spans of time that many numbers of an axis stand for, at once."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

import numpy as np
from matplotlib import dates as mdates
from matplotlib.axis import Axis
from numpy.typing import NDArray

from plotd.axes import period_of
from plotd.series import Numbers

Times = NDArray[np.datetime64]

_DAY_US = 86_400_000_000
_LONGEST_US = 2**62  # 146,000 years: what 64 bits hold
_FIRST_DAY, _LAST_DAY = -719_161, 2_932_895  # from 1970: those of the years 1 and 9999, less one for the zones


def times_of(axis: Axis, values: Numbers) -> Times:
    """Return the times that *values* stand for on a date axis, to the microsecond, in UTC if they have a zone."""
    freq = period_of(axis)
    if freq is not None:
        return _period_times(freq, np.asarray(values, dtype=np.float64))
    days = np.where((values >= _FIRST_DAY) & (values < _LAST_DAY), values, np.nan)
    epoch = np.datetime64(mdates.get_epoch()).astype("datetime64[us]")  # type: ignore[no-untyped-call]
    whole = np.floor(days)
    times = spans_of(whole, _DAY_US) + spans_of(days - whole, _DAY_US)  # apart, so that no digit is lost
    return np.asarray(epoch + times)


def zone_of(axis: Axis) -> tzinfo | None:
    """Return the zone of the data on *axis*, if it has one."""
    units = axis.get_units()  # type: ignore[no-untyped-call]
    return units if isinstance(units, tzinfo) else None


def iso_dates(times: Times, zone: tzinfo | None, unit: Literal["s", "us"]) -> list[str]:
    """Return *times* in ISO 8601 to the *unit* (``"s"`` or ``"us"``), with the offset of *zone*; no time is empty."""
    if zone is None:
        return ["" if text == "NaT" else text for text in np.datetime_as_string(times, unit=unit).tolist()]
    timespec = "seconds" if unit == "s" else "microseconds"
    moments: Iterable[datetime | None] = times.astype("datetime64[us]").tolist()
    return ["" if one is None else one.replace(tzinfo=UTC).astimezone(zone).isoformat("T", timespec) for one in moments]


def spans_of(values: Numbers, unit_us: float) -> Any:  # numpy has no name for an array of spans
    """Return the spans of time that *values* stand for, to the microsecond, if each counts that many."""
    known = np.abs(values) * unit_us < _LONGEST_US
    spans = np.full(values.shape, np.timedelta64("NaT", "us"))
    spans[known] = np.round(values[known] * unit_us).astype("timedelta64[us]")
    return spans


def iso_spans(spans: Any) -> list[str]:
    """Return *spans* of time in ISO 8601, such as ``P1DT0H30M0S``; none is empty."""
    known: Iterable[timedelta | None] = spans.tolist()
    return ["" if one is None else _iso_span(one) for one in known]


def _iso_span(span: timedelta) -> str:
    whole, sign = abs(span), "-" if span < timedelta() else ""
    minutes, seconds = divmod(whole.seconds, 60)
    fraction = f".{whole.microseconds:06d}" if whole.microseconds else ""
    return f"{sign}P{whole.days}DT{minutes // 60}H{minutes % 60}M{seconds}{fraction}S"


def _period_times(freq: Any, values: Numbers) -> Times:
    """Return when the periods begin that *values* count, and of what lies within one, its time."""
    known = np.isfinite(values)
    whole = np.floor(values[known]).astype(np.int64)
    times = np.full(values.shape, np.datetime64("NaT", "us"))
    if freq == "B":  # business days, as periods, are something that pandas gives up
        times[known] = np.busday_offset(np.datetime64("1970-01-01", "D"), whole, roll="forward")
        return times
    pandas = sys.modules["pandas"]  # a figure with its periods has imported it
    starts, following = (
        pandas.PeriodIndex.from_ordinals(ordinals, freq=freq).to_timestamp().to_numpy().astype("datetime64[us]")
        for ordinals in (whole, whole + 1)
    )
    part = values[known] - whole
    times[known] = starts + spans_of(part * ((following - starts) / np.timedelta64(1, "us")), 1)
    return times
