"""What is made of a picture that was drawn: its pixels as WebP or for a terminal, its words as text, its numbers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from plotd import ansi, raster
from plotd.encode import Encoded
from plotd.table import Table
from service.cache import Cache
from service.errors import TooLarge
from service.rendering import Demand, Rendering

THREADS = 2  # each may hold all pixels of a picture


class Derived:
    """Makes it once for all who ask, in a thread, and keeps it beside the picture. Used from the event loop only."""

    def __init__(self, cache: Cache, max_rows: int) -> None:
        self._cache = cache
        self._max_rows = max_rows
        self._making: dict[str, asyncio.Task[bytes]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="derive")

    def at_hand(self, drawn: Rendering, demand: Demand) -> bytes | None:
        """Return what *demand* asks for, made of *drawn*, where nothing must be waited for; else None."""
        if not demand.suffix:
            return drawn.body
        if demand.ending == "txt":
            return f"{drawn.alt}\n".encode()
        kept = self._cache.get(demand.request.key + demand.suffix)
        # Of another render with the same label it would be as right, but it wouldn't be of the same picture.
        same = kept is not None and (kept.etag, kept.at) == (drawn.etag + demand.suffix, drawn.at)
        return kept.body if kept is not None and same else None

    async def body(self, drawn: Rendering, demand: Demand) -> bytes:
        """Return what *demand* asks for, made of *drawn*. Raises TooLarge if it has more of anything than it may."""
        if (known := self.at_hand(drawn, demand)) is not None:
            return known
        label = f"{drawn.etag}{demand.suffix} {drawn.began_s}"
        making = self._making.get(label)
        if making is None:
            making = self._making[label] = asyncio.create_task(self._make(drawn, demand), name=f"make {label}")
            making.add_done_callback(partial(self._made, label))
        return await asyncio.shield(making)

    def _made(self, label: str, making: asyncio.Task[bytes]) -> None:
        del self._making[label]
        if not making.cancelled():
            making.exception()  # whoever still waits for it is told

    async def _make(self, drawn: Rendering, demand: Demand) -> bytes:
        try:
            loop = asyncio.get_running_loop()
            body = await loop.run_in_executor(self._threads, make, drawn, demand, self._max_rows)
        except ValueError as error:
            raise TooLarge(str(error)) from error
        suffix = demand.suffix
        made = replace(drawn, key=demand.request.key + suffix, etag=drawn.etag + suffix, body=body, table=Table())
        self._cache.put(made, demand.request.spec.name)
        return body


def make(drawn: Rendering | Encoded, demand: Demand, max_rows: int) -> bytes:
    """Return what *demand* asks for, made of what was *drawn*: at most *max_rows* of its numbers.

    Runs in a thread. Raises ValueError if there is more of something than that can have.
    """
    match demand.ending:
        case "csv":
            return drawn.table.body(max_rows)
        case "webp":
            return raster.webp(drawn.body)
        case _:
            return ansi.text(drawn.body, demand.columns).encode()
