"""Addresses in settings: what a host, a network and a base URL look like."""

from __future__ import annotations

import functools
import ipaddress
import re
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def is_loopback(address: str) -> bool:
    """Tell whether only this machine can reach *address*, an IP address or ``localhost``."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address.lower() == "localhost"
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def check_host(name: str) -> str:
    """Return *name* in lower case. Raises ValueError if it is neither a host name nor an IP address."""
    part = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if len(name) > 253 or not re.fullmatch(rf"(?!(.*\.)?\d+$){part}(\.{part})*", name.lower()):
            raise ValueError("a host name or an IP address, without scheme, port or path") from None
    return name.lower()


def check_scheduler(address: str) -> str:
    """Return *address*. Raises ValueError if no Dask scheduler can be at it."""
    found = re.fullmatch(r"((tcp|tls|ws|wss|ucx)://)?(\[(?P<v6>.+)\]|(?P<name>[^:/]+)):(?P<port>\d{1,5})", address)
    try:
        if address and (found is None or not 0 < int(found["port"]) < 65536):
            raise ValueError
        if found is not None:
            check_host(found["v6"] or found["name"])
    except ValueError:
        forms = "tcp://, tls://, ws://, wss://, ucx:// or nothing before it"
        raise ValueError(f"an address such as tcp://127.0.0.1:8786, with {forms}") from None
    return address


def check_network(text: str) -> str:
    """Return the network that *text* names. Raises ValueError if it names neither an address nor a network."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError("an IP address, or a network such as 10.0.0.0/8") from None


@functools.lru_cache(maxsize=1024)
def is_among(address: str, networks: tuple[str, ...]) -> bool:
    """Tell whether *address* is an IP address of one of *networks*."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return any((mapped or found) in ipaddress.ip_network(network) for network in networks)


def check_base_url(text: str) -> str:
    """Return *text* the way a browser spells it, without a slash at its end.

    Raises:
        ValueError: it is no path and no URL of one, or holds what would have to be escaped.
    """
    expected = ValueError("a path such as /plots, or a URL such as https://host/plots, of letters, digits and -._~")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise expected from None
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or not re.fullmatch(r"(/(?!\.\.?(/|$))[A-Za-z0-9._~-]+)*", path):
        raise expected
    if not parts.scheme and not parts.netloc and text[:1] in ("", "/"):
        return path
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise expected
    host = check_host(parts.hostname)
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, DEFAULT_PORTS[parts.scheme]) else "") + path
