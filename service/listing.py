"""The plots there are, in words: a table for people, JSON for programs, and what is wrong. Draws nothing."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from plots.parameters import words_of
from plots.schema import json_schema
from plots.spec import Kind, Parameter, PlotSpec
from service.config import ConfigError
from service.lines import one_line
from service.oneshot import Collection, file_of, find
from service.settings import read_config

WIDTH = 80  # columns
LONGEST_NAME = 30
LONGEST_TITLE = 24
GAP = "  "
TYPES: dict[Kind, str] = {
    "int": "whole number",
    "float": "number",
    "bool": "1 or 0",
    "str": "text",
    "path": "file",
    "date": "date",
    "datetime": "date and time",
    "timedelta": "duration",
}


def as_json(collection: Collection) -> str:
    """Return all of *collection*; `plotd list --help` says what stands where."""
    plots = [_plot(spec, collection.link(spec)) for spec in collection.found.plots]
    failures = [
        {"file": str(collection.place(f)), "line": f.line, "message": f.message} for f in collection.found.failures
    ]
    return json.dumps({"plots": plots, "failures": failures}, indent=2, ensure_ascii=False) + "\n"


def as_table(collection: Collection) -> str:
    """Return the plots with their parameters, then those that can't be drawn, then the files that failed to load."""
    plots = [spec for spec in collection.found.plots if spec.unservable is None]
    lines = [*_table(collection, plots)] if plots else ["No plots."]
    unservable = [spec for spec in collection.found.plots if spec.unservable is not None]
    lines += _section("Can't be drawn:", (f"{spec.name}: {spec.unservable}" for spec in unservable))
    lines += _section("Failed to load:", map(collection.told, collection.found.failures))
    return "\n".join(lines) + "\n"


def examine(file: Path | None, paths: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Return what was looked at, and what is wrong with it, each problem the way compilers write it."""
    looked_at: list[str] = []
    try:
        config = read_config(file, paths)
        looked_at.append(f"settings: {file or 'the defaults'}")
        collection = find(config)
    except ConfigError as error:
        return looked_at, [re.sub(r"^(.+), line (\d+): ", r"\1:\2: ", problem) for problem in error.problems]
    found = collection.found
    where = ", ".join(os.path.relpath(path) for path in collection.paths)
    unservable = sum(spec.unservable is not None for spec in found.plots)
    note = f" ({unservable} of them can't be drawn: see plotd list)" if unservable else ""
    return [*looked_at, f"plots: {len(found.plots)} in {where}{note}"], [*map(collection.told, found.failures)]


def _plot(spec: PlotSpec, link: str) -> dict[str, object]:
    return {
        "name": spec.name,
        "alias": link if link != spec.name else None,
        "title": spec.title,
        "description": spec.description,
        "group": spec.group,
        "file": str(file_of(spec)),
        "parameters": json_schema(spec.parameters, str),
        "example": {name: list(words) for name, words in spec.example.items()},
        "unservable": spec.unservable,
    }


def _table(collection: Collection, plots: Iterable[PlotSpec]) -> Iterator[str]:
    rows = [
        (collection.link(spec), one_line(spec.title), one_line(os.path.relpath(file_of(spec))), spec) for spec in plots
    ]
    name_width = min(LONGEST_NAME, max(len(name) for name, *_ in rows))
    title_width = min(LONGEST_TITLE, max(map(_cells, ["TITLE", *(title for _, title, *_ in rows)])))
    yield _row("PLOT", name_width, "TITLE", title_width, "FILE")
    for name, title, file, spec in rows:
        if len(name) > name_width:
            yield name  # whole, so that it can be typed
        yield _row(name if len(name) <= name_width else "", name_width, title, title_width, file)
        yield from _parameters(spec.parameters)


def _row(name: str, name_width: int, title: str, title_width: int, file: str) -> str:
    rest = WIDTH - name_width - title_width - 2 * len(GAP)
    shown = file if _cells(file) <= rest else "…" + _cut(file[::-1], rest - 1)[::-1]
    return GAP.join((name.ljust(name_width), _padded(title, title_width), shown)).rstrip()


def _parameters(parameters: Sequence[Parameter]) -> Iterator[str]:
    width = max((len(parameter.name) for parameter in parameters), default=0)
    for parameter in parameters:
        yield _fit(one_line(f"    {parameter.name:{width}}{GAP}{_type(parameter)}, {_default(parameter)}"))


def _type(parameter: Parameter) -> str:
    if parameter.alternatives:
        return " or ".join(map(_type, parameter.alternatives))
    one = " | ".join(word for word, _ in parameter.choices) if parameter.choices else TYPES.get(parameter.kind, "")
    return f"{one} (repeatable)" if parameter.repeated else one


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    words = words_of(parameter, parameter.default)
    if parameter.kind == "path":
        words = tuple(os.path.relpath(word) if os.path.isabs(word) else word for word in words)
    shown = " ".join(words)
    return f"default {shown}" if shown else "optional"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    told = [f"  {one_line(line)}" for line in lines]
    return ["", title, *told] if told else []


def _fit(line: str) -> str:
    return line if _cells(line) <= WIDTH else _cut(line, WIDTH - 1) + "…"


def _padded(text: str, width: int) -> str:
    shown = text if _cells(text) <= width else _cut(text, width - 1) + "…"
    return shown + " " * (width - _cells(shown))


def _cut(text: str, width: int) -> str:
    while _cells(text) > width:
        text = text[:-1]
    return text


def _cells(text: str) -> int:
    """Return how many columns of a terminal *text* takes: Chinese letters take two."""
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)
