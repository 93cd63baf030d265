"""Workers of an existing Dask cluster. Needs the extra ``plotd[dask]`` here, and plotd and the data there."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from plots.paint import Failure, Job, Outcome
from plots.tracing import Dependency, DependencyKind, State, Trace, folders_of, state_of
from service.config import ConfigError
from service.errors import Overloaded
from service.executors import Start, failed, new_signal, too_late
from service.processes import packed
from service.rendering import surroundings
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
Drawn = Outcome | Failure | tuple[str, Mapping[str, str]]  # the last is where there are other versions, and which


@dataclass(eq=False)
class Ticket:
    """One job on its way through the cluster. *worker* is the address of the one that draws it."""

    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    before: Trace = field(default_factory=Trace)
    began: Start = field(default_factory=Start.now)
    started: asyncio.Future[None] = field(default_factory=new_signal)
    ended: asyncio.Future[None] = field(default_factory=new_signal)
    worker: str = ""
    heard_s: float = 0.0

    def hear(self, worker: str) -> None:
        """Note that *worker* is at it; it may draw it in place of one that was lost."""
        self.worker, self.heard_s = worker, time.monotonic()
        if not self.started.done():
            self.started.set_result(None)

    def end(self) -> None:
        """Note that there is nothing more to wait for."""
        if not self.ended.done():
            self.ended.set_result(None)


class Cluster:
    """The workers of the Dask cluster that has its scheduler at an address such as ``tcp://127.0.0.1:8786``.

    A picture whose worker is lost is drawn again elsewhere: that is Dask's own doing. A worker gives up on a drawing
    that takes too long, and draws others, but can't stop it, unless it is a script's: a thread of its process goes on.
    A worker that can't even give up, as that thread lets no other run, gets nothing more to draw until it is heard of
    again. One with other versions of what draws refuses, as its pictures would bear labels that aren't theirs.
    """

    def __init__(self, scheduler: str) -> None:
        """Raise ConfigError if the library that it takes isn't installed."""
        if importlib.util.find_spec("distributed") is None:
            raise ConfigError(MISSING)
        self._scheduler = Scheduler(scheduler, self._changed, self._heard)
        self._drawing: dict[str, Ticket] = {}
        self._stuck: set[str] = set()  # workers, by their addresses
        self._others: set[str] = set()  # those that would draw other pictures
        self._expected = surroundings()
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
            packing = self._lookers.submit(packed, job, ticket.before)
            parcel = await _in_time(packing, limit_s)
            if parcel is None:
                return failed(too_late(limit_s), ticket.before, ticket.began)
            while (outcome := await self._draw(parcel, ticket, limit_s)) is None:
                if not self._able():
                    raise Overloaded(NO_WORKER)
            return outcome
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

    async def _draw(self, parcel: bytes, ticket: Ticket, limit_s: float) -> Outcome | None:
        """Return what came of *parcel*; None if a worker refused it, and gets nothing more to draw."""
        ticket.ended = new_signal()
        # The scheduler takes a worker that is stuck for an idle one. Others that get lost need not be waited for.
        able = self._able()
        all_are = len(able) == len(self._scheduler.threads)
        where = {} if all_are else {"workers": list(able), "allow_other_workers": True}
        what = (parcel, ticket.name, limit_s, self._expected)
        work = self._scheduler.submit(ticket.end, _errand(), *what, **where)
        try:
            await _attend(ticket, limit_s + GRACE_S)
        finally:
            if not work.done():
                self._scheduler.forget(work)
        if ticket.ended.done():
            return await self._outcome(work, ticket)
        if ticket.worker not in self._scheduler.threads:
            raise Overloaded("the Dask cluster has no free worker")
        self._stuck.add(ticket.worker)
        return failed(too_late(limit_s), ticket.before, ticket.began)

    async def _outcome(self, work: Future[Drawn], ticket: Ticket) -> Outcome | None:
        """Return what came of *work*, as this machine sees it; None if a worker refused it.

        Raises:
            Overloaded: nothing did, for no fault of the plot's.
        """
        from distributed import KilledWorker

        if not work.done() or work.cancelled():
            self._scheduler.doubt()
            raise Overloaded(UNREACHABLE)
        error = work.exception()
        if isinstance(error, KilledWorker):
            why = "its worker process died, and so did those that drew it again"
            drawn: Drawn = Failure("worker_died", why, deaths=error.allowed_failures + 1)
        elif error is None:
            drawn = work.result()
        else:
            log.warning("the Dask workers can't draw: %s: %s", type(error).__name__, error)
            raise Overloaded("the Dask workers can't draw")
        if isinstance(drawn, Failure):
            return failed(drawn, ticket.before, ticket.began)
        if isinstance(drawn, Outcome):
            seen = await _in_time(self._lookers.submit(_as_seen_here, drawn), LOOK_LIMIT_S)
            # Its clock may be another's; the time before it was sent hides no change from whoever asks later.
            return replace(seen or drawn, began_s=ticket.began.at_s)
        self._note_other(*drawn)
        return None

    def _note_other(self, worker: str, found: Mapping[str, str]) -> None:
        """Take note of a worker that would draw other pictures than this machine."""
        if worker not in self._others:
            self._others.add(worker)
            other = [
                f"{name} {found.get(name)}, not {version}"
                for name, version in self._expected.items()
                if found.get(name) != version
            ]
            log.warning("the Dask worker at %s is given nothing to draw: it has %s", worker, "; ".join(other))
            self._tell()

    def _able(self) -> dict[str, int]:
        """Return how many threads each worker has, without those that are to draw nothing."""
        without = self._stuck | self._others
        return {worker: count for worker, count in self._scheduler.threads.items() if worker not in without}

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
        self._others &= self._scheduler.threads.keys()
        if not self._scheduler.is_there:
            for ticket in self._drawing.values():
                ticket.end()
        self._tell()

    def _tell(self) -> None:
        """Wake those that wait for a worker."""
        news, self._news = self._news, asyncio.Event()
        news.set()


async def _attend(ticket: Ticket, silence_s: float) -> None:
    """Wait until *ticket* has ended, or its worker isn't heard of for *silence_s*, or no worker for START_LIMIT_S."""
    either = [ticket.started, ticket.ended]
    await asyncio.wait(either, timeout=START_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
    left_s = silence_s if ticket.started.done() else 0.0
    while left_s > 0 and not ticket.ended.done():
        await asyncio.wait([ticket.ended], timeout=left_s)
        left_s = silence_s - (time.monotonic() - ticket.heard_s)


async def _in_time(work: Future[T], limit_s: float) -> T | None:
    """Return what *work* does; None if it takes too long."""
    waiting = asyncio.wrap_future(work)
    await asyncio.wait([waiting], timeout=limit_s)
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    return None


def _errand() -> Callable[[bytes, str, float, Mapping[str, str]], Drawn]:
    """Return what a worker is to call. It travels by value: the scheduler unpacks it as well, and needs no plotd."""

    def draw(parcel: bytes, ticket: str, limit_s: float, expected: Mapping[str, str]) -> Drawn:
        from distributed import get_worker

        from service.rendering import surroundings

        if (found := surroundings()) != expected:  # before anything else of a plotd that may be another
            return get_worker().address, found

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
