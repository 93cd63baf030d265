"""Give the axes of a figure other limits, until it is given back. Draws nothing."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from plotd.axes import is_date, iso_date, period_of, visible_axes
from plotd.look import Limit, LookError
from plotd.visible import visible_range


@contextmanager
def limited(figure: Figure, limits: Sequence[Limit]) -> Iterator[None]:
    """Let the axes of *figure* have *limits* until the block ends; those that it hasn't are no business of its.

    An axis that runs backwards still does; axes that share one follow.

    Raises:
        LookError: an axis can't have the limits asked for, or is asked to have two.
    """
    axes = list(visible_axes(figure))
    own = [limit for limit in limits if 0 <= limit.axes < len(axes)]
    asked: dict[tuple[Axes, str], tuple[Limit, object]] = {}  # by axes, those that follow included, and direction
    with ExitStack() as undo:
        for limit in sorted(own, key=lambda one: not one.low):  # what is visible can be told when all others are set
            of = axes[limit.axes]
            ends, family = _ends(of, limit), _family(of, limit)
            for one in family:
                other, theirs = asked.setdefault((one, limit.direction), (limit, ends))
                if theirs != ends:
                    why = f"they share one {limit.direction} axis, which can't have both"
                    raise LookError(why, other.option, limit.option)
            ends = ends or visible_range(of, [one for one in family if one.get_visible()])
            if ends is not None:  # else nothing is visible, so all of it fits
                _set(of, limit, ends, undo)
        yield


def _family(axes: Axes, limit: Limit) -> list[Axes]:
    """Return the axes that share with *axes*, one of them, the axis that is to have *limit*."""
    shared = axes.get_shared_x_axes() if limit.direction == "x" else axes.get_shared_y_axes()
    return shared.get_siblings(axes)


def _ends(axes: Axes, limit: Limit) -> tuple[float, float] | None:
    """Return the numbers that *limit* means, the lower one first; None if it means what is visible.

    Raises:
        LookError: *axes* can't have it.
    """
    if axes.name != "rectilinear":
        raise LookError(f"axes {limit.axes} is {_kind(axes)}: only flat ones with x and y have limits", limit.option)
    if not limit.low:
        return None
    axis: Any = axes.xaxis if limit.direction == "x" else axes.yaxis
    try:
        low, high = sorted((_number(axis, limit.low), _number(axis, limit.high)))
        _check(axis, low, high)
    except ValueError as error:
        raise LookError(str(error), limit.option) from error
    return low, high


def _set(axes: Axes, limit: Limit, ends: tuple[float, float], undo: ExitStack) -> None:
    axis: Any = axes.xaxis if limit.direction == "x" else axes.yaxis
    start, end = getattr(axes, f"get_{limit.direction}lim")()
    automatic = getattr(axes, f"get_autoscale{limit.direction}_on")()
    put = getattr(axes, f"set_{limit.direction}lim")
    undo.callback(put, start, end, auto=automatic)
    put(*(ends[::-1] if axis.get_inverted() else ends), auto=False)


def _check(axis: Any, low: float, high: float) -> None:
    """Raise ValueError if *axis* can't run from *low* to *high*."""
    if not low < high:
        raise ValueError("expected two ends that differ")
    if not math.isfinite(high - low):
        raise ValueError("expected two ends whose difference is finite")
    if tuple(axis.limit_range_for_scale(low, high)) != (low, high):
        places = {"log": "above 0", "logit": "between 0 and 1"}.get(axis.get_scale(), "where its scale has a meaning")
        raise ValueError(f"both ends must lie {places}: the axis is a {axis.get_scale()} one")
    if tuple(axis.get_major_locator().nonsingular(low, high)) != (low, high):  # set_xlim would widen it silently
        raise ValueError("expected two ends further apart: no axis has room for numbers between them")
    if is_date(axis) and None in (iso_date(axis, low), iso_date(axis, high)):
        raise ValueError("expected dates of the years 1 to 9999")


def _number(axis: Axis, word: str) -> float:
    """Return the number that *word* stands for on *axis*. Raises ValueError: none."""
    try:
        return float(word)
    except ValueError:
        pass
    if not is_date(axis):
        raise ValueError(f"expected numbers, got {word!r}: the axis shows no dates")
    time = datetime.fromisoformat(word)
    freq, units = period_of(axis), axis.get_units()  # type: ignore[no-untyped-call]
    if freq is not None:
        return _period_number(freq, time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time)
    if time.tzinfo is None and isinstance(units, tzinfo):
        time = time.replace(tzinfo=units)
    return float(mdates.date2num(time))  # type: ignore[no-untyped-call]


def _period_number(freq: Any, time: datetime) -> float:
    """Return *time* in periods: the whole ones since 1970, and how much of its own is over."""
    if freq == "B":
        day = np.busday_count("1970-01-01", time.date())
        return float(day) + (time - datetime.combine(time.date(), datetime.min.time())).total_seconds() / 86_400
    pandas = sys.modules["pandas"]  # a figure with its periods has imported it
    period = pandas.Period(time, freq=freq)
    start, following = period.start_time, (period + 1).start_time
    return float(period.ordinal + (pandas.Timestamp(time) - start) / (following - start))


def _kind(axes: Axes) -> str:
    return {"3d": "in space", "polar": "polar"}.get(axes.name, f"a map ({axes.name})")
