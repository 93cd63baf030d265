"""User code that this daemon must not run again, as an earlier one died of it: imports, and ``version=``. Runs none."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from plots.importing import ImportFailed
from plots.printed import Tail, kept
from plots.spec import PlotSpec
from service.errors import printable
from service.journal import Journal, PlotKey
from service.lines import MOST_PRINTED
from service.store import Store

KEPT = "hazard"
VERSION = ".version="  # no function is called so

log = logging.getLogger(__name__)


class Fatal(Exception):
    """The daemon died when it ran just this."""


class Hazards:
    """Names in *journal* what is run beside drawings, and refuses what a daemon died of; *store* keeps that.

    Unlike a drawing it can't move to a worker process: without it there is nothing to draw.
    """

    def __init__(self, journal: Journal, store: Store) -> None:
        self._journal = journal
        self._store = store
        self._fatal: dict[str, str] = {}

    def load(self, rows: Mapping[tuple[str, str], object]) -> None:
        """Take up what was known before the last stop; *rows* are those of the store."""
        self._fatal.update((key, str(code)) for (kind, key), code in rows.items() if kind == KEPT)

    def note_died(self, left: Collection[PlotKey]) -> None:
        """Note what ran when the daemon before this one died: an import is to blame only if nothing else ran."""
        for key in left:
            if key.qualname.endswith(VERSION):
                log.warning(
                    "the daemon died while it called %s in %s: that is not called again", key.qualname, key.file
                )
            elif not key.qualname and len(left) == 1:  # else it is tried once more, at the next start, alone
                log.warning("the daemon died while it imported %s: that is not imported again", key.file)
            else:
                continue
            self._fatal[_name(key)] = key.code
            self._store.put(KEPT, _name(key), key.code)

    @contextlib.contextmanager
    def importing(self, path: str) -> Iterator[None]:
        """Say that the plot file *path* is imported until the block ends. For any thread.

        Raises:
            ImportFailed: the daemon died of it, and the file is as it was.
        """
        code = ""
        with contextlib.suppress(OSError):  # the import will tell
            code = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        try:
            with self._running(PlotKey(printable(path), "", code)):
                yield
        except Fatal as error:
            again = "it is tried again when this file changes, if only by a blank line"
            raise ImportFailed(f"the daemon died while importing it: {again}") from error

    @contextlib.contextmanager
    def calling_version(self, spec: PlotSpec) -> Iterator[None]:
        """Say that the ``version=`` of *spec* is called until the block ends. For any thread.

        Raises:
            Fatal: the daemon died of it, and the code is as it was.
        """
        key = PlotKey.of(spec)
        with self._running(key._replace(qualname=key.qualname + VERSION)):
            yield

    @contextlib.contextmanager
    def _running(self, key: PlotKey) -> Iterator[None]:
        if self._fatal.get(_name(key)) == key.code:
            raise Fatal
        slot, tail = self._journal.begin(key), Tail()
        try:
            with kept(tail):
                yield
        finally:
            self._journal.end(slot)
            if printed := tail.text[-MOST_PRINTED:]:
                log.info("a plot file printed", extra={"plot": key.qualname, "file": key.file, "output": printed})


def is_drawing(key: PlotKey) -> bool:
    """Say whether *key* stands for a plot that was drawn, rather than for what is run beside that."""
    return bool(key.qualname) and not key.qualname.endswith(VERSION)


def _name(key: PlotKey) -> str:
    return f"{key.file}\n{key.qualname}"
