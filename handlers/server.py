"""The HTTP server: how many are let in, how much of what they send is read, and how long they are waited for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import sys
from asyncio import Future
from collections.abc import Awaitable, Iterable
from http import HTTPStatus
from typing import Any

from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, SSLIOStream, UnsatisfiableReadError
from tornado.netutil import ssl_wrap_socket
from tornado.web import Application

from handlers.base import GuardedHandler
from service.config import Listen
from service.errors import BadRequest, HeaderTooLarge, Overloaded, ServiceError, TooLarge, UrlTooLong

MOST_TURNED_AWAY = 64  # connections, beyond those let in, that are told so at a time; more are closed without a word
TURNED_AWAY_S = 2.0  # how long they may take to say what they wanted
LINGER_S = 0.1  # at a stop, for a client that was let in just before it to say what it wants
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
            max_body_size=sys.maxsize,  # _Request measures it
            idle_connection_timeout=listen.receive_timeout_s,
            body_timeout=listen.receive_timeout_s,
        )
        fields = httputil.ParseUrlEncodedConfig(max_arguments=sys.maxsize)  # the guards count them
        httputil.set_parse_body_config(httputil.ParseBodyConfig(urlencoded=fields))
        self._app = app
        self._app = app
        self._listen = listen
        self._room = listen.max_connections if room is None else room
        self._streams: set[IOStream] = set()
        self._farewells: set[IOStream] = set()
        self._listening: list[socket.socket] = []

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections at *sockets*, which are closed at the stop."""
        for listening in sockets:
            listening.setblocking(False)
            self._listening.append(listening)
            self._resume(listening)

    def stop(self) -> None:
        """Accept no more; what was accepted goes on, with one answer to each connection."""
        self.conn_params.no_keep_alive = True
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._listening.clear()

    @property
    def connections(self) -> int:
        """How many there are, those of websockets included."""
        return len(self._streams)

    async def drained(self) -> None:
        """Wait until all that was asked is answered."""
        await asyncio.sleep(LINGER_S)
        answering = self._app.settings["answering"]
        while answering or any(stream.writing() for stream in self._streams):  # noqa: ASYNC110 - cheaper than an event
            await asyncio.sleep(0.01)

    def use(self, context: ssl.SSLContext) -> None:
        """Encrypt further connections by *context*."""
        self.ssl_options = context

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> httputil.HTTPMessageDelegate:
        """Return what takes in a request."""
        assert isinstance(request_conn, HTTP1Connection)
        stream = request_conn.stream
        assert isinstance(stream, _Bounded)
        inner = super().start_request(server_conn, request_conn)
        stream.request = _Request(inner, request_conn, self._app, self._listen)
        if stream in self._farewells:
            stream.request.refusal = full(self._room)
        return stream.request

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
            has_room = len(self._streams) < self._room
            stream = self._make_stream(connection, self._streams if has_room else self._farewells)
        except OSError:  # it is gone already
            connection.close()
            return
        if has_room:
            self.handle_stream(stream, address)
        elif len(self._farewells) <= MOST_TURNED_AWAY:
            self.handle_stream(stream, address)
            asyncio.get_running_loop().call_later(TURNED_AWAY_S, stream.close)
        else:
            self.start_request(None, HTTP1Connection(stream, is_client=False))
            stream.say(full(self._room))
            stream.close()

    def _make_stream(self, connection: socket.socket, siblings: set[IOStream]) -> _Bounded:
        if not isinstance(self.ssl_options, ssl.SSLContext):
            return _Stream(connection, siblings, self._listen)
        encrypted = ssl_wrap_socket(connection, self.ssl_options, server_side=True, do_handshake_on_connect=False)
        return _TlsStream(encrypted, siblings, self._listen)


class _Bounded(IOStream):
    """A connection that says why it hangs up; *siblings* are those that are open."""

    request: _Request | None = None  # that is read, or answered, now

    def __init__(self, connection: socket.socket, siblings: set[IOStream], listen: Listen) -> None:
        super().__init__(connection)
        self._listen = listen
        self._siblings = siblings
        siblings.add(self)

    def write(self, data: bytes | memoryview) -> Future[None]:
        # While tornado handles such an error, it writes nothing but its own bare answer to it.
        if isinstance(error := sys.exception(), httputil.HTTPInputError) and self.request is not None:
            data = self.request.raw_answer(BadRequest(f"the request is malformed: {str(error)[:300]}"))
        return super().write(data)

    def close_fd(self) -> None:
        self._siblings.discard(self)
        self.request = None  # it knows of this connection: a cycle
        super().close_fd()

    def close(self, exc_info: Any = False) -> None:  # Any: tornado's own signature
        # What can't be satisfied is the end of a header that doesn't come; tornado has no other way to say so.
        if isinstance(exc_info, UnsatisfiableReadError) and self._read_regex is not None and not self.closed():
            self.say(header_too_large(self._read_buffer, self._listen))
        super().close(exc_info)

    def say(self, error: ServiceError) -> None:
        """Write the answer that tells *error*, as far as there is room for it at once."""
        if self.request is None:
            return
        with contextlib.suppress(OSError):
            self.socket.send(self.request.raw_answer(error))
            for _ in range(16):  # what is left unread would make the system take the answer back
                if not self.socket.recv(65_536):
                    return


class _Stream(_Bounded):
    """A plain one."""


class _TlsStream(_Bounded, SSLIOStream):
    """An encrypted one."""


class _Request(httputil.HTTPMessageDelegate):
    """Takes in a request; it is refused at once if there is a *refusal*, or if its body is larger than it may be.

    Many a client reads the answer only once it has sent all: what it sends is taken in, and dropped, while time allows.
    """

    refusal: ServiceError | None = None

    def __init__(
        self, inner: httputil.HTTPMessageDelegate, connection: HTTP1Connection, app: Application, listen: Listen
    ) -> None:
        self._inner = inner
        self._connection = connection
        self._app = app
        self._listen = listen
        self._start_line = httputil.RequestStartLine("GET", "/", "HTTP/1.1")
        self._likes = httputil.HTTPHeaders({"Host": "localhost"})
        self._bytes = 0
        self._refused = False

    def headers_received(
        self, start_line: httputil.RequestStartLine | httputil.ResponseStartLine, headers: httputil.HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, httputil.RequestStartLine)
        self._start_line = start_line
        self._likes.update({name: headers[name] for name in ("Accept", "Accept-Language") if name in headers})
        if self.refusal is not None:
            self._refuse(self.refusal)
            self._connection.finish()
            return None
        if "Content-Length" in headers and self._is_too_long(headers["Content-Length"]):
            self._refuse(self._too_large())
            if "Expect" in headers:
                self._connection.finish()
            return None
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._bytes += len(chunk)
        if self._bytes > self._listen.max_body_bytes and not self._refused:
            self._inner.on_connection_close()
            self._refuse(self._too_large())
        return None if self._refused else self._inner.data_received(chunk)

    def finish(self) -> None:
        return self._connection.finish() if self._refused else self._inner.finish()

    def on_connection_close(self) -> None:
        if not self._refused:
            self._inner.on_connection_close()

    def _is_too_long(self, length: str) -> bool:
        return length.isdecimal() and (len(length) > 18 or int(length) > self._listen.max_body_bytes)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than {self._listen.max_body_bytes} bytes")

    def _refuse(self, error: ServiceError) -> None:
        self._refused = True
        status, headers, body = self._answer(error)
        if error is self.refusal:
            headers["Connection"] = "close"
        self._connection.write_headers(httputil.ResponseStartLine("HTTP/1.1", status, phrase(status)), headers, body)

    def raw_answer(self, error: ServiceError) -> bytes:
        """Return the bytes of the answer that tells *error*, after which the connection is closed."""
        status, headers, body = self._answer(error)
        headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {status} {phrase(status)}", *(f"{name}: {value}" for name, value in headers.get_all())]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _answer(self, error: ServiceError) -> tuple[int, httputil.HTTPHeaders, bytes]:
        """Return what a handler would say, had it been given a request: as far as is known what the client likes."""
        method, url, version = self._start_line
        asked = httputil.RequestStartLine(method, url.partition("?")[0], version)
        request = httputil.HTTPServerRequest(headers=self._likes, connection=self._connection, start_line=asked)
        status, headers, body = GuardedHandler(self._app, request).tell(error)
        return status, headers, b"" if method == "HEAD" else body


def header_too_large(begun: bytes | bytearray, listen: Listen) -> ServiceError:
    """Return the error for a header that has *begun* so and doesn't end within its bound."""
    if b"\n" in begun[: listen.max_url_bytes]:
        return HeaderTooLarge(f"the header is larger than {listen.max_header_bytes} bytes")
    return UrlTooLong(f"the URL is longer than {listen.max_url_bytes} bytes")


def full(room: int) -> Overloaded:
    """Return the error for one connection more."""
    return Overloaded(f"there are {room} connections already")


def phrase(status: int) -> str:
    """Return the words of a *status*, as HTTP has them."""
    return HTTPStatus(status).phrase
