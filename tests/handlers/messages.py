"""What the daemon may say of an error, read from its source: each text with words of no language in its holes."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import plots
from plotd.sizing import TooManyPixels
from plots.words import LIMITS, NOUNS
from service import errors
from service.placement import REASONS, WHERE

ROOT = Path(plots.__file__).parent.parent
ABOUT = "‹›"  # what a text is about, in its holes
# What raises the texts of a ServiceError, a failed plot or a field that is at fault, and which argument that is.
KINDS = {name: 0 for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
RAISED = {**KINDS, "cls": 0, "LookError": 0, "NoPicture": 0, "Failure": 1, "Place": 1}
# Where a ValueError says what is wrong with a word of a URL.
FIELDS = {"plots/words", "plots/parameters", "plots/dates", "plotd/limits"}
FIELDS |= {"service/options", "service/looks", "service/walls", "service/catalog"}
# What no page shows: what a command says, a file that can't be loaded, and a setting.
ELSEWHERE = {"service/oneshot", "plots/discover", "plots/parcel", "service/links"}
UNSEEN = (
    "the query of a wall, such as",
    "not ISO 8601",
    "expected a duration with its unit, such as 90s, 15min, 6h or",
)


def messages() -> set[str]:
    """Return all of them."""
    modules = (path for floor in ("plotd", "plots", "service", "handlers") for path in (ROOT / floor).glob("*.py"))
    said = {text for path in modules for text in Module(path).messages()}
    parts = {part.removeprefix(f"{ABOUT}: ") for text in said for part in text.split("; ")}  # which field, comes first
    return {*_of_tables(), *(text for text in parts if not text.startswith((ABOUT, *UNSEEN)))}


def _of_tables() -> Iterator[str]:
    yield str(TooManyPixels(1, 2, 3))
    for expected in (*NOUNS.values(), *LIMITS.values(), f"one of {ABOUT}"):
        text = "".join(_without_names(expected))
        yield f"expected {text}, got {ABOUT}"
        yield f"is missing: expected {text}"
    for where in WHERE.values():
        yield f"Drawn {where}, as its code asks for."
    for reason in REASONS.values():
        yield f"Drawn in a worker process until its code changes: {reason}."


def _without_names(text: str) -> Iterator[str]:
    for outside, inside in (part.partition("}")[::2] if "}" in part else ("", part) for part in text.split("{")):
        yield (ABOUT if outside else "") + inside


class Module:
    """One file's syntax tree."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(ROOT).with_suffix(""))
        self.nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))

    def messages(self) -> Iterator[str]:
        """Yield what its code may say of an error."""
        for node in self.nodes if self.name not in ELSEWHERE else ():
            match node:
                case ast.Call(func=ast.Name(name) | ast.Attribute(value=ast.Name(name), attr="named")) if (
                    name in RAISED
                ):
                    yield from self._texts(node.args[RAISED[name]]) if len(node.args) > RAISED[name] else ()
                case ast.Call(func=ast.Name("ValueError"), args=[text]) if self.name in FIELDS:
                    yield from self._texts(text)
                case ast.Assign(targets=[ast.Subscript(value=ast.Name("fields" | "faults"))], value=text):
                    yield from self._texts(text)
                case ast.Call(func=ast.Name("_in_process"), args=[text, *_]):
                    yield from (f"Drawn in a worker process: {why}" for why in self._texts(text))

    def _texts(self, node: ast.AST) -> list[str]:
        """Return what *node* may say, as far as that stands in this file."""
        match node:
            case ast.Constant(str(text)):
                return [text]
            case ast.JoinedStr(parts):
                return ["".join(each) for each in itertools.product(*map(self._texts, parts))]
            case ast.FormattedValue(value):
                return self._texts(value)
            case ast.BinOp(left, ast.Add(), right):
                return [a + b for a, b in itertools.product(self._texts(left), self._texts(right))]
            case ast.IfExp(_, body, orelse):
                return [*self._texts(body), *self._texts(orelse)]
            case ast.Dict(values=values):
                return [text for value in values for text in self._texts(value)]
            case ast.Call(func=ast.Attribute(value, "get"), args=[_, default]):
                return [*self._texts(value), *self._texts(default)]
            case ast.Name(name) | ast.Call(func=ast.Name(name)) if name in self._known:
                return list(dict.fromkeys(text for value in self._known[name] for text in self._texts(value)))
        return [ABOUT]

    @cached_property
    def _known(self) -> dict[str, list[ast.expr]]:
        """What names stand for, and functions return, where that is text of this file."""
        known: dict[str, list[ast.expr]] = {}
        for node in self.nodes:
            match node:
                case ast.Assign(targets=[ast.Name(name)], value=value) if _is_text(value):
                    known.setdefault(name, []).append(value)
                case ast.FunctionDef(name=name):
                    returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
                    if any(map(_is_text, returned)):
                        known.setdefault(name, []).extend(returned)
        return known


def _is_text(node: ast.AST) -> bool:
    match node:
        case ast.Constant(str()) | ast.JoinedStr() | ast.Dict(values=[ast.Constant(str()), *_]):
            return True
        case ast.Call(func=ast.Attribute(value, "get")):
            return _is_text(value)
        case ast.BinOp(left, ast.Add(), right) | ast.IfExp(_, left, right):
            return _is_text(left) or _is_text(right)
    return False
