"""What one request depended on so far, and whether it is the plot itself that changes it. Looks at no file."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from plots.tracing import Dependency, Key, State

MOST_REDRAWS = 5  # in a row that a plot may bring upon itself
MOST_REMEMBERED = 200  # files that renders change, and states of each


class Marks(NamedTuple):
    """The parts of a state that aren't files: what refresh calls and viewers' clocks left behind, and the version."""

    of_plot: str
    of_subject: str
    tick: str
    version: str


class OwnChanges:
    """Which states of a file are the same, but for what renders changed in it themselves. Shared by all that do so.

    Else two pictures of one plot, or two plots that open a file as if to change it, would have each other redrawn.
    """

    def __init__(self) -> None:
        self._first: OrderedDict[Key, OrderedDict[State, State]] = OrderedDict()

    def note(self, seen: Dependency) -> None:
        """Count what it was like before and after a render as the same, if that changed it, or may have."""
        if seen.before == () and seen.after == ():
            return
        before, after = (seen.before, seen.state) if seen.after == () else (seen.state, seen.after)
        known = self._first.setdefault((seen.path, seen.kind), OrderedDict())
        known[after] = known.get(before, before)
        for memory in (known, self._first):
            while len(memory) > MOST_REMEMBERED:
                memory.popitem(last=False)

    def first(self, key: Key, state: State) -> State:
        """Return the state that stands for *state* of *key*, and for all that count as the same."""
        return self._first[key].get(state, state) if key in self._first else state


@dataclass(eq=False, slots=True)
class Loop:
    """The redraws in a row that nothing caused but what renders changed themselves, or may have.

    A render that others may have written beside is labelled with the state from before: the next then sees what they
    wrote. If nothing changes between two renders, what a render wrote counts as its own, at once where it surely did,
    and after too many redraws where it may have. A change between two renders is somebody else's: it ends that.
    """

    state: int = 0  # a hash of that before the last render; that after it counts as the same
    pending: frozenset[Key] = (
        frozenset()
    )  # what the last render changed, or may have, and that doesn't count as its own
    redraws: int = 0
    settled: frozenset[Key] = frozenset()
    told: bool = False

    @property
    def is_paused(self) -> bool:
        """Whether there were so many that the plot's author should know."""
        return self.redraws >= MOST_REDRAWS

    def judge(self, state: int, seen: Collection[Dependency]) -> None:
        """Take in a render that began with *state*, and what it depended on."""
        if state != self.state:
            self.redraws, self.settled = 0, frozenset()
        elif self.pending:
            self.redraws += 1
        changed = [each for each in seen if each.after != ()]
        if self.redraws:
            self.settled |= {(each.path, each.kind) for each in changed if each.is_written or self.is_paused}
        self.state = state
        self.pending = frozenset((each.path, each.kind) for each in changed) - self.settled


@dataclass(eq=False, slots=True)
class Record:
    """What one request, drawn by one version of its code, depended on so far: the union over its renders.

    *settled* is what its renders change themselves: what they make of these counts as no change.
    """

    code: str
    files: dict[Key, tuple[str, ...]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    unknown: bool = False
    drawn: bool = False  # the last render gave a picture
    ticked: bool = False  # some viewer had it redrawn by the clock
    remote: tuple[Key, ...] = ()  # those of the files that lie on network mounts
    settled: frozenset[Key] = frozenset()
    turn: str = ""  # another one for each render that changed what it depends on: its picture is another, too
    loop: Loop = field(default_factory=Loop)
    last: tuple[tuple[Marks, list[int], list[tuple[State, bool]]], str] | None = (
        None  # what was seen last, and its etag
    )

    def judge(self, state: int, seen: Collection[Dependency]) -> None:
        """Take in a render that began with *state*, and what it depended on."""
        self.loop.judge(state, seen)
        self.settled = self.loop.settled.union((each.path, each.kind) for each in seen if each.before != ())
        if self.settled:
            self.turn, self.last = secrets.token_hex(8), None

    def as_json(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        files = [[path, kind, list(folders)] for (path, kind), folders in self.files.items()]
        told = {"unknown": self.unknown, "drawn": self.drawn, "ticked": self.ticked}
        return {"code": self.code, "files": files, "own": sorted(self.own), **told}

    @classmethod
    def from_json(cls, value: Any) -> Record:  # Any: whatever the disk holds
        """Return the record that *value* holds. Raises KeyError, TypeError or ValueError if it holds none."""
        files = {(str(path), kind): tuple(folders) for path, kind, folders in value["files"]}
        unknown, drawn, ticked = (bool(value[name]) for name in ("unknown", "drawn", "ticked"))
        return cls(str(value["code"]), files, frozenset(value["own"]), unknown, drawn, ticked)
