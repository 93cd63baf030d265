"""The HTTP server: how many are let in, and how long they are waited for."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys
from collections.abc import Iterable
from typing import Any

from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import ssl_wrap_socket
from tornado.web import Application

from handlers.connections import Connection, Incoming, TlsConnection, Unsent
from service.config import Listen
from service.errors import Overloaded

AT_ONCE = 32  # connections are accepted before others have their turn; each costs a quarter of a millisecond
MOST_TURNED_AWAY = 64  # connections, beyond those let in, that are told so at a time; more are closed without a word
TURNED_AWAY_S = 2.0  # how long they may take to say what they wanted
LINGER_S = 0.1  # at a stop, for a client that was let in just before it to say what it wants
PAUSE_S = 0.1  # before another try to accept, when there are no file descriptors left

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
            max_body_size=sys.maxsize,  # Incoming measures it
            idle_connection_timeout=listen.receive_timeout_s,
            body_timeout=listen.receive_timeout_s,
        )
        fields = httputil.ParseUrlEncodedConfig(max_arguments=sys.maxsize)  # the guards count them
        httputil.set_parse_body_config(httputil.ParseBodyConfig(urlencoded=fields))
        self._app = app
        self._listen = listen
        self._room = listen.max_connections if room is None else room
        self._streams: set[IOStream] = set()
        self._farewells: set[IOStream] = set()
        self._unsent = Unsent(listen.max_unsent_mb * 2**20)
        self._listening: list[socket.socket] = []
        self._starved: set[socket.socket] = set()

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
        assert isinstance(stream, Connection)
        inner = super().start_request(server_conn, request_conn)
        stream.request = Incoming(inner, request_conn, self._app, self._listen)
        if stream in self._farewells:
            stream.request.refusal = full(self._room)
        return stream.request

    def _resume(self, listening: socket.socket) -> None:
        if listening in self._listening:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        """Accept what waits at *listening*; where the system has no room for it, try again a little later."""
        for _ in range(AT_ONCE):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                self._note_fed(listening)
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                self._note_starved(listening, error)
                loop = asyncio.get_running_loop()
                loop.remove_reader(listening)
                loop.call_later(PAUSE_S, self._resume, listening)
                return
            self._let_in(connection, address)

    def _note_starved(self, listening: socket.socket, error: OSError) -> None:
        if listening not in self._starved:
            log.warning("no connection can be accepted, it is tried again every %g s: %s", PAUSE_S, error.strerror)
        self._starved.add(listening)

    def _note_fed(self, listening: socket.socket) -> None:
        if listening in self._starved:
            log.info("connections are accepted again")
        self._starved.discard(listening)

    def _let_in(self, connection: socket.socket, address: Any) -> None:  # Any: each family has its own
        try:
            if connection.family in (socket.AF_INET, socket.AF_INET6):
                # Nothing else ends a connection whose client takes in nothing; its answer would stay in memory.
                timeout_s = self._listen.send_timeout_s
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a body may come after its header
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

    def _make_stream(self, connection: socket.socket, siblings: set[IOStream]) -> Connection:
        if not isinstance(self.ssl_options, ssl.SSLContext):
            return Connection(connection, siblings, self._listen, self._unsent)
        encrypted = ssl_wrap_socket(connection, self.ssl_options, server_side=True, do_handshake_on_connect=False)
        return TlsConnection(encrypted, siblings, self._listen, self._unsent)


def full(room: int) -> Overloaded:
    """Return the error for one connection more."""
    return Overloaded(f"there are {room} connections already")
