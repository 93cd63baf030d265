"""Which plots a .py file defines, read from its syntax tree: nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

PREFIX = "plot_"
SCOPES = (ast.If, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match)


@dataclass(frozen=True, slots=True)
class Definition:
    """A ``plot_NAME`` at *line*: a function, or a method if *qualname* names its class before a dot."""

    qualname: str
    line: int


@lru_cache(maxsize=2048)
def outline(source: bytes, path: str) -> tuple[Definition, ...]:
    """Return the plots that *source* defines, in its order; of the same name the last, as in Python.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: *source*, of the file *path*, can't be parsed.
    """
    found = {definition.qualname: definition for definition in _definitions(ast.parse(source, path).body, "")}
    return tuple(sorted(found.values(), key=lambda definition: definition.line))


def _definitions(body: Sequence[ast.AST], owner: str) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith(PREFIX) and node.name != PREFIX:
                yield Definition(owner + node.name, node.lineno)
        elif isinstance(node, ast.ClassDef):
            if not owner:
                yield from _definitions(node.body, f"{node.name}.")
        elif isinstance(node, (*SCOPES, ast.ExceptHandler, ast.match_case)):
            for part in ("body", "handlers", "cases", "orelse", "finalbody"):
                yield from _definitions(getattr(node, part, ()), owner)
