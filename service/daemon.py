"""The daemon: start in order, serve, take up new settings, stop in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence

from handlers.routes import make_app, put_in_place
from handlers.server import Server
from service import listening, systemd, tls
from service.config import Config, ConfigError
from service.engine import Engine
from service.signals import Signals, tune, tune_again
from service.store import Store, state_folder
from service.tasks import cancel
from service.telemetry import configure_logging

LAST_WORDS_S = 1.0  # for those who were waiting in vain to be told so

log = logging.getLogger(__name__)


async def serve(daemon: Daemon, on_ready: Callable[[Engine], None]) -> None:
    """Run *daemon*, then end the process with status 0: a thread that hangs must not keep it alive."""
    faulthandler.enable()  # the watchdog's SIGABRT then tells what held the event loop
    await daemon.run(on_ready)
    from service.processes import clear_up  # see Later

    clear_up()
    with contextlib.suppress(OSError):  # nobody reads it, or the disk is full
        sys.stdout.flush()
    logging.shutdown()  # says what it held back
    os._exit(0)


class Daemon:
    """What runs until *signals* say stop: sockets, application, and the engine behind it, which a reload replaces.

    That takes up what *read_again* returns; if it raises ConfigError, all stays as it was.
    """

    def __init__(
        self, config: Config, sockets: Sequence[socket.socket], signals: Signals, read_again: Callable[[], Config]
    ) -> None:
        self._sockets = sockets
        self._signals = signals
        self._read_again = read_again
        self._store = Store(state_folder() / "dependencies.sqlite")
        self._engine = Engine.build(config, self._store)
        self._retiring: set[asyncio.Task[None]] = set()
        self._app = make_app(self._engine, show_tracebacks=listening.shows_tracebacks(config))
        context = tls.make_context(config.listen.tls) if config.listen.tls else None
        self._server = Server(self._app, config.listen, listening.make_room(config.listen.max_connections), context)
        self._refused = ""

    async def run(self, on_ready: Callable[[Engine], None]) -> None:
        """Do all of it; *on_ready* is called once it truly serves."""
        self._signals.listen()
        self._server.add_sockets(self._sockets)
        tasks = [asyncio.create_task(systemd.report(self._status, lambda: self._engine), name="report to systemd")]
        tasks.append(asyncio.create_task(self._app.settings["vitals"].watch(), name="measure the event loop"))
        if files := self._engine.config.listen.tls:
            tasks.append(asyncio.create_task(tls.keep_renewed(files, self._server.use), name="renew the certificate"))
        serving = asyncio.create_task(self._serve(on_ready), name="start, and reload")
        stopping = asyncio.create_task(self._signals.stop.wait(), name="wait for a signal")
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()  # raises: it never ends by itself
        await self._stop([serving, *tasks])

    async def _serve(self, on_ready: Callable[[Engine], None]) -> None:
        await self._engine.start()
        tune()  # before there is a first figure
        await self._engine.prove()
        on_ready(self._engine)
        while True:
            systemd.notify("READY=1", f"STATUS={self._status()}")
            await self._signals.reload.wait()
            self._signals.reload.clear()
            systemd.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
            try:
                await self._reload(await asyncio.to_thread(self._read_again))
            except Exception as error:  # what serves must not end of it
                self._refused = f"; reload refused: {error}"
                ours = not isinstance(error, ConfigError)
                level = logging.ERROR if ours else logging.WARNING
                log.log(level, "reload refused, all stays as it was: %s", error, exc_info=ours)

    async def _reload(self, config: Config) -> None:
        """Put an engine for *config* in place of the one that serves, which finishes what it has under way."""
        before, config = self._engine, listening.keep(config, self._engine.config)
        if config.listen.tls:
            await tls.read_again(config.listen.tls, self._server.use)
        engine = Engine.build(config, self._store)
        try:
            await engine.start()
            await engine.prove()
        except BaseException:
            await engine.stop()
            raise
        engine.dependencies.take_over(before.dependencies)
        engine.renderer.take_over(before.renderer)
        engine.hub.take_over(before.hub)
        self._engine = engine
        put_in_place(self._app, engine, show_tracebacks=listening.shows_tracebacks(config))
        configure_logging(config.log, os.environ, sys.stderr)
        retiring = asyncio.create_task(retire(before), name="retire the engine before")
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)
        self._refused = ""
        log.info("reloaded: %s", self._status())

    def _status(self) -> str:
        return systemd.status_of(self._engine) + self._refused

    async def _stop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Take no more, let what is under way end, say goodbye, and stop the engine."""
        systemd.notify("STOPPING=1", "STATUS=stopping: finishing what is under way")
        await cancel(*tasks)
        self._engine.stopping.set()
        if not systemd.hands_over():
            listening.remove_unix_sockets(self._sockets)
        self._server.stop()
        for staying in list(self._app.settings["sockets"]):
            staying.close(1001, "the daemon stops")
        await self._signals.patience(self._server.drained(), self._engine.config.stop.grace_s)
        await cancel(*self._retiring)
        await self._engine.stop()
        self._store.close()
        await self._signals.patience(self._server.drained(), LAST_WORDS_S)
        await self._server.close_all_connections()


async def retire(engine: Engine) -> None:
    """Stop *engine* once what it has under way is drawn."""
    try:
        await engine.renderer.drain()
    finally:
        await engine.stop()
    tune_again()
