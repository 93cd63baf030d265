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

from service.config import Listen

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
        return f"unix:{listen.unix_socket}"
    host, port = sockets[0].getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what it listens on, told to a person
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if listen.tls else 'http'}://{host}:{port}{listen.prefix}/"


def place_of(listen: Listen) -> str:
    """Return where it listens, in words."""
    return f"{listen.unix_socket or f'{listen.address}, port {listen.port}'}"


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
