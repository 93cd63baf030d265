"""What can be taken away from a plot's page: files, addresses, a print, and what a pasted link shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import Folder, Tabs, is_state
from tests.conftest import Daemon

FILES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "csv": b"axes,series,x,y", "html": b"<!DOCTYPE html>"}
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    is_state(page, "live")
    page.locator("#take").click()
    return page


def copied(page: Page, kind: str) -> str:
    page.locator(f"[data-copy={kind}]").click()
    expect(page.locator("#taken")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.parametrize("ending", FILES)
def test_each_format_is_saved_under_the_name_of_the_plot(tabs: Tabs, ending: str, tmp_path: Path) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    page.get_by_label("Smooth").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator("[data-ending=png]")).to_have_attribute("href", "/plots/loss.png?smooth=3")
    page.locator("#take").click()
    with page.expect_download() as download:
        page.locator(f"[data-ending={ending}]").click()
    assert download.value.suggested_filename == f"loss.{ending}"
    file = tmp_path / "saved"
    download.value.save_as(file)
    assert file.read_bytes().startswith(FILES[ending])


def test_addresses_can_be_copied_as_others_write_them(tabs: Tabs, daemon: Daemon) -> None:
    page = opened(tabs.context(permissions=CLIPBOARD), daemon.url + "/plots/loss?smooth=2&log=1")
    picture, link = (f"{daemon.url}/plots/loss{ending}?smooth=2&log=1" for ending in (".png", ""))
    assert copied(page, "address") == picture
    assert copied(page, "link") == link
    assert copied(page, "markdown") == f"[![Loss]({picture})]({link})"
    assert copied(page, "html") == f'<img src="{picture.replace("&", "&amp;")}" alt="Loss">'
    assert re.fullmatch(r'<img src="data:image/png;base64,[\w+/=]{1000,}" alt="Loss">', copied(page, "inside"))


def test_a_title_is_no_markup_wherever_it_is_pasted(tabs: Tabs, daemon: Daemon, folder: Folder) -> None:
    folder.write(
        "odd.py",
        "from plotd import plot\nimport matplotlib.pyplot as plt\n\n"
        "@plot(title='a [b](c) \"<i>\\\\')\ndef plot_odd():\n    plt.plot([1, 2])\n",
    )
    page = opened(tabs.context(permissions=CLIPBOARD), daemon.url + "/plots/odd")
    assert copied(page, "markdown").startswith('[![a \\[b\\](c) "<i>\\\\](')
    html = copied(page, "html")
    alt = page.evaluate(
        "html => { const t = document.createElement('template'); t.innerHTML = html;"
        " return [t.content.children.length, t.content.firstChild.alt]; }",
        html,
    )
    assert alt == [1, 'a [b](c) "<i>\\']


def test_the_picture_itself_can_be_copied(tabs: Tabs, daemon: Daemon) -> None:
    page = opened(tabs.context(permissions=CLIPBOARD), daemon.url + "/plots/loss")
    page.locator("[data-copy=picture]").click()
    expect(page.locator("#taken")).to_have_text("Copied")
    width = page.evaluate(
        "async () => { const [item] = await navigator.clipboard.read();"
        " return (await createImageBitmap(await item.getType('image/png'))).width; }"
    )
    assert width == page.locator("img.live").evaluate("image => image.naturalWidth")


def test_where_pages_may_not_use_the_clipboard_text_is_copied_all_the_same(tabs: Tabs, daemon: Daemon) -> None:
    context = tabs.context(permissions=CLIPBOARD)
    reader = opened(context, daemon.url + "/plots/loss")
    context.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page = opened(context, daemon.url + "/plots/loss")
    page.locator("[data-copy=address]").click()
    expect(page.locator("#taken")).to_have_text("Copied")
    page.locator("[data-copy=picture]").click()
    expect(page.locator("#taken")).to_have_text("The browser didn't allow that")
    reader.bring_to_front()
    assert reader.evaluate("navigator.clipboard.readText()") == daemon.url + "/plots/loss.png"


def test_without_scripts_the_files_can_be_had(tabs: Tabs) -> None:
    page = tabs.open("/plots/loss", java_script_enabled=False)
    expect(page.locator("#takeaway")).to_be_hidden()
    page.locator("#take").click()
    for ending in FILES:
        expect(page.locator(f"[data-ending={ending}]")).to_be_visible()
    expect(page.locator("[data-copy=picture]")).to_be_hidden()


def test_a_link_that_is_pasted_shows_the_picture(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss?smooth=2")

    def told(name: str) -> str:
        return page.locator(f"meta[property='og:{name}']").get_attribute("content") or ""

    assert (told("title"), told("description")) == ("Loss", "Training loss per iteration.")
    assert told("url") == f"{daemon.url}/plots/loss?smooth=2"
    answer = page.request.get(told("image"))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")


def test_a_print_holds_picture_title_and_values_and_nothing_to_press(tabs: Tabs) -> None:
    page = tabs.open("/plots/loss?smooth=2", color_scheme="dark")
    is_state(page, "live")
    page.emulate_media(media="print")
    for seen in ("h1", "img.live", "[name=smooth]"):
        expect(page.locator(seen)).to_be_visible()
    for unseen in (".bar", "#take", "#pause"):
        expect(page.locator(unseen)).to_be_hidden()
    said = page.locator("#state .age").evaluate("age => getComputedStyle(age, '::after').content")
    assert re.search(r"\d:\d\d:\d\d", said), "when it was drawn, not only how long ago"
    ink, ground = page.locator("h1").evaluate(
        "title => [getComputedStyle(title).color, getComputedStyle(title).backgroundColor]"
    )
    assert (ink, ground) == ("rgb(28, 33, 39)", "rgba(0, 0, 0, 0)")
