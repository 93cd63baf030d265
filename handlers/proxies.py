"""Behind a proxy: from the request that came to the one that the client sent."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from tornado.escape import parse_qs_bytes
from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.web import Application

from service import links
from service.addresses import is_among
from service.config import Listen

HOST = re.compile(r"[\w.:\[\]-]+", re.ASCII)
# One of the pairs of Forwarded, if any, and what ends it: a semicolon, or a comma before what the next proxy says.
PAIR = re.compile(
    r"""\s*(?:(?P<name>[\w!#$%&'*+.^`|~-]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s",;]+)))?\s*(?P<end>[,;]|$)""",
    re.ASCII,
)
SAY_SO = frozenset({"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"})
MAY_SHOW = re.compile(r"_token=|_sig=|\?.*%")  # a URL that may say who may: any letter can be written as %XX
NOTHING_SHOWN = links.Shown()


class Site(Application):
    """The application, wherever browsers find it: routes and handlers know of no prefix and of no proxy."""

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:  # Any: as tornado has it
        """Return what answers *request*, which is from here on as its client sent it."""
        listen: Listen = self.settings["config"].listen
        if not (request.uri or "").startswith("/"):
            take_apart(request)
        believable = listen.trusted_proxies or listen.unix_socket
        if believable and is_forwarded(request) and is_trusted(request, listen.trusted_proxies):
            believe(request, listen.trusted_proxies)
        if listen.base_url:
            request.uri = listen.inside(request.uri or "")
            request.path = request.uri.partition("?")[0]
        if MAY_SHOW.search(request.uri or ""):
            set_aside(request)
        return super().find_handler(request, **kwargs)


def take_apart(request: HTTPServerRequest) -> None:
    """Let a request for a whole URL be one for its path, at its host (RFC 9112, section 3.2.2)."""
    scheme, _, rest = (request.uri or "").partition("://")
    host, slash, path = rest.partition("/")
    if scheme.lower() in ("http", "https") and HOST.fullmatch(host):
        request.uri = slash + path or "/"
        request.path = request.uri.partition("?")[0]
        request.host, request.host_name = host, split_host_and_port(host.lower())[0]


def set_aside(request: HTTPServerRequest) -> None:
    """Take out of the URL what says who may: it is no part of what is asked for, and in no log."""
    request.uri, shown = links.take_apart(request.uri or "")
    request.path, _, request.query = request.uri.partition("?")
    request.arguments = parse_qs_bytes(request.query, keep_blank_values=True)
    request.query_arguments = {name: list(values) for name, values in request.arguments.items()}
    vars(request)["shown"] = shown


def shown_in_url(request: HTTPServerRequest) -> links.Shown:
    """Return what was set aside."""
    shown: links.Shown = vars(request).get("shown", NOTHING_SHOWN)
    return shown


def is_forwarded(request: HTTPServerRequest) -> bool:
    """Tell whether *request* says of itself that it came through a proxy."""
    return not SAY_SO.isdisjoint(request.headers)


def is_trusted(request: HTTPServerRequest, proxies: tuple[str, ...]) -> bool:
    """Tell whether the peer is one of the trusted *proxies*; whoever may open the Unix socket is."""
    context = getattr(request.connection, "context", None)  # tornado's types don't tell of it
    address: Any = getattr(context, "address", None)  # a text for a Unix socket, a tuple for others
    return isinstance(address, str | bytes) or bool(proxies and address and is_among(address[0], proxies))


def believe(request: HTTPServerRequest, proxies: tuple[str, ...]) -> None:
    """Take from Forwarded, or else from X-Forwarded-*, what the outermost trusted proxy knew of the client.

    A client may have sent such fields itself: each proxy adds to their right, so it's the right end that counts.
    """
    hops = _forwarded(request) if "Forwarded" in request.headers else _x_forwarded(request)
    while len(hops) > 1 and is_among(hops[-1].get("for", ""), proxies):
        hops.pop()
    client = hops[-1]
    if _is_address(address := client.get("for", "")):
        request.remote_ip = address
    if (scheme := client.get("proto", "").lower()) in ("http", "https"):
        request.protocol = scheme
    if HOST.fullmatch(host := client.get("host", "")):
        request.host, request.host_name = host, split_host_and_port(host.lower())[0]


def _forwarded(request: HTTPServerRequest) -> list[dict[str, str]]:
    """Return what Forwarded says of each hop (RFC 7239); nothing, of one, where it isn't as it should be."""
    text = request.headers["Forwarded"]
    hops: list[dict[str, str]] = [{}]
    at = 0
    while at < len(text):
        pair = PAIR.match(text, at)
        if pair is None:
            return [{}]
        if pair["name"]:
            value = pair["plain"] or re.sub(r"\\(.)", r"\1", pair["quoted"])
            hops[-1][pair["name"].lower()] = value
        if pair["end"] == ",":
            hops.append({})
        at = pair.end()
    return [{**hop, "for": split_host_and_port(hop.get("for", ""))[0].strip("[]")} for hop in hops]


def _x_forwarded(request: HTTPServerRequest) -> list[dict[str, str]]:
    """Return what the X-Forwarded-* say of each hop: the last scheme and host are those of all."""
    nearest = {name: "".join(_words(request, f"X-Forwarded-{name}")[-1:]) for name in ("Proto", "Host")}
    shared = {name.lower(): word for name, word in nearest.items()}
    return [{**shared, "for": address} for address in _words(request, "X-Forwarded-For")] or [shared]


def _words(request: HTTPServerRequest, name: str) -> list[str]:
    return [word for part in request.headers.get(name, "").split(",") if (word := part.strip())]


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
