"""The websocket: it says that a picture changed; HTTP fetches what."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from handlers import guards
from handlers.base import PlotHandler
from service.engine import Engine
from service.errors import BadParameter, printable
from service.hub import Subscription

STRIKES = 3
MOST_WATCHED = 2_000  # pictures on one page
LONGEST_URL = guards.LONGEST_URL


class LiveHandler(PlotHandler, WebSocketHandler):
    """``/live``: one client's socket. It reads what to watch, and sends the newest state of each picture."""

    def initialize(self, engine: Engine) -> None:
        super().initialize(engine)
        self._subscription: Subscription | None = None
        self._sending: asyncio.Task[None] | None = None
        self._strikes = 0
        self._watched: set[str] = set()

    def prepare(self) -> Awaitable[Any] | None:  # type: ignore[override]  # tornado awaits what there is
        guards.check_origin(self.request)
        return super().prepare()

    async def get(self, *args: str, **kwargs: str) -> None:
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadParameter("this is a websocket: expected an upgrade")
        await super().get(*args, **kwargs)

    def check_origin(self, origin: str) -> bool:
        """Let it pass: ``prepare`` has looked at it, in the one way that all else is looked at."""
        return True

    def get_compression_options(self) -> None:
        """Compress nothing: it costs 150 kB per idle client, for messages of 100 bytes."""

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        self._subscription = self.engine.hub.subscribe()
        self.settings["sockets"].add(self)
        self._sending = asyncio.create_task(self._send(self._subscription), name="send to a page")

    def on_message(self, message: str | bytes) -> None:
        urls = read_message(message)
        if urls is None or self._subscription is None:
            self._refuse()
            return
        watch, unwatch = urls
        self._watched = self._watched.difference(unwatch).union(watch)
        if len(self._watched) > MOST_WATCHED:
            self.close(1008, f"more than {MOST_WATCHED} pictures watched at once")
            return
        for url in unwatch:
            self.engine.hub.unwatch(self._subscription, url)
        for url in watch:
            self.engine.hub.watch(self._subscription, url)

    def on_close(self) -> None:
        self.settings["sockets"].discard(self)
        if self._sending is not None:
            self._sending.cancel()
        if self._subscription is not None:
            self.engine.hub.unsubscribe(self._subscription)

    def _refuse(self) -> None:
        """Say what was expected; the third time, hang up."""
        self._strikes += 1
        if self._strikes >= STRIKES:
            self.close(1008, "three messages that make no sense")
        elif self._subscription is not None:
            expected = 'expected {"watch": [URL, ...]} or {"unwatch": [URL, ...]}'
            error = {"status": 400, "code": "bad_message", "message": expected}
            self._subscription.put(f"strike {self._strikes}", {"error": error})

    async def _send(self, subscription: Subscription) -> None:
        """Send what is pending, as fast as the client takes it and no faster."""
        while True:
            message = await subscription.take()
            try:
                await self.write_message(json.dumps(message))
            except WebSocketClosedError:
                return


def read_message(message: str | bytes) -> tuple[list[str], list[str]] | None:
    """Return the URLs to watch and to unwatch; None if *message* says neither."""
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not said or set(said) - {"watch", "unwatch"}:
        return None
    lists = said.get("watch", []), said.get("unwatch", [])
    if not all(isinstance(urls, list) and all(is_url(url) for url in urls) for urls in lists):
        return None
    return lists


def is_url(value: object) -> bool:
    """Say whether *value* can be the URL of a picture."""
    return isinstance(value, str) and len(value) <= LONGEST_URL and printable(value) == value
