"""A connection: how much of what its client sends is taken in, and how it is told why no more is."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from asyncio import Future
from collections import Counter
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream, SSLIOStream, UnsatisfiableReadError
from tornado.web import Application

from handlers.base import LARGE_BYTES, GuardedHandler
from service.config import Listen
from service.errors import BadRequest, HeaderTooLarge, ServiceError, TooLarge, UrlTooLong

LINGER_S = 1.0  # how long a client whose body is refused may pause before no more of it is awaited


class Unsent:
    """What clients are slow to take in: beyond *limit_bytes* whoever was to take it in first is hung up on.

    The same bytes count once, however many are to take them in.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held: dict[Future[None], tuple[IOStream, bytes | memoryview]] = {}
        self._takers: Counter[int] = Counter()  # by what it is that they are to take in
        self._bytes = 0

    def add(self, stream: IOStream, data: bytes | memoryview, sent: Future[None]) -> None:
        """Count *data* until it is *sent* on *stream*."""
        if len(data) < LARGE_BYTES or sent.done():
            return
        self._held[sent] = stream, data
        self._takers[id(data)] += 1
        self._bytes += len(data) if self._takers[id(data)] == 1 else 0
        sent.add_done_callback(self._forget)
        while self._bytes > self._limit_bytes and len(self._held) > 1:
            first = next(iter(self._held))
            self._held[first][0].close()
            self._forget(first)

    def _forget(self, sent: Future[None]) -> None:
        if sent not in self._held:
            return
        _, data = self._held.pop(sent)
        self._takers[id(data)] -= 1
        if not self._takers[id(data)]:
            del self._takers[id(data)]
            self._bytes -= len(data)


class Connection(IOStream):
    """A connection that says why it hangs up; *siblings* are those that are open, or linger.

    What it adds has slots: with more than 30 attributes in its dictionary it would take up 1.3 kB more.
    """

    __slots__ = ("_lingering", "_listen", "_siblings", "_unsent", "request")

    def __init__(self, connection: socket.socket, siblings: set[IOStream], listen: Listen, unsent: Unsent) -> None:
        super().__init__(connection)
        self.request: Incoming | None = None  # that is read, or answered, now
        self._unsent = unsent
        self._listen = listen
        self._siblings = siblings
        siblings.add(self)

    def write(self, data: bytes | memoryview) -> Future[None]:
        # While tornado handles such an error, it writes nothing but its own bare answer to it.
        if isinstance(error := sys.exception(), httputil.HTTPInputError) and self.request is not None:
            data = self.request.raw_answer(BadRequest(f"the request is malformed: {str(error)[:300]}"))
        sent = super().write(data)
        self._unsent.add(self, data, sent)
        return sent

    def set_nodelay(self, value: bool) -> None:
        """Leave it as it was set at the beginning: tornado would switch it off and on for each answer."""

    def close_fd(self) -> None:
        lingers = self.request is not None and self.request.cut_short
        self.request = None  # it knows of this connection: a cycle
        if lingers:
            self._lingering = asyncio.create_task(self._linger(), name="linger")
            self._lingering.add_done_callback(lambda _: self._let_go())
        else:
            self._let_go()

    async def _linger(self) -> None:
        """Say that no more is said, and drop what still comes: left unread, it would make the system take that back."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # such is a timeout, too
            self.socket = socket.socket(fileno=self.socket.detach())  # what is dropped needn't be decrypted
            self.socket.setblocking(False)
            self.socket.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(self._listen.receive_timeout_s), asyncio.timeout(LINGER_S) as pause:
                while await loop.sock_recv(self.socket, 65_536):
                    pause.reschedule(loop.time() + LINGER_S)
                    await asyncio.sleep(0)  # others have their turn, even if there is more already

    def _let_go(self) -> None:
        self._siblings.discard(self)
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


class TlsConnection(Connection, SSLIOStream):
    """An encrypted one."""


class Incoming(httputil.HTTPMessageDelegate):
    """Takes in a request; it is refused at once if there is a *refusal*, or if its body is larger than it may be."""

    refusal: ServiceError | None = None
    cut_short = False  # its client may still be sending what is refused
    _start_line = httputil.RequestStartLine("GET", "/", "HTTP/1.1")  # where none came
    _headers: Mapping[str, str] = MappingProxyType({})
    _bytes = 0
    _taken = False  # by what answers it

    def __init__(
        self, inner: httputil.HTTPMessageDelegate, connection: HTTP1Connection, app: Application, listen: Listen
    ) -> None:
        self._inner = inner
        self._connection = connection
        self._app = app
        self._listen = listen

    def headers_received(
        self, start_line: httputil.RequestStartLine | httputil.ResponseStartLine, headers: httputil.HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, httputil.RequestStartLine)
        self._start_line = start_line
        self._headers = headers
        if self.refusal is not None:
            self._refuse(self.refusal)
            return None
        if "Content-Length" in headers and self._is_too_long(headers["Content-Length"]):
            self._cut_short()
            return None
        self._taken = True
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self._bytes += len(chunk)
        if self._bytes <= self._listen.max_body_bytes:
            return self._inner.data_received(chunk)
        self.on_connection_close()
        self._cut_short()
        return None

    def finish(self) -> None:
        return self._inner.finish()

    def on_connection_close(self) -> None:
        if self._taken:
            self._taken = False
            self._inner.on_connection_close()

    def _is_too_long(self, length: str) -> bool:
        return length.isdecimal() and (len(length) > 18 or int(length) > self._listen.max_body_bytes)

    def _cut_short(self) -> None:
        self.cut_short = True
        self._refuse(TooLarge(f"the body is larger than {self._listen.max_body_bytes} bytes"))

    def _refuse(self, error: ServiceError) -> None:
        """Tell *error*, and close the connection; nothing more of the request comes here."""
        status, headers, body = self._answer(error)
        headers["Connection"] = "close"
        self._connection.write_headers(httputil.ResponseStartLine("HTTP/1.1", status, phrase(status)), headers, body)
        self._connection.finish()

    def raw_answer(self, error: ServiceError) -> bytes:
        """Return the bytes of the answer that tells *error*, after which the connection is closed."""
        status, headers, body = self._answer(error)
        headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {status} {phrase(status)}", *(f"{name}: {value}" for name, value in headers.get_all())]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _answer(self, error: ServiceError) -> tuple[int, httputil.HTTPHeaders, bytes]:
        """Return what a handler would say, had it been given a request: as far as is known what the client likes."""
        method, url, version = self._start_line
        said = ((name, self._headers.get(name)) for name in ("Accept", "Accept-Language"))
        likes = httputil.HTTPHeaders({name: value for name, value in said if value is not None})
        likes["Host"] = "localhost"
        asked = httputil.RequestStartLine(method, url.partition("?")[0], version)
        request = httputil.HTTPServerRequest(headers=likes, connection=self._connection, start_line=asked)
        status, headers, body = GuardedHandler(self._app, request).tell(error)
        return status, headers, b"" if method == "HEAD" else body


def header_too_large(begun: bytes | bytearray, listen: Listen) -> ServiceError:
    """Return the error for a header that has *begun* so and doesn't end within its bound."""
    if b"\n" in begun[: listen.max_url_bytes]:
        return HeaderTooLarge(f"the header is larger than {listen.max_header_bytes} bytes")
    return UrlTooLong(f"the URL is longer than {listen.max_url_bytes} bytes")


def phrase(status: int) -> str:
    """Return the words of a *status*, as HTTP has them."""
    return HTTPStatus(status).phrase
