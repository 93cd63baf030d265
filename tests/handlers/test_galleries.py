"""The gallery as it leaves the daemon: in what order, and with what figures."""

from __future__ import annotations

import os

import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.handlers.test_pages import Html, load
from tests.service.conftest import until

PLOTS = """
    from plotd import plot
    from pathlib import Path
    import matplotlib.pyplot as plt

    @plot(group="Letters")
    def plot_beta(file_path="beta.txt"):
        plt.title(Path(file_path).read_text())

    @plot(title="Zeta", group="Greek")
    def plot_alpha(file_path="alpha.txt"):
        plt.title(Path(file_path).read_text())

    def plot_raises(quiet: bool = False):
        if not quiet:
            raise ValueError("nothing to see")

    def plot_needs(who):
        pass
"""


@pytest.fixture
async def letters(make_site: MakeSite) -> Site:
    site = await make_site(cache={"unknown_s": 86_400.0})
    for name, age_s in (("alpha.txt", 50), ("beta.txt", 5000), ("letters.py", 9000)):
        file = site.house.write(name, PLOTS if name == "letters.py" else name)
        os.utime(file, (file.stat().st_mtime - age_s,) * 2)
    return site


def names(page: Html, tag: str = "li") -> list[str]:
    return [(e.attributes["data-name"] or "").rpartition("/")[2] for e in page.all(tag) if "data-name" in e.attributes]


def row(page: Html, name: str) -> list[str]:
    """Return what the cells of a plot's row say."""
    text = page.one("tr", data_name=f"letters/{name}").text
    return [line for line in text.split("\n") if line]


async def draw(site: Site, *names: str) -> None:
    for name in names:
        await site.fetch(f"/plots/{name}.png")


async def test_plots_stand_in_groups_as_they_were_found_or_in_the_order_that_is_asked_for(letters: Site) -> None:
    await draw(letters, "beta", "alpha", "raises")
    page = await load(letters, "/")
    assert names(page) == ["raises", "needs", "beta", "alpha"]
    assert [e.text for e in page.all("h2")] == ["Letters", "Greek"]
    for sort, found in (
        ("name", ["beta", "needs", "raises", "alpha"]),
        ("changed", ["alpha", "beta", "needs", "raises"]),
        ("trouble", ["raises", "needs", "beta", "alpha"]),
    ):
        page = await load(letters, f"/?sort={sort}")
        assert names(page) == found, sort
        assert not page.all("h2")
        assert [e.attributes["href"] for e in page.all("a", aria_current="true")] == [f"/?sort={sort}"] * 2


async def test_the_slowest_plot_comes_first_where_that_is_asked_for(letters: Site) -> None:
    await draw(letters, "beta", "alpha")
    ledger = letters.house.engine.renderer.ledger
    slowest = sorted(("beta", "alpha"), key=lambda name: ledger.of(f"letters/{name}").seconds, reverse=True)
    assert names(await load(letters, "/?sort=slow"))[:2] == slowest


async def test_trouble_is_told_whatever_was_asked_for_until_a_picture_comes(letters: Site) -> None:
    letters.house.write(
        "often.py",
        """
        import matplotlib.pyplot as plt

        def plot_often(n: int = 1):
            assert n == 1, "too often"
            plt.plot([n])
        """,
    )
    await letters.fetch("/plots/often.png?n=2")
    assert names(await load(letters, "/?sort=trouble"))[0] == "often"
    assert "too often" in (await load(letters, "/?view=table")).one("tr", data_name="often/often").text
    await letters.fetch("/plots/often.png")
    assert names(await load(letters, "/?sort=trouble"))[0] != "often"


async def test_what_is_no_order_or_view_is_refused_with_those_that_are(letters: Site) -> None:
    error = await letters.error("/?sort=size&view=list")
    assert set(error["fields"]) == {"sort", "view"}
    assert "expected one of name, changed" in error["fields"]["sort"]


async def test_search_order_and_view_go_together_without_scripts(letters: Site) -> None:
    page = await load(letters, "/?q=letters&sort=name&view=table")
    hidden = {e.attributes["name"]: e.attributes["value"] for e in page.all("input", type="hidden")}
    assert hidden == {"sort": "name", "view": "table"}
    assert page.all("a", href="/?q=letters&view=table&sort=bytes")
    assert page.all("a", href="/?q=letters&sort=name")


async def test_the_table_tells_what_each_plot_costs(letters: Site) -> None:
    await draw(letters, "alpha", "raises")
    await until(letters.house.watch("/plots/alpha.png"), "fresh")
    drawn = letters.house.engine.renderer.ledger.of("letters/alpha")
    page = await load(letters, "/?view=table")
    assert names(page, "tr") == ["beta", "needs", "raises", "alpha"]
    title, state, changed, seconds, redraws, size_kb, viewers = row(page, "alpha")
    assert (title.split(), state, redraws) == (["Zeta", "letters/alpha"], "Fresh", "1")
    assert changed.endswith("UTC")
    assert seconds == f"{drawn.seconds:.3f}"
    assert size_kb == f"{drawn.size_bytes / 1000:.1f}"
    assert viewers == "1"
    assert "nothing to see" in row(page, "raises")[1]
    assert row(page, "beta")[-4:] == ["–", "–", "–", "–"]
    assert "Needs who" in page.one("tr", data_name="letters/needs").text


async def test_viewers_are_clients_however_many_pictures_they_watch(letters: Site) -> None:
    one = letters.house.watch("/plots/alpha.png", "/plots/alpha.png?_width=300", "/plots/beta.png")
    other = letters.house.watch("/plots/alpha.png")
    for _ in range(3):
        await until(one, "fresh")
    await until(other, "fresh")
    hub = letters.house.engine.hub
    assert hub.viewers() == {"letters/alpha": 2, "letters/beta": 1}
    hub.unsubscribe(one)
    assert hub.viewers() == {"letters/alpha": 1}


async def test_thumbnails_are_told_for_light_and_for_dark_pages(letters: Site) -> None:
    await draw(letters, "alpha")
    page = await load(letters, "/")
    tile = page.one("li", data_name="letters/alpha").attributes
    assert (tile["data-url"], tile["data-dark"]) == ("/plots/alpha.png", "/plots/alpha.png?_theme=dark")
    images = page.all("img", class_="live")
    assert sum("data-light-etag" in e.attributes for e in images) == 1
    assert not any("data-dark-etag" in e.attributes for e in images)


async def test_walls_of_the_settings_are_linked_with_their_pictures_names(make_site: MakeSite) -> None:
    site = await make_site(walls={"training": "p=beta.png?file_path=alpha.txt&p=nope.png&cols=2"})
    site.house.write("letters.py", PLOTS)
    page = await load(site, "/")
    link = page.one("a", href="/wall?p=beta.png?file_path=alpha.txt&p=nope.png&cols=2")
    assert link.text == "training"
    assert "Beta, nope" in page.one("nav", class_="walls").text
