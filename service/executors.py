"""Workers of every kind: what each promises, and the threads of this process. Others have files of their own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from plots.isolation import TURNS, Turn
from plots.paint import Failure, Job, Outcome, paint
from plots.printed import Tail
from plots.tracing import Trace
from service.errors import Overloaded
from service.journal import Journal, PlotKey

MOST_LOST = 16  # threads that hang in C are replaced, but each keeps its memory, and maybe a processor busy
NO_ROOM = "there is no room for a thread to draw in"


class Executor(Protocol):
    """A kind of worker. Used from the event loop only."""

    @property
    def free_workers(self) -> int:
        """How many can still draw."""

    async def run(self, job: Job, begin: Callable[[], None], limit_s: float) -> Outcome:
        """Draw *job* as soon as a worker is free; *begin* is called on the loop just before.

        A caller that is cancelled before then takes the job back; later nobody hears of its end. A drawing that takes
        longer than *limit_s* comes back as the failure ``render_timeout``, one whose worker died as ``worker_died``.

        Raises:
            Overloaded: there is nobody to draw it.
        """

    def close(self) -> None:
        """Take no more jobs, and leave nothing running that would keep the process alive."""


def new_signal() -> asyncio.Future[None]:
    """Return what can be waited for without a task of its own, as an event can't."""
    return asyncio.get_running_loop().create_future()


class Start(NamedTuple):
    """When a drawing began: *at_s* since the epoch, and *since_s* by a clock that nobody sets."""

    at_s: float
    since_s: float

    @classmethod
    def now(cls) -> Start:
        """Return this very moment."""
        return cls(time.time(), time.monotonic())


@dataclass(eq=False)
class Ticket:
    """One job in a thread. `begin` runs there, all else on the loop."""

    job: Job
    journal: Journal
    thread: ThreadPoolExecutor
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    started: asyncio.Future[None] = field(default_factory=new_signal)
    ended: asyncio.Future[None] = field(default_factory=new_signal)
    trace: Trace = field(default_factory=lambda: Trace(printed=Tail()))
    work: Future[Outcome] = field(init=False)
    slot: int = -1
    turn: Turn | None = None
    began: Start = field(default_factory=Start.now)

    def begin(self, turn: Turn) -> None:
        """Start the clock: waiting for a turn doesn't count. Should the process die now, the journal names the plot."""
        self.slot = self.journal.begin(PlotKey.of(self.job.spec))
        self.turn, self.began = turn, Start.now()
        self.loop.call_soon_threadsafe(self.started.set_result, None)

    def spent_s(self) -> float:
        """Return how long it has been drawn; waiting for others to draw doesn't count."""
        waited_s = self.turn.waited_s if self.turn is not None else 0.0
        return time.monotonic() - self.began.since_s - waited_s


class Threads:
    """*workers* threads of this process. One whose drawing hangs is written off, and replaced."""

    def __init__(self, workers: int, journal: Journal) -> None:
        self._workers = workers
        self._journal = journal
        # The one that drew last draws next: it has its fonts at hand, and others take no memory.
        self._idle: asyncio.LifoQueue[ThreadPoolExecutor] = asyncio.LifoQueue()
        for _ in range(workers):
            self._idle.put_nowait(_new_thread())
        self._lost: set[Ticket] = set()

    @property
    def free_workers(self) -> int:
        """Workers that can still draw: all, while those that hang can be replaced."""
        return self._workers if len(self._lost) < MOST_LOST else 0

    async def run(self, job: Job, begin: Callable[[], None], limit_s: float) -> Outcome:
        """Draw *job* in a thread, as every executor does."""
        if not self.free_workers:
            raise Overloaded("no worker is left to draw")
        thread = await self._idle.get()
        begin()
        ticket = Ticket(job, self._journal, thread)
        try:
            ticket.work = thread.submit(self._draw, ticket)
        except RuntimeError as error:  # it couldn't be started; the next one may be
            self._idle.put_nowait(_new_thread())
            raise Overloaded(NO_ROOM) from error
        ticket.work.add_done_callback(lambda _: self._tell_end(ticket))
        await asyncio.wait([ticket.started, ticket.ended], return_when=asyncio.FIRST_COMPLETED)
        left_s = limit_s
        while left_s > 0 and not ticket.ended.done():
            await asyncio.wait([ticket.ended], timeout=left_s)
            left_s = limit_s - ticket.spent_s()
        return ticket.work.result() if ticket.ended.done() else self._give_up(ticket, limit_s)

    def close(self) -> None:
        """Take no more jobs; a thread that hangs is left to itself."""
        while not self._idle.empty():
            self._idle.get_nowait().shutdown(wait=False, cancel_futures=True)

    def _draw(self, ticket: Ticket) -> Outcome:
        try:
            return paint(ticket.job, ticket.trace, ticket.begin)
        finally:
            self._journal.end(ticket.slot)

    def _give_up(self, ticket: Ticket, limit_s: float) -> Outcome:
        """Return the failure of a drawing that takes too long; another thread draws in place of the one that hangs."""
        self._lost.add(ticket)
        if ticket.turn is not None:
            TURNS.write_off(ticket.turn)
        ticket.thread.shutdown(wait=False)
        self._idle.put_nowait(_new_thread())
        return failed(too_late(limit_s), ticket.trace, ticket.began)

    def _tell_end(self, ticket: Ticket) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody counts any more
            ticket.loop.call_soon_threadsafe(self._ended, ticket)

    def _ended(self, ticket: Ticket) -> None:
        if ticket in self._lost:
            self._lost.discard(ticket)
        else:
            self._idle.put_nowait(ticket.thread)
        ticket.ended.set_result(None)


class Later:
    """An executor of *workers* that *make* makes once it is needed: what it imports holds up no start."""

    def __init__(self, workers: int, make: Callable[[], Executor]) -> None:
        self._workers = workers
        self._make = make
        self._made: Executor | None = None
        self._is_closed = False

    @property
    def free_workers(self) -> int:
        """How many can still draw."""
        return self._workers if self._made is None else self._made.free_workers

    async def run(self, job: Job, begin: Callable[[], None], limit_s: float) -> Outcome:
        """Draw *job*, as every executor does."""
        if self._is_closed:
            raise Overloaded("no worker is left to draw")
        if self._made is None:
            self._made = self._make()
        return await self._made.run(job, begin, limit_s)

    def close(self) -> None:
        """Take no more jobs."""
        self._is_closed = True
        if self._made is not None:
            self._made.close()


def too_late(limit_s: float) -> Failure:
    """Return the failure of a drawing that took longer than *limit_s*."""
    return Failure("render_timeout", f"the plot took longer than {limit_s:g} s to draw")


def failed(failure: Failure, seen: Trace, began: Start) -> Outcome:
    """Return what came of a drawing that never ended by itself: *failure*, and all that *seen* holds by now."""
    read, own = seen.glance()
    seconds = time.monotonic() - began.since_s
    return Outcome(None, failure, read, own, seen.unknown, began.at_s, seconds, seen.output)


def _new_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="render")
