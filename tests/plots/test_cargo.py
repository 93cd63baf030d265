"""Which sources a plot takes along."""

from __future__ import annotations

import os
from pathlib import Path

from plots.cargo import Cargo, cargo_of
from plots.loading import Library


def names(cargo: Cargo, folder: Path) -> set[str]:
    return {str(Path(one.source.path).relative_to(folder)) for one in cargo.sources}


def test_the_users_own_sources_are_taken_and_no_library(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import json, near\ndef plot_a():\n    import pandas, late, data, absent, kit.deep")
    (tmp_path / "near.py").write_text("def f(): from numpy import late as other")
    (tmp_path / "late.py").write_text(
        "from . import beside\nfrom .. import outside\nimport p\ndef f(x): import_module(f'themes.{x}')"
    )
    (tmp_path / "beside.py").write_text("this is")
    (tmp_path / "themes").mkdir()
    for name in ("dark", "light"):
        (tmp_path / "themes" / f"{name}.py").touch()
    (tmp_path / "stranger.py").write_text("import nobody")
    for folder in ("data", "kit"):
        (tmp_path / folder).mkdir()
    (tmp_path / "kit" / "deep.py").write_text(
        "from .missing import x\nimport_module('../x'), import_module(''), import_module('a..b')"
    )
    (tmp_path.parent / "outside.py").write_text("")
    cargo = cargo_of(Library(10.0).load(tmp_path / "p.py"))
    assert names(cargo, tmp_path) == {
        "p.py",
        "near.py",
        "late.py",
        "beside.py",
        "kit/deep.py",
        "themes/dark.py",
        "themes/light.py",
    }
    assert set(cargo.folders) == {str(tmp_path / name) for name in ("data", "kit", "themes")}


def test_a_second_look_reads_nothing_that_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("def plot_a(): import late")
    late = tmp_path / "late.py"
    late.write_text("")
    os.utime(late, (1, 1))
    module = Library(10.0).load(tmp_path / "p.py")
    first, second = cargo_of(module), cargo_of(module)
    assert first == second
    assert first.sources[1].source.path == str(late)
    assert first.sources[1] is second.sources[1]
    os.utime(late, (2, 2))
    assert cargo_of(module).key != first.key
    assert cargo_of(module).code == first.code
