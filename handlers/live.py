"""The websocket: it says that a picture changed; HTTP fetches what."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Awaitable
from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamBufferFullError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from handlers import guards
from handlers.contract import ANY, Contract, Reply
from handlers.staying import StayingHandler, within
from service import links
from service.config import Config, Listen
from service.errors import BadParameter, BadRequest, Forbidden, UpgradeRequired, printable
from service.options import words_of_query
from service.subscription import Message, Subscription

STRIKES = 3
VERSION = "13"  # of the protocol: the only one there is
SAID = HTTPHeaders()  # in place of header fields that were read, and sent: thousands of sockets would keep 2 kB each


class LiveHandler(StayingHandler, WebSocketHandler):
    """``/live``: one client's socket. It reads what to watch, and sends the newest state of each picture.

    A client that would rather have an event stream says in the URL what to watch, and gets the same messages.
    """

    contract = Contract(
        "What changed, as it happens: a websocket, or an event stream for Accept: text/event-stream",
        {
            101: Reply("It is a websocket from here on."),
            200: Reply("A message for each change, for ever.", "text/event-stream", headers=("Cache-Control", "Vary")),
        },
        errors=(*ANY, 426),
        reads=("url",),
    )

    reach = "any"
    __slots__ = ("_strikes", "_subscription")  # beyond 30 attributes, its dictionary would take up 1.3 kB more

    def initialize(self) -> None:
        self._subscription: Subscription | None = None
        self._strikes = 0

    def prepare(self) -> Awaitable[Any] | None:  # type: ignore[override]  # tornado awaits what there is
        guards.check_origin(self.request, self.engine.config.listen)
        return super().prepare()

    async def get(self, *args: str, **kwargs: str) -> None:
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            await self._tell_events()
        else:
            check_upgrade(self.request.headers)
            await super().get(*args, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # Any: tornado's own signature
        super().write_error(status_code, **kwargs)
        if self.get_status() == 426:
            self._headers.update({"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": VERSION})

    async def _tell_events(self) -> None:
        if "text/event-stream" not in self.request.headers.get("Accept", "").lower():
            raise BadParameter("this is a websocket: expected an upgrade, or Accept: text/event-stream")
        urls = read_query(self.request.query, self.engine.config)
        if not all(map(self._may_watch, urls)):
            raise Forbidden(f"this is not allowed to {self.access.name}: its token is for other plots")
        self.begin("text/event-stream")
        self.set_header("Vary", self.vary)
        await self.send_all(self._events(urls))

    async def _events(self, urls: list[str]) -> AsyncGenerator[bytes]:
        """Yield what the hub says, each message as an event; a comment now and then tells if it is there."""
        yield f"retry: {random.randint(1000, 3000)}\n\n".encode()  # ms; not all come back at the same moment
        with self.engine.hub.watching(*urls) as mailbox:
            while True:
                message = await within(self.engine.config.live.ping_s, mailbox.take)
                yield f"data: {message.text}\n\n".encode() if message else b": still here\n\n"

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Say goodbye to a websocket; end an event stream."""
        if self.ws_connection is not None:
            WebSocketHandler.close(self, code, reason)
        else:
            self.leave()

    def check_origin(self, origin: str) -> bool:
        """Let it pass: ``prepare`` has looked at it, in the one way that all else is looked at."""
        return True

    def get_compression_options(self) -> None:
        """Compress nothing: it costs 150 kB per idle client, for messages of 100 bytes."""

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        self._subscription = self.engine.hub.subscribe(self._deliver)
        self._headers = self.request.headers = SAID
        self.stay()

    def on_message(self, message: str | bytes) -> None:
        if not self._was_masked():
            self.close(1002, "a client masks its frames")
            return
        urls = read_message(message, self.engine.config.listen)
        if urls is None or self._subscription is None:
            self._refuse()
            return
        watch, unwatch = urls
        most = self.engine.config.live.max_watched
        if len(self._subscription.watched.difference(unwatch).union(watch)) > most:
            self.close(1008, f"more than {most} pictures watched at once")
            return
        for url in unwatch:
            self.engine.hub.unwatch(self._subscription, url)
        for url in watch:
            if self._may_watch(url):
                self.engine.hub.watch(self._subscription, url)
            else:
                self.engine.hub.deny(self._subscription, url)

    def _was_masked(self) -> bool:
        """Say whether the last frame was masked, as a client's must be (RFC 6455, 5.1): tornado doesn't ask."""
        connection: Any = self.ws_connection  # Any: tornado keeps the mask to itself
        if connection is None:  # we said goodbye, and what comes until the client does is of no matter
            return True
        mask, connection._frame_mask = getattr(connection, "_frame_mask", b""), None
        return mask is not None

    def _may_watch(self, url: str) -> bool:
        return self.may_see(links.name_in(self.engine.config.listen.inside(url)))

    def on_close(self) -> None:
        self.settings["sockets"].discard(self)
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
            self._subscription.put(f"strike {self._strikes}", Message(error=error))

    def _deliver(self, message: Message) -> asyncio.Future[None]:
        try:
            return self.write_message(message.text)
        except (WebSocketClosedError, StreamBufferFullError) as closed:
            gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            gone.set_exception(closed)
            return gone


def check_upgrade(headers: HTTPHeaders) -> None:
    """Refuse what no websocket can come of; tornado would, without our words.

    Raises:
        BadRequest: a field is missing.
        UpgradeRequired: it is for another version.
    """
    if "upgrade" not in (word.strip().lower() for word in headers.get("Connection", "").split(",")):
        raise BadRequest("this asks for a websocket: expected Connection: Upgrade as well")
    if headers.get("Sec-WebSocket-Version") != VERSION:
        raise UpgradeRequired(f"this asks for another websocket: expected Sec-WebSocket-Version: {VERSION}")
    if not headers.get("Sec-WebSocket-Key"):
        raise BadRequest("this asks for a websocket: expected Sec-WebSocket-Key as well")


def read_query(query: str, config: Config) -> list[str]:
    """Return the URLs to watch that the query of an event stream names. Raises BadParameter."""
    words = words_of_query(query)
    urls = [word for name, word in words if name == "url"]
    fields = {name[:100]: "there is no such parameter" for name, _ in words if name not in ("url", "_")}
    if not urls or not all(is_url(url, config.listen) for url in urls):
        fields["url"] = "expected the URL of a picture, such as /plots/NAME.png; more than one by repeating it"
    elif len(urls) > config.live.max_watched:
        fields["url"] = f"given more than {config.live.max_watched} times"
    if fields:
        raise BadParameter.in_fields(fields)
    return urls


def read_message(message: str | bytes, listen: Listen) -> tuple[list[str], list[str]] | None:
    """Return the URLs to watch and to unwatch; None if *message* says neither."""
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not said or set(said) - {"watch", "unwatch"}:
        return None
    lists = said.get("watch", []), said.get("unwatch", [])
    if not all(isinstance(urls, list) and all(is_url(url, listen) for url in urls) for urls in lists):
        return None
    return lists


def is_url(value: object, listen: Listen) -> bool:
    """Say whether *value* can be the URL of a picture."""
    return isinstance(value, str) and guards.url_problem(value, listen) is None and printable(value) == value
