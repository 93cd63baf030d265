"""What source files import, read from their text."""

from __future__ import annotations

import pytest

from plots.statements import ANY, Statement, statements


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b as c, d", [Statement("a.b"), Statement("d")]),
        ("from a.b import c as x, d", [Statement("a.b", 0, ("c", "d"))]),
        ("from . import a", [Statement("", 1, ("a",))]),
        ("from ..a.b import *", [Statement("a.b", 2)]),
        ("def f():\n class C:\n  try: import a\n  except E: pass", [Statement("a")]),
        ("import_module('a.b')", [Statement("a.b")]),
        ("importlib.import_module('.a', __package__)", [Statement("a", 1)]),
        ("importlib.import_module('.a', package='k.l')", [Statement("k.l.a")]),
        ("importlib.import_module('.a', 'k.l')", [Statement("k.l.a")]),
        ("importlib.import_module('..a', 'k.l')", [Statement("k.a")]),
        ("__import__('a', fromlist=['b'])", [Statement("a")]),
        ("import_module(f'a.b.{x}.c')", [Statement("a.b", 0, (ANY,))]),
        ("import_module(f'.{x}', __name__)", [Statement("", 1, (ANY,))]),
        ("import_module('..%s' % x, 'k.l')", [Statement("k", 0, (ANY,))]),
        ("import_module('a.' + x); import_module('b.{}'.format(x))", [Statement(n, 0, (ANY,)) for n in "ab"]),
        ("import_module(f'a{x}'); import_module(f'{x}.a'); import_module(name); import_module(); open('a')", []),
        ("import a; import a", [Statement("a")]),
        ("import a; this is", []),
        ("x = '\0'", []),
    ],
)
def test_statements_and_calls_that_name_modules_are_read(source: str, expected: list[Statement]) -> None:
    assert list(statements(source.encode())) == expected


def test_the_coding_of_a_file_counts() -> None:
    assert statements("# coding: latin-1\nimport é".encode("latin-1")) == (Statement("é"),)
