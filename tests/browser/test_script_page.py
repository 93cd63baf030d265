"""What the page of a plot says of where it is drawn, and of what it printed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Folder, Tabs, etag, is_state, wait_for_another
from tests.conftest import Daemon, Serve

SCRIPT = """
\"\"\"Counts rows.\"\"\"
import matplotlib.pyplot as plt
import pandas as pd

data = pd.read_csv("run.csv")
print(f"<b>{len(data)}</b> rows")
if len(data) > 8:
    raise ValueError("too many")
plt.plot(data.loss)
plt.show()
"""
FUNCTION = """
import sys
import warnings
import matplotlib.pyplot as plt
import pandas as pd

def plot_rows():
    data = pd.read_csv("run.csv")
    print(f"<b>{len(data)}</b> rows")
    if len(data) > 6:
        sys.stderr.write("giving up\\n")
        raise ValueError("too many")
    warnings.warn("few rows")
    plt.plot(data.loss)
"""
HANGS = """
def plot_hangs():
    while True:
        pass
"""


@pytest.fixture
def daemon(serve: Serve, folder: Folder) -> Daemon:
    folder.write("count.py", SCRIPT)
    folder.write("hangs.py", HANGS)
    folder.write("rows.py", FUNCTION.replace('"run.csv"', f'"{folder.path}/run.csv"'))
    return serve(folder.path, PLOTD_RENDER__TIMEOUT_S="5")


def test_the_output_of_a_script_is_folded_away_and_follows_the_picture(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/count")
    is_state(page, "live")
    expect(page.locator("#place")).to_contain_text("it is a script")
    expect(page.locator("#output pre")).to_be_hidden()
    page.locator("#output summary").click()
    expect(page.locator("#output pre")).to_have_text("<b>5</b> rows\n")
    before = etag(page)
    folder.append_loss(5, 40.0)
    wait_for_another(page, before)
    expect(page.locator("#output pre")).to_have_text("<b>6</b> rows\n")
    assert [url for url in tabs.requests if "count.json" in url]


def test_the_output_of_a_function_is_unfolded_beside_its_picture_and_beside_its_failure(
    tabs: Tabs, folder: Folder, daemon: Daemon
) -> None:
    page = tabs.open("/plots/rows")
    is_state(page, "live")
    output = page.locator("#output pre")
    expect(output).to_be_hidden()
    page.locator("#output summary").click()
    expect(output).to_contain_text("<b>5</b> rows\n")
    expect(output).to_contain_text("UserWarning: few rows")
    before = etag(page)
    folder.append_loss(5, 40.0)
    wait_for_another(page, before)
    expect(output).to_contain_text("<b>6</b> rows\n")
    for n in (7, 8):
        folder.append_loss(n - 1, 40.0)
        is_state(page, "stale")
        expect(output).to_have_text(f"<b>{n}</b> rows\ngiving up\n")
        expect(page.locator("#trouble .message")).to_have_text("ValueError: too many")
        assert etag(page) != before, "the last good picture is still there"
    page.reload()
    is_state(page, "stale")
    page.locator("#output summary").click()
    expect(output).to_have_text("<b>8</b> rows\ngiving up\n")
    folder.write_loss(3)
    is_state(page, "live")
    expect(output).to_contain_text("<b>3</b> rows\n")
    assert "<b>" not in "".join(daemon.printed)
    assert not [line for line in daemon.stderr.splitlines() if not line.startswith("time=")]


def test_nobody_asks_for_output_that_nobody_looks_at(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/count")
    is_state(page, "live")
    before = etag(page)
    folder.append_loss(5, 40.0)
    wait_for_another(page, before)
    is_state(page, "live")
    assert not [url for url in tabs.requests if "count.json" in url]


def test_a_page_says_that_its_plot_was_moved_without_a_reload(tabs: Tabs, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 50[04]"]
    page = tabs.open("/plots/hangs")
    expect(page.locator("#place")).to_be_hidden()
    is_state(page, "failed")
    expect(page.locator("#trouble h2")).to_have_text("The last render took too long")
    expect(page.locator("#place")).to_contain_text("in a thread of the daemon it ran over its time")
