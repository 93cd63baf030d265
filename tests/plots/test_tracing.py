from __future__ import annotations

import configparser
import contextlib
import glob
import gzip
import importlib.resources
import importlib.util
import io
import mmap
import multiprocessing
import os
import pickle
import py_compile
import runpy
import socket
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from contextvars import Context
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from plots.tracing import Trace, file_state, habits_of, state_of, trace, untraced


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


def map_whole(file: Path) -> None:
    with open(file, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        mapped.read()


READS: dict[str, Callable[[Path], object]] = {
    "numpy": np.load,
    "numpy, mapped": lambda file: np.load(file, mmap_mode="r"),
    "numpy, mapped for writing": lambda file: np.memmap(file, np.uint8),
    "numpy, raw": lambda file: np.fromfile(file, np.uint8),
    "mmap": map_whole,
    "pathlib": Path.read_bytes,
    "os": lambda file: os.close(os.open(file, os.O_RDONLY)),
    "io": lambda file: io.FileIO(file).close(),
    "gzip": lambda file: gzip.open(file).close(),
    "pickle": lambda file: pd.read_pickle(file, compression=None),
    "ini": lambda file: configparser.ConfigParser().read(file, "latin-1"),
    "code": lambda file: runpy.run_path(str(file)),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_files_are_noticed_however_they_are_opened(tmp_path: Path, read: Callable[[Path], object]) -> None:
    file = tmp_path / "a.npy"
    np.save(file, np.arange(3))
    with trace(Trace()) as seen, contextlib.suppress(pickle.UnpicklingError, configparser.Error, SyntaxError):
        read(file)
    assert kinds(seen) == {("a.npy", "file")}


def test_pictures_and_archives_are_noticed(tmp_path: Path) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "x\n1\n")
    with trace(Trace()) as seen:
        Image.open(tmp_path / "a.png").load()
        plt.imread(tmp_path / "a.png")
        zipfile.ZipFile(tmp_path / "a.zip").read("a.csv")
        pd.read_csv(tmp_path / "a.zip")
    assert kinds(seen) == {("a.png", "file"), ("a.zip", "file")}


def test_the_source_of_a_module_counts_though_python_reads_only_what_it_kept_of_it(tmp_path: Path) -> None:
    source = tmp_path / "helper.py"
    source.write_text("x = 1")
    py_compile.compile(str(source))
    with trace(Trace()) as seen:
        spec = importlib.util.spec_from_file_location("helper", source)
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        exec((tmp_path / "helper.py").read_text())
    assert kinds(seen) == {("helper.py", "file")}


def test_a_resource_of_a_package_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "__init__.py").touch()
    (tmp_path / "packed" / "limits.csv").write_text("1")
    monkeypatch.syspath_prepend(tmp_path)
    with trace(Trace()) as seen:
        assert importlib.resources.files("packed").joinpath("limits.csv").read_text() == "1"
    assert ("limits.csv", "file") in kinds(seen)
    del sys.modules["packed"]


def test_a_missing_file_is_a_dependency_too(tmp_path: Path) -> None:
    with trace(Trace()) as seen, pytest.raises(FileNotFoundError):
        open(tmp_path / "later.csv").close()
    (dependency,) = seen.dependencies()
    assert dependency.state is None


@pytest.mark.parametrize(
    "look",
    [
        os.listdir,
        lambda p: list(os.scandir(p)),
        lambda p: list(os.walk(p)),
        lambda p: list(os.fwalk(p)),
        lambda p: list(Path(p).iterdir()),
        lambda p: list(Path(p).glob("*.csv")),
        lambda p: list(Path(p).rglob("*.csv")),
        lambda p: glob.glob(f"{p}/*.csv"),
        lambda p: glob.glob("*.csv", root_dir=p),
        lambda p: os.close(os.open(p, os.O_RDONLY)),
    ],
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


def test_a_database_that_is_only_read_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE t (x)")
        before = state_of(str(file), "database")
        with trace(Trace()) as seen, contextlib.closing(sqlite3.connect(file)) as reader:
            reader.execute("SELECT * FROM t").fetchall()
        (dependency,) = seen.dependencies()
        assert dependency.state == before == state_of(str(file), "database")


def test_what_a_render_writes_is_no_dependency(tmp_path: Path) -> None:
    with trace(Trace()) as seen:
        (tmp_path / "own.txt").write_text("1")
        (tmp_path / "own.txt").read_text()
        (tmp_path / "temporary").write_text("1")
        os.replace(tmp_path / "temporary", tmp_path / "moved")
        (tmp_path / "moved").read_text()
    assert seen.dependencies() == ()
    assert {Path(p).name for p in seen.own_files()} == {"own.txt", "temporary", "moved"}


def test_a_file_changed_in_place_counts_with_the_state_that_the_render_left(tmp_path: Path) -> None:
    for name in ("read", "written"):
        (tmp_path / name).write_text("12345")
    before = file_state(str(tmp_path / "written"))
    with trace(Trace()) as seen:
        with open(tmp_path / "read", "r+b") as file:
            file.read()
        with open(tmp_path / "written", "r+b") as file:
            file.write(b"1234567")
    read, written = seen.dependencies()
    assert (read.state, read.before, read.after) == (file_state(read.path), (), ())
    assert (written.state, written.before, written.after) == (file_state(written.path), before, ())


def test_a_change_by_somebody_else_before_the_render_makes_its_own_still_counts(tmp_path: Path) -> None:
    file = tmp_path / "shared"
    file.write_text("1")
    before = file_state(str(file))
    with trace(Trace()) as seen:
        file.read_text()
        Context().run(file.write_text, "12")
        with open(file, "r+") as own:
            own.write("123")
    (dependency,) = seen.dependencies()
    assert (dependency.state, dependency.before, dependency.is_written) == (before, (), False)
    assert dependency.after == file_state(str(file))


def test_a_file_mapped_as_numpy_does_by_default_is_not_taken_for_written(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    np.arange(3).tofile(file)
    before = file_state(str(file))
    with trace(Trace()) as seen:
        np.memmap(file, int)
        Context().run(file.write_bytes, bytes(80))  # a job goes on meanwhile
    (dependency,) = seen.dependencies()
    assert (dependency.state, dependency.after, dependency.is_written) == (before, file_state(str(file)), False)


@pytest.mark.parametrize(
    "change", [lambda p: Path(p).touch(), lambda p: os.chmod(p, 0o600), lambda p: os.link(p, f"{p}.link")]
)
def test_a_file_whose_times_or_rights_the_render_sets_is_changed_by_it(tmp_path: Path, change: object) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    with trace(Trace()) as seen:
        file.read_text()
        change(file)  # type: ignore[operator]
    (dependency,) = seen.dependencies()
    assert dependency.before not in ((), dependency.state)
    assert dependency.state == file_state(str(file))


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
    with trace(Trace()) as by_spawning:
        process = multiprocessing.get_context("spawn").Process(target=os.getpid)
        process.start()
        process.join()
    with trace(Trace()) as by_nothing:
        pass
    traces = (by_process, by_socket, by_spawning, by_nothing)
    assert [each.unknown for each in traces] == [True, True, True, False]
    assert [each.has_children for each in traces] == [True, False, True, False]


@pytest.mark.parametrize("starts", [True, False])
def test_what_a_process_wrote_before_it_was_read_may_be_the_renders_own(tmp_path: Path, starts: bool) -> None:
    file = tmp_path / "a.txt"
    file.write_text("1")
    with trace(Trace()) as before:
        before.note(str(file), "file")
    at_first = file_state(str(file))
    with trace(Trace()) as seen:
        if starts:
            subprocess.run(["/bin/sh", "-c", "echo 22 > a.txt"], cwd=tmp_path, check=True)
        else:
            with untraced():
                file.write_text("22")
        file.read_text()
    seen.add_earlier(before)
    (dependency,) = seen.dependencies()
    now = file_state(str(file))
    assert (dependency.state, dependency.after) == ((at_first, now) if starts else (now, ()))
    assert not dependency.is_written


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


def test_what_sqlite_keeps_beside_a_database_is_no_news_in_its_folder(tmp_path: Path) -> None:
    writer = sqlite3.connect(tmp_path / "a.sqlite")
    writer.execute("PRAGMA journal_mode=WAL")
    writer.close()
    with trace(Trace()) as seen:
        reader = sqlite3.connect(tmp_path / "a.sqlite")
        reader.execute("SELECT * FROM sqlite_master").fetchall()
        assert "a.sqlite-wal" in os.listdir(tmp_path)
        reader.close()
    assert {str(tmp_path / f"a.sqlite-{end}") for end in ("wal", "shm", "journal")} <= seen.own_files()


def test_what_a_render_changes_for_the_whole_process_is_noticed(tmp_path: Path) -> None:
    folder = os.getcwd()
    with trace(Trace()) as seen:
        os.chdir(tmp_path)
    os.chdir(folder)
    assert seen.process_wide == {"os.chdir"}


def test_what_a_thread_writes_after_its_render_is_the_plots_own_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "progress").write_text("0")
    over, habits = threading.Event(), habits_of("a plot of this test")

    def go_on() -> None:
        over.wait()
        (tmp_path / "progress").write_text("1")

    with trace(Trace(), of="a plot of this test") as first:
        (tmp_path / "progress").read_text()
        thread = threading.Thread(target=go_on)
        thread.start()
    assert kinds(first) == {("progress", "file")}
    over.set()
    thread.join()
    with trace(Trace(), of="a plot of this test") as second:
        (tmp_path / "progress").read_text()
    assert kinds(second) == set()
    assert second.own_files() == habits.late == {str(tmp_path / "progress")}


def test_what_a_plot_keeps_open_for_a_change_it_may_have_changed_in_a_later_render(tmp_path: Path) -> None:
    np.arange(3).tofile(tmp_path / "a.bin")
    with trace(Trace(), of="another plot of this test"):
        kept = np.memmap(tmp_path / "a.bin", int)
    with trace(Trace(), of="another plot of this test") as second:
        second.note(str(tmp_path / "a.bin"), "file")  # known from the first
        kept[0] = 7
        kept.flush()
    (dependency,) = second.dependencies()
    assert dependency.after == file_state(dependency.path)
    assert dependency.after != dependency.state


def test_a_folder_in_which_python_looks_for_modules_is_nobodys_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "found_late.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with trace(Trace()) as seen:
        importlib.import_module("found_late")
        os.listdir(tmp_path.parent)
    folders = [path for path, kind in seen.seen if kind == "folder"]
    assert folders == [str(tmp_path.parent)]
