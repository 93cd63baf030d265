"""The gallery, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.browser.conftest import Folder, Tabs, etag, is_state, wait_for_another
from tests.conftest import Daemon, Serve

THREE = """
import matplotlib.pyplot as plt
from pathlib import Path

def plot_alpha():
    \"\"\"The first letter.\"\"\"
    plt.title(Path(__file__).with_name("alpha.txt").read_text())

def plot_beta():
    plt.title(Path(__file__).with_name("beta.txt").read_text())

def plot_gamma():
    \"\"\"The third letter.\"\"\"
    plt.title(Path(__file__).with_name("gamma.txt").read_text())
"""

COUNTING = """
from pathlib import Path
import matplotlib.pyplot as plt

def count():
    with open(Path(__file__).parent.parent / "many.count", "a") as file:
        print("drawn", file=file)

"""


def write_three(folder: Folder) -> None:
    for name in ("alpha", "beta", "gamma"):
        folder.write(f"{name}.txt", "one")
    folder.write("letters.py", THREE)


def tile(name: str) -> str:
    return f"li.tile[data-name='{name}']"


def image(name: str) -> str:
    return f"{tile(name)} img.live"


def wait_for_thumbnails(page: Page, *names: str) -> None:
    for name in names:
        page.locator(tile(name)).scroll_into_view_if_needed()
        expect(page.locator(image(name))).to_have_attribute("src", re.compile("_etag="))
    images = "[...document.querySelectorAll('img.live:not([hidden])')]"
    page.wait_for_function(f"() => {images}.every(image => image.complete)")


def names_shown(page: Page) -> list[str]:
    tiles = page.locator("li.tile:not([hidden])")
    return [name or "" for name in tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.name)")]


def rows(page: Page) -> list[str]:
    names = page.locator("tr[data-name]").evaluate_all("rows => rows.map(row => row.dataset.name)")
    return [name or "" for name in names]


def test_every_plot_has_a_thumbnail_that_leads_to_its_page(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/")
    wait_for_thumbnails(page, "training/loss", "run")
    is_state(page, "live")
    page.get_by_role("link", name="Loss").click()
    expect(page).to_have_url(daemon.url + "/plots/loss")


def test_two_galleries_share_one_render(tabs: Tabs, folder: Folder) -> None:
    one, other = tabs.open("/"), tabs.open("/")
    wait_for_thumbnails(one, "training/loss")
    wait_for_thumbnails(other, "training/loss")
    assert folder.renders() == 1
    assert etag(one, image("training/loss")) == etag(other, image("training/loss"))


def test_only_the_changed_thumbnail_is_fetched_again(tabs: Tabs, folder: Folder) -> None:
    write_three(folder)
    page = tabs.open("/", viewport={"width": 1600, "height": 1200})
    wait_for_thumbnails(page, "letters/alpha", "letters/beta", "letters/gamma", "training/loss", "run")
    tabs.requests.clear()
    old = etag(page, image("letters/beta"))
    folder.write("beta.txt", "two")
    wait_for_another(page, old, image("letters/beta"))
    pictures = [url.partition("?")[0].rpartition("/")[2] for url in tabs.requests if ".png" in url]
    assert set(pictures) == {"beta.png"}


def test_a_failure_stands_over_the_last_good_thumbnail(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/")
    wait_for_thumbnails(page, "training/loss")
    folder.write("run.csv", "iteration\n1\n")
    expect(page.locator(tile("training/loss")).locator(".trouble")).to_contain_text("AttributeError")
    expect(page.locator(image("training/loss"))).to_be_visible()
    folder.write_loss(9)
    expect(page.locator(tile("training/loss")).locator(".trouble")).to_have_count(0)


def test_a_picture_too_large_for_the_daemon_has_a_smaller_thumbnail(tabs: Tabs, folder: Folder, serve: Serve) -> None:
    folder.write("large.py", "import matplotlib.pyplot as plt\ndef plot_large():\n    plt.figure(figsize=(30, 30))\n")
    tabs.root = serve(folder.path, PLOTD_RENDER__MAX_PIXELS="1500000").url
    page = tabs.open("/")
    for _ in ("never drawn", "known to fail"):
        expect(page.locator(image("large/large"))).to_have_attribute("src", re.compile("_width=640&_etag="))
        expect(page.locator(f"{tile('large/large')} .trouble")).to_have_count(0)
        expect(page.locator(tile("large/large"))).to_have_attribute("data-state", "live")
        page.reload()


def test_a_long_error_ends_with_a_whole_line(tabs: Tabs, folder: Folder) -> None:
    folder.write("broken.py", f"def plot_broken():\n    raise ValueError({'no such column ' * 40!r})\n")
    page = tabs.open("/")
    trouble = page.locator("[data-name='broken/broken'] .trouble")
    expect(trouble).to_contain_text("no such column")
    lines = trouble.evaluate(
        "element => { const range = document.createRange(); range.selectNodeContents(element);"
        " const edge = element.getBoundingClientRect().top + element.clientTop + element.clientHeight;"
        " return [...range.getClientRects()].map(line => [line.top, line.bottom, edge]); }"
    )
    assert len(lines) > 3
    assert not [line for line in lines if line[0] < line[2] - 1 and line[1] > line[2] + 1], "cut through the middle"


def test_search_looks_in_name_title_description_and_group(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    write_three(folder)
    page = tabs.open("/")
    search = page.get_by_label("Search plots")
    for words, found in (
        ("letters", ["letters/alpha", "letters/beta", "letters/gamma"]),
        ("third LETTER", ["letters/gamma"]),
        ("training loss", ["training/loss"]),
        ("data", ["run"]),
        ("nothing like it", []),
    ):
        search.fill(words)
        assert names_shown(page) == found
        expect(page.locator("#count")).to_have_text(f"{len(found)} of 5 plots")
    search.fill("beta")
    expect(page).to_have_url(daemon.url + "/?q=beta")
    page.reload()
    assert names_shown(page) == ["letters/beta"]
    assert page.get_by_label("Search plots").input_value() == "beta"


def test_new_edited_and_removed_plots_reach_the_open_gallery(
    tabs: Tabs, folder: Folder, expected_complaints: list[str]
) -> None:
    expected_complaints.append(r"404 .*/plots/(alpha|beta|gamma)\.png")  # fetched just before it was removed
    page = tabs.open("/")
    wait_for_thumbnails(page, "training/loss", "run")
    page.evaluate(
        "window.marker = 1; window.image = document.querySelector('li[data-name=\"training/loss\"] img.live')"
    )
    page.get_by_label("Search plots").fill("o")
    tabs.requests.clear()
    write_three(folder)
    expect(page.locator(tile("letters/gamma"))).to_be_attached()
    assert names_shown(page) == ["training/loss", *(name for name in names_shown(page) if name != "training/loss")]
    page.get_by_label("Search plots").fill("")
    wait_for_thumbnails(page, "letters/gamma")
    folder.write("letters.py", THREE.replace("The first letter", "Another letter"))
    expect(page.locator(tile("letters/alpha"))).to_contain_text("Another letter")
    (folder.path / "letters.py").unlink()
    expect(page.locator(tile("letters/gamma"))).to_have_count(0)
    assert page.evaluate("window.marker") == 1
    assert page.evaluate("window.image === document.querySelector('li[data-name=\"training/loss\"] img.live')")
    assert not [url for url in tabs.requests if "loss.png" in url], "a picture that did not change was fetched again"


def test_a_file_that_fails_to_load_is_shown_with_its_error_and_forgotten_once_it_is_right(
    tabs: Tabs, folder: Folder
) -> None:
    page = tabs.open("/")
    wait_for_thumbnails(page, "training/loss")
    folder.write("sub/wrong.py", "import nowhere_at_all\ndef plot_x(): pass\n")
    expect(page.locator("#failures")).to_contain_text("sub/wrong.py:1")
    expect(page.locator("#failures")).to_contain_text("nowhere_at_all")
    page.locator("#failures details summary").click()
    expect(page.locator("#failures pre")).to_contain_text("Traceback")
    folder.write("sub/wrong.py", "def plot_x(:\n")
    expect(page.locator("#failures")).to_contain_text("SyntaxError")
    folder.write("sub/wrong.py", "")
    expect(page.locator("#failures")).to_have_count(0)


def test_plots_that_no_url_can_draw_are_listed_with_why(tabs: Tabs, folder: Folder) -> None:
    folder.write("onto.py", "def plot_onto(ax):\n    pass\ndef plot_of(file_path, column):\n    pass\n")
    page = tabs.open("/")
    expect(page.locator(".unservable")).to_contain_text("onto/onto")
    expect(page.locator(".unservable")).to_contain_text("'ax' is required")
    expect(page.locator(tile("onto/of"))).to_contain_text("Needs file_path, column")


def test_of_two_hundred_plots_only_those_in_sight_are_drawn_and_fetched(tabs: Tabs, folder: Folder) -> None:
    plots = "".join(f"def plot_number_{i}():\n    count()\n    plt.plot([{i}])\n" for i in range(200))
    folder.write("many.py", COUNTING + plots)
    page = tabs.open("/", viewport={"width": 400, "height": 600})
    wait_for_thumbnails(page, "many/number_0", "many/number_1")
    page.locator(tile("run")).scroll_into_view_if_needed()
    wait_for_thumbnails(page, "run")
    assert page.locator("li.tile").count() == 202
    assert folder.renders("many") < 20
    assert len([url for url in tabs.requests if ".png" in url]) < 20


def test_plots_are_put_in_another_order_in_place(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    write_three(folder)
    folder.write("gamma.txt", "$\\notmath$")  # that one fails
    page = tabs.open("/", viewport={"width": 1600, "height": 1200})
    wait_for_thumbnails(page, "letters/alpha", "letters/beta", "training/loss", "run")
    expect(page.locator(tile("letters/gamma")).locator(".trouble")).to_be_visible()
    page.evaluate("window.marker = 1")
    tabs.requests.clear()
    page.get_by_role("link", name="Trouble first").click()
    expect(page.locator("li.tile").first).to_have_attribute("data-name", "letters/gamma")
    assert names_shown(page)[1:] == ["letters/alpha", "letters/beta", "training/loss", "run"]
    expect(page).to_have_url(daemon.url + "/?sort=trouble")
    assert page.evaluate("document.activeElement.textContent") == "Trouble first"
    page.get_by_label("Search plots").fill("letters")
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page).to_have_url(daemon.url + "/?sort=name&q=letters")
    expect(page.locator("li.tile:not([hidden])").nth(2)).to_have_attribute("data-name", "letters/gamma")
    page.go_back()
    expect(page.locator("li.tile:not([hidden])").first).to_have_attribute("data-name", "letters/gamma")
    assert page.evaluate("window.marker") == 1
    assert not [url for url in tabs.requests if re.search(r"(alpha|beta|loss|run)\.png", url)]


def test_the_table_is_kept_up_to_date_and_draws_nothing(tabs: Tabs, folder: Folder) -> None:
    write_three(folder)
    page = tabs.open("/")
    page.get_by_role("link", name="Table").click()
    row = page.locator("tr[data-name='training/loss']")
    expect(row.locator(".number").nth(1)).to_have_text("–")
    before = rows(page)
    drawn = folder.renders()
    page.get_by_role("link", name="Loss").focus()
    viewer = tabs.open("/plots/loss?log=1")
    is_state(viewer, "live")
    expect(row.locator(".number").last).to_have_text("1")
    expect(row.locator(".number").nth(1)).not_to_have_text("–")
    expect(row.locator("time")).to_have_text(re.compile("ago|now"))
    assert before == rows(page)
    assert page.evaluate("document.activeElement.textContent") == "Loss"
    page.get_by_role("link", name="Viewers").click()
    expect(page.locator("tr[data-name]").first).to_have_attribute("data-name", "training/loss")
    assert folder.renders() == drawn + 1


def test_thumbnails_of_dark_pages_are_dark(tabs: Tabs) -> None:
    page = tabs.open("/", color_scheme="dark")
    wait_for_thumbnails(page, "training/loss")
    assert all("_theme=dark" in url for url in tabs.requests if ".png" in url)
    page.emulate_media(color_scheme="light")
    expect(page.locator(image("training/loss"))).to_have_attribute("src", re.compile(r"/loss\.png\?_etag="))


def test_news_move_nothing(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/")
    wait_for_thumbnails(page, "training/loss", "run")
    page.evaluate(
        "() => { window.shifts = 0; new PerformanceObserver(list => { window.shifts += list.getEntries().length })"
        ".observe({ type: 'layout-shift' }) }"
    )
    old = etag(page, image("training/loss"))
    folder.write_loss(9)
    wait_for_another(page, old, image("training/loss"))
    folder.write("run.csv", "iteration\n1\n")
    expect(page.locator(tile("training/loss")).locator(".trouble")).to_be_visible()
    assert page.evaluate("window.shifts") == 0


def test_the_reader_stays_where_he_is_when_plots_come(tabs: Tabs, folder: Folder) -> None:
    write_three(folder)
    page = tabs.open("/", viewport={"width": 360, "height": 500})
    wait_for_thumbnails(page, "letters/gamma")
    page.get_by_role("link", name="Gamma").focus()
    before = page.locator(tile("letters/gamma")).evaluate("tile => tile.getBoundingClientRect().top")
    folder.write("zeta.py", "import matplotlib.pyplot as plt\ndef plot_zeta():\n    plt.plot([1])\n")
    expect(page.locator(tile("zeta/zeta"))).to_be_attached()
    assert page.locator(tile("letters/gamma")).evaluate("tile => tile.getBoundingClientRect().top") == before
    assert page.evaluate("document.activeElement.textContent") == "Gamma"


def test_an_empty_gallery_says_what_to_do(tabs: Tabs, folder: Folder) -> None:
    (folder.path / "training.py").unlink()
    (folder.path / "run.csv").unlink()
    page = tabs.open("/")
    expect(page.locator("main")).to_contain_text("No plots yet")
    write_three(folder)
    wait_for_thumbnails(page, "letters/alpha")
    expect(page.locator("main")).not_to_contain_text("No plots yet")


def test_all_of_it_can_be_reached_by_the_keyboard(tabs: Tabs) -> None:
    page = tabs.open("/")
    wait_for_thumbnails(page, "training/loss")
    reached: list[str] = []
    while "Run" not in reached:
        assert len(reached) < 30
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
    assert reached[:3] == ["Skip to content", "plotd", "search"]
    orders = ["By group", "Name", "Last change", "Slowest", "Trouble first", "Cards", "Table", "New wall"]
    assert reached[-10:] == [*orders, "Loss", "Run"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    is_state(page, "live")
    expect(page.locator("h1")).to_have_text("Loss")
