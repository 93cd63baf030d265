"""The page of one plot, in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect
from tests.browser.conftest import LOSS, Folder, Tabs, etag, is_state, until, wait_for_another
from tests.conftest import Daemon

# Notes each frame without a picture, and each element that is elsewhere than it was. In the line of state words change.
WATCH_EVERY_FRAME = """() => {
    Object.assign(window, { frames: 0, faults: [], moved: [] });
    const places = new Map();
    const image = document.querySelector("img.live");
    const apart = "#state *, #trouble, #trouble *, .frame, .frame *";
    const look = () => {
        window.frames += 1;
        if (!image.complete || !image.naturalWidth || image.hidden) window.faults.push(window.frames);
        for (const element of document.querySelectorAll(`body *:not(${apart})`)) {
            const { x, y, width, height } = element.getBoundingClientRect();
            if (width === 0 || height === 0) continue;
            const place = [x, y, width, height].join(" ");
            const before = places.get(element) ?? place;
            if (before !== place) window.moved.push(`${element.outerHTML.slice(0, 80)}: ${before} -> ${place}`);
            places.set(element, place);
        }
        requestAnimationFrame(look);
    };
    look();
}"""


def test_a_row_appended_to_the_data_is_on_screen_without_a_reload(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    page.evaluate("window.marker = 'the same page'")
    before, pixels = etag(page), page.locator("img.live").screenshot()
    folder.append_loss(5, 40.0)
    wait_for_another(page, before)
    is_state(page, "live")
    assert page.locator("img.live").screenshot() != pixels
    assert page.evaluate("window.marker") == "the same page"


def test_eight_pages_cost_one_render_per_change(tabs: Tabs, folder: Folder) -> None:
    pages = [tabs.open("/plots/loss") for _ in range(8)]
    for page in pages:
        is_state(page, "live")
    assert folder.renders() == 1
    for change in range(1, 4):
        shown = [etag(page) for page in pages]
        assert len(set(shown)) == 1
        folder.append_loss(4 + change, 50.0)
        for page, old in zip(pages, shown, strict=True):
            wait_for_another(page, old)
        assert folder.renders() == 1 + change


def test_the_picture_never_flickers_and_nothing_ever_moves(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    page.evaluate(WATCH_EVERY_FRAME)
    for change in range(6):
        old = etag(page)
        folder.append_loss(5 + change, 30.0)
        wait_for_another(page, old)
    shown = etag(page)
    folder.write("run.csv", "iteration\n1\n")
    is_state(page, "stale")
    expect(page.locator("#trouble pre")).to_contain_text("in plot_loss")
    folder.write_loss(9)
    wait_for_another(page, shown)
    is_state(page, "live")
    assert page.evaluate("window.faults") == []
    assert page.evaluate("window.moved") == []
    assert page.evaluate("window.frames") > 10


def test_the_first_picture_moves_nothing_either(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    folder.write("flat.py", "import matplotlib.pyplot as plt\ndef plot_flat():\n    plt.figure(figsize=(12, 3))\n")
    context = tabs.context()
    context.add_init_script(f"addEventListener('DOMContentLoaded', {WATCH_EVERY_FRAME})")
    for _ in ("never drawn", "known"):
        page = context.new_page()
        page.goto(daemon.url + "/plots/flat")
        is_state(page, "live")
        assert page.evaluate("window.moved") == []


def test_what_a_picture_says_follows_it(tabs: Tabs, folder: Folder) -> None:
    page, gallery = tabs.open("/plots/loss"), tabs.open("/")
    is_state(page, "live")
    for rows in (6, 7):
        folder.append_loss(rows, 40.0)
        for picture in (page.locator("img.live"), gallery.locator("[data-name='training/loss'] img.live")):
            expect(picture).to_have_attribute("alt", re.compile(f"{rows} rows"))
    said = page.evaluate("fetch('/plots/loss.txt').then(answer => answer.text())")
    assert page.locator("img.live").get_attribute("alt") == said.strip()


def test_nothing_else_on_the_page_is_reset_by_a_new_picture(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/loss", viewport={"width": 360, "height": 400})
    is_state(page, "live")
    page.locator("summary", has_text="Size").click()
    page.locator("#field-smooth").fill("2")  # typed, but not yet meant
    page.evaluate("window.scrollTo(0, 300)")
    before = etag(page)
    folder.append_loss(5, 40.0)
    wait_for_another(page, before)
    assert page.evaluate("document.activeElement.id") == "field-smooth"
    assert page.locator("#field-smooth").input_value() == "2"
    assert page.evaluate("window.scrollY") == 300
    assert page.locator("#form details").get_attribute("open") is not None
    assert page.url.endswith("/plots/loss")


def test_a_failure_is_told_beside_the_last_good_picture_and_forgotten_when_it_ends(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    shown = etag(page)
    folder.write("run.csv", "iteration\n1\n")
    is_state(page, "stale")
    assert etag(page) == shown
    expect(page.locator("#trouble .message")).to_contain_text("AttributeError")
    expect(page.locator("#trouble pre")).to_contain_text("in plot_loss")
    expect(page.locator("#state .why")).to_contain_text("AttributeError")
    expect(page.locator("img.live")).to_have_css("filter", "grayscale(1)")
    expect(page).to_have_title("⚠ Loss – plotd")
    assert page.locator("img.live").evaluate("image => image.complete && image.naturalWidth > 0")
    folder.write_loss(7)
    wait_for_another(page, shown)
    is_state(page, "live")
    expect(page.locator("#trouble")).to_be_hidden()
    expect(page.locator("#state .why")).to_be_empty()
    expect(page.locator("img.live")).to_have_css("filter", "none")
    expect(page).to_have_title("Loss – plotd")


def test_a_render_that_takes_a_while_is_told_by_a_thin_line(tabs: Tabs, folder: Folder) -> None:
    folder.write(
        "slow.py",
        "import time\nimport matplotlib.pyplot as plt\n"
        "def plot_slow(file_path='run.csv'):\n    open(file_path).close()\n    time.sleep(2)\n    plt.plot([1])\n",
    )
    page = tabs.open("/plots/slow")
    line = "getComputedStyle(document.querySelector('.box'), '::before').height"
    is_state(page, "rendering")
    assert page.evaluate(line) == "2px"
    is_state(page, "live")
    assert page.evaluate(line) == "auto"
    folder.append_loss(5, 1.0)
    is_state(page, "rendering")
    assert page.locator("img.live").evaluate("image => image.naturalWidth > 0")
    is_state(page, "live")


GATED = """
import time
from pathlib import Path
import matplotlib.pyplot as plt

def plot_gated(file_path="run.csv"):
    open(file_path).close()
    while (Path(__file__).parent.parent / "gate").exists():
        time.sleep(0.02)
    plt.plot([1])
"""


def test_a_render_is_told_of_after_300_ms_and_no_sooner(tabs: Tabs, folder: Folder) -> None:
    folder.write("gated.py", GATED)
    gate = folder.path.parent / "gate"
    page = tabs.context().new_page()
    page.clock.install()
    with page.expect_websocket() as opened:
        page.goto(tabs.root + "/plots/gated")
    is_state(page, "live")
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=1))
    gate.touch()
    with opened.value.expect_event("framereceived", lambda frame: '"rendering"' in frame):
        folder.append_loss(5, 1.0)
    page.clock.run_for(299)
    is_state(page, "live")
    page.clock.run_for(1)
    is_state(page, "rendering")
    gate.unlink()
    page.clock.resume()
    is_state(page, "live")


def test_a_plot_that_never_was_drawn_tells_why_in_its_place(
    tabs: Tabs, folder: Folder, expected_complaints: list[str]
) -> None:
    folder.write("broken.py", "def plot_broken():\n    raise ValueError('no such\\ncolumn: 数据')\n")
    expected_complaints += ["status of 500"]
    page = tabs.open("/plots/broken")
    is_state(page, "failed")
    expect(page.locator("#trouble .message")).to_contain_text("column: 数据")
    expect(page.locator("img.live")).to_be_hidden()
    folder.write("broken.py", "import matplotlib.pyplot as plt\ndef plot_broken():\n    plt.plot([1, 2])\n")
    is_state(page, "live")
    expect(page.locator("img.live")).to_be_visible()


def test_an_edit_of_the_plot_reaches_the_open_page(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    page.evaluate("window.marker = 1")
    page.locator("#field-smooth").fill("2")
    page.keyboard.press("Enter")
    shown = wait_for_another(page, etag(page))
    edited = LOSS.replace("log: bool = False", "log: bool = False, color: str = 'red'")
    folder.write("training.py", edited.replace(".mean())", ".mean(), color=color)").replace("Training", "The training"))
    expect(page.locator("#field-color")).to_have_value("red")
    expect(page.locator("#description")).to_contain_text("The training loss")
    wait_for_another(page, shown)
    assert page.locator("#field-smooth").input_value() == "2"
    assert page.evaluate("window.marker") == 1


def test_a_plot_that_goes_is_said_to_be_gone_and_comes_back(
    tabs: Tabs, folder: Folder, expected_complaints: list[str]
) -> None:
    expected_complaints += ["status of 404"]
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    (folder.path / "training.py").unlink()
    is_state(page, "gone")
    folder.write("training.py", LOSS)
    is_state(page, "live")
    expect(page.locator("#trouble")).to_be_hidden()


def test_every_so_many_seconds_it_is_redrawn(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    page.locator("#field-_every").fill("0.5")
    page.keyboard.press("Enter")
    expect(page).to_have_url(daemon.url + "/plots/loss?_every=0.5")
    drawn = folder.renders()
    until(page, lambda: folder.renders() >= drawn + 3)


def test_the_state_line_tells_how_old_the_picture_is_and_how_long_it_took(tabs: Tabs) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    expect(page.locator("#state .took")).to_have_text(re.compile(r"took \d+(\.\d)? m?s"))
    expect(page.locator("#state .age")).to_have_text(re.compile(r"drawn (just now|\d s ago)"))
    expect(page.locator("#state .age")).to_have_text(re.compile(r"drawn \d+ s ago"))


def test_opening_a_page_fetches_one_picture(tabs: Tabs, folder: Folder) -> None:
    tabs.open("/")
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    pictures = {url for url in tabs.requests if "loss.png" in url and "_width" in url}
    assert len(pictures) == 1
    tabs.requests.clear()
    is_state(tabs.open("/plots/loss"), "live")
    assert {url for url in tabs.requests if "loss.png" in url} == pictures


def test_on_a_phone_the_form_is_below_the_picture_which_stays_in_sight(tabs: Tabs) -> None:
    page = tabs.open("/plots/loss", viewport={"width": 360, "height": 740}, device_scale_factor=2)
    is_state(page, "live")
    picture, form = page.locator(".frame").bounding_box(), page.locator("#form").bounding_box()
    assert picture is not None
    assert form is not None
    assert form["y"] >= picture["y"] + picture["height"]
    page.locator("#field-_every").scroll_into_view_if_needed()
    page.locator("#field-_every").focus()
    expect(page.locator(".frame")).to_be_in_viewport(ratio=1)
    expect(page.locator("#field-_every")).to_be_in_viewport()
    expect(page.locator("#state")).to_be_in_viewport()
    seen, field = page.locator(".frame").bounding_box(), page.locator("#field-_every").bounding_box()
    assert seen is not None
    assert field is not None
    assert field["y"] >= seen["y"] + seen["height"], "the picture covers the field"
