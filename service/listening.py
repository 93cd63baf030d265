"""Where the daemon answers: its sockets, how many connections there can be, and the address to open."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import resource
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

from service.config import Config, ConfigError, Listen, is_loopback

SPARE_FILES = 256  # what may be open beside connections: data files, pipes to workers, what watches folders

log = logging.getLogger(__name__)


def open_unix_socket(path: Path, backlog: int) -> socket.socket:
    """Return a socket that listens at *path*, in place of one that a daemon left there; its group may connect.

    Raises:
        OSError: it can't be made, or something else is there.
    """
    if path.exists():
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise OSError(errno.EEXIST, "that is there, and is no socket")
        if _is_answered(path):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        path.unlink()
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(str(path))
        path.chmod(0o660)  # before anybody can connect
        listening.listen(backlog)
    except OSError:
        listening.close()
        raise
    return listening


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def remove_unix_sockets(sockets: Sequence[socket.socket]) -> None:
    """Remove the files of those of *sockets* that have one."""
    for listening in sockets:
        if listening.family == socket.AF_UNIX:
            with contextlib.suppress(OSError):
                os.unlink(listening.getsockname())


def address_of(sockets: Sequence[socket.socket], listen: Listen) -> str:
    """Return the address to open in a browser; ``unix:PATH`` where none is known."""
    if listen.origin:
        return f"{listen.base_url}/"
    if sockets[0].family == socket.AF_UNIX:
        return f"unix:{sockets[0].getsockname()}"
    host, port = sockets[0].getsockname()[:2]
    return f"{_origin(host, port, listen)}{listen.prefix}/"


def outer_address(listen: Listen) -> str:
    """Return the address at which others find us, without a slash at its end. Raises ConfigError: nobody knows it."""
    if listen.origin:
        return listen.base_url
    if listen.unix_socket is not None or not listen.port:
        raise ConfigError("listen.base_url: nothing else says at which address browsers find the daemon")
    return _origin(listen.hosts[0] if listen.hosts else listen.address, listen.port, listen) + listen.prefix


def _origin(host: str, port: int, listen: Listen) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what it listens on, told to a person
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if listen.tls else 'http'}://{host}:{port}"


def check_reach(sockets: Sequence[socket.socket], config: Config) -> None:
    """Refuse sockets that other machines can reach where the settings say that none can: systemd's may be such.

    Raises:
        ConfigError: anybody would be let in.
    """
    if config.auth.open == "auto" and config.is_open:
        hosts = [bound.getsockname()[0] for bound in sockets if bound.family != socket.AF_UNIX]
        if far := [host for host in hosts if not is_loopback(host)]:
            raise ConfigError(f"systemd listens for us at {far[0]}: that needs auth.open: false, and tokens, or true")


def keep(config: Config, before: Config) -> Config:
    """Return *config* with the ``listen`` of *before*: sockets that are open stay as they are until a restart."""
    wanted, listen = config.listen, before.listen
    if later := [f"listen.{name}" for name in Listen.model_fields if getattr(wanted, name) != getattr(listen, name)]:
        log.warning("%s: only a restart takes that up", ", ".join(later))
    return config.model_copy(update={"listen": listen})


def place_of(listen: Listen) -> str:
    """Return where it listens, in words."""
    return f"{listen.unix_socket or f'{listen.address}, port {listen.port}'}"


def shows_tracebacks(config: Config) -> bool:
    """Say whether a plot's traceback is shown: by default only where nobody but its author can look."""
    if config.render.show_tracebacks == "auto":
        near = config.listen
        is_direct = not (near.trusted_proxies or near.base_url or near.unix_socket)
        return is_direct and not near.is_far and config.auth.open is not True and not under_systemd()
    return config.render.show_tracebacks == "always"


def under_systemd() -> bool:
    """Say whether systemd started this very process as a service."""
    return os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid()) or "NOTIFY_SOCKET" in os.environ


def make_room(most: int) -> int:
    """Return how many connections there can be: *most*, if as many files may be open, once that limit is raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return most
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    room = min(most, max(soft - SPARE_FILES, soft // 2))
    if room < most:
        log.info("no more than %d files may be open: there is room for %d connections", soft, room)
    return room
