"""Thousands of websocket clients in a process of their own: they watch one picture, and tell when the last was told."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

AT_ONCE = 100  # connections that are being made
SPARE_FILES = 100
PING = b"\x89\x00"
PONG = struct.pack("!BBI", 0x8A, 0x80, 0)


class Client(asyncio.Protocol):
    """A websocket that says *watch* once it is open, and tells *crowd* of each message that says *told*."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._crowd.handshake)

    def data_received(self, data: bytes) -> None:
        """Count what is told; messages are small, and come whole."""
        if data.startswith(b"HTTP/1.1 101"):
            self._transport.write(self._crowd.watch)
        assert not data.startswith(b"HTTP/1.1") or data.startswith(b"HTTP/1.1 101"), data[:200]
        if PING in data:
            self._transport.write(PONG)  # who is silent is taken for gone
        for _ in range(data.count(b'"fresh"')):
            self._crowd.count()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail: nobody said goodbye."""
        self._crowd.fail(exc)


class Crowd:
    """*many* clients of the server at *port*, who watch *url*."""

    def __init__(self, port: int, url: str, many: int) -> None:
        lines = ("GET /live HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade")
        key = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", "")
        self.handshake = "\r\n".join((*lines, *key)).encode()
        message = f'{{"watch": ["{url}"]}}'.encode()
        assert len(message) < 126
        self.watch = struct.pack("!BBI", 0x81, 0x80 | len(message), 0) + message  # masked by nothing
        self._port = port
        self._many = many
        self._told = 0
        self._all_told: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def count(self) -> None:
        """Note that one more was told."""
        self._told += 1
        if self._told == self._many:
            self._told = 0
            self._all_told.set_result(time.perf_counter())

    def fail(self, why: Exception | None) -> None:
        """Give up, as a connection was lost."""
        if not self._all_told.done():
            self._all_told.set_exception(why or ConnectionError("the server hung up"))

    async def connect(self) -> float:
        """Open all connections, and return when the last was told what its picture is like."""
        loop, few = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)

        async def open_one() -> None:
            async with few:
                await loop.create_connection(lambda: Client(self), "127.0.0.1", self._port)

        await asyncio.gather(*(open_one() for _ in range(self._many)))
        return await self.until_told()

    async def until_told(self) -> float:
        """Return when the last was told of a change, by the clock that all processes share."""
        told_s = await self._all_told
        self._all_told = asyncio.get_running_loop().create_future()
        return told_s


async def be(port: int, url: str, many: int) -> None:
    """Connect, and answer each line of standard input with the time at which the last was told of the next change."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (many + SPARE_FILES, max(hard, many + SPARE_FILES)))  # root may
    crowd = Crowd(port, url, many)
    print(await crowd.connect(), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(await crowd.until_told(), flush=True)


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients, seen from the process that started them."""

    process: subprocess.Popen[str]

    def listen(self) -> None:
        """Wait for the next change from now on."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def last_told(self) -> float:
        """Return when the last was told of it: what ``time.perf_counter`` said then."""
        assert self.process.stdout is not None
        return float(self.process.stdout.readline())


@contextlib.contextmanager
def clients(port: int, url: str, many: int) -> Iterator[Clients]:
    """Have *many* clients watch *url* until the block ends; they connect at its beginning."""
    command = [sys.executable, "-m", "bench.clients", str(port), url, str(many)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Clients(process)
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(be(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
