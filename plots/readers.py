"""Tells of files that libraries open in C++, where no audit event does: Parquet, HDF5 and the like.

Each function that opens files is wrapped when its library is imported, whenever that is. A wrapper notes the file, if
a render asks, and changes nothing.
"""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from plots import databases
from plots.audit import data_path
from plots.wrapping import notice_calls, when_imported

if TYPE_CHECKING:
    from types import ModuleType

    from plots.tracing import Trace

Arguments = tuple[tuple[Any, ...], dict[str, Any]]  # Any: those of a call by the user
Note = Callable[["Trace", Any, Arguments], None]


def _argument(place: int, name: str, given: Arguments) -> Any:
    args, kwargs = given
    return args[place] if len(args) > place else kwargs.get(name)


def _read(into: Trace, source: Any, given: Arguments) -> None:
    """Note a file, all files of a folder or a pattern, or each of a list; anything else was opened before."""
    if isinstance(source, list | tuple):
        for one in source:
            _read(into, one, given)
        return
    path = _local(into, source, given[1].get("filesystem"))
    if path is None:
        return
    if os.path.isdir(path):  # that it is listed is an event
        for folder, _, names in os.walk(path):
            for name in sorted(names):
                if not name.startswith((".", "_")):
                    into.note(os.path.join(folder, name), "file")
    elif glob.has_magic(path) and not os.path.exists(path):
        for match in sorted(glob.glob(path, recursive=True)):
            into.note(match, "file")
    else:
        into.note(path, "file")


def _write(into: Trace, target: Any, given: Arguments) -> None:
    path = _local(into, target, given[1].get("filesystem"))
    if path is not None:
        into.write(path)


def _open(place: int) -> Callable[[Trace, Any, Arguments], None]:
    """Return what notes a file by the mode, at *place*, in which it is opened."""

    def note(into: Trace, source: Any, given: Arguments) -> None:
        mode = str(_argument(place, "mode", given) or "r")
        path = _local(into, os.fsdecode(source), None)
        if path is None:
            return
        if mode[0] in "wx" or (mode[0] == "a" and not os.path.exists(path)):
            into.write(path)
        elif mode[0] == "a" or "+" in mode:
            into.update(path)
        else:
            _read(into, path, given)

    return note


def _local(into: Trace, source: object, filesystem: object) -> str | None:
    """Return the file on this machine that *source* names; what lies elsewhere is of unknown state."""
    if not isinstance(source, str | os.PathLike):
        return None
    text = os.fsdecode(source)
    scheme, mark, rest = text.partition("://")
    kind: Any = getattr(filesystem, "type_name", getattr(filesystem, "protocol", filesystem))  # Any: the library's own
    if (mark and scheme != "file") or (kind is not None and "local" not in kind):
        into.unknown = True
        return None
    return data_path(unquote(rest) if mark else os.path.expanduser(text))


@dataclass(frozen=True, slots=True)
class Opener:
    """A function, or a class, that opens what its argument *name*, at *place*, says; *note* knows how."""

    function: str
    name: str
    place: int = 0
    note: Note = _read

    def tell(self, current: Callable[[], Trace | None], /, *args: Any, **kwargs: Any) -> None:
        """Note what such a call opens. What the library makes of a senseless one is its own business."""
        into = current()
        if into is not None:
            with contextlib.suppress(OSError, ValueError, TypeError):
                self.note(into, _argument(self.place, self.name, (args, kwargs)), (args, kwargs))


def _start(into: Trace, _first: Any, _given: Arguments) -> None:
    into.unknown = into.has_children = True


def _polars() -> tuple[Opener, ...]:
    kinds = (
        "avro csv delta excel ipc ipc_schema ipc_stream json lines ndjson ods parquet parquet_metadata parquet_schema"
    )
    reads = [Opener(f"{verb}_{kind}", "source") for verb in ("read", "scan") for kind in kinds.split()]
    kinds = "avro csv ipc ipc_stream json ndjson parquet"
    writes = [Opener(f"DataFrame.write_{kind}", "file", 1, _write) for kind in kinds.split()]
    sinks = [Opener(f"LazyFrame.sink_{kind}", "path", 1, _write) for kind in kinds.split()]
    return (*reads, *writes, *sinks, Opener("DataFrame.write_excel", "workbook", 1, _write))


OPENERS: dict[str, tuple[Opener, ...]] = {
    "_posixsubprocess": (Opener("fork_exec", "args", note=_start),),  # multiprocessing starts processes so
    "pyarrow.lib": (
        Opener("memory_map", "path", note=_open(1)),
        Opener("OSFile", "path", note=_open(1)),
        Opener("create_memory_map", "path", note=_write),
        Opener("input_stream", "source"),
        Opener("output_stream", "source", note=_write),
    ),
    "pyarrow._csv": (
        Opener("read_csv", "input_file"),
        Opener("open_csv", "input_file"),
        Opener("write_csv", "output_file", 1, _write),
    ),
    "pyarrow._json": (Opener("read_json", "input_file"), Opener("open_json", "input_file")),
    "pyarrow.parquet.core": (
        Opener("ParquetFile", "source"),
        Opener("ParquetDataset", "path_or_paths"),
        Opener("read_metadata", "where"),
        Opener("read_schema", "where"),
        Opener("ParquetWriter", "where", note=_write),
    ),
    "pyarrow.dataset": (Opener("dataset", "source"), Opener("parquet_dataset", "metadata_path")),
    "pyarrow.feather": (
        Opener("read_table", "source"),
        Opener("read_feather", "source"),
        Opener("write_feather", "dest", 1, _write),
    ),
    "pyarrow.orc": (
        Opener("ORCFile", "source"),
        Opener("read_table", "source"),
        Opener("ORCWriter", "where", note=_write),
    ),
    "pyarrow.ipc": (
        Opener("RecordBatchFileReader", "source"),
        Opener("RecordBatchStreamReader", "source"),
        Opener("RecordBatchFileWriter", "sink", note=_write),
        Opener("RecordBatchStreamWriter", "sink", note=_write),
    ),
    "h5py._hl.files": (Opener("File", "name", note=_open(1)),),
    "tables.file": (Opener("File", "filename", note=_open(1)),),
    "netCDF4._netCDF4": (
        Opener("Dataset", "filename", note=_open(1)),
        Opener("MFDataset", "files"),
    ),
    "polars": _polars(),
}


def install(current: Callable[[], Trace | None]) -> None:
    """Have what these libraries open noted in what *current* returns, if anything. Once in a process."""

    def wrap(openers: tuple[Opener, ...], module: ModuleType) -> None:
        notice_calls(module, {opener.function: partial(opener.tell, current) for opener in openers})

    readers = {name: partial(wrap, openers) for name, openers in OPENERS.items()}
    when_imported({**readers, databases.MODULE: partial(databases.watch_connections, current=current)})
