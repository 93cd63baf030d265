"""That everybody can use the pages: judged by axe-core and Lighthouse, by keyboard, in the reader's language."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect
from tests.browser.conftest import Folder, Tabs, is_state
from tests.conftest import Daemon, system_chromium

NODE = Path(sys.prefix) / "bin" / "node"
TOOLS = Path(sys.prefix) / "scripts" / "node_modules"  # `make test` installs both
BROKEN = """
import matplotlib.pyplot as plt

def plot_broken(times: int = 1):
    print("so far so good")
    raise ValueError("no column 损失")
"""
THEMES = ["light", "dark"]
GOOD = 0.95
MADE_OF = ("document", "stylesheet", "script")
MOST_BYTES = 100_000  # of a page, its pictures apart
HAN = re.compile("[\u4e00-\u9fff]")
NAMES = {"kB", "✕", "⠿"}  # what reads the same in every language
# Reached by these steps: where to go, and what must be seen then.
STATES = {
    "gallery": ("/", "#state[data-state=live]"),
    "table": ("/?view=table", "table"),
    "search without a hit": ("/?q=nothing", "#count"),
    "plot": ("/plots/loss", "#state[data-state=live]"),
    "form errors": ("/plots/loss?smooth=x&log=maybe", "[aria-invalid=true]"),
    "failed": ("/plots/broken", "#state[data-state=failed]"),
    "wall": ("/wall?p=loss.png&p=broken.png&p=unknown.png&cols=2", "main img.live"),
    "error": ("/nowhere", "h1"),
}


@pytest.fixture(autouse=True)
def _complaints(expected_complaints: list[str]) -> None:
    expected_complaints += ["status of (400|404|500)"]  # some of the pages are such ones themselves


@pytest.fixture(autouse=True)
def _broken(folder: Folder) -> None:
    folder.write("broken.py", BROKEN)
    folder.write("unreadable.py", "def plot_(:\n")


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the page as it is now."""
    page.evaluate((TOOLS / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(tabs: Tabs, theme: Any, state: str) -> None:
    path, seen = STATES[state]
    page = tabs.open(path, color_scheme=theme)
    expect(page.locator(seen).first).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_while_the_daemon_is_away(
    tabs: Tabs, daemon: Daemon, theme: Any, expected_complaints: list[str]
) -> None:
    expected_complaints += ["ERR_CONNECTION", "WebSocket connection", "status of 503"]
    pages = [tabs.open(path, color_scheme=theme) for path in ("/", "/plots/loss")]
    for page in pages:
        is_state(page, "live")
    daemon.stop()
    for page in pages:
        is_state(page, "offline")
        assert violations(page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_what_opens_above_a_page(tabs: Tabs, theme: Any) -> None:
    page = tabs.open("/plots/loss", color_scheme=theme)
    is_state(page, "live")
    page.locator("#take").click()
    expect(page.locator("#takeaway")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("path", ["/", "/plots/loss", "/wall?p=loss.png"])
def test_lighthouse_is_content(tabs: Tabs, daemon: Daemon, chromium: Browser, path: str, tmp_path: Path) -> None:
    is_state(tabs.open(path), "live")  # the pictures are drawn: what is judged is the page
    flags = "--headless=new --disable-gpu" + (" --no-sandbox" if os.geteuid() == 0 else "")
    subprocess.run(
        [
            NODE,
            TOOLS / "lighthouse" / "cli" / "index.js",
            daemon.url + path,
            "--only-categories=performance,accessibility,best-practices",
            "--preset=desktop",
            "--quiet",
            "--no-enable-error-reporting",
            "--output=json",
            f"--output-path={tmp_path / 'report.json'}",
            f"--chrome-flags={flags}",
        ],
        env={**os.environ, "CHROME_PATH": system_chromium() or chromium.browser_type.executable_path},
        check=True,
    )
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    scores = {name: category["score"] for name, category in report["categories"].items()}
    wrong = [audit["title"] for audit in report["audits"].values() if audit.get("score") == 0]
    assert all(score >= GOOD for score in scores.values()), (scores, wrong)


@pytest.mark.parametrize("path", ["/", "/plots/loss", "/wall?p=loss.png"])
def test_a_page_is_light_and_says_at_once_which_scripts_it_takes(tabs: Tabs, daemon: Daemon, path: str) -> None:
    page = tabs.context().new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - playwright looks into it
    page.goto(daemon.url + path)
    is_state(page, "live")
    made_of = {one.url: len(one.body()) for one in answers if one.request.resource_type in MADE_OF}
    assert len(made_of) > 10
    assert sum(made_of.values()) < MOST_BYTES
    told = page.locator("link[rel=modulepreload], script[src]").evaluate_all("all => all.map(e => e.href || e.src)")
    assert {url for url in made_of if url.endswith(".js")} == set(told)


@pytest.mark.parametrize("path", ["/", "/?view=table", "/plots/loss", "/wall?p=loss.png"])
def test_whatever_has_the_focus_shows_it(tabs: Tabs, path: str) -> None:
    page = tabs.open(path)
    is_state(page, "live")
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        place, outline = page.evaluate(
            "() => { const e = document.activeElement; if (e === document.body) return ['', ''];"
            " const card = e.closest('.tile, .cell') ?? e;"  # a link may fill its card
            " const styles = [getComputedStyle(e), getComputedStyle(e, '::after'), getComputedStyle(card)];"
            " return [e.outerHTML.slice(0, 120), styles.map(s => s.outlineStyle).find(o => o !== 'none')]; }"
        )
        if place == "":
            break
        seen.add(place)
        assert outline, place
    assert len(seen) > 4


@pytest.mark.parametrize("path", ["/", "/plots/loss", "/wall?p=loss.png"])
def test_nothing_moves_for_who_wants_no_motion(tabs: Tabs, path: str) -> None:
    page = tabs.open(path, reduced_motion="reduce")
    is_state(page, "live")
    moving = page.evaluate(
        "() => [...document.querySelectorAll('*')]"
        ".flatMap(e => ['', '::before', '::after'].map(part => getComputedStyle(e, part)))"
        ".filter(s => s.animationName !== 'none' || s.transitionDuration.split(',').some(d => parseFloat(d) > 0))"
        ".length"
    )
    assert moving == 0


@pytest.mark.parametrize("path", ["/", "/?view=table", "/plots/loss", "/plots/broken", "/wall?p=loss.png", "/nowhere"])
def test_whoever_reads_chinese_is_addressed_in_it(tabs: Tabs, path: str) -> None:
    page = tabs.open(path, locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    if path != "/nowhere":
        expect(page.locator("#state .word")).to_have_text(HAN)
    told = page.locator(
        ":is(button, nav a, nav span, summary, thead th, #form .hint a, [aria-label]):visible"
    ).evaluate_all("all => all.map(e => e.getAttribute('aria-label') ?? e.innerText)")
    assert len(told) >= 2
    assert [text for text in told if text and not HAN.search(text) and text not in NAMES] == []
