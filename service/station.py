"""A place for one worker process at a time, and the pool of one that keeps it filled. Blocks: nothing for the loop.

The workers of one pebble pool share its lock and its threads: one that dies while it holds the lock, or that not even
SIGKILL can end since its disk hangs, takes all others with it. So each has a pool of its own, replaced when in doubt.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from service.forks import Forks, enter, paint_packed

PICK_UP_S = 10.0  # a worker takes a parcel at once, or when it has been forked
GONE_S = 2.0  # a process that was killed is gone within milliseconds, but for those whose disk hangs
ATTEMPTS = 2  # what no worker took is handed to a new one
SERVER_DIED = 255  # the status of each worker then, dead or not: it says nothing of the plot

log = logging.getLogger(__name__)


class NoWorker(Exception):
    """No worker process can be had."""


class _Untaken(Exception):
    """The worker died before it took the parcel, or can't take any: no code of the plot has run."""


class Station:
    """Where one worker draws up to *max_tasks* pictures, one after another, and then a fresh one takes its place."""

    def __init__(self, max_tasks: int, folder: str, memory_mb: int | None) -> None:
        self._max_tasks = max_tasks
        self._worker = (folder, memory_mb)
        self._swapping = threading.Lock()
        self._is_closed = False
        self._ghosts: list[threading.Thread] = []
        self._current: ProcessFuture[bytes] | None = None
        self._pool = _Pool(max_tasks, self._worker)
        self.is_manned = False
        self.idle_since_s = 0.0  # of the monotonic clock; for whom it may concern

    @property
    def ghosts(self) -> int:
        """How many workers are still there though they were killed."""
        self._ghosts = [ending for ending in self._ghosts if ending.is_alive()]
        return len(self._ghosts)

    def make_ready(self) -> None:
        """Have a worker forked, if there is none.

        Raises:
            NoWorker: that can't be done.
        """
        for _ in range(ATTEMPTS):
            self.is_manned = True
            try:
                if self._pool.active:  # asking starts it
                    return
            except (BrokenProcessPool, OSError) as error:
                log.warning("a worker process can't be started: %s", error.__cause__ or error)
            self._replace()
        raise NoWorker("no worker process can be started")

    def draw(self, parcel: bytes, limit_s: float) -> bytes:
        """Have *parcel* drawn.

        Raises:
            TimeoutError: it took longer than *limit_s*; its worker was killed.
            ProcessExpired: its worker died.
            NoWorker: there is none.
            Exception: what `paint_packed` raised.
        """
        for left in reversed(range(ATTEMPTS)):
            self.make_ready()
            try:
                with contextlib.ExitStack() as doubts:
                    # It may have died with the lock, or have left children that wait for parcels too.
                    doubts.callback(self._replace)
                    drawn = self._hand_over(parcel, limit_s)
                    doubts.pop_all()
                    return drawn
            except _Untaken:
                pass
            except ProcessExpired as error:
                if not left or error.exitcode != SERVER_DIED:
                    raise
        raise NoWorker

    def clear(self) -> None:
        """End the worker, which draws nothing, and don't wait for that; the next drawing has a new one forked."""
        with self._swapping:
            if not self._is_closed:
                self._pool.end()
                self.is_manned, self._pool = False, _Pool(self._max_tasks, self._worker)

    def close(self) -> threading.Thread:
        """End the worker, whatever it does; return the thread that waits until it's gone."""
        with self._swapping:
            self._is_closed = True
            if self._current is not None:
                self._current.cancel()  # type: ignore[no-untyped-call]  # pebble's
            return self._pool.end()

    def _hand_over(self, parcel: bytes, limit_s: float) -> bytes:
        future = self._schedule(parcel, limit_s)
        _wait(future, PICK_UP_S)
        if future.running():
            _wait(future, limit_s)  # pebble's own limit comes first
        if future.running():
            raise TimeoutError("its worker can't be killed")
        if not future.done():
            raise _Untaken
        try:
            return future.result()
        except (BrokenProcessPool, CancelledError) as error:
            raise _Untaken from error

    def _schedule(self, parcel: bytes, limit_s: float) -> ProcessFuture[bytes]:
        with self._swapping:
            if self._is_closed:
                raise NoWorker
            try:
                self._current = self._pool.schedule(paint_packed, (parcel,), timeout=limit_s)
            except RuntimeError as error:  # it broke just now
                raise _Untaken from error
            return self._current

    def _replace(self) -> None:
        """End the worker and its pool, and wait until they are gone, though not for long."""
        with self._swapping:
            if self._is_closed:
                raise NoWorker
            pool, self._pool = self._pool, _Pool(self._max_tasks, self._worker)
        ending = pool.end()
        ending.join(GONE_S)
        if ending.is_alive():
            self._ghosts.append(ending)


class _Pool(ProcessPool):
    """A pool of one."""

    def __init__(self, max_tasks: int, worker: tuple[str, int | None]) -> None:
        self._forks = Forks()
        super().__init__(1, max_tasks, enter, worker, self._forks)

    def end(self) -> threading.Thread:
        """Kill the worker; return the thread that waits until it's gone."""
        ending = threading.Thread(target=self._end, name="end a worker", daemon=True)
        ending.start()
        return ending

    def _end(self) -> None:
        self.stop()  # type: ignore[no-untyped-call]  # pebble's
        self.join()
        self._forks.unlock()


def _wait(future: ProcessFuture[bytes], at_most_s: float) -> None:
    with contextlib.suppress(TimeoutError, CancelledError):
        future.exception(at_most_s)
