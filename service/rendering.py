"""The question and the answer: what a client asks to be drawn, and what came of it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.metadata import version
from typing import NamedTuple

import matplotlib as mpl

from plotd.describe import AxesDescription
from plotd.encode import AS_MADE, Encoded, Look, Sizing
from plotd.fonts import stand_ins
from plotd.table import Table
from plots.paint import Failure, Outcome, Words
from plots.spec import PlotSpec
from service.errors import BadParameter, MissingFile, PlotFailed, RenderTimeout, ServiceError, TooLarge, printable

# What is drawn as it is asked for.
CONTENT_TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}
# What is made of the render of the PNG, and so costs none of its own.
DERIVED = {
    "webp": "image/webp",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "ansi": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "stream": "multipart/x-mixed-replace",
}
ENDINGS = {**CONTENT_TYPES, **DERIVED}
COLUMNS = 80  # of a terminal
LONGEST_OUTPUT = 20_000  # characters of what was printed that are kept with a failure: many failures are kept


@dataclass(frozen=True, eq=False)
class RenderRequest:
    """One picture that can be drawn, however its URL was spelt.

    *key* names it over all states of its data and all versions of its code; *subject* does so whatever its size,
    format and look. *words* are canonical. *numbers*: all that were plotted are asked for beside, however many.
    """

    spec: PlotSpec
    given: Mapping[str, object]
    words: Words
    sizing: Sizing
    format: str
    look: Look = AS_MADE
    numbers: bool = False
    subject: str = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        fixed = sorted((name, str(value)) for name, value in self.spec.fixed.items())
        subject = digest(repr((str(self.spec.file), self.spec.qualname, fixed, self.words)))
        object.__setattr__(self, "subject", subject)
        object.__setattr__(self, "key", digest(repr((subject, self.sizing, self.format, self.look))))

    @property
    def phase_s(self) -> float:
        """An offset of its own in [0, 3600) seconds, so that not all plots tick at once."""
        return int(self.subject[:8], 16) % 3_600_000 / 1000


@dataclass(frozen=True, slots=True)
class Demand:
    """A request, and what this viewer wants beside.

    That is another *ending* than the format that is drawn, *columns* of a terminal, redraws every so often, or an
    answer that may be kept for ever: *pinned* is its picture's etag. *suffix* tells the answer's etag from that one.
    """

    request: RenderRequest
    ending: str = "png"
    every_s: float | None = None
    pinned: str | None = None
    columns: int = COLUMNS
    suffix: str = field(init=False)

    def __post_init__(self) -> None:
        plain = self.ending in CONTENT_TYPES or self.ending == "stream"  # a stream's parts are the pictures themselves
        suffix = "" if plain else f"-ansi{self.columns}" if self.ending == "ansi" else f"-{self.ending}"
        object.__setattr__(self, "suffix", suffix)
        object.__setattr__(self, "pinned", self.pinned.removesuffix(suffix) if self.pinned else None)


@dataclass(frozen=True, slots=True)
class Rendering:
    """A picture that was drawn, under its label. Times in seconds; *output* is what the plot printed, the end of it."""

    key: str
    etag: str
    body: bytes
    content_type: str
    width_px: int
    height_px: int
    axes: tuple[AxesDescription, ...]
    alt: str
    output: str
    at: datetime
    seconds: float
    queue_s: float
    began_s: float  # seconds since the epoch
    last_modified: str  # when it was drawn, as HTTP writes dates
    timing: str  # how long that took, as HTTP writes it
    table: Table = field(default_factory=Table)
    dated: bool = True  # last_modified tells it from every earlier picture of the same request


def rendering_of(request: RenderRequest, outcome: Outcome, picture: Encoded, etag: str, queue_s: float) -> Rendering:
    """Return the *picture* that came of drawing *request*, under its label."""
    at = datetime.now(UTC)
    return Rendering(
        key=request.key,
        etag=etag,
        body=picture.body,
        content_type=CONTENT_TYPES[request.format],
        width_px=picture.width_px,
        height_px=picture.height_px,
        axes=picture.axes,
        alt=picture.alt,
        output=outcome.output,
        at=at,
        seconds=outcome.seconds,
        queue_s=queue_s,
        began_s=outcome.began_s,
        last_modified=format_datetime(at, usegmt=True),
        timing=f"render;dur={outcome.seconds * 1000:.1f}, queue;dur={queue_s * 1000:.1f}",
        table=picture.table,
    )


def as_error(failure: Failure, output: str = "") -> ServiceError:
    """Return the error that stands for a worker's *failure*; *output* is what the plot printed."""
    error = _error_of(failure)
    error.output = printable(output)[-LONGEST_OUTPUT:]
    return error


def _error_of(failure: Failure) -> ServiceError:
    match failure.code:
        case "bad_parameter":
            return BadParameter(failure.message, failure.fields)
        case "missing_file":
            return MissingFile(failure.message, failure.fields)
        case "too_large":
            return TooLarge(failure.message)
        case "render_timeout":
            return RenderTimeout(failure.message)
        case _:
            return PlotFailed(failure.message, failure.traceback)


class Answer(NamedTuple):
    """What a client gets: a picture, how it came about, and the error if it's an earlier one."""

    rendering: Rendering
    cache: str  # hit, miss or join
    error: ServiceError | None = None


def digest(text: str) -> str:
    """Return 32 hexadecimal digits that stand for *text*."""
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()


def environment() -> str:
    """Return what stands for the versions, settings and fonts that every picture depends on."""
    return digest(repr((sorted(surroundings().items()), stand_ins())))


def surroundings() -> dict[str, str]:
    """Return these: the versions by package, and what stands for the matplotlibrc in force.

    A daemon asks the workers of other machines for them, whatever version of plotd these have: name and form stay.
    """
    with open(mpl.matplotlib_fname(), "rb") as file:
        return {**_versions(), "matplotlibrc": digest(repr(file.read()))}


@functools.cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("plotd", "matplotlib", "numpy", "pandas", "pillow")}
