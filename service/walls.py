"""Walls: pictures side by side, as the query of a URL says which. Knows nothing of the plots there are."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from service.errors import BadParameter

MOST_COLUMNS = 12
MOST_ROWS = 12
LONGEST_CYCLE_S = 86_400.0
PLAIN = "/?=:,"  # what a URL's query may hold as it is: a wall's stays readable
SWITCH = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}

Word = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """One picture of a wall: the plot that it names, and the query of its URL."""

    plot: str
    query: str

    @property
    def word(self) -> str:
        """How the wall's URL names it."""
        return f"{self.plot}.png" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True, slots=True)
class Wall:
    """Pictures in their order; *columns* and *rows* are as many as fit where they are None.

    As a *kiosk* it shows nothing but the pictures; those that don't fit at once follow each *cycle_s* seconds.
    """

    pieces: tuple[Piece, ...] = ()
    columns: int | None = None
    rows: int | None = None
    kiosk: bool = False
    cycle_s: float | None = None

    @property
    def query(self) -> str:
        """The query of its URL."""
        words: list[tuple[str, object]] = [("p", piece.word) for piece in self.pieces]
        words += [("cols", self.columns), ("rows", self.rows), ("_kiosk", 1 if self.kiosk else None)]
        words += [("_cycle", None if self.cycle_s is None else f"{self.cycle_s:g}")]
        return "&".join(f"{name}={quote(str(word), safe=PLAIN)}" for name, word in words if word is not None)


def read_wall(words: Iterable[Word]) -> Wall:
    """Return the wall that the words of a query ask for: each picture once; of other words, the last one counts.

    Raises:
        BadParameter: with every word at fault.
    """
    pieces: list[Piece] = []
    given: dict[str, str] = {}
    for name, word in words:
        if name == "p" and word:
            pieces.append(read_piece(word))
        elif word or name not in (*READERS, "p"):  # empty means: not given
            given[name] = word
    given.pop("_", None)  # it defeats caches
    found: dict[str, object] = {}
    fields: dict[str, str] = {}
    for name, word in given.items():
        try:
            found[name] = _reader(name)(word)
        except ValueError as error:
            fields[name[:100]] = str(error)
    if fields:
        raise BadParameter.in_fields(fields)
    return Wall(tuple(dict.fromkeys(pieces)), **{FIELDS[name]: value for name, value in found.items()})  # type: ignore[arg-type]


def read_piece(word: str) -> Piece:
    """Return the picture that *word* names: NAME.png?query, without the ending, or a whole address of it."""
    path, _, query = word.partition("?")
    if path.startswith(("/", "http://", "https://")):
        path = path.partition("/plots/")[2] or path
    return Piece(path.removesuffix(".png"), query)


def check_wall(query: str) -> str:
    """Return *query*, as a setting holds it, without the address that it may follow. Raises ValueError."""
    query = query.partition("/wall?")[2] or query
    try:
        wall = read_wall(parse_qsl(query, keep_blank_values=True))
        why = "" if wall.pieces else "it names no picture"
    except (BadParameter, ValueError) as error:
        why = str(error)
    if why:
        raise ValueError(f"the query of a wall, such as p=loss.png&cols=2 ({why})")
    return query


def named_wall(query: str) -> Wall:
    """Return the wall of a setting that was checked."""
    return read_wall(parse_qsl(query, keep_blank_values=True))


def _reader(name: str) -> Callable[[str], object]:
    if name not in READERS:
        near = difflib.get_close_matches(name, (*READERS, "p"), n=1)
        raise ValueError("there is no such parameter" + (f"; did you mean {near[0]}?" if near else ""))
    return READERS[name]


def _count(most: int) -> Callable[[str], int]:
    def read(word: str) -> int:
        if not (word.isascii() and word.isdecimal() and 1 <= int(word[:9]) <= most):
            raise ValueError(f"expected a whole number from 1 to {most}")
        return int(word)

    return read


def _switch(word: str) -> bool:
    if word.lower() not in SWITCH:
        raise ValueError("expected 1 or 0")
    return SWITCH[word.lower()]


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds <= LONGEST_CYCLE_S:
        raise ValueError(f"expected a number of seconds from 1 to {LONGEST_CYCLE_S:g}")
    return seconds


READERS: dict[str, Callable[[str], object]] = {
    "cols": _count(MOST_COLUMNS),
    "rows": _count(MOST_ROWS),
    "_kiosk": _switch,
    "_cycle": _seconds,
}
FIELDS = {"cols": "columns", "rows": "rows", "_kiosk": "kiosk", "_cycle": "cycle_s"}
