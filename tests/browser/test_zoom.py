"""Looking closer at a picture: what pixels mean, and hands that drag, turn a wheel, pinch and point."""

from __future__ import annotations

import math
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect
from tests.browser.conftest import Folder, Tabs, etag, is_state, until, wait_for_another

PLOTS = """
from pathlib import Path
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "run.csv"

def plot_line():
    rows = len(pd.read_csv(DATA))
    with open(DATA.parent.parent / "line.count", "a") as count:
        print("drawn", file=count)
    axes = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8), xlim=(0, 100), ylim=(0, 10), xlabel="time / s", title=rows)
    axes.plot([10, 50, 90], [1, 5, 9], label="rise, slowly")

def plot_twins():
    axes = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8), xlim=(100, 0), ylim=(0, 10), ylabel="volts")
    other = axes.twinx()
    other.set(ylim=(1, 10000), yscale="log", ylabel="count")

def plot_pair():
    figure = plt.figure()
    upper = figure.add_axes((0.1, 0.6, 0.8, 0.3))
    lower = figure.add_axes((0.1, 0.1, 0.8, 0.3), sharex=upper, xlim=(0, 100), ylim=(0, 1))

def plot_days():
    days = pd.date_range("2024-01-01", "2024-01-11", freq="D")
    axes = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8), xlim=(days[0], days[-1]), ylim=(0, 10))
    axes.plot(days, np.arange(11), label="walk")

def plot_visits():
    plt.bar(["Mon", "Tue", "Wed"], [3, 5, 2], label="visits")

def plot_map():
    axes = plt.figure().add_axes((0, 0, 1, 1))
    axes.imshow(np.arange(12).reshape(3, 4), aspect="equal")

def plot_dial():
    plt.subplot(projection="polar").plot([0, 1, 2], [1, 2, 3])

def plot_many():
    plt.plot(np.random.default_rng(1).random(200_000), label="noise")
"""


@pytest.fixture(autouse=True)
def _plots(folder: Folder) -> None:
    folder.write("zoomed.py", PLOTS)


def told(page: Page) -> Any:
    """Return what the daemon tells of the picture that the page shows."""
    source = page.locator("img.live").get_attribute("src") or ""
    return page.evaluate("url => fetch(url).then(answer => answer.json())", re.sub(r"\.png", ".json", source))


def limits(page: Page, letter: str = "x", number: int = 0) -> tuple[float, float]:
    """Return the limits of an axes in the picture that the page shows."""
    low, high = told(page)["axes"][number][f"{letter}lim"]
    return low, high


def view(page: Page) -> dict[str, list[float | str]]:
    """Return the words of the page's address that limit axes."""
    words = parse_qs(urlsplit(page.url).query)
    named = {name: found[0].split(",") for name, found in words.items() if re.match("_[xy]lim", name)}
    return {name: [end if "T" in end else float(end) for end in ends] for name, ends in named.items()}


def at(page: Page, across: float, up: float, number: int = 0) -> tuple[float, float]:
    """Return the place in the window that lies so far across and up an axes: 0, 0 is its lower left corner."""
    described, box = told(page), page.locator("img.live").bounding_box()
    assert box
    left, top, right, bottom = described["axes"][number]["box"]
    scale = box["width"] / described["last_render"]["size"]["width"]
    return box["x"] + (left + across * (right - left)) * scale, box["y"] + (bottom - up * (bottom - top)) * scale


def open_ready(tabs: Tabs, path: str, **options: Any) -> Page:
    """Open the page of a plot, and point at it until it knows what its pixels mean."""
    page = tabs.open(path, **options)
    is_state(page, "live")
    middle = at(page, 0.5, 0.5)
    with page.expect_response(re.compile(r"\.json")):
        page.mouse.move(*middle)
    return page


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
    page.mouse.move(*start)
    page.mouse.down(button=button)
    page.mouse.move(*end, steps=4)
    page.mouse.up(button=button)


def is_drawn(page: Page) -> None:
    """Wait until the picture is the one that the page's address means, seen as it is."""
    page.wait_for_function(
        "() => { const limits = url => [...new URL(url, location.href).searchParams].filter(([name]) =>"
        " /^_[xy]lim/.test(name)).sort().join(); const image = document.querySelector('img.live');"
        " const preview = document.querySelector('.preview');"
        " return limits(image.src) === limits(location.href) && (!preview || preview.hidden); }"
    )


SCALES = [
    ("'linear'", -3, 7, 5.5),
    ("'linear'", 7, -3, 5.5),
    ("'log', base=2", 1e-6, 1e9, 250),
    ("'symlog', linthresh=2, linscale=0.5, base=3", -100, 50, -30),
    ("'symlog'", -1000, 1000, 1.5),
    ("'logit'", 0.001, 0.999, 0.9),
    ("'asinh', linear_width=3", -100, 1000, 40),
]


def test_pixels_turn_into_data_and_back_on_every_scale(tabs: Tabs, folder: Folder) -> None:
    for number, (scale, low, high, point) in enumerate(SCALES):
        folder.write(
            f"scaled{number}.py",
            f"import matplotlib.pyplot as plt\ndef plot_scaled{number}():\n"
            f"    axes = plt.figure().add_axes((0.2, 0.2, 0.7, 0.6))\n    axes.set_yscale({scale})\n"
            f"    axes.set(xlim=(0, 1), ylim=({low}, {high}))\n"
            f"    axes.plot([0.25], [{point}], 's', color='red', mew=0)\n",
        )
    page = tabs.open("/")
    for number, (scale, _, _, point) in enumerate(SCALES):
        pixel, red, back, middle = page.evaluate(
            """async ([plot, point]) => {
                const { Chart } = await import("/static/axes.js");
                const chart = new Chart((await (await fetch(`${plot}.json`)).json()).axes).all[0];
                const image = await createImageBitmap(await (await fetch(`${plot}.png`)).blob());
                const canvas = new OffscreenCanvas(image.width, image.height);
                canvas.getContext("2d").drawImage(image, 0, 0);
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                const red = [];
                for (let i = 0; i < data.length; i += 4) {
                    if (data[i] === 255 && data[i + 1] === 0 && data[i + 2] === 0) red.push(i / 4);
                }
                const mean = numbers => numbers.reduce((one, other) => one + other, 0) / numbers.length + 0.5;
                const found = [mean(red.map(i => i % canvas.width)), mean(red.map(i => Math.floor(i / canvas.width)))];
                const pixel = chart.pixel(0.25, point);
                return [pixel, found, chart.y.at(chart.shares(pixel)[1]), chart.y.share(chart.y.at(0.5))];
            }""",
            [f"/plots/scaled{number}", point],
        )
        assert pixel == pytest.approx(red, abs=1.25), scale
        assert back == pytest.approx(point), scale
        assert middle == pytest.approx(0.5), scale


def test_as_many_digits_are_said_as_a_pixel_can_tell(tabs: Tabs) -> None:
    page = tabs.open("/")
    for value, step, said in (
        (12.3456789, 0.03, "12.35"),
        (0.05, 0.001, "0.050"),
        (-0.00001, 0.001, "0"),
        (123456.7, 40, "123460"),
        (2.5e-9, 1e-11, "2.50e-9"),
        (6.02e23, 1e21, "6.02e23"),
        (0, 0.1, "0.0"),
    ):
        rounded = "async ([value, step]) => (await import('/static/axes.js')).rounded(value, step)"
        assert page.evaluate(rounded, [value, step]) == said


def test_the_cursor_says_where_it_is_on_all_axes_of_twins(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/twins")
    page.mouse.move(*at(page, 0.25, 0.5))
    readout = page.locator(".readout")
    expect(readout.locator("dt")).to_have_text(["x", "volts", "count"])
    x, volts, count = (float(text) for text in readout.locator("dd").all_inner_texts())
    assert x == pytest.approx(75, abs=0.3), "it runs backwards"
    assert volts == pytest.approx(5, abs=0.03)
    assert math.log10(count) == pytest.approx(2, abs=0.02)
    assert readout.get_attribute("aria-hidden") == "true"
    page.mouse.move(5, 5)
    expect(readout).to_be_hidden()


def test_who_rests_on_the_picture_before_its_script_is_there_is_told_all_the_same(tabs: Tabs) -> None:
    page = tabs.open("/plots/line")
    is_state(page, "live")
    held: list[Route] = []
    page.route("**/lens.js", lambda route: held.append(route))  # noqa: PLW0108 - playwright looks into it
    page.mouse.move(*at(page, 0.2, 0.5))
    until(page, lambda: bool(held))
    page.mouse.move(*at(page, 0.5, 0.8))
    held.pop().continue_()
    expect(page.locator(".readout dd").first).to_have_text(re.compile(r"^(50|49\.9|50\.)"))


def test_a_drag_that_begins_before_its_script_is_there_zooms_all_the_same(tabs: Tabs) -> None:
    page = tabs.open("/plots/line")
    is_state(page, "live")
    held: list[Route] = []
    page.route("**/lens.js", lambda route: held.append(route))  # noqa: PLW0108 - playwright looks into it
    page.mouse.move(*at(page, 0.2, 0.2))
    until(page, lambda: bool(held))
    page.mouse.down()
    page.mouse.move(*at(page, 0.4, 0.4), steps=4)
    held.pop().continue_()

    def is_followed() -> bool:
        page.mouse.move(*at(page, 0.5, 0.5))
        page.mouse.move(*at(page, 0.6, 0.6))
        return page.locator(".band").is_visible()

    until(page, is_followed)
    page.mouse.up()
    page.wait_for_url(re.compile("_xlim"))
    is_drawn(page)
    assert limits(page) == pytest.approx((20, 60), abs=1)


def test_the_cursor_says_dates_and_the_names_of_categories(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/days")
    page.mouse.move(*at(page, 0.35, 0.8))
    expect(page.locator(".readout dd").first).to_have_text(re.compile(r"^Jan 4, 2024, 1[12]:\d\d$"))
    page = open_ready(tabs, "/plots/visits")
    page.mouse.move(*at(page, 0.5, 0.2))
    expect(page.locator(".readout dd").first).to_have_text("Tue")
    expect(page.locator(".readout .series")).to_have_text("visits")
    expect(page.locator(".readout dd").last).to_have_text("5")


def test_a_touched_line_names_its_series_and_the_nearest_point(tabs: Tabs, folder: Folder) -> None:
    page = open_ready(tabs, "/plots/line")
    page.mouse.move(*at(page, 0.3, 0.8))
    expect(page.locator(".readout")).to_be_visible()
    assert not any(".csv" in url for url in tabs.requests), "nobody stayed there"
    with page.expect_response(re.compile(r"\.csv")):
        page.mouse.move(*at(page, 0.3, 0.81))
    expect(page.locator(".readout .series")).to_have_count(0)
    page.mouse.move(*at(page, 0.48, 0.485))
    expect(page.locator(".readout .series")).to_have_text("rise, slowly")
    assert page.locator(".readout dd").all_inner_texts()[-2:] == ["50", "5"]
    page.mouse.move(*at(page, 0.65, 0.65))  # on the line, far from its points
    expect(page.locator(".readout .series")).to_have_text("rise, slowly")
    expect(page.locator(".ring")).to_be_visible()
    assert sum(".csv" in url for url in tabs.requests) == 1
    page.mouse.move(5, 5)
    shown = etag(page)
    folder.append_loss(5, 1.0)
    wait_for_another(page, shown)
    assert sum(".csv" in url for url in tabs.requests) == 1, "nobody points at it"


def test_numbers_too_many_to_tell_apart_are_left_where_they_are(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/many")
    page.clock.install()
    assert told(page)["last_render"]["rows"] == 200_000
    page.mouse.move(*at(page, 0.5, 0.51))
    expect(page.locator(".readout")).to_be_visible()
    page.clock.fast_forward(1000)
    page.mouse.move(*at(page, 0.5, 0.52))
    assert not any(".csv" in url for url in tabs.requests)


def test_a_box_that_is_dragged_is_seen_at_full_size_and_back_leads_back(tabs: Tabs, folder: Folder) -> None:
    page = open_ready(tabs, "/plots/line")
    drawn = folder.renders("line")
    drag(page, at(page, 0.2, 0.7), at(page, 0.6, 0.3))
    is_drawn(page)
    assert folder.renders("line") == drawn + 1
    assert limits(page) == pytest.approx((20, 60), abs=0.3)
    assert limits(page, "y") == pytest.approx((3, 7), abs=0.03)
    assert view(page) == {"_xlim": pytest.approx([20, 60], abs=0.3), "_ylim": pytest.approx([3, 7], abs=0.03)}
    assert all(len(str(end)) < 9 for ends in view(page).values() for end in ends), "digits that nobody can see"
    page.go_back()
    is_drawn(page)
    assert limits(page) == (0, 100)
    expect(page.get_by_role("button", name="Reset view")).to_be_hidden()


def test_a_narrow_box_or_shift_or_the_edge_of_an_axis_mean_one_direction(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/line")
    drag(page, at(page, 0.2, 0.5), at(page, 0.6, 0.505))
    is_drawn(page)
    assert view(page) == {"_xlim": pytest.approx([20, 60], abs=0.3)}
    page.keyboard.down("Shift")
    drag(page, at(page, 0.2, 0.25), at(page, 0.3, 0.75))
    page.keyboard.up("Shift")
    page.wait_for_url(re.compile("_ylim"))
    is_drawn(page)
    assert view(page)["_xlim"] == pytest.approx([20, 60], abs=0.3)
    assert view(page)["_ylim"] == pytest.approx([2.5, 7.5], abs=0.05)
    before = view(page)
    left, middle = at(page, 0, 0.5)
    page.mouse.move(left - 15, middle)
    page.mouse.wheel(0, -200)
    page.wait_for_function(
        "old => location.search !== old", arg=urlsplit(page.url).query and "?" + urlsplit(page.url).query
    )
    is_drawn(page)
    assert view(page)["_xlim"] == before["_xlim"]
    assert view(page)["_ylim"] != before["_ylim"]


def test_the_wheel_zooms_around_the_point_under_it_in_one_step_of_the_history(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/line")
    length = page.evaluate("history.length")
    page.mouse.move(*at(page, 0.25, 0.5))
    for _ in range(3):
        page.mouse.wheel(0, -120)
    page.wait_for_url(re.compile("_xlim"))
    is_drawn(page)
    low, high = limits(page)
    assert high - low < 70
    assert low + 0.25 * (high - low) == pytest.approx(25, abs=0.3)
    assert page.evaluate("history.length") == length + 1
    page.mouse.dblclick(*at(page, 0.5, 0.5))
    page.wait_for_url(re.compile(r"line$"))
    is_drawn(page)
    assert limits(page) == (0, 100)


def test_dragging_with_the_right_button_pans(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/twins")
    page.evaluate("addEventListener('contextmenu', event => (window.menu = !event.defaultPrevented))")
    drag(page, at(page, 0.5, 0.5), at(page, 0.6, 0.75), "right")
    is_drawn(page)
    assert limits(page) == pytest.approx((110, 10), abs=0.4), "it runs backwards"
    assert limits(page, "y") == pytest.approx((-2.5, 7.5), abs=0.05)
    assert [math.log10(end) for end in limits(page, "y", 1)] == pytest.approx([-1, 3], abs=0.02)
    assert set(view(page)) == {"_xlim", "_ylim", "_ylim.1"}, "twins share their x axis"
    assert page.evaluate("window.menu") is False


def test_a_drag_that_is_given_up_changes_nothing(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/line")
    page.mouse.move(*at(page, 0.2, 0.7))
    page.mouse.down()
    page.mouse.move(*at(page, 0.6, 0.3), steps=3)
    expect(page.locator(".band")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".band")).to_be_hidden()
    page.mouse.up()
    page.mouse.click(*at(page, 0.5, 0.5))
    assert view(page) == {}


def test_axes_that_share_one_get_one_word_for_it(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/pair?_xlim.1=20,80")
    drag(page, at(page, 0.5, 0.5, 1), at(page, 1, 0.51, 1))
    page.wait_for_url(re.compile(r"_xlim="))
    is_drawn(page)
    assert view(page) == {"_xlim": pytest.approx([50, 80], abs=0.3)}
    assert limits(page, "x", 0) == limits(page, "x", 1) == pytest.approx((50, 80), abs=0.3)


def test_arrows_move_a_closer_look_and_scroll_the_page_else(tabs: Tabs) -> None:
    page = tabs.open("/plots/line?_xlim=20,60", viewport={"width": 400, "height": 400})
    is_state(page, "live")
    page.locator(".frame").focus()
    scrolled = page.evaluate("window.scrollY")  # a focus brings what has it into sight
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("_xlim=2[34]"))
    is_drawn(page)
    assert limits(page) == pytest.approx((24, 64), abs=0.3)
    assert page.evaluate("window.scrollY") == scrolled
    page.get_by_role("button", name="Reset view").click()
    is_drawn(page)
    page.locator(".frame").focus()
    scrolled = page.evaluate("window.scrollY")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("before => window.scrollY > before", arg=scrolled)
    assert view(page) == {}


def test_dates_are_zoomed_in_dates(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/days")
    drag(page, at(page, 0.2, 0.5), at(page, 0.7, 0.5))
    is_drawn(page)
    low, high = view(page)["_xlim"]
    assert re.match("2024-01-0[23]T", str(low))
    assert re.match("2024-01-0[78]T", str(high))
    first, last = told(page)["axes"][0]["xdates"]
    assert (first[:19], last[:19]) == (low, high)


def test_a_picture_keeps_its_shape_where_that_was_fixed(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/map")
    box = told(page)["axes"][0]["box"]
    drag(page, at(page, 0.4, 0.6), at(page, 0.6, 0.55))
    is_drawn(page)
    assert set(view(page)) == {"_xlim", "_ylim"}
    assert told(page)["axes"][0]["box"] == pytest.approx(box, abs=1)


def test_a_scaled_copy_stands_there_until_the_picture_does(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/line")
    held: list[Route] = []
    page.route(re.compile(r"line\.png.*_xlim"), lambda route: route.continue_() if held else held.append(route))
    before = page.locator("img.live").get_attribute("src")
    page.mouse.move(*at(page, 0.5, 0.5))
    page.mouse.wheel(0, -400)
    preview = page.locator(".preview")
    expect(preview).to_be_visible()
    until(page, lambda: len(held) == 1)
    expect(preview).to_be_visible()
    assert page.locator("img.live").get_attribute("src") == before
    middle, corner = preview.evaluate(
        """canvas => {
            const blank = new OffscreenCanvas(canvas.width, canvas.height);
            const copy = blank.getContext("2d", { willReadFrequently: true });
            copy.drawImage(canvas, 0, 0);
            return [[0.52, 0.5], [0.01, 0.01]].map(([x, y]) =>
                [...copy.getImageData(canvas.width * x, canvas.height * y, 1, 1).data]);
        }"""
    )
    assert middle[3] == 255, "there is something to be seen"
    assert corner == [0, 0, 0, 0], "what is around the axes stays"
    held[0].continue_()
    page.wait_for_function("() => document.querySelector('img.live').src.includes('_xlim')")
    expect(preview).to_be_hidden()


def test_live_updates_keep_the_view_and_every_viewer_has_their_own(tabs: Tabs, folder: Folder) -> None:
    page, other = open_ready(tabs, "/plots/line"), tabs.open("/plots/line")
    is_state(other, "live")
    drag(page, at(page, 0.2, 0.7), at(page, 0.6, 0.3))
    is_drawn(page)
    shown, theirs, seen = etag(page), etag(other), view(page)
    folder.append_loss(5, 1.0)
    wait_for_another(page, shown)
    wait_for_another(other, theirs)
    is_drawn(page)
    assert view(page) == seen
    assert limits(page) == pytest.approx((20, 60), abs=0.3)
    assert view(other) == {}
    assert limits(other) == (0, 100)
    page.reload()
    is_state(page, "live")
    assert limits(page) == pytest.approx((20, 60), abs=0.3)


@pytest.mark.parametrize(("width", "density"), [(360, 3), (1920, 1)])
def test_a_box_means_the_same_at_every_size(tabs: Tabs, width: int, density: float) -> None:
    size: Any = {"width": width, "height": 900}
    page = open_ready(tabs, "/plots/line", viewport=size, device_scale_factor=density)
    drag(page, at(page, 0.2, 0.7), at(page, 0.6, 0.3))
    is_drawn(page)
    assert limits(page) == pytest.approx((20, 60), abs=0.4)


def touch(session: CDPSession, kind: str, *places: tuple[float, float]) -> None:
    points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_two_fingers_pinch_and_pan_and_one_scrolls_the_page(tabs: Tabs) -> None:
    page = tabs.open("/plots/line", viewport={"width": 400, "height": 500}, has_touch=True)
    is_state(page, "live")
    session = page.context.new_cdp_session(page)
    with page.expect_response(re.compile(r"\.json")):
        page.touchscreen.tap(*at(page, 0.5, 0.9))
    expect(page.locator(".readout")).to_be_visible()
    touch(session, "touchStart", at(page, 0.4, 0.5), at(page, 0.6, 0.5))
    for step in (0.05, 0.1):
        touch(session, "touchMove", at(page, 0.4 - step, 0.5), at(page, 0.6 + step, 0.5))
    touch(session, "touchEnd")
    page.wait_for_url(re.compile("_xlim"))
    is_drawn(page)
    assert limits(page) == pytest.approx((25, 75), abs=1)
    touch(session, "touchStart", at(page, 0.4, 0.5), at(page, 0.6, 0.5))
    for step in (0.1, 0.2):
        touch(session, "touchMove", at(page, 0.4 + step, 0.5), at(page, 0.6 + step, 0.5))
    old = page.url
    touch(session, "touchEnd")
    page.wait_for_url(lambda url: url != old)
    is_drawn(page)
    assert limits(page) == pytest.approx((15, 65), abs=1)
    assert page.evaluate("window.scrollY") == 0
    start = at(page, 0.5, 0.5)
    touch(session, "touchStart", start)
    for step in range(1, 6):
        touch(session, "touchMove", (start[0], start[1] - 20 * step))
    touch(session, "touchEnd")
    page.wait_for_function("() => window.scrollY > 0")


def test_what_has_no_flat_axes_is_left_alone(tabs: Tabs) -> None:
    page = open_ready(tabs, "/plots/dial")
    drag(page, at(page, 0.2, 0.7), at(page, 0.6, 0.3))
    page.mouse.dblclick(*at(page, 0.5, 0.5))
    expect(page.locator(".readout")).to_be_hidden()
    assert view(page) == {}


def test_a_view_that_can_not_be_drawn_can_be_left(tabs: Tabs, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 400"]
    page = tabs.open("/plots/line?_xlim.7=1,2")
    is_state(page, "waiting")
    page.get_by_role("button", name="Reset view").click()
    is_state(page, "live")
    assert view(page) == {}
    assert limits(page) == (0, 100)
