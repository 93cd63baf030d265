"""What a URL's options ask of a picture beyond its size: a theme, and the limits of its axes. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits of one direction of axes number *axes*, as `AxesDescription` counts them.

    *low* and *high* are canonical words, the lower one first: both numbers, or both dates in ISO 8601; both are empty
    where the axis is to fit what is visible.
    """

    direction: Literal["x", "y"]
    axes: int
    low: str = ""
    high: str = ""

    @property
    def option(self) -> str:
        """The name of the option that asks for it."""
        return f"_{self.direction}lim.{self.axes}"


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is to look; by default as its author made it. *theme* is one of `plotd.theme.NAMES`."""

    theme: str = ""
    limits: tuple[Limit, ...] = ()

    def from_axes(self, first: int) -> Look:
        """Return what it means to a figure whose axes are counted from *first* on."""
        if not first:
            return self
        return replace(self, limits=tuple(replace(one, axes=one.axes - first) for one in self.limits))


AS_MADE = Look()


class LookError(ValueError):
    """A figure can't look as *options* ask it to, for the same reason each."""

    def __init__(self, why: str, *options: str) -> None:
        super().__init__(why, *options)
        self.why = why
        self.options = options

    def __str__(self) -> str:
        return f"{' and '.join(self.options)}: {self.why}"
