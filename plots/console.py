"""Standard input, output and error of this process: empty, and kept instead of shown. Knows nothing of who prints."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import io
import os
import select
import sys
import threading
from collections.abc import Callable
from typing import Self, TextIO

from plots.printed import KEPT_BYTES, Tail

LONGEST_ERROR = 1_000  # characters
PIPE_BYTES = 1 << 20  # code in C that prints while it holds the GIL has as much room, before somebody reads

STREAMS = ("stdin", "stdout", "stderr")


class Console:
    """Takes what is written to the file descriptors 1 and 2 until the block ends, by code in C and by children too.

    As a pipe it never fills memory or disk: a thread reads on, and keeps the end.
    """

    def __init__(self) -> None:
        self._tail = Tail()
        self._errors = ""
        self._others: set[threading.Thread] = set()
        self._undo = contextlib.ExitStack()

    @property
    def text(self) -> str:
        """The last 64 kB of both streams, as they came."""
        return self._tail.text

    @property
    def last_error(self) -> str:
        """The last line that Python code wrote to standard error; empty if there is none."""
        return next((line.strip() for line in reversed(self._errors.splitlines()) if line.strip()), "")

    def __enter__(self) -> Self:
        self._others = set(threading.enumerate())
        with contextlib.ExitStack() as undo:
            for name in STREAMS:
                undo.callback(setattr, sys, name, getattr(sys, name))
                undo.callback(setattr, sys, f"__{name}__", getattr(sys, f"__{name}__"))
            _flush()
            for number in (0, 1, 2):
                saved = os.dup(number)
                undo.callback(os.close, saved)
                undo.callback(self._give_back, saved, number)
            self._read_on(undo)
            undo.callback(_flush)
            errors = _Errors(self._note_error)
            streams = (open(0, closefd=False), io.TextIOWrapper(_bytes(1), encoding="utf-8"), errors)
            for name, stream in zip(STREAMS, streams, strict=True):
                undo.callback(_flush_quietly, stream)
                setattr(sys, name, stream)
                setattr(sys, f"__{name}__", stream)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        _flush_quietly(sys.stdout)  # the script's own, maybe
        _flush_quietly(sys.stderr)
        self._undo.close()

    def _note_error(self, text: str) -> None:
        self._errors = (self._errors + text)[-LONGEST_ERROR:]

    def _give_back(self, saved: int, number: int) -> None:
        """Let *number* be what it was, *saved*; but if threads were started that go on, they print into the void."""
        if self._others.issuperset(threading.enumerate()):
            os.dup2(saved, number)
            return
        void = os.open(os.devnull, os.O_RDWR)
        os.dup2(void, number)
        os.close(void)

    def _read_on(self, undo: contextlib.ExitStack) -> None:
        """Put an end of a pipe in the places of 1 and 2, and read from the other in a thread."""
        source, sink = os.pipe()
        stop, stopped = os.pipe()
        thread = threading.Thread(target=self._drain, args=(source, stop), name="console", daemon=True)
        for number in (source, stop, stopped):
            undo.callback(os.close, number)
        undo.callback(thread.join)
        undo.callback(os.write, stopped, b".")  # merely closed, it would stay open in children
        with contextlib.suppress(OSError):  # the machine may allow less
            fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, place in ((nothing, 0), (sink, 1), (sink, 2)):
            os.dup2(number, place)
        os.close(nothing)
        os.close(sink)
        thread.start()

    def _drain(self, source: int, stop: int) -> None:
        """Read *source* until its end, or until *stop* says that nobody is left who counts."""
        ready = select.poll()
        ready.register(source, select.POLLIN)
        ready.register(stop, select.POLLIN)
        left = PIPE_BYTES
        while left > 0:
            numbers = {number for number, _ in ready.poll()}
            if source not in numbers:
                return
            data = os.read(source, KEPT_BYTES)
            if not data:
                return
            if stop in numbers:
                left -= len(data)
            self._tail.add(data)


class _Errors(io.TextIOWrapper):
    """Standard error, in its place between what was printed before it and after; *note* is told of all of it."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(_bytes(2), encoding="utf-8", errors="backslashreplace", line_buffering=True)
        self._note = note

    def write(self, text: str) -> int:
        _flush_quietly(sys.stdout)
        written = super().write(text)
        self._note(text)
        return written


def _bytes(number: int) -> io.BufferedWriter:
    return io.BufferedWriter(io.FileIO(number, "wb", closefd=False))


def _flush() -> None:
    """Write out what Python's streams and those of C still hold."""
    _flush_quietly(sys.stdout)
    _flush_quietly(sys.stderr)
    ctypes.CDLL(None).fflush(None)


def _flush_quietly(stream: TextIO | None) -> None:
    """Flush *stream*; it may be closed, or whatever user code put there."""
    with contextlib.suppress(Exception):
        if stream is not None:
            stream.flush()
