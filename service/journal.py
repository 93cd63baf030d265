"""What user code runs in this process right now: a small file that outlives a process which dies of it."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import time
import weakref
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from plots.spec import PlotSpec
from service.errors import printable

SLOT_BYTES = 8_192  # of one plot: longer than the longest path
MAX_SLOTS = 1_024  # at a time; what is run beyond that isn't noted
PATTERN = "drawing-*.journal"
COMPLAINT_S = 3600.0  # from one to the next

log = logging.getLogger(__name__)


class PlotKey(NamedTuple):
    """A plot in one version of its code, as it can be written down and found again after a restart.

    Without *qualname* it is the file as such, and *code* the hash of its bytes.
    """

    file: str
    qualname: str
    code: str

    @classmethod
    def of(cls, spec: PlotSpec) -> PlotKey:
        """Return the key of *spec*; one that draws a data file is known by that."""
        return cls(printable(str(spec.fixed.get("file_path", spec.file))), spec.qualname, spec.code)

    def as_bytes(self) -> bytes:
        """Return it as bytes that hold no zero; a file's name may hold line breaks, so it comes last."""
        return f"{self.code}\n{self.qualname}\n{self.file}".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> PlotKey:
        """Return what *data* stands for. Raises ValueError where it stands for nothing."""
        code, qualname, file = data.decode().split("\n", 2)
        return cls(file, qualname, code)


class Journal:
    """Notes what is drawn in threads of this process, imported and so on, in a file of its own in *folder*.

    When a process is killed, nothing of it runs any more, but what it wrote is in the kernel's hands: neither a flush
    nor a sync is needed. Daemons that share a folder have a file each, locked while its daemon lives: what nobody
    locks was left behind. No failure of it ever fails a render: it is said in the log, once an hour at most.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Path | None = None
        self._descriptor = -1
        self._free = deque(range(MAX_SLOTS))  # its methods are safe in threads
        self._quiet_until_s = 0.0  # of the monotonic clock

    @property
    def is_open(self) -> bool:
        """Whether things can be noted."""
        return self._descriptor >= 0

    def left_behind(self) -> tuple[PlotKey, ...]:
        """Return what daemons were running when they ended uncleanly, and forget it. May wait for the disk."""
        files = sorted(self._folder.glob(PATTERN))
        return tuple(dict.fromkeys(key for file in files for key in self._take_over(file)))

    def open(self) -> None:
        """Begin to note things. May wait for the disk."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._folder / PATTERN.replace("*", secrets.token_hex(8))
            new = file.with_suffix(".new")
            descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._complain(error)
            return
        closing = weakref.finalize(self, os.close, descriptor)  # no sooner: a lost thread may still write to it
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            new.rename(file)  # only now: another daemon that starts must not find it without its lock
        except OSError as error:
            closing()
            new.unlink(missing_ok=True)
            self._complain(error)
            return
        # A child that user code forks, and that outlives this process, must not hold the lock on.
        os.register_at_fork(after_in_child=closing)
        self._file, self._descriptor = file, descriptor

    def begin(self, plot: PlotKey) -> int:
        """Note that *plot* is being run, until ``end`` is called with what this returns. For any thread."""
        data = plot.as_bytes() + b"\0"
        if self._descriptor < 0 or len(data) > SLOT_BYTES:
            return -1
        try:
            slot = self._free.popleft()
        except IndexError:
            return -1
        self._write(slot, data)
        return slot

    def end(self, slot: int) -> None:
        """Note that what was begun in *slot* has ended. For any thread."""
        if slot >= 0:
            self._write(slot, b"\0")
            self._free.appendleft(slot)

    def close(self) -> None:
        """End it cleanly: nothing is left behind, whatever is still being drawn."""
        if self._file is not None:
            self._remove(self._file)

    def _take_over(self, file: Path) -> list[PlotKey]:
        """Return what *file* holds, if its daemon is dead, and remove it."""
        try:
            with file.open("r+b", buffering=0) as journal:
                fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found = list(self._read(journal.fileno(), file.name))
                self._remove(file)
                return found
        except (BlockingIOError, FileNotFoundError):  # its daemon lives, or another that starts was faster
            return []
        except OSError as error:
            self._complain(error)
            return []

    def _read(self, descriptor: int, name: str) -> Iterator[PlotKey]:
        for slot in range(MAX_SLOTS):
            written = os.pread(descriptor, SLOT_BYTES, slot * SLOT_BYTES)
            if not written:
                return
            data, _, _ = written.partition(b"\0")
            try:
                if data:
                    yield PlotKey.from_bytes(data)
            except ValueError:
                self._complain(f"{name} is damaged")

    def _remove(self, file: Path) -> None:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            self._complain(error)

    def _write(self, slot: int, data: bytes) -> None:
        try:
            os.pwrite(self._descriptor, data, slot * SLOT_BYTES)
        except OSError as error:
            self._complain(error)

    def _complain(self, why: object) -> None:
        if time.monotonic() >= self._quiet_until_s:
            log.warning("can't note what is being drawn, in case the daemon dies of it: %s", why)
            self._quiet_until_s = time.monotonic() + COMPLAINT_S
