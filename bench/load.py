"""Clients that ask as fast as one process can: the server must be what is slow."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass


class Asker(asyncio.Protocol):
    """One connection that asks again as soon as it has its answer, *times* times; each must have that *status*."""

    def __init__(self, request: bytes, status: int, times: int, done: asyncio.Future[None]) -> None:
        self._request = request
        self._start = f"HTTP/1.1 {status} ".encode()
        self._left = times
        self._done = done
        self._buffer = bytearray()
        self._expected = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count an answer that is whole, and ask again."""
        self._buffer += data
        if not self._expected:
            header, end, _ = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            lengths = [line for line in header.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            assert header.startswith(self._start), header
            self._expected = len(header) + 4 + sum(int(line.partition(b":")[2]) for line in lengths)
        if len(self._buffer) < self._expected:
            return
        del self._buffer[: self._expected]
        self._expected = 0
        self._left -= 1
        if self._left:
            self._transport.write(self._request)
        else:
            self._transport.close()
            self._done.set_result(None)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, and the status that the answer must have."""

    path: str
    fields: tuple[str, ...] = ()
    status: int = 200


async def requests_per_second(port: int, question: Question, connections: int, times: int) -> float:
    """Return how many answers a second *connections* keep-alive connections get, *times* each."""
    start = time.perf_counter()
    await asyncio.gather(*(await connect(port, question, connections, times)))
    return connections * times / (time.perf_counter() - start)


async def connect(port: int, question: Question, connections: int, times: int) -> list[asyncio.Future[None]]:
    """Open *connections* that ask *times* times each, and return what tells that each has all its answers."""
    loop = asyncio.get_running_loop()
    lines = (f"GET {question.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *question.fields, "", "")
    request = "\r\n".join(lines).encode()
    ends = [loop.create_future() for _ in range(connections)]
    for end in ends:
        await loop.create_connection(  # type: ignore[misc]  # mypy knows no lambda's default
            lambda end=end: Asker(request, question.status, times, end), "127.0.0.1", port
        )
    return ends
