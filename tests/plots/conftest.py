"""What the tests of plots share: files of their own, the gallery's modules, and a turn at pyplot."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import plots
from plots.isolation import TURNS

GALLERY = Path(plots.__file__).parent / "gallery"

Importer = Callable[[str], ModuleType]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what writes a file below the test's folder, and the folders above it."""

    def write_file(name: str, text: str | bytes = "") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return path

    return write_file


@pytest.fixture
def turn() -> Iterator[None]:
    """Let the test draw: pyplot as every render finds it, and its figures closed in the end."""
    with TURNS.take():
        yield


@pytest.fixture(scope="module")
def gallery() -> Iterator[Importer]:
    """Import a file of the gallery by name; its neighbours are found as in any folder of plots."""
    names = [path.stem for path in GALLERY.glob("*.py")]
    sys.path.insert(0, str(GALLERY))
    yield importlib.import_module
    sys.path.remove(str(GALLERY))
    for name in names:
        sys.modules.pop(name, None)
