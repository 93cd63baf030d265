"""What each render prints, kept apart: a context variable says whose it is. Knows nothing of renders and processes."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

KEPT_BYTES = 64 << 10

MOST_WARNINGS = 1_000  # that are remembered as told

Told = tuple[str, type[Warning], str, int]
Show = Callable[..., None]  # what `warnings.showwarning` is


class Tail:
    """The end of what is printed: its last 64 kB. Threads may add to it at once."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    @property
    def text(self) -> str:
        """What is kept."""
        return bytes(self._bytes[-KEPT_BYTES:]).decode(errors="replace")

    def add(self, data: bytes) -> None:
        """Keep the end of *data*, and of what was there before."""
        self._bytes += data[-KEPT_BYTES:]
        del self._bytes[: -2 * KEPT_BYTES]


@contextlib.contextmanager
def kept(tail: Tail | None) -> Iterator[None]:
    """Keep in *tail* what this context, and threads that follow it, print; None: that goes where it would."""
    token = _streams.set(_Streams(tail) if tail is not None else None)
    try:
        yield
    finally:
        _streams.reset(token)


def keeper() -> Tail | None:
    """Return what keeps what is printed here, for a thread that is to print there too."""
    own = _streams.get()
    return own.tail if own is not None else None


def stand_in() -> None:
    """Put ours in the places of standard output and error, and of what shows warnings; where they are, they stay."""
    for name in ("stdout", "stderr"):
        shared = getattr(sys, name)
        if shared is not None and not isinstance(shared, _Stream):
            setattr(sys, name, _Stream(name, shared))
    if not isinstance(warnings.showwarning, _Warnings):
        warnings.showwarning = _Warnings(warnings.showwarning)


def beneath(stream: TextIO) -> TextIO:
    """Return what *stream* stands in for, if it is one of ours: nothing that is written there is kept."""
    return stream._shared if isinstance(stream, _Stream) else stream


class _Streams:
    """Standard output and error of one context, made when they are first needed."""

    def __init__(self, tail: Tail) -> None:
        self.tail = tail
        self.told: set[Told] = set()
        self._made: dict[str, TextIO] = {}

    def of(self, name: str) -> TextIO:
        """Return the stream *name*."""
        if name not in self._made:
            made = io.TextIOWrapper(_Sink(self.tail, name), "utf-8", "backslashreplace", write_through=True)
            self._made.setdefault(name, made)  # another thread may have come first
        return self._made[name]


class _Sink(io.BufferedIOBase):
    def __init__(self, tail: Tail, name: str) -> None:
        self._tail = tail
        self.name = f"<{name}>"

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        taken = bytes(data)
        self._tail.add(taken)
        return len(taken)


class _Stream:
    """Stands in for ``sys.stdout`` or ``sys.stderr``: it is the stream of whoever asks."""

    def __init__(self, name: str, shared: TextIO) -> None:
        self._name = name
        self._shared = shared

    def __getattr__(self, attribute: str) -> Any:  # Any: whatever a stream has
        if attribute.startswith("__"):  # a copy that is being made asks for some before it has anything
            raise AttributeError(attribute)
        own = _streams.get()
        return getattr(self._shared if own is None else own.of(self._name), attribute)


class _Warnings:
    """Stands in for ``warnings.showwarning``: who keeps what it prints keeps these too; else *show* has them.

    Nobody is warned twice of the same at the same place.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self._told: set[Told] = set()

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        own = _streams.get()
        told, this = self._told if own is None else own.told, (str(message), category, filename, lineno)
        if this in told:
            return
        if len(told) >= MOST_WARNINGS:
            told.clear()
        told.add(this)
        if own is None or file is not None:
            self._show(message, category, filename, lineno, file, line)
        else:
            own.of("stderr").write(warnings.formatwarning(message, category, filename, lineno, line))


_streams: ContextVar[_Streams | None] = ContextVar("streams", default=None)
