"""What the words of a URL ask of a plot; those that begin with an underscore are the service's own options."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from plotd.encode import Look, Sizing
from plots.parameters import BadWords, parse
from plots.spec import PlotSpec
from service.errors import BadParameter
from service.looks import LIMIT, read_look
from service.rendering import COLUMNS, CONTENT_TYPES, Demand, RenderRequest

RANGES = {"_width": (10.0, 10_000.0), "_height": (10.0, 10_000.0), "_dpi": (10.0, 600.0), "_scale": (0.5, 4.0)}
COLUMNS_RANGE = (10.0, 400.0)
NAMES = (*RANGES, "_theme", "_xlim", "_ylim", "_columns", "_every", "_etag")  # and the limits of axes beyond the first
LONGEST_EVERY_S = 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Options:
    """The bounds of options that a setting gives."""

    min_every_s: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the options of a URL choose: *every_s* and *pinned* as in a Demand."""

    sizing: Sizing
    look: Look
    every_s: float | None
    pinned: str | None
    columns: int


def read_demand(
    spec: PlotSpec,
    ending: str,
    words: Sequence[tuple[str, str]],
    options: Options,
    locate: Callable[[str], Path],
) -> Demand:
    """Return what *words* ask of *spec*, as *ending*; *locate* makes a path of a word, or raises ValueError.

    Raises:
        BadParameter: with every field at fault.
    """
    if spec.unservable is not None:
        raise BadParameter(f"{spec.name} can't be drawn from words: {spec.unservable}")
    fields: dict[str, str] = {}
    chosen = read_options([word for word in words if word[0].startswith("_")], options, fields)
    try:
        values = parse(spec.parameters, [word for word in words if not word[0].startswith("_")], locate)
    except BadWords as wrong:
        raise BadParameter.in_fields({**wrong.fields, **fields}) from wrong
    if fields:
        raise BadParameter.in_fields(fields)
    format = ending if ending in CONTENT_TYPES else "png"
    how = (chosen.sizing, format, chosen.look)
    request = RenderRequest(spec, values.given, values.words, *how, numbers=ending == "csv")
    return Demand(request, ending, chosen.every_s, chosen.pinned, chosen.columns)


def read_options(words: Iterable[tuple[str, str]], options: Options, fields: dict[str, str]) -> Chosen:
    """Return what *words* choose.

    What is wrong with a word goes into *fields*, by its name. A lone ``_`` means nothing: it defeats caches.
    """
    given: dict[str, str] = {}
    for name, word in words:
        if name not in NAMES and name != "_" and not LIMIT.fullmatch(name):
            near = difflib.get_close_matches(name, NAMES, n=1)
            fields[name[:100]] = "there is no such option" + (f"; did you mean {near[0]}?" if near else "")
        elif name in given:
            fields[name] = "given more than once"
        elif name != "_":
            given[name] = word
    ranges = {**RANGES, "_columns": COLUMNS_RANGE, "_every": (options.min_every_s, LONGEST_EVERY_S)}
    numbers = {name: _number(name, word, ranges[name], fields) for name, word in given.items() if name in ranges}
    width, height, dpi = (numbers.get(name) for name in ("_width", "_height", "_dpi"))
    sizing = Sizing(width, height, dpi, numbers.get("_scale") or 1.0)
    columns = int(numbers.get("_columns") or COLUMNS)
    return Chosen(
        sizing, read_look(given, fields), numbers.get("_every"), given.get("_etag", "").strip('"') or None, columns
    )


def _number(name: str, word: str, bounds: tuple[float, float], fields: dict[str, str]) -> float | None:
    """Return the number that *word* is; None if it's empty, or none within *bounds*."""
    if not word:
        return None
    low, high = bounds
    try:
        number = float(word) if word.isascii() and "_" not in word else math.nan
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        fields[name] = f"expected a number from {low:g} to {high:g}, got {word[:40]!r}"
        return None
    return number


def words_of_query(query: str) -> list[tuple[str, str]]:
    """Return the words of a URL's query, decoded, in order. Raises BadParameter."""
    try:
        return parse_qsl(as_utf8(query), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError as error:
        raise BadParameter(f"the query can't be read: {error}") from error


def as_utf8(query: str) -> str:
    """Return *query* with the raw bytes that some clients send, which tornado reads as Latin-1, read as UTF-8."""
    try:
        return query.encode("latin-1").decode()
    except UnicodeError:
        return query
