"""Notices that files changed. Watches folders: a file that is replaced, or not there yet, has no events of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING

from service.tasks import cancel

if TYPE_CHECKING:
    from watchfiles import Change

STEP_MS = 20  # between looks at the kernel's queue; each costs a wake-up
DEBOUNCE_MS = 100  # a file that is written without pause is told of this often
RETRY_S = 60.0  # before the kernel is asked again, if it had no room

log = logging.getLogger(__name__)


class Watcher:
    """Tells *on_change* of the folders in which something changed. Used from the event loop only.

    watchfiles can't add a folder to those it watches, so each new one means a new watcher; the old one goes on until
    the new one runs, and then all folders are told of once.
    """

    def __init__(self, on_change: Callable[[set[str]], None], poll_s: float) -> None:
        self._on_change = on_change
        self._changed = asyncio.Event()
        self._poll_s = poll_s
        self._wanted: frozenset[str] = frozenset()
        self._armed: dict[str, tuple[int, int]] = {}
        self._wake = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._retry_at_s = math.inf  # of the monotonic clock; infinite while the kernel tells of changes
        self._complained = False

    def follow(self, folders: Iterable[str]) -> None:
        """Watch *folders* from now on, and no others."""
        wanted = frozenset(folders)
        if not wanted <= self._wanted:
            self._wake.set()
        self._wanted = wanted

    async def changed(self, at_most_s: float) -> None:
        """Wait until something changes, but no longer than *at_most_s* seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._changed.wait()
        self._changed.clear()

    async def run(self) -> None:
        """Keep watching, and take up folders that come, or that come back, until cancelled."""
        try:
            while True:
                self._wake.clear()
                with contextlib.suppress(RuntimeError):  # there is no room for a thread just now
                    await self._look()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s):
                        await self._wake.wait()
        finally:
            if self._watching is not None:
                await cancel(self._watching)

    async def _look(self) -> None:
        targets = await asyncio.to_thread(_targets, self._wanted)
        changed = any(self._armed.get(folder) != identity for folder, identity in targets.items())
        if changed or time.monotonic() >= self._retry_at_s:
            await self._rearm(targets)

    async def _rearm(self, targets: dict[str, tuple[int, int]]) -> None:
        before = self._watching
        running, self._retry_at_s = asyncio.Event(), math.inf
        self._watching = asyncio.create_task(self._watch(targets, running), name="watch files")
        await running.wait()
        if before is not None:
            await cancel(before)
        self._armed = targets
        if self._complained and self._retry_at_s == math.inf:
            log.info("files are watched again")
            self._complained = False
        self._tell(set(self._wanted))

    def _tell(self, folders: set[str]) -> None:
        self._changed.set()
        self._on_change(folders)

    async def _watch(self, targets: dict[str, tuple[int, int]], running: asyncio.Event) -> None:
        """Pass on what happens in *targets*. Where the kernel has no room for more, looking every poll_s must do."""
        try:
            async for changes in _changes(targets, running):
                folders = {os.path.dirname(path) for _, path in changes} | {path for _, path in changes}
                self._tell(folders)
        except (OSError, RuntimeError) as error:  # watchfiles raises the latter where there can be no more instances
            if not self._complained:
                log.warning("files are only looked at every %g s: can't be told of changes: %s", self._poll_s, error)
            self._complained, self._retry_at_s = True, time.monotonic() + RETRY_S
        finally:
            running.set()


async def _changes(targets: Iterable[str], running: asyncio.Event) -> AsyncIterator[set[tuple[Change, str]]]:
    from watchfiles import awatch  # it takes 14 ms, and so is imported in a thread before that

    # Where there is no room for a thread of its own, the library takes the whole process down.
    room = threading.Thread(target=int, name="room to watch files")
    room.start()
    room.join()
    watching = awatch(*targets, watch_filter=None, debounce=DEBOUNCE_MS, step=STEP_MS, recursive=False)
    first = asyncio.ensure_future(anext(watching))  # the kernel is asked when it is first advanced
    try:
        await asyncio.sleep(0)
        if not first.done():
            running.set()
        yield await first
        async for changes in watching:
            yield changes
    except StopAsyncIteration:
        return
    finally:
        await cancel(first)
        await watching.aclose()


def _targets(wanted: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return the folders to watch, with device and inode: for one that isn't there, the nearest above it that is."""
    found: dict[str, tuple[int, int]] = {}
    for folder in map(_nearest_there, wanted):
        with contextlib.suppress(OSError):
            stat = os.stat(folder)
            found[folder] = (stat.st_dev, stat.st_ino)
    return found


def _nearest_there(folder: str) -> str:
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder
