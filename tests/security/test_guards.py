"""The guards, at every route: by whose name and by which site's page it is asked, and what answers tell browsers."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.security.keys import addresses, closed_site
from tornado.httpclient import HTTPClientError

SITES = [
    "http://evil.example",
    "null",
    "https://{own}",
    "http://{own}0",
    "http://{own}.evil.example",
    "http://x{own}",
    "",
]
HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "192.0.2.1",
    "[::2]",
    "[::1].evil.example",
    "[::1]evil.example",
    "[::1",
    "[::1]:80x",
]
OURS = ["127.0.0.1", "127.0.0.1:{port}", "localhost", "LOCALHOST:{port}", "[::1]:{port}", "127.8.9.1", "a.localhost:1"]


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    """A site as it is by default: open to whoever is on this machine."""
    return await closed_site(make_site, auth={"open": "auto"})


def verb_for(path: str) -> str:
    return "HEAD" if path.endswith(".stream") else "GET"  # it never ends


@pytest.mark.parametrize("host", HOSTS)
async def test_under_another_name_nothing_is_served(site: Site, host: str) -> None:
    headers = {"Host": host.format(port=site.port)}
    for path in addresses():
        for verb in ("GET", "HEAD", "POST", "DELETE", "TRACE", "FINISH"):
            answer = await site.fetch(path, method=verb, headers=headers)
            assert answer.code == 421, (path, verb)
            assert verb == "HEAD" or json.loads(answer.body)["error"]["code"] == "wrong_host"


@pytest.mark.parametrize("host", OURS)
async def test_under_a_name_of_this_machine_all_is_served(site: Site, host: str) -> None:
    assert (await site.fetch("/plots/open.png", headers={"Host": host.format(port=site.port)})).code == 200


@pytest.mark.parametrize("origin", SITES)
async def test_another_sites_page_may_change_nothing_and_open_no_socket(site: Site, origin: str) -> None:
    headers = {"Origin": origin.format(own=f"127.0.0.1:{site.port}")}
    for path in addresses():
        for verb in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FINISH"):
            answer = await site.fetch(path, method=verb, headers=headers)
            assert (answer.code, json.loads(answer.body)["error"]["code"]) == (403, "forbidden"), (path, verb)
    with pytest.raises(HTTPClientError) as refused:
        await site.socket(**headers)
    assert refused.value.code == 403
    events = {**headers, "Accept": "text/event-stream"}
    assert (await site.fetch("/live?url=/plots/open.png", headers=events)).code == 403


@pytest.mark.parametrize("kind", ["cross-site", "same-site", "nonsense"])
async def test_what_a_browser_says_of_the_site_is_believed(site: Site, kind: str) -> None:
    headers = {"Sec-Fetch-Site": kind}
    assert (await site.fetch("/-/refresh/open", method="POST", headers=headers)).code == 403
    with pytest.raises(HTTPClientError):
        await site.socket(**{"Sec-Fetch-Site": kind})
    assert (await site.fetch("/plots/open.png", headers=headers)).code == 200, "a link may lead here"


async def test_our_own_pages_and_programs_may(site: Site) -> None:
    own = {"Origin": site.url, "Sec-Fetch-Site": "same-origin"}
    for headers in (own, {}, {"Sec-Fetch-Site": "none"}):
        assert (await site.fetch("/-/refresh/open", method="POST", headers=headers)).code == 202
    await site.socket(**own)
    await site.socket()


@pytest.mark.parametrize("verb", ["TRACE", "CONNECT", "FINISH", "get", "_execute"])
async def test_a_method_that_nobody_knows_is_told_which_there_are(site: Site, verb: str) -> None:
    answer = await site.fetch("/plots/open.png", method=verb)
    assert (answer.code, answer.headers["Allow"]) == (405, "GET, HEAD")
    for nowhere in ("/nowhere", "/plots/open.gif"):
        assert (await site.error(nowhere, method=verb))["code"] == "not_found"


@pytest.mark.parametrize(
    "where", ["/{}", "/plots/{}.png", "/plots/open?q={}", "/wall?p={}", "/static/{}", "/?_token={}"]
)
async def test_a_client_makes_no_header_field(site: Site, where: str) -> None:
    for path in (where.format("%0d%0aX-Made-Up:1"), where.format("%E5%98%8A%E5%98%8DX-Made-Up:1")):
        answer = await site.fetch(path, headers={"Accept": "text/html"})
        assert answer.code < 500 and "X-Made-Up" not in answer.headers, path


@pytest.mark.parametrize("accept", ["application/json", "text/html", "image/png", "image/svg+xml,*/*;q=0.1"])
async def test_every_answer_tells_the_browser_to_be_careful(site: Site, accept: str) -> None:
    wrong = ["/plots/nothing.svg", "/plots/open.png?x=<script>", "/static/..%2f", "/plots/open.png?_dpi=1e9", "/%00"]
    for path in [*addresses(), *wrong]:
        for verb in (verb_for(path), "TRACE"):
            headers = (await site.fetch(path, method=verb, headers={"Accept": accept})).headers
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["Referrer-Policy"] in ("no-referrer", "same-origin"), path
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
            assert headers["Server"] == "plotd", path
            policy = headers.get("Content-Security-Policy", "")
            if headers.get("Content-Type", "").startswith("image/svg") and not path.startswith("/static/"):
                assert policy.startswith("default-src 'none'") and policy.endswith("sandbox"), path
            elif headers.get("Content-Type", "").startswith("text/html"):
                assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy, path
                assert re.search(r"frame-ancestors '(self|none)'", policy) or path.endswith(".html"), path


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "\u2028</script><script>alert(1)//", '"><img src=x onerror=alert(1)>']
)
async def test_what_a_client_says_is_never_markup(site: Site, text: str) -> None:
    for path in ("/", "/wall", "/plots/open", "/plots/nothing", "/nowhere", "/plots/open.html", "/-/login"):
        for name in ("q", "p", "sort", "where", "_theme", text):
            url = f"{path}?{urlencode({name: text})}"
            answer = await site.fetch(url, headers={"Accept": "text/html"})
            page = answer.body.decode()
            assert "<script>alert" not in page and "<img src=x" not in page, url
