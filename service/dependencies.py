"""What each picture depends on, and the etag that follows from it: the one identity of a picture."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from plots.paint import Outcome
from plots.tracing import Dependency, DependencyKind, Key, State
from service.records import Marks, OwnChanges, Record
from service.rendering import RenderRequest, digest, environment
from service.states import States, look_at_local_file, without
from service.store import Store
from service.versions import Versions

MAX_RECORDS = 10_000
MAX_FILES = 1_000  # of one request; beyond that its state counts as unknown
LOOK_LIMIT_S = 5.0
LOOKERS = 4

log = logging.getLogger(__name__)


class Dependencies:
    """Knows what each request depends on. Used from the event loop only; kept on disk by *store*."""

    def __init__(
        self, states: States, store: Store, versions: Versions, *, unknown_s: float, min_every_s: float
    ) -> None:
        self._states = states
        self._store = store
        self._versions = versions
        self._unknown_s = unknown_s
        self._min_every_s = min_every_s
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._refreshes: dict[str, str] = {}
        self._viewer_ticks: dict[str, tuple[float, str]] = {}
        self._changes = OwnChanges()
        self._environment = environment()
        self._lookers = ThreadPoolExecutor(LOOKERS, thread_name_prefix="look")
        self._looks: dict[str, asyncio.Future[None]] = {}

    def take_over(self, before: Dependencies) -> None:
        """Know all that *before* knows, and whatever it learns from what it still has under way."""
        self._states, self._changes = before._states, before._changes
        self._records, self._refreshes, self._viewer_ticks = before._records, before._refreshes, before._viewer_ticks

    def load(self, rows: Mapping[tuple[str, str], object]) -> None:
        """Take up what was known before the last stop; *rows* are those of the store."""
        for (kind, key), value in rows.items():
            if kind == "refresh":
                self._refreshes[key] = str(value)
            elif kind == "dependencies":
                with contextlib.suppress(KeyError, TypeError, ValueError):  # of another version: it costs one drawing
                    self._take_up(key, Record.from_json(value))

    def _take_up(self, key: str, record: Record) -> None:
        self._records[key] = record
        for (path, _), folders in record.files.items():
            self._states.learn(path, folders)
        record.remote = self._remote(record.files)
        if record.ticked:  # what it was ticked to before is forgotten: it must not look like what it was before that
            self._viewer_ticks[key] = (0.0, secrets.token_hex(8))

    def etag(self, request: RenderRequest, at_s: float | None = None) -> str | None:
        """Return the etag of the picture that a render would give now; None if *request* was never drawn.

        *at_s* puts the clock, but nothing else, back to that time: seconds since the epoch.
        """
        record = self._record(request)
        if record is None:
            return None
        now_ns = time.time_ns()
        looks = [
            look_at_local_file(path, now_ns)
            if kind == "file" and not record.remote
            else self._states.look(path, kind, record.own, now_ns)
            for path, kind in record.files
        ]
        if record.settled:
            looks = [self._as_counted(record, key, *look) for key, look in zip(record.files, looks, strict=True)]
        ticks = self._ticks(request, record, now_ns / 1e9 if at_s is None else at_s)
        present = (self.marks(request), ticks, looks)
        if record.last is None or record.last[0] != present:  # hashing costs more than all the looks
            named = [(*key, *look) for key, look in zip(record.files, looks, strict=True)]
            record.last = (present, self._digest(request, record, named, *present[:2]))
        return record.last[1]

    def label(self, request: RenderRequest, outcome: Outcome, marks: Marks) -> str:
        """Note what a render depended on, and return the etag of what came of it.

        *marks* are those from before it started.
        """
        record = self._merge(request, outcome)
        seen = {(each.path, each.kind): each for each in outcome.dependencies if (each.path, each.kind) in record.files}
        states = {key: without(each.state, each.kind, each.path, record.own) for key, each in seen.items()}
        for each in seen.values():
            self._changes.note(each)
        firsts = frozenset((key, self._changes.first(key, state)) for key, state in states.items())
        record.judge(hash((marks, firsts)), list(seen.values()))
        self._say_if_paused(request, record)
        looks = [
            (*key, *self._as_counted(record, key, state, self._is_young(seen[key]))) for key, state in states.items()
        ]
        return self._digest(request, record, looks, marks, self._ticks(request, record, outcome.began_s))

    def notice(self, request: RenderRequest) -> str:
        """Return what its viewers should know of how *request* is kept up to date; most often nothing."""
        record = self._record(request)
        if record is None or not record.loop.is_paused:
            return ""
        names = sorted({os.path.basename(path) for path, _ in record.loop.settled})
        return f"paused: it changes a file that it reads: {', '.join(names)}"

    def _say_if_paused(self, request: RenderRequest, record: Record) -> None:
        if record.loop.is_paused and not record.loop.told:
            record.loop.told = True
            log.warning("%s: %s", request.spec.name, self.notice(request))

    def _as_counted(self, record: Record, key: Key, state: State, is_young: bool) -> tuple[State, bool]:
        """Return the state of *key* as it counts for a request that changes it itself, if it does."""
        return (self._changes.first(key, state), False) if key in record.settled else (state, is_young)

    def marks(self, request: RenderRequest) -> Marks:
        """Return what refresh calls and the polled version say now."""
        spec, refreshes, ticks = request.spec, self._refreshes, self._viewer_ticks
        tick = ticks[request.key][1] if request.key in ticks else ""
        version = self._versions.latest(spec) if spec.version is not None else ""
        return Marks(refreshes.get(spec.name, ""), refreshes.get(request.subject, ""), tick, version)

    def was_drawn(self, request: RenderRequest) -> bool:
        """Say whether the last render of *request* gave a picture."""
        record = self._record(request)
        return record is not None and record.drawn

    def tick(self, request: RenderRequest, every_s: float) -> float:
        """Give the state of *request* a new part if the last is *every_s* old; return the seconds until then."""
        now_s = time.monotonic()
        last_s, token = self._viewer_ticks.get(request.key, (now_s, ""))
        record = self._record(request)
        if now_s - last_s >= every_s and record is not None:
            last_s, token = now_s, secrets.token_hex(8)
            if not record.ticked:
                record.ticked = True
                self._store.put("dependencies", request.key, record.as_json())
        self._viewer_ticks[request.key] = (last_s, token)
        return last_s + every_s - now_s

    def refresh(self, key: str) -> None:
        """Give the state of a plot (by its full name), or of one subject, a new random part."""
        self._refreshes.pop(key, None)
        self._refreshes[key] = secrets.token_hex(8)
        while len(self._refreshes) > MAX_RECORDS:
            del self._refreshes[next(iter(self._refreshes))]
        self._store.put("refresh", key, self._refreshes[key])

    def known(self, request: RenderRequest) -> tuple[Key, ...]:
        """Return the files and folders that earlier renders depended on."""
        record = self._record(request)
        return tuple(record.files) if record else ()

    def written_s(self, request: RenderRequest) -> float:
        """Return when the newest file that earlier renders read was written, in s since the epoch; 0: none was read."""
        record = self._record(request)
        keys = record.files if record else {}
        states = [self._states.now(path, kind, frozenset()) for path, kind in keys if kind == "file"]
        return max((state[0] / 1e9 for state in states if state and isinstance(state[0], int)), default=0.0)

    def folders(self, request: RenderRequest) -> set[str]:
        """Return the folders in which a change of the state of *request* would show."""
        record = self._record(request)
        return {folder for folders in record.files.values() for folder in folders} if record else set()

    def must_look(self, request: RenderRequest) -> bool:
        """Say whether the state can't be told from the event loop alone."""
        record = self._records.get(request.key)
        return request.spec.version is not None or (record is not None and bool(record.remote))

    async def look(self, request: RenderRequest) -> None:
        """Look at what can't be looked at from the event loop: network mounts, and ``version=``."""
        if request.spec.version is not None:
            await self._versions.poll(request.spec)
        record = self._record(request)
        if record is not None and record.remote:
            await self._look_at_remote(request.key, record.remote)

    async def _look_at_remote(self, key: str, remote: tuple[Key, ...]) -> None:
        """Wait for one look in a thread, shared by all who want it; one at a mount that hangs leaves all as it was."""
        if key not in self._looks:
            loop = asyncio.get_running_loop()
            self._looks[key] = loop.run_in_executor(self._lookers, self._states.look_at_remote, remote)
            self._looks[key].add_done_callback(lambda _: self._looks.pop(key, None))
        await asyncio.wait([self._looks[key]], timeout=LOOK_LIMIT_S)

    def settle_s(self, request: RenderRequest, arguments: Iterable[str]) -> float:
        """Return how long to wait, in seconds, until a further write to a file can be told from the last one.

        At most the clock's grain of a local file system: nobody waits two seconds for a network mount's.
        """
        own = self._records[request.key].own if request.key in self._records else frozenset()
        keys: set[Key] = {*self.known(request), *((path, "file") for path in arguments)}
        local = (key for key in keys if self._states.is_local(key[0]))
        now_ns = time.time_ns()
        youths = (self._states.youth_ns(path, self._states.now(path, kind, own), now_ns) for path, kind in local)
        return max(youths, default=0) / 1e9

    def changes_in_s(self, request: RenderRequest) -> float:
        """Return in how many seconds the state may change though nothing touches a file; infinite if it can't."""
        record = self._record(request)
        if record is None:
            return math.inf
        now_s = time.time()
        waits = [period - (now_s + phase) % period for period, phase in self._clocks(request, record)]
        for path, kind in record.files:
            state = self._states.now(path, kind, record.own)
            youth_ns = self._states.youth_ns(path, state, time.time_ns())
            waits += [youth_ns / 1e9] if youth_ns else []
        return min(waits, default=math.inf) + 0.001

    def close(self) -> None:
        """Look no more."""
        self._lookers.shutdown(wait=False, cancel_futures=True)

    def _record(self, request: RenderRequest) -> Record | None:
        record = self._records.get(request.key)
        return record if record is not None and record.code == request.spec.code else None

    def _merge(self, request: RenderRequest, outcome: Outcome) -> Record:
        """Return the union of what was known and what *outcome* tells, kept."""
        old = self._record(request) or Record(request.spec.code)
        own, files = old.own | outcome.own_files, dict(old.files)
        for seen in outcome.dependencies:
            files[seen.path, seen.kind] = seen.folders
            self._states.learn(seen.path, seen.folders)
        listed = {path for path, kind in files if kind == "folder"}
        own = frozenset(path for path in own if os.path.dirname(path) in listed or (path, "file") in files)
        files = {key: folders for key, folders in files.items() if key[0] not in own}
        over = max(len(files), len(own)) > MAX_FILES
        if over:
            files, own = dict(list(files.items())[-MAX_FILES:]), frozenset(sorted(own)[:MAX_FILES])
        unknown = old.unknown or outcome.unknown or over
        told = (unknown, outcome.picture is not None, old.ticked)
        new = Record(old.code, files, own, *told, remote=self._remote(files), loop=old.loop)
        if new.as_json() != old.as_json() or request.key not in self._records:
            self._store.put("dependencies", request.key, new.as_json())
        self._records[request.key] = new
        self._records.move_to_end(request.key)
        while len(self._records) > MAX_RECORDS:
            key, _ = self._records.popitem(last=False)
            self._viewer_ticks.pop(key, None)
        return new

    def _remote(self, files: Iterable[Key]) -> tuple[Key, ...]:
        return tuple(key for key in files if not self._states.is_local(key[0]))

    def _clocks(self, request: RenderRequest, record: Record) -> list[tuple[float, float]]:
        """Return the (period, phase) in seconds of each clock that is part of the state.

        A plot whose author says how often it changes isn't of unknown state.
        """
        if request.spec.every_s is not None:
            return [(max(request.spec.every_s, self._min_every_s), request.phase_s)]
        unknown = record.unknown or not (record.files or request.spec.version)
        return [(self._unknown_s, 0.0)] if unknown else []

    def _ticks(self, request: RenderRequest, record: Record, now_s: float) -> list[int]:
        return [math.floor((now_s + phase) / period) for period, phase in self._clocks(request, record)]

    def _digest(
        self,
        request: RenderRequest,
        record: Record,
        looks: Iterable[tuple[str, DependencyKind, State, bool]],
        marks: Marks,
        ticks: list[int],
    ) -> str:
        states = sorted((path, kind, repr(state), young) for path, kind, state, young in looks)
        return digest(repr((self._environment, request.key, record.code, record.turn, marks, ticks, states)))

    def _is_young(self, seen: Dependency) -> bool:
        return self._states.youth_ns(seen.path, seen.state, seen.seen_ns) > 0
