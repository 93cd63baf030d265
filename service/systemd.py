"""What systemd hands over and wants to hear: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from service.lines import one_line
from service.output import count

if TYPE_CHECKING:
    from service.engine import Engine

FIRST_DESCRIPTOR = 3
STATUS_S = 1.0  # between two looks at whether there is news
PATIENCE_S = 1.0  # with a systemd that takes nothing in
START_S = 30  # a start that is slow is waited for as long as it is heard of that often

log = logging.getLogger(__name__)


def hands_over() -> bool:
    """Say whether systemd listens for this very process: its sockets outlive us, and lose no connection meanwhile."""
    return os.environ.get("LISTEN_PID") == str(os.getpid())


def sockets() -> list[socket.socket]:
    """Return the sockets that systemd listens at for us. Raises OSError where it hands over something else."""
    if not hands_over():
        return []
    end = FIRST_DESCRIPTOR + int(os.environ.get("LISTEN_FDS", "0"))
    return [_take(descriptor) for descriptor in range(FIRST_DESCRIPTOR, end)]


def _take(descriptor: int) -> socket.socket:
    taken = socket.socket(fileno=descriptor)
    if not taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise OSError(errno.EINVAL, "systemd hands over a socket that doesn't listen: expected Accept=no")
    taken.set_inheritable(False)
    taken.setblocking(False)  # one that blocks would hold the event loop
    return taken


def notify(*states: str) -> None:
    """Tell systemd *states*, such as ``READY=1``, if it wants to know."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.settimeout(PATIENCE_S)
            sending.sendto("\n".join(map(one_line, states)).encode(), address.replace("@", "\0", 1))
    except OSError as error:
        log.warning("systemd can't be told %s: %s", " ".join(states)[:100], error)


def watchdog_s() -> float:
    """Return the time within which systemd wants to hear of us again, in seconds; 0: it doesn't."""
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6 if meant else 0.0


async def report(status: Callable[[], str], engine: Callable[[], Engine]) -> None:
    """Tell systemd *status* whenever it reads otherwise, and that the event loop turns, until cancelled."""
    limit_s, told, fed_s = watchdog_s(), "", -float("inf")
    wait_s = min(STATUS_S, limit_s / 4) if limit_s else STATUS_S
    while "NOTIFY_SOCKET" in os.environ:
        now_s = time.monotonic()
        states = [] if (news := status()) == told else [f"STATUS={news}"]
        if limit_s and now_s - fed_s >= limit_s / 2 - wait_s:
            states.append("WATCHDOG=1")
            fed_s = now_s
        if not engine().ready.is_set():
            # Each plot file that hangs takes render.timeout_s, and may do so at the next start too.
            states.append(f"EXTEND_TIMEOUT_USEC={START_S * 1_000_000}")
        if states:
            notify(*states)
        told = news
        await asyncio.sleep(wait_s)


def status_of(engine: Engine) -> str:
    """Return one line on how *engine* is."""
    if not engine.ready.is_set():
        return "starting: looking for plots"
    plots, ledger = engine.catalog.plots, engine.renderer.ledger
    told = [count(plots, "plot"), count(engine.hub.clients, "viewer")]
    told += [f"{count(engine.catalog.failures, 'file')} failed to load"] if engine.catalog.failures else []
    failed = sum(ledger.of(spec.name).failures for spec in plots)
    told += [f"{count(failed, 'render')} failed"] if failed else []
    return ", ".join(told)
