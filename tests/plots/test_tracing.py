from __future__ import annotations

import glob
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from plots.tracing import Trace, file_state, state_of, trace


def kinds(traced: Trace) -> set[tuple[str, str]]:
    return {(Path(d.path).name, d.kind) for d in traced.dependencies()}


def test_a_file_that_is_read_is_noticed_with_the_state_it_had_before(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x\n1\n")
    before = file_state(str(file))
    with trace(Trace()) as seen:
        pd.read_csv(file)
    file.write_text("x\n1\n2\n")
    (dependency,) = seen.dependencies()
    assert (dependency.path, dependency.kind, dependency.state) == (str(file), "file", before)


@pytest.mark.parametrize("read", [np.load, np.memmap, Path.read_bytes, lambda p: os.close(os.open(p, os.O_RDONLY))])
def test_files_are_noticed_however_they_are_opened(tmp_path: Path, read: object) -> None:
    file = tmp_path / "a.npy"
    np.save(file, np.arange(3))
    with trace(Trace()) as seen:
        read(file)  # type: ignore[operator]
    assert kinds(seen) == {("a.npy", "file")}


def test_a_missing_file_is_a_dependency_too(tmp_path: Path) -> None:
    with trace(Trace()) as seen, pytest.raises(FileNotFoundError):
        open(tmp_path / "later.csv").close()
    (dependency,) = seen.dependencies()
    assert dependency.state is None


@pytest.mark.parametrize(
    "look",
    [os.listdir, lambda p: list(os.scandir(p)), lambda p: list(Path(p).iterdir()), lambda p: glob.glob(f"{p}/*.csv")],
)
def test_a_listed_folder_counts_with_its_names(tmp_path: Path, look: object) -> None:
    (tmp_path / "a.csv").touch()
    with trace(Trace()) as seen:
        look(str(tmp_path))  # type: ignore[operator]
    (dependency,) = seen.dependencies()
    assert (dependency.kind, dependency.state) == ("folder", ("a.csv",))


def test_a_glob_of_a_folder_that_is_not_there_notices_that(tmp_path: Path) -> None:
    with trace(Trace()) as seen:
        assert glob.glob(str(tmp_path / "runs" / "*.csv")) == []
    assert (str(tmp_path / "runs"), "folder") in seen.seen


def test_a_database_counts_with_its_write_ahead_log(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    writer = sqlite3.connect(file)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE t (x)")
    writer.commit()
    with trace(Trace()) as seen:
        sqlite3.connect(f"file:{file}?mode=ro", uri=True).close()
    (dependency,) = seen.dependencies()
    writer.execute("INSERT INTO t VALUES (1)")
    writer.commit()
    assert dependency.kind == "database"
    assert dependency.state != state_of(str(file), "database")
    writer.close()


def test_what_a_render_writes_is_no_dependency(tmp_path: Path) -> None:
    with trace(Trace()) as seen:
        (tmp_path / "own.txt").write_text("1")
        (tmp_path / "own.txt").read_text()
        (tmp_path / "temporary").write_text("1")
        os.replace(tmp_path / "temporary", tmp_path / "moved")
        (tmp_path / "moved").read_text()
    assert seen.dependencies() == ()
    assert {Path(p).name for p in seen.own_files()} == {"own.txt", "temporary", "moved"}


def test_a_file_opened_for_update_counts_as_read_unless_it_was_written(tmp_path: Path) -> None:
    for name in ("read", "written"):
        (tmp_path / name).write_text("12345")
    with trace(Trace()) as seen:
        with open(tmp_path / "read", "r+b") as file:
            file.read()
        with open(tmp_path / "written", "r+b") as file:
            file.write(b"1234567")
    assert kinds(seen) == {("read", "file")}


def test_libraries_and_kernel_files_are_nobodys_data() -> None:
    with trace(Trace()) as seen:
        Path("/proc/self/stat").read_text()
        Path(pd.__file__).read_bytes()
    assert seen.dependencies() == ()


def test_a_socket_or_a_process_makes_the_state_unknown() -> None:
    with trace(Trace()) as by_process:
        subprocess.run([sys.executable, "-c", ""], check=True)
    with trace(Trace()) as by_socket, socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    with trace(Trace()) as neither:
        pass
    assert (by_process.unknown, by_socket.unknown, neither.unknown) == (True, True, False)


def test_a_link_is_watched_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "data.csv").touch()
    (tmp_path / "near.csv").symlink_to(tmp_path / "far" / "data.csv")
    with trace(Trace()) as seen:
        (tmp_path / "near.csv").read_text()
    (dependency,) = seen.dependencies()
    assert set(dependency.folders) == {str(tmp_path), str(tmp_path / "far")}


def test_a_trace_inside_a_trace_keeps_what_it_sees_to_itself(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with trace(Trace()) as outer, trace(Trace()) as inner:
        (tmp_path / "a").read_text()
    assert outer.dependencies() == ()
    assert kinds(inner) == {("a", "file")}
