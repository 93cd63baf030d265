"""Files that libraries open in C++ are noticed too, and nothing else about these libraries changes."""

from __future__ import annotations

import inspect
import pickle
import sqlite3
import subprocess
import sys
import timeit
from collections.abc import Callable
from contextlib import closing
from contextvars import Context
from pathlib import Path
from textwrap import dedent

import h5py
import netCDF4
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.fs
import pyarrow.ipc
import pyarrow.json
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
import tables

from plots.tracing import Trace, file_state, install, state_of, trace

install()  # as user code is imported when that is done already
FRAME = pd.DataFrame({"step": [1, 2, 3], "loss": [0.5, 0.25, 0.125]})
TABLE = pa.table({"step": [1, 2, 3]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file of each kind."""
    FRAME.to_parquet(tmp_path / "a.parquet")
    FRAME.to_feather(tmp_path / "a.feather")
    FRAME.to_orc(tmp_path / "a.orc")
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    FRAME.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    FRAME.to_hdf(tmp_path / "a.hdf", key="run")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["loss"] = [1.0, 2.0]
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as dataset:
        dataset.title = "a run"
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, pa.ipc.new_file(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)
    (tmp_path / "parts").mkdir()
    pq.write_table(TABLE, tmp_path / "parts" / "one.parquet")
    return tmp_path


READS: dict[str, tuple[Callable[[str], object], str]] = {
    "read_parquet": (pd.read_parquet, "a.parquet"),
    "read_feather": (pd.read_feather, "a.feather"),
    "read_orc": (pd.read_orc, "a.orc"),
    "read_hdf": (pd.read_hdf, "a.hdf"),
    "HDFStore": (lambda file: pd.HDFStore(file, "r").close(), "a.hdf"),
    "read_csv, pyarrow": (lambda file: pd.read_csv(file, engine="pyarrow"), "a.csv"),
    "read_json, pyarrow": (lambda file: pd.read_json(file, lines=True, engine="pyarrow"), "a.jsonl"),
    "pq.read_table": (pq.read_table, "a.parquet"),
    "pq.read_table, by name": (lambda file: pq.read_table(source=file, columns=["loss"]), "a.parquet"),
    "pq.read_table, file URL": (lambda file: pq.read_table(f"file://{file}"), "a.parquet"),
    "pq.read_pandas": (pq.read_pandas, "a.parquet"),
    "pq.read_schema": (pq.read_schema, "a.parquet"),
    "pq.read_metadata": (pq.read_metadata, "a.parquet"),
    "ParquetFile": (lambda file: pq.ParquetFile(file).read(), "a.parquet"),
    "ParquetDataset": (lambda file: pq.ParquetDataset([file]).read(), "a.parquet"),
    "dataset": (lambda file: pa.dataset.dataset(file).to_table(), "a.parquet"),
    "dataset, local": (lambda file: pa.dataset.dataset(file, filesystem=pa.fs.LocalFileSystem()), "a.parquet"),
    "csv": (pa.csv.read_csv, "a.csv"),
    "csv, opened": (lambda file: pa.csv.open_csv(file).read_all(), "a.csv"),
    "json": (pa.json.read_json, "a.jsonl"),
    "feather": (pa.feather.read_table, "a.feather"),
    "feather, frame": (pa.feather.read_feather, "a.feather"),
    "orc": (pa.orc.read_table, "a.orc"),
    "ORCFile": (lambda file: pa.orc.ORCFile(file).read(), "a.orc"),
    "ipc": (lambda file: pa.ipc.open_file(file).read_all(), "a.arrow"),
    "memory_map": (lambda file: pa.ipc.open_file(pa.memory_map(file)).read_all(), "a.arrow"),
    "OSFile": (lambda file: pa.OSFile(file).read(), "a.arrow"),
    "input_stream": (lambda file: pa.input_stream(file).read(), "a.arrow"),
    "h5py": (lambda file: h5py.File(file)["loss"][:], "a.h5"),
    "h5py, by name": (lambda file: h5py.File(name=file, mode="r").close(), "a.h5"),
    "h5py, bytes": (lambda file: h5py.File(file.encode(), "r").close(), "a.h5"),
    "tables": (lambda file: tables.open_file(file).close(), "a.h5"),
    "netCDF4": (lambda file: netCDF4.Dataset(file).close(), "a.nc"),
    "pl.read_csv": (pl.read_csv, "a.csv"),
    "pl.scan_csv": (lambda file: pl.scan_csv(file).collect(), "a.csv"),
    "pl.read_parquet": (pl.read_parquet, "a.parquet"),
    "pl.scan_parquet": (lambda file: pl.scan_parquet(source=file).collect(), "a.parquet"),
    "pl.read_ndjson": (pl.read_ndjson, "a.jsonl"),
    "pl.read_ipc": (pl.read_ipc, "a.arrow"),
}


@pytest.mark.parametrize(("read", "name"), READS.values(), ids=READS)
def test_a_file_that_is_read_is_noticed_with_the_state_it_had_before(
    folder: Path, read: Callable[[str], object], name: str
) -> None:
    before = file_state(str(folder / name))
    with trace(Trace()) as seen:
        read(str(folder / name))
    (dependency,) = seen.dependencies()
    assert (dependency.path, dependency.kind, dependency.state) == (str(folder / name), "file", before)
    assert not seen.unknown


WRITES: dict[str, Callable[[str], object]] = {
    "to_parquet": FRAME.to_parquet,
    "to_feather": FRAME.to_feather,
    "pq.write_table": lambda file: pq.write_table(TABLE, file),
    "ParquetWriter": lambda file: pq.ParquetWriter(file, TABLE.schema).close(),
    "csv": lambda file: pa.csv.write_csv(TABLE, file),
    "feather": lambda file: pa.feather.write_feather(TABLE, file),
    "orc": lambda file: pa.orc.write_table(TABLE, file),
    "ipc": lambda file: pa.ipc.new_file(file, TABLE.schema).close(),
    "OSFile": lambda file: pa.OSFile(file, "wb").close(),
    "output_stream": lambda file: pa.output_stream(file).close(),
    "memory_map": lambda file: pa.create_memory_map(file, 10),
    "h5py": lambda file: h5py.File(file, "w").close(),
    "h5py, a new file": lambda file: h5py.File(file, "a").close(),
    "to_hdf": lambda file: FRAME.to_hdf(file, key="run"),
    "netCDF4": lambda file: netCDF4.Dataset(file, mode="w").close(),
    "polars": lambda file: pl.DataFrame({"a": [1]}).write_parquet(file),
    "polars, sunk": lambda file: pl.LazyFrame({"a": [1]}).sink_csv(file),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_file_that_is_written_is_the_renders_own(tmp_path: Path, write: Callable[[str], object]) -> None:
    with trace(Trace()) as seen:
        write(str(tmp_path / "new"))
        (tmp_path / "new").read_bytes()
    assert seen.dependencies() == ()
    assert seen.own_files() == {str(tmp_path / "new")}


@pytest.mark.parametrize(
    ("open_to_change", "name"),
    [
        (lambda file: h5py.File(file, "a").close(), "a.h5"),
        (lambda file: h5py.File(file, "r+").close(), "a.h5"),
        (lambda file: tables.open_file(file, "a").close(), "a.h5"),
        (lambda file: pd.HDFStore(file).close(), "a.hdf"),
        (lambda file: netCDF4.Dataset(file, "a").close(), "a.nc"),
    ],
)
def test_a_file_that_only_its_opening_changes_counts_with_the_state_after_that(
    folder: Path, open_to_change: Callable[[str], object], name: str
) -> None:
    before = file_state(str(folder / name))
    with trace(Trace()) as seen:
        open_to_change(str(folder / name))
    (dependency,) = seen.dependencies()
    assert (dependency.before, dependency.state) == (before, file_state(str(folder / name)))
    assert dependency.state != before


@pytest.mark.parametrize("read", [pq.read_table, pa.dataset.dataset, pl.read_parquet, pd.read_parquet])
def test_a_folder_of_parts_counts_with_its_names_and_each_part(folder: Path, read: Callable[[str], object]) -> None:
    with trace(Trace()) as seen:
        read(str(folder / "parts"))
    assert {(Path(each.path).name, each.kind) for each in seen.dependencies()} == {
        ("parts", "folder"),
        ("one.parquet", "file"),
    }


def test_a_pattern_counts_with_the_folders_in_which_it_is_looked_for(folder: Path) -> None:
    with trace(Trace()) as seen:
        pl.scan_parquet(str(folder / "*" / "o*.parquet")).collect()
    found = {(Path(each.path).name, each.kind) for each in seen.dependencies()}
    assert found == {(folder.name, "folder"), ("parts", "folder"), ("one.parquet", "file")}


def test_a_missing_file_is_a_dependency_and_the_error_is_the_librarys_own(tmp_path: Path) -> None:
    reads = (pd.read_parquet, h5py.File, netCDF4.Dataset, pl.read_parquet, tables.open_file)
    with trace(Trace()) as seen:
        for number, read in enumerate(reads):
            with pytest.raises(OSError, match=f"later-{number}"):
                read(str(tmp_path / f"later-{number}"))
    assert [each.state for each in seen.dependencies()] == [None] * len(reads)


def test_what_lies_elsewhere_is_of_unknown_state() -> None:
    with trace(Trace()) as seen, pytest.raises(OSError, match="NetCDF"):
        netCDF4.Dataset("http://127.0.0.1:9/a.nc")
    assert seen.unknown
    assert seen.dependencies() == ()


def test_senseless_arguments_are_refused_in_the_librarys_own_words(tmp_path: Path) -> None:
    with trace(Trace()):
        with pytest.raises(TypeError, match="missing 1 required positional argument"):
            pq.read_table()
        with pytest.raises(OSError, match="unable to open file"):
            h5py.File("a\0b", "r")
        with pytest.raises(TypeError):
            pa.memory_map(None)


def test_an_open_file_is_read_as_before(folder: Path) -> None:
    with trace(Trace()) as seen, open(folder / "a.parquet", "rb") as file, open(folder / "a.h5", "rb") as other:
        assert pq.read_table(file).num_rows == 3
        assert list(h5py.File(other)["loss"]) == [1, 2]
    assert {Path(each.path).name for each in seen.dependencies()} == {"a.parquet", "a.h5"}


def test_wrapped_functions_look_as_they_did() -> None:
    assert pq.read_metadata.__name__ == "read_metadata"
    assert "memory_map" in inspect.signature(pq.read_metadata).parameters
    assert pa.csv.read_csv.__doc__
    assert pickle.loads(pickle.dumps(pa.csv.read_csv)) is pa.csv.read_csv
    assert pickle.loads(pickle.dumps(sqlite3.connect)) is sqlite3.connect
    assert pickle.loads(pickle.dumps(pl.read_csv)) is pl.read_csv


def test_wrapped_classes_are_what_they_were(folder: Path) -> None:
    with netCDF4.Dataset(folder / "a.nc") as dataset:
        assert type(dataset) is netCDF4.Dataset
        assert dataset.__dict__ == {"title": "a run"}
        assert repr(dataset).startswith("<class 'netCDF4")
    with pa.OSFile(str(folder / "a.csv")) as file:
        assert isinstance(file, pa.OSFile)
        assert isinstance(file, pa.NativeFile)
        assert not isinstance(pa.BufferReader(b""), pa.OSFile)
    assert issubclass(pa.OSFile, pa.NativeFile)
    assert (pa.OSFile.__module__, pa.OSFile.__qualname__) == ("pyarrow.lib", "OSFile")
    with h5py.File(folder / "a.h5") as opened:
        assert isinstance(opened["loss"].file, h5py.File)


IMPORTED = """
    import sys
    {before}
    from plots.tracing import Trace, trace, install
    {between}
    folder = sys.argv[1]
    with trace(Trace()) as seen:
        import h5py, pyarrow as pa, pyarrow.parquet as pq, pyarrow.csv as csv
        from pyarrow.parquet import read_schema
        from pyarrow import memory_map
        for read, name in ((h5py.File, "h5"), (csv.read_csv, "csv"), (read_schema, "parquet"), (memory_map, "arrow")):
            read(f"{{folder}}/a.{{name}}")
    install()
    print(sorted(each.path[-3:] for each in seen.dependencies()), "pyarrow" in {modules})
"""


@pytest.mark.parametrize(
    ("before", "between"),
    [
        ("", ""),
        ("import h5py, pyarrow, pyarrow.csv, pyarrow.parquet", ""),
        ("", "install(); import h5py, pyarrow, pyarrow.csv, pyarrow.parquet"),
        ("import pyarrow", "install()"),
        ("import threading", "install(); t = threading.Thread(target=__import__, args=('h5py',)); t.start(); t.join()"),
    ],
)
def test_a_library_may_be_imported_before_or_after_or_in_a_render(folder: Path, before: str, between: str) -> None:
    code = dedent(IMPORTED).format(before=before, between=between, modules="sys.modules")
    run = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert run.stdout == "['.h5', 'csv', 'row', 'uet'] True\n"


def test_no_library_is_imported_for_its_wrapper() -> None:
    code = "import sys; before = set(sys.modules); import plots.tracing; plots.tracing.install(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pyarrow", "h5py", "tables", "netCDF4", "polars", "pandas", "sqlite3"} & set(run.stdout.split())


def test_a_wrapper_costs_microseconds(folder: Path) -> None:
    file, times = str(folder / "a.csv"), 2_000
    untraced = timeit.timeit(lambda: pa.input_stream(file), number=times)
    with trace(Trace()):
        traced = timeit.timeit(lambda: pa.input_stream(file), number=times)
    assert (traced - untraced) / times < 100e-6


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with a table of one row."""
    with closing(sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")
    return tmp_path / "a.sqlite"


WRITING = {"INSERT INTO t VALUES (2)": True, "UPDATE t SET x = 3": True, "DELETE FROM t": True, "DROP TABLE t": True}


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
@pytest.mark.parametrize(("statement", "is_sure"), [*WRITING.items(), ("CREATE TABLE IF NOT EXISTS u (y)", False)])
def test_a_database_that_a_render_writes_is_known_to_be_written(
    database: Path, statement: str, is_sure: bool, mode: str
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
    before = state_of(str(database), "database")
    with trace(Trace()) as seen, sqlite3.connect(database) as connection:
        connection.execute(statement)
    (dependency,) = seen.dependencies()
    assert (dependency.state, dependency.is_written) == (before, is_sure)
    assert dependency.after not in ((), before)


def test_a_database_that_somebody_else_writes_meanwhile_is_not_taken_for_the_renders_own(database: Path) -> None:
    def job() -> None:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("INSERT INTO t VALUES (2)")

    before = state_of(str(database), "database")
    with trace(Trace()) as reading, closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(1,)]
        connection.execute("CREATE TEMP TABLE own (x)")
        connection.execute("INSERT INTO own VALUES (1)")
        connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
        connection.rollback()
        Context().run(job)
    (dependency,) = reading.dependencies()
    assert (dependency.state, dependency.before, dependency.is_written) == (before, (), False)
    with trace(Trace()) as writing, closing(sqlite3.connect(database, isolation_level=None)) as connection:
        Context().run(job)
        connection.execute("INSERT INTO t VALUES (3)")
    (dependency,) = writing.dependencies()
    assert dependency.after != ()
    assert not dependency.is_written


def test_an_attached_database_counts(database: Path) -> None:
    other = database.with_name("b.sqlite")
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x)")
    with trace(Trace()) as seen, closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(f"ATTACH '{database}' AS a")
        connection.execute("SELECT * FROM a.t")
    assert [(each.path, each.after) for each in seen.dependencies()] == [(str(database), ())]
    with trace(Trace()) as seen, closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(f"ATTACH '{other}' AS b")
        connection.execute("INSERT INTO b.t SELECT x FROM main.t")
    found = {Path(each.path).name: each.is_written for each in seen.dependencies()}
    assert found == {"a.sqlite": False, "b.sqlite": True}
    with trace(Trace()) as seen, closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS a", (str(database),))
    assert seen.unknown


def test_a_wrapped_connection_is_as_it_was(database: Path) -> None:
    class Mine(sqlite3.Connection):
        pass

    with trace(Trace()):
        assert type(sqlite3.connect(database)) is sqlite3.Connection
        assert type(sqlite3.connect(database, factory=Mine)) is Mine
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                connection.execute("DELETE FROM t")
            connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
            with pytest.raises(sqlite3.DatabaseError, match=r"prohibited|not authorized"):
                connection.execute("SELECT x FROM t")
        frame = pd.read_sql("SELECT x FROM t", sqlite3.connect(database))
    assert np.array_equal(frame["x"], [1])
