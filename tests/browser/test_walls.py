"""Walls, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import Folder, Tabs, etag, is_state, wait_for_another
from tests.conftest import Daemon, Serve

PLOTS = """
import matplotlib.pyplot as plt
from pathlib import Path

def plot_square():
    plt.title(Path(__file__).with_name("square.txt").read_text())

def plot_wide(n: int = 1):
    plt.figure(figsize=(8, 2))
    plt.plot([n])
"""
WALL = "/wall?p=loss.png?smooth=2&p=square.png&p=wide.png&cols=3"
BOX = "e => { const { x, y, width, height } = e.getBoundingClientRect(); return [x, y, width, height] }"


@pytest.fixture
def folder(folder: Folder) -> Folder:
    """Three plots, one of which reads a file of its own."""
    folder.write("plots.py", PLOTS)
    folder.write("square.txt", "one")
    return folder


@pytest.fixture
def daemon(serve: Serve, folder: Folder) -> Daemon:
    """A daemon with a wall of its own."""
    return serve(folder.path, PLOTD_WALLS='{"both": "p=loss&p=square"}')


def cell(page: Page, word: str) -> Locator:
    return page.locator(f'li.cell[data-name="{word}"]')


def words(page: Page) -> list[str]:
    """Return the pictures in the order in which they stand there."""
    cells = page.locator("li.cell").evaluate_all("cells => cells.map(cell => cell.dataset.name)")
    return [word.removesuffix(".png") for word in cells]


def wait_for_pictures(page: Page) -> None:
    images = "[...document.querySelectorAll('.cell:not([hidden]) img.live')]"
    page.wait_for_function(f"() => {images}.every(image => !image.hidden && image.complete && image.naturalWidth > 0)")


def handle(page: Page, title: str) -> Locator:
    return page.get_by_role("button", name=f"Move {title}")


def test_pictures_stand_side_by_side_and_are_live(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open(WALL, viewport={"width": 1280, "height": 800})
    is_state(page, "live")
    wait_for_pictures(page)
    tops = page.locator("li.cell").evaluate_all("cells => cells.map(cell => cell.getBoundingClientRect().top)")
    assert len(set(tops)) == 1
    old = etag(page, 'li[data-name="square.png"] img.live')
    tabs.requests.clear()
    folder.write("square.txt", "two")
    wait_for_another(page, old, 'li[data-name="square.png"] img.live')
    assert {url.partition("?")[0].rpartition("/")[2] for url in tabs.requests if ".png" in url} == {"square.png"}


def test_pictures_are_as_large_as_their_cells_from_few_sizes(tabs: Tabs) -> None:
    page = tabs.open(WALL, viewport={"width": 1280, "height": 800})
    image = cell(page, "square.png").locator("img.live")
    expect(image).to_have_attribute("src", re.compile("_width=480&_scale=1"))
    page.set_viewport_size({"width": 2560, "height": 1440})
    expect(image).to_have_attribute("src", re.compile("_width=960&_scale=1"))
    assert not any("_width=960" in url and "smooth=2" not in url for url in tabs.requests if "loss.png" in url)


def test_a_picture_is_dragged_elsewhere_and_the_address_says_so(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open(WALL, viewport={"width": 1280, "height": 800})
    wait_for_pictures(page)
    tabs.requests.clear()
    handle(page, "Loss").hover()
    page.mouse.down()
    x, y, width, height = cell(page, "wide.png").evaluate(BOX)
    page.mouse.move(x + width / 2, y + height / 2, steps=5)
    expect(cell(page, "wide.png")).to_have_class(re.compile("over"))
    page.mouse.up()
    assert words(page) == ["square", "wide", "loss.png?smooth=2"]
    expect(page).to_have_url(daemon.url + "/wall?p=square.png&p=wide.png&p=loss.png?smooth=2&cols=3")
    assert not [url for url in tabs.requests if ".png" in url.partition("?")[0]]
    page.reload()
    assert words(page) == ["square", "wide", "loss.png?smooth=2"]


def test_a_drag_that_is_given_up_changes_nothing(tabs: Tabs) -> None:
    page = tabs.open(WALL, viewport={"width": 1280, "height": 800})
    wait_for_pictures(page)
    handle(page, "Loss").hover()
    page.mouse.down()
    x, y, width, height = cell(page, "wide.png").evaluate(BOX)
    page.mouse.move(x + width / 2, y + height / 2, steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert words(page) == ["loss.png?smooth=2", "square", "wide"]


def test_the_arrow_keys_move_a_picture(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open(WALL)
    handle(page, "Wide").focus()
    page.keyboard.press("ArrowLeft")
    assert words(page) == ["loss.png?smooth=2", "wide", "square"]
    expect(page.locator("#said")).to_have_text("Wide: 2 of 3")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert words(page) == ["wide", "loss.png?smooth=2", "square"]
    expect(handle(page, "Wide")).to_be_focused()
    expect(page).to_have_url(daemon.url + "/wall?p=wide.png&p=loss.png?smooth=2&p=square.png&cols=3")


def test_pictures_are_added_and_removed_and_back_undoes_that(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/wall")
    expect(page.locator("main")).to_contain_text("An empty wall")
    add = page.get_by_label("Add")
    for text in ("square", daemon.url + "/plots/loss.png?smooth=3&log=1", "wide?n=2"):
        add.fill(text)
        add.press("Enter")
        expect(add).to_have_value("")
    expect(page.locator("li.cell")).to_have_count(3)
    expect(page).to_have_url(daemon.url + "/wall?p=square.png&p=loss.png?smooth=3%26log=1&p=wide.png?n=2")
    wait_for_pictures(page)
    page.evaluate("window.image = document.querySelector('li[data-name=\"square.png\"] img.live')")
    page.get_by_role("link", name="Remove Loss").click()
    expect(page.locator("li.cell")).to_have_count(2)
    expect(page.get_by_role("link", name="Remove Wide")).to_be_focused()
    page.go_back()
    expect(page.locator("li.cell")).to_have_count(3)
    assert words(page) == ["square", "loss.png?smooth=3&log=1", "wide.png?n=2"]
    assert page.evaluate("window.image === document.querySelector('li[data-name=\"square.png\"] img.live')")


def test_what_is_half_typed_stays_when_plots_come(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    page = tabs.open(WALL)
    is_state(page, "live")
    page.locator("#add").press_sequentially("squ")
    folder.write("later.py", "import matplotlib.pyplot as plt\ndef plot_later():\n    plt.plot([1])\n")
    expect(page.locator("#plots option[value=later]")).to_have_count(1)
    expect(page.locator("#add")).to_be_focused()
    assert page.locator("#add").input_value() == "squ"
    assert page.url == daemon.url + WALL


def test_columns_are_chosen_in_place(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open(WALL, viewport={"width": 1280, "height": 800})
    wait_for_pictures(page)
    page.get_by_label("Columns").fill("1")
    page.get_by_label("Columns").press("Enter")
    expect(page).to_have_url(re.compile("cols=1$"))
    page.wait_for_function("() => document.querySelector('li.cell').clientWidth > 1000")


def test_a_plot_that_is_not_there_says_so_until_it_comes(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/wall?p=cube.png&p=square.png")
    expect(cell(page, "cube.png")).to_contain_text("there is no plot 'cube'")
    folder.write("cube.py", "import matplotlib.pyplot as plt\ndef plot_cube():\n    plt.plot([1])\n")
    expect(cell(page, "cube.png").locator("img.live")).to_be_visible()


def test_a_failure_stands_over_the_last_good_picture(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/wall?p=loss&_kiosk=1")
    wait_for_pictures(page)
    folder.write("run.csv", "iteration\n1\n")
    expect(page.locator(".trouble")).to_contain_text("AttributeError")
    expect(page.locator("img.live")).to_be_visible()


def test_a_kiosk_shows_nothing_but_the_pictures_and_keeps_the_screen_awake(tabs: Tabs) -> None:
    context = tabs.context(viewport={"width": 1280, "height": 720})
    context.add_init_script(
        "window.asked = []; const ask = navigator.wakeLock?.request;"
        "if (ask) WakeLock.prototype.request = function (kind) { window.asked.push(kind); return ask.call(this, kind) }"
    )
    page = context.new_page()
    page.goto(f"{tabs.root}/wall?p=loss&p=square&p=wide&p=wide?n=2&_kiosk=1")
    wait_for_pictures(page)
    for selector in (".bar .brand", ".board", ".about", ".leave"):
        expect(page.locator(selector).first).not_to_be_in_viewport()
    boxes = page.locator("li.cell").evaluate_all(f"cells => cells.map({BOX})")
    assert [(round(x / 640), round(y / 360)) for x, y, _, _ in boxes] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert all(abs(width - 640) < 3 and abs(height - 360) < 3 for _, _, width, height in boxes)
    assert page.evaluate("window.asked")[:1] == ["screen"]
    page.keyboard.press("Escape")
    expect(page.locator(".board")).to_be_visible()
    expect(page).not_to_have_url(re.compile("_kiosk"))


def test_a_kiosk_is_entered_by_a_click_and_told_of_a_daemon_that_is_gone(
    tabs: Tabs, daemon: Daemon, expected_complaints: list[str]
) -> None:
    expected_complaints.append("ERR_CONNECTION_REFUSED|WebSocket connection|503")
    page = tabs.open("/wall?p=square")
    page.get_by_role("link", name="Kiosk").click()
    expect(page.locator("main")).to_have_attribute("data-kiosk", "1")
    expect(page).to_have_url(re.compile("_kiosk=1"))
    expect(page.locator("#state")).not_to_be_visible()
    daemon.stop()
    expect(page.locator("#state")).to_be_visible()
    is_state(page, "offline")


def test_a_kiosk_follows_its_window_in_height_alone_and_onto_a_denser_screen(tabs: Tabs) -> None:
    page = tabs.open("/wall?p=loss.png&p=square.png&_kiosk=1", viewport={"width": 1000, "height": 375})
    image = cell(page, "square.png").locator("img.live")
    expect(image).to_have_attribute("src", re.compile("_width=640&_scale=1&"))  # side by side
    size = {"width": 1000, "height": 1500, "deviceScaleFactor": 2, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", size)
    expect(image).to_have_attribute("src", re.compile("_width=1280&_scale=2&"))  # one above the other
    tops = page.locator("li.cell").evaluate_all("cells => cells.map(cell => cell.getBoundingClientRect().top)")
    assert tops == [0, pytest.approx(751)]


def test_a_kiosk_shows_pictures_in_turn(tabs: Tabs) -> None:
    page = tabs.open("/wall?p=square&p=wide&p=loss&cols=2&rows=1&_kiosk=1&_cycle=1")
    for shown in (["square", "wide"], ["loss"], ["square", "wide"]):
        visible = [cell(page, f"{name}.png") for name in shown]
        for each in visible:
            expect(each).to_be_visible()
        expect(page.locator("li.cell:visible")).to_have_count(len(shown))
    assert "_width" in (cell(page, "loss.png").locator("img.live").get_attribute("src") or "")


def test_without_scripts_the_pictures_stand_there_too(tabs: Tabs) -> None:
    page = tabs.open(WALL, java_script_enabled=False, viewport={"width": 1280, "height": 2000})
    expect(page.locator(".thumb img:visible")).to_have_count(3)
    page.get_by_role("link", name="Remove Loss").click()
    expect(page.locator(".thumb img:visible")).to_have_count(2)
    page.get_by_label("Add").fill("loss")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".thumb img:visible")).to_have_count(3)


def test_walls_of_the_settings_are_reached_from_the_gallery(tabs: Tabs) -> None:
    page = tabs.open("/")
    expect(page.locator(".walls")).to_contain_text("Loss, Square")
    page.get_by_role("link", name="both").click()
    expect(page).to_have_title("both – plotd")
    expect(page.locator("li.cell")).to_have_count(2)
    wait_for_pictures(page)
    assert words(page) == ["loss", "square"]
