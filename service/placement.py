"""Which kind of worker draws a plot, and why, where that isn't what the settings say. Draws nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from plots.spec import PlotSpec
from service.journal import PlotKey
from service.store import Store

Kind = Literal["threads", "processes", "dask"]
Reason = Literal["hung", "died"]

KEPT = "placement"
REASONS: dict[str, str] = {
    "hung": "in a thread of the daemon it ran over its time, and nothing could stop it there",
    "died": "the daemon died while drawing it in a thread",
}
WHERE: dict[Kind, str] = {
    "threads": "in a thread of the daemon",
    "processes": "in a worker process",
    "dask": "on the Dask cluster",
}

log = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where a plot is drawn; *why* is a sentence for a stranger, or more, empty if nothing is special."""

    kind: Kind
    why: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one version of a plot's code did in a thread: why it gets none any more, and what it changed for all."""

    code: str
    reason: Reason | None = None
    names: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return {"code": self.code, "why": self.reason, "names": list(self.names)}

    @classmethod
    def from_json(cls, value: Any) -> Mark:  # Any: whatever the disk holds
        """Return the mark that *value* holds. Raises KeyError, TypeError or ValueError if it holds none."""
        if value["why"] not in (None, *REASONS):
            raise ValueError(value["why"])
        return cls(str(value["code"]), value["why"], tuple(map(str, value["names"])))


NOTHING = Mark("")


class Placement:
    """Decides where each plot is drawn. Used from the event loop only; what it learns is kept by *store*.

    A mark counts for the version of the code that earned it: an edit lets the plot back.
    """

    def __init__(self, usual: Kind, store: Store, *, has_dask: bool) -> None:
        self.usual = usual
        self._store = store
        self._has_dask = has_dask
        self._marks: dict[str, Mark] = {}

    def load(self, rows: Mapping[tuple[str, str], object]) -> None:
        """Take up what was known before the last stop; *rows* are those of the store."""
        for (kind, key), value in rows.items():
            if kind == KEPT:
                try:
                    self._marks[key] = Mark.from_json(value)
                except (KeyError, TypeError, ValueError):
                    log.info("a mark of another version of plotd is ignored: %.200s", key)

    def choose(self, spec: PlotSpec) -> Kind:
        """Return the kind of worker that draws *spec*."""
        return self._place(spec).kind

    def why(self, spec: PlotSpec) -> str:
        """Say to a stranger why *spec* isn't drawn where others are; empty if it is."""
        return self._place(spec).why

    def moved(self, specs: Iterable[PlotSpec]) -> list[tuple[str, str]]:
        """Return the names of those of *specs* that were moved out of threads for what they did there, and why."""
        return [(spec.name, self.why(spec)) for spec in specs if self._marks and self._is_moved(spec)]

    def note_hang(self, spec: PlotSpec) -> None:
        """Note that *spec* ran over its time in a thread."""
        log.info("%s: drawn in worker processes from now on: it hung in a thread", spec.name)
        key = PlotKey.of(spec)
        self._keep(key, replace(self._of(key), reason="hung"))

    def note_died(self, keys: Iterable[PlotKey]) -> None:
        """Note that the daemon before this one died while it drew *keys* in threads."""
        for key in keys:
            log.warning("the daemon died while it drew %s in %s: a worker process draws it now", key.qualname, key.file)
            self._keep(key, replace(self._of(key), reason="died"))

    def note_process_wide(self, spec: PlotSpec, names: Iterable[str]) -> None:
        """Note that a render of *spec* used *names*, such as "os.chdir", which change the whole process."""
        key = PlotKey.of(spec)
        known = self._of(key)
        if new := [name for name in dict.fromkeys(names) if name not in known.names]:
            self._keep(key, replace(known, names=(*known.names, *new)))

    def _place(self, spec: PlotSpec) -> Place:
        wanted, mark = self._wanted(spec), self._known(spec)
        if wanted.kind == "processes":
            return wanted
        if spec.is_script and wanted.kind == "threads":
            return _in_process("it is a script, which has a working folder and arguments of its own.")
        if mark.reason is not None:
            return Place("processes", f"Drawn in a worker process until its code changes: {REASONS[mark.reason]}.")
        names = tuple(dict.fromkeys((*spec.process_wide, *mark.names)))
        if wanted.kind == "threads" and names:
            change = "changes" if len(names) == 1 else "change"
            also = wanted.why if wanted.kind == self.usual else ""  # not that its code asks for a thread
            return _in_process(f"its file uses {_listed(names)}, which {change} the whole process.", also)
        return wanted

    def _wanted(self, spec: PlotSpec) -> Place:
        """Return where the plot's author, or else the settings, would have it drawn."""
        kind = next((kind for kind in WHERE if kind == spec.executor), self.usual)
        if kind == self.usual:
            return Place(kind)
        if kind == "dask" and not self._has_dask:
            return Place(self.usual, "Its code asks for a Dask cluster, but render.dask_scheduler names none.")
        return Place(kind, f"Drawn {WHERE[kind]}, as its code asks for.")

    def _is_moved(self, spec: PlotSpec) -> bool:
        return self._known(spec).reason is not None and self._wanted(spec).kind != "processes"

    def _known(self, spec: PlotSpec) -> Mark:
        return self._of(PlotKey.of(spec)) if self._marks else NOTHING

    def _of(self, key: PlotKey) -> Mark:
        """Return what is known of a plot in this version of its code."""
        mark = self._marks.get(_name(key))
        return mark if mark is not None and mark.code == key.code else Mark(key.code)

    def _keep(self, key: PlotKey, mark: Mark) -> None:
        self._marks[_name(key)] = mark
        self._store.put(KEPT, _name(key), mark.as_json())


def _name(key: PlotKey) -> str:
    return f"{key.file}\n{key.qualname}"


def _in_process(why: str, also: str = "") -> Place:
    return Place("processes", f"Drawn in a worker process: {why} {also}".rstrip())


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
