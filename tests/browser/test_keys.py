"""Keys of one letter, on every page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Folder, Tabs, is_state, until
from tests.conftest import Daemon

MORE = "import matplotlib.pyplot as plt\n\ndef plot_{name}():\n    plt.plot([1, 2])\n"


@pytest.fixture
def three(folder: Folder) -> None:
    """Add two plots beside the loss and its data."""
    folder.write("alpha.py", MORE.format(name="alpha"))
    folder.write("zeta.py", MORE.format(name="zeta"))


def theme(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.documentElement).colorScheme"))


@pytest.mark.parametrize("path", ["/", "/plots/loss", "/wall?p=loss.png", "/nowhere"])
def test_the_list_of_keys_opens_with_one_and_closes_with_another(
    tabs: Tabs, path: str, expected_complaints: list[str]
) -> None:
    expected_complaints += ["status of 404"]
    page = tabs.open(path)
    page.locator("#keys").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    expect(dialog.locator("kbd")).to_contain_text(["?", "/", "g", "j", "k", "f", "d"])
    page.keyboard.press("g")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#keys")).to_be_focused()


def test_search_and_gallery_are_one_key_away(tabs: Tabs, root: str) -> None:
    page = tabs.open("/plots/loss?smooth=2")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("gd?/j")
    expect(page.locator("#search")).to_have_value("gd?/j")
    page.go_back()
    page.keyboard.press("g")
    expect(page).to_have_url(root + "/")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


@pytest.mark.usefixtures("three")
def test_one_walks_from_plot_to_plot(tabs: Tabs, root: str) -> None:
    page = tabs.open("/plots/alpha")
    for name in ("run", "loss", "zeta"):
        page.keyboard.press("j")
        expect(page).to_have_url(f"{root}/plots/{name}")
        page.wait_for_load_state()  # its keys are there
    page.keyboard.press("k")
    expect(page).to_have_url(root + "/plots/loss")
    page.wait_for_load_state()
    page.keyboard.press("g")
    expect(page).to_have_url(root + "/")
    is_state(page, "live")
    cards = page.locator("main .tile h3 > a")
    for number in range(2):
        page.keyboard.press("j")
        expect(cards.nth(number)).to_be_focused()
    page.keyboard.press("k")
    expect(cards.first).to_be_focused()


def test_a_plot_that_needs_values_is_walked_to_with_its_example(tabs: Tabs, folder: Folder, root: str) -> None:
    folder.write(
        "alpha.py",
        "from plotd import plot\n\n@plot(example={'who': 'Ada & Co'})\ndef plot_alpha(who: str):\n    pass\n",
    )
    page = tabs.open("/plots/run")
    page.keyboard.press("k")
    expect(page).to_have_url(root + "/plots/alpha?who=Ada+%26+Co")


def test_dark_and_light_turn_on_every_page_and_stay(tabs: Tabs) -> None:
    page = tabs.open("/", color_scheme="light")
    assert theme(page) == "light dark"
    page.keyboard.press("d")
    assert theme(page) == "dark"
    page.goto(page.url + "plots/loss")
    assert theme(page) == "dark"
    page.locator("#theme").click()
    assert theme(page) == "light dark"


def test_a_plot_is_drawn_again_paused_and_put_on_the_whole_screen(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    drawn = folder.renders()
    page.keyboard.press("r")
    until(page, lambda: folder.renders() > drawn)
    is_state(page, "live")
    page.keyboard.press("p")
    is_state(page, "paused")
    page.keyboard.press("p")
    is_state(page, "live")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement?.matches('.stage')")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")


def test_the_picture_is_zoomed_by_keys(tabs: Tabs) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    for key in ("+", "="):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(r"_xlim"))
        is_state(page, "live")
    page.keyboard.press("-")
    is_state(page, "live")
    page.keyboard.press("0")
    expect(page).not_to_have_url(re.compile(r"_xlim"))


def test_keys_with_modifiers_are_the_browsers(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss")
    for key in ("Control+g", "Alt+d", "Meta+j"):
        page.keyboard.press(key)
    expect(page).to_have_url(daemon.url + "/plots/loss")
    assert theme(page) == "light dark"


def test_who_dictates_can_switch_them_off(tabs: Tabs, root: str) -> None:
    page = tabs.open("/plots/loss")
    page.keyboard.press("?")
    page.get_by_label("Keys of one letter are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.reload()
    page.keyboard.press("g")
    expect(page).to_have_url(root + "/plots/loss")
    page.locator("#keys").click()
    page.get_by_label("Keys of one letter are on").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("g")
    expect(page).to_have_url(root + "/")
