"""Pictures as large as their windows: from a ladder of sizes, drawn when a size has settled."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import FloatRect, Page, expect
from tests.browser.conftest import Folder, Tabs, etag, is_state, until, wait_for_another
from tests.conftest import Daemon, Serve

SHAPES = """
from pathlib import Path
import time
import matplotlib.pyplot as plt

def plot_slow():
    with open(Path(__file__).parent.parent / "slow.count", "a") as count:
        print("drawn", file=count)
    time.sleep(1.2)
    plt.plot(open(Path(__file__).parent / "run.csv").read().splitlines()[1:2])

def plot_tall():
    plt.figure(figsize=(6, 20))
"""

IS_ON_TOP = "e => { const { x, y } = e.getBoundingClientRect(); return document.elementFromPoint(x + 3, y + 9) === e }"


def words_of(page: Page) -> str:
    return (page.locator("img.live").get_attribute("src") or "").partition("?")[2].partition("&_etag")[0]


def frame(page: Page) -> FloatRect:
    box = page.locator(".frame").bounding_box()
    assert box is not None
    return box


def is_asked_with(page: Page, words: str) -> None:
    """Wait until the picture that is shown was asked for with these *words*."""
    expect(page.locator("img.live")).to_have_attribute("src", re.compile(rf"[?&]{words}&_etag="))
    is_state(page, "live")


@pytest.mark.parametrize(
    ("window", "scale", "words"),
    [
        ({"width": 360, "height": 740}, 3, "_width=480&_scale=3"),
        ({"width": 1280, "height": 720}, 1, "_width=800&_scale=1"),
        ({"width": 1280, "height": 720}, 1.25, "_width=800&_scale=1.5"),
        ({"width": 2560, "height": 1300}, 2, "_width=1600&_scale=2"),
    ],
)
def test_the_picture_is_as_large_as_the_window_gives(
    tabs: Tabs, window: dict[str, int], scale: float, words: str
) -> None:
    page = tabs.open("/plots/loss", viewport=window, device_scale_factor=scale)
    is_asked_with(page, words)
    shown = frame(page)
    assert shown["width"] <= window["width"]
    assert shown["y"] + shown["height"] <= window["height"], "it is all in the window"
    assert shown["width"] > 0.9 * window["width"] or shown["y"] + shown["height"] > 0.9 * window["height"]
    assert abs(shown["width"] / shown["height"] - 4 / 3) < 0.01
    width = page.locator("img.live").evaluate("image => image.naturalWidth")
    assert width >= shown["width"] * scale, "it is never stretched"


def test_it_is_scaled_at_once_and_drawn_anew_when_the_size_settles(tabs: Tabs, folder: Folder) -> None:
    page = tabs.context(viewport={"width": 1280, "height": 700}).new_page()
    page.clock.install()
    page.goto(tabs.root + "/plots/loss")
    is_asked_with(page, "_width=800&_scale=1")
    tabs.requests.clear()
    soon = datetime.now(UTC) + timedelta(seconds=1)
    page.clock.pause_at(soon)  # however slow this machine is, the window is dragged without a rest
    for height in range(680, 480, -20):
        page.set_viewport_size({"width": 1280, "height": height})
        assert frame(page)["y"] + frame(page)["height"] <= height
    page.clock.resume()
    is_asked_with(page, "_width=480&_scale=1")
    assert folder.renders() == 2
    assert not [url for url in tabs.requests if "_width=640" in url], "sizes in between aren't asked for"


def test_eight_windows_within_two_rungs_cost_two_renders_per_change(tabs: Tabs, folder: Folder) -> None:
    pages = [tabs.open("/plots/loss", viewport={"width": 1200 + 20 * i, "height": 540 + 30 * i}) for i in range(8)]
    for page in pages:
        is_state(page, "live")
    assert {words_of(page) for page in pages} == {"_width=640&_scale=1", "_width=800&_scale=1"}
    drawn = folder.renders()
    folder.append_loss(5, 40.0)
    shown = [etag(page) for page in pages]
    for page, old in zip(pages, shown, strict=True):
        wait_for_another(page, old)
    assert folder.renders() - drawn == 2


def test_a_slow_plot_is_only_scaled_and_offers_to_be_drawn(tabs: Tabs, folder: Folder) -> None:
    folder.write("shapes.py", SHAPES)
    page = tabs.open("/plots/slow", viewport={"width": 1280, "height": 700})
    is_asked_with(page, "_width=800&_scale=1")
    expect(page.locator("#redraw")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 500})
    expect(page.locator("#redraw")).to_be_visible()
    assert folder.renders("slow") == 1
    assert frame(page)["y"] + frame(page)["height"] <= 500
    page.set_viewport_size({"width": 640, "height": 360})  # a phone that is turned
    for seen in ("#state .word", "#redraw", "#pause"):
        assert page.locator(seen).evaluate(IS_ON_TOP), seen
    page.set_viewport_size({"width": 1280, "height": 500})
    page.locator("#redraw").click()
    expect(page.locator("#redraw")).to_be_hidden()
    is_asked_with(page, "_width=480&_scale=1")
    assert folder.renders("slow") == 2


def test_a_slow_plot_is_shown_as_it_is_at_hand(tabs: Tabs, folder: Folder) -> None:
    folder.write("shapes.py", SHAPES)
    gallery = tabs.open("/")
    until(gallery, lambda: folder.renders("slow") == 1)
    expect(gallery.locator("[data-name='shapes/slow'] img.live")).to_have_attribute("src", re.compile("_etag="))
    page = tabs.open("/plots/slow")
    is_state(page, "live")
    assert words_of(page).startswith("_etag=")
    expect(page.locator("#redraw")).to_be_visible()
    assert folder.renders("slow") == 1


def test_what_is_said_of_the_size_is_obeyed(tabs: Tabs) -> None:
    page = tabs.open("/plots/loss?_width=300")
    is_asked_with(page, "_width=300&_scale=1")
    assert round(frame(page)["width"]) == 300
    page.locator("#field-_width").fill("")
    page.keyboard.press("Enter")
    is_asked_with(page, "_width=800&_scale=1")
    assert frame(page)["width"] > 600


def test_a_tall_picture_may_be_higher_than_the_window(tabs: Tabs, folder: Folder) -> None:
    folder.write("shapes.py", SHAPES)
    first = tabs.open("/plots/tall")
    is_state(first, "live")
    assert frame(first)["y"] + frame(first)["height"] <= 720, "nobody could know: nothing jumps"
    page = tabs.open("/plots/tall")
    is_asked_with(page, "_width=800&_scale=1")
    assert frame(page)["height"] > 2000


def test_the_ladder_is_nobody_elses_business(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss?smooth=2", color_scheme="dark")
    is_asked_with(page, "_width=800&_scale=1&_theme=dark")
    assert page.url == daemon.url + "/plots/loss?smooth=2"
    assert page.locator("#address").input_value() == daemon.url + "/plots/loss.png?smooth=2"
    assert page.locator("a[data-ending=svg]").get_attribute("href") == "/plots/loss.svg?smooth=2"


def test_a_theme_that_is_asked_for_is_kept_in_a_dark_page(tabs: Tabs) -> None:
    page = tabs.open("/plots/loss?_theme=light", color_scheme="dark")
    is_asked_with(page, "_theme=light&_width=800&_scale=1")


def test_a_picture_too_large_for_the_daemon_is_asked_for_as_its_author_made_it(
    tabs: Tabs, folder: Folder, serve: Serve, expected_complaints: list[str]
) -> None:
    expected_complaints += ["status of 413"]
    folder.write("shapes.py", SHAPES)
    tabs.root = serve(folder.path, PLOTD_RENDER__MAX_PIXELS="1500000").url
    page = tabs.open("/plots/tall")
    is_state(page, "live")
    assert page.locator("img.live").evaluate("image => image.naturalWidth") == 600
    expect(page.locator("#trouble")).to_be_hidden()
