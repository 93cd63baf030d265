"""A real browser that shows a plot's page from the first to the last minute."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright
from tests.conftest import system_chromium
from tests.soak.viewers import Street

PLOT = "/plots/loss"


class Shown:
    """What *page* shows; *errors* are those that its scripts made."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def lags(self, words: str) -> list[str]:
        """Return what is wrong with what it shows: nothing if that is a picture whose alt text holds *words*."""
        alt = await self._page.locator("img.live").get_attribute("alt") or ""
        state = await self._page.locator("#state").get_attribute("data-state")
        right = state == "live" and words in alt
        return self.errors + ([] if right else [f"page: {state} {alt}, not {words}"])


@asynccontextmanager
async def shown(street: Street) -> AsyncIterator[Shown]:
    """Show a page until the block ends."""
    async with async_playwright() as playwright:
        flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # Chromium has none for root
        browser = await playwright.chromium.launch(executable_path=system_chromium(), args=flags)
        page = await browser.new_page()
        seen = Shown(page)
        await page.goto(f"http://127.0.0.1:{street.port}{PLOT}")
        yield seen
        await browser.close()
