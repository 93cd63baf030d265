"""The numbers behind a picture: of the very render that drew it, and refused where that is."""

from __future__ import annotations

import asyncio
import io
import json
import time
from pathlib import Path

import pandas as pd
import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.service.conftest import PATIENCE_S
from tornado.httpclient import HTTPResponse

from plotd.table import AT_HAND_BYTES

MANY = AT_HAND_BYTES // 16 + 1  # points of a line, too many to be brought along unasked
PLOTS = """
    import os, time
    from pathlib import Path
    import matplotlib.pyplot as plt
    import numpy as np

    def plot_line(file_path="height.txt", points: int = 3, gate: str = ""):
        if gate:
            Path(gate + ".waits").touch()
            while not os.path.exists(gate):
                time.sleep(0.01)
        height = float(Path(file_path).read_text())
        if height < 0:
            raise ValueError("below the ground")
        plt.plot(np.full(points, height), label=f"run {np.random.default_rng().integers(2**62)}")
        plt.legend()

    def plot_pair():
        _, (left, right) = plt.subplots(1, 2, sharex=True)
        left.plot([1, 2])

    def plot_dial():
        plt.subplot(projection="polar")

    def plot_space():
        plt.subplot(projection="3d")

    def plot_huge(inches: int = 400):
        plt.figure(figsize=(inches, inches))
"""


@pytest.fixture
def lines(site: Site) -> Site:
    return furnished(site)


def furnished(site: Site) -> Site:
    site.house.write("lines.py", PLOTS)
    site.house.write("height.txt", "1.5")
    return site


async def names(site: Site, points: int = 3) -> tuple[set[str], HTTPResponse]:
    """Return what the table's series are called, which is another name in each render."""
    answer = await site.fetch(f"/plots/line.csv?points={points}")
    assert answer.code == 200, answer.body
    table = pd.read_csv(io.BytesIO(answer.body))
    assert len(table) == points
    return set(table.series), answer


async def said(site: Site, points: int = 3) -> str:
    return (await site.fetch(f"/plots/line.txt?points={points}")).body.decode()


@pytest.mark.parametrize("executor", ["threads", "processes"])
async def test_a_picture_its_words_and_its_numbers_are_of_one_render(make_site: MakeSite, executor: str) -> None:
    lines = furnished(await make_site(render={"executor": executor}))
    picture = await lines.fetch("/plots/line.png")
    [name], answer = await names(lines)
    assert answer.headers["Etag"] == f'{picture.headers["Etag"][:-1]}-csv"'
    assert answer.headers["Last-Modified"] == picture.headers["Last-Modified"]
    assert name in await said(lines)
    assert lines.house.renders == 1


async def test_many_who_ask_for_both_at_once_share_one_render(lines: Site, tmp_path: Path) -> None:
    gate, waits = tmp_path / "gate", tmp_path / "gate.waits"
    paths = [f"/plots/line.{ending}?points={MANY}&gate={gate}" for ending in ("csv", "png", "csv", "webp", "txt")]
    first = asyncio.create_task(lines.fetch(paths[0]))
    async with asyncio.timeout(PATIENCE_S):
        while not waits.exists():  # the render that is asked for the numbers runs
            await asyncio.to_thread(time.monotonic)
    others = [asyncio.create_task(lines.fetch(path)) for path in paths[1:]]
    await lines.fetch("/healthz")
    gate.touch()
    answers = [await first, *await asyncio.gather(*others)]
    assert {answer.code for answer in answers} == {200}
    assert answers[0].body == answers[2].body
    assert lines.house.renders == 1


async def test_of_very_many_numbers_a_render_brings_those_that_somebody_asks_for(lines: Site) -> None:
    await lines.fetch(f"/plots/line.png?points={MANY}")
    [first], _ = await names(lines, MANY)
    assert lines.house.renders == 2
    assert first in await said(lines, MANY)
    lines.house.write("height.txt", "2.5")  # somebody asked since the last render: the next one brings them along
    await lines.fetch(f"/plots/line.png?points={MANY}")
    [second], _ = await names(lines, MANY)
    assert second != first
    assert second in await said(lines, MANY)
    assert lines.house.renders == 3


@pytest.mark.parametrize("points", [3, MANY])
async def test_stale_numbers_are_those_of_the_stale_picture(lines: Site, points: int) -> None:
    if points == MANY:
        await names(lines, points)
    else:
        await lines.fetch(f"/plots/line.png?points={points}")
    words = await said(lines, points)
    lines.house.write("height.txt", "-1")
    picture = await lines.fetch(f"/plots/line.png?points={points}")
    [name], answer = await names(lines, points)
    assert name in words
    assert [one.headers["Plotd-State"] for one in (picture, answer)] == ["stale", "stale"]
    assert answer.headers["Etag"] == f'{picture.headers["Etag"][:-1]}-csv"'
    assert await said(lines, points) == words


async def test_numbers_that_no_render_brought_along_are_not_made_up(lines: Site) -> None:
    await lines.fetch(f"/plots/line.png?points={MANY}")
    lines.house.write("height.txt", "-1")
    assert (await lines.fetch(f"/plots/line.png?points={MANY}")).headers["Plotd-State"] == "stale"
    assert (await lines.error(f"/plots/line.csv?points={MANY}"))["code"] == "plot_failed"


async def test_a_table_longer_than_the_setting_is_refused_and_its_picture_is_not(make_site: MakeSite) -> None:
    lines = furnished(await make_site(render={"max_rows": 1000}))
    for points in (1001, MANY):
        told = await lines.error(f"/plots/line.csv?points={points}")
        assert (told["status"], told["code"]) == (413, "too_large")
        assert told["message"] == f"a table of {points:,} rows has more than 1,000"
        assert (await lines.fetch(f"/plots/line.png?points={points}")).code == 200
    assert lines.house.renders == 2
    await names(lines, 1000)


async def test_a_cache_too_small_for_the_numbers_still_keeps_the_picture(make_site: MakeSite) -> None:
    lines = furnished(await make_site(cache={"memory_mb": 1}))
    points = AT_HAND_BYTES // 16
    for _ in range(2):
        assert (await lines.fetch(f"/plots/line.png?points={points}")).code == 200
    assert lines.house.renders == 1
    await names(lines, points)
    assert lines.house.renders == 2


REFUSED = {
    "pair?_xlim.7=0,1": (400, {"_xlim.7"}),
    "pair?_ylim.2=auto": (400, {"_ylim.2"}),
    "pair?_xlim.0=1,2&_xlim.1=3,4": (400, {"_xlim.0", "_xlim.1"}),
    "pair?_xlim=1,1.0000000000000002": (400, {"_xlim.0"}),
    "dial?_xlim=0,1": (400, {"_xlim.0"}),
    "space?_ylim=0,1": (400, {"_ylim.0"}),
}
TOO_LARGE = ("huge", "line?_dpi=600&_scale=4", "line?_width=10000&_height=10000")


@pytest.mark.parametrize("query", REFUSED)
@pytest.mark.parametrize("ending", ["csv", "json", "txt"])
async def test_what_can_not_be_drawn_is_refused_whatever_is_asked_of_it(lines: Site, ending: str, query: str) -> None:
    name, _, words = query.partition("?")
    told = await lines.error(f"/plots/{name}.{ending}?{words}")
    assert told == await lines.error(f"/plots/{name}.png?{words}")
    assert (told["status"], set(told.get("fields", {}))) == REFUSED[query]


@pytest.mark.parametrize("query", TOO_LARGE)
async def test_what_has_too_many_pixels_can_still_be_described(lines: Site, query: str) -> None:
    name, _, words = query.partition("?")
    refused = [await lines.error(f"/plots/{name}.{ending}?{words}") for ending in ("png", "csv", "txt")]
    assert [(told["status"], told["code"]) for told in refused] == [(413, "too_large")] * 3
    answer = await lines.fetch(f"/plots/{name}.json?{words}")
    told = json.loads(answer.body)
    assert (answer.code, told["name"]) == (200, f"lines/{name}")
    assert list(told["parameters"]["properties"]) == {"huge": ["inches"], "line": ["file_path", "points", "gate"]}[name]
    assert told["last_render"]["error"] == {"code": "too_large", "message": refused[0]["message"]}


async def test_the_plus_of_an_offset_may_have_become_a_space(site: Site) -> None:
    site.house.write(
        "dates.py",
        """
        import matplotlib.pyplot as plt
        import pandas as pd
        def plot_day(file_path="dates.py"):
            plt.plot(pd.date_range("2026-01-01", periods=3, tz="Europe/Berlin"), [1, 2, 3])
        """,
    )
    labels = []
    for plus in ("+", "%2B", "%20"):
        words = f"2026-01-01T00:00{plus}01:00,2026-01-02 00:00{plus}01:00".replace(" ", "%20")
        answer = await site.fetch(f"/plots/day.json?_xlim={words}")
        assert answer.code == 200, answer.body
        told = json.loads(answer.body)
        assert told["axes"][0]["xlim"] == pytest.approx([20454 - 1 / 24, 20455 - 1 / 24], rel=1e-12)
        labels.append(told["last_render"]["etag"])
    assert len(set(labels)) == 1


async def test_a_column_that_a_data_file_has_not_is_a_bad_parameter(site: Site) -> None:
    site.house.write("run.csv", "step,loss\n1,2\n2,1\n")
    for query, field in (("y=nope", "y"), ("x=nope&y=loss", "x")):
        told = await site.error(f"/plots/run.png?{query}")
        assert (told["status"], told["code"], list(told["fields"])) == (400, "bad_parameter", [field])
        assert "the columns are: step, loss" in told["message"]
