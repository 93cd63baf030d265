"""Requests that wait for a change, and how they end."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.handlers.reading import until, with_numbers
from tornado.httpclient import HTTPResponse

ENDINGS = ["png", "svg", "pdf", "webp", "csv", "txt", "ansi", "html", "json"]


@pytest.fixture
def numbers(site: Site) -> Site:
    return with_numbers(site)


async def etag_of(site: Site, path: str) -> str:
    return str((await site.fetch(path)).headers["Etag"])


def waiters(site: Site) -> int:
    return int(site.app.settings["waiters"].taken)


def watched(site: Site) -> int:
    return len(site.house.engine.hub._watches)


async def start(
    site: Site, path: str, etag: str, prefer: str = "wait=60", **headers: str
) -> asyncio.Task[HTTPResponse]:
    """Ask, and return once that waits."""
    before = waiters(site)
    headers = {"If-None-Match": etag, "Prefer": prefer, **headers}
    asked = asyncio.create_task(site.fetch(path, headers=headers, request_timeout=60))
    await until(lambda: waiters(site) > before or asked.done())
    return asked


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_change_ends_the_wait_with_the_new_answer(numbers: Site, ending: str) -> None:
    path = f"/plots/number.{ending}"
    first = await numbers.fetch(path)
    waiting = await start(numbers, path, first.headers["Etag"])
    assert not waiting.done()
    numbers.house.write("number.txt", "2")
    answer = await waiting
    assert (answer.code, answer.headers["Preference-Applied"]) == (200, "wait=60")
    assert answer.headers["Etag"] != first.headers["Etag"]
    assert answer.body != first.body
    assert (await etag_of(numbers, path)) == answer.headers["Etag"]
    assert (waiters(numbers), watched(numbers)) == (0, 0)
    assert numbers.house.renders == 2


async def test_many_who_wait_cost_one_render(numbers: Site) -> None:
    etag = await etag_of(numbers, "/plots/number.png")
    waiting = [await start(numbers, f"/plots/number.png?_={n % 3}", etag) for n in range(8)]
    numbers.house.write("number.txt", "2")
    answers = [await one for one in waiting]
    assert {answer.code for answer in answers} == {200}
    assert len({answer.headers["Etag"] for answer in answers}) == 1
    assert numbers.house.renders == 2


async def test_no_change_within_the_time_is_a_304(make_site: MakeSite) -> None:
    site = with_numbers(await make_site(live={"max_wait_s": 0.25}))
    for path in ("/plots/number.png", "/plots/number.txt", "/plots/number.json"):
        answer = await (await start(site, path, await etag_of(site, path)))
        assert (answer.code, answer.body, answer.headers["Preference-Applied"]) == (304, b"", "wait=0.25"), path
    assert waiters(site) == 0


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=1", "wait=1"),
        ('respond-async, Wait = "1" ; x=1, wait=5', "wait=1"),
        ("wait=0", None),
        ("wait=-1", None),
        ("wait=soon", None),
        ("return=minimal", None),
        ("wait", None),
        ("", None),
    ],
)
async def test_the_preference_is_read_as_rfc_7240_has_it(numbers: Site, prefer: str, applied: str | None) -> None:
    headers = {"If-None-Match": await etag_of(numbers, "/plots/number.png"), "Prefer": prefer}
    answer = await numbers.fetch("/plots/number.png", headers=headers)
    assert (answer.code, answer.headers.get("Preference-Applied")) == (304, applied)


async def test_endless_digits_are_no_more_than_the_most_there_is(make_site: MakeSite) -> None:
    site = with_numbers(await make_site(live={"max_wait_s": 0.25}))
    answer = await (
        await start(site, "/plots/number.png", await etag_of(site, "/plots/number.png"), f"wait={'9' * 6000}")
    )
    assert (answer.code, answer.headers["Preference-Applied"]) == (304, "wait=0.25")


async def test_who_has_another_picture_or_none_waits_for_nothing(numbers: Site) -> None:
    for headers in ({"If-None-Match": '"another"'}, {}):
        answer = await numbers.fetch("/plots/number.png", headers={"Prefer": "wait=60", **headers})
        assert answer.code == 200
        assert answer.headers.get("Preference-Applied") == ("wait=60" if headers else None)


async def test_more_who_wait_than_may_are_told_at_once(make_site: MakeSite) -> None:
    site = with_numbers(await make_site(live={"max_waiters": 2}))
    etag = await etag_of(site, "/plots/number.png")
    waiting = [await start(site, "/plots/number.png", etag) for _ in range(2)]
    refused = await (await start(site, "/plots/number.png", etag))
    assert (refused.code, json.loads(refused.body)["error"]["code"]) == (503, "overloaded")
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await site.fetch("/plots/number.png", headers={"If-None-Match": etag})).code == 304
    site.house.write("number.txt", "2")
    assert [(await one).code for one in waiting] == [200, 200]


async def test_a_client_that_leaves_frees_its_place(numbers: Site) -> None:
    etag = await etag_of(numbers, "/plots/number.png")
    _, writer = await asyncio.open_connection("127.0.0.1", numbers.port)
    header = f"Host: localhost\r\nIf-None-Match: {etag}\r\nPrefer: wait=60"
    writer.write(f"GET /plots/number.png HTTP/1.1\r\n{header}\r\n\r\n".encode())
    await until(lambda: waiters(numbers) == 1)
    writer.close()
    await until(lambda: waiters(numbers) == 0 and not watched(numbers))


async def test_a_stop_sends_all_away_at_once(numbers: Site) -> None:
    etag = await etag_of(numbers, "/plots/number.png")
    waiting = [await start(numbers, "/plots/number.png", etag) for _ in range(3)]
    for staying in list(numbers.app.settings["sockets"]):
        staying.close(1001, "the daemon stops")
    answers = [await one for one in waiting]
    assert [answer.code for answer in answers] == [503, 503, 503]
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)


async def test_a_render_that_fails_meanwhile_is_told_and_so_is_that_it_works_again(numbers: Site) -> None:
    etag = await etag_of(numbers, "/plots/number.webp")
    waiting = await start(numbers, "/plots/number.webp", etag)
    numbers.house.write("number.txt", "one\n")
    failing = await waiting
    assert (failing.code, failing.headers["Plotd-State"], failing.headers["Etag"]) == (304, "stale", etag)
    waiting = await start(numbers, "/plots/number.webp", etag)
    assert not waiting.done()
    numbers.house.write("number.txt", "3")
    mended = await waiting
    assert (mended.code, mended.headers.get("Plotd-State")) == (200, None)


async def test_a_plot_that_goes_meanwhile_is_a_404(numbers: Site) -> None:
    waiting = await start(numbers, "/plots/number.png", await etag_of(numbers, "/plots/number.png"))
    (numbers.house.folder / "numbers.py").unlink()
    numbers.house.engine.hub.touch()
    assert (await waiting).code == 404


async def test_a_wait_ticks_as_often_as_the_viewer_asks(numbers: Site) -> None:
    path = "/plots/number.png?_every=0.2"
    answer = await (await start(numbers, path, await etag_of(numbers, path)))
    assert answer.code == 200


async def test_the_terminal_picture_waits_too(numbers: Site) -> None:
    headers = {"User-Agent": "curl/8.0", "Accept": "*/*"}
    first = await numbers.fetch("/plots/number", headers=headers)
    waiting = await start(numbers, "/plots/number", first.headers["Etag"], **headers)
    numbers.house.write("number.txt", "2")
    answer = await waiting
    assert (answer.code, answer.headers["Vary"]) == (200, "Accept, User-Agent")


async def test_what_cannot_be_drawn_waits_for_nothing(numbers: Site) -> None:
    numbers.house.write("needs.py", "def plot_needs(n: int):\n    raise ValueError(n)\n")
    for path, code in (("/plots/needs.json", 304), ("/plots/needs.png?n=1", 500)):
        etag = (await numbers.fetch(path)).headers.get("Etag", '"x"')
        answer = await numbers.fetch(path, headers={"If-None-Match": etag, "Prefer": "wait=60"})
        assert (answer.code, answer.headers.get("Preference-Applied")) == (code, None)
