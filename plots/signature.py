"""From a function's signature to the Parameters that a URL can set. Knows nothing of words that somebody wrote."""

from __future__ import annotations

import inspect
import math
import os
import types
from collections.abc import Callable, Collection, Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import Enum
from numbers import Integral, Real
from pathlib import Path, PosixPath, PurePath, PurePosixPath
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pydantic
from pydantic.fields import FieldInfo
from pydantic.types import PathType
from pydantic_core import SchemaError

from plots.spec import Kind, Parameter
from plots.words import RAISED_BY_AUTHORS, adapter, one_line, read_word, value_schema

DRAWING_NAMES = frozenset(("ax", "axes", "axs", "fig", "figure"))
PATH_NAMES = frozenset(("path", "file", "filename", "folder"))
PATH_ENDINGS = ("_path", "_file", "_dir")
KINDS: dict[object, Kind] = {bool: "bool", int: "int", float: "float", str: "str", timedelta: "timedelta"}
KINDS |= dict.fromkeys((Path, PosixPath, PurePath, PurePosixPath, os.PathLike), "path")
KINDS |= dict.fromkeys((date, pydantic.PastDate, pydantic.FutureDate), "date")
KINDS |= dict.fromkeys((datetime, pydantic.NaiveDatetime, pydantic.AwareDatetime), "datetime")
KINDS |= dict.fromkeys((pydantic.PastDatetime, pydantic.FutureDatetime), "datetime")
GATHER: dict[object, Callable[[Iterable[object]], object]] = {tuple: tuple, set: set, frozenset: frozenset}
GATHER |= dict.fromkeys((list, Sequence, Collection, Iterable), list)
DEFAULTS: dict[type, type] = {bool: bool, Integral: int, Real: float, str: str, PurePath: Path}
DEFAULTS |= {datetime: datetime, date: date, timedelta: timedelta}  # in this order: a datetime is a date
BAD_ANNOTATION = (*RAISED_BY_AUTHORS, SchemaError, SyntaxError, ValueError)


class NotServable(Exception):
    """No URL can carry what a function needs; the text says why."""


class _Uncarriable(Exception):
    """One argument that can't be set; the text says why."""


def read_parameters(
    function: Callable[..., object], *, skip: Container[str] = (), folder: Path
) -> tuple[Parameter, ...]:
    """Return the arguments of *function* that a URL can set, but for those in *skip*.

    *folder* is the plot file's own: relative paths among the defaults start there.

    Raises:
        NotServable: it can't be called with what a URL carries.
    """
    scope = getattr(inspect.unwrap(function), "__globals__", {})
    found = []
    for argument in _arguments(function, skip):
        required = argument.default is argument.empty
        try:
            parameter = _described(argument, scope)
        except _Uncarriable as error:
            if required:
                raise NotServable(f"{argument.name!r} is required, but {error}") from error
        else:
            found.append(_made_ready(parameter if required else _with_default(parameter, argument.default, folder)))
    return tuple(found)


def _arguments(function: Callable[..., object], skip: Container[str]) -> Iterator[inspect.Parameter]:
    """Yield the arguments that matter: not ``self``, nor ``*args`` and ``**kwargs``, nor those in *skip*."""
    try:
        arguments = inspect.signature(function).parameters.values()
    except BAD_ANNOTATION as error:
        raise NotServable(f"its signature can't be read: {one_line(str(error))}") from error
    for position, argument in enumerate(arguments):
        is_self = position == 0 and argument.name == "self"
        is_rest = argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD)
        if not (is_self or is_rest or argument.name in skip):
            yield argument


def _described(argument: inspect.Parameter, scope: dict[str, Any]) -> Parameter:
    """Return *argument* as a Parameter, as yet without its default."""
    if argument.name.startswith("_"):
        raise _Uncarriable("names that begin with an underscore can't be set")
    if argument.kind is argument.POSITIONAL_ONLY:
        raise _Uncarriable("it can only be passed by position")
    default = None if argument.default is argument.empty else argument.default
    hint = Any if argument.annotation is argument.empty else _evaluated(argument, scope)
    if hint is Any or hint is object:
        if argument.name in DRAWING_NAMES and default is None:
            raise _Uncarriable("no URL can carry something to draw on")
        hint = _annotation_of(default)
    elif type(default) in GATHER and not get_args(hint) and _gather(get_origin(hint) or hint):
        hint = _annotation_of(default)  # a bare `list`: its default tells of what
    return _read(argument.name, hint)


def _evaluated(argument: inspect.Parameter, scope: dict[str, Any]) -> Any:
    """Return the annotation of *argument*, each by itself: a name that only type checkers know harms no other."""

    def holder() -> None: ...

    holder.__annotations__ = {argument.name: argument.annotation}
    try:
        return get_type_hints(holder, globalns=scope, include_extras=True)[argument.name]
    except BAD_ANNOTATION as error:
        why = one_line(f"{type(error).__name__}: {error}")
        raise NotServable(f"the annotation of {argument.name!r} can't be read: {why}") from error


def _annotation_of(default: object) -> Any:
    """Return the annotation that *default* stands for."""
    form: Any = type(default)
    if default is None:
        return str
    if isinstance(default, Enum):
        return form
    if isinstance(default, list | tuple | set | frozenset) and form in GATHER:
        items = {_annotation_of(item) for item in default} or {str}
        if len(items) > 1 and items != {int, float}:
            raise _Uncarriable("its default mixes types")
        item = float if float in items else items.pop()
        return form[item, ...] if form is tuple else form[item]
    for kind, annotation in DEFAULTS.items():
        if isinstance(default, kind):
            return annotation
    raise _Uncarriable(f"no URL can carry a value of type {form.__name__!r}")


def _read(name: str, annotation: Any, extras: tuple[object, ...] = ()) -> Parameter:
    """Return the parameter that *annotation* describes, with *extras* from the ``Annotated`` around it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _read(name, arguments[0], (*arguments[1:], *extras))
    if origin in (Union, types.UnionType):
        return _read_union(name, arguments, extras)
    if origin is Literal:
        choices = tuple((_literal_word(value), value) for value in arguments if value is not None)
        return _leaf(name, "choice", annotation, extras, choices=choices, nullable=None in arguments)
    for behind in ("__supertype__", "__value__"):  # NewType, and `type X = ...` of Python 3.12
        if not isinstance(annotation, type) and hasattr(annotation, behind):
            return _read(name, getattr(annotation, behind), extras)
    base = origin or annotation
    if _gather(base):
        return _read_list(name, base, arguments, extras)
    if isinstance(base, type) and issubclass(base, Enum):
        return _leaf(name, "choice", base, extras, choices=_enum_words(base))
    if not isinstance(base, Hashable) or base not in KINDS:
        raise _Uncarriable(f"no URL can carry a value of type {getattr(base, '__name__', str(base))!r}")
    is_path = base is str and (name in PATH_NAMES or name.endswith(PATH_ENDINGS))
    kind = "path" if is_path else KINDS[base]
    return _leaf(name, kind, annotation, extras, naive=base is pydantic.NaiveDatetime)


def _leaf(name: str, kind: Kind, annotation: Any, extras: tuple[object, ...], **more: Any) -> Parameter:
    """Return a parameter of one value. *extras* are what pydantic, and who reads the form, need to know."""
    # Whether a file is there is looked at when it is drawn, not by pydantic's FilePath: it may come yet.
    usable = tuple(extra for extra in extras if isinstance(extra, Hashable) and not isinstance(extra, PathType))
    fields = [extra for extra in usable if isinstance(extra, FieldInfo)]
    description = next((field.description for field in fields if field.description), "")
    title = next((field.title for field in fields if field.title), "")
    form: Any = Annotated
    checked = form[annotation, *usable] if usable else annotation
    return Parameter(name, kind, checked, description=description, title=title, **more)


def _read_union(name: str, members: Sequence[Any], extras: tuple[object, ...]) -> Parameter:
    """Return the one parameter that takes what *members* take, but for those that no URL can carry."""
    found, refused = [], _Uncarriable("no URL can carry None alone")
    for member in members:
        if member is not types.NoneType:
            try:
                found.append(_read(name, member, extras))
            except _Uncarriable as error:
                refused = error
    if not found:
        raise refused
    nullable = types.NoneType in members or any(one.nullable for one in found)
    return replace(_joined(name, found), nullable=nullable)


def _joined(name: str, found: Sequence[Parameter]) -> Parameter:
    """Return the widest of *found*, or all of them as alternatives: text last, since it takes every word.

    Where a path is among them nothing else is: each word has to stand the check of where it leads.
    """
    kinds = {one.kind for one in found}
    lists = [one for one in found if one.repeated]
    if len(found) == 1 or lists:
        return (lists or found)[0]
    for wide, narrow in (("path", kinds), ("float", {"float", "int"}), ("datetime", {"datetime", "date"})):
        if wide in kinds and kinds <= narrow:
            return next(one for one in found if one.kind == wide)
    if kinds == {"choice"}:
        choices = tuple(choice for one in found for choice in one.choices)
        return replace(found[0], annotation=Any, choices=choices)
    ordered = tuple(sorted(found, key=lambda one: one.kind == "str"))
    return replace(found[0], kind="str", annotation=Any, choices=(), naive=False, alternatives=ordered)


def _read_list(name: str, base: Any, arguments: Sequence[Any], extras: tuple[object, ...]) -> Parameter:
    """Return the parameter of a list, whose items have one type; a tuple of fixed length keeps that."""
    types_of_items = [argument for argument in arguments if argument is not ...] or [str]
    if any(one != types_of_items[0] for one in types_of_items):
        raise _Uncarriable("no URL can carry a tuple of mixed types")
    item = _read(name, types_of_items[0])
    if item.repeated:
        raise _Uncarriable("no URL can carry a list of lists")
    length = len(arguments)
    if base is tuple and length and ... not in arguments:
        extras = (*extras, pydantic.Field(min_length=length, max_length=length))
    whole = _leaf(name, item.kind, list[Any], extras)
    return replace(
        item,
        repeated=True,
        nullable=False,
        whole=whole.annotation,
        gather=_gather(base) or list,
        title=whole.title or item.title,
        description=whole.description or item.description,
    )


def _gather(base: object) -> Callable[[Iterable[object]], object] | None:
    return GATHER.get(base) if isinstance(base, Hashable) else None  # an annotation may be anything


def _literal_word(value: object) -> str:
    """Return the word of one choice: an Enum's is its value where that is text, else its name."""
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name
    return str(value).lower() if isinstance(value, bool) else str(value)


def _enum_words(kind: type[Enum]) -> tuple[tuple[str, object], ...]:
    words = {_literal_word(member): member for member in kind}
    return tuple(words.items() if len(words) == len(kind) else kind.__members__.items())  # one's value, another's name


def _with_default(parameter: Parameter, default: object, folder: Path) -> Parameter:
    """Return *parameter* with its default as words would give it: a file's is absolute, a date may be text."""
    if default is None:
        return replace(parameter, required=False, nullable=True)
    is_list = parameter.repeated and isinstance(default, list | tuple | set | frozenset)
    written: Any = default if is_list else (default,)
    items = tuple(_default(parameter, item, folder) for item in written)
    # Where an author's own times have no zone, neither have those of a URL: the two can't be compared.
    naive = parameter.naive or any(isinstance(item, datetime) and item.tzinfo is None for item in items)
    alternatives = tuple(replace(one, naive=naive) for one in parameter.alternatives)
    default = items if is_list else items[0]
    return replace(parameter, required=False, default=default, naive=naive, alternatives=alternatives)


def _default(parameter: Parameter, default: object, folder: Path) -> object:
    kinds = {one.kind for one in parameter.alternatives or (parameter,)}
    if kinds == {"path"} and isinstance(default, str | PurePath):
        is_no_file = isinstance(default, str) and (not default or "://" in default or default.startswith("~"))
        return default if is_no_file else folder.absolute() / default
    if kinds <= {"date", "datetime", "timedelta"} and isinstance(default, str):
        try:
            return read_word(parameter, default, Path)
        except ValueError as error:
            raise NotServable(f"the default of {parameter.name!r} can't be read: {one_line(str(error))}") from error
    return default


def _made_ready(parameter: Parameter) -> Parameter:
    """Return *parameter* with the bounds of a number, its checks made once to see that they can be.

    Raises:
        NotServable: they can't.
    """
    try:
        for annotation in (parameter.whole, *(one.annotation for one in (parameter, *parameter.alternatives))):
            adapter(annotation)
        low, high = _bounds(parameter) if parameter.kind in ("int", "float") else (None, None)
    except BAD_ANNOTATION as error:
        why = one_line(f"{type(error).__name__}: {error}")
        raise NotServable(f"the annotation of {parameter.name!r} can't be used: {why}") from error
    return replace(parameter, low=low, high=high)


def _bounds(parameter: Parameter) -> tuple[float | None, float | None]:
    """Return the lowest and the highest number allowed; None where there is none, or a limit is itself too much."""
    schema = value_schema(parameter.annotation)
    low, high = schema.get("minimum"), schema.get("maximum")
    if parameter.kind == "int":
        low = schema["exclusiveMinimum"] + 1 if low is None and "exclusiveMinimum" in schema else low
        high = schema["exclusiveMaximum"] - 1 if high is None and "exclusiveMaximum" in schema else high
    return tuple(float(one) if one is not None and math.isfinite(one) else None for one in (low, high))  # type: ignore[return-value]
