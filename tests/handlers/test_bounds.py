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
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.service.conftest import PATIENCE_S
from tornado.httputil import HTTPHeaders

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
    site = await make_site(**{**settings, "listen": {"embed": "same-site", **settings.get("listen", {})}})
    site.house.write("p.py", PLOTS)
    return site


def get(path: str, *fields: str, host: str = "localhost") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode()


def post(*fields: str) -> bytes:
    return "\r\n".join(["POST /-/refresh/line HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


def error_in(answer: bytes) -> dict[str, object]:
    """Return the error that a raw answer tells, after a look at its header."""
    status, headers, body = read(answer)
    told = json.loads(body)["error"]
    assert told["status"] == status
    assert headers["Content-Type"].startswith("application/json")
    return dict(told)


def read(answer: bytes) -> tuple[int, HTTPHeaders, bytes]:
    """Return status, header and body of a raw answer, after a look at what each of them must bear."""
    header, _, body = answer.partition(b"\r\n\r\n")
    line, _, fields = header.decode().partition("\r\n")
    headers = HTTPHeaders.parse(fields)
    assert headers["Content-Length"] == str(len(body))
    assert parsedate_to_datetime(headers["Date"])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-site"
    assert headers["Cache-Control"] == "no-store"
    assert "Accept" in headers["Vary"]
    return int(line.split(" ")[1]), headers, body


async def one_answer(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readuntil(b"\r\n\r\n")
    length = int(header.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return header + await reader.readexactly(length)


MALFORMED = {
    b"GET / HTTP/1.1\r\n": "Missing Host",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n": "Multiple host",
    get("/", "Content-Length: -1")[:-2]: "Content-Length",
    get("/", "Content-Length: 1", "Transfer-Encoding: chunked")[:-2]: "Transfer-Encoding",
}
SHAPES = {"text/html": b"<!DOCTYPE html>", "image/*": b"\x89PNG", "*/*": b'{"error"'}


@pytest.mark.parametrize("accept", SHAPES)
@pytest.mark.parametrize("said", MALFORMED)
async def test_what_is_malformed_is_told_so_as_its_client_likes_it(
    make_site: MakeSite, said: bytes, accept: str
) -> None:
    site = await made(make_site)
    status, headers, body = read(await site.say(said + f"Accept: {accept}\r\n\r\n".encode()))
    assert (status, headers["Connection"]) == (400, "close")
    assert body.startswith(SHAPES[accept])
    if accept == "*/*":
        told = json.loads(body)["error"]
        assert told["code"] == "bad_request"
        assert MALFORMED[said] in told["message"]
    elif accept == "text/html":
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("said", [b"what?\r\n\r\n", b"GET / HTTP/1.1\r\nno field\r\n\r\n", b"\x16\x03\x01\r\n\r\n"])
async def test_what_is_no_http_at_all_is_told_so_in_json(make_site: MakeSite, said: bytes) -> None:
    site = await made(make_site)
    assert error_in(await site.say(said))["code"] == "bad_request"


async def test_a_malformed_frame_is_told_so_even_after_a_good_request(make_site: MakeSite) -> None:
    site = await made(make_site)
    async with connected(site, get("/healthz", "Accept: text/html")) as (reader, writer):
        assert (await one_answer(reader)).startswith(b"HTTP/1.1 200 ")
        writer.write(post("Transfer-Encoding: chunked") + b"nonsense\r\n")
        assert error_in(await reader.read())["code"] == "bad_request"


@pytest.mark.parametrize("fields", [["Content-Length: 1x"], ["Content-Length: 99999999", "Expect: 100-continue"]])
async def test_a_head_that_is_refused_has_no_body(make_site: MakeSite, fields: list[str]) -> None:
    site = await made(make_site)
    header, end, body = (await site.say(get("/", *fields).replace(b"GET", b"HEAD", 1))).partition(b"\r\n\r\n")
    assert header.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))
    assert b"Content-Length" in header and end and not body


@pytest.mark.parametrize("accept", SHAPES)
async def test_a_refusal_comes_as_its_client_likes_it(make_site: MakeSite, accept: str) -> None:
    site = await made(make_site, listen={"max_connections": 1})
    async with connected(site, get("/healthz")) as (reader, _):
        await one_answer(reader)
        status, headers, body = read(await site.say(get("/", f"Accept: {accept}")))
        assert (status, headers["Connection"], body[: len(SHAPES[accept])]) == (503, "close", SHAPES[accept])
    large = post("Content-Length: 99999999", "Expect: 100-continue", f"Accept: {accept}")
    while (answer := read(await site.say(large)))[0] == 503:
        pass
    assert (answer[0], answer[2][: len(SHAPES[accept])]) == (413, SHAPES[accept])


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
        writer.write(get("/healthz"))
        assert (await one_answer(reader)).startswith(b"HTTP/1.1 200 ")


REFUSED_BODIES = {
    "one that says its length": (post("Content-Length: 99999999"), b"x" * 65_536),
    "one without end": (post("Transfer-Encoding: chunked"), b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
}


@pytest.mark.parametrize("kind", REFUSED_BODIES)
async def test_a_refused_client_may_go_on_sending_and_still_reads_why(make_site: MakeSite, kind: str) -> None:
    site = await made(make_site, listen={"max_body_bytes": 1000, "receive_timeout_s": 3600.0})
    header, part = REFUSED_BODIES[kind]
    async with connected(site, header + part) as (reader, writer):
        for _ in range(100):
            writer.write(part)
            await writer.drain()
        answer = await reader.read()  # to the end: the other side says at once that it says no more
        assert error_in(answer)["status"] == 413
        assert read(answer)[1]["Connection"] == "close"
        while site.server.connections:  # until it finds that nothing comes any more, though this side is open
            await asyncio.to_thread(time.monotonic)


async def send_for_ever(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def test_a_refused_client_that_never_stops_sending_is_hung_up_on(make_site: MakeSite) -> None:
    site = await made(make_site, listen={"max_body_bytes": 1000, "receive_timeout_s": SOON_S})
    async with connected(site, post("Content-Length: 99999999999")) as (reader, writer):
        assert error_in(await one_answer(reader))["status"] == 413
        with pytest.raises(ConnectionError):
            await send_for_ever(writer)


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
        assert read(answer)[1]["Retry-After"] == "1"
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


@pytest.mark.parametrize("masked", [0, 1])
async def test_frames_that_are_not_masked_close_the_websocket(masked: int, make_site: MakeSite) -> None:
    site = await made(make_site)
    page = await site.socket()
    for _ in range(masked):
        await page.write_message(json.dumps({"watch": ["/plots/line.png"]}))
        assert await page.read_message() is not None
    protocol: Any = page.protocol  # Any: tornado's own clients always mask
    protocol.mask_outgoing = False
    await page.write_message(json.dumps({"watch": ["/plots/line.png?n=2"]}))
    while await page.read_message() is not None:
        pass
    assert (page.close_code, page.close_reason) == (1002, "a client masks its frames")


async def test_what_a_client_says_after_our_goodbye_is_no_error(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    site = await made(make_site, live={"max_watched": 2})
    page = await site.socket()
    await asyncio.gather(
        page.write_message(json.dumps({"watch": [f"/plots/line.png?n={n}" for n in range(3)]})),
        *(page.write_message(json.dumps({"watch": ["/plots/line.png"]})) for _ in range(3)),
    )
    while await page.read_message() is not None:
        pass
    assert page.close_code == 1008
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


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
