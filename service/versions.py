"""What the ``version=`` of each plot returned last. Polled in threads: it is the user's code."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from plots.spec import PlotSpec
from service.hazards import Hazards
from service.rendering import digest

LIMIT_S = 5.0
THREADS = 4

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Poll:
    """What is known of one version function. Times are of the monotonic clock, in seconds."""

    function: Callable[[], object]
    latest: str = ""
    at_s: float = float("-inf")
    answer: asyncio.Future[str] | None = None
    asked_at_s: float = 0.0
    complained: bool = False


@dataclass(eq=False)
class Versions:
    """Polls each plot's version, at most once every *min_interval_s*, and remembers it."""

    min_interval_s: float
    unknown_s: float
    hazards: Hazards
    _polls: dict[str, Poll] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "version"))

    def latest(self, spec: PlotSpec) -> str:
        """Return what stands for the version seen last; empty if there is none."""
        known = self._polls.get(spec.name)
        return known.latest if known is not None and known.function is spec.version else ""

    async def poll(self, spec: PlotSpec) -> None:
        """Ask for the version, unless that was done just now. One that hangs leaves the last one standing."""
        if spec.version is None:
            return
        poll = self._polls.get(spec.name)
        if poll is None or poll.function is not spec.version:
            poll = self._polls[spec.name] = Poll(spec.version)
        if time.monotonic() - poll.at_s < self.min_interval_s:
            return
        if poll.answer is None:
            poll.asked_at_s = time.monotonic()
            poll.answer = asyncio.get_running_loop().run_in_executor(self._threads, self._ask, spec, spec.version)
        answer = poll.answer
        await asyncio.wait([answer], timeout=max(0.0, poll.asked_at_s + LIMIT_S - time.monotonic()))
        if answer.done():
            poll.latest, poll.at_s, poll.answer = answer.result(), poll.asked_at_s, None
        elif not poll.complained:
            poll.complained = True
            log.warning(
                "%s: its version= takes longer than %g s: it isn't asked again until that ends", spec.name, LIMIT_S
            )

    def close(self) -> None:
        """Ask no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, spec: PlotSpec, version: Callable[[], object]) -> str:
        """Return what stands for the version; one that can't be had is unknown, and changes with time."""
        try:
            with self.hazards.calling_version(spec):
                return digest(repr(version()))
        except BaseException as error:  # noqa: BLE001 - user code, SystemExit included: no fault of the daemon
            return digest(f"{type(error).__name__} {time.time() // self.unknown_s}")
