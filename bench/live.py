"""Open pages in a real browser: how soon a row that is written is seen there, and what a change costs."""

from __future__ import annotations

import asyncio
import io
import math
import shutil
import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench import servers

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

PLOT = Path(__file__).with_name("plot_rows.py")
HEADER = "iteration,loss,precision,recall,f-score\n"
START_ROWS = 1000
PATIENCE_MS = 30_000
LOOK_MS = 100  # between looks at a page from outside: each frame would be too often, and slow down what is measured
OWN_SIZE = "/plots/rows?_width=640&_height=480"
TO_FIT = "/plots/rows"
# So wide that half of them show the picture at one width, and half at the next that pages ask for; neither is its own,
# at which it needn't be laid out a second time.
WINDOWS = [(width, 1000) for width in range(1080, 1400, 40)]
# Notes when another picture is on the screen: decoded, handed to a frame, and that frame done.
NOTE_PAINTED = """
() => {
  const image = document.querySelector("img.live");
  window.painted = [];
  const note = () => window.painted.push(Date.now());
  const shown = () => requestAnimationFrame(() => window.setTimeout(note));
  new MutationObserver(() => image.decode().then(shown)).observe(image, { attributeFilter: ["src"] });
}
"""
LIVE = "() => document.querySelector('#state').dataset.state === 'live'"
SHOWS = "rows => document.querySelector('img.live').alt.includes(`${rows} rows`)"
PAINTED = "count => window.painted.length >= count"


@dataclass(eq=False)
class Rows:
    """The data of the plot, which grows a row at a time."""

    file: Path
    count: int = START_ROWS

    def __post_init__(self) -> None:
        """Write the first of them."""
        self.file.write_text(HEADER + "".join(map(_row, range(self.count))))

    def append(self) -> float:
        """Append a row, and return when that was done, in seconds since the epoch."""
        with self.file.open("a") as file:
            file.write(_row(self.count))
        self.count += 1
        return time.time()


def _row(n: int) -> str:
    scores = ",".join(f"{1 - math.exp(-n / (200 + 40 * k)):.4f}" for k in range(3))
    return f"{n},{1000 / (1 + n / 50):.4f},{scores}\n"


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[tuple[servers.Server, Rows, Browser]]:
    """Serve the plot to a browser."""
    # Not before they are needed: a large process collects garbage slowly, while other measurements take its time.
    from playwright.async_api import async_playwright

    from tests.conftest import system_chromium

    shutil.copy(PLOT, folder)
    rows = Rows(folder / "log.csv")
    with servers.plotd(folder) as server:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=system_chromium(), args=["--disable-gpu"])
            yield server, rows, browser
            await browser.close()


async def open_page(browser: Browser, server: servers.Server, path: str, window: tuple[int, int]) -> Page:
    """Return a page that shows the plot, in a window and with a cache of its own."""
    context = await browser.new_context(viewport={"width": window[0], "height": window[1]})
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(f"http://127.0.0.1:{server.port}{path}")
    await page.wait_for_function(LIVE)
    return page


async def seen(pages: Sequence[Page], rows: Rows) -> None:
    """Wait until each page shows, and tells in words, a picture of all *rows*."""
    await asyncio.gather(*(page.wait_for_function(SHOWS, arg=rows.count, polling=LOOK_MS) for page in pages))


def row_to_screen(folder: Path, rows: int = 30) -> float:
    """Return the time from a row's being written until it is seen, less what reading and drawing it takes, in ms.

    The two take turns; the median of each.
    """
    return asyncio.run(_row_to_screen(folder, rows))


async def _row_to_screen(folder: Path, count: int, warm_up: int = 5) -> float:
    draw = bare(folder)
    waits_s, draws_s = [], []
    async with site(folder) as (server, rows, browser):
        page = await open_page(browser, server, OWN_SIZE, (1280, 900))
        await page.evaluate(NOTE_PAINTED)
        for n in range(1, warm_up + count + 1):
            written_s = rows.append()
            await seen([page], rows)
            await page.wait_for_function(PAINTED, arg=n, polling=LOOK_MS)
            painted_ms: list[float] = await page.evaluate("window.painted")
            assert len(painted_ms) == n, "more than one picture of a row"
            waits_s.append(painted_ms[-1] / 1000 - written_s)
            draws_s.append(draw())
    return 1000 * (statistics.median(waits_s[warm_up:]) - statistics.median(draws_s[warm_up:]))


def bare(folder: Path) -> Callable[[], float]:
    """Return what reads the rows, saves their figure as anyone would, and gives the seconds that this took."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    from bench.plot_rows import plot_rows

    def draw() -> float:
        start = time.perf_counter()
        figure = plot_rows(folder / "log.csv")
        figure.savefig(io.BytesIO(), format="png")
        spent_s = time.perf_counter() - start
        plt.close(figure)
        return spent_s

    return draw


def eight_windows(folder: Path) -> float:
    """Return the daemon's processor time per change with pages in 8 windows, of two picture sizes, against 1 page."""
    return asyncio.run(_eight_windows(folder))


async def _eight_windows(folder: Path, changes: int = 25, warm_up: int = 3) -> float:
    """Take turns between a daemon with one page and another with eight."""
    for name in ("one", "eight"):
        (folder / name).mkdir()
    async with site(folder / "one") as one, site(folder / "eight") as eight:
        sides = [
            (server, rows, [await open_page(browser, server, TO_FIT, window) for window in windows])
            for (server, rows, browser), windows in ((one, WINDOWS[:1]), (eight, WINDOWS))
        ]
        sizes = {await page.locator("img.live").get_attribute("width") for page in sides[1][2]}
        assert len(sizes) == 2, sizes
        spent_s = [0.0, 0.0]
        for n in range(-warm_up, changes):
            for which, (server, rows, pages) in enumerate(sides):
                before_s = processor_s(server)
                rows.append()
                await seen(pages, rows)
                spent_s[which] += processor_s(server) - before_s if n >= 0 else 0.0
    return spent_s[1] / spent_s[0]


def processor_s(server: servers.Server) -> float:
    """Return the processor seconds that *server* and its workers, those that ended too, have spent."""
    process = psutil.Process(server.pid)
    children = [child.cpu_times() for child in process.children(recursive=True)]
    return sum(t.user + t.system + t.children_user + t.children_system for t in (process.cpu_times(), *children))


@dataclass(eq=False)
class Traffic:
    """What the network brings to a page: messages of its socket, and answers, with their headers."""

    answers: int = 0
    pictures_bytes: int = 0
    all_bytes: int = 0
    _under_way: set[str] = field(default_factory=set)  # from now on; the browser's cache has none of them

    @classmethod
    async def to(cls, page: Page) -> Traffic:
        """Count from now on what comes to *page*."""
        traffic = cls()
        session = await page.context.new_cdp_session(page)
        session.on("Network.webSocketFrameReceived", traffic._message)
        session.on("Network.responseReceived", traffic._answer)
        session.on("Network.loadingFinished", traffic._end)
        await session.send("Network.enable")
        return traffic

    def _message(self, event: dict[str, Any]) -> None:
        self.all_bytes += len(event["response"]["payloadData"])

    def _answer(self, event: dict[str, Any]) -> None:
        response = event["response"]
        if response["fromDiskCache"]:
            return
        self._under_way.add(event["requestId"])
        self.answers += 1
        if response["mimeType"].startswith("image/"):
            self.pictures_bytes += int(response["headers"]["Content-Length"])

    def _end(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._under_way:
            self.all_bytes += event["encodedDataLength"]


def update_requests(folder: Path) -> float:
    """Return how many requests a page makes for an update: its picture, and that in words."""
    traffic, updates = asyncio.run(_traffic_of_updates(folder))
    return traffic.answers / updates


def update_bytes(folder: Path) -> float:
    """Return the bytes that bring an update to a page, headers and messages included, against its picture's."""
    traffic, _ = asyncio.run(_traffic_of_updates(folder))
    return traffic.all_bytes / traffic.pictures_bytes


async def _traffic_of_updates(folder: Path, updates: int = 20) -> tuple[Traffic, int]:
    async with site(folder) as (server, rows, browser):
        page = await open_page(browser, server, OWN_SIZE, (1280, 900))
        rows.append()
        await seen([page], rows)
        traffic = await Traffic.to(page)
        for _ in range(updates):
            rows.append()
            await seen([page], rows)
        return traffic, updates
