"""The whole application on a free loopback port, in the test's own event loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.service.conftest import PATIENCE_S, House, open_house
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.iostream import IOStream
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, websocket_connect

from handlers.routes import make_app
from handlers.server import Server


@dataclass(eq=False)
class Site:
    """A house that answers HTTP."""

    house: House
    port: int
    server: Server
    app: Application
    sockets: list[WebSocketClientConnection] = field(default_factory=list)
    connections: list[IOStream] = field(default_factory=list)  # of these sockets

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    async def fetch(self, path: str, **options: Any) -> HTTPResponse:
        """Return the answer to a request, whatever its status."""
        options = {"method": "GET", "raise_error": False, "follow_redirects": False, **options}
        if options["method"] in ("POST", "PUT", "PATCH") and "body" not in options:
            options["body"] = b""
        return await AsyncHTTPClient().fetch(self.url + path, allow_nonstandard_methods=True, **options)

    async def error(self, path: str, **options: Any) -> dict[str, Any]:
        """Return the one shape of an error that *path* answers with."""
        answer = await self.fetch(path, **options)
        told = json.loads(answer.body)["error"]
        assert told["status"] == answer.code
        return dict(told)

    async def say(self, raw: bytes) -> bytes:
        """Send bytes as no library would, and return all that comes back until the connection closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(raw)
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read()
        writer.close()
        return answer

    async def socket(self, **headers: str) -> WebSocketClientConnection:
        """Open ``/live``; it is closed with the site."""
        socket = await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{self.port}/live", headers=headers))
        self.sockets.append(socket)
        stream = socket.protocol.stream if socket.protocol is not None else None
        assert isinstance(stream, IOStream)
        self.connections.append(stream)
        return socket


MakeSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def make_site(tmp_path: Path) -> AsyncIterator[MakeSite]:
    """Serve the folder ``plots`` of the test, with settings by section."""
    async with AsyncExitStack() as stack:
        (tmp_path / "plots").mkdir()

        async def make(show_tracebacks: bool = False, **settings: Any) -> Site:
            live = {"min_interval_s": 0.0, "rest": 0.0, "min_every_s": 0.01, **settings.pop("live", {})}
            opened = open_house(tmp_path / "plots", tmp_path / "kept.sqlite", live=live, **settings)
            house = await stack.enter_async_context(opened)
            socket, port = bind_unused_port()
            app = make_app(house.engine, show_tracebacks=show_tracebacks)
            server = Server(app, house.engine.config.listen)
            server.add_sockets([socket])

            site = Site(house, port, server, app)

            async def close() -> None:
                server.stop()
                for open_socket in site.sockets:
                    open_socket.close()
                for connection in site.connections:
                    while not connection.closed():
                        await asyncio.to_thread(time.monotonic)
                for live_handler in list(app.settings["sockets"]):
                    live_handler.close(1001)
                await server.close_all_connections()

            stack.push_async_callback(close)
            return site

        yield make


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    """The application with default settings."""
    return await make_site()


async def receive(socket: WebSocketClientConnection) -> dict[str, Any]:
    """Return the next message that isn't about the catalog, as what it holds."""
    while "catalog" in (message := await receive_any(socket)):
        pass
    return message


async def receive_any(socket: WebSocketClientConnection) -> dict[str, Any]:
    """Return the next message, as what it holds."""
    async with asyncio.timeout(PATIENCE_S):
        message = await socket.read_message()
    assert message is not None, f"closed: {socket.close_code} {socket.close_reason}"
    return dict(json.loads(message))
