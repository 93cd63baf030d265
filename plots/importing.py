"""The import of one plot file: within a time limit, in a thread of its own, and what to tell when it fails."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Container

from plots.attempt import Attempt, ThreadsLeft, attempt, plain
from plots.isolation import TURNS, Turn
from plots.module import Module
from plots.neighbours import Table
from plots.printed import keeper, kept
from plots.source import WorldWritable


class ImportFailed(Exception):
    """A plot file can't be imported: *message* says why, *line* where in that file; *traceback* has the user's frames.

    *module* is what became of it, if anything: what it had imported and read by then.
    """

    def __init__(
        self, message: str, line: int | None = None, traceback: str = "", module: Module | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.traceback = traceback or message
        self.module = module

    def again(self) -> ImportFailed:
        """Return the same, to be raised another time or kept: this one holds on to the frames that it went through."""
        return ImportFailed(self.message, self.line, self.traceback, self.module)


class Import:
    """The import of *path*, under way in a thread of its own, which is left behind if it takes too long."""

    def __init__(self, table: Table, name: str, path: str) -> None:
        self._table = table
        self._name = name
        self._path = path
        self._keeper = keeper()
        self._turn: Turn | None = None
        self._attempt: Attempt | None = None
        self._module: Module | None = None
        self._error: BaseException | None = None
        self._begun = threading.Event()
        self._ended = threading.Event()
        # A daemon, and so is each thread that it starts: none keeps the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"import {name}", daemon=True)
        self._thread.start()

    def result(self, limit_s: float) -> Module:
        """Wait until it has ended, but no longer than *limit_s* from when its turn began; return the module.

        Raises:
            ImportFailed: the code raised something, or took too long.
        """
        self._begun.wait()
        if not self._ended.wait(limit_s):
            raise self._leave_behind(limit_s)
        self._thread.join()  # it has nothing left to do
        if self._error is not None:
            raise self._describe(self._error)
        assert self._module is not None
        return self._module

    def _run(self) -> None:
        try:
            with kept(self._keeper), TURNS.take(self._note_turn), attempt() as self._attempt:
                self._begun.set()
                self._module = self._table.load(self._name, self._path, set())
        except BaseException as error:  # noqa: BLE001 - the user's own code: whatever it raises is its file's failure
            self._error = error
        finally:
            self._begun.set()
            self._ended.set()

    def _note_turn(self, turn: Turn) -> None:
        self._turn = turn

    def _leave_behind(self, limit_s: float) -> ImportFailed:
        """Give up on it: a thread can't be stopped, but nobody waits for it, and nobody gets what comes of it."""
        assert self._attempt is not None
        assert self._turn is not None
        root = self._attempt.root
        stack = traceback.extract_stack(sys._current_frames().get(self._thread.ident or 0))
        frames = _only(stack, _files_of(root))
        self._attempt.lost_turn = True
        for module in reversed(self._attempt.running):
            module.fail(refusal=f"importing {os.path.basename(module.path)} took longer than {limit_s:g} s")
            module.settle()
        self._attempt.restore()
        TURNS.write_off(self._turn)
        message = f"import took longer than {limit_s:g} s"
        return ImportFailed(message, self._line(frames), plain("".join([*frames.format(), message])), root)

    def _describe(self, error: BaseException) -> ImportFailed:
        root = self._attempt.root if self._attempt else None
        if isinstance(error, WorldWritable | ThreadsLeft):
            return ImportFailed(str(error), self._line(traceback.extract_tb(error.__traceback__)), module=root)
        described = traceback.TracebackException.from_exception(error, compact=True)
        lines = self._line(described.stack)
        _keep_frames(described, _files_of(root))
        if isinstance(error, SyntaxError) and error.lineno:
            where = f"{os.path.basename(error.filename or '')}, line {error.lineno}"
            message = f"{type(error).__name__}: {error.msg} ({where})"
            lines = error.lineno if error.filename == self._path else lines
        else:
            message = "".join(described.format_exception_only()).strip()
        text = described.format() if described.stack else described.format_exception_only()
        message = plain(message).replace(os.path.join(os.path.dirname(self._path), ""), "")
        return ImportFailed(message, lines, plain("".join(text)), root)

    def _line(self, frames: traceback.StackSummary) -> int | None:
        """Return the line of the file itself that *frames* last went through."""
        return next((frame.lineno for frame in reversed(frames) if frame.filename == self._path), None)


def _files_of(module: Module | None) -> set[str]:
    return {part.path for part in module.reach()} if module else set()


def _only(stack: traceback.StackSummary, files: Container[str]) -> traceback.StackSummary:
    return traceback.StackSummary.from_list([frame for frame in stack if frame.filename in files])


def _keep_frames(described: traceback.TracebackException, files: Container[str]) -> None:
    """Drop the frames that aren't in *files*, from what caused it too."""
    described.stack = _only(described.stack, files)
    for other in (described.__cause__, described.__context__, *(getattr(described, "exceptions", None) or ())):
        if other is not None:
            _keep_frames(other, files)
