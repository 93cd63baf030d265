"""The house tests itself: what architecture and style promise holds for every file there is."""

from __future__ import annotations

import ast
import fnmatch
import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tornado.web
from tornado.routing import URLSpec

import handlers
import service
from service import config

ROOT = Path(__file__).parent.parent
FLOORS = ("plotd", "plots", "service", "handlers")  # each may import itself and what stands before it
FRONT_DOORS = ("service/daemon.py", "service/commands.py", "service/keys.py", "service/__main__.py")
SHORT = {"service/engine.py": 150, "service/daemon.py": 150}  # lines: where everything meets, everything piles up
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 300
NOT_FOR = {
    "plotd": {"tornado", "asyncio", "yaml", "pandas", "pydantic", "pydantic_settings", "click"},
    "plots": {"tornado", "asyncio", "yaml", "pydantic_settings", "click"},
    "service": {"tornado", "matplotlib.pyplot", "click"},
    "handlers": {"matplotlib.pyplot", "matplotlib.figure", "yaml", "click", "concurrent.futures", "threading"},
}
MAY_CATCH_ANYTHING = {
    "plots/paint.py": "the user's plot runs here",
    "plots/importing.py": "the user's file is imported here",
    "plots/discover.py": "annotations, defaults and metaclasses are the user's own code",
    "service/versions.py": "the user's version= is called here",
    "service/processes.py": "objects of user code are made again here",
    "service/scheduler.py": "whatever distributed's network code raises means: not connected, try again",
    "plots/parcel.py": "the user's annotations, defaults and metaclasses run here again",
    "plots/scripts.py": "the user's script runs here",
    "service/daemon.py": "an error of ours in a reload must not end what serves; it is logged, and told",
    "service/hub.py": "an error of ours must not silence a page that is open all day; it is logged, and told",
}
FALLBACK = "NotFoundHandler"  # what answers where nothing in the table does
# Places of the workshop in which plotd was built, in pieces so that this file doesn't name them.
ELSEWHERE = ("/" + "work/", "/." + "library", "shared" + "/design")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _sources() -> list[Path]:
    return sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _each_source(*skip: str) -> list[Path]:
    return [path for path in _sources() if _name(path) not in skip]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything imported, the name imported from a module included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            yield from ((node.lineno, f"{dots}{node.module or ''}.{alias.name}") for alias in node.names)


def _is_within(name: str, modules: Iterable[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _modules(package: ModuleType) -> list[ModuleType]:
    """Import every module of *package* but the front doors."""
    names = [f"{package.__name__}.{found.name}" for found in pkgutil.iter_modules(package.__path__)]
    doors = {door.removesuffix(".py").replace("/", ".") for door in FRONT_DOORS}
    return [importlib.import_module(name) for name in names if name not in doors]


def _leaves(kind: type) -> set[type]:
    """Return the classes below *kind* that have none below themselves."""
    below: list[type] = kind.__subclasses__()
    return {leaf for child in below for leaf in _leaves(child)} if below else {kind}


def test_imports_point_down() -> None:
    wrong = []
    for path in _each_source(*FRONT_DOORS):
        above = FLOORS[FLOORS.index(_name(path).partition("/")[0]) + 1 :]
        wrong += [f"{_name(path)}:{line} {name}" for line, name in _imports(_tree(path)) if _is_within(name, above)]
    assert not wrong


def test_imports_are_absolute() -> None:
    relative = [
        f"{_name(path)}:{line} {name}"
        for path in _sources()
        for line, name in _imports(_tree(path))
        if name.startswith(".")
    ]
    assert not relative


def test_nobody_imports_a_front_door_but_the_other() -> None:
    doors = [door.removesuffix(".py").replace("/", ".") for door in FRONT_DOORS]
    wrong = [
        f"{_name(path)}:{line} {name}"
        for path in _each_source(*FRONT_DOORS)
        for line, name in _imports(_tree(path))
        if _is_within(name, doors)
    ]
    assert not wrong


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_knows_what_is_none_of_its_business(floor: str) -> None:
    wrong = [
        f"{_name(path)}:{line} {name}"
        for path in _each_source(*FRONT_DOORS)
        if _name(path).startswith(f"{floor}/")
        for line, name in _imports(_tree(path))
        if _is_within(name, NOT_FOR[floor]) and _name(path) != "service/layers.py"  # it reads config.yaml
    ]
    assert not wrong


@pytest.mark.parametrize("name", SHORT)
def test_the_files_where_everything_meets_stay_short(name: str) -> None:
    assert len((ROOT / name).read_text().splitlines()) < SHORT[name]


def test_no_file_is_long() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in _sources()}
    assert not {name: length for name, length in lengths.items() if length >= MAX_FILE_LINES}


def test_no_function_is_long() -> None:
    lengths = {
        f"{_name(path)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in _sources()
        for node in ast.walk(_tree(path))
        if isinstance(node, Function)
    }
    assert not {name: length for name, length in lengths.items() if length >= MAX_FUNCTION_LINES}


def test_no_module_bears_the_name_of_one_of_pythons_own() -> None:
    own = sys.stdlib_module_names - {"__main__"}
    assert not [_name(path) for path in _sources() if path.stem in own]


def test_broad_excepts_stand_only_around_users_code() -> None:
    found = {
        _name(path)
        for path in _sources()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler) and _catches_anything(node)
    }
    assert found <= set(MAY_CATCH_ANYTHING)


def _catches_anything(handler: ast.ExceptHandler) -> bool:
    if isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None:
        return False  # it only cleans up
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in kinds)


def test_no_http_verb_catches_anything() -> None:
    verbs = {"get", "head", "post", "put", "patch", "delete", "options"}
    wrong = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in (ROOT / "handlers").rglob("*.py")
        for node in ast.walk(_tree(path))
        if isinstance(node, Function) and node.name in verbs
        if any(isinstance(inner, ast.ExceptHandler) for inner in ast.walk(node))
    ]
    assert not wrong


def test_packages_hold_a_docstring_and_re_exports_in_their_init() -> None:
    allowed = (ast.Import, ast.ImportFrom)
    for path in (ROOT / floor / "__init__.py" for floor in FLOORS):
        tree = _tree(path)
        assert ast.get_docstring(tree), _name(path)
        others = [node for node in tree.body[1:] if not isinstance(node, allowed)]
        assert all(ast.unparse(node).startswith("__all__ = ") for node in others), _name(path)


def test_every_module_says_in_one_line_what_it_holds() -> None:
    missing = [_name(path) for path in _sources() if not ast.get_docstring(_tree(path))]
    assert not missing


def test_tests_are_no_packages() -> None:
    # tests/handlers/__init__.py would stand in for the package `handlers`.
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_nothing_names_the_workshop() -> None:
    found = {
        f"{_name(path)}: {word}"
        for path in _own_files()
        for word in ELSEWHERE
        if word.encode() in path.read_bytes() or word in _name(path)
    }
    assert not found


def _own_files() -> Iterator[Path]:
    """Yield the files of the repository: all that .gitignore doesn't name."""
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split()] + [".git"]
    for folder, folders, files in os.walk(ROOT):
        relative = Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders if not _is_ignored(relative / name, ignored)]
        yield from (Path(folder, name) for name in files if not _is_ignored(relative / name, ignored))


def _is_ignored(path: Path, patterns: Iterable[str]) -> bool:
    names = (path.as_posix(), path.name)
    return any(fnmatch.fnmatch(name, pattern) for name in names for pattern in patterns)


def test_the_manual_documents_every_setting_with_the_default_the_code_has() -> None:
    assert config.load(ROOT / "config.yaml", {}, {}) == config.Config()
    assert _settings_in_the_manual() == list(config.SETTINGS)


def test_the_manual_has_a_comment_on_every_setting() -> None:
    lines = (ROOT / "config.yaml").read_text().splitlines()
    for section, *name in config.SETTINGS:
        pattern = rf"  {name[0]}:" if name else f"{section}:"
        at = [i for i, line in enumerate(lines) if re.match(pattern, line)]
        assert at, (section, *name)
        assert all(lines[i - 1].lstrip().startswith("# ") for i in at), (section, *name)


def _settings_in_the_manual() -> list[tuple[str, ...]]:
    keys: list[tuple[str, ...]] = []
    section = ""
    for line in (ROOT / "config.yaml").read_text().splitlines():
        if found := re.match(r"(  )?([a-z_]+):( .+)?$", line):
            indent, name, value = found.groups()
            section = section if indent else name
            keys += [(section, name)] if indent else [(name,)] if value else []
    return keys


def test_every_handler_is_in_the_table() -> None:
    modules = {module.__name__ for module in _modules(handlers)}
    ours = {leaf for leaf in _leaves(tornado.web.RequestHandler) if leaf.__module__ in modules}
    routed = {route.handler_class if isinstance(route, URLSpec) else route[1] for route in _routes()}
    assert {handler.__name__ for handler in ours - routed} <= {FALLBACK}


def test_every_service_error_has_a_status() -> None:
    _modules(service)
    errors = importlib.import_module("service.errors")
    statuses = importlib.import_module("handlers.errors").STATUSES
    ours = {leaf for leaf in _leaves(errors.ServiceError) if leaf.__module__.startswith("service.")}
    assert {error.__name__ for error in ours - set(statuses)} == set()


def test_the_readme_lists_every_route() -> None:
    readme = (ROOT / "README.md").read_text()
    starts = {_literal_start(_pattern(route)) for route in _routes()}
    missing = {start for start in starts if not re.search(rf"[`\s]{re.escape(start)}(?![a-z])", readme)}
    assert missing == set()


def test_the_readme_lists_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = importlib.import_module("service.__main__").main.commands
    assert {name for name in commands if f"plotd {name}" not in readme} == set()


def _routes() -> list[Any]:  # Any: tornado takes tuples and URLSpecs alike
    return list(importlib.import_module("handlers.routes").ROUTES)


def _pattern(route: Any) -> str:
    return route.regex.pattern if isinstance(route, URLSpec) else str(route[0])


def _literal_start(pattern: str) -> str:
    """Return what every address that *pattern* matches begins with."""
    return re.split(r"[(\[{*+?$|\\]|\.[*+]", pattern.replace("\\.", ".").replace("\\-", "-"))[0]
