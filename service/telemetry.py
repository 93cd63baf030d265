"""The log: one line per record, whatever a plot, a file name or a client put into it."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TextIO

# journald reads the level from a prefix (sd-daemon(3)) and adds the time itself.
PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
# What they say below WARNING is on their own workings.
CHATTY = ("PIL", "asyncio", "matplotlib", "watchfiles")


class OneLine(logging.Formatter):
    """Writes a record, traceback included, as one line without control characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return one_line(super().format(record))


class ForJournal(OneLine):
    """Writes the level as journald reads it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return f"<{PRIORITIES.get(record.levelno, 6)}>{super().format(record)}"


def configure_logging(level: str, environment: Mapping[str, str], stream: TextIO) -> None:
    """Log to *stream* what is of *level* ("debug", "info", "warning", "error") or above, Python's warnings included."""
    handler = logging.StreamHandler(stream)
    if is_journal(stream, environment):
        handler.setFormatter(ForJournal("%(name)s: %(message)s"))
    else:
        handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.captureWarnings(True)


def is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether *stream* ends at systemd's journal: JOURNAL_STREAM holds the device and inode of what does."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def one_line(text: str) -> str:
    """Return *text* with line breaks and all else that isn't printable escaped."""
    if text.isprintable():
        return text
    lines = " | ".join(line.strip() for line in text.split("\n"))
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in lines)
