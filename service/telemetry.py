"""The log: one line per event, whatever a plot, a file name or a client put into it; no secret, and no flood."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import os
import re
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from plots.printed import beneath
from service.lines import one_line

if TYPE_CHECKING:
    from service.config import Log

# journald reads the level from a prefix (sd-daemon(3)) and adds the time itself.
PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
# What they say below WARNING is on their own workings.
CHATTY = ("PIL", "asyncio", "matplotlib", "numexpr", "tornado.general", "watchfiles")
ACCESS = "access"  # the logger of answered requests, where each is wanted

REQUEST: ContextVar[str] = ContextVar("request", default="")  # the id of the one that all this is done for

ALIKE = ("name", "levelno", "msg", "plot", "status")  # records that have these in common are more of the same
MOST_ALIKE = 20  # in a window
WINDOW_S = 60.0
MAX_KINDS = 1000

OWN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}  # what isn't a field that we gave
# What opens a door: in a URL however often encoded, in a header, or a token or session where none should be.
SECRET = re.compile(
    r"""((?:_|%(?:25)*5f)(?:token|sig)(?:=|%(?:25)*3d)|\bbearer\s+|plotd_(?=[\w-]{30})|plotd_[\da-f]{8}=)(?:(?!%(?:25)*(?:26|23))[^&#\s"'<>\\])+""",
    re.IGNORECASE,
)
PLAIN = re.compile(r"""[^\s"=\\]+""")


class Lines(logging.StreamHandler[TextIO]):
    """Writes each record as one line; of those that are alike only so many a minute, and then how many there were."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._seen: dict[tuple[str, ...], int] = {}
        self._last: dict[tuple[str, ...], logging.LogRecord] = {}
        self._held, self._closing = threading.Event(), threading.Event()
        self._teller: threading.Thread | None = None  # a start forks as long as it has one thread only

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*, or count it; note what request it's about, where it doesn't say so itself."""
        record.__dict__.setdefault("request", REQUEST.get())
        alike = ALIKE if len(self._seen) < MAX_KINDS else ("name",)
        kind = tuple(str(getattr(record, name, "")) for name in alike)
        self._seen[kind] = seen = self._seen.get(kind, 0) + 1
        if seen <= MOST_ALIKE or record.name == ACCESS:
            super().emit(record)
        else:
            self._last[kind] = record
        self._held.set()
        if self._teller is None:
            teller = threading.Thread(target=self._keep_telling, name="log", daemon=True)
            with contextlib.suppress(RuntimeError):  # there is no room for a thread: then the next record tries again
                teller.start()
                self._teller = teller

    def close(self) -> None:
        """Tell what was held back, and write no more."""
        self._closing.set()
        self._held.set()
        self._begin_anew()
        super().close()

    def _keep_telling(self) -> None:
        while self._held.wait() and not self._closing.wait(WINDOW_S):
            self._held.clear()
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Write the last of each kind that was held back, with how many more there were; begin another window."""
        assert self.lock is not None
        with self.lock:
            for kind, record in self._last.items():
                last = copy.copy(record)
                if more := self._seen[kind] - MOST_ALIKE - 1:
                    last.msg = f"{record.msg} … and {more} more like it"
                super().emit(last)
            self._seen.clear()
            self._last.clear()


class KeyValue(logging.Formatter):
    """Writes a record as ``key=value``, each escaped and, where it must be, quoted; *has_time*: time and level too."""

    def __init__(self, *, has_time: bool = True) -> None:
        super().__init__()
        self._skipped = () if has_time else ("time", "level")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = fields_of(record).items()
        return " ".join(f"{key}={one_line(quoted(str(value)))}" for key, value in fields if key not in self._skipped)


class Json(logging.Formatter):
    """Writes a record as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(fields_of(record), default=str)


class ForJournal(logging.Formatter):
    """Writes the level as journald reads it, before what *inner* writes."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return f"<{PRIORITIES.get(record.levelno, 6)}>{self._inner.format(record)}"


def configure_logging(log: Log, environment: Mapping[str, str], stream: TextIO) -> None:
    """Log to *stream*, Python's warnings included, what *log* asks for, in place of what was asked for before."""
    handler, journal = Lines(beneath(stream)), is_journal(stream, environment)
    inner = Json() if log.format == "json" else KeyValue(has_time=not journal)
    handler.setFormatter(ForJournal(inner) if journal else inner)
    logging.basicConfig(handlers=[handler], level=log.level.upper(), force=True)
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


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Return what *record* says, by name: without what is empty, and without secrets."""
    fields: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "msg": record.getMessage(),
        "request": "",
    }
    fields |= {key: value for key, value in vars(record).items() if key not in OWN}
    if record.exc_info:
        fields["traceback"] = logging.Formatter().formatException(record.exc_info)
    said = {key: value for key, value in fields.items() if value not in (None, "")}
    return {key: without_secrets(value) if isinstance(value, str) else value for key, value in said.items()}


def without_secrets(text: str) -> str:
    """Return *text* with what opens a door blotted out."""
    return SECRET.sub(r"\1***", text)


def quoted(text: str) -> str:
    """Return *text* as a value: in quotes unless it's a plain word."""
    if PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
