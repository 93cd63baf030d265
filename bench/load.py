"""A client that asks as fast as one process can: the server must be what is slow."""

from __future__ import annotations

import asyncio
import time


class Asker(asyncio.Protocol):
    """One connection that asks again as soon as it has its answer, *times* times."""

    def __init__(self, request: bytes, times: int, done: asyncio.Future[None]) -> None:
        self._request = request
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
            length = next(line for line in header.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            assert header.startswith(b"HTTP/1.1 200"), header
            self._expected = len(header) + 4 + int(length.partition(b":")[2])
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


async def requests_per_second(port: int, path: str, connections: int, times: int) -> float:
    """Return how many answers a second *connections* keep-alive connections get, *times* each."""
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    ends = [loop.create_future() for _ in range(connections)]
    start = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: Asker(request, times, end), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*ends)
    return connections * times / (time.perf_counter() - start)
