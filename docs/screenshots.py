"""Take README's pictures from the real thing: ``make screenshots``."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import pandas as pd
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.conftest import system_chromium

DOCS = Path(__file__).resolve().parent
GALLERY = DOCS.parent / "plots" / "gallery"
EXAMPLES = DOCS.parent / "examples" / "plots"
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
    with TemporaryDirectory() as folder:
        plots = shutil.copytree(EXAMPLES, Path(folder) / "plots", ignore=shutil.ignore_patterns("__pycache__"))
        write_runs(Path(folder) / "run")
        command: list[str | Path] = [Path(sys.executable).with_name("plotd"), "serve", "--port", "0", GALLERY, plots]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
        assert process.stdout is not None
        found = re.search(r"http://\S+:\d+", process.stdout.readline())
        try:
            if found is None:
                raise SystemExit("the daemon didn't start")
            yield found[0]
        finally:
            process.terminate()
            process.communicate()


def write_runs(folder: Path) -> None:
    """Write the training runs of the gallery's data as the trainer does: before ``make demo``, a checkout has none."""
    folder.mkdir()
    for name, run in pd.read_excel(GALLERY / "data" / "convergence.xlsx", sheet_name=None).items():
        run.to_csv(folder / f"{name}.csv", index=False)


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
    """Write each picture, in as few colours as look the same: that takes a third of the bytes."""
    with daemon() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_chromium(), chromium_sandbox=False)
        for name, (path, (width, height), scheme) in PAGES.items():
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(url + path)
            picture = take(page).convert("RGB").quantize(kmeans=2, dither=Image.Dither.NONE)
            picture.save(DOCS / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
