"""A plot file that can't be loaded for a while: its plots keep their pictures, and say why there is no newer one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from tests.handlers.conftest import MakeSite, Site, receive

LINE = """\
import utils
import matplotlib.pyplot as plt

def plot_line():
    plt.figure(figsize=(2, 1))
    plt.plot(utils.HEIGHTS)
"""
SCRIPT = """\
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 1))
plt.plot([1, 2])
"""
UTILS = "HEIGHTS = [1, 2]\n"
FILES = {"line.py": LINE, "script.py": SCRIPT, "utils.py": UTILS}
UNFINISHED = "\nplt.plot(["
WRONG = "\nraise ValueError('not yet')"
ODD = """
class Odd:
    def __getattr__(self, name):
        raise RuntimeError("odd")

plot_line = Odd()
"""


@pytest.fixture
def plots(site: Site) -> Site:
    for name, text in FILES.items():
        site.house.write(name, text)
    return site


@pytest.mark.parametrize(
    ("name", "file", "harm", "why"),
    [
        ("line", "line.py", UNFINISHED, "line.py, line 8: SyntaxError"),
        ("line", "line.py", WRONG, "line.py, line 8: ValueError: not yet"),
        ("line", "line.py", ODD, "line.py, line 4: plot_line: RuntimeError: odd"),
        ("line", "utils.py", "1 +", "SyntaxError: invalid syntax (utils.py, line 2)"),
        ("script", "script.py", UNFINISHED, "script.py, line 6: SyntaxError"),
    ],
)
async def test_a_file_that_fails_leaves_the_last_picture_and_heals(
    plots: Site, name: str, file: str, harm: str, why: str
) -> None:
    url = f"/plots/{name}.png"
    good = await plots.fetch(url)
    drawn = plots.house.renders
    plots.house.write(file, FILES[file] + harm)
    stale = await plots.fetch(url)
    assert (stale.code, stale.body, stale.headers["Etag"]) == (200, good.body, good.headers["Etag"])
    assert (stale.headers["Plotd-State"], stale.headers["Cache-Control"]) == ("stale", "no-store")
    assert why in unquote(stale.headers["Plotd-Error"])
    assert f"{name}.py" in {failure.path for failure in plots.house.engine.catalog.failures}
    assert plots.house.renders == drawn, "there is nothing to draw it with"
    plots.house.write(file, FILES[file])
    healed = await plots.fetch(url)
    assert (healed.code, healed.body, "Plotd-State" in healed.headers) == (200, good.body, False)
    assert plots.house.engine.catalog.failures == ()


async def test_a_page_that_watches_is_told_why_and_that_it_was_mended(plots: Site) -> None:
    socket = await plots.socket()
    await socket.write_message(json.dumps({"watch": ["/plots/line.png"]}))
    good = await told(socket, "fresh")
    plots.house.write("line.py", LINE + UNFINISHED)
    stale = await told(socket, "stale")
    assert stale["etag"] == good["etag"]
    assert stale["error"]["code"] == "plot_failed"
    assert stale["error"]["message"].startswith("line.py, line 8: SyntaxError")
    plots.house.write("line.py", LINE + WRONG)
    assert "not yet" in (await told(socket, "stale"))["error"]["message"], "another error is news"
    plots.house.write("line.py", LINE)
    await told(socket, "fresh")
    plots.house.write("line.py", LINE.replace("plot_line", "plot_other"))
    await told(socket, "gone")


async def told(socket: Any, state: str) -> dict[str, Any]:
    while (message := await receive(socket))["state"] != state:
        pass
    return message


async def test_a_picture_that_was_never_drawn_says_what_is_wrong_with_the_file(plots: Site) -> None:
    assert (await plots.fetch("/plots/line")).code == 200, "found, but not drawn"
    plots.house.write("line.py", LINE + UNFINISHED)
    error = await plots.error("/plots/line.png")
    assert (error["status"], error["code"]) == (500, "plot_failed")
    assert error["message"].startswith("line.py, line 8: SyntaxError")
    page = await plots.fetch("/plots/line", headers={"Accept": "text/html"})
    assert (page.code, b"line.py, line 8" in page.body) == (200, True)
    assert (await plots.fetch("/plots/line.json")).code == 200


async def test_its_author_sees_the_line_at_fault(make_site: MakeSite) -> None:
    site = await make_site(show_tracebacks=True)
    site.house.write("script.py", SCRIPT)
    await site.fetch("/plots/script.png")
    site.house.write("script.py", SCRIPT + UNFINISHED)
    page = await site.fetch("/plots/script", headers={"Accept": "text/html"})
    assert "    plt.plot([\n" in page.body.decode()


async def test_neither_a_client_that_has_the_picture_nor_one_that_pins_it_takes_it_for_fresh(plots: Site) -> None:
    etag = (await plots.fetch("/plots/line.png")).headers["Etag"]
    plots.house.write("line.py", LINE + UNFINISHED)
    same = await plots.fetch("/plots/line.png", headers={"If-None-Match": etag})
    assert (same.code, same.headers["Plotd-State"]) == (304, "stale")
    pinned = await plots.fetch(f"/plots/line.png?_etag={etag.strip(chr(34))}")
    assert (pinned.headers["Plotd-State"], pinned.headers["Cache-Control"]) == ("stale", "no-store")


async def test_a_file_that_vanishes_while_it_is_broken_takes_its_plots_along(plots: Site) -> None:
    await plots.fetch("/plots/line.png")
    plots.house.write("line.py", LINE + UNFINISHED)
    assert (await plots.fetch("/plots/line.png")).headers["Plotd-State"] == "stale"
    (plots.house.folder / "line.py").unlink()
    assert (await plots.error("/plots/line.png"))["code"] == "unknown_plot"


async def test_the_gallery_shows_the_plots_of_a_broken_file_and_its_error(plots: Site) -> None:
    await plots.fetch("/plots/line.png")
    plots.house.write("line.py", LINE + UNFINISHED)
    page = (await plots.fetch("/", headers={"Accept": "text/html"})).body.decode()
    assert 'href="/plots/line"' in page
    assert "line.py:8" in page
    plots_told = json.loads((await plots.fetch("/-/plots.json")).body)
    assert "line" in {plot["name"].rpartition("/")[2] for plot in plots_told["plots"]}
