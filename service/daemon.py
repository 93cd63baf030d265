"""The daemon: start in order, wait, stop in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable

from tornado.netutil import bind_sockets
from tornado.web import Application

from handlers.routes import make_app
from handlers.server import Server
from service import listening, tls
from service.config import Config, is_loopback
from service.engine import Engine
from service.processes import clear_up
from service.store import Store, state_folder

DRAIN_S = 3.0

log = logging.getLogger(__name__)


def listen(config: Config) -> list[socket.socket]:
    """Return the bound sockets. Raises OSError where that can't be done, such as on a port in use."""
    where = config.listen
    if where.unix_socket is not None:
        return [listening.open_unix_socket(where.unix_socket, where.backlog)]
    return bind_sockets(where.port, where.address, backlog=where.backlog)


async def serve(config: Config, sockets: list[socket.socket], on_ready: Callable[[Engine], None]) -> None:
    """Serve until SIGTERM or SIGINT, then end the process with status 0: a thread that hangs must not keep it alive."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    engine = Engine.build(config, Store(state_folder() / "dependencies.sqlite"))
    app = make_app(engine, show_tracebacks=shows_tracebacks(config))
    room = listening.make_room(config.listen.max_connections)
    server = Server(app, config.listen, room, tls.make_context(config.listen.tls) if config.listen.tls else None)
    server.add_sockets(sockets)
    if config.listen.tls:
        renewing = tls.keep_renewed(config.listen.tls, server.use)
        engine.tasks.append(asyncio.create_task(renewing, name="renew the certificate"))
    # A child that user code forks, and that outlives this process, must not hold the port on.
    for bound in sockets:
        os.register_at_fork(after_in_child=bound.close)
    starting = asyncio.create_task(engine.start(), name="start")
    stopping = asyncio.create_task(stopped.wait(), name="wait for a signal")
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        starting.result()
        tune()
        on_ready(engine)
    await stopping
    listening.remove_unix_sockets(sockets)
    await stop(server, app, engine, starting)
    clear_up()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def stop(server: Server, app: Application, engine: Engine, starting: asyncio.Task[None]) -> None:
    """Take no more, let what is under way end, say goodbye, and stop the engine."""
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    engine.stopping.set()
    engine.ready.clear()
    server.stop()
    for staying in list(app.settings["sockets"]):
        staying.close(1001, "the daemon stops")
    await engine.pool.drain(DRAIN_S)
    await engine.stop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while app.settings["answering"]:  # noqa: ASYNC110 - an event for this would cost every request
                await asyncio.sleep(0.01)
    await server.close_all_connections()


def tune() -> None:
    """Keep the loop responsive while threads draw.

    A full garbage collection with matplotlib loaded stops everything for 100 ms: what is there after the start is taken
    out of it, and the rest is collected more often. Threads give way every half millisecond.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 2)
    sys.setswitchinterval(0.0005)


def shows_tracebacks(config: Config) -> bool:
    """Say whether a plot's traceback is shown: by default only where nobody but its author can look."""
    if config.render.show_tracebacks == "auto":
        near = config.listen
        is_direct = not (near.trusted_proxies or near.base_url or near.unix_socket)
        return is_direct and is_loopback(near.address) and not config.auth.open and not under_systemd()
    return config.render.show_tracebacks == "always"


def under_systemd() -> bool:
    """Say whether systemd started this very process as a service."""
    return os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid()) or "NOTIFY_SOCKET" in os.environ
