"""Pages as they leave the daemon, before any script touches them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from tests.handlers.conftest import MakeSite, Site

PLOTS = """
    from plotd import plot
    import matplotlib.pyplot as plt

    def plot_line(smooth: int = 1, label: str = "text", log: bool = True):
        \"\"\"A line.

        - one
        - two
        \"\"\"
        plt.plot([1, 2])

    def plot_raises():
        raise ValueError("no <b>column</b>\\nat all")

    @plot(title="Named", group="People", example={"who": "Ada"})
    def plot_named(who: str, times: int = 1):
        plt.title(who * times)

    def plot_of(file_path, column: int):
        plt.plot([column])

    def plot_onto(ax):
        pass
"""
EMPTY = ("area", "base", "br", "img", "input", "link", "meta", "source")


@dataclass(eq=False)
class Element:
    """One element of a page, with all text within."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Html(HTMLParser):
    """The elements of a page, in their order."""

    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute of <{tag}> stands there twice"
        self.elements.append(Element(tag, dict(attrs)))
        if tag not in EMPTY:
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag, f"</{tag}> ends something else"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Return the elements of that tag that have these attributes; a class is one of several."""
        return [e for e in self.elements if e.tag == tag and all(_has(e, *pair) for pair in attributes.items())]

    def one(self, tag: str, **attributes: str) -> Element:
        """Return the only such element."""
        [element] = self.all(tag, **attributes)
        return element


def _has(element: Element, name: str, value: str) -> bool:
    found = element.attributes.get(name.rstrip("_").replace("_", "-"))
    return found is not None and (value in found.split() if name == "class_" else found == value)


def read(body: bytes) -> Html:
    page = Html()
    page.feed(body.decode())
    page.close()
    assert not page._open, "something never ends"
    return page


async def load(site: Site, path: str, status: int = 200) -> Html:
    answer = await site.fetch(path, headers={"Accept": "text/html"})
    assert answer.code == status
    assert answer.headers["Content-Type"].lower() == "text/html; charset=utf-8"
    return read(answer.body)


@pytest.fixture
async def plots(make_site: MakeSite) -> Site:
    """A site of these plots, whose pictures stay what they are though they depend on nothing."""
    site = await make_site(cache={"unknown_s": 86_400.0})
    site.house.write("people.py", PLOTS)
    return site


@pytest.mark.parametrize("path", ["/", "/plots/line", "/plots/line?smooth=many", "/nowhere"])
async def test_pages_may_load_nothing_but_the_daemons_own(plots: Site, path: str) -> None:
    answer = await plots.fetch(path, headers={"Accept": "text/html"})
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    page = read(answer.body)
    assert all(script.attributes["src"] for script in page.all("script"))
    assert not page.all("style")
    assert not [e for e in page.elements if any(n == "style" or n.startswith("on") for n in e.attributes)]
    addresses = [e.attributes.get("src") or e.attributes.get("href") or "/" for e in page.elements]
    assert all(address.startswith(("/", "#")) for address in addresses)


@pytest.mark.parametrize("path", ["/", "/plots/line"])
async def test_pages_are_asked_for_anew_each_time(plots: Site, path: str) -> None:
    get, head = await plots.fetch(path), await plots.fetch(path, method="HEAD")
    assert get.headers["Cache-Control"] == "no-cache"
    assert (head.code, head.body) == (200, b"")


async def test_the_gallery_shows_each_plot_by_its_own_pages_picture(plots: Site) -> None:
    page = await load(plots, "/")
    tiles = {e.attributes["data-name"]: e for e in page.all("li", class_="tile")}
    assert list(tiles) == ["people/line", "people/raises", "people/of", "people/named"]
    assert tiles["people/line"].attributes["data-url"] == "/plots/line.png"
    assert tiles["people/named"].attributes["data-url"] == "/plots/named.png?who=Ada"
    assert page.all("a", href="/plots/named?who=Ada")
    assert "Needs file_path, column" in tiles["people/of"].text
    assert "'ax' is required" in page.one("section", class_="unservable").text
    assert [e.text for e in page.all("h2")][:1] == ["People"]


async def test_opening_the_gallery_draws_nothing(plots: Site) -> None:
    await load(plots, "/")
    assert plots.house.renders == 0


async def test_the_gallery_tells_the_etags_of_the_pictures_at_hand(plots: Site) -> None:
    etags = [(await plots.fetch(f"/plots/line.png{query}")).headers["Etag"] for query in ("", "?_theme=dark")]
    images = [e.attributes for e in (await load(plots, "/")).all("img", class_="live")]
    told = [(e.get("data-light-etag"), e.get("data-dark-etag")) for e in images]
    assert told[0] == (etags[0].strip('"'), etags[1].strip('"'))
    assert set(told[1:]) == {(None, None)}
    assert plots.house.renders == 2


async def test_a_picture_at_hand_says_what_it_shows(plots: Site) -> None:
    said = (await plots.fetch("/plots/line.txt")).body.decode().strip()
    assert said
    for path in ("/", "/plots/line"):
        assert next(e.attributes["alt"] for e in (await load(plots, path)).all("img", class_="live")) == said


async def test_the_gallery_sees_what_was_just_written(plots: Site) -> None:
    await load(plots, "/")
    plots.house.write("more.py", "def plot_more(): pass")
    assert (await load(plots, "/")).all("li", data_name="more/more")
    (plots.house.folder / "more.py").unlink()
    assert not (await load(plots, "/")).all("li", data_name="more/more")


async def test_a_search_hides_what_it_does_not_find(plots: Site) -> None:
    page = await load(plots, "/?q=PEOPLE+ada")
    assert all("hidden" in e.attributes for e in page.all("li", class_="tile"))
    page = await load(plots, "/?q=A+LINE")
    shown = [e.attributes["data-name"] for e in page.all("li", class_="tile") if "hidden" not in e.attributes]
    assert shown == ["people/line"]
    assert page.one("p", id="count").text == "1 of 4 plots"
    assert page.one("input", id="search").attributes["value"] == "A LINE"


async def test_a_query_that_is_no_text_is_refused(plots: Site) -> None:
    assert (await plots.fetch("/?q=%ff")).code == 400
    assert (await plots.fetch("/plots/line?label=%ff")).code == 400


@pytest.mark.parametrize("show", [True, False])
async def test_a_file_that_failed_tells_where_and_why(make_site: MakeSite, show: bool) -> None:
    site = await make_site(show_tracebacks=show)
    site.house.write("sub/wrong.py", "import nowhere_at_all\ndef plot_x(): pass")
    failures = (await load(site, "/")).one("section", id="failures").text
    assert "sub/wrong.py:1" in failures
    assert "nowhere_at_all" in failures
    assert ("Traceback" in failures) == show


async def test_the_form_has_a_field_for_each_parameter(plots: Site) -> None:
    page = await load(plots, "/plots/line?smooth=3&log=0&_width=500&_every=5")
    assert page.one("input", id="field-smooth").attributes["value"] == "3"
    assert page.one("input", id="field-smooth").attributes["type"] == "number"
    assert page.one("input", id="field-label").attributes["value"] == "text"
    assert "checked" not in page.one("input", id="field-log").attributes
    assert page.one("input", type="hidden", name="log").attributes["value"] == "0"
    assert page.one("input", id="field-_width").attributes["value"] == "500"
    assert page.one("input", id="field-_every").attributes["value"] == "5"
    labelled = {e.attributes["for"] for e in page.all("label")}
    assert {e.attributes["id"] for e in page.all("input") if e.attributes.get("type") != "hidden"} <= labelled


async def test_the_page_points_to_the_other_forms_of_the_same_picture(plots: Site) -> None:
    page = await load(plots, "/plots/line?smooth=3&_etag=abc&_=1")
    for ending in ("png", "svg", "pdf", "webp", "csv", "txt", "json", "html"):
        href = f"/plots/line.{ending}?smooth=3"
        assert page.all("a", href=href)
        assert (await plots.fetch(href)).code == 200
    assert page.one("input", id="address").attributes["value"] == f"{plots.url}/plots/line.png?smooth=3"


async def test_the_address_to_pass_on_is_the_one_that_others_know(make_site: MakeSite) -> None:
    site = await make_site(listen={"base_url": "https://plots.example/shown"})
    site.house.write("people.py", PLOTS)
    address = (await load(site, "/shown/plots/line?smooth=3")).one("input", id="address")
    assert address.attributes["value"] == "https://plots.example/shown/plots/line.png?smooth=3"


async def test_options_are_filled_in_so_that_the_form_keeps_them(plots: Site) -> None:
    page = await load(plots, "/plots/line?_theme=dark&_xlim=0,1&_ylim.2=auto&_width=300")
    [theme] = [e for e in page.all("option") if "selected" in e.attributes]
    assert (theme.attributes["value"], page.all("option", value="ggplot") != []) == ("dark", True)
    assert page.one("input", id="field-_xlim").attributes["value"] == "0,1"
    assert page.one("input", id="field-_ylim.2").attributes["value"] == "auto"
    assert page.one("label", for_="field-_xlim").text == "x limits"
    assert page.one("label", for_="field-_ylim.2").text == "y limits, axes 2"
    assert page.one("input", id="field-_width").attributes["value"] == "300"
    assert not (await load(plots, "/plots/line")).all("input", id="field-_xlim")
    wrong = await load(plots, "/plots/line?_theme=drak&_ylim=1,1", status=400)
    assert "dark" in wrong.one("p", id="field-_theme-fault").text
    assert "differ" in wrong.one("p", id="field-_ylim-fault").text
    assert wrong.one("option", value="drak")


async def test_bad_words_give_a_400_with_each_error_beside_its_field(plots: Site) -> None:
    page = await load(plots, "/plots/line?smooth=many&colour=red&_dpi=1&label=kept", status=400)
    assert "expected a whole number" in page.one("p", id="field-smooth-fault").text
    assert "from 10 to 600" in page.one("p", id="field-_dpi-fault").text
    assert page.one("input", id="field-smooth").attributes["value"] == "many"
    assert page.one("input", id="field-smooth").attributes["type"] == "text"
    assert page.one("input", id="field-label").attributes["value"] == "kept"
    assert "colour" in page.one("ul", id="faults").text
    assert "hidden" in page.one("p", id="field-label-fault").attributes
    assert not page.all("meta", http_equiv="refresh")
    assert plots.house.renders == 0


async def test_what_is_missing_is_asked_for_and_what_is_empty_is_wrong(plots: Site) -> None:
    page = await load(plots, "/plots/named")
    assert page.one("p", id="note").text == "Fill in “Who” to see this plot."
    assert page.all("a", href="/plots/named?who=Ada")
    assert "required" in page.one("input", id="field-who").attributes
    await load(plots, "/plots/named?times=2")
    await load(plots, "/plots/of?file_path=&column=", status=400)
    await load(plots, "/plots/named?who=Ada")


@pytest.mark.parametrize("show", [True, False])
async def test_a_failure_that_is_known_is_told_and_its_traceback_where_that_is_allowed(
    make_site: MakeSite, show: bool
) -> None:
    site = await make_site(show_tracebacks=show)
    site.house.write("people.py", PLOTS)
    await site.fetch("/plots/raises.png")
    trouble = (await load(site, "/plots/raises")).one("section", id="trouble")
    assert "hidden" not in trouble.attributes
    assert "ValueError: no <b>column</b>\nat all" in trouble.text
    assert ("in plot_raises" in trouble.text) == show
    told = json.loads((await site.fetch("/plots/raises.json")).body)["last_render"]["error"]
    assert told["message"] == "ValueError: no <b>column</b>\nat all"
    assert ("traceback" in told) == show


PRINTS = """
    import matplotlib.pyplot as plt
    print("<b>40 %</b> done")
    plt.plot([1, 2])
"""

SAYS = """
import sys
import matplotlib.pyplot as plt
def plot_says(n: int = 0):
    print(f"<b>{n}</b> done")
    if n > 2:
        sys.stderr.write("too many\\n")
        raise ValueError("too many")
    plt.plot([1, 2])
"""
READS = """
from pathlib import Path
import matplotlib.pyplot as plt
def plot_reads():
    n = int((Path(__file__).parent / "n.txt").read_text())
    print("read", n)
    if n > 2:
        raise ValueError(n)
    plt.plot([1, 2])
"""


@pytest.mark.parametrize("show", [True, False])
async def test_a_script_page_holds_what_it_printed_where_a_traceback_may_be_shown(
    make_site: MakeSite, show: bool
) -> None:
    site = await make_site(show_tracebacks=show)
    site.house.write("script.py", PRINTS)
    site.house.write("people.py", PLOTS)
    before = (await load(site, "/plots/script")).all("details", id="output")
    assert ["Nothing was printed." in details.text for details in before] == [True] * show
    assert (await site.fetch("/plots/script.png")).code == 200
    after = (await load(site, "/plots/script")).all("details", id="output")
    assert ["<b>40 %</b> done\n" in details.text for details in after] == [True] * show
    assert all("open" not in details.attributes for details in after)


@pytest.mark.parametrize("show", [True, False])
@pytest.mark.parametrize("executor", ["threads", "processes"])
async def test_the_page_of_a_function_holds_what_it_printed_drawn_or_not(
    make_site: MakeSite, show: bool, executor: str
) -> None:
    site = await make_site(show_tracebacks=show, render={"executor": executor})
    site.house.write("says.py", SAYS)
    assert (await site.fetch("/plots/says.png")).code == 200
    after = (await load(site, "/plots/says")).all("details", id="output")
    assert ["<b>0</b> done\n" in details.text for details in after] == [True] * show
    assert (await site.fetch("/plots/says.png?n=3")).code == 500
    failed = (await load(site, "/plots/says?n=3")).all("details", id="output")
    assert ["<b>3</b> done\ntoo many\n" in details.text for details in failed] == [True] * show
    last = json.loads((await site.fetch("/plots/says.json?n=3")).body)["last_render"]
    assert last.get("output") == ("<b>3</b> done\ntoo many\n" if show else None)


async def test_a_failure_after_a_good_picture_shows_what_was_printed_before_it(make_site: MakeSite) -> None:
    site = await make_site(show_tracebacks=True)
    site.house.write("n.txt", "0")
    site.house.write("reads.py", READS)
    assert (await site.fetch("/plots/reads.png")).code == 200
    site.house.write("n.txt", "77")
    stale = await site.fetch("/plots/reads.png")
    assert stale.headers["Plotd-State"] == "stale"
    (details,) = (await load(site, "/plots/reads")).all("details", id="output")
    assert "read 77\n" in details.text
    last = json.loads((await site.fetch("/plots/reads.json")).body)["last_render"]
    assert (last["output"], last["error"]["message"]) == ("read 77\n", "ValueError: 77")


async def test_the_page_says_where_a_plot_is_drawn_if_that_is_special(plots: Site) -> None:
    plots.house.write("moves.py", "import os\ndef plot_moves(): os.chdir('/')")
    line = (await load(plots, "/plots/moves")).one("p", id="place")
    assert line.text == "Drawn in a worker process: its file uses os.chdir, which changes the whole process."
    assert "hidden" not in line.attributes
    line = (await load(plots, "/plots/line")).one("p", id="place")
    assert (line.text, "hidden" in line.attributes) == ("", True)


async def test_an_unknown_plot_is_a_page_with_the_nearest_names(plots: Site) -> None:
    page = await load(plots, "/plots/lin", status=404)
    assert page.one("h1").text == "There is no plot 'lin'; the nearest: 'line'"
    assert page.all("a", href="/")


async def test_a_plot_that_no_url_can_draw_has_a_page_that_says_why(plots: Site) -> None:
    page = await load(plots, "/plots/onto")
    assert "'ax' is required" in page.one("main").text
    assert not page.all("form", id="form")


async def test_line_breaks_count_in_lists_alone(plots: Site) -> None:
    paragraphs = (await load(plots, "/plots/line")).one("div", id="description").text.strip()
    page = await load(plots, "/plots/line")
    assert paragraphs == "A line.- one\n- two"
    assert page.one("p", class_="lines").text == "- one\n- two"


async def test_a_single_file_holds_its_picture_and_the_one_style_that_its_policy_lets_in(plots: Site) -> None:
    answer = await plots.fetch("/plots/line.html")
    page = read(answer.body)
    assert not page.all("script")
    assert all((e.attributes.get("src") or "data:").startswith("data:") for e in page.all("img") + page.all("link"))
    assert (page.all("img")[0].attributes["src"] or "").startswith("data:image/png;base64,iVBOR")
    assert re.search(r"style-src 'sha256-[\w+/=]+'", answer.headers["Content-Security-Policy"])


LEADS = ("href", "src", "srcset", "action", "data-url", "data-dark", "data-plot")


@pytest.mark.parametrize("prefix", ["", "/shown/here"])
async def test_every_address_in_every_page_leads_somewhere_below_the_prefix(make_site: MakeSite, prefix: str) -> None:
    site = await make_site(listen={"base_url": prefix})
    site.house.write("people.py", PLOTS.replace("raise ValueError", "plt.title"))
    await site.fetch(f"{prefix}/plots/line.png")
    waiting, seen = [f"{prefix}/", f"{prefix}/plots/nowhere"], set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = await site.fetch(path, headers={"Accept": "text/html"})
        # A plot that needs values answers 400 without: that is somewhere.
        assert answer.code in ([404] if path.endswith("nowhere") else [200, 400]), path
        assert urlsplit(path).path.startswith(f"{prefix}/")
        waiting += {urljoin(path, address) for address in addresses(answer.body, path)} - seen - set(waiting)
    assert {f"{prefix}/static/waiting.js", f"{prefix}/plots/line.csv", f"{prefix}/plots/named.png?who=Ada"} <= seen


def addresses(body: bytes, path: str) -> set[str]:
    """Return the addresses that a page, or a script, holds."""
    if path.endswith(".js"):
        return set(re.findall(r'(?:from |import\()"(.+?)"', body.decode()))
    if urlsplit(path).path.rpartition("/")[2].count("."):
        return set()
    held = [value for e in read(body).elements for name, value in e.attributes.items() if name in LEADS]
    return {address for value in held if (address := urldefrag(value or "")[0])}
