"""The websocket: it says that a picture changed."""

from __future__ import annotations

import asyncio
import gc
import json
import time
import weakref
from pathlib import Path

import pytest
from tests.handlers.conftest import MakeSite, Site, receive, receive_any
from tests.service.conftest import PATIENCE_S
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection

NUMBER = """
    from pathlib import Path
    import matplotlib.pyplot as plt

    def plot_number(file_path="number.txt"):
        number = float(Path(file_path).read_text())
        plt.figure(figsize=(2, 1))
        plt.plot([0, number])
"""
URL = "/plots/number.png"


@pytest.fixture
def numbers(site: Site) -> Site:
    site.house.write("numbers.py", NUMBER)
    site.house.write("number.txt", "1")
    return site


async def watching(site: Site, *urls: str) -> WebSocketClientConnection:
    socket = await site.socket()
    await socket.write_message(json.dumps({"watch": list(urls)}))
    return socket


async def fresh(socket: WebSocketClientConnection) -> dict[str, object]:
    while (message := await receive(socket)).get("state") != "fresh":
        pass
    return message


async def test_a_picture_never_drawn_is_rendering_and_then_fresh(numbers: Site) -> None:
    socket = await watching(numbers, URL)
    assert await receive(socket) == {"url": URL, "etag": None, "state": "rendering"}
    told = await receive(socket)
    assert (told["url"], told["state"]) == (URL, "fresh")
    picture = await numbers.fetch(URL)
    assert picture.headers["Etag"] == f'"{told["etag"]}"'
    assert "cache;desc=hit" in picture.headers["Server-Timing"]


async def test_a_url_is_echoed_byte_for_byte(numbers: Site) -> None:
    urls = ["/plots/number.png?", "/plots/numbers/number.png?_=1&file_path=number%2Etxt", "/plots/numb%65r.png"]
    socket = await watching(numbers, *urls)
    seen = {str((await fresh(socket))["url"]) for _ in urls}
    assert seen == set(urls)
    assert numbers.house.renders == 1


@pytest.mark.parametrize("how", ["in place", "by rename", "deleted and re-created", "by a refresh call"])
async def test_a_change_is_told_once_it_is_drawn(numbers: Site, how: str) -> None:
    socket = await watching(numbers, URL)
    before = await fresh(socket)
    file = numbers.house.folder / "number.txt"
    if how == "in place":
        numbers.house.write("number.txt", "2")
    elif how == "by rename":
        numbers.house.write("new", "2").rename(file)
    elif how == "by a refresh call":
        await numbers.fetch("/-/refresh/number", method="POST")
    else:
        file.unlink()
        while (await receive(socket))["state"] != "stale":
            pass
        numbers.house.write("number.txt", "2")
    after = await fresh(socket)
    assert after["etag"] != before["etag"]
    picture = await numbers.fetch(URL)
    assert picture.headers["Etag"] == f'"{after["etag"]}"'
    assert "cache;desc=hit" in picture.headers["Server-Timing"]


async def test_an_edit_of_the_code_reaches_who_watches(numbers: Site) -> None:
    socket = await watching(numbers, URL)
    before = await fresh(socket)
    numbers.house.write("numbers.py", NUMBER.replace("[0, number]", "[number, 0]"))
    seen: list[str] = []
    while not {"catalog", "fresh"} <= set(seen):
        message = await receive_any(socket)
        seen.append("catalog" if "catalog" in message else str(message["state"]))
    assert (await numbers.fetch(URL)).headers["Etag"] != f'"{before["etag"]}"'


async def test_a_plot_that_goes_and_comes_back_is_gone_and_then_fresh(numbers: Site) -> None:
    socket = await watching(numbers, URL)
    await fresh(socket)
    (numbers.house.folder / "numbers.py").unlink()
    while (await receive(socket)).get("state") != "gone":
        pass
    numbers.house.write("numbers.py", NUMBER)
    await fresh(socket)


async def test_a_failing_render_is_stale_with_the_last_etag_and_why(numbers: Site) -> None:
    socket = await watching(numbers, URL)
    good = await fresh(socket)
    numbers.house.write("number.txt", "one\n")
    while (told := await receive(socket))["state"] != "stale":
        pass
    assert told["etag"] == good["etag"]
    assert told["error"]["code"] == "plot_failed"
    assert "could not convert" in told["error"]["message"]


async def test_what_nobody_watches_is_not_drawn(numbers: Site) -> None:
    socket = await watching(numbers, URL)
    await fresh(socket)
    await socket.write_message(json.dumps({"unwatch": [URL]}))
    await socket.write_message("{}")
    assert "error" in await receive(socket)
    renders = numbers.house.renders
    numbers.house.write("number.txt", "5")
    other = await watching(numbers, "/plots/number.png?_width=100")
    await fresh(other)
    assert numbers.house.renders == renders + 1


async def test_eight_pages_cost_one_render_per_change(numbers: Site) -> None:
    sockets = [await watching(numbers, URL) for _ in range(8)]
    for socket in sockets:
        await fresh(socket)
    assert numbers.house.renders == 1
    numbers.house.write("number.txt", "2")
    etags = {(await fresh(socket))["etag"] for socket in sockets}
    for _ in sockets:
        await numbers.fetch(URL)
    assert (len(etags), numbers.house.renders) == (1, 2)


async def test_a_viewer_can_ask_for_redraws_of_its_own(numbers: Site) -> None:
    plain = await watching(numbers, URL)
    first = await fresh(plain)
    ticking = await watching(numbers, f"{URL}?_every=0.2")
    await fresh(ticking)
    assert (await fresh(ticking))["etag"] != first["etag"]
    ticking.close()


async def test_messages_that_make_no_sense_are_answered_and_the_third_ends_it(numbers: Site) -> None:
    socket = await numbers.socket()
    for nonsense in ("what?", '{"watch": 5}'):
        await socket.write_message(nonsense)
        assert (await receive(socket))["error"]["code"] == "bad_message"
    await socket.write_message("[[[[")
    while (message := await socket.read_message()) is not None:
        assert "catalog" in json.loads(message)
    assert socket.close_code == 1008


async def test_a_url_that_is_no_plot_is_gone_and_one_with_bad_words_says_so(numbers: Site) -> None:
    socket = await watching(numbers, "/plots/nope.png", "/etc/passwd", "/plots/number.png?nope=1")
    told = {m["url"]: m for m in [await receive(socket) for _ in range(3)]}
    assert told["/plots/nope.png"]["state"] == told["/etc/passwd"]["state"] == "gone"
    assert told["/plots/number.png?nope=1"]["error"]["code"] == "bad_parameter"


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_another_sites_page_gets_no_socket(numbers: Site, headers: dict[str, str]) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await numbers.socket(**headers)
    assert refused.value.code == 403


async def test_a_foreign_host_gets_no_socket(numbers: Site) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await numbers.socket(Host="evil.example")
    assert refused.value.code == 421


async def test_a_slow_drawing_is_told_of_and_a_new_page_hears_of_it_at_once(site: Site, tmp_path: Path) -> None:
    site.house.write(
        "slow.py",
        """
        import os, time
        from pathlib import Path
        import matplotlib.pyplot as plt

        def plot_slow(gate: str, file_path="number.txt"):
            number = float(Path(file_path).read_text())
            while number > 1 and not os.path.exists(gate):
                time.sleep(0.002)
            plt.plot([number])
        """,
    )
    site.house.write("number.txt", "1")
    url = f"/plots/slow.png?gate={tmp_path}/gate"
    first = await watching(site, url)
    known = await fresh(first)
    site.house.write("number.txt", "2")
    assert await receive(first) == {"url": url, "etag": known["etag"], "state": "rendering"}
    second = await watching(site, url)
    assert (await receive(second))["state"] == "rendering"
    await asyncio.to_thread((tmp_path / "gate").touch)
    assert (await fresh(first))["etag"] == (await fresh(second))["etag"] != known["etag"]


async def test_a_folder_that_is_deleted_and_made_again_is_watched_again(make_site: MakeSite) -> None:
    site = await make_site(live={"poll_s": 0.1})
    site.house.write("numbers.py", NUMBER)
    site.house.write("run/number.txt", "1")
    socket = await watching(site, f"{URL}?file_path=run/number.txt")
    etag = (await fresh(socket))["etag"]
    (site.house.folder / "run" / "number.txt").unlink()
    (site.house.folder / "run").rmdir()
    while (await receive(socket)).get("state") != "stale":
        pass
    for number in ("2", "3"):
        site.house.write("run/number.txt", number)
        told = await fresh(socket)
        assert told["etag"] != etag
        etag = told["etag"]


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "a" * 24,
}


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"Connection": "keep-alive"}, 400, "bad_request"),
        ({"Sec-WebSocket-Key": ""}, 400, "bad_request"),
        ({"Sec-WebSocket-Version": "8"}, 426, "upgrade_required"),
        ({"Sec-WebSocket-Version": ""}, 426, "upgrade_required"),
    ],
)
async def test_an_upgrade_that_can_not_be_is_an_error_like_all(
    site: Site, wrong: dict[str, str], status: int, code: str
) -> None:
    answer = await site.fetch("/live", headers={**UPGRADE, **wrong})
    told = json.loads(answer.body)["error"]
    assert (answer.code, told["status"], told["code"]) == (status, status, code)
    assert (answer.headers.get("Sec-WebSocket-Version"), answer.headers.get("Upgrade")) == (
        ("13", "websocket") if status == 426 else (None, None)
    )
    page = await site.fetch("/live", headers={**UPGRADE, **wrong, "Accept": "text/html"})
    assert (page.code, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")


async def test_who_leaves_leaves_nothing_for_a_garbage_collection(site: Site) -> None:
    socket = await site.socket()
    socket.write_message(json.dumps({"watch": ["/plots/nope.png"]}))
    assert (await receive(socket))["state"] == "gone"
    [there] = site.app.settings["sockets"]
    handler, connection = weakref.ref(there), weakref.ref(there.ws_connection)
    del there
    gc.disable()  # collections pass over crowds, so what is left of one who left would stay for ever
    try:
        socket.close()
        async with asyncio.timeout(PATIENCE_S):
            while handler() is not None or connection() is not None:
                await asyncio.to_thread(time.monotonic)
    finally:
        gc.enable()
