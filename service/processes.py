"""The executor `processes`: what a plot does there harms nobody but its own picture. Knows no HTTP and no pebble."""

from __future__ import annotations

import asyncio
import pickle
import shutil
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.process import current_process
from typing import Any, TypeVar

from pebble import ProcessExpired

from plots.attempt import plain
from plots.paint import Failure, Job, Outcome, note_states
from plots.parcel import pack
from plots.tracing import Trace
from service.errors import Overloaded
from service.executors import NO_ROOM, Start, failed, too_late
from service.forks import STATUS_0
from service.station import NoWorker, Station

START_S = 40.0  # until a drawing begins: the first worker takes two seconds, on a machine that has nothing else to do
CLOSE_S = 2.0
IDLE_S = 300.0  # a worker that nobody needed for so long is ended: it takes memory, and pebble ten looks a second
MOST_LOST = 16  # processes that can't be killed, as their disks hang, are replaced; but each keeps its memory

T = TypeVar("T")


@dataclass(eq=False)
class Ticket:
    """One job on its way through a station. *before* has the states of all that is known to matter, at the start."""

    job: Job
    begin: Callable[[], None]
    limit_s: float
    station: Station
    before: Trace = field(default_factory=Trace)
    began: Start = field(default_factory=Start.now)
    dropped: bool = False


class Processes:
    """*workers* processes, forked when they are first needed, killed at the time limit, replaced when they die.

    Those that draw functions are replaced after *recycle_after* pictures too; each script gets one of its own. A worker
    may take *memory_mb* of memory, and works in *folder*. Used from the event loop only.
    """

    def __init__(self, workers: int, recycle_after: int, memory_mb: int | None, folder: str) -> None:
        self._workers = workers
        self._worker = (folder, memory_mb)
        self._max_tasks = {False: recycle_after, True: 1}  # by is_script
        self._room = asyncio.Semaphore(workers)
        self._threads = ThreadPoolExecutor(workers + MOST_LOST, thread_name_prefix="processes")
        kept = deque(self._new_station(False) for _ in range(workers))
        # One more, as it takes pebble a tenth of a second to see that a worker ended and to fork the next.
        fresh = deque(self._new_station(True) for _ in range(workers + 1))
        self._idle = {False: kept, True: fresh}
        self._busy: dict[asyncio.Task[Outcome], Ticket] = {}
        self._lost: set[asyncio.Task[Outcome]] = set()
        self._janitor: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def free_workers(self) -> int:
        """Workers that can still draw: all, while those that hang can be replaced."""
        ghosts = sum(station.ghosts for station in self._stations())
        return self._workers if ghosts + len(self._lost) < MOST_LOST else 0

    async def run(self, job: Job, begin: Callable[[], None], limit_s: float) -> Outcome:
        """Draw *job* in a process, as every executor does."""
        if self._is_closed or not self.free_workers:
            raise Overloaded("no worker is left to draw")
        await self._room.acquire()
        ticket = Ticket(job, begin, limit_s, self._idle[job.spec.is_script].pop())
        task = asyncio.create_task(self._attend(ticket), name=f"draw {job.spec.name} in a process")
        self._busy[task] = ticket
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait([task], timeout=START_S + limit_s)
        except asyncio.CancelledError:
            ticket.dropped = True
            raise
        return task.result() if task.done() else self._give_up(task)

    def close(self) -> None:
        """End all workers at once, and take no more jobs."""
        self._is_closed = True
        if self._janitor is not None:
            self._janitor.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
        deadline_s = time.monotonic() + CLOSE_S
        for ending in [station.close() for station in self._stations()]:
            ending.join(max(0.0, deadline_s - time.monotonic()))

    async def _attend(self, ticket: Ticket) -> Outcome:
        try:
            if not self._is_closed:
                parcel = await self._in_thread(_prepare, ticket)
            if self._is_closed or ticket.dropped:
                raise Overloaded("nobody waited for it any more")
            ticket.began = Start.now()
            ticket.begin()
            return await self._in_thread(_draw, ticket, parcel)
        except NoWorker:
            raise Overloaded("no worker process can be had") from None

    def _in_thread(self, work: Callable[..., T], *given: object) -> asyncio.Future[T]:
        try:
            return asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        except RuntimeError as error:
            raise Overloaded(NO_ROOM) from error

    def _give_up(self, task: asyncio.Task[Outcome]) -> Outcome:
        """Return the failure of a job that hangs before it began: at a disk, most likely, when that was looked at."""
        ticket = self._busy[task]
        self._lost.add(task)
        self._back_to_work(ticket, self._new_station(ticket.job.spec.is_script))
        return failed(too_late(ticket.limit_s), ticket.before, ticket.began)

    def _ended(self, task: asyncio.Task[Outcome]) -> None:
        ticket = self._busy.pop(task)
        if not task.cancelled():
            task.exception()  # whoever waited for it heard of it; nobody may have
        if task in self._lost:
            self._lost.discard(task)
            ticket.station.close()
        else:
            if _left_traces(task, ticket.job):
                ticket.station.clear()  # what it changed in its process is no concern of the next plot's
            self._back_to_work(ticket, ticket.station)

    def _back_to_work(self, ticket: Ticket, station: Station) -> None:
        if ticket.job.spec.is_script:
            self._idle[True].appendleft(station)  # the one that has rested longest is next: it has been filled again
        else:
            self._idle[False].append(station)  # the last one is next: it has what the plot imports
        station.idle_since_s = time.monotonic()
        if self._janitor is None:
            self._janitor = asyncio.get_running_loop().call_later(IDLE_S, self._clear)
        self._room.release()

    def _clear(self) -> None:
        """End the workers that nobody needed for long, and look again if there are others."""
        self._janitor = None
        idle = [station for stations in self._idle.values() for station in stations if station.is_manned]
        fresh = [station for station in idle if time.monotonic() - station.idle_since_s < IDLE_S]
        for station in set(idle) - set(fresh):
            station.clear()
        if fresh and not self._is_closed:
            self._janitor = asyncio.get_running_loop().call_later(IDLE_S, self._clear)

    def _new_station(self, is_script: bool) -> Station:
        return Station(self._max_tasks[is_script], *self._worker)

    def _stations(self) -> list[Station]:
        return [*self._idle[False], *self._idle[True], *(ticket.station for ticket in self._busy.values())]


def _left_traces(task: asyncio.Task[Outcome], job: Job) -> bool:
    """Tell whether what was drawn is known to change its whole process."""
    has_told = not task.cancelled() and task.exception() is None
    return bool(job.spec.process_wide or (has_told and task.result().process_wide))


def clear_up() -> None:
    """Remove the forkserver's folder, in a process that is about to end without doing what it has to do at its end."""
    mine: Any = current_process()  # Any: its types don't tell of it
    if folder := mine._config.get("tempdir"):
        shutil.rmtree(folder, ignore_errors=True)


def draw_at(station: Station, job: Job, limit_s: float) -> Outcome:
    """Draw *job* at *station*, and wait for that. Raises NoWorker."""
    ticket = Ticket(job, lambda: None, limit_s, station)
    return _draw(ticket, _prepare(ticket))


def packed(job: Job, before: Trace) -> bytes:
    """Return *job* as it travels, and note in *before* the states of all that is known to matter to it."""
    note_states(job, before)
    for path, _ in job.spec.entry.sources:
        before.note(path, "file")
    return pickle.dumps(pack(job))


def drawn_at(station: Station, parcel: bytes, limit_s: float) -> Outcome | Failure:
    """Return what comes of *parcel*: a failure alone if the worker can't tell what it read.

    Raises:
        NoWorker: there is none.
    """
    try:
        outcome: Outcome = pickle.loads(station.draw(parcel, limit_s))  # noqa: S301, TID251 - our worker's
    except TimeoutError:
        return too_late(limit_s)
    except NoWorker:
        raise
    except ProcessExpired as error:
        how = _how_it_ended(error.exitcode)
        return Failure("worker_died", f"its worker process died ({how})", deaths=1)
    except Exception as error:  # noqa: BLE001 - objects of user code are made again here, which may raise anything
        why = f"{type(error).__name__}: {plain(str(error))}"
        return Failure("plot_failed", f"what it drew can't leave its process: {why}")
    return outcome


def _prepare(ticket: Ticket) -> bytes:
    """Make sure of a worker, note what there is now, and return the job as it travels."""
    ticket.station.make_ready()
    return packed(ticket.job, ticket.before)


def _draw(ticket: Ticket, parcel: bytes) -> Outcome:
    drawn = drawn_at(ticket.station, parcel, ticket.limit_s)
    return failed(drawn, ticket.before, ticket.began) if isinstance(drawn, Failure) else drawn


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {0 if status == STATUS_0 else status}"
    name = next((one.name for one in signal.Signals if one == -status), "")
    hint = ": perhaps it took too much memory" if name == "SIGKILL" else ""
    return f"killed by signal {-status}{name and ', '}{name}{hint}"
