"""Who may ask: a daemon on loopback is within reach of every web page that its user opens."""

from __future__ import annotations

import functools
import ipaddress
import re

from tornado.httputil import HTTPServerRequest

from handlers import proxies
from service.config import Config, Listen
from service.errors import BadParameter, Forbidden, HeaderTooLarge, ServiceError, UrlTooLong, WrongHost

SAFE_METHODS = ("GET", "HEAD")
BRACKETED = re.compile(r"\[([^\[\]]*)\](?::[0-9]+)?")  # as an IPv6 address is written


def check(request: HTTPServerRequest, config: Config) -> None:
    """Let *request* pass, or raise WrongHost, Forbidden, UrlTooLong, BadParameter or HeaderTooLarge."""
    listen = config.listen
    if not is_ours(request.host, listen) and not _is_own_address(request):
        raise WrongHost("that host is not served here; listen.hosts names those that are")
    if request.method not in SAFE_METHODS:
        check_origin(request, listen)
    if proxies.is_forwarded(request) and config.auth.open is not True and config.is_open:
        check_proxy(request, listen)
    if (error := url_problem(request.uri or "", listen)) is not None:
        raise error
    # Each field came with a colon, a space and the end of its line.
    if sum(len(name) + len(value) + 4 for name, value in request.headers.get_all()) > listen.max_header_bytes:
        raise HeaderTooLarge(f"the header is larger than {listen.max_header_bytes} bytes")


def check_origin(request: HTTPServerRequest, listen: Listen) -> None:
    """Refuse what another site's page asks for: DNS names it can't forge, nor these two fields."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin", request.headers.get("Sec-WebSocket-Origin"))
    ours = (None, f"{request.protocol}://{request.host}", listen.origin or None)
    if site not in ("none", "same-origin") or origin not in ours:
        raise Forbidden("another site's page may not ask for this")


def check_proxy(request: HTTPServerRequest, listen: Listen) -> None:
    """Refuse what came through a proxy that nobody vouched for: it may let in anybody."""
    if proxies.is_trusted(request, listen.trusted_proxies):
        return
    advice = "name its address in listen.trusted_proxies, or set auth.open, to serve whoever it lets in"
    raise Forbidden(f"this came through a proxy that is not trusted; {advice}")


def url_problem(url: str, listen: Listen) -> ServiceError | None:
    """Return what is wrong with the size of *url*, if anything."""
    if len(url) > listen.max_url_bytes:
        return UrlTooLong(f"the URL is longer than {listen.max_url_bytes} bytes")
    if url.count("&") >= listen.max_parameters:
        return BadParameter(f"the URL has more than {listen.max_parameters} parameters")
    return None


def is_ours(host: str, listen: Listen) -> bool:
    """Say whether *host*, as a Host field has it, is a loopback name, the listen address or one that settings name."""
    outer = listen.origin.partition("://")[2] if listen.base_url else ""
    return _is_one_of(host, (listen.address, *listen.hosts, *([outer] if outer else [])))


@functools.lru_cache(maxsize=1024)
def _is_one_of(host: str, hosts: tuple[str, ...]) -> bool:
    name = hostname(host)
    if name == "localhost" or name.endswith(".localhost") or name in {hostname(h) for h in hosts}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def hostname(host: str) -> str:
    """Return *host* without its port and brackets, in lower case."""
    if bracketed := BRACKETED.fullmatch(host):
        return bracketed[1].lower()
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() and ":" not in name else host).rstrip(".").lower()


def _is_own_address(request: HTTPServerRequest) -> bool:
    """Say whether the Host is the very address that the client connected to: no name can be bound to that."""
    stream = getattr(request.connection, "stream", None)  # tornado's types don't tell of it
    socket = getattr(stream, "socket", None)
    return socket is not None and hostname(request.host) == str(socket.getsockname()[0])
