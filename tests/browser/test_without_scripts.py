"""Pages in a browser that runs no scripts: the main thing works all the same."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.browser.conftest import Folder, Tabs
from tests.conftest import Daemon


def plain(tabs: Tabs, path: str) -> Page:
    return tabs.open(path, java_script_enabled=False)


def refresh_of(page: Page) -> str | None:
    return page.locator("meta[http-equiv=refresh]").get_attribute("content")


def test_the_gallery_shows_pictures_that_lead_to_their_pages(tabs: Tabs, daemon: Daemon) -> None:
    page = plain(tabs, "/")
    expect(page.locator(".tile img:visible")).to_have_count(2)
    expect(page.locator("#state")).to_be_hidden()
    page.get_by_role("link", name="Loss").click()
    expect(page).to_have_url(daemon.url + "/plots/loss")


def test_the_search_works_by_its_url(tabs: Tabs, daemon: Daemon) -> None:
    page = plain(tabs, "/")
    page.get_by_label("Search plots").fill("loss")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(daemon.url + "/?q=loss")
    expect(page.locator(".tile:visible")).to_have_count(1)
    expect(page.locator("#count")).to_have_text("1 of 2 plots")


def test_the_form_works_by_its_url(tabs: Tabs, folder: Folder) -> None:
    page = plain(tabs, "/plots/loss")
    expect(page.locator("#picture img:visible")).to_have_attribute("src", "/plots/loss.png")
    page.locator("#field-smooth").fill("3")
    page.locator("#field-log").check()
    page.get_by_role("button", name="Draw").click()
    assert "smooth=3" in page.url
    assert "log=1" in page.url
    assert page.locator("#field-smooth").input_value() == "3"
    assert page.locator("#field-log").is_checked()
    source = page.locator("#picture img:visible").get_attribute("src") or ""
    assert source.startswith("/plots/loss.png?")
    assert "smooth=3" in source
    page.locator("#field-log").uncheck()
    page.get_by_role("button", name="Draw").click()
    assert not page.locator("#field-log").is_checked()


def test_a_page_is_loaded_again_as_often_as_its_plot_says(tabs: Tabs, folder: Folder) -> None:
    folder.write(
        "quick.py",
        "import matplotlib.pyplot as plt\nfrom plotd import plot\n"
        "@plot(every='3s')\ndef plot_quick():\n    plt.plot([1])\n",
    )
    assert refresh_of(plain(tabs, "/plots/loss")) == "10"
    assert refresh_of(plain(tabs, "/plots/loss?_every=2.5")) == "2"
    assert refresh_of(plain(tabs, "/plots/quick")) == "3"


def test_errors_stand_beside_their_fields(tabs: Tabs, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 400"]
    page = plain(tabs, "/plots/loss?smooth=many")
    expect(page.locator("#field-smooth-fault")).to_contain_text("expected a whole number")
    assert page.locator("#field-smooth").input_value() == "many"
    assert page.locator("meta[http-equiv=refresh]").count() == 0


def test_a_failure_is_told(tabs: Tabs, folder: Folder, expected_complaints: list[str]) -> None:
    expected_complaints += ["status of 500"]
    folder.write("broken.py", "def plot_broken():\n    raise ValueError('no such column')\n")
    page = plain(tabs, "/plots/broken")
    expect(page.locator("#picture img:visible")).to_have_count(1)  # a picture of the error's words
    page.reload()
    expect(page.locator("#trouble")).to_contain_text("no such column")
