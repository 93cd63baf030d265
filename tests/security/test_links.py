"""Signed links: one picture, to whoever has the link, as long as it holds."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from tests.handlers.conftest import MakeSite, Site
from tests.security.keys import closed_site, let_in, state_of

from service import links, tokens
from service.config import Listen


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    return await closed_site(make_site)


def link_to(site: Site, picture: str, seconds: float = 600, **listen: Any) -> str:
    """Return a signed link, from the root."""
    url = links.publish(picture, seconds, state_of(site), Listen(**listen))
    return re.sub(r"^https?://[^/]+", "", url)


@pytest.mark.parametrize("ending", ["png", "svg", "csv", "html", "txt"])
async def test_a_link_shows_its_picture_without_a_login(site: Site, ending: str) -> None:
    url = link_to(site, f"open.{ending}?_width=300")
    answer = await site.fetch(url)
    assert answer.code == 200
    again = await site.fetch(url, headers={"If-None-Match": answer.headers["Etag"]})
    assert again.code == 304
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin", "it is for mails and wikis"
    assert (await site.fetch(url, method="HEAD")).code == 200
    allowed = let_in(site, "anna")
    direct = await site.fetch(f"/plots/open.{ending}?_width=300", headers=allowed)
    assert direct.headers["Etag"] == answer.headers["Etag"], "the same picture as for anybody else"
    assert direct.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_however_it_is_spelt_a_link_is_the_same(site: Site) -> None:
    url = link_to(site, "both/open.png?_width=300&_height=200")
    path, _, query = url.partition("?")
    for same in (
        f"{path}?{'&'.join(reversed(query.split('&')))}",
        f"{path.replace('open', '%6fpen')}?{query}",
        f"{path}?{query.replace('300', '%33%30%30')}",
        f"{url}&_=123",
        f"{url}&_etag=abc",
        f"{path}?{query.replace('_exp', '%5Fexp').replace('_sig', '%5fsig')}",
        f"{path}?_exp=9&_sig=x&{query}",
    ):
        assert (await site.fetch(same)).code == 200, same


async def test_a_link_that_was_changed_shows_nothing(site: Site) -> None:
    url = link_to(site, "open.png?_width=300")
    ends = re.search(r"_exp=(\d+)", url)
    assert ends
    changed = [
        url.replace("/open.", "/secret."),
        url.replace("/open.", "/both/open."),
        url.replace(".png", ".svg"),
        url.replace(".png", ""),
        url.replace("/plots/open.png", "/-/plots.json"),
        url.replace("/plots/open.png", "/"),
        url.replace("/plots/open.png", "/static/plotd.css"),
        url.replace("300", "301"),
        url.replace("_width=300&", ""),
        f"{url}&_height=100",
        f"{url}&_scale=2",
        f"{url}&_every=1",
        f"{url}&_exp=99999999999",
        url.replace("/plots/", "//plots/"),
        url.replace("/plots/", "/plots/./"),
        url.replace(".png", ".stream"),
        f"{url}&_width=300",
        url.replace(ends[1], str(int(ends[1]) + 1)),
        url.replace(f"_exp={ends[1]}&", ""),
        url.replace(ends[1], quote("١٢")),
        f"{url}0",
        url[:-1],
        re.sub(r"_sig=.*", "_sig=", url) + "x",
        re.sub(r"_sig=.*", "_sig=a.b", url),
        f"{url}&_sig=x",
    ]
    for wrong in changed:
        told = await site.error(wrong)
        assert (told["status"], told["code"]) == (403, "forbidden"), wrong
    assert (await site.fetch(url)).code == 200


async def test_an_empty_signature_is_none(site: Site) -> None:
    assert (await site.fetch("/plots/open.png?_sig=&_exp=9")).code == 401


async def test_a_link_is_for_looking_only(site: Site) -> None:
    url = link_to(site, "open")
    for verb in ("POST", "PUT", "DELETE"):
        assert (await site.fetch(url, method=verb)).code == 403
    query = urlsplit(url).query
    assert (await site.fetch(f"/-/refresh/open?{query}", method="POST")).code == 403
    assert (await site.fetch(f"/live?{query}&url=/plots/open.png")).code == 403


async def test_a_link_ends_and_can_be_taken_back(site: Site) -> None:
    ended, revoked, kept = link_to(site, "open", -1), link_to(site, "open"), link_to(site, "open")
    assert (await site.fetch(ended)).code == 403
    assert "holds no longer" in (await site.error(ended))["message"]
    assert (await site.fetch(revoked)).code == 200
    tokens.revoke_link(state_of(site), links.id_in(revoked))
    assert (await site.fetch(revoked)).code == 403
    assert (await site.fetch(kept)).code == 200


async def test_a_link_of_another_daemon_is_none_here(site: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = links.publish("open", 600, tmp_path_factory.mktemp("other"), Listen())
    assert (await site.fetch(elsewhere.partition(":9999")[2])).code == 403


async def test_where_all_are_let_in_a_link_must_hold_all_the_same(make_site: MakeSite) -> None:
    site = await closed_site(make_site, auth={"open": "auto"})
    url = link_to(site, "open")
    assert (await site.fetch("/plots/open.png")).code == 200
    assert (await site.fetch(url)).code == 200
    assert (await site.fetch(f"{url}0")).code == 403


async def test_behind_a_prefix_a_link_has_that_too(make_site: MakeSite) -> None:
    site = await closed_site(make_site, listen={"base_url": "/shown"})
    url = link_to(site, "open", base_url="/shown")
    assert url.startswith("/shown/plots/open.png")
    assert (await site.fetch(url)).code == 200


async def test_a_browser_with_a_link_that_ended_may_sign_in(site: Site) -> None:
    answer = await site.fetch(link_to(site, "open", -1), headers={"Accept": "text/html"})
    page = answer.body.decode()
    assert answer.code == 403 and "holds no longer" in page and 'action="/-/session"' in page
    assert 'value="/plots/open.png"' in page


async def test_wrong_links_are_counted(make_site: MakeSite) -> None:
    site = await closed_site(make_site, auth={"max_failures": 2})
    url = link_to(site, "open")
    assert [(await site.fetch(f"{url}{n}")).code for n in range(4)] == [403, 403, 429, 429]
    assert (await site.fetch(url)).code == 200


async def test_no_signature_is_in_an_error(site: Site) -> None:
    url = link_to(site, "open?x=1")
    answer = await site.fetch(url)
    told = json.loads(answer.body)["error"]
    assert (told["status"], set(told["fields"])) == (400, {"x"})
    assert url.rpartition("=")[2] not in answer.body.decode()
