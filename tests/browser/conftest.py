"""Pages of a real daemon in a real browser: whatever they complain of, or load from elsewhere, fails the test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, expect
from tests.conftest import Daemon, Serve

PATIENCE_S = 30
# The render's count goes to a file that it only writes: that never triggers a redraw.
LOSS = """
from pathlib import Path
import matplotlib.pyplot as plt
import pandas as pd

def plot_loss(file_path="run.csv", smooth: int = 1, log: bool = False):
    \"\"\"Training loss per iteration.\"\"\"
    with open(Path(__file__).parent.parent / "loss.count", "a") as count:
        print("drawn", file=count)
    data = pd.read_csv(file_path)
    plt.plot(data.iteration, data.loss.rolling(smooth).mean())
    plt.title(f"{len(data)} rows")
"""


@dataclass(eq=False)
class Folder:
    """The plots of a test: what is served."""

    path: Path

    def write(self, name: str, text: str) -> Path:
        """Write a file, whole."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.new")
        new.write_text(text, encoding="utf-8")
        return new.replace(file)

    def write_loss(self, rows: int) -> None:
        """Write the data of the loss plot."""
        self.write("run.csv", "iteration,loss\n" + "".join(f"{i},{100 / (i + 1)}\n" for i in range(rows)))

    def append_loss(self, iteration: int, loss: float) -> None:
        """Append one row to it, as a training run does."""
        with (self.path / "run.csv").open("a") as file:
            file.write(f"{iteration},{loss}\n")

    def renders(self, plot: str = "loss") -> int:
        """Return how often a plot that counts was drawn."""
        count = self.path.parent / f"{plot}.count"
        return len(count.read_text().splitlines()) if count.exists() else 0


@dataclass(eq=False)
class Tabs:
    """The pages that a test opened, and all that went wrong in them."""

    chromium: Browser
    root: str
    expected: list[str]
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def context(self, **options: Any) -> BrowserContext:
        """Return a fresh browser, as it were."""
        context = self.chromium.new_context(**options)
        context.set_default_timeout(PATIENCE_S * 1000)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("request", self._asked)
        context.on("dialog", self._interrupted)
        self.contexts.append(context)
        return context

    def open(self, path: str, **options: Any) -> Page:
        """Open a page in a browser of its own."""
        page = self.context(**options).new_page()
        page.goto(self.root + path)
        return page

    def close(self) -> None:
        """Close all pages, and say what they complained of."""
        for context in self.contexts:
            context.close()
        unexpected = [line for line in self.complaints if not any(re.search(p, line) for p in self.expected)]
        assert not unexpected
        elsewhere = [url for url in self.requests if not url.startswith((self.root + "/", "data:"))]
        assert not elsewhere, "a page asked for what is not the daemon's"

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _interrupted(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with the loss plot and five rows of data."""
    made = Folder(tmp_path / "plots")
    made.write("training.py", LOSS)
    made.write_loss(5)
    return made


@pytest.fixture
def daemon(serve: Serve, folder: Folder) -> Daemon:
    """A daemon that serves the folder."""
    return serve(folder.path)


@pytest.fixture
def expected_complaints() -> list[str]:
    """Regular expressions for what pages may say to the console in a test."""
    return ["WebSocket is closed before the connection is established"]  # said when a page is left that early


@pytest.fixture
def root(daemon: Daemon) -> str:
    """The address below which all of the daemon is found, without a slash at its end."""
    return daemon.url


@pytest.fixture
def tabs(chromium: Browser, root: str, expected_complaints: list[str]) -> Iterator[Tabs]:
    """Open pages of the daemon."""
    opened = Tabs(chromium, root, expected_complaints)
    yield opened
    opened.close()


def is_state(page: Page, state: str) -> None:
    """Wait until the page says that it is in that *state*."""
    expect(page.locator("#state")).to_have_attribute("data-state", state)


def etag(page: Page, selector: str = "img.live") -> str:
    """Return the etag of the picture that the page shows."""
    source = page.locator(selector).first.get_attribute("src") or ""
    found = re.search(r"_etag=(\w+)", source)
    assert found, source
    return found[1]


def wait_for_another(page: Page, old: str, selector: str = "img.live") -> str:
    """Wait until the page shows another picture than that with the etag *old*, and return the new one's."""
    page.wait_for_function(
        "([selector, old]) => { const image = document.querySelector(selector);"
        " return image.complete && image.naturalWidth > 0 && !image.src.includes(old); }",
        arg=[selector, old],
    )
    return etag(page, selector)


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds, while the page goes on."""
    page.wait_for_function("() => new Promise(done => requestAnimationFrame(() => done(true)))")
    for _ in range(PATIENCE_S * 60):
        if condition():
            return
        page.evaluate("() => new Promise(done => requestAnimationFrame(done))")
    raise AssertionError("it never came")
