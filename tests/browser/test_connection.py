"""Pages whose daemon goes away and comes back, and pages that nobody looks at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from tests.browser.conftest import Folder, Tabs, etag, is_state, until, wait_for_another
from tests.conftest import Daemon, Serve

HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
REFUSED = [
    r"WebSocket connection to .* failed",
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    r"503 \(Service Unavailable\)",
]


def sent(page: Page) -> list[str]:
    """Return the list that fills with what the page's socket sends from its next load on."""
    frames: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(str(frame))))
    return frames


def test_a_page_tells_that_it_is_offline_and_catches_up_after_a_restart(
    tabs: Tabs, folder: Folder, daemon: Daemon, serve: Serve, expected_complaints: list[str]
) -> None:
    expected_complaints += REFUSED
    page, gallery = tabs.open("/plots/loss"), tabs.open("/")
    is_state(page, "live")
    is_state(gallery, "live")
    page.evaluate("window.marker = 1")
    shown, port = etag(page), daemon.port
    assert daemon.stop() == 0
    is_state(page, "offline")
    is_state(gallery, "offline")
    assert page.locator("img.live").evaluate("image => image.complete && image.naturalWidth > 0")
    expect(page.locator("#state .why")).to_have_text(re.compile(r"picture of \d.*, trying again"))
    expect(page.locator("#said")).to_have_text("Offline")
    expect(page).to_have_title("⚠ Loss – plotd")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:image/png"))
    folder.append_loss(5, 60.0)
    serve(folder.path, "--port", str(port))
    wait_for_another(page, shown)
    is_state(page, "live")
    is_state(gallery, "live")
    assert page.evaluate("window.marker") == 1
    expect(page.locator("#state .why")).to_be_empty()
    expect(page.locator("#said")).to_have_text("Live")
    expect(page).to_have_title("Loss – plotd")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("favicon.svg$"))


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_a_phone_has_room_for_the_time_of_the_last_good_picture(
    tabs: Tabs, daemon: Daemon, expected_complaints: list[str], locale: str
) -> None:
    expected_complaints += REFUSED
    page = tabs.open("/plots/loss", viewport={"width": 360, "height": 740}, locale=locale)
    is_state(page, "live")
    before = page.locator(".frame").bounding_box()
    assert daemon.stop() == 0
    is_state(page, "offline")
    room, time = page.locator("#state .why").evaluate(
        "element => { const text = element.firstChild, range = document.createRange();"
        " const [time] = /\\d+:\\d+:\\d+/.exec(text.data), at = text.data.indexOf(time);"
        " range.setStart(text, at); range.setEnd(text, at + time.length);"
        " return [element, range].map(one => one.getBoundingClientRect().toJSON()); }"
    )
    assert time["bottom"] <= room["bottom"] + 1
    assert time["right"] <= room["right"] + 1
    assert page.locator(".frame").bounding_box() == before


def test_the_tabs_icon_tells_of_trouble_though_it_can_not_be_fetched_again(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    page.route("**/favicon.svg", lambda route: route.abort())  # as after a day: no cache holds it any more
    folder.write("run.csv", "iteration\n1\n")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:image/png"))


def test_after_a_restart_nothing_is_fetched_that_did_not_change(
    tabs: Tabs, folder: Folder, daemon: Daemon, serve: Serve, expected_complaints: list[str]
) -> None:
    expected_complaints += REFUSED
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    port, drawn = daemon.port, folder.renders()
    daemon.stop()
    is_state(page, "offline")
    tabs.requests.clear()
    serve(folder.path, "--port", str(port))
    is_state(page, "live")
    assert not [url for url in tabs.requests if "loss.png" in url]
    assert folder.renders() == drawn


def test_a_hidden_page_costs_nothing_and_catches_up_when_it_is_shown(tabs: Tabs, folder: Folder) -> None:
    page = tabs.context().new_page()
    frames = sent(page)
    page.goto(tabs.root + "/plots/loss")
    is_state(page, "live")
    drawn, shown = folder.renders(), etag(page)
    page.evaluate(HIDE, True)
    is_state(page, "asleep")
    until(page, lambda: any("unwatch" in frame for frame in frames))
    other = tabs.open("/plots/run")
    is_state(other, "live")
    seen = etag(other)
    folder.append_loss(5, 60.0)
    wait_for_another(other, seen)
    assert folder.renders() == drawn
    page.evaluate(HIDE, False)
    wait_for_another(page, shown)
    assert folder.renders() == drawn + 1


def test_a_paused_page_stays_as_it_is_until_it_goes_on(tabs: Tabs, folder: Folder) -> None:
    page, other = tabs.open("/plots/loss"), tabs.open("/plots/loss")
    is_state(page, "live")
    is_state(other, "live")
    shown = etag(page)
    page.locator("#pause").click()
    is_state(page, "paused")
    expect(page.get_by_role("button", name="Pause", pressed=True)).to_be_visible()
    folder.append_loss(5, 60.0)
    newer = wait_for_another(other, shown)
    assert etag(page) == shown
    page.locator("#pause").click()
    assert wait_for_another(page, shown) == newer
    is_state(page, "live")


def test_what_a_paused_page_is_asked_for_it_shows_once(tabs: Tabs, folder: Folder) -> None:
    page, other = tabs.open("/plots/loss"), tabs.open("/plots/loss?smooth=2")
    is_state(page, "live")
    is_state(other, "live")
    page.locator("#pause").click()
    page.locator("#field-smooth").fill("2")
    page.keyboard.press("Enter")
    expect(page.locator("img.live")).to_have_attribute("src", re.compile("smooth=2&"))
    is_state(page, "paused")
    shown = etag(page)
    folder.append_loss(5, 60.0)
    wait_for_another(other, etag(other))
    assert etag(page) == shown


def test_thumbnails_out_of_view_are_not_watched(tabs: Tabs, folder: Folder) -> None:
    plots = "".join(f"def plot_n{i}():\n    plt.plot([{i}])\n" for i in range(12))
    folder.write("many.py", f"import matplotlib.pyplot as plt\n{plots}")
    page = tabs.context(viewport={"width": 400, "height": 400}).new_page()
    frames = sent(page)
    page.goto(tabs.root)
    expect(page.locator("li.tile[data-name='many/n0'] img.live")).to_have_attribute("src", re.compile("_etag="))
    page.locator("li.tile").last.scroll_into_view_if_needed()
    until(page, lambda: '{"unwatch":["/plots/n0.png"]}' in frames)


def test_a_silent_socket_is_given_up(tabs: Tabs, daemon: Daemon) -> None:
    context = tabs.context()
    page = context.new_page()
    page.clock.install()
    silent = {"on": False}

    def route(socket: object) -> None:
        server = socket.connect_to_server()  # type: ignore[attr-defined]
        server.on_message(lambda message: None if silent["on"] else socket.send(message))  # type: ignore[attr-defined]

    page.route_web_socket(re.compile("/live"), route)
    page.goto(daemon.url + "/plots/loss")
    is_state(page, "live")
    silent["on"] = True
    page.clock.fast_forward(20_000)
    page.clock.fast_forward(10_000)
    is_state(page, "offline")
    silent["on"] = False
    page.clock.fast_forward(30_000)
    is_state(page, "live")


def test_a_page_does_without_sockets_until_they_get_through(tabs: Tabs, folder: Folder) -> None:
    page = tabs.context().new_page()
    page.clock.install()
    refuses = [True]
    asked: list[str] = []
    said: list[str] = []

    def route(socket: WebSocketRoute) -> None:
        if refuses:
            socket.close()
            return
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            said.append(str(message))
            server.send(message)

        socket.on_message(pass_on)

    page.route_web_socket(re.compile("/live"), route)
    page.on("request", lambda request: asked.append(request.url) if "prefer" in request.headers else None)
    page.goto(tabs.root + "/plots/loss")
    until(page, lambda: len(asked) > 0)
    is_state(page, "live")
    refuses.clear()
    with page.expect_event("requestfailed", lambda request: "prefer" in request.headers):
        page.clock.fast_forward(120_000)
    assert '{"watch":["/plots/loss.png?_width=800&_scale=1"]}' in said
    asked.clear()
    shown = etag(page)
    folder.append_loss(5, 60.0)
    wait_for_another(page, shown)
    is_state(page, "live")
    assert not asked


def test_state_survives_leaving_and_coming_back(tabs: Tabs, folder: Folder, tmp_path: Path) -> None:
    page = tabs.open("/plots/loss?smooth=2")
    is_state(page, "live")
    shown = etag(page)
    page.get_by_role("link", name="All plots").click()
    is_state(page, "live")
    folder.append_loss(5, 60.0)
    page.go_back()
    wait_for_another(page, shown)
    is_state(page, "live")
    assert page.locator("#field-smooth").input_value() == "2"
