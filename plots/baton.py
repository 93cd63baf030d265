"""A lock that can be taken away from a thread that hangs. Knows nothing of what it guards."""

from __future__ import annotations

import threading
import time
from types import TracebackType


class Baton:
    """Held by one thread at a time, as often as it likes."""

    def __init__(self) -> None:
        self._free = threading.Condition(threading.Lock())
        self._holder: int | None = None
        self._taken: dict[int, list[bool]] = {}  # by thread: for each time that it took it, whether it still has it
        self._waited_s: dict[int, float] = {}
        self._waits_since_s: dict[int, float] = {}

    def __enter__(self) -> None:
        self.acquire()

    def acquire(self, at_most_s: float | None = None) -> bool:
        """Take it; say whether that could be done in *at_most_s* seconds, if that is given."""
        me = threading.get_ident()
        with self._free:
            if self._holder not in (None, me) and not self._wait(me, at_most_s):
                return False
            self._holder = me
            self._taken.setdefault(me, []).append(True)
            return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        me = threading.get_ident()
        with self._free:
            taken = self._taken.get(me)
            if taken and taken.pop() and not any(taken):
                self._hand_on()
            if not taken:
                self._taken.pop(me, None)

    def release(self) -> None:
        """Give it back, once for each time that it was taken."""
        self.__exit__(None, None, None)

    def take_away(self, thread_id: int) -> None:
        """Let others have it, if that thread holds it; that this gives it back later then counts for nothing."""
        with self._free:
            if self._holder == thread_id:
                self._taken[thread_id] = [False] * len(self._taken.get(thread_id, ()))
                self._hand_on()

    def waited_s(self, thread_id: int) -> float:
        """Return how long, up to now, that thread waited since `forget` was called for it, in seconds."""
        since_s = self._waits_since_s.get(thread_id)
        return self._waited_s.get(thread_id, 0.0) + (time.monotonic() - since_s if since_s is not None else 0.0)

    def forget(self, thread_id: int) -> None:
        """Count from zero how long that thread waits; what it still holds, it holds no longer."""
        self.take_away(thread_id)
        self._taken.pop(thread_id, None)
        self._waited_s.pop(thread_id, None)

    def _wait(self, me: int, at_most_s: float | None) -> bool:
        since_s = self._waits_since_s[me] = time.monotonic()
        try:
            return self._free.wait_for(lambda: self._holder is None, at_most_s)
        finally:
            self._waits_since_s.pop(me, None)
            self._waited_s[me] = self._waited_s.get(me, 0.0) + time.monotonic() - since_s

    def _hand_on(self) -> None:
        self._holder = None
        self._free.notify()
