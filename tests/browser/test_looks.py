"""How pages look: by the reader's wishes, at every width, and without a single foreign word taken for markup."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Folder, Tabs, is_state
from tests.conftest import Daemon

PROBE = '<script>window.stolen = 1</script><img src=x onerror="window.stolen = 1">\'"&{{ 1 }}'


def background(page: Page, selector: str) -> str:
    return str(page.locator(selector).first.evaluate("element => getComputedStyle(element).backgroundColor"))


def brightness(color: str) -> float:
    red, green, blue = (int(part) for part in color[4:-1].split(",")[:3])
    return (red + green + blue) / 765


@pytest.mark.parametrize("path", ["/", "/plots/loss", "/nowhere"])
def test_dark_and_light_follow_the_readers_system(tabs: Tabs, path: str, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 404"]
    assert brightness(background(tabs.open(path, color_scheme="dark"), "body")) < 0.2
    assert brightness(background(tabs.open(path, color_scheme="light"), "body")) > 0.9


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 1920])
def test_no_page_is_wider_than_its_window(
    tabs: Tabs, folder: Folder, width: int, expected_complaints: list[str]
) -> None:
    expected_complaints += ["status of (400|404|500)"]
    folder.write(
        "wide.py",
        "import matplotlib.pyplot as plt\n"
        "def plot_a_name_that_goes_on_and_on_without_any_end_to_be_seen_anywhere(a_long_parameter_name_too: int = 1):\n"
        "    plt.figure(figsize=(25, 4))\n"
        "def plot_broken():\n    raise ValueError('x' * 300)\n",
    )
    name = "a_name_that_goes_on_and_on_without_any_end_to_be_seen_anywhere"
    for path in ("/", "/plots/loss", f"/plots/{name}", "/plots/broken", f"/plots/{name}?_width=1.5", "/nowhere"):
        page = tabs.open(path, viewport={"width": width, "height": 800})
        if path.startswith("/plots/loss"):
            is_state(page, "live")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path


def test_every_field_has_a_label(tabs: Tabs, folder: Folder) -> None:
    folder.write(
        "kinds.py",
        "from typing import Literal\nimport matplotlib.pyplot as plt\n"
        "def plot_kinds(a: int = 1, b: bool = False, c: Literal['x', 'y'] = 'x', d: list[str] = ['p']):\n"
        "    plt.plot([1])\n",
    )
    page = tabs.open("/plots/kinds")
    unlabelled = page.locator("input:not([type=hidden]), select").evaluate_all(
        "all => all.filter(field => !field.labels.length && !field.hasAttribute('aria-labelledby')).map(f => f.name)"
    )
    assert unlabelled == []


def test_words_from_anywhere_are_only_words(
    tabs: Tabs, folder: Folder, daemon: Daemon, expected_complaints: list[str]
) -> None:
    expected_complaints += ["status of (400|404|500)"]
    folder.write(
        "probe.py",
        "import matplotlib.pyplot as plt\nfrom plotd import plot\n"
        f"PROBE = {PROBE!r}\n"
        "@plot(title=PROBE, group=PROBE)\n"
        "def plot_probe(text: str = PROBE, number: int = 1):\n    plt.title('probe')\n"
        f"plot_probe.__doc__ = PROBE\n"
        "def plot_raises():\n    raise ValueError(PROBE)\n",
    )
    folder.write("<img src=x onerror=stolen=1>.py", f"raise ValueError({PROBE!r})\ndef plot_x(): pass\n")
    folder.write("<b>bold<b>.csv", f"a,{PROBE.split(',', maxsplit=1)[0]!r}\n1,2\n")
    word = "%3Cscript%3Ewindow.stolen%3D1%3C%2Fscript%3E%22%3E%3Cimg%20src%3Dx%20onerror%3Dstolen%3D1%3E"
    paths = (
        "/",
        f"/?q={word}",
        "/plots/probe",
        "/plots/raises",
        f"/plots/probe?text={word}&number={word}&{word}={word}",
    )
    for path in (*paths, f"/plots/{word}", f"/{word}", "/plots/probe.html", f"/plots/probe.png?number={word}"):
        page = tabs.open(path)
        page.wait_for_load_state("load")
        if path == "/plots/raises":
            expect(page.locator("#trouble .message")).to_contain_text("<script>")
        if path == "/plots/probe":
            is_state(page, "live")
            expect(page.locator("h1")).to_have_text(PROBE)
        assert page.evaluate("window.stolen") is None, path
        assert page.locator("script:not([src])").count() == 0, path
        assert page.locator("[onerror]").count() == 0, path


def test_a_single_file_page_needs_nothing_but_itself(tabs: Tabs, daemon: Daemon) -> None:
    page = tabs.open("/plots/loss.html?smooth=2")
    assert page.locator("img").evaluate("image => image.complete && image.naturalWidth") == 640
    assert page.locator("body").evaluate("body => getComputedStyle(body).maxWidth") == "1024px"
    assert tabs.requests == [daemon.url + "/plots/loss.html?smooth=2"] or all(
        url.startswith("data:") for url in tabs.requests[1:]
    )


def test_an_error_page_tells_what_and_leads_back(tabs: Tabs, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 404"]
    page = tabs.open("/plots/los")
    expect(page.locator("h1")).to_contain_text("There is no plot 'los'")
    expect(page.locator("main")).to_contain_text("unknown_plot")
    page.get_by_role("link", name="All plots").click()
    is_state(page, "live")
