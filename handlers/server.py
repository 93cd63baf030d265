"""The HTTP server: how many are let in, how much of what they send is read, and how long they are waited for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import sys
from collections.abc import Awaitable, Iterable
from http import HTTPStatus
from typing import Any

from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, SSLIOStream, StreamClosedError, UnsatisfiableReadError
from tornado.netutil import ssl_wrap_socket
from tornado.web import Application

from handlers import errors
from service.config import Listen
from service.errors import HeaderTooLarge, Overloaded, ServiceError, TooLarge, UrlTooLong

MOST_TURNED_AWAY = 64  # connections, beyond those let in, that are told so at a time; more are closed without a word
TURNED_AWAY_S = 2.0  # how long they may take to say what they wanted
PAUSE_S = 1.0  # before another try to accept, when there are no file descriptors left

log = logging.getLogger(__name__)


class Server(HTTPServer):
    """Serves an application within the bounds of *listen*, and to *room* connections at a time.

    Unlike tornado's it counts websockets too, answers those that it refuses, and doesn't spin without descriptors.
    """

    def initialize(  # type: ignore[override]  # as tornado's classes are made
        self, app: Application, listen: Listen, room: int | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        super().initialize(
            app,
            ssl_options=context,
            # Up to that the guards measure, and answer as the client likes it; a field may have few letters.
            max_header_size=listen.max_url_bytes + 2 * listen.max_header_bytes,
            max_body_size=sys.maxsize,  # _Body measures it
            idle_connection_timeout=listen.receive_timeout_s,
            body_timeout=listen.receive_timeout_s,
        )
        fields = httputil.ParseUrlEncodedConfig(max_arguments=sys.maxsize)  # the guards count them
        httputil.set_parse_body_config(httputil.ParseBodyConfig(urlencoded=fields))
        self._listen = listen
        self._room = listen.max_connections if room is None else room
        self._streams: set[IOStream] = set()
        self._farewells: set[asyncio.Task[None]] = set()
        self._listening: list[socket.socket] = []

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections at *sockets*, which are closed at the stop."""
        for listening in sockets:
            listening.setblocking(False)
            self._listening.append(listening)
            self._resume(listening)

    def stop(self) -> None:
        """Accept no more; what was accepted goes on."""
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._listening.clear()
        for farewell in self._farewells:
            farewell.cancel()

    @property
    def connections(self) -> int:
        """How many there are, those of websockets included."""
        return len(self._streams)

    def use(self, context: ssl.SSLContext) -> None:
        """Encrypt further connections by *context*."""
        self.ssl_options = context

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> httputil.HTTPMessageDelegate:
        """Return what takes in a request."""
        assert isinstance(request_conn, HTTP1Connection)
        return _Body(super().start_request(server_conn, request_conn), request_conn, self._listen.max_body_bytes)

    def _resume(self, listening: socket.socket) -> None:
        if listening in self._listening:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        """Accept what waits at *listening*; where the system has no room for it, try again a little later."""
        for _ in range(self._listen.backlog):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                log.warning("no connection can be accepted for %g s: %s", PAUSE_S, error.strerror)
                loop = asyncio.get_running_loop()
                loop.remove_reader(listening)
                loop.call_later(PAUSE_S, self._resume, listening)
                return
            self._let_in(connection, address)

    def _let_in(self, connection: socket.socket, address: Any) -> None:  # Any: each family has its own
        try:
            if connection.family in (socket.AF_INET, socket.AF_INET6):
                # Nothing else ends a connection whose client takes in nothing; its answer would stay in memory.
                timeout_s = self._listen.send_timeout_s
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(timeout_s * 1000))
                # A stream's client that vanished would hold its place until there is something to send.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, round(timeout_s)))
            stream = self._make_stream(connection)
        except OSError:  # it is gone already
            connection.close()
            return
        if len(self._streams) - len(self._farewells) <= self._room:
            self.handle_stream(stream, address)
        elif len(self._farewells) < MOST_TURNED_AWAY:
            farewell = asyncio.create_task(turn_away(stream, self._room), name="turn a client away")
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)
        else:
            stream.say(full(self._room))
            stream.close()

    def _make_stream(self, connection: socket.socket) -> _Bounded:
        if not isinstance(self.ssl_options, ssl.SSLContext):
            return _Stream(connection, self._streams, self._listen)
        encrypted = ssl_wrap_socket(connection, self.ssl_options, server_side=True, do_handshake_on_connect=False)
        return _TlsStream(encrypted, self._streams, self._listen)


class _Bounded(IOStream):
    """A connection that says why it hangs up; *siblings* are those that are open."""

    def __init__(self, connection: socket.socket, siblings: set[IOStream], listen: Listen) -> None:
        super().__init__(connection)
        self._listen = listen
        self._siblings = siblings
        siblings.add(self)

    def close_fd(self) -> None:
        self._siblings.discard(self)
        super().close_fd()

    def close(self, exc_info: Any = False) -> None:  # Any: tornado's own signature
        # What can't be satisfied is the end of a header that doesn't come; tornado has no other way to say so.
        if isinstance(exc_info, UnsatisfiableReadError) and self._read_regex is not None and not self.closed():
            self.say(header_too_large(self._read_buffer, self._listen))
        super().close(exc_info)

    def say(self, error: ServiceError) -> None:
        """Write the answer that tells *error*, as far as there is room for it at once."""
        with contextlib.suppress(OSError):
            self.socket.send(raw_answer(error))
            for _ in range(16):  # what is left unread would make the system take the answer back
                if not self.socket.recv(65_536):
                    return


class _Stream(_Bounded):
    """A plain one."""


class _TlsStream(_Bounded, SSLIOStream):
    """An encrypted one."""


class _Body(httputil.HTTPMessageDelegate):
    """Takes in a request; one with a larger body than *limit_bytes* is refused at once.

    Many a client reads the answer only once it has sent all: what it sends is taken in, and dropped, while time allows.
    """

    def __init__(self, inner: httputil.HTTPMessageDelegate, connection: HTTP1Connection, limit_bytes: int) -> None:
        self._inner = inner
        self._connection = connection
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._refused = False

    def headers_received(
        self, start_line: httputil.RequestStartLine | httputil.ResponseStartLine, headers: httputil.HTTPHeaders
    ) -> Awaitable[None] | None:
        if "Content-Length" in headers and self._is_too_long(headers["Content-Length"]):
            self._refuse()
            if "Expect" in headers:
                self._connection.finish()
            return None
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._bytes += len(chunk)
        if self._bytes > self._limit_bytes and not self._refused:
            self._inner.on_connection_close()
            self._refuse()
        return None if self._refused else self._inner.data_received(chunk)

    def finish(self) -> None:
        return self._connection.finish() if self._refused else self._inner.finish()

    def on_connection_close(self) -> None:
        if not self._refused:
            self._inner.on_connection_close()

    def _is_too_long(self, length: str) -> bool:
        return length.isdecimal() and (len(length) > 18 or int(length) > self._limit_bytes)

    def _refuse(self) -> None:
        self._refused = True
        status, headers, body = answer(TooLarge(f"the body is larger than {self._limit_bytes} bytes"))
        start_line = httputil.ResponseStartLine("HTTP/1.1", status, HTTPStatus(status).phrase)
        self._connection.write_headers(start_line, httputil.HTTPHeaders(headers), body)


async def turn_away(stream: IOStream, room: int) -> None:
    """Tell the client of *stream* that there is no room for it, once it said what it wants."""
    try:
        with contextlib.suppress(StreamClosedError, UnsatisfiableReadError, TimeoutError):
            async with asyncio.timeout(TURNED_AWAY_S):
                await stream.read_until_regex(rb"\r?\n\r?\n", max_bytes=65_536)
                await stream.write(raw_answer(full(room)))
    finally:
        stream.close()


def header_too_large(begun: bytes | bytearray, listen: Listen) -> ServiceError:
    """Return the error for a header that has *begun* so and doesn't end within its bound."""
    if b"\n" in begun[: listen.max_url_bytes]:
        return HeaderTooLarge(f"the header is larger than {listen.max_header_bytes} bytes")
    return UrlTooLong(f"the URL is longer than {listen.max_url_bytes} bytes")


def full(room: int) -> Overloaded:
    """Return the error for one connection more."""
    return Overloaded(f"there are {room} connections already")


def answer(error: ServiceError) -> tuple[int, dict[str, str], bytes]:
    """Return status, header fields and body of the answer to what never became a request."""
    status = errors.status_of(error)
    body = errors.as_json(errors.describe(error, status))
    headers = {
        "Server": "plotd",
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(error.retry_after_s)
    return status, headers, body


def raw_answer(error: ServiceError) -> bytes:
    """Return the bytes of that answer, after which the connection is closed."""
    status, headers, body = answer(error)
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
