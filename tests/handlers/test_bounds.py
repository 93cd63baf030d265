"""What clients may send, hold and leave unread: each beyond its bound is answered or dropped, and others are served."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.service.conftest import PATIENCE_S

PLOTS = """
    import matplotlib.pyplot as plt
    import numpy as np
    from PIL import Image

    def plot_line(n: int = 2):
        plt.figure(figsize=(2, 1))
        plt.plot(range(n))

    def plot_other():
        plt.figure(figsize=(2, 1))
        plt.plot([1, 2])

    def plot_noise():
        return Image.fromarray(np.random.default_rng(0).integers(0, 255, (1600, 1600, 3), np.uint8))
"""
SOON_S = 0.3


@asynccontextmanager
async def connected(site: Site, said: bytes = b"") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, and say that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(said)
    async with asyncio.timeout(PATIENCE_S):
        yield reader, writer
    writer.close()


async def made(make_site: MakeSite, **settings: dict[str, object]) -> Site:
    site = await make_site(**settings)
    site.house.write("p.py", PLOTS)
    return site


def get(path: str, *fields: str, host: str = "localhost") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode()


def post(*fields: str) -> bytes:
    return "\r\n".join(["POST /-/refresh/line HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


def error_in(answer: bytes) -> dict[str, object]:
    """Return the error that a raw answer tells, after a look at its header."""
    header, _, body = answer.partition(b"\r\n\r\n")
    status = int(header.split(b" ")[1])
    told = json.loads(body)["error"]
    assert told["status"] == status
    assert b"Content-Type: application/json" in header
    assert f"Content-Length: {len(body)}".encode() in header
    return dict(told)


async def one_answer(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readuntil(b"\r\n\r\n")
    length = int(header.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return header + await reader.readexactly(length)


@pytest.mark.parametrize("size", [300, 20_000, 1_000_000])
async def test_too_long_a_url_is_told_so_however_long(make_site: MakeSite, size: int) -> None:
    site = await made(make_site, listen={"max_url_bytes": 256, "max_header_bytes": 2048})
    told = error_in(await site.say(get("/plots/line.png?n=" + "1" * size, "Connection: close")))
    assert (told["status"], told["code"]) == (414, "too_large")
    assert (await site.fetch("/plots/line.png?n=" + "1" * 200)).code != 414


@pytest.mark.parametrize("fields", [["a: " + "b" * 3000], ["a: " + "b" * 1_000_000], ["a:b"] * 2000, ["ab:cd"] * 600])
async def test_too_large_a_header_is_told_so_however_large(make_site: MakeSite, fields: list[str]) -> None:
    site = await made(make_site, listen={"max_header_bytes": 2048})
    told = error_in(await site.say(get("/healthz", "Connection: close", *fields)))
    assert (told["status"], told["code"]) == (431, "too_large")
    assert (await site.fetch("/healthz", headers={"a": "b" * 1000})).code == 200


@pytest.mark.parametrize("number", [4, 1001, 2000])
async def test_too_many_parameters_are_a_400(make_site: MakeSite, number: int) -> None:
    site = await made(make_site, listen={"max_parameters": 3})
    told = await site.error("/plots/line.png?" + "&".join(["_=1"] * number))
    assert told == {"status": 400, "code": "bad_parameter", "message": "the URL has more than 3 parameters"}
    assert (await site.fetch("/plots/line.png?_=1&_=1&n=3")).code == 200


async def test_too_large_a_body_is_refused_before_it_is_sent(make_site: MakeSite) -> None:
    site = await made(make_site, listen={"max_body_bytes": 1000})
    async with connected(site, post("Content-Length: 1001")) as (reader, _):
        told = error_in(await one_answer(reader))
    assert told == {"status": 413, "code": "too_large", "message": "the body is larger than 1000 bytes"}


@pytest.mark.parametrize("length", ["200000", "9" * 30])
async def test_a_client_that_sends_all_of_it_first_reads_why_it_was_refused(make_site: MakeSite, length: str) -> None:
    site = await made(make_site, listen={"max_body_bytes": 1000, "receive_timeout_s": SOON_S})
    async with connected(site, post(f"Content-Length: {length}") + b"x" * 200_000) as (reader, _):
        assert error_in(await one_answer(reader))["status"] == 413


async def test_a_client_that_asks_whether_to_send_it_gets_one_answer(make_site: MakeSite) -> None:
    site = await made(make_site)
    answer = await site.say(post("Content-Length: 99999999", "Expect: 100-continue"))
    assert error_in(answer)["status"] == 413


async def test_a_body_without_end_is_refused_and_then_dropped(make_site: MakeSite) -> None:
    site = await made(make_site, listen={"max_body_bytes": 1000, "receive_timeout_s": SOON_S})
    async with connected(site, post("Transfer-Encoding: chunked")) as (reader, writer):
        for _ in range(20):
            writer.write(b"64\r\n" + b"x" * 100 + b"\r\n")
            await writer.drain()
        assert error_in(await one_answer(reader))["status"] == 413
        assert await reader.read() == b""


async def test_a_body_within_its_bound_is_taken_and_the_connection_lives_on(make_site: MakeSite) -> None:
    site = await made(make_site, listen={"max_body_bytes": 1000})
    async with connected(site, post("Content-Length: 1000") + b"x" * 1000) as (reader, writer):
        assert (await one_answer(reader)).startswith(b"HTTP/1.1 202 ")
        writer.write(post("Content-Length: 5000") + b"x" * 5000 + get("/healthz"))
        assert error_in(await one_answer(reader))["status"] == 413
        assert (await one_answer(reader)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "said", [b"", b"GET /healthz HTTP/1.1\r\nHost: local", post("Content-Length: 10") + b"x", get("/healthz")]
)
async def test_what_is_half_sent_or_idle_is_dropped(make_site: MakeSite, said: bytes) -> None:
    site = await made(make_site, listen={"receive_timeout_s": SOON_S})
    async with connected(site, said) as (reader, _):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200 ") == (said == get("/healthz"))


async def test_a_header_that_comes_byte_by_byte_is_dropped(make_site: MakeSite) -> None:
    site = await made(make_site, listen={"receive_timeout_s": SOON_S})
    async with connected(site, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\na: ") as (reader, writer):
        reading = asyncio.create_task(reader.read())
        while not (await asyncio.wait([reading], timeout=SOON_S / 10))[0]:
            writer.write(b"b")
        assert reading.result() == b""


async def test_a_websocket_outlives_what_ends_an_idle_connection(make_site: MakeSite) -> None:
    site = await made(make_site, listen={"receive_timeout_s": SOON_S})
    page = await site.socket()
    async with connected(site) as (reader, _):
        assert await reader.read() == b""
    async with connected(site) as (reader, _):
        assert await reader.read() == b""
    await page.write_message("nonsense")
    while "error" not in json.loads(str(await page.read_message())):
        pass


async def test_more_connections_than_there_may_be_are_told_to_come_again(make_site: MakeSite) -> None:
    site = await made(make_site, listen={"max_connections": 3})
    await site.socket()  # a websocket counts
    async with connected(site) as (_, first), connected(site), connected(site, get("/healthz")) as (reader, _):
        answer = await reader.read()
        assert error_in(answer)["status"] == 503
        assert b"\r\nRetry-After: 1\r\n" in answer
        first.close()
        await first.wait_closed()
        while (answer := await site.say(get("/healthz", "Connection: close"))).startswith(b"HTTP/1.1 503 "):
            pass
        assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("ending", ["png", "stream"])
async def test_a_client_that_never_reads_is_dropped_while_others_are_served(make_site: MakeSite, ending: str) -> None:
    site = await made(make_site, listen={"send_timeout_s": 0.5})
    size = len((await site.fetch("/plots/noise.png")).body)
    assert size > 5_000_000
    idle = [unread(site.port, get(f"/plots/noise.{ending}")) for _ in range(5)]
    while site.server.connections < len(idle):
        assert (await site.fetch("/plots/line.png")).code == 200
    async with asyncio.timeout(PATIENCE_S):
        while site.server.connections:
            assert (await site.fetch("/plots/line.png")).code == 200
    for client in idle:
        client.close()
    assert len((await site.fetch("/plots/noise.png")).body) == size


def unread(port: int, said: bytes) -> socket.socket:
    """Return a connection whose client says something and has hardly any room for an answer."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall(said)
    return client


async def test_a_websocket_whose_client_is_gone_without_a_word_is_dropped(make_site: MakeSite) -> None:
    site = await made(make_site, live={"ping_s": SOON_S})
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
    client = unread(site.port, get("/live", *upgrade))
    async with asyncio.timeout(PATIENCE_S):
        while not site.server.connections:
            await site.fetch("/healthz", headers={"Connection": "close"})
        while site.server.connections:
            await asyncio.to_thread(time.monotonic)
    client.close()


async def test_too_large_a_message_closes_the_websocket(make_site: MakeSite) -> None:
    site = await made(make_site, live={"max_message_bytes": 500})
    page = await site.socket()
    await page.write_message(json.dumps({"watch": ["/plots/line.png?_=" + "1" * 500]}))
    while await page.read_message() is not None:
        pass
    assert page.close_code == 1009


async def test_too_many_watched_pictures_close_the_websocket(make_site: MakeSite) -> None:
    site = await made(make_site, live={"max_watched": 2})
    page = await site.socket()
    await page.write_message(json.dumps({"watch": [f"/plots/line.png?n={n}" for n in range(3)]}))
    while await page.read_message() is not None:
        pass
    assert (page.close_code, page.close_reason) == (1008, "more than 2 pictures watched at once")


async def test_a_watched_url_has_the_bounds_of_any_other(make_site: MakeSite) -> None:
    site = await made(make_site, listen={"max_url_bytes": 256, "max_parameters": 2})
    page = await site.socket()
    for url in ("/plots/line.png?n=" + "1" * 300, "/plots/line.png?_&_&_"):
        await page.write_message(json.dumps({"watch": [url]}))
        while "error" not in (message := json.loads(str(await page.read_message()))):
            pass
        assert message["error"]["code"] == "bad_message"


async def test_one_plot_does_not_push_all_others_out_of_the_cache(make_site: MakeSite) -> None:
    site = await made(make_site, cache={"max_requests_per_plot": 3, "unknown_s": 1e9})
    await site.fetch("/plots/other.png")
    for n in range(1, 6):
        await site.fetch(f"/plots/line.png?n={n}")

    async def how(path: str) -> str:
        return (await site.fetch(path)).headers["Server-Timing"].rpartition("=")[2]

    kept = ["/plots/other.png", "/plots/line.png?n=5", "/plots/line.png?n=4", "/plots/line.png?n=3"]
    assert [await how(path) for path in kept] == ["hit"] * 4
    assert await how("/plots/line.png?n=1") == "miss"
    assert await how("/plots/line.png?n=5") == "miss"  # the one that was asked for longest ago
    assert await how("/plots/other.png") == "hit"
