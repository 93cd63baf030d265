"""A live picture in a bare ``<img>``, on a page that runs no script."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page
from tests.browser.conftest import PATIENCE_S, Folder, Tabs
from tests.conftest import Daemon

BARE = "<!DOCTYPE html><title>Bare</title><style>body { margin: 0 }</style><img src='/plots/loss.stream?_width=400'>"


@pytest.fixture
def bare(tabs: Tabs, daemon: Daemon) -> Page:
    """Somebody's own page on the same host, with nothing but the picture in it."""
    page = tabs.context(java_script_enabled=False, viewport={"width": 400, "height": 300}).new_page()
    page.route("**/bare.html", lambda route: route.fulfill(body=BARE, content_type="text/html"))
    page.goto(f"{daemon.url}/bare.html", wait_until="commit")
    return page


def wait_until_it_shows(page: Page, picture: bytes) -> None:
    """Wait until the whole page looks like *picture*."""
    wanted = Image.open(io.BytesIO(picture)).convert("RGB")
    for _ in range(PATIENCE_S * 10):
        shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        if shown.size == wanted.size and ImageChops.difference(shown, wanted).getbbox() is None:
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never showed that picture")


def test_a_stream_changes_in_a_bare_img_without_any_script(
    bare: Page, tabs: Tabs, folder: Folder, daemon: Daemon
) -> None:
    def picture() -> bytes:
        return bare.request.get(f"{daemon.url}/plots/loss.png?_width=400").body()

    first = picture()
    wait_until_it_shows(bare, first)
    for loss in (60.0, 5.0):
        folder.append_loss(5, loss)
        second = picture()
        assert second != first
        wait_until_it_shows(bare, second)
        first = second
    assert len([url for url in tabs.requests if "loss.stream" in url]) == 1
    assert folder.renders() == 3
