"""Behind a proxy: from the request that came to the one that the client sent."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.web import Application

from service.addresses import is_among
from service.config import Listen

HOST = re.compile(r"[\w.:\[\]-]+", re.ASCII)
SAY_SO = frozenset({"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"})


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
        return super().find_handler(request, **kwargs)


def take_apart(request: HTTPServerRequest) -> None:
    """Let a request for a whole URL be one for its path, at its host (RFC 9112, section 3.2.2)."""
    scheme, _, rest = (request.uri or "").partition("://")
    host, slash, path = rest.partition("/")
    if scheme.lower() in ("http", "https") and HOST.fullmatch(host):
        request.uri = slash + path or "/"
        request.path = request.uri.partition("?")[0]
        request.host, request.host_name = host, split_host_and_port(host.lower())[0]


def is_forwarded(request: HTTPServerRequest) -> bool:
    """Tell whether *request* says of itself that it came through a proxy."""
    return not SAY_SO.isdisjoint(request.headers)


def is_trusted(request: HTTPServerRequest, proxies: tuple[str, ...]) -> bool:
    """Tell whether the peer is one of the trusted *proxies*; whoever may open the Unix socket is."""
    context = getattr(request.connection, "context", None)  # tornado's types don't tell of it
    address: Any = getattr(context, "address", None)  # a text for a Unix socket, a tuple for others
    return isinstance(address, str | bytes) or bool(proxies and address and is_among(address[0], proxies))


def believe(request: HTTPServerRequest, proxies: tuple[str, ...]) -> None:
    """Take from the fields X-Forwarded-* what the outermost trusted proxy knew of the client.

    A client may have sent such fields itself: each proxy adds to their right, so it's the right end that counts.
    """
    addresses = [*_words(request, "X-Forwarded-For")]
    while len(addresses) > 1 and is_among(addresses[-1], proxies):
        addresses.pop()
    if addresses and _is_address(addresses[-1]):
        request.remote_ip = addresses[-1]
    scheme = _words(request, "X-Forwarded-Proto")[-1:]
    if scheme in (["http"], ["https"]):
        request.protocol = scheme[0]
    host = "".join(_words(request, "X-Forwarded-Host")[-1:])
    if HOST.fullmatch(host):
        request.host, request.host_name = host, split_host_and_port(host.lower())[0]


def _words(request: HTTPServerRequest, name: str) -> list[str]:
    return [word for part in request.headers.get(name, "").split(",") if (word := part.strip())]


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True
