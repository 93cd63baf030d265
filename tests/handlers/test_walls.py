"""Walls as they leave the daemon: pictures side by side without any script."""

from __future__ import annotations

import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.handlers.test_pages import Html, load

PLOTS = """
    import matplotlib.pyplot as plt

    def plot_loss(smooth: int = 1, label: str = ""):
        plt.plot([1, smooth])

    def plot_host():
        plt.plot([1])

    def plot_onto(ax):
        pass
"""


@pytest.fixture
async def plots(make_site: MakeSite) -> Site:
    site = await make_site(walls={"both": "p=loss&p=host&cols=2"})
    site.house.write("plots.py", PLOTS)
    return site


def sources(page: Html) -> list[str]:
    """Return the addresses of the pictures that a browser without scripts would show."""
    return [e.attributes["src"] or "" for e in page.all("img", loading="lazy")]


async def test_any_pictures_stand_side_by_side_without_scripts(plots: Site) -> None:
    page = await load(plots, "/wall?p=loss.png?smooth=5&p=plots/host&cols=2")
    assert sources(page) == ["/plots/loss.png?smooth=5", "/plots/host.png"]
    assert page.one("main").attributes["data-cols"] == "2"
    assert page.all("a", href="/plots/loss?smooth=5")
    assert plots.house.renders == 0


async def test_the_query_of_a_picture_is_percent_decoded_once(plots: Site) -> None:
    page = await load(plots, "/wall?p=loss.png?smooth=5%26label=a%2520%2526%2520b%252B")
    assert sources(page) == ["/plots/loss.png?smooth=5&label=a+%26+b%2B"]
    word = page.all("input", type="hidden", name="p")[0].attributes["value"]
    assert word == "loss.png?smooth=5&label=a%20%26%20b%2B"


async def test_a_whole_address_names_a_picture_too_and_each_stands_there_once(plots: Site) -> None:
    query = "p=http://127.0.0.1:9999/shown/plots/loss.png?smooth=2&p=/plots/loss?smooth=2&p=loss?smooth=2"
    assert sources(await load(plots, f"/wall?{query}")) == ["/plots/loss.png?smooth=2"]


async def test_a_cell_without_a_picture_says_why(plots: Site) -> None:
    page = await load(plots, "/wall?p=lose.png&p=loss?smooth=many&p=onto&p=host")
    lost, wrong, onto, host = page.all("li", class_="cell")
    assert "there is no plot 'lose'" in lost.text
    assert "loss" in lost.text
    assert "smooth" in wrong.text
    assert "'ax' is required" in onto.text
    assert host.attributes["data-url"] == "/plots/host.png"
    assert sources(page) == ["/plots/host.png"]


async def test_a_picture_is_removed_by_a_link_to_the_rest(plots: Site) -> None:
    page = await load(plots, "/wall?p=loss.png?smooth=5&p=host.png&cols=3&rows=1")
    rest = [e.attributes["href"] for e in page.all("a", class_="remove")]
    assert rest == ["/wall?p=host.png&cols=3&rows=1", "/wall?p=loss.png?smooth=5&cols=3&rows=1"]


async def test_a_form_adds_a_picture_and_its_empty_fields_mean_nothing(plots: Site) -> None:
    page = await load(plots, "/wall?p=loss&p=host&p=&cols=&rows=&_cycle=")
    assert len(sources(page)) == 2
    assert [e.attributes["value"] for e in page.all("option")] == ["loss", "host"]
    assert (await load(plots, "/wall")).one("form", id="wall").attributes["action"] == "/wall"


@pytest.mark.parametrize(
    ("query", "field", "why"),
    [
        ("cols=0", "cols", "from 1 to 12"),
        ("cols=1.5", "cols", "a whole number"),
        ("rows=99", "rows", "from 1 to 12"),
        ("_kiosk=maybe", "_kiosk", "expected 1 or 0"),
        ("_cycle=nan", "_cycle", "a number of seconds"),
        ("_cycle=0.1", "_cycle", "from 1"),
        ("col=2", "col", "did you mean cols?"),
        ("=1", "", "there is no such parameter"),
    ],
)
async def test_what_a_wall_cannot_be_is_refused(plots: Site, query: str, field: str, why: str) -> None:
    error = await plots.error(f"/wall?p=host&{query}")
    assert (error["status"], error["code"]) == (400, "bad_parameter")
    assert why in error["fields"][field]


async def test_a_wall_of_the_settings_bears_its_name_also_as_a_kiosk(plots: Site) -> None:
    for query in ("p=loss&p=host&cols=2", "p=loss.png&p=host.png&cols=2&_kiosk=1&_cycle=20"):
        assert (await load(plots, f"/wall?{query}")).one("h1").text == "both"
    assert (await load(plots, "/wall?p=host&p=loss&cols=2")).one("h1").text == "Wall"


async def test_a_kiosk_leads_back_to_the_wall(plots: Site) -> None:
    page = await load(plots, "/wall?p=host.png&_kiosk=1&_cycle=2.5")
    assert page.one("main").attributes["data-kiosk"] == "1"
    assert page.all("a", href="/wall?p=host.png&_cycle=2.5")
    page = await load(plots, "/wall?p=host.png&_cycle=2.5")
    assert page.one("a", id="kiosk").attributes["href"] == "/wall?p=host.png&_kiosk=1&_cycle=2.5"
