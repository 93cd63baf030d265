"""Threads that draw: few of them, a bounded queue before them, and a limit on how long each drawing may take."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from plots.isolation import TURNS, Turn
from plots.paint import Failure, Job, Outcome, paint
from plots.tracing import Trace
from service.errors import Overloaded, RenderTimeout


class Dropped(Exception):
    """Nobody waited for that drawing any more when its turn came."""


@dataclass(eq=False)
class Ticket:
    """One job on its way through the pool. `begin` runs in the worker, all else on the loop."""

    plot: tuple[Path, str]
    on_start: Callable[[], None]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    trace: Trace = field(default_factory=Trace)
    work: Future[Outcome] = field(init=False)
    turn: Turn | None = None
    began_s: float = 0.0
    dropped: bool = False

    def begin(self, turn: Turn) -> None:
        """Start the clock: time spent waiting for a turn doesn't count against the limit."""
        if self.dropped:
            raise Dropped
        self.turn, self.began_s = turn, time.time()
        self.loop.call_soon_threadsafe(self._announce)

    def _announce(self) -> None:
        self.started.set()
        self.on_start()


class RenderPool:
    """Runs ``paint`` for at most *workers* + *queue* jobs at a time, each for at most *timeout_s* seconds."""

    def __init__(self, workers: int, queue: int, timeout_s: float) -> None:
        self._workers = workers
        self._limit = workers + queue
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="render")
        self._running: set[Ticket] = set()
        self._lost: set[Ticket] = set()
        self.renders = 0

    @property
    def free_workers(self) -> int:
        """Workers that aren't held by a drawing that ran over its time and has not ended."""
        return self._workers - len(self._lost)

    async def run(self, job: Job, on_start: Callable[[], None]) -> Outcome:
        """Draw *job* in a worker; *on_start* is called on the loop when that begins.

        A caller that is cancelled before then takes the job out of the queue; later it is drawn to its end.

        Raises:
            Overloaded: the queue is full, or no worker is left.
            RenderTimeout: an earlier drawing of the same plot ran over its time and has not ended.
        """
        if len(self._running) >= self._limit or self.free_workers < 1:
            raise Overloaded("the render queue is full" if self.free_workers else "no worker is left to draw")
        plot = (job.spec.file, job.spec.qualname)
        if any(lost.plot == plot for lost in self._lost):  # it would only take the next worker
            raise RenderTimeout("an earlier drawing of this plot still hangs")
        ticket = Ticket(plot, on_start)
        self._running.add(ticket)
        ticket.work = self._threads.submit(paint, job, ticket.trace, ticket.begin)
        ticket.work.add_done_callback(lambda _: self._tell_end(ticket))
        attending = asyncio.create_task(self._attend(ticket), name=f"draw {job.spec.name}")
        try:
            return await asyncio.shield(attending)
        except asyncio.CancelledError:
            ticket.dropped = True  # if it has begun by now, that changes nothing, and it is still attended to
            ticket.work.cancel()
            attending.add_done_callback(lambda task: task.cancelled() or task.exception())
            raise

    async def drain(self, at_most_s: float) -> None:
        """Wait until nothing is drawn any more, but no longer than that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                for ticket in self._running - self._lost:
                    await ticket.ended.wait()

    def close(self) -> None:
        """Take no more jobs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _attend(self, ticket: Ticket) -> Outcome:
        started, ended = (asyncio.ensure_future(event.wait()) for event in (ticket.started, ticket.ended))
        try:
            await asyncio.wait([started, ended], return_when=asyncio.FIRST_COMPLETED)
            if ticket.dropped and not ended.done():
                raise Overloaded("no worker is left to draw")
            await asyncio.wait([ended], timeout=self._timeout_s)
        finally:
            started.cancel()
            ended.cancel()
        if not ticket.ended.is_set():
            return self._give_up(ticket)
        if ticket.work.cancelled() or isinstance(ticket.work.exception(), Dropped):
            raise Overloaded("nobody waited for it any more")
        self.renders += 1
        return ticket.work.result()

    def _give_up(self, ticket: Ticket) -> Outcome:
        """Return the failure of a drawing that takes too long, and let others draw on meanwhile.

        A thread can't be stopped: it holds its place until it truly ends. Where that was the last one, those that wait
        are told so.
        """
        self._lost.add(ticket)
        if ticket.turn is not None:
            TURNS.write_off(ticket.turn)
        if not self.free_workers:
            for waiting in self._running - self._lost:
                waiting.dropped = waiting.turn is None
                waiting.started.set()
        failure = Failure("render_timeout", f"the plot took longer than {self._timeout_s:g} s to draw")
        read, own = ticket.trace.glance()
        return Outcome(None, failure, read, own, ticket.trace.unknown, ticket.began_s, self._timeout_s)

    def _tell_end(self, ticket: Ticket) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody counts any more
            ticket.loop.call_soon_threadsafe(self._ended, ticket)

    def _ended(self, ticket: Ticket) -> None:
        self._running.discard(ticket)
        self._lost.discard(ticket)
        ticket.ended.set()
