"""Answers that take as long as they take: those that wait for a change, and those that go on for ever."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from functools import partial
from typing import Protocol, TypeVar

from tornado.iostream import StreamClosedError

from handlers.base import PlotHandler
from service.errors import Overloaded
from service.subscription import Message, Subscription

WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d+)"?\s*(?=;|,|$)', re.IGNORECASE)


class Places:
    """Room for a bounded number of clients that stay."""

    def __init__(self, who: str) -> None:
        self.most = 0
        self._who = who
        self.taken = 0

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Hold a place for a while. Raises Overloaded at once if there is none."""
        if self.taken >= self.most:
            raise Overloaded(f"{self._who}: {self.most} at a time", retry_after_s=5)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Seen(Protocol):
    """What a client is told of: *label* is the ETag of the answer, *picture* and *error* are what the hub says."""

    @property
    def label(self) -> str: ...
    @property
    def picture(self) -> str | None: ...
    @property
    def error_code(self) -> str: ...


S = TypeVar("S", bound=Seen)


class StayingHandler(PlotHandler):
    """A handler whose client may stay for long: in a place of its own, until it leaves or the daemon stops."""

    @contextlib.contextmanager
    def staying(self, places: str) -> Iterator[None]:
        """Hold one of these *places*, until the client leaves or has to."""
        room: Places = self.settings[places]
        with room.take():
            self.stay()
            try:
                yield
            finally:
                self.settings["sockets"].discard(self)

    def stay(self) -> None:
        """Let a stop of the daemon know, and the gate: who is let in no longer must leave."""
        self.settings["sockets"].add(self)
        self.gate.look_after(self.settings["sockets"])

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Let the client go: it may come back."""
        self.leave()

    def client_has(self, label: str) -> bool:
        """Label the answer; say whether the client has just that."""
        self._headers["Etag"] = etag = f'"{label}"'
        has = self.request.headers.get("If-None-Match")
        return has is not None and (has == etag or self.check_etag_header())

    async def look_or_wait(self, url: str, look: Callable[[str | None], Awaitable[S]]) -> S:
        """Return what *look* gives; what it gives after a change, if the client has it by now and prefers to wait.

        *look* is given the etag that the hub told for *url*, once it did. A change is another picture, another error,
        or none any more.

        Raises:
            Overloaded: too many wait already, or the daemon stops.
        """
        seen = await look(None)
        wait_s = self._wait_s()
        if wait_s is None or seen.picture is None:
            return seen
        self._headers["Preference-Applied"] = f"wait={wait_s:g}"
        if not self.client_has(seen.label):
            return seen
        ends_s = time.monotonic() + wait_s
        with self.staying("waiters"), self.engine.hub.watching(url) as mailbox:
            while self.client_has(seen.label):
                message = await self.wait_for(within(ends_s - time.monotonic(), partial(news, mailbox, seen)))
                if message is None:
                    break
                etag = message["etag"]
                before, seen = seen, await look(str(etag) if etag else None)
                if seen.error_code != before.error_code:
                    break
        return seen

    def _wait_s(self) -> float | None:
        """Return how long the client prefers to wait for another picture than the one it has, within bounds."""
        headers = self.request.headers
        if "Prefer" not in headers or "If-None-Match" not in headers:
            return None
        found = WAIT.search(headers["Prefer"])
        wait_s = min(float(found[1]), self.engine.config.live.max_wait_s) if found else 0.0
        return wait_s or None

    def begin(self, content_type: str) -> None:
        """Say that what follows goes on, and that no proxy may keep any of it back."""
        self.set_header("Content-Type", content_type)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")  # as nginx has it

    async def send_all(self, chunks: AsyncGenerator[bytes]) -> None:
        """Send *chunks*, each once the client has taken the one before, until it leaves or the daemon stops.

        One that takes nothing in for ``listen.send_timeout_s`` is disconnected as any is; slow is not dead.
        """
        if self.request.method == "HEAD":
            await self.flush()
            return
        with self.staying("streams"), contextlib.suppress(Overloaded):  # it left, or is to leave
            await self.wait_for(self._pass_on(chunks))

    async def _pass_on(self, chunks: AsyncGenerator[bytes]) -> None:
        async with contextlib.aclosing(chunks):
            async for chunk in chunks:
                self.write(chunk)
                try:
                    await self.flush()
                except StreamClosedError:  # it left just now
                    return


async def within(seconds: float | None, take: Callable[[], Awaitable[Message]]) -> Message | None:
    """Return the message that *take* waits for; None if it doesn't come within that time, if any."""
    try:
        async with asyncio.timeout(seconds):
            return await take()
    except TimeoutError:
        return None


async def settled(mailbox: Subscription) -> Message:
    """Return the next message on what became of a picture: that it's being drawn is no news to one who waits for it."""
    while (message := await mailbox.take()).get("state") not in ("fresh", "stale", "gone"):
        pass
    return message


async def news(mailbox: Subscription, seen: Seen) -> Message:
    """Return what the hub says once that is something else than what was *seen*."""
    while True:
        message = await settled(mailbox)
        error = message.get("error")
        code = str(error["code"]) if isinstance(error, dict) else ""
        if (message["etag"], code) != (seen.picture, seen.error_code):
            return message
