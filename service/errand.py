"""What a Dask worker runs for the daemon: it draws a parcel, and gives up on one that takes too long."""

from __future__ import annotations

import os
import pickle
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from plots.isolation import TURNS, Turn
from plots.paint import Failure, Outcome
from plots.parcel import Parcel, paint_parcel
from plots.printed import Tail
from plots.tracing import Trace
from service.executors import MOST_LOST, Start, failed, too_late
from service.processes import drawn_at
from service.scheduler import TOPIC
from service.station import NoWorker, Station


@dataclass(eq=False)
class Drawing:
    """One parcel that is drawn in this process."""

    parcel: Parcel
    limit_s: float
    trace: Trace = field(default_factory=lambda: Trace(printed=Tail()))
    ended: threading.Event = field(default_factory=threading.Event)
    turn: Turn | None = None
    began: Start = field(default_factory=Start.now)
    outcome: Outcome | None = None

    def run(self) -> None:
        """Draw it, in the thread that is lent to it."""
        try:
            self.outcome = paint_parcel(self.parcel, self.limit_s, self.trace, self._begin)
        finally:
            self.ended.set()

    def left_s(self) -> float:
        """Return for how long it may still be drawn; waiting for its turn, or for others to draw, doesn't count."""
        if self.turn is None:
            return self.limit_s
        return self.limit_s - (time.monotonic() - self.began.since_s - self.turn.waited_s)

    def _begin(self, turn: Turn) -> None:
        self.began, self.turn = Start.now(), turn


class Crew:
    """Threads that draw in this process: as many as are needed at a time, and used again, as each has its own fonts.

    The Dask worker's own wait for them, so that none of those is lost with a drawing that hangs. Used by any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[queue.SimpleQueue[Drawing]] = []
        self._lost: set[Drawing] = set()
        self._prepared = False

    def draw(self, parcel: Parcel, limit_s: float, go_on: Callable[[], None]) -> Outcome:
        """Draw *parcel*; *go_on* is called now and then if it takes longer than *limit_s* for no fault of its own."""
        drawing = Drawing(parcel, limit_s)
        self._take_thread().put(drawing)
        left_s = limit_s
        while left_s > 0 and not drawing.ended.wait(left_s):
            left_s = drawing.left_s()
            if left_s > 0:
                go_on()
        if not drawing.ended.is_set():
            return self._give_up(drawing)
        assert drawing.outcome is not None, "its thread died"
        return drawing.outcome

    def _take_thread(self) -> queue.SimpleQueue[Drawing]:
        """Return the inbox of a thread that has nothing to do."""
        with self._lock:
            if not self._prepared:
                TURNS.prove()
                self._prepared = True
            if self._idle:
                return self._idle.pop()
        inbox: queue.SimpleQueue[Drawing] = queue.SimpleQueue()
        # One that hangs can't keep the worker from ending.
        threading.Thread(target=self._work, args=(inbox,), name="render", daemon=True).start()
        return inbox

    def _work(self, inbox: queue.SimpleQueue[Drawing]) -> None:
        while True:
            drawing = inbox.get()
            drawing.run()
            with self._lock:
                self._lost.discard(drawing)
                self._idle.append(inbox)

    def _give_up(self, drawing: Drawing) -> Outcome:
        """Return the failure of a drawing that takes too long, and let others draw on meanwhile."""
        if drawing.turn is not None:
            TURNS.write_off(drawing.turn)
        with self._lock:
            full = len(self._lost) >= MOST_LOST
            if not full and not drawing.ended.is_set():
                self._lost.add(drawing)
        if full:  # each thread keeps its memory, and maybe a processor busy: the worker counts as stuck from now on
            drawing.ended.wait()
        return failed(too_late(drawing.limit_s), drawing.trace, drawing.began)


class Desks:
    """Places for scripts, which are drawn in processes of their own: as many as are needed at a time.

    These are killed at the time limit, and end with this process. Used by any thread.
    """

    def __init__(self) -> None:
        self._idle: queue.SimpleQueue[Station] = queue.SimpleQueue()

    def draw(
        self, parcel: bytes, limit_s: float, memory_mb: int | None, begin: Callable[[], None]
    ) -> Outcome | Failure:
        """Draw *parcel* within *memory_mb* beyond what its process starts with; *begin* is called just before.

        Raises:
            NoWorker: no process can be had, or too many can't be killed.
        """
        station = self._take(memory_mb)
        try:
            if station.ghosts >= MOST_LOST:
                raise NoWorker("too many processes can't be killed")
            station.make_ready()
            begin()
            return drawn_at(station, parcel, limit_s)
        finally:
            station.clear()
            self._idle.put(station)

    def _take(self, memory_mb: int | None) -> Station:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return Station(1, os.getcwd(), memory_mb)


CREW, DESKS = Crew(), Desks()  # one of each for the process, as pyplot's state is


def draw(parcel: bytes, ticket: str, limit_s: float) -> Outcome | Failure:
    """Draw a pickled *parcel*, and tell the daemon meanwhile what becomes of its *ticket*.

    A failure alone means that nobody here can tell what was read.

    Raises:
        NoWorker: it is a script, and no process can be had for it.
    """
    from distributed import get_worker

    worker = get_worker()

    def tell(what: str = "drawing") -> None:
        worker.log_event(TOPIC, {"ticket": ticket, "what": what})

    try:
        unpacked: Parcel = pickle.loads(parcel)  # noqa: S301, TID251 - the daemon packed it, and may run any code here
        if unpacked.script is not None:
            memory = worker.memory_manager.memory_limit  # bytes, or None
            return DESKS.draw(parcel, limit_s, memory and memory >> 20, tell)
        tell()
        return CREW.draw(unpacked, limit_s, tell)
    finally:
        tell("done")
