"""@plot: what a function's signature can't say. Imports nothing slow: a plot file shouldn't pay for it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, TypeVar

EXECUTORS = ("threads", "processes", "dask")

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class PlotOptions:
    """What `plot` was given; a decorated function bears it as ``__plotd__``."""

    title: str | None = None
    group: str | None = None
    every: float | str | None = None
    watch: tuple[str, ...] = ()
    version: Callable[[], object] | None = None
    example: Mapping[str, object] = field(default_factory=dict)
    executor: str | None = None
    timeout: float | str | None = None


def plot(
    *,
    title: str | None = None,
    group: str | None = None,
    every: float | str | None = None,
    watch: Sequence[str] = (),
    version: Callable[[], object] | None = None,
    example: Mapping[str, object] | None = None,
    executor: str | None = None,
    timeout: float | str | None = None,
) -> Callable[[Function], Function]:
    """Say about a plot function what its signature can't; the function itself stays as it is.

    *title* and *group* are shown in the gallery. *every* redraws that often while someone looks: seconds, or text such
    as ``"5s"`` or ``"15min"``. *watch* lists files, or patterns of files, whose change redraws the plot, beside those
    that it opens. *version* is called often, so it must be cheap; when what it returns changes, the plot is redrawn.
    *example* holds parameters by name, for the thumbnail of a plot that can't be drawn without. *executor* says where
    it is drawn: ``"threads"``, ``"processes"`` or ``"dask"``; *timeout* how long that may take, as *every* does.

    Raises:
        TypeError: an argument is of the wrong type, or what is decorated is no function.
        ValueError: *every* or *timeout* isn't a positive number, a text is empty, or there is no such executor.
    """
    options = PlotOptions(
        title=_text("title", title),
        group=_text("group", group),
        every=_interval("every", every),
        watch=_texts("watch", watch),
        version=_callable("version", version),
        example=_named_values("example", example),
        executor=_executor(executor),
        timeout=_interval("timeout", timeout),
    )

    def decorate(function: Function) -> Function:
        inner: Any = getattr(function, "__func__", function)  # of a static or class method; it may bear any attribute
        if inspect.isclass(inner) or not callable(inner):
            raise TypeError(f"@plot decorates a function, not {_kind(function)}")
        inner.__plotd__ = options
        return function

    return decorate


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"@plot: {name} must be text, not {_kind(value)}")
    if not value.strip():
        raise ValueError(f"@plot: {name} is empty")
    return value


def _executor(value: object) -> str | None:
    if _text("executor", value) not in (None, *EXECUTORS):
        raise ValueError(f"@plot: executor must be one of {', '.join(EXECUTORS)}, not {value!r:.40}")
    return value if isinstance(value, str) else None


def _interval(name: str, value: object) -> float | str | None:
    if value is None or isinstance(value, str):
        return _text(name, value)
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"@plot: {name} must be a number of seconds or text such as '5s', not {_kind(value)}")
    seconds = float(value)
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"@plot: {name} must be a positive number of seconds, not {seconds}")
    return seconds


def _texts(name: str, values: object) -> tuple[str, ...]:
    if not isinstance(values, list | tuple):
        raise TypeError(f"@plot: {name} must be a list of texts, not {_kind(values)}")
    for value in values:
        if _text(f"an item of {name}", value) is None:
            raise TypeError(f"@plot: an item of {name} must be text, not None")
    return tuple(values)


def _callable(name: str, value: object) -> Callable[[], object] | None:
    if value is not None and not callable(value):
        raise TypeError(f"@plot: {name} must be a function without arguments, not {_kind(value)}")
    return value


def _named_values(name: str, values: object) -> dict[str, object]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise TypeError(f"@plot: {name} must be a dict of parameters, not {_kind(values)}")
    for key in values:
        if not isinstance(key, str):
            raise TypeError(f"@plot: the names in {name} must be text, not {_kind(key)}")
    return dict(values)


def _kind(value: object) -> str:
    return "None" if value is None else f"{type(value).__name__} {value!r:.40}"
