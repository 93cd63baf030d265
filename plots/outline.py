"""What a .py file holds, read from its syntax tree: nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from plots.usage import Names, changes_of_process, draws_by_itself

PREFIX = "plot_"
SCOPES = (ast.If, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While, ast.Match)


@dataclass(frozen=True, slots=True)
class Definition:
    """A ``plot_NAME`` at *line*: a function, or a method if *qualname* names its class before a dot."""

    qualname: str
    line: int


@dataclass(frozen=True, slots=True)
class Outline:
    """The plots that a file defines, in its order; of the same name the last, as in Python.

    *is_script*: it defines none, but draws as it runs, and so is one itself; then *description* is its docstring.
    *process_wide* names what a file with plots uses that changes the whole process.
    """

    definitions: tuple[Definition, ...] = ()
    is_script: bool = False
    description: str = ""
    process_wide: tuple[str, ...] = ()


@lru_cache(maxsize=2048)
def outline(source: bytes, path: str) -> Outline:
    """Return what *source* holds.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: *source*, of the file *path*, can't be parsed.
    """
    tree = ast.parse(source, path)
    names = Names(tree)
    found = {definition.qualname: definition for definition in _definitions(tree.body, "")}
    definitions = tuple(sorted(found.values(), key=lambda definition: definition.line))
    if definitions:
        return Outline(definitions, process_wide=changes_of_process(tree, names))
    return Outline(is_script=draws_by_itself(tree, names), description=ast.get_docstring(tree) or "")


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
