"""Clients of answers that go on: they read as much as they want, and leave when they like."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.handlers.conftest import Site
from tests.service.conftest import PATIENCE_S

NUMBER = """
    from pathlib import Path
    import matplotlib.pyplot as plt

    def plot_number(file_path="number.txt"):
        number = float(Path(file_path).read_text())
        plt.figure(figsize=(2, 1))
        plt.plot([0, number])
"""


def with_numbers(site: Site) -> Site:
    """Give *site* the plot ``number``, and the file that it reads."""
    site.house.write("numbers.py", NUMBER)
    site.house.write("number.txt", "1")
    return site


@dataclass(eq=False)
class Reading:
    """One answer as it comes in. *headers* have lower-case names."""

    reader: asyncio.StreamReader
    status: int
    headers: dict[str, str]

    async def part(self) -> tuple[dict[str, str], bytes]:
        """Return the next part of a stream, its end seen: that is the boundary of the one after it."""
        boundary = self.headers["content-type"].partition("boundary=")[2].encode()
        async with asyncio.timeout(PATIENCE_S):
            line = await self.reader.readline()
            if line == b"--%s\r\n" % boundary:  # the first part alone comes with one before it
                line = await self.reader.readline()
            headers = {}
            while line.strip():
                name, _, value = line.decode().partition(": ")
                headers[name.lower()] = value.strip()
                line = await self.reader.readline()
            end = b"\r\n--%s\r\n" % boundary
            body = (await self.reader.readuntil(end)).removesuffix(end)
        assert int(headers.get("content-length", len(body))) == len(body)
        return headers, body

    async def event(self) -> dict[str, Any]:
        """Return the next event that isn't about the catalog."""
        while "catalog" in (message := json.loads((await self.line("data: ")).removeprefix("data: "))):
            pass
        return dict(message)

    async def line(self, start: str, encoding: str = "utf-8") -> str:
        """Return the next line that begins so."""
        async with asyncio.timeout(PATIENCE_S):
            while not (line := (await self.reader.readline()).decode(encoding)).startswith(start):
                assert line, "it ended"
        return line

    async def rest(self) -> bytes:
        """Return all that comes until the end."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read()


@asynccontextmanager
async def reading(port: int, path: str, method: str = "GET", **headers: str) -> AsyncIterator[Reading]:
    """Ask for *path*, read its header, and leave with the block. HTTP/1.0: nothing comes in chunks."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{method} {path} HTTP/1.0\r\nHost: localhost\r\n{fields}\r\n".encode())
        try:
            status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            told = dict(line.split(": ", 1) for line in lines if line)
        except BaseException:
            writer.close()
            raise
    try:
        yield Reading(reader, int(status.split()[1]), {name.lower(): value for name, value in told.items()})
    finally:
        writer.close()


def reads_nothing(port: int, path: str) -> socket.socket:
    """Ask for *path*, and read nothing of the answer."""
    idle = socket.socket()
    idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    idle.connect(("127.0.0.1", port))
    idle.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return idle


async def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.to_thread(lambda: None)
