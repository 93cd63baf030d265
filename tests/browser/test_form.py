"""The form of a plot, in a real browser: the URL holds what it says."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.browser.conftest import Folder, Tabs, etag, is_state, wait_for_another
from tests.conftest import Daemon


def test_a_change_in_the_form_is_in_the_url_and_the_back_button_restores_it(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    first = etag(page)
    page.locator("#field-smooth").fill("3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(daemon.url + "/plots/loss?smooth=3")
    second = wait_for_another(page, first)
    page.locator("#field-log").check()
    expect(page).to_have_url(daemon.url + "/plots/loss?smooth=3&log=1")
    third = wait_for_another(page, second)
    page.go_back()
    assert wait_for_another(page, third) == second
    assert page.locator("#field-smooth").input_value() == "3"
    assert not page.locator("#field-log").is_checked()
    page.go_back()
    assert wait_for_another(page, second) == first
    assert page.locator("#field-smooth").input_value() == "1"
    page.go_forward()
    assert wait_for_another(page, first) == second
    expect(page.locator("#address")).to_have_value(daemon.url + "/plots/loss.png?smooth=3")
    expect(page.locator("a[data-ending=svg]")).to_have_attribute("href", "/plots/loss.svg?smooth=3")


def test_a_url_can_be_shared(tabs: Tabs) -> None:
    page = tabs.open("/plots/loss?smooth=3&log=on&_width=400")
    is_state(page, "live")
    assert page.locator("#field-smooth").input_value() == "3"
    assert page.locator("#field-log").is_checked()
    assert page.locator("#field-_width").input_value() == "400"
    assert page.locator("img.live").evaluate("image => image.naturalWidth") == 400


def test_a_field_emptied_means_its_default(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss?smooth=3")
    is_state(page, "live")
    page.locator("#field-smooth").fill("")
    page.keyboard.press("Enter")
    expect(page).to_have_url(daemon.url + "/plots/loss")
    expect(page.locator("#field-smooth")).to_have_value("1")


def test_of_many_changes_only_the_newest_is_shown_at_last(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    for smooth in (2, 3, 4, 5):
        page.locator("#field-smooth").fill(str(smooth))
        page.locator("#field-smooth").dispatch_event("change")
    expect(page.locator("img.live")).to_have_attribute("src", re.compile(r"smooth=5&_width="))
    is_state(page, "live")
    expect(page).to_have_url(daemon.url + "/plots/loss?smooth=5")


def test_errors_stand_beside_their_fields_with_the_words_as_typed(tabs: Tabs, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 400"]
    page = tabs.open("/plots/loss?smooth=many&colour=red")
    expect(page.locator("#field-smooth-fault")).to_contain_text("expected a whole number")
    assert page.locator("#field-smooth").input_value() == "many"
    assert page.locator("#field-smooth").get_attribute("aria-invalid") == "true"
    expect(page.locator("#faults")).to_contain_text("colour")
    is_state(page, "waiting")


def test_a_bad_word_typed_is_told_beside_its_field_and_the_last_picture_stays(
    tabs: Tabs, expected_complaints: list[str]
) -> None:
    expected_complaints += ["status of 400"]
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    shown = etag(page)
    page.locator("#field-file_path").fill("../../etc/passwd")
    page.keyboard.press("Enter")
    expect(page.locator("#field-file_path-fault")).to_contain_text("outside the data roots")
    assert etag(page) == shown
    page.locator("#field-file_path").fill("run.csv")
    page.keyboard.press("Enter")
    expect(page.locator("#field-file_path-fault")).to_be_hidden()
    is_state(page, "live")


def test_an_error_in_a_folded_part_of_the_form_unfolds_it(tabs: Tabs, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 400"]
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    expect(page.locator("#field-_dpi")).to_be_hidden()
    page.locator("summary", has_text="Size").click()
    page.locator("#field-_dpi").fill("9999")
    page.keyboard.press("Enter")
    page.locator("summary", has_text="Size").click()
    expect(page.locator("#field-_dpi-fault")).to_contain_text("from 10 to 600")


def test_options_without_a_field_of_their_own_survive_a_change_of_the_form(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/loss?_theme=dark&_ylim=0,50")
    is_state(page, "live")
    page.locator("#field-smooth").fill("2")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("smooth=2.*_theme=dark.*_ylim=0%2C50"))
    is_state(page, "live")
    page.locator("#field-_ylim").fill("")
    page.locator("#field-_theme").select_option("")
    expect(page).to_have_url(re.compile("smooth=2$"))
    is_state(page, "live")


def test_a_missing_file_is_told_beside_its_field(tabs: Tabs, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 404"]
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    page.locator("#field-file_path").fill("nowhere.csv")
    page.keyboard.press("Enter")
    expect(page.locator("#field-file_path-fault")).to_contain_text("nowhere.csv")


def test_a_path_field_lists_the_data_files(tabs: Tabs, folder: Folder) -> None:
    folder.write("more/other.csv", "a,b\n1,2\n")
    page = tabs.open("/plots/loss")
    expect(page.locator("#data-files option[value='more/other.csv']")).to_have_count(1)
    assert page.locator("#field-file_path").get_attribute("list") == "data-files"


def test_required_parameters_are_asked_for(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    folder.write(
        "greeting.py",
        "from plotd import plot\nimport matplotlib.pyplot as plt\n"
        "@plot(example={'who': 'Ada'})\ndef plot_greeting(who: str):\n    plt.title(who)\n",
    )
    page = tabs.open("/plots/greeting")
    expect(page.locator("#note")).to_have_text("Fill in “Who” to see this plot.")
    page.locator("#field-who").fill("Grace")
    page.keyboard.press("Enter")
    is_state(page, "live")
    expect(page).to_have_url(daemon.url + "/plots/greeting?who=Grace")
    page.go_back()
    page.get_by_text("Show the example").click()
    expect(page).to_have_url(daemon.url + "/plots/greeting?who=Ada")
    is_state(page, "live")


def test_lists_grow_and_shrink_by_their_last_row(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    folder.write(
        "lists.py",
        "import matplotlib.pyplot as plt\n"
        "def plot_lists(names: list[str] = ['a', 'b']):\n    plt.title(' '.join(names))\n",
    )
    page = tabs.open("/plots/lists")
    is_state(page, "live")
    rows = page.locator("[data-name=names] input")
    expect(rows).to_have_count(3)
    rows.nth(2).fill("c")
    expect(rows).to_have_count(4)
    page.keyboard.press("Enter")
    expect(page).to_have_url(daemon.url + "/plots/lists?names=a&names=b&names=c")
    for row in range(3):
        rows.nth(row).fill("")
    page.keyboard.press("Enter")
    expect(page).to_have_url(daemon.url + "/plots/lists?names=")
    is_state(page, "live")
    page.go_back()
    page.go_back()
    page.go_back()
    expect(rows).to_have_count(4)


SLIDER = """
from pathlib import Path
from typing import Annotated
import time
import matplotlib.pyplot as plt
from pydantic import Field

def note(word):
    with open(Path(__file__).parent.parent / "slider.count", "a") as count:
        print(word, file=count)

def plot_slider(level: Annotated[int, Field(ge=0, le=100)] = 0):
    note("begun")
    time.sleep(0.1)
    plt.title(level)
    note("done")
"""


def test_a_slider_redraws_while_it_is_dragged_one_picture_at_a_time(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    folder.write("slider.py", SLIDER)
    page = tabs.open("/plots/slider")
    is_state(page, "live")
    steps = page.evaluate("history.length")
    box = page.locator("#field-level").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    image = page.locator("img.live")
    for percent in range(1, 100):
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * percent / 100, y)
        if percent == 50:  # pictures come while it is held
            expect(image).to_have_attribute("src", re.compile(r"level=(4\d|50)&"))
    page.mouse.up()
    level = page.locator("#field-level").input_value()
    expect(image).to_have_attribute("src", re.compile(rf"level={level}&"))
    is_state(page, "live")
    expect(page).to_have_url(f"{daemon.url}/plots/slider?level={level}")
    notes = (folder.path.parent / "slider.count").read_text().split()
    assert notes == ["begun", "done"] * (len(notes) // 2), "two were drawn at once"
    assert len(notes) // 2 < 60, "what was passed over is not drawn"
    assert page.evaluate("history.length") == steps + 1
    page.go_back()
    expect(page.locator("#field-level")).to_have_value("0")
    expect(image).not_to_have_attribute("src", re.compile("level="))


TIMES = """
from datetime import date, datetime
import matplotlib.pyplot as plt

def plot_times(since: datetime | None = None, day: date = date(2026, 1, 2)):
    plt.title(f"{since} {day}")
"""


def test_a_date_is_picked_or_told_from_now(tabs: Tabs, folder: Folder, daemon: Daemon) -> None:
    folder.write("times.py", TIMES)
    page = tabs.open("/plots/times")
    is_state(page, "live")
    since, beside = page.locator("#field-since"), page.locator("[data-name=since] select")
    assert since.get_attribute("type") == "datetime-local"
    beside.select_option("now-6h")
    expect(page).to_have_url(daemon.url + "/plots/times?since=now-6h")
    expect(since).to_have_value("now-6h")
    expect(beside).to_have_value("text")
    is_state(page, "live")
    since.fill("monday+8h")
    page.keyboard.press("Enter")
    expect(page).to_have_url(daemon.url + "/plots/times?since=monday%2B8h")
    beside.select_option("datetime-local")
    assert since.get_attribute("type") == "datetime-local"
    since.fill("2026-03-04T05:06")
    since.press("Enter")
    expect(page).to_have_url(daemon.url + "/plots/times?since=2026-03-04T05%3A06")
    is_state(page, "live")
    page.go_back()
    expect(since).to_have_value("monday+8h")
    page.locator("#field-day").fill("2026-02-03")
    expect(page).to_have_url(daemon.url + "/plots/times?since=monday%2B8h&day=2026-02-03")


def test_a_relative_date_of_the_url_is_in_the_form(tabs: Tabs, folder: Folder) -> None:
    folder.write("times.py", TIMES)
    page = tabs.open("/plots/times?day=yesterday")
    is_state(page, "live")
    expect(page.locator("#field-day")).to_have_value("yesterday")
    expect(page.locator("[data-name=day] select")).to_have_value("text")


def test_limits_of_axes_have_fields_as_long_as_there_are_any(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss?_xlim=0,3&_ylim.0=1,20")
    is_state(page, "live")
    page.get_by_text("Size and look").click()
    page.get_by_label("x limits").fill("1,4")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("_xlim=1%2C4"))
    page.get_by_label("y limits").fill("")
    page.keyboard.press("Enter")
    expect(page).to_have_url(daemon.url + "/plots/loss?_xlim=1%2C4")
    is_state(page, "live")
    page.go_back()
    expect(page.get_by_label("y limits")).to_have_value("1,20")
    page.go_back()
    expect(page.get_by_label("x limits")).to_have_value("0,3")
