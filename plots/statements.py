"""What a source file imports, also inside functions, read from its syntax tree: nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

CALLS = ("import_module", "__import__")
ANY = "*"


@dataclass(frozen=True, slots=True)
class Statement:
    """That the module *name*, *level* dots above, is imported, and *listed*: names of its parts, maybe, or `ANY`."""

    name: str
    level: int = 0
    listed: tuple[str, ...] = ()


@lru_cache(maxsize=2048)
def statements(source: bytes) -> tuple[Statement, ...]:
    """Return what *source* imports, nothing if it is broken.

    Of calls, those count that name the module, or at least the package, as in ``import_module(f"themes.{name}")``.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(dict.fromkeys(one for node in ast.walk(tree) for one in _of(node)))


def _of(node: ast.AST) -> Iterator[Statement]:
    match node:
        case ast.Import(names=names):
            yield from (Statement(alias.name) for alias in names)
        case ast.ImportFrom(module=name, names=names, level=level):
            # A star takes what __all__ lists: that was imported by now, as it can't stand in a function.
            yield Statement(name or "", level, tuple(alias.name for alias in names if alias.name != "*"))
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[name, *others]) if called in CALLS:
            yield from _of_call(name, [*others, *(keyword.value for keyword in node.keywords)])


def _of_call(name: ast.expr, others: Sequence[ast.expr]) -> Iterator[Statement]:
    match name:
        case ast.Constant(value=str(text)):
            listed: tuple[str, ...] = ()
        case (
            ast.JoinedStr(values=[ast.Constant(value=str(text)), *_])
            | ast.BinOp(left=ast.Constant(value=str(text)))
            | ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"))
        ) if "." in text:
            text, listed = text[: text.rindex(".") + 1], (ANY,)
        case _:
            return
    plain = text.lstrip(".")
    level = len(text) - len(plain)
    match others:
        case [ast.Constant(value=str(package))] if level:
            above = package.split(".")
            plain, level = ".".join([*above[: len(above) + 1 - level], plain]), 0
    yield Statement(plain.rstrip("."), level, listed)
