"""Who may: every route behind the one gate, what each token is for, sessions, users of a proxy, wrong tokens."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import inspect
import json
import logging
import re
import time
from http.cookies import Morsel, SimpleCookie
from urllib.parse import quote, urlencode

import pytest
from tests.handlers.conftest import MakeSite, Site, receive
from tests.handlers.reading import reading
from tests.security.keys import addresses, closed_site, let_in, state_of, token_in
from tests.service.conftest import PATIENCE_S
from tornado.httpclient import HTTPClientError, HTTPResponse
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from handlers import gate
from handlers.routes import ROUTES, put_in_place
from service import links, tokens

OPEN = {"/healthz", "/-/login", "/-/session", "/-/logout"}
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FINISH", "get")
PAGE = {"Accept": "text/html"}
WRONG = {"Authorization": "Bearer plotd_wrong"}


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    return await closed_site(make_site)


def cookie_of(answer: HTTPResponse) -> Morsel[str]:
    (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    return morsel


def request_for(address: str) -> HTTPServerRequest:
    """Return a request that nobody sent."""
    line = RequestStartLine("GET", address, "HTTP/1.1")
    return HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "localhost"}))


async def socket_status(site: Site, **headers: str) -> int:
    """Return what an upgrade is answered with."""
    try:
        await site.socket(**headers)
    except HTTPClientError as error:
        return error.code
    return 101


def test_every_route_has_an_address_that_leads_there(site: Site) -> None:
    """So whatever is tried at each address is tried at each route, the next one included."""
    for address, (pattern, handler) in zip(addresses(), ROUTES, strict=False):
        found = site.app.find_handler(request_for(address))
        assert found.handler_class is handler, pattern


@pytest.mark.parametrize("verb", VERBS)
async def test_without_a_token_every_route_and_method_says_nothing_but_401(site: Site, verb: str) -> None:
    for path in set(addresses()) - OPEN:
        for headers in ({}, WRONG, {"Authorization": "Basic eDp5"}, {"Cookie": "plotd_1=anna.9.9"}):
            answer = await site.fetch(path, method=verb, headers=headers)
            assert answer.code == 401, (path, headers)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.headers["Cache-Control"] == "no-store"
            assert verb == "HEAD" or json.loads(answer.body)["error"]["code"] == "unauthorized"
        assert (await site.fetch(f"{path}?_token=plotd_wrong", method=verb)).code == 401, path


async def test_with_a_token_every_route_is_what_it_is_where_all_are_let_in(site: Site, make_site: MakeSite) -> None:
    allowed = let_in(site, "anna", "admin")
    for path in set(addresses()) - {"/live", *OPEN}:
        verb = "HEAD" if path.endswith(".stream") else "GET"  # it never ends
        assert (await site.fetch(path, method=verb, headers=allowed)).code in (200, 404, 405), path
    assert (await site.fetch("/live", headers=allowed)).code == 400
    assert (await site.fetch("/-/refresh/open", method="POST", headers=allowed)).code == 202
    assert (await site.fetch("/", method="POST", headers=allowed)).code == 405


async def test_health_is_told_to_anybody_and_says_nothing(site: Site) -> None:
    answer = await site.fetch("/healthz")
    assert (answer.code, json.loads(answer.body)) == (200, {"status": "alive"})


async def test_a_socket_goes_through_the_same_gate(site: Site) -> None:
    allowed = let_in(site, "anna")
    assert await socket_status(site) == 401
    assert await socket_status(site, **WRONG) == 401
    assert await socket_status(site, **allowed) == 101
    assert await socket_status(site, Origin="http://evil.example", **allowed) == 403
    answer = await site.fetch("/live?url=/plots/open.png", headers={"Accept": "text/event-stream"})
    assert answer.code == 401


@pytest.mark.parametrize(
    ("scopes", "may_view", "may_publish"),
    [
        (("view",), True, False),
        (("publish",), False, True),
        (("view", "publish"), True, True),
        (("admin",), True, True),
    ],
)
async def test_a_token_is_for_its_scopes(
    site: Site, scopes: tuple[str, ...], may_view: bool, may_publish: bool
) -> None:
    allowed = let_in(site, "anna", *scopes)  # type: ignore[arg-type]  # the words of pytest are any texts
    for path in ("/", "/plots/open.png", "/plots/open.json", "/-/plots.json", "/metrics", "/readyz"):
        assert (await site.fetch(path, headers=allowed)).code == (200 if may_view else 403), path
    assert await socket_status(site, **allowed) == (101 if may_view else 403)
    told = await site.error("/-/refresh/nothing", method="POST", headers=allowed)
    assert told["code"] == ("unknown_plot" if may_publish else "forbidden")


async def test_a_token_for_some_plots_shows_nothing_of_others(make_site: MakeSite) -> None:
    site = await closed_site(make_site, walls={"both": "p=open&p=secret", "mine": "p=open"})
    allowed = let_in(site, "anna", "view", "publish", plots=("*/open",))
    for name in ("open", "both/open"):
        for ending in (".png", ".json", ".svg", ".csv", ".html", ""):
            assert (await site.fetch(f"/plots/{name}{ending}", headers=allowed)).code == 200, (name, ending)
        assert (await site.fetch(f"/-/refresh/{name}", method="POST", headers=allowed)).code == 202
    for name in ("secret", "both/secret", "both%2Fsecret", "nothing"):
        for ending in (".png", ".json", ".svg", ".csv", ".html", ".stream", ""):
            told = await site.error(f"/plots/{name}{ending}", headers=allowed)
            assert told["code"] == "forbidden", (name, ending)
        assert (await site.fetch(f"/-/refresh/{name}", method="POST", headers=allowed)).code == 403
    for path in ("/", "/?view=table", "/-/plots.json", "/wall", "/plots/open", "/plots/open.json"):
        body = (await site.fetch(path, headers={**allowed, **PAGE})).body.decode()
        assert "open" in body and "secret" not in body.lower(), path
    gallery = (await site.fetch("/", headers=allowed)).body.decode()
    assert "/wall?p=open" in gallery and "broken" not in gallery
    for path in ("/readyz", "/metrics", "/-/openapi.json"):
        assert (await site.fetch(path, headers=allowed)).code == 403, path
    wall = (await site.fetch("/wall?p=secret&p=open&p=secre", headers={**allowed, **PAGE})).body.decode()
    assert "/plots/open" in wall and "/plots/secret" not in wall and "/plots/both/secret" not in wall


async def test_a_token_for_some_plots_is_offered_no_data_files(site: Site) -> None:
    site.house.write("reader.py", "def plot_reader(file_path=None): ...\n")
    site.house.write("salaries.csv", "name,salary\nanna,1\n")
    await site.house.engine.catalog.keep_up()

    async def page(headers: dict[str, str]) -> str:
        return (await site.fetch("/plots/reader", headers={**headers, **PAGE})).body.decode()

    assert '<option value="salaries.csv">' in await page(let_in(site, "anna"))
    limited = await page(let_in(site, "bob", plots=("*reader",)))
    assert 'name="file_path"' in limited
    assert "salaries" not in limited and "data-files" not in limited


async def test_names_of_other_files_are_not_guessed_for_who_may_not_see_all(site: Site) -> None:
    site.house.write("reader.py", "def plot_reader(file_path=None): ...\n")
    site.house.write("salaries.csv", "name,salary\nanna,1\n")
    await site.house.engine.catalog.keep_up()
    asked = "/plots/reader.png?file_path=salarie.csv"
    told = await site.error(asked, headers=let_in(site, "bob", plots=("*reader",)))
    assert told["code"] == "missing_file" and "salaries" not in json.dumps(told)
    assert "salaries" in (await site.error(asked, headers=let_in(site, "anna")))["fields"]["file_path"]


async def test_names_of_other_plots_are_not_guessed_for_who_may_not_see_them(site: Site) -> None:
    allowed = let_in(site, "anna", plots=("both/*n", "secre"))
    told = await site.error("/plots/secre.png", headers=allowed)
    assert (told["status"], told["message"]) == (404, "there is no plot 'secre'")
    everything = let_in(site, "bob")
    assert "secret" in (await site.error("/plots/secre.png", headers=everything))["message"]


async def test_a_socket_tells_of_no_picture_that_its_token_is_not_for(site: Site) -> None:
    socket = await site.socket(**let_in(site, "anna", plots=("*open", "h*")))
    await socket.write_message(json.dumps({"watch": ["/plots/secret.png", "/plots/open.png"]}))
    told = {"/plots/secret.png": [await receive(socket)], "/plots/open.png": []}
    while (message := await receive(socket))["state"] != "fresh":
        told[message["url"]].append(message)
    assert told["/plots/secret.png"] == [{"url": "/plots/secret.png", "etag": None, "state": "gone"}]
    assert message["url"] == "/plots/open.png"
    hidden = ["http://x/plots/secret.png", "//x/plots/secret.png", "/plots/both%2Fsecret.png#/plots/open", "http://["]
    for url in hidden:
        await socket.write_message(json.dumps({"watch": [url]}))
        assert await receive(socket) == {"url": url, "etag": None, "state": "gone"}
    events = {"Accept": "text/event-stream", **let_in(site, "bob", plots=("open",))}
    query = urlencode([("url", "/plots/open.png"), ("url", "/plots/secret.png")])
    assert (await site.fetch(f"/live?{query}", headers=events)).code == 403


async def test_what_only_some_may_see_is_kept_by_no_shared_cache(site: Site, make_site: MakeSite) -> None:
    allowed = let_in(site, "anna")
    first = await site.fetch("/plots/open.png", headers=allowed)
    etag = first.headers["Etag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = await site.fetch("/plots/open.png", headers={**allowed, "If-None-Match": etag})
    assert (again.code, again.headers["Cache-Control"]) == (304, "private, no-cache")
    pinned = await site.fetch(f"/plots/open.png?_etag={etag[1:-1]}", headers=allowed)
    assert pinned.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    for path in ("/", "/static/plotd.css", "/-/plots.json"):
        assert (await site.fetch(path, headers=allowed)).headers["Cache-Control"].startswith("private, "), path


async def test_a_token_in_a_url_becomes_a_cookie(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = token_in(let_in(site, "anna"))
    answer = await site.fetch(f"/plots/open?_width=200&_token={token}&_scale=2", headers=PAGE)
    assert (answer.code, answer.headers["Location"]) == (303, "/plots/open?_width=200&_scale=2")
    cookie = cookie_of(answer)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Lax", "/", "")
    assert int(cookie["max-age"]) > 86_400 and token not in cookie.value
    signed_in = {"Cookie": f"other=1; {cookie.key}={cookie.value}"}
    page = await site.fetch(answer.headers["Location"], headers={**PAGE, **signed_in})
    assert page.code == 200 and token not in page.body.decode()
    assert await socket_status(site, **signed_in) == 101
    for wrong in (cookie.value[:-1], f"x{cookie.value}", cookie.value.replace("anna", "bob")):
        assert (await site.fetch("/", headers={"Cookie": f"{cookie.key}={wrong}"})).code == 401
    for odd in ("%5Ftoken", "_%74oken"):
        again = await site.fetch(f"/?{odd}={token}", headers=PAGE)
        assert (again.code, again.headers["Location"]) == (303, "/"), odd
    direct = await site.fetch(f"/plots/open.png?_token={token}")
    assert (direct.code, direct.headers["Content-Type"]) == (200, "image/png")
    assert (await site.fetch(f"/plots/open.png?_token={token}&_token=wrong")).code == 401
    assert token not in caplog.text


async def test_a_token_in_a_url_leads_to_no_other_site(site: Site) -> None:
    token = token_in(let_in(site, "anna"))
    for path in ("//evil.example/", "/%5cevil.example", "/\\evil.example"):
        answer = await site.fetch(f"{path}?_token={token}", headers=PAGE)
        assert answer.headers.get("Location", "/") in ("/", "/%5cevil.example"), path


async def test_under_tls_the_cookie_is_secure(make_site: MakeSite) -> None:
    proxy = {"trusted_proxies": ["127.0.0.1"], "base_url": "https://box.example/shown"}
    site = await closed_site(make_site, listen=proxy)
    token = token_in(let_in(site, "anna"))
    headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "box.example"}
    answer = await site.fetch(f"/shown/?_token={token}", headers={**headers, **PAGE})
    assert (answer.code, answer.headers["Location"]) == (303, "/shown/")
    cookie = cookie_of(answer)
    assert (cookie["secure"], cookie["path"]) == (True, "/shown")


async def test_a_browser_is_asked_to_sign_in_and_goes_on_to_what_it_wanted(site: Site) -> None:
    token = token_in(let_in(site, "anna"))
    asked = await site.fetch("/plots/open?_width=300&x=<b>", headers=PAGE)
    page = asked.body.decode()
    assert asked.code == 401 and 'action="/-/session"' in page and "<b>" not in page
    assert 'name="where" value="/plots/open?_width=300&amp;x=&lt;b&gt;"' in page
    assert "'unsafe-inline'" not in asked.headers["Content-Security-Policy"]
    assert not re.search(r'(src|href)="(?!data:)', page), "it needs no other file: they are behind the gate too"
    form = urlencode({"token": token, "where": "/plots/open?_width=300"})
    own = {"Origin": site.url, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await site.fetch("/-/session", method="POST", body=form, headers=own)
    assert (answer.code, answer.headers["Location"]) == (303, "/plots/open?_width=300")
    cookie = cookie_of(answer)
    signed_in = {"Cookie": f"{cookie.key}={cookie.value}"}
    assert (await site.fetch("/", headers={**signed_in, **PAGE})).body.decode().count("anna") == 1
    assert "Sign out" in (await site.fetch("/-/login", headers=signed_in)).body.decode()
    out = await site.fetch("/-/logout", method="POST", headers={**own, **signed_in})
    assert (out.code, out.headers["Location"]) == (303, "/-/login")
    assert (cookie_of(out).value, cookie_of(out)["max-age"]) == ("", "0")


async def test_another_site_can_sign_nobody_in_or_out(site: Site) -> None:
    body = urlencode({"token": token_in(let_in(site, "anna"))})
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in ("/-/session", "/-/logout"):
            answer = await site.fetch(path, method="POST", body=body, headers=headers)
            assert answer.code == 403 and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example",
        "http://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "/a\r\nX: 1",
        "/\t/evil",
        "",
        "javascript:1",
    ],
)
async def test_signing_in_leads_to_no_other_site(site: Site, where: str) -> None:
    form = urlencode({"token": token_in(let_in(site, "anna")), "where": where})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await site.fetch("/-/session", method="POST", body=form, headers=headers)
    assert (answer.code, answer.headers["Location"]) == (303, "/")


async def test_a_wrong_token_in_the_form_is_told_on_the_page(site: Site) -> None:
    form = urlencode({"token": "plotd_no", "where": "/plots/open"})
    headers = {**PAGE, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await site.fetch("/-/session", method="POST", body=form, headers=headers)
    page = answer.body.decode()
    assert answer.code == 401 and "Set-Cookie" not in answer.headers
    assert "That token doesn&#x27;t hold" in page or "That token doesn&#39;t hold" in page
    assert 'value="/plots/open"' in page and "plotd_no" not in page


async def test_what_a_form_says_in_no_letters_is_told_like_any_other_mistake(site: Site) -> None:
    headers = {**PAGE, "Content-Type": "application/x-www-form-urlencoded"}
    right = quote(token_in(let_in(site, "anna")))
    for form, code in (("token=x&where=%FF", 401), ("token=%FF", 400), (f"token={right}&where=%FF", 303)):
        answer = await site.fetch("/-/session", method="POST", body=form, headers=headers)
        assert answer.code == code, form
        assert (answer.headers.get("Location") == "/") if code == 303 else answer.body, form


async def test_wrong_tokens_are_counted_and_lock_out_nobody_who_has_a_right_one(make_site: MakeSite) -> None:
    site = await closed_site(make_site, auth={"max_failures": 3}, listen={"trusted_proxies": ["127.0.0.1"]})
    known = let_in(site, "anna")

    async def status(headers: dict[str, str], client: str = "192.0.2.1") -> int:
        return (await site.fetch("/plots/open.png", headers={**headers, "X-Forwarded-For": client})).code

    assert await status(known) == 200
    assert [await status(WRONG) for _ in range(5)] == [401, 401, 401, 429, 429]
    answer = await site.fetch("/", headers={**WRONG, "X-Forwarded-For": "192.0.2.1"})
    assert (answer.code, json.loads(answer.body)["error"]["code"]) == (429, "too_many_failures")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert await status(known) == 200
    assert await status({}) == 401, "who shows nothing is no guesser"
    assert await status(WRONG, "192.0.2.2") == 401, "another address"
    for token, code in ((token_in(known), 303), ("plotd_wrong", 429)):
        fields = {"X-Forwarded-For": "192.0.2.1", "Content-Type": "application/x-www-form-urlencoded"}
        form = urlencode({"token": token})
        assert (await site.fetch("/-/session", method="POST", body=form, headers=fields)).code == code
    assert [await status(WRONG, f"2001:db8::{n}") for n in range(4)] == [401, 401, 401, 429]
    assert await status(WRONG, "2001:db8:0:1::1") == 401


async def test_who_is_let_in_no_longer_is_shown_the_door(site: Site) -> None:
    allowed, staying = let_in(site, "anna"), let_in(site, "bob")
    socket, other = await site.socket(**allowed), await site.socket(**staying)
    waiting = {**allowed, "If-None-Match": (await site.fetch("/plots/open.png", headers=allowed)).headers["Etag"]}
    held = asyncio.create_task(site.fetch("/plots/open.png", headers={**waiting, "Prefer": "wait=50"}))
    async with reading(site.port, "/plots/open.stream", **allowed) as stream:
        await stream.part()
        async with asyncio.timeout(PATIENCE_S):
            while not site.app.settings["waiters"].taken:
                await asyncio.to_thread(time.monotonic)
        tokens.revoke(state_of(site), "anna")
        async with asyncio.timeout(PATIENCE_S):
            while await socket.read_message() is not None:
                pass
            assert socket.close_code == 1008
            assert (await held).code == 503
            await stream.reader.read()  # it ends
    assert await socket_status(site, **allowed) == 401
    assert other.close_code is None
    await other.write_message(json.dumps({"watch": ["/plots/open.png"]}))
    assert (await receive(other))["url"] == "/plots/open.png"


async def test_a_daemon_that_is_closed_by_a_reload_shows_all_the_door(make_site: MakeSite) -> None:
    site = await make_site()
    socket, engine = await site.socket(), site.house.engine
    closed = engine.config.auth.model_copy(update={"open": False})
    config = engine.config.model_copy(update={"auth": closed})
    put_in_place(site.app, dataclasses.replace(engine, config=config), show_tracebacks=False)
    async with asyncio.timeout(PATIENCE_S):
        while await socket.read_message() is not None:
            pass
    assert socket.close_code == 1008
    assert (await site.fetch("/")).code == 401


def test_secrets_are_compared_in_constant_time() -> None:
    """How long a comparison takes can't be measured here; that no ``==`` is used on what is shown can be read."""
    compared = [
        ast.unparse(node)
        for module in (gate, links, tokens)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
    ]
    assert not [words for words in compared if re.search("digest|signature|secret|key|text", words)], compared
    assert "compare_digest" in inspect.getsource(tokens.is_same)
    assert "compare_digest" in inspect.getsource(tokens.Tokens.find)
    assert "is_same" in inspect.getsource(tokens.Tokens.of_session)
    assert "is_same" in inspect.getsource(links.is_signed)


async def test_a_token_ends_with_its_time(site: Site) -> None:
    brief, over = let_in(site, "brief", seconds=1.0), let_in(site, "over", seconds=-1.0)
    assert (await site.fetch("/", headers=over)).code == 401
    socket = await site.socket(**brief)
    async with asyncio.timeout(PATIENCE_S):
        while await socket.read_message() is not None:
            pass
    assert socket.close_code == 1008
    assert (await site.fetch("/", headers=brief)).code == 401


async def test_a_trusted_proxy_names_its_users_and_nobody_else_does(make_site: MakeSite) -> None:
    named = {"open": "auto", "user_header": "X-Remote-User"}
    user = {"X-Remote-User": "anna"}
    trusting = await closed_site(make_site, auth=named, listen={"trusted_proxies": ["127.0.0.1"]})
    assert (await trusting.fetch("/", headers=user)).code == 200
    assert (await trusting.fetch("/-/refresh/open", method="POST", headers=user)).code == 403
    assert b"anna" in (await trusting.fetch("/-/login", headers=user)).body
    for headers in ({}, {"X-Remote-User": ""}, {"X-Remote-User": " "}):
        assert (await trusting.fetch("/", headers=headers)).code == 401, headers
    twice = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Remote-User: bob\r\nX-Remote-User: anna\r\nConnection: close\r\n\r\n"
    )
    assert (await trusting.say(twice)).startswith(b"HTTP/1.1 401")
    elsewhere = await make_site(auth=named, listen={"trusted_proxies": ["192.0.2.1"]})
    assert (await elsewhere.fetch("/", headers=user)).code == 401


async def test_users_of_a_proxy_may_what_the_settings_say(make_site: MakeSite) -> None:
    auth = {"user_header": "X-Remote-User", "user_scopes": ["view", "publish"]}
    site = await closed_site(make_site, auth=auth, listen={"trusted_proxies": ["127.0.0.1"]})
    user = {"X-Remote-User": "anna"}
    assert (await site.fetch("/-/refresh/open", method="POST", headers=user)).code == 202


async def test_where_all_are_let_in_nothing_is_asked_for(make_site: MakeSite) -> None:
    site = await make_site()
    site.house.write("both.py", "import matplotlib.pyplot as plt\n\ndef plot_open():\n    plt.plot([1])\n")
    for headers in ({}, WRONG):
        answer = await site.fetch("/plots/open.png?_token=plotd_wrong", headers=headers)
        assert (answer.code, answer.headers["Cache-Control"]) == (200, "no-cache")
        assert "Set-Cookie" not in answer.headers


async def test_a_proxy_needs_no_trust_where_tokens_are_asked_for(site: Site) -> None:
    headers = {**let_in(site, "anna"), "X-Forwarded-For": "192.0.2.1"}
    assert (await site.fetch("/plots/open.png", headers=headers)).code == 200
    assert (await site.fetch("/plots/open.png", headers={"X-Forwarded-For": "192.0.2.1"})).code == 401


async def test_no_token_is_in_any_answer_or_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = token_in(let_in(site, "anna", "admin"))
    for path in ("/", "/metrics", "/readyz", "/plots/open", "/plots/nothing.png", "/-/openapi.json", f"/{quote('ä')}"):
        for accept in ("application/json", "text/html"):
            headers = {"Accept": accept, "Authorization": f"Bearer {token}"}
            answer = await site.fetch(path, headers=headers)
            told = answer.body.decode() + str(dict(answer.headers))
            assert token not in told and token[10:] not in told, path
        await site.fetch(f"{path}?_token={token}")
        await site.fetch(f"{path}?_token={token}", method="POST", body=b"")
    assert token not in caplog.text
