"""Pages behind a real nginx, below a prefix: alive, also where it lets no websocket through."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import LOSS, Folder, Tabs, etag, is_state, until, wait_for_another
from tests.browser.test_connection import HIDE
from tests.browser.test_gallery import image, tile, wait_for_thumbnails
from tests.conftest import Daemon, Serve, StartNginx

PREFIX = "/shown/here"
BEHIND = {"PLOTD_LISTEN__TRUSTED_PROXIES": "127.0.0.1", "PLOTD_LISTEN__BASE_URL": PREFIX}
MOST = 4  # requests that a page lets wait at once
THUMBNAILS = 12
COUNT = """{
    const { fetch } = window;
    let now = 0;
    window.most = 0;
    window.fetch = (url, options = {}) => {
        if (options.method !== "HEAD") return fetch(url, options);
        const under_way = new Set([url]);
        const end = () => (now -= under_way.delete(url));
        now += 1;
        window.most = Math.max(window.most, now);
        options.signal.addEventListener("abort", end);
        return fetch(url, options).finally(end);
    };
}"""


@pytest.fixture
def settings() -> dict[str, str]:
    """What else the daemon is told."""
    return {}


@pytest.fixture
def daemon(serve: Serve, folder: Folder, settings: dict[str, str]) -> Daemon:
    """A daemon that knows of its proxy."""
    return serve(folder.path, **BEHIND, **settings)


@pytest.fixture(params=[False, True], ids=["sockets", "no sockets"])
def refuses(request: pytest.FixtureRequest, expected_complaints: list[str]) -> bool:
    """Whether the proxy refuses to pass on websockets."""
    refused: bool = request.param
    expected_complaints += [r"WebSocket connection to .* failed"] if refused else []
    return refused


@pytest.fixture
def root(daemon: Daemon, nginx: StartNginx, refuses: bool) -> str:
    """The address of the daemon at its proxy."""
    return nginx(daemon.port, PREFIX, refuse_upgrades=refuses).url + PREFIX


without_sockets = pytest.mark.parametrize("refuses", [True], ids=["no sockets"], indirect=True)


def waiting(page: Page) -> list[str]:
    """Return the list that fills with the requests of *page* that wait for a change."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "prefer" in request.headers else None)
    return sent


def test_a_page_follows_its_data_and_its_form(tabs: Tabs, folder: Folder, root: str) -> None:
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    shown = etag(page)
    folder.append_loss(5, 60.0)
    shown = wait_for_another(page, shown)
    page.locator("#field-smooth").fill("2")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{root}/plots/loss?smooth=2")
    shown = wait_for_another(page, shown)
    folder.append_loss(6, 60.0)
    wait_for_another(page, shown)
    is_state(page, "live")
    expect(page.locator("#address")).to_have_value(f"{root}/plots/loss.png?smooth=2")
    expect(page.locator("[data-ending=pdf]")).to_have_attribute("href", f"{PREFIX}/plots/loss.pdf?smooth=2")
    page.get_by_role("link", name="All plots").click()
    expect(page).to_have_url(f"{root}/")


def test_a_page_tells_of_failures_and_of_their_end(tabs: Tabs, folder: Folder, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of (404|500)"]
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    folder.write("run.csv", "iteration\n1\n")
    is_state(page, "stale")
    expect(page.locator("#trouble .message")).to_contain_text("AttributeError")
    expect(page.locator("img.live")).to_be_visible()
    folder.write_loss(9)
    is_state(page, "live")
    expect(page.locator("#trouble")).to_be_hidden()
    (folder.path / "training.py").unlink()
    is_state(page, "gone")
    folder.write("training.py", LOSS)
    is_state(page, "live")


def test_what_never_was_drawn_says_why(tabs: Tabs, folder: Folder, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of (400|500)"]
    folder.write("broken.py", "def plot_broken():\n    raise ValueError('no such column: 数据')\n")
    page = tabs.open("/plots/broken")
    is_state(page, "failed")
    expect(page.locator("#trouble .message")).to_contain_text("no such column: 数据")
    folder.write("broken.py", "import matplotlib.pyplot as plt\ndef plot_broken():\n    plt.plot([1, 2])\n")
    is_state(page, "live")
    page = tabs.open("/plots/loss?smooth=many")
    is_state(page, "waiting")
    expect(page.locator("#field-smooth-fault")).to_contain_text("expected a whole number")


def test_the_gallery_follows_its_plots_and_their_data(tabs: Tabs, folder: Folder) -> None:
    page = tabs.open("/")
    wait_for_thumbnails(page, "training/loss", "run")
    is_state(page, "live")
    shown = etag(page, image("training/loss"))
    folder.append_loss(5, 60.0)
    wait_for_another(page, shown, image("training/loss"))
    folder.write("more.py", "import matplotlib.pyplot as plt\ndef plot_more():\n    plt.plot([1])\n")
    expect(page.locator(tile("more/more"))).to_be_attached()
    wait_for_thumbnails(page, "more/more")


def test_a_page_is_offline_while_the_daemon_is_away(
    tabs: Tabs, folder: Folder, daemon: Daemon, serve: Serve, expected_complaints: list[str]
) -> None:
    expected_complaints += [r"WebSocket connection to .* failed", r"50[234] \("]
    page = tabs.open("/plots/loss")
    is_state(page, "live")
    shown, port = etag(page), daemon.port
    assert daemon.stop() == 0
    is_state(page, "offline")
    folder.append_loss(5, 60.0)
    serve(folder.path, "--port", str(port), **BEHIND)
    wait_for_another(page, shown)
    is_state(page, "live")


@without_sockets
def test_thumbnails_take_turns_at_waiting(tabs: Tabs, folder: Folder) -> None:
    reads = "plt.plot([float(open(Path(__file__).with_name('many.txt')).read())])"
    plots = "".join(f"def plot_n{i}():\n    {reads}\n" for i in range(THUMBNAILS))
    folder.write("many.txt", "1")
    folder.write("many.py", f"import matplotlib.pyplot as plt\nfrom pathlib import Path\n{plots}")
    page = tabs.context(viewport={"width": 1600, "height": 1600}).new_page()
    page.add_init_script(COUNT)
    page.goto(tabs.root + "/")
    names = [f"many/n{i}" for i in range(THUMBNAILS)]
    wait_for_thumbnails(page, *names)
    shown = {name: etag(page, image(name)) for name in names}
    folder.write("many.txt", "2")
    for name in names:
        wait_for_another(page, shown[name], image(name))
    assert 0 < page.evaluate("most") <= MOST


@pytest.mark.parametrize("settings", [{"PLOTD_LIVE__MAX_WAITERS": "1"}])
@without_sockets
def test_pages_beyond_the_room_for_waiting_ask_now_and_then(
    tabs: Tabs, folder: Folder, expected_complaints: list[str]
) -> None:
    expected_complaints += ["status of 503"]
    first, second = tabs.open("/plots/loss"), tabs.context().new_page()
    is_state(first, "live")
    with second.expect_response(lambda answer: answer.status == 503):
        second.goto(tabs.root + "/plots/loss")
    is_state(second, "live")
    shown = etag(second)
    folder.append_loss(5, 60.0)
    for page in (first, second):
        wait_for_another(page, shown)
        is_state(page, "live")


@without_sockets
def test_a_hidden_page_asks_for_nothing_and_catches_up(tabs: Tabs, folder: Folder) -> None:
    page = tabs.context().new_page()
    asked = waiting(page)
    page.goto(tabs.root + "/plots/loss")
    is_state(page, "live")
    until(page, lambda: len(asked) > 0)
    shown = etag(page)
    with page.expect_event("requestfailed", lambda request: "prefer" in request.headers):
        page.evaluate(HIDE, True)
    drawn = folder.renders()
    folder.append_loss(5, 60.0)
    other = tabs.open("/plots/run")
    is_state(other, "live")
    assert folder.renders() == drawn
    page.evaluate(HIDE, False)
    wait_for_another(page, shown)
    is_state(page, "live")
