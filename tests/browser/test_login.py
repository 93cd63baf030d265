"""Signing in: the login page in a browser, what comes after it, and what a page does that is let in no longer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Folder, Tabs, is_state
from tests.browser.test_everyone import THEMES, violations
from tests.conftest import Daemon, Serve

from service import tokens
from service.access import new_token

KEPT_OUT = [r"401 \(Unauthorized\)", r"WebSocket connection to .* failed"]


@pytest.fixture
def state(daemon_environment: dict[str, str]) -> Path:
    """The folder in which the daemon keeps its state."""
    return Path(daemon_environment["XDG_STATE_HOME"]) / "plotd"


@pytest.fixture
def token(state: Path) -> str:
    """The token of anna, who may look."""
    return tokens.add(state, new_token("anna", ("view",), ("*",), None))


@pytest.fixture
def daemon(serve: Serve, folder: Folder) -> Daemon:
    """A daemon that lets in nobody without a token."""
    return serve(folder.path, PLOTD_AUTH__OPEN="false")


@pytest.fixture
def expected_complaints() -> list[str]:
    """A browser complains of each answer that is an error."""
    return ["WebSocket is closed before the connection is established", *KEPT_OUT]


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_one_signs_in_sees_all_and_signs_out(tabs: Tabs, token: str) -> None:
    page = tabs.open("/plots/loss?smooth=2")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Token")).to_be_focused()
    sign_in(page, "plotd_wrong")
    expect(page.get_by_role("alert")).to_contain_text("doesn't hold")
    sign_in(page, token)
    expect(page).to_have_url(re.compile(r"/plots/loss\?smooth=2$"))
    is_state(page, "live")
    expect(page.locator("img.live")).to_be_visible()
    page.get_by_role("link", name="anna").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{tabs.root}/plots/loss")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_the_page_to_sign_in_at_is_for_everybody_and_needs_no_other_file(
    tabs: Tabs, daemon: Daemon, theme: Any
) -> None:
    page = tabs.open("/", color_scheme=theme)
    assert page.locator(".brand img").evaluate("image => image.complete && image.naturalWidth > 0")
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    assert not [url for url in tabs.requests if "/static/" in url]
    page = tabs.open("/", color_scheme=theme, bypass_csp=True)  # axe-core is no script of ours
    assert violations(page) == []


def test_it_takes_no_script_to_sign_in(tabs: Tabs, token: str) -> None:
    page = tabs.open("/", java_script_enabled=False)
    sign_in(page, token)
    expect(page.get_by_role("link", name="Loss")).to_be_visible()


def test_a_link_with_a_token_leaves_none_of_it_in_the_address(tabs: Tabs, token: str) -> None:
    page = tabs.open(f"/plots/loss?_token={token}")
    expect(page).to_have_url(re.compile(r"/plots/loss$"))
    is_state(page, "live")
    assert token not in page.content()
    assert page.evaluate("document.cookie") == ""


def test_a_page_whose_token_is_revoked_asks_to_sign_in_again(tabs: Tabs, token: str, state: Path) -> None:
    page = tabs.open(f"/plots/loss?_token={token}")
    is_state(page, "live")
    tokens.revoke(state, "anna")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, tokens.add(state, new_token("bob", ("view",), ("loss",), None)))
    expect(page).to_have_url(re.compile(r"/plots/loss$"))
    is_state(page, "live")
