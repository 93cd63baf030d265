"""What a command says, in which form, and where: standard output, kept clean, or a file, whole. Knows no plots."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence, Sized
from datetime import datetime
from pathlib import Path

from service.lines import one_line

SHOWN = ("png", "svg", "webp")  # what a browser shows in a page
FORMATS = (*SHOWN, "pdf", "csv", "ansi")


def make_streams_sound() -> None:
    """Let any text be written to the standard streams, and let those that were closed lead nowhere.

    Else the next file opened would be standard output, and get what is printed.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115 - it stays open
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115 - it stays open
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # the names of files hold what they like


class Output:
    """Standard output, for the command's own words alone.

    From here to the end of the process, what else is printed there goes to standard error: by a plot, by a library
    written in C, by a program that a plot starts, or by what runs at exit.
    """

    def __init__(self) -> None:
        sys.stdout.flush()
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(
                line_buffering=True
            )  # what is printed there keeps its place among what goes to stderr

    def write(self, said: str | bytes) -> None:
        """Write *said* at once."""
        data = said.encode(sys.stdout.encoding, "backslashreplace") if isinstance(said, str) else said
        with open(os.dup(self._descriptor), "wb") as stream:
            stream.write(data)


def write_whole(file: Path, data: bytes) -> None:
    """Replace *file* by one that holds *data*, at once: a reader gets the old one or the new one, never a part.

    What is no regular file (a device, a pipe) is written to.
    """
    if file.exists() and not file.is_file():
        file.write_bytes(data)
        return
    target = Path(os.path.realpath(file))  # a link goes on leading there
    import secrets  # this and shutil cost more than all of `plotd --help` may
    import shutil

    beside = target.with_name(f".{target.name[:80]}.{secrets.token_hex(8)}")
    try:
        beside.write_bytes(data)
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(file)) from error
    finally:
        beside.unlink(missing_ok=True)


def choose_form(file: str | None, shape: str | None, format: str | None) -> tuple[str, str]:
    """Return the shape of what is written, and the format of its picture: what isn't given, *file* says by its ending.

    Raises:
        ValueError: it says something else.
    """
    ending = Path(file or "").suffix.lower()
    if shape is None:
        shape = "html" if ending in (".html", ".htm") else "image"
    named = ending.removeprefix(".")
    if format is None and shape == "image" and named not in ("", *FORMATS):
        raise ValueError(f"{file}: plotd draws {', '.join(FORMATS)}; name the file so, or say --format")
    format = format or (named if named in FORMATS else "png")
    if shape in ("html", "data-uri") and format not in SHOWN:
        raise ValueError(f"a page can't hold a picture as {format}: only as {', '.join(SHOWN)}")
    return shape, format


def split_word(word: str) -> tuple[str, str]:
    """Return the name and the value in *word*, one that a user wrote. Raises ValueError: there is none."""
    name, equals, value = word.partition("=")
    if not (name and equals):
        raise ValueError(f"expected PARAM=VALUE, got {word!r}")
    return name, value


def forgive_missing_home() -> None:
    """Import matplotlib; where it can't write to a home, let it make itself a temporary one without a word."""
    import logging

    log = logging.getLogger("matplotlib")
    log.setLevel(logging.ERROR)
    import matplotlib as mpl

    mpl.get_configdir()
    mpl.get_cachedir()
    log.setLevel(logging.NOTSET)


def text_of(error: Exception) -> str:
    """Return what *error* says, with the file that the system's own are about."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def details_of(error: Exception) -> Iterator[str]:
    """Yield, line by line, what the author of a plot needs to know beyond the text of *error*."""
    for text in (getattr(error, "output", ""), getattr(error, "traceback", ""), *getattr(error, "__notes__", ())):
        yield from map(one_line, (text or "").splitlines())


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Return *rows* as a table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(one_line(line.rstrip()) for line in lines)


def day_of(time_s: float | None) -> str:
    """Return the time *time_s*, in seconds since the epoch, as it is here; a dash for none."""
    return "-" if time_s is None else datetime.fromtimestamp(time_s).astimezone().strftime("%Y-%m-%d %H:%M")


def count(things: Sized | int, noun: str) -> str:
    """Return how many there are, in words."""
    number = things if isinstance(things, int) else len(things)
    return f"{number} {noun}{'s' * (number != 1)}"
