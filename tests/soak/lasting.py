"""Viewers that stay from the first to the last minute, each connected once, and know how each picture is by now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlencode

from tests.soak.viewers import WATCHED, Street
from tornado.websocket import websocket_connect

URLS = WATCHED
STREAMED = "/plots/run.stream"


class Lasting:
    """What they were told last, each of them: state and etag of each URL."""

    def __init__(self) -> None:
        self.by_socket: dict[str, tuple[str, str]] = {}
        self.by_events: dict[str, tuple[str, str]] = {}
        self.streamed = ""  # the etag of the last part

    def note(self, told: dict[str, tuple[str, str]], text: str) -> None:
        """Take in a message."""
        message = json.loads(text)
        if "url" in message:
            told[message["url"]] = message["state"], message["etag"]

    def lags(self, etags: dict[str, str]) -> list[str]:
        """Return which of them don't show the pictures with these *etags*, by URL."""
        late = [
            f"{kind} {url}: {told.get(url)}, not {etag}"
            for kind, told in (("socket", self.by_socket), ("events", self.by_events))
            for url, etag in etags.items()
            if told.get(url) != ("fresh", etag)
        ]
        newest = etags[STREAMED.replace(".stream", ".png")]
        return late + ([f"stream: {self.streamed}, not {newest}"] if self.streamed != newest else [])


@asynccontextmanager
async def lasting(street: Street) -> AsyncIterator[Lasting]:
    """Have them there until the block ends; one that is hung up on fails it."""
    seen = Lasting()
    async with AsyncExitStack() as stack:
        socket = await websocket_connect(f"ws://127.0.0.1:{street.port}/live")
        stack.callback(socket.close)
        await socket.write_message(json.dumps({"watch": URLS}))
        query = urlencode([("url", url) for url in URLS])
        events = await stack.enter_async_context(street.ask(f"/live?{query}", "Accept: text/event-stream"))
        stream = await stack.enter_async_context(street.ask(STREAMED))

        async def hear_socket() -> None:
            while text := await socket.read_message():
                seen.note(seen.by_socket, str(text))
            raise ConnectionError("the daemon closed the websocket")

        async def hear_events() -> None:
            while line := await events.readline():
                if line.startswith(b"data: "):
                    seen.note(seen.by_events, line.removeprefix(b"data: ").decode())
            raise ConnectionError("the event stream ended")

        async def hear_stream() -> None:
            while line := await stream.readline():
                if line.startswith(b"ETag: "):
                    seen.streamed = line.removeprefix(b"ETag: ").decode().strip().strip('"')
            raise ConnectionError("the stream ended")

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(hear()) for hear in (hear_socket, hear_events, hear_stream)]
            yield seen
            for task in tasks:
                task.cancel()


async def latest(street: Street) -> dict[str, str]:
    """Return the etag of each picture as it is by now."""
    return {url: (await street.get(url)).headers["Etag"].strip('"') for url in URLS}
