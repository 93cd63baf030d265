"""The places that settings come from: flags, the environment, a file. Knows no single setting."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

if TYPE_CHECKING:
    from yaml import Node

Key = tuple[str, ...]

PATHS = ("unix_socket",)  # the settings that are paths, and those that are lists of such
PATH_LISTS = ("paths", "data_roots", "tls")
EXPECTED = {  # by what pydantic found wrong
    "bool_type": "true or false",
    "dict_type": "a mapping of names to the queries of walls",
    "float_type": "a number",
    "int_type": "a whole number",
    "is_instance_of": "a path",
    "model_type": "settings, each on a line below",
    "path_type": "a path",
    "string_type": "text",
    "tuple_type": "a list",
}


class ConfigError(ValueError):
    """The daemon can't start with these settings; *problems* holds one line for each that is wrong."""

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(line if line.isprintable() else repr(line)[1:-1] for line in problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True)
class Layer:
    """The settings given in one place; *labels* says for each key where it stands, for messages.

    Relative paths among them are below *folder*.
    """

    values: Mapping[Any, object]
    labels: Mapping[Key, str]
    folder: Path


def merge(layers: Sequence[Layer]) -> dict[str, Any]:
    """Return the values of all *layers*, the first of which counts most, section by section; paths are absolute."""
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        for name, value in _anchor(layer.values, layer.folder.absolute()).items():
            merged[name] = _over(merged.get(name), value)
    return merged


def _over(before: object, value: object) -> object:
    """Return *value* laid over *before*, one of a layer that counts less."""
    if before is None or not isinstance(value, dict):
        return value
    return {**before, **value} if isinstance(before, dict) else before  # what should be a section must come to light


def _anchor(values: Mapping[Any, object], folder: Path) -> dict[str, object]:
    """Return *values* with text for keys, and with relative paths below *folder*."""
    anchored: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            anchored[str(name)] = {str(key): _absolute(str(key), inner, folder) for key, inner in value.items()}
        else:
            anchored[str(name)] = _absolute(str(name), value, folder)
    return anchored


def _absolute(name: str, value: object, folder: Path) -> object:
    if name in PATH_LISTS and isinstance(value, list | tuple):
        return tuple(_below(folder, path) for path in value)
    return _below(folder, value) if name in PATHS and value else value


def _below(folder: Path, path: object) -> object:
    return folder / os.path.expanduser(path) if isinstance(path, str | Path) else path


def label(key: Key, layers: Sequence[Layer]) -> str:
    """Return where *key*, or what it is part of, was given; the first of *layers* counts most."""
    for length in range(len(key), 0, -1):
        for layer in layers:
            if key[:length] in layer.labels:
                return layer.labels[key[:length]]
    return ".".join(key)


def describe(error: ErrorDetails, layers: Sequence[Layer], settings: Sequence[Key], sections: Sequence[str]) -> str:
    """Return one line on what *error* says is wrong: where, what was expected, and what was found."""
    key = tuple(str(part) for part in error["loc"])
    place = label(key, layers)
    if error["type"] == "extra_forbidden":
        known = [".".join(setting) for setting in settings] + (list(sections) if len(key) == 1 else [])
        return f"{place} is no setting{did_you_mean('.'.join(key), known)}"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{place}: expected {EXPECTED.get(error['type'], message)}, found {show(error['input'])}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message: which of *known* was probably meant by *name*, if any."""
    same_end = [candidate for candidate in known if candidate.rpartition(".")[2] == name.rpartition(".")[2]]
    nearest = same_end or difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def read_flags(overrides: Mapping[str, object]) -> Layer:
    """Take settings from the command line, by dotted names: ``{"listen.port": 0}``."""
    return Layer(
        _by_section(overrides), {tuple(name.split(".")): f"command line: {name}" for name in overrides}, Path.cwd()
    )


def _by_section(values: Mapping[str, object]) -> dict[str, object]:
    sections: dict[str, Any] = {}
    for name, value in values.items():
        section, _, inner = name.partition(".")
        if inner:
            sections.setdefault(section, {})[inner] = value
        else:
            sections[name] = value
    return sections


def read_environment(environment: Mapping[str, str], prefix: str, types: Mapping[Key, Any]) -> Layer:
    """Take the settings of these *types* from the variables that begin with *prefix*: PREFIX_SECTION__NAME.

    An empty variable counts as not given.

    Raises:
        ConfigError: such a variable is no setting.
    """
    known = {prefix + "__".join(key).upper(): key for key in types}
    ours = [name for name in environment if name.startswith(prefix)]
    if wrong := [f"{name} is no setting{did_you_mean(name, known)}" for name in ours if name not in known]:
        raise ConfigError(*wrong)
    given = {known[name]: name for name in ours if environment[name]}
    values = {".".join(key): _spelt(environment[name], types[key]) for key, name in given.items()}
    return Layer(_by_section(values), given, Path.cwd())


def _spelt(text: str, kind: Any) -> object:  # Any: a type, such as Path | None
    """Return what *text* spells: a list is words parted by commas, or JSON; a mapping is JSON."""
    if get_origin(kind) not in (tuple, dict):
        try:
            return TypeAdapter(kind).validate_python(text)
        except ValidationError:
            return text  # as what it is found to be wrong
    if not text.startswith(("[", "{")):
        return [word.strip() for word in text.split(",")]
    try:
        return json.loads(text)
    except ValueError:
        return text  # neither: validation says so


def read_file(file: Path) -> Layer:
    """Take settings from a YAML file.

    Raises:
        ConfigError: it can't be read, isn't YAML, holds no sections, or a key twice.
    """
    import yaml  # without a file it would be a part of each start

    try:
        loader = yaml.SafeLoader(file.read_text(encoding="utf-8-sig"))
        node = loader.get_single_node()
        values = loader.construct_document(node) if node is not None else {}
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: expected text in UTF-8, found another byte at position {error.start}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{file}, line {line}: not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{file}: expected sections such as 'listen:', found {show(values)}")
    labels = {key: f"{file}, line {line}: {'.'.join(key)}" for key, line in _key_lines(node, file).items()}
    return Layer(values, labels, file.parent)


def _key_lines(node: Node | None, file: Path, section: Key = ()) -> dict[Key, int]:
    """Return the line of each key of a mapping, and of the mappings right below it."""
    from yaml import MappingNode

    lines: dict[Key, int] = {}
    for name, value in node.value if isinstance(node, MappingNode) else ():
        key, line = (*section, str(name.value)), name.start_mark.line + 1
        if key in lines:
            raise ConfigError(f"{file}, line {line}: {'.'.join(key)} stands there twice, first in line {lines[key]}")
        lines[key] = line
        if not section:
            lines |= _key_lines(value, file, key)
    return lines


def show(value: object) -> str:
    """Return *value* as a reader of YAML knows it, in one short line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    shown = "nothing" if value is None else repr(str(value) if isinstance(value, Path) else value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
