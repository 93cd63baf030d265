"""What survives a restart: the dependencies of each picture, and what refresh calls left behind. One SQLite file."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import platformdirs

MAX_ROWS = 10_000  # of each kind
PRUNE_EVERY = 1_000  # rows written
SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (kind TEXT, key TEXT, value TEXT, at REAL DEFAULT (julianday('now')),
                                 PRIMARY KEY (kind, key));
"""
FORGET = """
DELETE FROM kept WHERE kind = :kind
    AND rowid NOT IN (SELECT rowid FROM kept WHERE kind = :kind ORDER BY at DESC LIMIT :most);
"""

log = logging.getLogger(__name__)


def state_folder() -> Path:
    """Return the folder for what is kept: systemd's, if it made one for us, else the user's."""
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else Path(platformdirs.user_state_path("plotd"))


class Store:
    """Small JSON values by kind and key. Reads everything at the start; writes in a thread of its own.

    Losing it costs one more drawing of each picture, so no failure of it ever fails a request: it is said once in the
    log, what is in memory goes on, and what could not be written is written once that is possible again.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._connection: sqlite3.Connection | None = None
        self._complained = False
        self._puts = 0
        self._unwritten: dict[tuple[str, str], str] = {}  # the store's thread alone changes it

    @property
    def folder(self) -> Path:
        """The folder that it keeps its file in."""
        return self._file.parent

    @property
    def unwritten(self) -> int:
        """How many values could not be written so far."""
        return len(self._unwritten)

    async def load(self) -> dict[tuple[str, str], object]:
        """Return all that is kept, oldest first."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, self._load) or {}

    def put(self, kind: str, key: str, value: object) -> None:
        """Keep *value*, soon."""
        self._thread.submit(self._guarded, partial(self._put, kind, key, json.dumps(value)))

    def close(self) -> None:
        """Write what is still to be written."""
        self._thread.submit(self._guarded, self._close)
        self._thread.shutdown(wait=True)

    def _guarded(self, job: Callable[[], dict[tuple[str, str], object] | None]) -> dict[tuple[str, str], object] | None:
        try:
            done = job()
        except (OSError, sqlite3.Error, ValueError) as error:
            if not self._complained:
                log.warning("%s: can't keep dependencies over restarts: %s", self._file.name, error)
            self._complained = True
            self._disconnect()  # the disk may be another one by the next time
            return None
        if self._complained:
            log.info("%s: dependencies are kept over restarts again", self._file.name)
            self._complained = False
        return done

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._file, timeout=2, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(SCHEMA)
        return self._connection

    def _load(self) -> dict[tuple[str, str], object]:
        try:
            return self._read()
        except sqlite3.OperationalError:  # busy, or no room: not damaged
            raise
        except (sqlite3.DatabaseError, ValueError) as error:
            log.warning("%s is damaged and is begun anew: %s", self._file.name, error)
            self._disconnect()
            for ending in ("", "-wal", "-shm"):
                Path(f"{self._file}{ending}").unlink(missing_ok=True)
            return self._read()

    def _read(self) -> dict[tuple[str, str], object]:
        connection = self._open()
        self._prune()
        rows = connection.execute("SELECT kind, key, value FROM kept ORDER BY at").fetchall()
        return {(kind, key): json.loads(value) for kind, key, value in rows}

    def _prune(self) -> None:
        """Forget the oldest beyond MAX_ROWS of each kind."""
        kinds = [kind for (kind,) in self._open().execute("SELECT DISTINCT kind FROM kept")]
        for kind in kinds:
            self._open().execute(FORGET, {"kind": kind, "most": MAX_ROWS})

    def _put(self, kind: str, key: str, value: str) -> None:
        self._unwritten.pop((kind, key), None)
        self._unwritten[kind, key] = value
        while len(self._unwritten) > MAX_ROWS:
            del self._unwritten[next(iter(self._unwritten))]
        self._write()

    def _write(self) -> None:
        """Write all that there is to be written."""
        for row, value in list(self._unwritten.items()):
            self._puts += 1
            if self._puts % PRUNE_EVERY == 0:
                self._prune()
            self._open().execute("INSERT OR REPLACE INTO kept (kind, key, value) VALUES (?, ?, ?)", (*row, value))
            del self._unwritten[row]

    def _close(self) -> None:
        if self._unwritten:
            self._write()
        self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
