"""Tells of what a SQLite connection writes, and attaches: there is an audit event for neither. Knows no other database.

SQLite asks an authorizer of ours what each statement may do when it is compiled; that allows all, as does its absence.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from plots.audit import database_path
from plots.wrapping import swap

if TYPE_CHECKING:
    from plots.tracing import Trace

MODULE = "sqlite3.dbapi2"

_ALLOWED = 0  # SQLITE_OK
_ATTACH = 24
_WRITES = frozenset((9, 18, 23))  # SQLITE_DELETE, _INSERT, _UPDATE: what makes a table, say, is made from these
_SCHEMA = ("sqlite_master", "sqlite_schema")


def watch_connections(module: ModuleType, current: Callable[[], Trace | None]) -> None:
    """Have connections that are made where *current* returns a trace tell that of what they write."""
    connect = module.connect

    @functools.wraps(connect)
    def connect_watched(*args: Any, **kwargs: Any) -> Any:
        connection = connect(*args, **kwargs)
        if current() is not None and isinstance(connection, module.Connection):
            path = database_path(args[0] if args else kwargs.get("database"))
            connection.set_authorizer(_authorizer(path, current))
        return connection

    if not hasattr(connect, "__wrapped__"):
        swap(module, [(connect, connect_watched)])


def _authorizer(path: str | None, current: Callable[[], Trace | None]) -> Callable[..., int]:
    """Return what allows each step of a statement, and notes it if it writes. *path* is the main database's."""
    attached: set[str] = set()

    def authorize(action: int, first: str | None, _second: str | None, database: str | None, _by: str | None) -> int:
        into = current()
        if into is None:
            return _ALLOWED
        if action in _WRITES and database != "temp":
            # "CREATE TABLE IF NOT EXISTS" asks for the same, whether there is one or not.
            note = into.may_change if first in _SCHEMA else into.expect_change
            for file in (path,) if database == "main" else attached:
                if file is not None:
                    note(file, "database")
        elif action == _ATTACH and first is None:  # it comes as a parameter
            into.unknown = True
        elif action == _ATTACH and (file := database_path(first)) is not None:
            attached.add(file)
            into.note(file, "database")
        return _ALLOWED

    return authorize
