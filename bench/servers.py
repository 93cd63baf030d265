"""The servers that are measured: the real daemon, and the least that tornado can do."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tornado.web import RequestHandler


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its process id, and the port it listens at on loopback."""

    pid: int
    port: int


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[Server]:
    """Run *command*, which prints its address, until the block ends."""
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / ".state")}
    environment = {name: value for name, value in environment.items() if not name.startswith("PLOTD_")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                yield Server(process.pid, int(found[1]))
                return
        raise RuntimeError(f"{command[0]} ended before it printed its address")
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@contextmanager
def plotd(folder: Path, *settings: str) -> Iterator[Server]:
    """Run the daemon over the plots in *folder*."""
    config = folder / "config.yaml"
    config.write_text("log: {level: error}\nlive: {min_interval_s: 0, rest: 0}\n" + "\n".join(settings))
    command = [sys.executable, "-m", "service", "serve", str(folder), "--config", str(config), "--port", "0"]
    with running(command, folder) as server:
        yield server


@contextmanager
def bare(picture: Path) -> Iterator[Server]:
    """Run a tornado handler that writes the bytes of *picture* under an ETag that it needn't work out."""
    with running([sys.executable, "-m", "bench.servers", str(picture)], picture.parent) as server:
        yield server


@contextmanager
def bare_live(message: Path) -> Iterator[Server]:
    """Run a tornado websocket that sends the bytes of *message* when it's opened, and to all whenever it's told to."""
    with running([sys.executable, "-m", "bench.servers", "--live", str(message)], message.parent) as server:
        yield server


async def serve_bare(picture: Path) -> None:
    """Serve *picture* until killed."""
    from tornado.web import RequestHandler

    body = picture.read_bytes()

    class Bare(RequestHandler):
        def get(self) -> None:
            self.set_header("Content-Type", "image/png")
            self.set_header("Etag", '"ready"')
            self.write(body)

        def compute_etag(self) -> None:
            return None

    class Unchanged(Bare):
        def get(self) -> None:
            self.set_header("Etag", '"ready"')
            if self.check_etag_header():
                self.set_status(304)

    await listen([(r"/picture.png", Bare), (r"/unchanged.png", Unchanged)])


async def serve_bare_live(message: Path) -> None:
    """Tell *message* to whoever is there until killed, as simply as tornado lets us."""
    from tornado.web import RequestHandler
    from tornado.websocket import WebSocketHandler

    text = message.read_text()
    there: set[WebSocketHandler] = set()

    class Live(WebSocketHandler):
        def open(self, *_: str, **__: str) -> None:
            self.set_nodelay(True)
            there.add(self)

        def on_message(self, _: str | bytes) -> None:
            self.write_message(text)

        def on_close(self) -> None:
            there.discard(self)

    class Refresh(RequestHandler):
        def post(self) -> None:
            self.set_status(202)
            for client in there:
                client.write_message(text)

    await listen([(r"/live", Live), (r"/-/refresh/told", Refresh)])


async def listen(routes: list[tuple[str, type[RequestHandler]]]) -> None:
    """Serve *routes* until killed."""
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(Application(routes)).add_sockets(sockets)
    print(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    serve = serve_bare_live if "--live" in sys.argv else serve_bare
    asyncio.run(serve(Path(sys.argv[-1])))
