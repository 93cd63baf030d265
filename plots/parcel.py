"""A job as it travels to a worker process: plain values, and the source of all that is to run. Knows no transport."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plotd.encode import Look, Sizing
from plots.attempt import plain
from plots.cargo import Cargo, cargo_of, cargo_of_script
from plots.discover import spec_of
from plots.importing import Import, ImportFailed
from plots.isolation import Turn
from plots.loading import Entry
from plots.neighbours import Tables
from plots.paint import Failure, Job, Outcome, Words, paint
from plots.parameters import BadWords, parse
from plots.printed import Tail, kept
from plots.script import Script
from plots.source import Disk
from plots.spec import PlotSpec
from plots.tracing import Dependency, DependencyKind, Trace, folders_of

Known = tuple[tuple[str, DependencyKind], ...]

MAX_KEPT = 64  # cargoes whose modules a worker keeps


@dataclass(frozen=True, slots=True)
class Parcel:
    """A job without anything that lives in one process only; what its parts mean is told there, and at its spec."""

    file: Path
    qualname: str
    name: str
    cargo: Cargo
    script: Script | None
    fixed: Mapping[str, object]
    watch: tuple[str, ...]
    words: Words
    format: str
    sizing: Sizing
    max_pixels: int
    look: Look
    max_rows: int
    roots: tuple[str, ...] | None
    places: tuple[str, ...]
    known: Known

    @property
    def code(self) -> str:
        """The hash of the code that draws it."""
        return self.cargo.code


def pack(job: Job) -> Parcel:
    """Return *job* as it can be pickled. Looks at the disk, so nothing for the event loop."""
    spec = job.spec
    script = spec.entry if isinstance(spec.entry, Script) else None
    cargo = cargo_of(spec.entry.module) if isinstance(spec.entry, Entry) else cargo_of_script(spec.entry)
    what = (spec.file, spec.qualname, spec.name, cargo, script, dict(spec.fixed), spec.watch)
    how = (job.words, job.format, job.sizing, job.max_pixels, job.look, job.max_rows)
    return Parcel(*what, *how, job.roots, job.places, job.known)


def paint_parcel(
    parcel: Parcel,
    import_limit_s: float = threading.TIMEOUT_MAX,
    into: Trace | None = None,
    on_start: Callable[[Turn], None] = lambda turn: None,
) -> Outcome:
    """Draw what is in *parcel*; never raises. Modules that were made here before from the same sources are used again.

    Its plot needs no file here; what its functions import by names that they compute is looked for on disk. A script
    makes this process its own, and is to be the only thing that it ever draws.
    """
    if parcel.script is not None:
        from plots.scripts import run  # the daemon has no use for it

        return _with(run(_script_job(parcel, parcel.script), _disk(parcel.cargo)), parcel)
    return _paint(parcel, import_limit_s, lambda job: paint(job, into, on_start))


def _script_job(parcel: Parcel, script: Script) -> Job:
    spec = PlotSpec(parcel.name, "", "", parcel.file, parcel.qualname, script, fixed=parcel.fixed, watch=parcel.watch)
    how = (parcel.format, parcel.sizing, parcel.max_pixels, parcel.roots, parcel.places)
    return Job(spec, {}, *how, _known_here(parcel), parcel.words, parcel.look, parcel.max_rows)


def _disk(cargo: Cargo) -> Disk:
    return Disk(cargo.sources, cargo.folders)


def _paint(parcel: Parcel, import_limit_s: float, draw: Callable[[Job], Outcome]) -> Outcome:
    began_s, start = time.time(), time.perf_counter()
    read = Trace()
    try:
        with kept(Tail()):  # whoever packed it has seen what it prints when it is imported
            unpacked = KEPT.unpacked(parcel.cargo, import_limit_s)
        job = unpacked.job(parcel)
    except ImportFailed as error:
        failure = _failure(parcel, error.message, error.traceback)
        for part in error.module.reach() if error.module else ():
            part.note_in(read)
    except BadWords as wrong:
        failure = Failure("bad_parameter", str(wrong), wrong.fields)
    except BaseException as error:  # noqa: BLE001 - annotations, defaults and metaclasses are the user's own code
        lines = traceback.format_exception_only(error)
        failure = _failure(parcel, lines[-1].strip(), "".join(lines))
    else:
        return _with(draw(job), parcel, unpacked.imported_late())
    for path, kind in _known_here(parcel):
        read.note(path, kind)
    seconds = time.perf_counter() - start
    outcome = Outcome(None, failure, read.dependencies(), read.own_files(), read.unknown, began_s, seconds)
    return _with(outcome, parcel)


class Unpacked:
    """The modules made from one cargo, and the plots found in them."""

    def __init__(self, cargo: Cargo, limit_s: float) -> None:
        self._tables = Tables(_disk(cargo))
        self._module = Import(self._tables.of(cargo.folder), cargo.name, cargo.path).result(limit_s)
        self._specs: dict[tuple[object, ...], PlotSpec] = {}

    def is_current(self) -> bool:
        """Say whether what was not in the cargo, and data that imports read, are as they were."""
        return self._module.is_current()

    def imported_late(self) -> tuple[Dependency, ...]:
        """Return what its functions imported so far: that counts for each render, whichever was the first."""
        own, late = self._module.closure(), Trace()
        for part in self._module.reach():
            if part not in own:
                part.note_in(late)
        return late.dependencies()

    def job(self, parcel: Parcel) -> Job:
        """Return the job again. Whatever the user's code raises is passed on.

        Raises:
            ImportFailed: there is no such plot here, though there was where *parcel* was made.
            BadWords: its words mean nothing to the code as it was imported here.
        """
        spec = self._spec(parcel)
        if spec.unservable is not None:
            raise ImportFailed(spec.unservable)
        words = [(name, word) for name, written in parcel.words for word in written]
        given = parse(spec.parameters, words, Path).given
        how = (parcel.format, parcel.sizing, parcel.max_pixels, parcel.roots, parcel.places)
        return Job(spec, given, *how, _known_here(parcel), parcel.words, parcel.look, parcel.max_rows)

    def _spec(self, parcel: Parcel) -> PlotSpec:
        key = (parcel.file, parcel.qualname, *parcel.fixed)
        if key not in self._specs:
            entry = Entry(parcel.file, parcel.qualname, self._module)
            if not entry.is_there():
                raise ImportFailed(f"in this worker, {parcel.file.name} defines no {parcel.qualname}")
            self._specs[key], _ = spec_of(entry, "", parcel.fixed)
        return replace(self._specs[key], name=parcel.name, fixed=parcel.fixed, watch=parcel.watch)


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.unpacked: Unpacked | None = None


class Kept:
    """The modules of the cargoes that came last. Used by any thread: a worker of a cluster may have several."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: OrderedDict[str, _Slot] = OrderedDict()

    def unpacked(self, cargo: Cargo, limit_s: float) -> Unpacked:
        """Return the modules of *cargo*: those that are kept, unless they read what has changed since.

        Raises:
            ImportFailed: it can't be imported here.
        """
        with self._lock:
            slot = self._slots.setdefault(cargo.key, _Slot())
            self._slots.move_to_end(cargo.key)
            while len(self._slots) > MAX_KEPT:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.unpacked is None or not slot.unpacked.is_current():
                slot.unpacked = Unpacked(cargo, limit_s)
            return slot.unpacked


KEPT = Kept()  # of the process, as user modules are


def _known_here(parcel: Parcel) -> Known:
    """Return what earlier renders depended on, without the sources that came along: these may not be here."""
    given = {one.source.path for one in parcel.cargo.sources}
    return tuple((path, kind) for path, kind in parcel.known if kind != "file" or path not in given)


def _with(outcome: Outcome, parcel: Parcel, late: Sequence[Dependency] = ()) -> Outcome:
    """Return *outcome* with what was imported *late*, and the sources that earlier renders depended on, as packed."""
    wanted = {path for path, kind in parcel.known if kind == "file"}
    sources = [one.source for one in parcel.cargo.sources if one.source.path in wanted]
    given = (Dependency(one.path, "file", one.state, one.read_ns, folders_of(one.path)) for one in sources)
    found = {(each.path, each.kind): each for each in (*given, *late, *outcome.dependencies)}
    return replace(outcome, dependencies=tuple(found.values()))


def _failure(parcel: Parcel, message: str, text: str) -> Failure:
    """Return what to tell of an import that failed, without the folders: these are no stranger's business."""
    for folder in sorted({str(parcel.file.parent), parcel.cargo.folder, *(parcel.roots or ())}, key=len, reverse=True):
        message, text = (each.replace(os.path.join(folder, ""), "") for each in (message, text))
    return Failure("plot_failed", plain(message), traceback=plain(text))
