"""Clients that know a picture by its date alone, and send no etag."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from tests.handlers.conftest import Site
from tests.handlers.reading import with_numbers
from tornado.httpclient import HTTPResponse

URL = "/plots/number.png"


@pytest.fixture
def numbers(site: Site) -> Site:
    return with_numbers(site)


async def since(site: Site, date: str, path: str = URL) -> HTTPResponse:
    return await site.fetch(path, headers={"If-Modified-Since": date})


def later(date: str, seconds: int) -> str:
    return format_datetime(parsedate_to_datetime(date) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("ending", ["png", "svg", "webp", "txt", "html"])
async def test_who_has_the_picture_by_its_date_gets_a_304(numbers: Site, ending: str) -> None:
    path = f"/plots/number.{ending}"
    first = await numbers.fetch(path)
    date = first.headers["Last-Modified"]
    for known, status in ((date, 304), (later(date, 3600), 304), (later(date, -1), 200)):
        again = await since(numbers, known, path)
        assert (again.code, bool(again.body)) == (status, status == 200)
        assert (again.headers["Etag"], again.headers["Last-Modified"]) == (first.headers["Etag"], date)
    head = await numbers.fetch(path, method="HEAD", headers={"If-Modified-Since": date})
    assert (head.code, numbers.house.renders) == (304, 1)


async def test_an_etag_counts_more_than_a_date(numbers: Site) -> None:
    first = await numbers.fetch(URL)
    date, etag = first.headers["Last-Modified"], first.headers["Etag"]
    for known, tag, status in ((date, '"other"', 200), (later(date, -9), etag, 304)):
        headers = {"If-Modified-Since": known, "If-None-Match": tag}
        assert (await numbers.fetch(URL, headers=headers)).code == status


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 Xxx 2026 99:99:99 GMT", f"Mon, 23 Nov {'9' * 99} 00:00:00 GMT"]
)
async def test_what_is_no_date_is_as_if_it_were_not_said(numbers: Site, date: str) -> None:
    assert (await since(numbers, date)).code == 200
    assert (await since(numbers, date)).code == 200


async def test_a_picture_drawn_in_the_second_of_another_is_sent_whole(numbers: Site) -> None:
    first, second, drawn = await numbers.fetch(URL), await numbers.fetch(URL), 1
    while first.body == second.body or first.headers["Last-Modified"] != second.headers["Last-Modified"]:
        drawn += 1
        numbers.house.write("number.txt", str(drawn))
        first, second = second, await numbers.fetch(URL)
    for _ in range(2):
        again = await since(numbers, first.headers["Last-Modified"])
        assert (again.code, again.body) == (200, second.body)
    assert (await numbers.fetch(URL, headers={"If-None-Match": second.headers["Etag"]})).code == 304


async def test_an_earlier_picture_in_place_of_a_failed_one_is_sent_whole(numbers: Site) -> None:
    date = (await numbers.fetch(URL)).headers["Last-Modified"]
    numbers.house.write("number.txt", "rubbish")
    stale = await since(numbers, later(date, 3600))
    assert (stale.code, stale.headers["Plotd-State"]) == (200, "stale")
