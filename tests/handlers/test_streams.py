"""A picture that replaces itself, and events: answers that go on for as long as somebody reads them."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from urllib.parse import quote

import pytest
from PIL import Image
from tests.handlers.conftest import MakeSite, Site, receive
from tests.handlers.reading import NUMBER, Reading, reading, reads_nothing, until, with_numbers

from service.subscription import Message

STREAM = "/plots/number.stream"
URL = "/plots/number.png"
EVENTS = {"Accept": "text/event-stream"}
IMG = {"Accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}  # as Chromium's <img> says


@pytest.fixture
def numbers(site: Site) -> Site:
    return with_numbers(site)


def streams(site: Site) -> int:
    return int(site.app.settings["streams"].taken)


def watched(site: Site) -> int:
    return len(site.house.engine.hub._watches)


async def until_fresh(events: Reading) -> dict[str, str]:
    while (message := await events.event())["state"] != "fresh":
        pass
    return message


async def test_a_part_comes_at_once_and_then_one_for_each_change(numbers: Site) -> None:
    async with reading(numbers.port, STREAM) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("multipart/x-mixed-replace; boundary=")
        assert (stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == ("no-store", "no")
        for number in ("2", "3"):
            headers, body = await stream.part()
            assert headers["content-type"] == "image/png"
            assert body == (await numbers.fetch(URL)).body
            assert Image.open(io.BytesIO(body)).size == (200, 100)
            numbers.house.write("number.txt", number)
        await stream.part()
    assert numbers.house.renders == 3


async def test_the_same_picture_is_not_sent_again_to_who_would_only_show_it(numbers: Site) -> None:
    async with reading(numbers.port, STREAM, **IMG) as stream:
        _, first = await stream.part()
        numbers.house.write("number.txt", "rubbish")
        async with reading(numbers.port, f"/live?url={URL}", **EVENTS) as events:
            while (await events.event())["state"] != "stale":
                pass
        numbers.house.write("number.txt", "2")
        assert (await stream.part())[1] != first
    assert numbers.house.renders == 3


async def test_each_part_tells_a_program_what_it_is(numbers: Site) -> None:
    async with reading(numbers.port, STREAM) as stream:
        assert stream.headers["vary"] == "Accept"
        for number in ("2", "3"):
            headers, body = await stream.part()
            picture = await numbers.fetch(URL)
            assert int(headers["content-length"]) == len(body)
            assert headers["etag"] == picture.headers["Etag"]
            assert headers["last-modified"] == picture.headers["Last-Modified"]
            assert "plotd-state" not in headers
            numbers.house.write("number.txt", number)
        _, body = await stream.part()
        numbers.house.write("number.txt", "rubbish")
        headers, stale = await stream.part()
        assert (stale, headers["plotd-state"]) == (body, "stale")
        assert headers["plotd-error"].startswith("plot_failed; ")
        numbers.house.write("number.txt", "3 ")
        headers, fresh = await stream.part()
        assert (fresh, "plotd-state" in headers) == (body, False)


async def test_a_browser_has_the_header_of_the_next_part_with_each(numbers: Site) -> None:
    async with reading(numbers.port, STREAM, **IMG) as stream:
        headers, _ = await stream.part()
        assert {"content-length", "etag", "last-modified"} < set(headers)
        assert await stream.line("Content-Type: image/png")
        assert await stream.line("\r\n")
        numbers.house.write("number.txt", "2")
        assert (await stream.line("\x89PNG", "latin1")).startswith("\x89PNG")


async def test_streams_of_one_picture_share_its_renders(numbers: Site) -> None:
    async with (
        reading(numbers.port, STREAM) as one,
        reading(numbers.port, f"{STREAM}?_=7") as two,
        reading(numbers.port, f"{STREAM}?file_path=number.txt") as three,
    ):
        first = {(await stream.part())[1] for stream in (one, two, three)}
        numbers.house.write("number.txt", "2")
        second = {(await stream.part())[1] for stream in (one, two, three)}
    assert (len(first), len(second), numbers.house.renders) == (1, 1, 2)


async def test_what_fails_is_a_picture_of_the_error_until_it_works(numbers: Site) -> None:
    numbers.house.write("number.txt", "rubbish")
    async with reading(numbers.port, STREAM) as stream:
        headers, error = await stream.part()
        assert (stream.status, headers["content-type"]) == (200, "image/png")
        assert headers["plotd-error"].startswith("plot_failed; ")
        assert Image.open(io.BytesIO(error)).width == 640
        numbers.house.write("number.txt", "2")
        _, mended = await stream.part()
        assert Image.open(io.BytesIO(mended)).size == (200, 100)


async def test_a_plot_that_goes_is_told_in_the_stream_and_shown_when_it_is_back(numbers: Site) -> None:
    async with reading(numbers.port, STREAM) as stream:
        _, picture = await stream.part()
        (numbers.house.folder / "numbers.py").unlink()
        _, gone = await stream.part()
        assert Image.open(io.BytesIO(gone)).width == 640
        numbers.house.write("numbers.py", NUMBER)
        _, back = await stream.part()
        assert Image.open(io.BytesIO(back)).size == Image.open(io.BytesIO(picture)).size


CLOCK = """
    import time
    import matplotlib.pyplot as plt

    def plot_clock():
        plt.figure(figsize=(2, 1))
        plt.text(0, 0, time.monotonic_ns())
"""


async def test_a_stream_ticks_as_often_as_its_viewer_asks(site: Site) -> None:
    site.house.write("clock.py", CLOCK)
    async with reading(site.port, "/plots/clock.stream?_every=0.1") as stream:
        for _ in range(3):
            await stream.part()
    assert site.house.renders >= 2


async def test_a_picture_that_is_drawn_again_but_looks_the_same_is_not_sent_again(numbers: Site) -> None:
    async with reading(numbers.port, STREAM) as stream, reading(numbers.port, f"/live?url={URL}", **EVENTS) as events:
        await stream.part()
        told = {(await until_fresh(events))["etag"]}
        numbers.house.write("number.txt", "1\n")
        while len(told) < 2:
            told.add((await until_fresh(events))["etag"])
        numbers.house.write("number.txt", "2")
        _, body = await stream.part()
    assert body == (await numbers.fetch(URL)).body


async def test_streams_hold_no_worker(make_site: MakeSite) -> None:
    site = with_numbers(await make_site(render={"workers": 1}))
    async with reading(site.port, STREAM) as one, reading(site.port, STREAM) as two:
        await one.part()
        await two.part()
        assert (await site.fetch(f"{URL}?_width=100")).code == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/plots/nothing.stream", 404, "unknown_plot"),
        (f"{STREAM}?_width=0", 400, "bad_parameter"),
        (f"{STREAM}?colour=red", 400, "bad_parameter"),
    ],
)
async def test_what_can_never_be_drawn_is_refused_as_any_picture_is(
    numbers: Site, path: str, status: int, code: str
) -> None:
    told = await numbers.error(path)
    assert (told["status"], told["code"]) == (status, code)
    assert (streams(numbers), numbers.house.renders) == (0, 0)


async def test_head_tells_what_it_is_and_ends(numbers: Site) -> None:
    async with reading(numbers.port, STREAM, "HEAD") as stream:
        assert stream.headers["content-type"].startswith("multipart/x-mixed-replace")
        assert "content-length" not in stream.headers
        assert await stream.rest() == b""


async def test_more_streams_than_may_be_are_refused_at_once(make_site: MakeSite) -> None:
    site = with_numbers(await make_site(live={"max_streams": 2}))
    async with reading(site.port, STREAM) as one, reading(site.port, f"/live?url={URL}", **EVENTS) as two:
        await one.part()
        await two.event()
        for path in (STREAM, f"/live?url={URL}"):
            refused = await site.fetch(path, headers=EVENTS)
            assert (refused.code, json.loads(refused.body)["error"]["code"]) == (503, "overloaded")
            assert int(refused.headers["Retry-After"]) >= 1
        assert (await site.fetch(URL)).code == 200
    await until(lambda: streams(site) == 0 and watched(site) == 0)


async def test_a_client_that_vanishes_without_a_word_is_looked_for(numbers: Site) -> None:
    async with reading(numbers.port, STREAM) as stream:
        await stream.part()
        (connection,) = numbers.server._streams
        assert connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle_s = connection.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        assert idle_s == numbers.house.engine.config.listen.send_timeout_s


NOISE = """
    import matplotlib.pyplot as plt
    import numpy as np
    from PIL import Image

    def plot_noise():
        return Image.fromarray(np.random.default_rng(1).integers(0, 255, (1200, 1200, 3), dtype=np.uint8))
"""


async def test_a_reader_that_does_not_read_is_dropped_and_others_are_served(make_site: MakeSite) -> None:
    site = with_numbers(await make_site(listen={"send_timeout_s": 0.5}))
    site.house.write("noise.py", NOISE)
    idle = reads_nothing(site.port, "/plots/noise.stream?_every=0.05")
    async with reading(site.port, STREAM) as stream:
        await stream.part()
        await until(lambda: streams(site) == 2)
        numbers = 1
        async with asyncio.timeout(20):
            while streams(site) > 1:
                numbers += 1
                site.house.write("number.txt", str(numbers))
                await stream.part()
    idle.close()
    await until(lambda: watched(site) == 0)


async def test_a_reader_that_is_slow_but_reads_on_is_kept(make_site: MakeSite) -> None:
    site = await make_site(listen={"send_timeout_s": 0.5})
    site.house.write("noise.py", NOISE)
    with reads_nothing(site.port, "/plots/noise.stream") as client:
        client.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=client)
        await reader.readuntil(b"\nContent-Length: ")
        left = int(await reader.readline())
        while left > 0:
            left -= len(await reader.readexactly(min(left, 200_000)))
            await asyncio.sleep(0.1)  # noqa: TID251 - how slow it is
        writer.close()


async def test_a_stop_ends_streams_after_a_whole_part(numbers: Site) -> None:
    async with reading(numbers.port, STREAM) as stream, reading(numbers.port, f"/live?url={URL}", **EVENTS) as events:
        await stream.part()
        await events.event()
        for staying in list(numbers.app.settings["sockets"]):
            staying.close(1001, "the daemon stops")
        assert await stream.rest() == b""
        assert (await events.rest()).endswith((b"", b"\n\n"))
    assert (streams(numbers), watched(numbers)) == (0, 0)


async def test_events_say_what_the_socket_says(numbers: Site) -> None:
    urls = [URL, "/plots/numb%65r.txt?_=1", "/plots/nope.png", "/plots/number.png?nope=1"]
    page = await numbers.socket()
    query = "&".join(f"url={quote(url, safe='')}" for url in urls)
    async with reading(numbers.port, f"/live?{query}", **EVENTS) as events:
        assert (events.headers["content-type"], events.headers["cache-control"]) == ("text/event-stream", "no-store")
        assert (events.headers["vary"], events.headers["x-accel-buffering"]) == ("Accept", "no")
        assert int((await events.line("retry: ")).split()[1]) >= 1000
        told: dict[str, dict[str, object]] = {}
        while len(told) < len(urls) or any(one["state"] == "rendering" for one in told.values()):
            message = await events.event()
            told[message["url"]] = message
        await page.write_message(json.dumps({"watch": urls}))
        assert {m["url"]: m for m in [await receive(page) for _ in urls]} == told
        assert set(told) == set(urls)
        numbers.house.write("number.txt", "2")
        changed: set[str] = set()
        while len(changed) < 2:
            message = await events.event()
            if message["etag"] not in (None, told[message["url"]]["etag"]):
                changed.add(message["url"])
        assert changed == set(urls[:2])
        numbers.house.write("more.py", NUMBER.replace("number(", "more("))
        assert json.loads((await events.line('data: {"catalog"')).removeprefix("data: "))["catalog"]


async def test_silence_is_filled_with_comments(make_site: MakeSite) -> None:
    site = with_numbers(await make_site(live={"ping_s": 0.05}))
    async with reading(site.port, f"/live?url={URL}", **EVENTS) as events:
        await events.event()
        for _ in range(3):
            await events.line(": ")


@pytest.mark.parametrize("query", ["", "_=1", "urls=/plots/x.png", "url=/plots/x.png&urls=1", "url=%ff"])
async def test_events_of_nothing_are_refused(numbers: Site, query: str) -> None:
    told = await numbers.error(f"/live?{query}", headers=EVENTS)
    assert (told["status"], told["code"]) == (400, "bad_parameter")


async def test_more_pictures_than_may_be_watched_are_refused(make_site: MakeSite) -> None:
    site = with_numbers(await make_site(live={"max_watched": 2}))
    query = "&".join(f"url=/plots/number.png?_={n}" for n in range(3))
    assert "more than 2" in (await site.error(f"/live?{query}", headers=EVENTS))["fields"]["url"]


async def test_without_an_upgrade_or_events_it_is_said_what_is_expected(numbers: Site) -> None:
    told = await numbers.error(f"/live?url={URL}")
    assert told["status"] == 400
    assert "text/event-stream" in told["message"]


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_another_sites_page_gets_no_events(numbers: Site, headers: dict[str, str]) -> None:
    assert (await numbers.error(f"/live?url={URL}", headers={**EVENTS, **headers}))["code"] == "forbidden"


async def test_a_page_that_is_closed_is_drawn_for_no_more(numbers: Site) -> None:
    page = await numbers.socket()
    await page.write_message(json.dumps({"watch": [URL]}))
    while (await receive(page)).get("state") != "fresh":
        pass
    assert (watched(numbers), len(numbers.app.settings["sockets"])) == (1, 1)
    page.close()
    await until(lambda: not watched(numbers) and not numbers.app.settings["sockets"])
    assert not numbers.house.engine.hub._subscriptions


async def test_who_leaves_just_as_there_is_news_is_no_error(numbers: Site) -> None:
    async with reading(numbers.port, f"/live?url={URL}", **EVENTS) as events:
        await until_fresh(events)
        for mailbox in numbers.house.engine.hub._subscriptions:
            mailbox.put("", Message(catalog="another"))
        for handler in numbers.app.settings["sockets"]:
            handler.request.connection.stream.close()
        await until(lambda: not streams(numbers))
