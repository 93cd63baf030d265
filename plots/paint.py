"""Paint a PlotSpec. The only code that runs in a worker: plain values in, bytes out."""

from __future__ import annotations

import contextlib
import difflib
import glob
import io
import itertools
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from plotd import theme
from plotd.encode import AS_MADE, Encoded, Look, LookError, Sizing, TooManyPixels, encode
from plotd.sheet import Sheet
from plots.animations import is_animation, show_first_frame
from plots.isolation import TURNS, Turn
from plots.loading import Entry
from plots.parameters import BadWords, resolve
from plots.printed import kept
from plots.spec import PlotSpec
from plots.tracing import Dependency, DependencyKind, Trace, trace
from plots.unspoilt import unspoilt

LIBRARIES = tuple(os.path.dirname(os.path.dirname(file)) for file in (__file__, mpl.__file__, os.path.__file__))
Words = tuple[tuple[str, tuple[str, ...]], ...]

LONGEST_TEXT = 4_000  # characters of an error's message
NESTED_FIGURES = 10  # as deep as subfigures are looked through for the figure that holds them
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs to know to draw one picture.

    *roots* are the real paths of the folders that a file parameter may name; None means any. *places* are those that
    the data file of a plot of its own may be in. *known* names what earlier renders depended on: what this one doesn't
    open counts with the state it had at the start. *words* are the canonical ones that *given* was made from. Of the
    numbers behind the picture *max_rows* are wanted, beside the few that come in any case.
    """

    spec: PlotSpec
    given: Mapping[str, object]
    format: str
    sizing: Sizing
    max_pixels: int
    roots: tuple[str, ...] | None = None
    places: tuple[str, ...] = ()
    known: tuple[tuple[str, DependencyKind], ...] = ()
    words: Words = ()
    look: Look = AS_MADE
    max_rows: int = 0

    def named_files(self) -> Iterator[tuple[str, str]]:
        """Yield the parameter and the absolute path of each file that the URL, or a default, names."""
        for parameter in self.spec.parameters:
            value = self.given.get(parameter.name)
            if parameter.kind == "path" and value is not None:
                for one in value if isinstance(value, list | tuple | set | frozenset) else [value]:
                    if isinstance(one, Path):  # a default may be text that names no file
                        yield parameter.name, str(one)

    def files(self) -> Iterator[str]:
        """Yield the files that are arguments: these count as dependencies however they are read."""
        yield from (path for _, path in self.named_files())
        yield from (str(value) for name, value in self.spec.fixed.items() if name == "file_path")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no picture: *code* is that of the answer, *message* is one for a stranger.

    *deaths* is how many workers died of it.
    """

    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    traceback: str = ""
    deaths: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: a picture or a failure, and either way what it depended on.

    *output* is the end of what it printed, if that is kept; *process_wide* names what it changed for the whole process.
    """

    picture: Encoded | None
    failure: Failure | None
    dependencies: tuple[Dependency, ...]
    own_files: frozenset[str]
    unknown: bool
    began_s: float
    seconds: float
    output: str = ""
    process_wide: frozenset[str] = frozenset()


class NoPicture(Exception):
    """The plot's function returned something that is no picture."""


class _Refused(Exception):
    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def paint(job: Job, into: Trace | None = None, on_start: Callable[[Turn], None] = lambda turn: None) -> Outcome:
    """Draw *job*; never raises. *into* gathers what it reads, for one who can't wait; times are in seconds."""
    process = os.getpid()
    # A context of its own: what user code sets in one (numpy.errstate, decimal) is nobody else's.
    outcome = Context().run(_paint, job, Trace() if into is None else into, on_start)
    if os.getpid() != process:  # a child that user code forked, and that came back from it: it must not go on as we do
        os._exit(0)
    return outcome


def _paint(job: Job, seen: Trace, on_start: Callable[[Turn], None]) -> Outcome:
    with TURNS.take(on_start), kept(seen.printed):
        began_s, start = time.time(), time.perf_counter()
        before = Trace()
        try:
            note_states(job, before)
            picture, failure = _draw(job, seen), None
        except _Refused as refused:
            picture, failure = None, refused.failure
        except BaseException as error:  # noqa: BLE001 - user code: SystemExit and KeyboardInterrupt are its failure too
            picture, failure = None, describe_failure(error, job)
        seconds = time.perf_counter() - start
    seen.add_earlier(before)
    told = (seen.dependencies(), seen.own_files(), seen.unknown, began_s, seconds)
    return Outcome(picture, failure, *told, seen.output, frozenset(seen.process_wide))


def note_states(job: Job, before: Trace) -> None:
    """Note in *before* the present states of all that is known to matter to *job*."""
    with trace(before):
        for path, kind in job.known:
            before.note(path, kind)
        for path in job.files():
            before.note(path, "folder" if os.path.isdir(path) else "file")
        for pattern in job.spec.watch:
            for match in glob.glob(str(job.spec.file.parent / pattern), recursive=True):
                before.note(match, "file")


def _draw(job: Job, seen: Trace) -> Encoded:
    for name, path in job.named_files():
        _check_file(job, name, path)
    for name, value in job.spec.fixed.items():
        _check_roots(job, name, str(value), job.places)
    with unspoilt(job, seen) as job:
        values = resolve(job.spec.parameters, job.given, datetime.now().astimezone())
        if job.look.theme:
            theme.use(job.look.theme)
        if isinstance(job.spec.entry, Entry):
            job.spec.entry.put_settings()
        with trace(seen, of=(str(job.spec.file), job.spec.qualname)):
            return _encoded(job, job.spec.entry.function()(**values, **job.spec.fixed))


def _encoded(job: Job, result: object) -> Encoded:
    """Return the picture that a plot function means by *result*; drawing runs code of the user's, too."""
    pictures = _pictures_of(result)
    for figure in pictures:
        if isinstance(figure, Figure):
            Sheet(job.format, job.sizing, job.max_pixels).refuse(figure)
            show_first_frame(figure)
    return encode(pictures, job.format, job.sizing, job.max_pixels, job.look, job.max_rows)


def _check_file(job: Job, name: str, path: str) -> None:
    """Refuse a file that a link leads out of the data roots, and one that isn't there.

    The words of the URL were checked before; only here is the disk looked at.
    """
    default = next(p.default for p in job.spec.parameters if p.name == name)
    if job.given.get(name) != default:
        _check_roots(job, name, path, job.roots)
    if not os.path.exists(path):
        message = f"there is no file {without_folders(path, job)!r}{_nearest_files(path, job)}"
        raise _Refused(Failure("missing_file", f"{name}: {message}", {name: message}))


def _check_roots(job: Job, name: str, path: str, roots: Sequence[str] | None) -> None:
    if job.roots is not None and not _is_below(os.path.realpath(path), roots or ()):
        outside = "is outside the data roots"
        raise _Refused(Failure("bad_parameter", f"{name}: {outside}", {name: outside}))


def _nearest_files(path: str, job: Job) -> str:
    """Return a hint at files in the same folder whose names are like that of *path*."""
    folder, wanted = os.path.split(path)
    try:
        names = [name for name in os.listdir(folder) if not name.startswith(".")]
    except OSError:
        return ""
    near = [without_folders(os.path.join(folder, name), job) for name in difflib.get_close_matches(wanted, names, n=3)]
    return "; the nearest: " + ", ".join(map(repr, near)) if near else ""


def _is_below(real: str, roots: Sequence[str]) -> bool:
    for root in roots:
        inside = os.path.relpath(real, root)
        if inside == "." or not any(part.startswith(".") for part in inside.split(os.sep)):
            return True
    return False


def _pictures_of(result: object) -> list[Figure | Image.Image]:
    """Return the figures and images in what a plot function returned; nothing means the current pyplot figure.

    Raises:
        NoPicture: there is none.
    """
    if result is None or result is plt or isinstance(result, ModuleType):
        if not plt.get_fignums():
            raise NoPicture("the plot drew nothing: no figure is open and none was returned")
        return [plt.gcf()]
    if isinstance(result, bytes) and result.startswith(PNG_MAGIC):
        return [Image.open(io.BytesIO(result))]
    if isinstance(result, Image.Image):
        return [result]
    if isinstance(result, np.ndarray | list | tuple | Mapping):
        items = result.values() if isinstance(result, Mapping) else np.ravel(np.asarray(result, dtype=object))
        found = [picture for item in items if item is not None for picture in _pictures_of(item)]
        if not found:
            raise NoPicture("the plot returned an empty list")
        return list({id(picture): picture for picture in found}.values())
    return [_figure_of(result)]


def _figure_of(result: object) -> Figure:
    """Return the whole figure that *result* is, or is a part of."""
    figure = getattr(result, "_fig", result) if is_animation(result) else result
    for _ in range(NESTED_FIGURES):
        if not isinstance(figure, Figure):
            figure = getattr(figure, "figure", None)
    if not isinstance(figure, Figure):
        kinds = "a figure, axes, an artist, pyplot, a PIL image, PNG bytes, a list of figures, or nothing"
        raise NoPicture(f"the plot returned {type(result).__name__}; expected {kinds}")
    return figure


def describe_failure(error: BaseException, job: Job) -> Failure:
    if isinstance(error, TooManyPixels):
        return Failure("too_large", str(error))
    if isinstance(error, BadWords):
        return Failure("bad_parameter", str(error), error.fields)
    if isinstance(error, LookError):
        return Failure("bad_parameter", str(error), dict.fromkeys(error.options, error.why))
    try:
        text = str(error)
    except BaseException as nested:  # noqa: BLE001 - a __str__ of the user's own
        text = f"(its text failed: {type(nested).__name__})"
    text = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}... ({len(text)} characters)"
    message = text if isinstance(error, NoPicture) else f"{type(error).__name__}: {text}".removesuffix(": ")
    return Failure("plot_failed", without_folders(message, job), traceback=_user_traceback(error, job))


def _user_traceback(error: BaseException, job: Job) -> str:
    """Return the traceback from the user's own first frame on."""
    described = traceback.TracebackException.from_exception(error, limit=-50)
    frames = list(described.stack)
    here = [i for i, frame in enumerate(frames) if frame.filename == __file__]
    inner = itertools.dropwhile(_is_importing, frames[here[-1] + 1 :]) if here else frames
    described.stack = traceback.StackSummary.from_list(inner)
    return without_folders("".join(described.format()), job)[-20_000:]


def _is_importing(frame: traceback.FrameSummary) -> bool:
    """Say whether *frame*, that of a failure in a plot file's own import, is ours."""
    return frame.filename == contextlib.__file__ or os.path.dirname(frame.filename) == os.path.dirname(__file__)


def without_folders(text: str, job: Job) -> str:
    """Return *text* with paths relative to their roots: where the machine keeps its files is no stranger's business."""
    folders = {str(job.spec.file.parent), *(job.roots or ()), *LIBRARIES}
    for folder in sorted(folders, key=len, reverse=True):
        text = text.replace(folder + os.sep, "").replace(repr(folder), "'.'")
    return text
