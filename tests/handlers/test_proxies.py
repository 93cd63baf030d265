"""Behind a proxy: whom it is believed, and where pages, sockets and pictures are then."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.handlers.conftest import MakeSite, Site, receive
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.websocket import websocket_connect

from handlers import proxies
from service.config import Listen

LINE = """
    import matplotlib.pyplot as plt

    def plot_line():
        plt.figure(figsize=(2, 1))
        plt.plot([1, 2])
"""
TRUSTED = {"trusted_proxies": ["127.0.0.1"]}
SAYS = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Host": "plots.example", "X-Forwarded-Proto": "https"}


async def site_with(make_site: MakeSite, **listen: Any) -> Site:
    site = await make_site(listen=listen)
    site.house.write("line.py", LINE)
    return site


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"])
async def test_what_came_through_a_proxy_needs_one_that_is_trusted(make_site: MakeSite, name: str) -> None:
    headers = {name: "for=192.0.2.1" if name == "Forwarded" else "192.0.2.1"}
    for listen in ({}, {"trusted_proxies": ["192.0.2.0/24", "::1"]}):
        site = await site_with(make_site, **listen)
        told = await site.error("/plots/line.png", headers=headers)
        assert (told["status"], told["code"]) == (403, "forbidden")
        assert "listen.trusted_proxies" in told["message"]
        break
    assert (await site.fetch("/healthz")).code == 200


async def test_another_proxy_than_the_trusted_one_is_refused(make_site: MakeSite) -> None:
    site = await site_with(make_site, trusted_proxies=["192.0.2.0/24", "::1"])
    assert (await site.error("/healthz", headers=SAYS))["status"] == 403


async def test_an_open_daemon_serves_what_comes_through_any_but_believes_nothing(make_site: MakeSite) -> None:
    site = await make_site(auth={"open": True})
    assert (await site.fetch("/healthz", headers=SAYS)).code == 200  # not 421 for plots.example: that isn't looked at
    own = {"Origin": f"https://{SAYS['X-Forwarded-Host']}", **SAYS}
    assert (await site.fetch("/-/refresh/host", method="POST", headers=own)).code == 403


async def test_a_trusted_proxy_vouches_for_host_and_scheme(make_site: MakeSite) -> None:
    site = await site_with(make_site, **TRUSTED, hosts=["plots.example"])
    post = {"method": "POST", "headers": {**SAYS, "Origin": "https://plots.example"}}
    assert (await site.fetch("/-/refresh/line", **post)).code == 202
    for origin in ("http://plots.example", "https://evil.example", f"http://127.0.0.1:{site.port}", "null"):
        post["headers"] = {**SAYS, "Origin": origin}
        assert (await site.error("/-/refresh/line", **post))["status"] == 403, origin


async def test_the_host_that_a_proxy_tells_must_be_one_of_ours(make_site: MakeSite) -> None:
    site = await site_with(make_site, **TRUSTED)
    assert (await site.error("/healthz", headers=SAYS))["status"] == 421
    odd = {**SAYS, "X-Forwarded-Host": '"><script>.localhost'}
    assert (await site.fetch("/", headers=odd)).code == 200  # as if it hadn't been said
    assert b"<script>.local" not in (await site.fetch("/plots/line", headers=odd)).body


async def test_the_host_of_the_base_url_is_ours_and_its_pages_may_ask(make_site: MakeSite) -> None:
    site = await site_with(make_site, base_url="https://plots.example/shown")
    headers = {"Host": "plots.example", "Origin": "https://plots.example"}  # a proxy that says nothing of itself
    assert (await site.fetch("/shown/-/refresh/line", method="POST", headers=headers)).code == 202
    own = {"Origin": site.url}
    assert (await site.fetch("/-/refresh/line", method="POST", headers=own)).code == 202
    evil = {"Origin": "https://evil.example"}
    assert (await site.error("/-/refresh/line", method="POST", headers=evil))["status"] == 403
    assert (await site.error("/healthz", headers={"Host": "other.example"}))["status"] == 421


@pytest.mark.parametrize("path", ["", "/", "/plots/line", "/plots/line.png", "/static/plotd.css", "/-/plots.json"])
async def test_requests_come_with_the_prefix_or_without_it(make_site: MakeSite, path: str) -> None:
    site = await site_with(make_site, base_url="/shown/here")
    assert (await site.fetch(f"/shown/here{path}")).code == 200
    assert (await site.fetch(path or "/")).code == 200
    assert (await site.fetch(f"/shown/hereafter{path}")).code == 404


async def test_a_prefix_that_is_one_of_our_own_names_is_taken_off_once(make_site: MakeSite) -> None:
    site = await site_with(make_site, base_url="/plots")
    assert (await site.fetch("/plots/plots/line.png")).code == 200
    assert (await site.fetch("/plots/?q=line")).code == 200


async def test_a_picture_has_one_etag_and_one_render_below_the_prefix_and_without(make_site: MakeSite) -> None:
    site = await site_with(make_site, base_url="/shown")
    inside, outside = await site.fetch("/plots/line.png"), await site.fetch("/shown/plots/line.png")
    assert inside.headers["Etag"] == outside.headers["Etag"]
    assert site.house.renders == 1


async def test_a_page_watches_its_pictures_by_the_urls_that_it_uses(make_site: MakeSite) -> None:
    site = await site_with(make_site, base_url="/shown", **TRUSTED, hosts=["plots.example"])
    headers = {**SAYS, "Origin": "https://plots.example"}
    page = await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{site.port}/shown/live", headers=headers))
    site.sockets.append(page)
    url = "/shown/plots/line.png?_=1"
    await page.write_message(json.dumps({"watch": [url]}))
    while (message := await receive(page))["state"] != "fresh":
        assert message["url"] == url
    assert message["url"] == url
    assert (await site.fetch(url)).headers["Etag"] == f'"{message["etag"]}"'


async def test_another_sites_page_gets_no_socket_through_the_proxy(make_site: MakeSite) -> None:
    site = await site_with(make_site, **TRUSTED, hosts=["plots.example"])
    for origin in ("https://evil.example", "http://plots.example", "https://plots.example.evil.example", "null"):
        request = HTTPRequest(f"ws://127.0.0.1:{site.port}/live", headers={**SAYS, "Origin": origin})
        with pytest.raises(HTTPClientError, match="403"):
            await websocket_connect(request)


def told(**fields: str) -> tuple[str | None, str, str]:
    """Return the address, scheme and host that are believed of a request through 127.0.0.1, 10.0.0.1 or 10.0.0.2."""
    headers = HTTPHeaders({"Host": "localhost"} | {name.replace("_", "-"): value for name, value in fields.items()})
    request = HTTPServerRequest(start_line=RequestStartLine("GET", "/", "HTTP/1.1"), headers=headers)
    request.remote_ip = "127.0.0.1"
    proxies.believe(request, Listen(trusted_proxies=("127.0.0.1", "10.0.0.0/24")).trusted_proxies)
    return request.remote_ip, request.protocol, request.host


def test_the_right_end_of_what_proxies_say_counts() -> None:
    assert told() == ("127.0.0.1", "http", "localhost")
    assert told(X_Forwarded_For="192.0.2.9, 192.0.2.1, 10.0.0.1, 10.0.0.2")[0] == "192.0.2.1"
    assert told(X_Forwarded_For="10.0.0.1, 10.0.0.2")[0] == "10.0.0.1"
    assert told(X_Forwarded_For="2001:db8::1")[0] == "2001:db8::1"
    assert told(X_Forwarded_For="nonsense")[0] == "127.0.0.1"
    assert told(X_Forwarded_Proto="http, https")[1] == "https"
    assert told(X_Forwarded_Proto="gopher")[1] == "http"
    assert told(X_Forwarded_Host="evil.example, Plots.Example:8443")[2] == "Plots.Example:8443"


def test_what_forwarded_says_counts_from_its_right_end() -> None:
    edge = 'for=192.0.2.9, FOR="192.0.2.1:4711"; proto=HTTPS;host="Plots.Example:8443"'
    assert told(Forwarded=edge) == ("192.0.2.1", "https", "Plots.Example:8443")
    assert told(Forwarded=f"{edge}, for=10.0.0.1;proto=http;host=inner") == told(Forwarded=edge)
    assert told(Forwarded=f"{edge},for=10.0.0.1, for=10.0.0.2;by=10.0.0.3") == told(Forwarded=edge)
    assert told(Forwarded='for="[2001:db8::1]:80"')[0] == told(Forwarded='for="[2001:db8::1]"')[0] == "2001:db8::1"
    assert told(Forwarded='for="192.0.2.\\1"')[0] == "192.0.2.1"
    assert told(Forwarded="for=10.0.0.1, for=10.0.0.2")[0] == "10.0.0.1"
    assert told(Forwarded="for=unknown;proto=https") == ("127.0.0.1", "https", "localhost")


@pytest.mark.parametrize(
    "odd",
    [
        "",
        ",",
        "for",
        "for=",
        'for="192.0.2.1',
        "for=192.0.2.1 proto=https",
        "for=_hidden",
        'host="a b"',
        "=;=",
        "x" * 9999,
    ],
)
def test_what_forwarded_says_oddly_is_not_believed(odd: str) -> None:
    assert told(Forwarded=odd) == ("127.0.0.1", "http", "localhost")


def test_forwarded_counts_more_than_what_begins_with_x() -> None:
    xs = {"X_Forwarded_For": "192.0.2.9", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "x.example"}
    assert told(Forwarded="for=192.0.2.1", **xs) == ("192.0.2.1", "http", "localhost")


async def test_a_trusted_proxy_may_say_forwarded(make_site: MakeSite) -> None:
    site = await site_with(make_site, **TRUSTED, hosts=["plots.example"])
    says = {"Forwarded": "for=192.0.2.1;proto=https;host=plots.example"}
    post = {"method": "POST", "headers": {**says, "Origin": "https://plots.example"}}
    assert (await site.fetch("/-/refresh/line", **post)).code == 202
    assert (await site.error("/healthz", headers={"Forwarded": "for=192.0.2.1;host=other.example"}))["status"] == 421
