"""Threads that draw: few of them, a bounded queue before them, and a limit on how long each drawing may take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from plots.isolation import TURNS, Turn
from plots.paint import Failure, Job, Outcome, paint
from plots.tracing import Trace
from service.errors import Overloaded


class Dropped(Exception):
    """Nobody waited for that drawing any more when its turn came."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One job on its way through the pool. *begin* and what it calls run in the worker."""

    on_start: Callable[[], None]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    trace: Trace = field(default_factory=Trace)
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
        self._running: set[asyncio.Future[Outcome]] = set()
        self._lost: set[asyncio.Future[Outcome]] = set()
        self.renders = 0

    @property
    def free_workers(self) -> int:
        """Workers that aren't held by a drawing that ran over its time and has not ended."""
        return self._workers - len(self._lost)

    async def run(self, job: Job, on_start: Callable[[], None]) -> Outcome:
        """Draw *job* in a worker; *on_start* is called on the loop when that begins.

        A caller that is cancelled before then takes the job out of the queue.

        Raises:
            Overloaded: the queue is full, or no worker is left.
        """
        if len(self._running) >= self._limit or self.free_workers < 1:
            raise Overloaded("the render queue is full" if self.free_workers else "no worker is left to draw")
        ticket = Ticket(on_start)
        drawn = ticket.loop.run_in_executor(self._threads, paint, job, ticket.trace, ticket.begin)
        self._running.add(drawn)
        drawn.add_done_callback(self._ended)
        try:
            return await self._wait(drawn, ticket)
        except asyncio.CancelledError:
            ticket.dropped = True
            drawn.cancel()
            raise

    async def drain(self, at_most_s: float) -> None:
        """Wait until nothing is drawn any more, but no longer than that."""
        running = self._running - self._lost
        if running:
            await asyncio.wait(running, timeout=at_most_s)

    def close(self) -> bool:
        """Take no more jobs; say whether all workers have ended their last one."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        return not self._running

    async def _wait(self, drawn: asyncio.Future[Outcome], ticket: Ticket) -> Outcome:
        started: asyncio.Future[Any] = asyncio.ensure_future(ticket.started.wait())
        either: set[asyncio.Future[Any]] = {drawn, started}  # Any: one is awaited for its result, one for its end
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            started.cancel()
        await asyncio.wait([drawn], timeout=self._timeout_s)
        if drawn.done():
            self.renders += 1
            return drawn.result()
        return self._give_up(drawn, ticket)

    def _give_up(self, drawn: asyncio.Future[Outcome], ticket: Ticket) -> Outcome:
        """Return the failure of a drawing that takes too long, and let others draw on meanwhile.

        A thread can't be stopped: it holds its place until it truly ends.
        """
        self._lost.add(drawn)
        if ticket.turn is not None:
            TURNS.write_off(ticket.turn)
        failure = Failure("render_timeout", f"the plot took longer than {self._timeout_s:g} s to draw")
        seen = ticket.trace
        read, own = seen.dependencies(), seen.own_files()
        return Outcome(None, failure, read, own, seen.unknown, ticket.began_s, self._timeout_s)

    def _ended(self, drawn: asyncio.Future[Outcome]) -> None:
        self._running.discard(drawn)
        self._lost.discard(drawn)
        if not drawn.cancelled():
            drawn.exception()  # asked for, so that one that nobody waits for isn't logged as forgotten
