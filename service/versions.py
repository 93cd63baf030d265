"""What the ``version=`` of each plot returned last. Polled in threads: it is the user's code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from plots.spec import PlotSpec
from service.rendering import digest

LIMIT_S = 5.0


class Versions:
    """Polls each plot's version, at most once every *min_interval_s*, and remembers it."""

    def __init__(self, min_interval_s: float, unknown_s: float) -> None:
        self._min_interval_s = min_interval_s
        self._unknown_s = unknown_s
        self._latest: dict[str, tuple[Callable[[], object], str, float]] = {}
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="version")
        self._under_way: dict[str, tuple[asyncio.Future[str], float]] = {}

    def latest(self, spec: PlotSpec) -> str:
        """Return what stands for the version seen last; empty if there is none."""
        known = self._latest.get(spec.name)
        return known[1] if known is not None and known[0] is spec.version else ""

    async def poll(self, spec: PlotSpec) -> None:
        """Ask for the version, unless that was done just now. One that hangs leaves the last one standing."""
        known = self._latest.get(spec.name)
        fresh = known is not None and known[0] is spec.version and time.monotonic() - known[2] < self._min_interval_s
        if spec.version is None or fresh:
            return
        if spec.name not in self._under_way:
            loop = asyncio.get_running_loop()
            answer = loop.run_in_executor(self._threads, self._ask, spec.version)
            self._under_way[spec.name] = (answer, time.monotonic())
        answer, asked_at = self._under_way[spec.name]
        await asyncio.wait([answer], timeout=max(0, asked_at + LIMIT_S - time.monotonic()))
        if answer.done():
            self._under_way.pop(spec.name, None)
            self._latest[spec.name] = (spec.version, answer.result(), asked_at)

    def close(self) -> None:
        """Ask no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, version: Callable[[], object]) -> str:
        """Return what stands for the version; one that can't be had is unknown, and changes with time."""
        try:
            return digest(repr(version()))
        except Exception as error:  # noqa: BLE001 - the user's own code: a database that is away is no fault of ours
            return digest(f"{type(error).__name__} {time.time() // self._unknown_s}")
