"""The JSON that plotd answers with, as types: `/-/openapi.json` makes its schemas of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict


@with_config(ConfigDict(extra="forbid"))
class Shape(TypedDict):
    """What holds nothing but what is told here."""


class Trouble(Shape):
    """What went wrong with a render."""

    code: str
    message: str
    fields: NotRequired[Annotated[dict[str, str], Field(description="What is wrong, by the name of the parameter")]]
    traceback: NotRequired[str]


class ErrorWords(Trouble):
    """An error that a request is answered with."""

    status: int


class Error(Shape):
    """The one shape of all errors."""

    error: ErrorWords


class Size(Shape):
    """How large a picture is: on the wire, and in pixels."""

    bytes: int
    width: int
    height: int


class LastRender(Shape, total=False):
    """What the last render came to: a picture, its label and *seconds*, or the error."""

    etag: str
    seconds: float
    when: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    size: Size
    rows: Annotated[int, Field(description="How many numbers are behind it: the rows of its CSV")]
    error: Trouble | None
    output: str


@with_config(ConfigDict(extra="allow"))  # a scale has parameters: xbase, ylinthresh, ...; xdates, xnames if there are
class Axes(TypedDict):
    """One axes: its box in pixels from the left top corner, and what a pixel in it means."""

    box: Annotated[list[float], Field(min_length=4, max_length=4, description="left, top, right, bottom")]
    title: str
    projection: str
    colorbar: bool
    aspect: Annotated[float | None, Field(description="Of a unit of y to one of x, where it is fixed")]
    xlim: list[float]
    xscale: str
    xunit: Literal["number", "date"]
    xlabel: str
    xshared: Annotated[int, Field(description="The first axes that has the same x axis: itself, if none has before")]
    ylim: list[float]
    yscale: str
    yunit: Literal["number", "date"]
    ylabel: str
    yshared: int


class Plot(Shape):
    """A plot in words."""

    name: str
    title: str
    description: str
    group: str
    parameters: Annotated[dict[str, Any], Field(description="JSON Schema of an object that holds them")]
    example: dict[str, list[str]]
    every_s: float | None
    unservable: Annotated[str | None, Field(description="Why no URL can draw it")]
    dependencies: Annotated[list[str], Field(description="Files that it reads, relative to their roots")]
    last_render: LastRender | None
    axes: list[Axes]
    alt: str


class ListedPlot(Plot):
    """A plot of the catalog: its *link* is the shortest name that leads to it."""

    link: str


class DescribedPlot(Plot):
    """A plot, where it is drawn, and what its last render noticed."""

    executor: str
    note: str


class Failure(Shape):
    """A file that failed to load."""

    file: str
    line: int | None
    message: str


class Catalog(Shape):
    """Every plot; *version* changes with any of them."""

    version: str
    plots: list[ListedPlot]
    failures: list[Failure]


class Refreshed(Shape):
    """The plot that is looked at anew."""

    refreshed: str


class Alive(Shape):
    """The event loop turns."""

    status: Literal["alive"]


class Moved(Shape):
    """A plot that isn't drawn where it would be, and why."""

    plot: str
    why: str


class Failing(Shape):
    """A plot whose last render failed, or whose file does, with why, and since when as far as it is known."""

    plot: str
    code: str
    message: str
    since: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})]


class Ready(Shape):
    """Whether pictures can be had, and of whom; which plots fail, and which files hold none for now."""

    status: Literal["ready", "no worker is left", "starting or draining"]
    plots: int
    executor: str
    workers: Annotated[dict[str, int], Field(description="Free ones, by kind")]
    isolation: str
    moved: list[Moved]
    failing: list[Failing]
    failures: list[Failure]


@with_config(ConfigDict(extra="allow"))
class Document(TypedDict):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
