"""Plots with a parameter of every kind. None fails for what its signature allows; small, since many are drawn."""

# mypy: disable-error-code="no-untyped-def, assignment"
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import matplotlib.pyplot as plt
from pydantic import Field

from plotd import plot


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


def plot_kinds(
    n: Annotated[int, Field(ge=1, le=50, description="Points of the line.")] = 5,
    ratio: Annotated[float, Field(gt=0, lt=1)] = 0.5,
    log: bool = False,
    q: str = "",
    mode: Mode = Mode.FAST,
    since: date = "now-8d",
    at: datetime | None = None,
    window: timedelta = timedelta(minutes=15),
    columns: list[int] = (1, 2),
    either: int | Literal["auto"] = "auto",
):
    """A parameter of every kind."""
    plt.figure(figsize=(1, 1))
    plt.plot([n, ratio, log, len(q), len(mode.value), since.year, window.days, len(columns), len(str(either))])


@plot(example={"file_path": "words.txt", "needed": "5"})
def plot_needy(file_path: Path, needed: int):
    """Nothing can be drawn without these two."""
    plt.figure(figsize=(1, 1))
    plt.plot([len(file_path.read_text())])


def plot_odd(
    n: Annotated[int, Field(ge=1)] = 0,
    ratio: float = float("nan"),
    größe: float = 1.0,  # noqa: PLC2401 - authors do
    notes_file: Path = Path("words.txt"),
):
    """Defaults that break their own rules, or that JSON can't hold."""
    plt.figure(figsize=(1, 1))
    plt.plot([ratio])


def plot_wanting(ax):
    """No URL can draw it."""
