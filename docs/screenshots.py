"""Take README's pictures from the real thing: ``make screenshots``."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.conftest import system_chromium

DOCS = Path(__file__).resolve().parent
SERVED = ("plots/gallery", "examples/plots")
CONVERGENCE = "convergence/convergence"
WALL = (
    "daylight/daylight.png",
    "lissajous.png?b=5",
    f"{CONVERGENCE}.png?file_path=data/convergence.csv",
    "data/daylight.png",
)
# By the picture's name: the page, the window's size, light or dark.
PAGES = {
    "gallery": ("/?sort=name", (1280, 800), "light"),
    "plot": ("/plots/daylight/daylight", (1280, 800), "light"),
    "wall": ("/wall?" + urlencode([("p", name) for name in WALL]) + "&cols=2", (1280, 800), "dark"),
}


@contextmanager
def daemon() -> Iterator[str]:
    """Serve the examples on a free port, and yield the address."""
    command = [Path(sys.executable).with_name("plotd"), "serve", "--port", "0", *SERVED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=DOCS.parent) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        found = re.search(r"http://\S+:\d+", process.stdout.readline())
        try:
            if found is None:
                raise SystemExit("the daemon didn't start")
            yield found[0]
        finally:
            process.terminate()


def take(page: Page) -> Image.Image:
    """Return the page as it looks once all pictures in sight are there."""
    expect(page.locator("#state")).to_have_attribute("data-state", "live", timeout=60_000)
    page.wait_for_function(
        "() => [...document.querySelectorAll('img.live')]"
        ".filter(image => image.parentElement.getBoundingClientRect().top < innerHeight)"
        ".every(image => image.complete && image.naturalWidth > 0 && image.checkVisibility())",
        timeout=60_000,
    )
    return Image.open(io.BytesIO(page.screenshot()))


def main() -> None:
    """Write each picture."""
    with daemon() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_chromium(), chromium_sandbox=False)
        for name, (path, (width, height), scheme) in PAGES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(url + path)
            take(page).convert("RGB").save(DOCS / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
