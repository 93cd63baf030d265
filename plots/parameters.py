"""The words of a URL and what a plot's function is called with: all of its parameters at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from plots.dates import RelativeTime
from plots.spec import Parameter
from plots.words import noun_of, one_line, read_word, settle, takes_text, validate, word_of


class BadWords(ValueError):
    """Words of a URL that don't fit: *fields* says of each name at fault what was expected."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields.items()))
        self.fields = dict(fields)


@dataclass(frozen=True, slots=True)
class Values:
    """The checked words of a URL.

    *given* holds each parameter that can be set, defaults included, as `resolve` takes it: files as absolute Paths,
    relative times as such, lists as tuples. *words* are canonical and sorted, without those that only repeat a default:
    equal requests have equal words, however they are spelt.
    """

    given: Mapping[str, object]
    words: tuple[tuple[str, tuple[str, ...]], ...]


def parse(parameters: Sequence[Parameter], words: Iterable[tuple[str, str]], locate: Callable[[str], Path]) -> Values:
    """Return what *words*, the names and values of a URL in their order, mean to *parameters*.

    *locate* makes an absolute path of a path parameter's word, or raises ValueError with a text for a stranger.

    Raises:
        BadWords: with every field at fault.
    """
    written: dict[str, list[str]] = {parameter.name: [] for parameter in parameters}
    faults: dict[str, str] = {}
    for name, word in words:
        if name in written:
            written[name].append(word)
        elif name != "_":
            faults[one_line(name, 60)] = _unknown(name, list(written))
    given: dict[str, object] = {}
    canonical = []
    for parameter in parameters:
        try:
            value = given[parameter.name] = _value(parameter, written[parameter.name], locate)
        except ValueError as error:
            faults[parameter.name] = one_line(str(error))
            continue
        if parameter.required or value is not parameter.default:
            canonical.append((parameter.name, words_of(parameter, value)))
    if faults:
        raise BadWords(faults)
    return Values(given, tuple(sorted(canonical)))


def resolve(parameters: Iterable[Parameter], given: Mapping[str, object], now: datetime) -> dict[str, object]:
    """Return what the function is called with at *now*; lists are made afresh, so it may change them.

    Raises:
        BadWords: a relative time is by now out of its bounds.
    """
    values: dict[str, object] = {}
    faults: dict[str, str] = {}
    for parameter in parameters:
        value = given.get(parameter.name, parameter.default)
        try:
            if parameter.repeated and isinstance(value, tuple):
                values[parameter.name] = parameter.gather(_resolved(parameter, item, now) for item in value)
            else:
                values[parameter.name] = _resolved(parameter, value, now)
        except ValueError as error:
            faults[parameter.name] = one_line(str(error))
    if faults:
        raise BadWords(faults)
    return values


def words_of(parameter: Parameter, value: object) -> tuple[str, ...]:
    """Return the words by which a URL carries *value*; of a list none is one empty word."""
    if not parameter.repeated or not isinstance(value, list | tuple | set | frozenset):
        return (word_of(parameter, value),)
    words = [word_of(parameter, item) for item in value]
    return tuple(sorted(words) if parameter.gather in (set, frozenset) else words) or ("",)


def _value(parameter: Parameter, written: Sequence[str], locate: Callable[[str], Path]) -> object:
    """Return the value that *written*, all words of one name, stand for; the very default if they repeat that."""
    default_words = None if parameter.required else words_of(parameter, parameter.default)
    if tuple(written) == default_words and parameter.kind != "path":
        return parameter.default  # also one that breaks the author's own rules
    words = [word for word in written if word or _takes_empty(parameter)]
    if parameter.kind == "bool" and not parameter.repeated:
        words = words[-1:]  # a check box sends nothing when it is off: a hidden 0 goes before its 1
    if parameter.repeated and written:
        value = _values(parameter, [word for word in written if word], locate)
    elif not words and parameter.required:
        raise ValueError(f"is missing: expected {noun_of(parameter)}")
    elif not words:
        return parameter.default
    elif len(words) > 1:
        raise ValueError(f"expected one value, got {len(words)}")
    else:
        value = None if parameter.nullable and not words[0] else read_word(parameter, words[0], locate)
    return parameter.default if words_of(parameter, value) == default_words else value


def _values(parameter: Parameter, words: Sequence[str], locate: Callable[[str], Path]) -> object:
    """Return the list that *words* stand for. A list's fields in a form may all be left empty: that is no item."""
    if not words and parameter.nullable:
        return None
    items = [read_word(parameter, word, locate) for word in words]
    if parameter.gather in (set, frozenset):
        by_word = {word_of(parameter, item): item for item in items}
        items = [by_word[word] for word in sorted(by_word)]
    return tuple(validate(parameter, parameter.whole, items, str(len(items))))


def _takes_empty(parameter: Parameter) -> bool:
    """Say whether an empty word is a value, not one left out."""
    if parameter.nullable or any(word == "" for word, _ in parameter.choices):
        return True
    if parameter.alternatives:
        return any(map(_takes_empty, parameter.alternatives))
    return parameter.kind == "str"


def _resolved(parameter: Parameter, value: object, now: datetime) -> object:
    if isinstance(value, RelativeTime):
        dated = next((one for one in parameter.alternatives if one.kind in ("date", "datetime")), parameter)
        return settle(dated, value, now)
    return str(value) if isinstance(value, Path) and takes_text(parameter) else value


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return "this plot takes no parameters"
    nearest = difflib.get_close_matches(name[:60].lower(), known, n=1, cutoff=0.0)
    return f"there is no such parameter; the nearest is {nearest[0]!r}"
