"""Every ending with every option, good and bad: what comes decodes, and says what it is."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from tests.handlers.conftest import Site
from tests.handlers.reading import reading
from tornado.httpclient import HTTPResponse

LINES = '''
    from typing import Annotated, Literal
    import matplotlib.pyplot as plt
    import pandas as pd
    from pydantic import Field

    def plot_line(file_path="data.csv", n: Annotated[int, Field(ge=1, le=9)] = 1, how: Literal["up", "down"] = "up"):
        """A line."""
        data = pd.read_csv(file_path)
        plt.figure(figsize=(4, 3))
        plt.plot(data.x, data.y * n, label="rising", color="red")
        plt.title("What rises")

    def plot_raises():
        raise ValueError("no picture")
'''
DATA = "x,y\n1.5,2\n2.5,3.25\n3.5,1e-07\n"

KINDS = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "webp": "image/webp",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "ansi": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
SUFFIXES = {"png": "", "webp": "-webp", "csv": "-csv", "txt": "-txt", "ansi": "-ansi80", "html": "-html"}
# Each with the size in CSS pixels and the scale that the picture then has.
GOOD = {
    "": (400, 300, 1),
    "_width=800": (800, 600, 1),
    "_height=150": (200, 150, 1),
    "_width=300&_height=300": (300, 300, 1),
    "_dpi=50": (200, 150, 1),
    "_scale=2": (400, 300, 2),
    "_width=200&_dpi=50&_scale=1.5": (200, 150, 1.5),
    "_width=200&_height=100&_dpi=200&_scale=0.5": (200, 100, 0.5),
    "_theme=dark": (400, 300, 1),
    "_theme=light&_width=200": (200, 150, 1),
    "_theme=ggplot&_scale=0.5": (400, 300, 0.5),
    "_xlim=1,3": (400, 300, 1),
    "_xlim.0=1,3&_ylim=auto": (400, 300, 1),
    "_ylim=-1,1e3&_theme=dark": (400, 300, 1),
    "_every=60": (400, 300, 1),
    "_etag=abc": (400, 300, 1),
    "_=12345": (400, 300, 1),
    "_width=&_theme=": (400, 300, 1),
    "n=2&how=down": (400, 300, 1),
}
BAD = {
    "_width=0": "_width",
    "_height=1e9": "_height",
    "_dpi=5": "_dpi",
    "_dpi=nan": "_dpi",
    "_scale=9": "_scale",
    "_columns=5": "_columns",
    "_columns=1000": "_columns",
    "_every=0": "_every",
    "_theme=nothing": "_theme",
    "_theme=../style.mplstyle": "_theme",
    "_theme=http://localhost/style": "_theme",
    "_xlim=1,1": "_xlim",
    "_xlim=1": "_xlim",
    "_xlim=1,2,3": "_xlim",
    "_xlim=nan,2": "_xlim",
    "_xlim=auto": "_xlim",
    "_ylim.x=1,2": "_ylim.x",
    "_xlim=1,2&_xlim.0=1,2": "_xlim.0",
    "_width=100&_width=200": "_width",
    "_wdith=100": "_wdith",
    "n=0": "n",
    "n=x": "n",
    "how=sideways": "how",
    "nothing=1": "nothing",
    "file_path=../secret.csv": "file_path",
}


@pytest.fixture
def lines(site: Site) -> Site:
    site.house.write("lines.py", LINES)
    site.house.write("data.csv", DATA)
    return site


async def shown_by(pdf: bytes, dpi: int, folder: Path) -> tuple[int, int]:
    """Return the size in pixels, at that *dpi*, of the only page of *pdf*, as an independent program draws it."""
    file = folder / "page.pdf"
    file.write_bytes(pdf)
    drawn = await asyncio.create_subprocess_exec("pdftoppm", "-png", "-r", f"{dpi}", file, folder / "page")
    assert await drawn.wait() == 0
    (page,) = folder.glob("page*.png")
    with Image.open(page) as drawing:
        return drawing.size


def cells(line: str) -> int:
    """Return how many cells of a terminal *line* takes."""
    return len(re.sub(r"\x1b\[[\d;]*m", "", line))


@pytest.mark.parametrize("query", GOOD)
async def test_every_ending_decodes_with_every_option(lines: Site, query: str, tmp_path: Path) -> None:
    width, height, scale = GOOD[query]
    got = {ending: await lines.fetch(f"/plots/line.{ending}?{query}") for ending in KINDS}
    assert {ending: (answer.code, answer.headers["Content-Type"]) for ending, answer in got.items()} == {
        ending: (200, kind) for ending, kind in KINDS.items()
    }
    png = Image.open(io.BytesIO(got["png"].body))
    assert (png.format, png.size) == ("PNG", (round(width * scale), round(height * scale)))
    webp = Image.open(io.BytesIO(got["webp"].body))
    assert (webp.format, webp.convert("RGB").tobytes()) == ("WEBP", png.convert("RGB").tobytes())
    assert ET.fromstring(got["svg"].body).get("width") == f"{width}"
    dpi = int((re.findall(r"_dpi=(\d+)", query) or [100])[0])
    assert await shown_by(got["pdf"].body, dpi, tmp_path) == pytest.approx((width, height), abs=1)
    n = 2 if "n=2" in query else 1
    table = pd.read_csv(io.BytesIO(got["csv"].body))
    plotted = pd.read_csv(io.StringIO(DATA))
    assert table.columns.tolist() == ["axes", "series", "x", "y"]
    assert (table.series.unique().tolist(), table.x.tolist()) == (["rising"], plotted.x.tolist())
    assert table.y.tolist() == (plotted.y * n).tolist()
    assert "What rises" in got["txt"].body.decode()
    rows = got["ansi"].body.decode().splitlines()
    assert {cells(row) for row in rows} == {80}
    assert len(rows) == pytest.approx(80 * height / width / 2, abs=1)
    told = json.loads(got["json"].body)
    assert f'"{told["last_render"]["etag"]}"' == got["png"].headers["Etag"]
    assert told["alt"] in got["txt"].body.decode()
    assert base64.b64encode(got["png"].body) in got["html"].body
    async with reading(lines.port, f"/plots/line.stream?{query}") as stream:
        assert (stream.status, stream.headers["content-type"].partition(";")[0]) == (200, "multipart/x-mixed-replace")
        part, body = await stream.part()
    assert (part["content-type"], body) == ("image/png", got["png"].body)
    assert lines.house.renders == 3  # png, svg and pdf


async def test_labels_tell_representations_of_one_picture_apart(lines: Site) -> None:
    labels = {ending: (await lines.fetch(f"/plots/line.{ending}")).headers["Etag"].strip('"') for ending in KINDS}
    assert {ending: labels[ending] for ending in SUFFIXES} == {
        ending: labels["png"] + suffix for ending, suffix in SUFFIXES.items()
    }
    assert len(set(labels.values())) == len(KINDS)


@pytest.mark.parametrize("ending", KINDS)
async def test_every_ending_keeps_the_manners_of_http(lines: Site, ending: str) -> None:
    path = f"/plots/line.{ending}"
    first = await lines.fetch(path)
    assert first.headers["Cache-Control"] == "no-cache"
    assert int(first.headers["Content-Length"]) == len(first.body)
    assert ("Server-Timing" in first.headers, "Last-Modified" in first.headers) == ((ending != "json",) * 2)
    assert "Vary" not in first.headers
    renders = lines.house.renders
    head = await lines.fetch(path, method="HEAD")
    again = await lines.fetch(path)
    for answer in (head, again):
        same = ("Content-Type", "Content-Length", "Etag", "Cache-Control", "X-Content-Type-Options")
        assert [answer.headers[name] for name in same] == [first.headers[name] for name in same]
    assert (head.code, head.body, again.body) == (200, b"", first.body)
    for etag in (first.headers["Etag"], f'"x", W/{first.headers["Etag"]}', "*"):
        unchanged = await lines.fetch(path, headers={"If-None-Match": etag})
        assert (unchanged.code, unchanged.body) == (304, b"")
        assert unchanged.headers["Etag"] == first.headers["Etag"]
        assert "Content-Type" not in unchanged.headers
    assert lines.house.renders == renders
    lines.house.write("data.csv", DATA.replace("3.25", "3.5"))
    changed = await lines.fetch(path, headers={"If-None-Match": first.headers["Etag"]})
    assert changed.code == 200
    assert changed.headers["Etag"] != first.headers["Etag"]


@pytest.mark.parametrize("ending", [ending for ending in KINDS if ending != "json"])
async def test_an_answer_may_be_kept_under_its_own_etag_or_its_pictures(lines: Site, ending: str) -> None:
    label = (await lines.fetch(f"/plots/line.{ending}")).headers["Etag"].strip('"')
    picture = label.removesuffix(SUFFIXES.get(ending, ""))
    for etag, kept in ((label, True), (picture, True), ("another", False), (f"{picture}-nonsense", False)):
        answer = await lines.fetch(f"/plots/line.{ending}?_etag={etag}")
        assert ("immutable" in answer.headers["Cache-Control"]) == kept, etag
        held = await lines.fetch(f"/plots/line.{ending}?_etag={etag}", headers={"If-None-Match": f'"{label}"'})
        assert (held.code, held.headers["Cache-Control"]) == (304, answer.headers["Cache-Control"])


@pytest.mark.parametrize("ending", [*KINDS, "stream"])
async def test_every_bad_option_is_named_and_nothing_is_drawn(lines: Site, ending: str) -> None:
    for query, field in BAD.items():
        told = await lines.error(f"/plots/line.{ending}?{query}")
        assert (told["status"], told["code"]) == (400, "bad_parameter"), query
        assert field in told["fields"], query
    told = await lines.error(f"/plots/line.{ending}?_width=0&_theme=x&n=0")
    assert set(told["fields"]) == {"_width", "_theme", "n"}
    assert lines.house.renders == 0


@pytest.mark.parametrize("ending", [*KINDS, "stream"])
async def test_every_ending_fails_in_the_one_shape(lines: Site, ending: str) -> None:
    assert (await lines.error(f"/plots/nothing.{ending}"))["code"] == "unknown_plot"
    assert (await lines.fetch(f"/plots/line.{ending}", method="POST")).code == 405
    if ending == "json":
        told = json.loads((await lines.fetch("/plots/raises.json")).body)
        assert told["last_render"]["error"]["code"] == "plot_failed"
    elif ending != "stream":
        assert (await lines.error(f"/plots/raises.{ending}"))["code"] == "plot_failed"
        assert (await lines.error(f"/plots/line.{ending}?file_path=none.csv"))["code"] == "missing_file"
        picture = await lines.fetch(f"/plots/raises.{ending}", headers={"Accept": "image/*"})
        assert (picture.code, picture.headers["Content-Type"].startswith("image/")) == (500, True)


@pytest.mark.parametrize("ending", ["gif", "jpg", "PNG", "", "png.", "exe"])
async def test_any_other_ending_is_404(lines: Site, ending: str) -> None:
    assert (await lines.error(f"/plots/line.{ending}"))["code"] == "not_found"


async def test_what_a_figure_has_not_is_told_by_the_option(lines: Site) -> None:
    for ending, query in product((*KINDS,), ("_xlim.7=0,1", "_ylim.3=auto")):
        told = await lines.error(f"/plots/line.{ending}?{query}")
        assert (told["status"], list(told["fields"])) == (400, [query.partition("=")[0]]), (ending, query)


async def test_a_terminal_is_as_wide_as_it_says(lines: Site) -> None:
    labels = set()
    for columns in (10, 80, 133, 400):
        answer = await lines.fetch(f"/plots/line.ansi?_columns={columns}")
        assert {cells(row) for row in answer.body.decode().splitlines()} == {columns}
        labels.add(answer.headers["Etag"])
    assert (len(labels), lines.house.renders) == (4, 1)


async def test_what_is_too_large_for_a_webp_says_so(lines: Site) -> None:
    told = await lines.error("/plots/line.webp?_width=10000&_height=100&_scale=2")
    assert (told["status"], told["code"]) == (413, "too_large")
    assert "16383" in told["message"]


async def test_derived_answers_are_kept_and_made_once(lines: Site) -> None:
    cache = lines.house.engine.renderer.cache
    first, second = await asyncio.gather(*(lines.fetch("/plots/line.webp") for _ in range(2)))
    assert first.body == second.body
    assert (len(cache), lines.house.renders) == (2, 1)  # the PNG, and what was made of it
    await lines.fetch("/plots/line.webp?_=1")
    assert "cache;desc=hit" in (await lines.fetch("/plots/line.webp")).headers["Server-Timing"]
    assert len(cache) == 2


async def test_the_socket_tells_the_etag_of_the_very_url(lines: Site) -> None:
    endings = [ending for ending in KINDS if ending != "json"]
    query = "&".join(f"url=/plots/line.{ending}" for ending in endings)
    async with reading(lines.port, f"/live?{query}", Accept="text/event-stream") as events:
        told: dict[str, str] = {}
        while len(told) < len(endings):
            message = await events.event()
            if message["state"] == "fresh":
                told[message["url"]] = f'"{message["etag"]}"'
    assert told == {
        f"/plots/line.{ending}": (await lines.fetch(f"/plots/line.{ending}")).headers["Etag"] for ending in endings
    }


async def test_a_stale_answer_says_so_whatever_its_ending(lines: Site) -> None:
    good = {ending: await lines.fetch(f"/plots/line.{ending}") for ending in KINDS if ending != "json"}
    lines.house.write("data.csv", "nonsense\n1\n")
    for ending, answer in good.items():
        stale = await lines.fetch(f"/plots/line.{ending}")
        assert (stale.code, stale.headers["Plotd-State"]) == (200, "stale"), ending
        assert (stale.headers["Etag"], stale.headers["Cache-Control"]) == (answer.headers["Etag"], "no-store")
        assert stale.body == answer.body or ending == "html"  # which tells of the error


TERMINALS = ("curl/8.5.0", "Wget/1.21.3", "HTTPie/3.2.2")


async def test_a_terminal_gets_the_picture_in_place_of_the_page(lines: Site) -> None:
    ansi = await lines.fetch("/plots/line.ansi?n=2")
    page = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    async def ask(agent: str, accept: str, **headers: str) -> HTTPResponse:
        headers = {"User-Agent": agent, "Accept": accept, **headers}
        return await lines.fetch("/plots/line?n=2", headers=headers)

    for agent in TERMINALS:
        answer = await ask(agent, "*/*")
        assert (answer.body, answer.headers["Etag"]) == (ansi.body, ansi.headers["Etag"])
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        unchanged = await ask(agent, "*/*", **{"If-None-Match": answer.headers["Etag"]})
        assert (unchanged.code, unchanged.headers["Vary"]) == (304, "Accept, User-Agent")
        assert (await ask(agent, "text/html")).headers["Content-Type"].startswith("text/html")
        assert (await ask(agent, "text/html;q=0, */*")).body == ansi.body
    for agent in ("Mozilla/5.0", "python-requests/2.32"):
        assert (await ask(agent, page["Accept"])).headers["Content-Type"].startswith("text/html")
        assert (await ask(agent, "*/*")).headers["Content-Type"].startswith("text/html")
    assert {(await ask(agent, "*/*")).headers["Vary"] for agent in TERMINALS} == {"Accept, User-Agent"}
    assert (await ask("Mozilla/5.0", "*/*")).headers["Vary"] == "Accept, User-Agent, Accept-Language"
    told = await lines.error("/plots/nothing", headers={"User-Agent": "curl/8.5.0", "Accept": "*/*"})
    assert told["code"] == "unknown_plot"


URLS: dict[str, tuple[int, str, Callable[[bytes], object]]] = {
    "/": (200, "text/html", bytes.decode),
    "/plots/line": (200, "text/html", bytes.decode),
    "/plots/lines/line": (200, "text/html", bytes.decode),
    "/wall?p=line.png&p=nothing.png": (200, "text/html", bytes.decode),
    "/-/login": (200, "text/html", bytes.decode),
    "/metrics": (200, "text/plain", lambda body: list(text_string_to_metric_families(body.decode()))),
    "/-/plots.json": (200, "application/json", json.loads),
    "/-/openapi.json": (200, "application/json", json.loads),
    "/healthz": (200, "application/json", json.loads),
    "/readyz": (200, "application/json", json.loads),
    "/live": (400, "application/json", json.loads),
    "/-/refresh/line": (405, "application/json", json.loads),
    "/-/nothing": (404, "application/json", json.loads),
    "/plots/": (404, "application/json", json.loads),
    "/static/nothing": (404, "application/json", json.loads),
}


async def test_every_other_url_answers_as_the_table_says(lines: Site) -> None:
    for path, (status, kind, decode) in URLS.items():
        answer = await lines.fetch(path)
        assert (answer.code, answer.headers["Content-Type"].partition(";")[0]) == (status, kind), path
        decode(answer.body)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        other = await lines.fetch(path, method="DELETE")
        assert other.code == (404 if status == 404 and "static" not in path else 405), path
    assert (await lines.fetch("/-/refresh/line", method="POST")).code == 202
