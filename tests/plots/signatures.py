"""Parameters of functions that are made for a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from plots.signature import read_parameters
from plots.spec import Parameter

FOLDER = Path("/plots/run1")


def read(function: Callable[..., object]) -> tuple[Parameter, ...]:
    return read_parameters(function, folder=FOLDER)


def taking(annotation: Any, *default: Any) -> tuple[Parameter, ...]:
    """Return the parameter x of a function with that annotation, and perhaps default."""

    def without(x: Any) -> None: ...
    def with_default(x: Any = default[0] if default else None) -> None: ...

    function = with_default if default else without
    function.__annotations__ = {} if annotation is None else {"x": annotation}
    return read(function)
