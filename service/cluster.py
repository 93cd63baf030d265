"""Workers of an existing Dask cluster. Needs the extra ``plotd[dask]`` here, and plotd and the data there."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import pickle
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from plots.paint import Failure, Job, Outcome, note_states
from plots.parcel import pack
from plots.tracing import Dependency, DependencyKind, State, Trace, folders_of, state_of
from service.config import ConfigError
from service.errors import Overloaded
from service.executors import too_late
from service.scheduler import UNREACHABLE, Scheduler

MISSING = "render.executor: dask needs the extra: pip install 'plotd[dask]'"
NO_WORKER = "no worker is left to draw"
LOOKERS = 4
LOOK_LIMIT_S = 5.0
START_LIMIT_S = 30.0  # until a worker begins: others may use the cluster too, and a new one imports matplotlib first
GRACE_S = 2.0  # until a worker that gave up says so, and for the way of its answer

log = logging.getLogger(__name__)
T = TypeVar("T")
Parts = tuple[State, ...]


@dataclass(eq=False)
class Ticket:
    """One job on its way through the cluster. *worker* is the address of the one that draws it."""

    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    before: Trace = field(default_factory=Trace)
    began_s: float = field(default_factory=time.time)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    worker: str = ""
    heard_s: float = 0.0

    def hear(self, worker: str) -> None:
        """Note that *worker* is at it; it may draw it in place of one that was lost."""
        self.worker, self.heard_s = worker, time.monotonic()
        self.started.set()


class Cluster:
    """The workers of the Dask cluster that has its scheduler at an address such as ``tcp://127.0.0.1:8786``.

    A picture whose worker is lost is drawn again elsewhere: that is Dask's own doing. A worker gives up on a drawing
    that takes too long, and draws others, but can't stop it: a thread of its process goes on. A worker that can't even
    give up, as that thread lets no other run, gets nothing more to draw until it is heard of again.
    """

    def __init__(self, scheduler: str) -> None:
        """Raise ConfigError if the library that it takes isn't installed."""
        if importlib.util.find_spec("distributed") is None:
            raise ConfigError(MISSING)
        self._scheduler = Scheduler(scheduler, self._changed, self._heard)
        self._drawing: dict[str, Ticket] = {}
        self._stuck: set[str] = set()  # workers, by their addresses
        self._news = asyncio.Event()
        self._lookers = ThreadPoolExecutor(LOOKERS, thread_name_prefix="dask-look")

    @property
    def free_workers(self) -> int:
        """How many threads of the cluster can still draw; 0 while its scheduler can't be reached."""
        return sum(self._able().values())

    async def run(self, job: Job, begin: Callable[[], None], limit_s: float) -> Outcome:
        """Draw *job* on a worker, as every executor does. Time spent waiting for one doesn't count.

        Raises:
            Overloaded: the scheduler can't be reached, or was lost meanwhile, or has no worker that can draw.
        """
        await self._wait_for_worker()
        ticket = Ticket()
        self._drawing[ticket.name] = ticket
        try:
            begin()
            packing = self._lookers.submit(_pack, job, ticket.before)
            parcel = await _in_time(packing, limit_s)
            if parcel is None:
                return too_late(ticket.before, ticket.began_s, limit_s)
            return await self._draw(parcel, ticket, limit_s)
        finally:
            del self._drawing[ticket.name]
            self._tell()

    def close(self) -> None:
        """Take no more jobs."""
        self._scheduler.close()
        self._lookers.shutdown(wait=False, cancel_futures=True)

    async def _wait_for_worker(self) -> None:
        await self._scheduler.reach()
        while self.free_workers <= len(self._drawing):
            if not self.free_workers:
                raise Overloaded(NO_WORKER)
            await self._news.wait()
            await self._scheduler.reach()

    async def _draw(self, parcel: bytes, ticket: Ticket, limit_s: float) -> Outcome:
        # The scheduler takes a worker that is stuck for an idle one. Others that get lost need not be waited for.
        where = {"workers": list(self._able()), "allow_other_workers": True} if self._stuck else {}
        work = self._scheduler.submit(ticket.ended.set, _errand(), parcel, ticket.name, limit_s, **where)
        try:
            await _attend(ticket, limit_s + GRACE_S)
        finally:
            if not work.done():
                self._scheduler.forget(work)
        if ticket.ended.is_set():
            return await self._outcome(work, ticket)
        if ticket.worker not in self._scheduler.threads:
            raise Overloaded("the Dask cluster has no free worker")
        self._stuck.add(ticket.worker)
        return too_late(ticket.before, ticket.began_s, limit_s)

    async def _outcome(self, work: Future[Outcome], ticket: Ticket) -> Outcome:
        """Return what came of *work*, as this machine sees it.

        Raises:
            Overloaded: nothing did, for no fault of the plot's.
        """
        from distributed import KilledWorker

        if not work.done() or work.cancelled():
            self._scheduler.doubt()
            raise Overloaded(UNREACHABLE)
        error = work.exception()
        if error is None:
            outcome = work.result()
            seen = await _in_time(self._lookers.submit(_as_seen_here, outcome), LOOK_LIMIT_S)
            # Its clock may be another's; the time before it was sent hides no change from whoever asks later.
            return replace(seen or outcome, began_s=ticket.began_s)
        if isinstance(error, KilledWorker):
            failure = Failure("worker_died", "its worker process died, and so did those that drew it again")
            read, own = ticket.before.glance()
            return Outcome(None, failure, read, own, False, ticket.began_s, time.time() - ticket.began_s)
        log.warning("the Dask workers can't draw: %s: %s", type(error).__name__, error)
        raise Overloaded("the Dask workers can't draw")

    def _able(self) -> dict[str, int]:
        """Return how many threads each worker has that isn't stuck."""
        return {worker: count for worker, count in self._scheduler.threads.items() if worker not in self._stuck}

    def _heard(self, event: Mapping[str, object]) -> None:
        """Take note that a worker draws something, or has done so, maybe for another daemon."""
        worker = str(event.get("worker"))
        if (ticket := self._drawing.get(str(event.get("ticket")))) is not None:
            ticket.hear(worker)
        if worker in self._stuck:
            self._stuck.remove(worker)
            self._tell()

    def _changed(self) -> None:
        """Take note of the workers that there are now, or that there are none any more."""
        self._stuck &= self._scheduler.threads.keys()
        if not self._scheduler.is_there:
            for ticket in self._drawing.values():
                ticket.ended.set()
        self._tell()

    def _tell(self) -> None:
        """Wake those that wait for a worker."""
        news, self._news = self._news, asyncio.Event()
        news.set()


async def _attend(ticket: Ticket, silence_s: float) -> None:
    """Wait until *ticket* has ended, or its worker isn't heard of for *silence_s*, or no worker for START_LIMIT_S."""
    started, ended = (asyncio.ensure_future(event.wait()) for event in (ticket.started, ticket.ended))
    try:
        await asyncio.wait([started, ended], timeout=START_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        left_s = silence_s if started.done() else 0.0
        while left_s > 0 and not ended.done():
            await asyncio.wait([ended], timeout=left_s)
            left_s = silence_s - (time.monotonic() - ticket.heard_s)
    finally:
        started.cancel()
        ended.cancel()


async def _in_time(work: Future[T], limit_s: float) -> T | None:
    """Return what *work* does; None if it takes too long."""
    waiting = asyncio.wrap_future(work)
    await asyncio.wait([waiting], timeout=limit_s)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    return None


def _pack(job: Job, before: Trace) -> bytes:
    """Return *job* as it travels, and note in *before* the states of what it is known to depend on."""
    note_states(job, before)
    return pickle.dumps(pack(job))


def _errand() -> Callable[[bytes, str, float], Outcome]:
    """Return what a worker is to call. It travels by value: the scheduler unpacks it as well, and needs no plotd."""

    def draw(parcel: bytes, ticket: str, limit_s: float) -> Outcome:
        from service.errand import draw as draw_here

        return draw_here(parcel, ticket, limit_s)

    return draw


def _as_seen_here(outcome: Outcome) -> Outcome:
    """Return *outcome* with the files' states as this machine sees them, where they are as the worker saw them.

    On a shared file system the same file may have another inode and another ctime there. What is in a place that isn't
    there on this machine can't be watched: the state is unknown.
    """
    seen = [_seen_here(one) for one in outcome.dependencies]
    known = tuple(one for one in seen if one is not None)
    return replace(outcome, dependencies=known, unknown=outcome.unknown or len(known) < len(seen))


def _seen_here(there: Dependency) -> Dependency | None:
    here = state_of(there.path, there.kind)
    if here is None and there.state is not None and not os.path.isdir(os.path.dirname(there.path)):
        return None
    if there.kind == "folder" or not _is_same(there.state, here, there.kind):
        return there
    return replace(there, state=here, folders=folders_of(there.path))


def _is_same(there: State, here: State, kind: DependencyKind) -> bool:
    """Say whether both are of the same file, in the same state, but for what each machine makes of it."""
    if there == here or there is None or here is None:
        return there == here
    if kind == "database":
        pairs = zip(cast(Parts, there), cast(Parts, here), strict=True)
        return all(_is_same(a, b, "file") for a, b in pairs)
    # The same inode means that both see the same: another ctime is news then.
    return len(there) == len(here) == 4 and (there[0], there[2]) == (here[0], here[2]) and there[3] != here[3]
