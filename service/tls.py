"""The certificate that the daemon shows, and its key: checked, and read again once they were renewed."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

LOOK_S = 30.0  # how often renewed files are looked for

log = logging.getLogger(__name__)


def make_context(files: Sequence[Path]) -> ssl.SSLContext:
    """Return what connections are encrypted with: TLS 1.2 at least, by *files*, a certificate and its key in PEM.

    Raises:
        ValueError: one of them can't be read, isn't what it should be, or they don't belong together.
    """
    certificate, key = files
    _expect(certificate, "CERTIFICATE", "a certificate")
    _expect(key, "PRIVATE KEY", "a private key without a password")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password given, OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        reason = getattr(error, "reason", None)
        if reason in ("KEY_VALUES_MISMATCH", "NO_CERTIFICATE_ASSIGNED"):  # the latter: it is of another kind
            raise ValueError(f"{key} is not the key of {certificate}") from error
        raise ValueError(f"{certificate} and {key} can't be used: {reason or error}") from error
    return context


def _expect(file: Path, kind: str, told: str) -> None:
    """Raise ValueError unless *file* is text in PEM that holds something of that *kind*, not encrypted."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from error
    encrypted = kind == "PRIVATE KEY" and (b"BEGIN ENCRYPTED" in text or b"Proc-Type: 4,ENCRYPTED" in text)
    if f"{kind}-----".encode() not in text or encrypted:
        raise ValueError(f"{file}: expected {told}, in PEM")


def keep_renewed(
    files: Sequence[Path], use: Callable[[ssl.SSLContext], None], look_s: float = LOOK_S
) -> Coroutine[Any, Any, None]:  # Any: what a coroutine is sent
    """Let new connections *use* what *files* hold, each time that it changes from now on; wrong ones change nothing."""
    return _look_again(files, _state(files), use, look_s)


async def _look_again(
    files: Sequence[Path], known: list[tuple[int, int] | None], use: Callable[[ssl.SSLContext], None], look_s: float
) -> None:
    while True:
        await asyncio.sleep(look_s)
        state = await asyncio.to_thread(_state, files)
        if state == known:
            continue
        known = state
        await read_again(files, use)


async def read_again(files: Sequence[Path], use: Callable[[ssl.SSLContext], None]) -> None:
    """Let new connections *use* what *files* hold by now; wrong ones change nothing."""
    try:
        use(await asyncio.to_thread(make_context, files))
    except ValueError as error:
        log.warning("the certificate stays as it was: %s", error)
    else:
        log.info("the certificate was read again")


def _state(files: Sequence[Path]) -> list[tuple[int, int] | None]:
    states: list[tuple[int, int] | None] = []
    for file in files:
        try:
            found = file.stat()
        except OSError:
            states.append(None)
        else:
            states.append((found.st_mtime_ns, found.st_ino))
    return states
