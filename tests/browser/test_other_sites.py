"""What other sites' pages can do to a daemon on this machine, in a real browser: nothing."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.conftest import Folder
from tests.conftest import Daemon, Serve, system_chromium

PAGE = b"<!DOCTYPE html><html><head><title>evil</title></head><body></body></html>"
TRY = """async (url, options) => {
    try { const answer = await fetch(url, options); return [answer.type, answer.status, await answer.text()]; }
    catch (error) { return ["refused", 0, ""]; }
}"""
IMAGE = """url => new Promise(done => {
    const image = new Image();
    image.onload = () => done("seen");
    image.onerror = () => done("hidden");
    image.src = url;
})"""
FRAME = """url => new Promise(done => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { done(frame.contentDocument.title); } catch { done("hidden"); } };
    frame.src = url;
    document.body.append(frame);
})"""
SOCKET = """url => new Promise(done => {
    const socket = new WebSocket(url);
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
})"""
POST = """url => new Promise(done => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = url;
    form.target = "posted";
    const frame = document.createElement("iframe");
    frame.name = "posted";
    document.body.append(frame, form);
    frame.onload = () => done("posted");
    form.submit();
})"""


@dataclass(eq=False)
class EvilSite:
    """A site of somebody else on another port of this machine."""

    server: ThreadingHTTPServer
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port = self.server.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def evil() -> Iterator[EvilSite]:
    """A site whose page does what a test says."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=partial(server.serve_forever, 0.05), name="evil site")
    thread.start()
    yield EvilSite(server)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def daemon(serve: Serve, folder: Folder) -> Daemon:
    """A daemon as it is by default: open to whoever is on this machine, its user's browser included."""
    return serve(folder.path)


@pytest.fixture
def page(chromium: Browser, evil: EvilSite) -> Iterator[Page]:
    """A page of the evil site, in a browser for which its names lead to this machine."""
    flags = ["--host-resolver-rules=MAP *.example 127.0.0.1", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    browser = chromium.browser_type.launch(executable_path=system_chromium(), args=flags)
    with contextlib.closing(browser):
        page = browser.new_context().new_page()
        page.goto(f"http://evil.example:{evil.port}/")
        assert page.title() == "evil"
        yield page


def test_another_sites_page_reads_nothing_and_shows_nothing(page: Page, daemon: Daemon) -> None:
    for path in ("/", "/plots/loss.png", "/plots/loss.json", "/-/plots.json", "/static/plotd.css", "/healthz"):
        assert page.evaluate(f"([url]) => ({TRY})(url, {{}})", [daemon.url + path]) == ["refused", 0, ""], path
        opaque = page.evaluate(f"([url]) => ({TRY})(url, {{mode: 'no-cors'}})", [daemon.url + path])
        assert opaque == ["refused", 0, ""], path
    assert page.evaluate(IMAGE, f"{daemon.url}/plots/loss.png") == "hidden"
    assert page.evaluate(IMAGE, f"{daemon.url}/plots/loss.svg") == "hidden"
    assert page.evaluate(FRAME, f"{daemon.url}/") == "hidden"


def test_another_sites_page_changes_nothing(page: Page, daemon: Daemon, folder: Folder) -> None:
    own = page.context.new_page()
    own.goto(f"{daemon.url}/plots/loss.json")
    drawn = folder.renders()
    assert drawn == 1
    refresh = f"{daemon.url}/-/refresh/loss"
    for options in ("{method: 'POST'}", "{method: 'POST', mode: 'no-cors'}", "{method: 'DELETE'}"):
        assert page.evaluate(f"([url]) => ({TRY})(url, {options})", [refresh]) == ["refused", 0, ""]
    assert page.evaluate(POST, refresh) == "posted"
    assert page.evaluate("url => navigator.sendBeacon(url)", refresh) is True
    own.goto(f"{daemon.url}/plots/loss.json")
    assert folder.renders() == drawn


def test_another_sites_page_opens_no_socket(page: Page, daemon: Daemon) -> None:
    address = daemon.url.replace("http", "ws")
    assert page.evaluate(SOCKET, f"{address}/live") == "refused"
    own = page.context.new_page()
    own.goto(f"{daemon.url}/")
    assert own.evaluate(SOCKET, f"{address}/live") == "open"


def test_a_name_that_is_bound_anew_to_this_machine_gets_nothing(page: Page, daemon: Daemon) -> None:
    rebound = f"http://evil.example:{daemon.port}"
    for path in ("/", "/plots/loss.png", "/plots/loss.json", "/-/plots.json", "/static/plotd.css", "/healthz", "/no"):
        answer = page.goto(rebound + path)
        assert answer is not None and answer.status == 421, path
        assert "loss" not in page.content().lower()
    # From a page at that very name and port, all is of the same origin: the browser would let it read everything.
    assert page.evaluate(f"([url]) => ({TRY})(url, {{}})", [f"{rebound}/-/plots.json"])[1] == 421
    assert page.evaluate(f"([url]) => ({TRY})(url, {{method: 'POST'}})", [f"{rebound}/-/refresh/loss"])[1] == 421
    assert page.evaluate(SOCKET, f"{rebound.replace('http', 'ws')}/live") == "refused"
