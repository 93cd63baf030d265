"""Who may ask: a daemon on loopback is within reach of every web page that its user opens."""

from __future__ import annotations

import functools
import ipaddress

from tornado.httputil import HTTPServerRequest

from service.config import Config
from service.errors import Forbidden, HeaderTooLarge, UrlTooLong, WrongHost

LONGEST_URL = 8192  # characters
LARGEST_HEADER = 32_768  # characters, all fields together
SAFE_METHODS = ("GET", "HEAD")


def check(request: HTTPServerRequest, config: Config) -> None:
    """Let *request* pass, or raise WrongHost, Forbidden, UrlTooLong or HeaderTooLarge."""
    if not is_ours(request.host, config.listen.address, config.listen.hosts) and not _is_own_address(request):
        raise WrongHost("that host is not served here; listen.hosts names those that are")
    headers = request.headers
    if request.method not in SAFE_METHODS:
        check_origin(request)
    if not config.auth.open and ("X-Forwarded-For" in headers or "Forwarded" in headers):
        raise Forbidden("this came through a proxy; set auth.open to serve whoever the proxy lets in")
    if len(request.uri or "") > LONGEST_URL:
        raise UrlTooLong(f"the URL is longer than {LONGEST_URL} characters")
    if sum(len(name) + len(value) for name, value in headers.get_all()) > LARGEST_HEADER:
        raise HeaderTooLarge(f"the header is larger than {LARGEST_HEADER} characters")


def check_origin(request: HTTPServerRequest) -> None:
    """Refuse what another site's page asks for: DNS names it can't forge, nor these two fields."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin", request.headers.get("Sec-WebSocket-Origin"))
    if site not in ("none", "same-origin") or origin not in (None, f"{request.protocol}://{request.host}"):
        raise Forbidden("another site's page may not ask for this")


@functools.lru_cache(maxsize=1024)
def is_ours(host: str, address: str, hosts: tuple[str, ...]) -> bool:
    """Say whether *host*, as a Host field has it, is a loopback name, the listen address or one of *hosts*."""
    name = hostname(host)
    if name == "localhost" or name.endswith(".localhost") or name in {hostname(h) for h in (address, *hosts)}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def hostname(host: str) -> str:
    """Return *host* without its port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() and ":" not in name else host).rstrip(".").lower()


def _is_own_address(request: HTTPServerRequest) -> bool:
    """Say whether the Host is the very address that the client connected to: no name can be bound to that."""
    stream = getattr(request.connection, "stream", None)  # tornado's types don't tell of it
    socket = getattr(stream, "socket", None)
    return socket is not None and hostname(request.host) == str(socket.getsockname()[0])
