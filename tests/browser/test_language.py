"""What goes wrong, told to a reader of Chinese; what an exception or a path says itself stays as it is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Folder, Tabs, is_state
from tests.conftest import Daemon, Serve

PLOTS = """
from typing import Annotated
import matplotlib.pyplot as plt
import pandas as pd
from pydantic import Field

def plot_rows(file_path="run.csv", smooth: Annotated[int, Field(ge=1)] = 1):
    data = pd.read_csv(file_path)
    if len(data) > 5:
        raise ValueError("expected 5, got more")
    plt.plot(data.loss)

def plot_nothing():
    pass
"""
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")


@pytest.fixture
def settings() -> dict[str, str]:
    return {}


@pytest.fixture
def daemon(serve: Serve, folder: Folder, settings: dict[str, str]) -> Daemon:
    folder.write("rows.py", PLOTS)
    return serve(folder.path, **settings)


@pytest.fixture
def expected_complaints() -> list[str]:
    """A browser complains of each answer that is an error."""
    return ["WebSocket is closed before the connection is established", "status of (400|401|404|500)"]


def has_no_english(page: Page, *but: str) -> None:
    """See that all that can be read is in Chinese, but for the names of parameters and those words."""
    text = page.evaluate("document.body.innerText")
    for words in ("File path", *but):
        text = text.replace(words, "")
    assert not ENGLISH.search(text), text


def test_an_error_in_the_form_is_told_in_chinese_typed_or_in_the_url(tabs: Tabs) -> None:
    page = tabs.open("/plots/rows", locale="zh-CN")
    is_state(page, "live")
    fault = page.locator("#field-smooth-fault")
    page.locator("#field-smooth").fill("0")
    page.keyboard.press("Enter")
    expect(fault).to_have_text("应为不小于 1 的数，收到 '0'")
    has_no_english(page)
    page.locator("#field-smooth").fill("1")
    page.locator("#field-file_path").fill("away.csv")
    page.keyboard.press("Enter")
    expect(page.locator("#field-file_path-fault")).to_contain_text("没有文件 'away.csv'")
    expect(page.locator("#trouble .message")).to_contain_text("file_path: 没有文件 'away.csv'")
    page.goto(f"{tabs.root}/plots/rows?smooth=0&x=1")
    expect(fault).to_have_text("应为不小于 1 的数，收到 '0'")
    expect(page.locator("#faults")).to_have_text(re.compile(r"x 没有这个参数; 最接近的是 '\w+'"))
    has_no_english(page)


def test_an_address_with_nothing_at_it_is_told_in_chinese(tabs: Tabs) -> None:
    page = tabs.open("/nowhere", locale="zh-CN")
    expect(page.locator("h1")).to_have_text("此地址没有内容")
    has_no_english(page)
    page.goto(f"{tabs.root}/plots/row")
    expect(page.locator("h1")).to_contain_text("没有名为 'row' 的图表; 最接近的有：'rows'")
    has_no_english(page)
    page.goto(f"{tabs.root}/plots/rows.png?smooth=x&_dpi=1")
    expect(page.locator("h1")).to_have_text("请求中有无法满足的内容")
    expect(page.locator("main li")).to_have_text(
        ["smooth: 应为整数，收到 'x'", "_dpi: 应为 10 到 600 之间的数，收到 '1'"]
    )
    has_no_english(page)


def test_a_plot_that_failed_is_told_in_chinese_beside_what_its_exception_says(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/rows", locale="zh-CN")
    is_state(page, "live")
    folder.append_loss(5, 40.0)
    is_state(page, "stale")
    said = "ValueError: expected 5, got more"
    for _ in range(2):
        expect(page.locator("#trouble h2")).to_have_text("上次绘制失败")
        expect(page.locator("#trouble .message")).to_have_text(said)
        expect(page.locator("#state .why")).to_have_text(said)
        has_no_english(page, said)
        page.reload()
        is_state(page, "stale")
    page.goto(f"{tabs.root}/plots/nothing")
    is_state(page, "failed")
    expect(page.locator("#trouble .message")).to_have_text("图表什么也没画：没有打开的图形，也没有返回图形")
    has_no_english(page)
    page.goto(f"{tabs.root}/plots/rows.png?smooth=2")
    expect(page.locator("h1")).to_have_text("上次绘制失败")
    expect(page.locator(".message")).to_have_text(said)


@pytest.mark.parametrize("settings", [{"PLOTD_AUTH__OPEN": "false"}])
def test_a_refusal_to_sign_in_is_told_in_chinese(tabs: Tabs) -> None:
    page = tabs.open("/", locale="zh-CN")
    expect(page.get_by_role("alert")).to_have_text("需要令牌：请登录，或发送 Authorization: Bearer TOKEN")
    page.get_by_label("令牌").fill("plotd_wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("该令牌无效：拼写有误、已被撤销或已过期")
    has_no_english(page, "plotd token add NAME")
