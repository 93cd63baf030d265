"""How the gallery reads data files: every format, files that are still being written, and files that are none."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.usefixtures("turn")

TABLE = pd.DataFrame({"step": [1, 2, 3], "loss": [0.5, 0.25, 0.125], "name": ["a", "b", "c"]})
SUFFIXES = (".csv", ".tsv", ".xlsx", ".parquet", ".feather", ".json", ".jsonl", ".npz", ".sqlite", ".db", ".npy")

Read = Callable[..., pd.DataFrame]


@pytest.fixture
def read(gallery: Callable[[str], ModuleType]) -> Read:
    function: Read = gallery("reading").read_frame
    return function


def write(path: Path) -> Path:
    """Write TABLE in the format that the name says."""
    records = TABLE.to_dict("records")
    arrays = {str(name): TABLE[name].to_numpy() for name in ("step", "loss")}
    writers: dict[str, Callable[[], object]] = {
        ".csv": lambda: TABLE.to_csv(path, index=False),
        ".tsv": lambda: TABLE.to_csv(path, index=False, sep="\t"),
        ".xlsx": lambda: TABLE.to_excel(path, index=False),
        ".parquet": lambda: TABLE.to_parquet(path),
        ".feather": lambda: TABLE.to_feather(path),
        ".json": lambda: path.write_text(json.dumps(records)),
        ".jsonl": lambda: path.write_text("".join(json.dumps(record) + "\n" for record in records)),
        ".npz": lambda: np.savez(path, **arrays),  # type: ignore[arg-type]  # arrays by name
        ".npy": lambda: np.save(path, TABLE[["step", "loss"]].to_records(index=False)),
        ".sqlite": lambda: write_database(path),
        ".db": lambda: write_database(path),
    }
    writers[path.suffix.lower()]()
    return path


def write_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    TABLE.to_sql('an "odd" name', connection, index=False)
    connection.close()


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def reason(read: Read, path: Path, sheet_name: str | None = None) -> str:
    """Return why the file can't be read, in one line that tells no path."""
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        read(path, sheet_name)
    assert str(path.parent) not in str(caught.value)
    start, _, rest = str(caught.value).partition(": ")
    assert (start, "\n" in rest) == (path.name, False)
    return rest


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_same_table(read: Read, gallery: Any, tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"table{suffix}")
    frame = read(path)
    assert frame["step"].tolist() == [1, 2, 3]
    assert frame["loss"].tolist() == [0.5, 0.25, 0.125]
    (axes,) = gallery("table").plot_table(path).axes
    assert [(line.get_label(), line.get_ydata().tolist()) for line in axes.lines] == [("loss", [0.5, 0.25, 0.125])]
    assert axes.get_xlabel() == "step"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_and_rubbish_are_told_apart(read: Read, tmp_path: Path, suffix: str) -> None:
    assert reason(read, written(tmp_path / f"empty{suffix}", "")) == "the file is empty"
    said = reason(read, written(tmp_path / f"rubbish{suffix}", b"\x00\x9f rubbish \xff" * 9))
    assert said
    assert said != "the file is empty"


@pytest.mark.parametrize("name", ["soon.json", "soon.jsonl"])
def test_records_that_are_yet_to_come_are_an_empty_file(read: Read, tmp_path: Path, name: str) -> None:
    assert reason(read, written(tmp_path / name, "[]\n" if name == "soon.json" else "\n")) == "the file is empty"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_file_and_a_folder_are_no_data(read: Read, tmp_path: Path, suffix: str) -> None:
    assert reason(read, tmp_path / f"gone{suffix}") == "no such file"
    (tmp_path / f"folder{suffix}").mkdir()
    assert reason(read, tmp_path / f"folder{suffix}")


def test_other_files_are_refused(read: Read, tmp_path: Path) -> None:
    assert reason(read, written(tmp_path / "notes.txt", "a,b\n")).startswith("not a data file; those end in .csv .tsv")


def test_the_ending_may_be_written_large(read: Read, tmp_path: Path) -> None:
    assert read(write(tmp_path / "TABLE.CSV")).columns.tolist() == ["step", "loss", "name"]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("a,b\n1,2.5\n", {"a": 1, "b": 2.5}),
        ("a,b\r\n1,2.5\r\n", {"a": 1, "b": 2.5}),
        ("\ufeffa,b\n1,2.5\n", {"a": 1, "b": 2.5}),
        ("\n\na, b\n1, 2.5", {"a": 1, "b": 2.5}),
        ("a;b\n1,5;2\n", {"a": 1.5, "b": 2}),
        ("a;b\n1.5;2\n", {"a": 1.5, "b": 2}),
        ("a|b\n1|2\n", {"a": 1, "b": 2}),
        ("a\tb\n1\t2\n", {"a": 1, "b": 2}),
        ("a,b\n1,2,\n3,4,\n", {"a": 1, "b": 2}),
        ("a,b\nx,1,2\ny,3,4\n", {"index": "x", "a": 1, "b": 2}),
        ("a,a,b\n1,2,3\n", {"a": 1, "a.1": 2, "b": 3}),
        ("1,2\n3,4\n", {"column 0": 1, "column 1": 2}),
        ('a,"b\nc"\n1,"2"\n', {"a": 1, "b c": 2}),
        ("Größe,b\n1,2\n".encode("cp1252"), {"Größe": 1, "b": 2}),
        ("a,b\n1,2\n".encode("utf-16"), {"a": 1, "b": 2}),
        ('a,b\n1,"x\ny"', {"a": 1, "b": "x\ny"}),
    ],
)
def test_text_is_read_however_it_was_written(
    read: Read, tmp_path: Path, content: str | bytes, columns: dict[str, object]
) -> None:
    assert read(written(tmp_path / "text.csv", content)).iloc[0].to_dict() == columns


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a,b\n1,2\n3,4\n5,6,7\n8,9\n", "Expected 2 fields in line 4, saw 3"),
        ("\na,b\n1,2,3\n3,4\n", "Expected 2 fields in line 3, saw 3"),
    ],
)
def test_a_broken_line_is_named(read: Read, tmp_path: Path, content: str, line: str) -> None:
    assert reason(read, written(tmp_path / "broken.csv", content)) == line


@pytest.mark.parametrize(("last", "rows"), [("3,0.5", 3), ("3", 2), ("3,", 2), ("3,1e-", 2), ('3,"0', 2), ("\xc3", 2)])
def test_only_an_unfinished_last_line_is_dropped(read: Read, tmp_path: Path, last: str, rows: int) -> None:
    content = b"step,loss\n1,0.25\n2,0.75\n" + last.encode("latin-1")
    assert len(read(written(tmp_path / "run.csv", content))) == rows


def test_a_workbook_with_gaps_and_without_some_names_is_a_table(read: Read, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in ((None,), ("when", None, 2026, None), (), ("a", 1.5, 2), ("b", None, 3)):
        sheet.append(row)
    workbook.create_sheet("nothing")
    workbook.save(tmp_path / "book.xlsx")
    frame = read(tmp_path / "book.xlsx")
    assert frame.columns.tolist() == ["when", "column 1", "2026"]
    assert frame["2026"].tolist() == [2, 3]
    assert reason(read, tmp_path / "book.xlsx", "nothing") == "sheet 'nothing' is empty"


def test_a_tiny_workbook_that_claims_a_giant_sheet_does_no_harm(read: Read, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet["A1"] = 1
    sheet["XFD1048576"] = 1
    workbook.save(tmp_path / "sparse.xlsx")
    assert len(read(tmp_path / "sparse.xlsx")) == 1


def test_too_many_cells_and_zip_bombs_are_refused(read: Read, tmp_path: Path) -> None:
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    for _ in range(62):
        sheet.append([None] * 16_383 + [1])
    workbook.save(tmp_path / "large.xlsx")
    assert reason(read, tmp_path / "large.xlsx").startswith("the sheet has more than 1,000,000 cells")
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(513 * 2**20))
    assert reason(read, tmp_path / "bomb.xlsx") == "more than 512 MiB when unzipped"
    bomb = (tmp_path / "bomb.xlsx").rename(tmp_path / "bomb.npz")
    assert reason(read, bomb) == "more than 512 MiB when unzipped"


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("[1, 2]", {"value": [1, 2]}),
        ("[[1, 2], [3, 4]]", {"column 0": [1, 3], "column 1": [2, 4]}),
        ('{"a": [1, 2], "b": [3, 4]}', {"a": [1, 2], "b": [3, 4]}),
        ('{"a": 1, "b": 2}', {"a": [1], "b": [2]}),
        ('{"made": "today", "rows": [{"a": 1, "of": {"b": 2}}]}', {"a": [1], "of.b": [2]}),
    ],
)
def test_json_may_be_arranged_in_many_ways(
    read: Read, tmp_path: Path, content: str, columns: dict[str, list[object]]
) -> None:
    assert read(written(tmp_path / "data.json", content)).to_dict("list") == columns


def test_json_that_is_no_table_is_refused(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    assert reason(read, written(path, "5")) == "the file holds a single value, not a table"
    assert reason(read, written(path, '[{"a": 1}, 5]')) == "the file holds a list of different things, not a table"
    assert reason(read, written(path, '{"a": [1, 2], "b": [1]}')) == "All arrays must be of the same length"
    assert "recursion" in reason(read, written(path, "[" * 100_000))
    assert reason(read, written(path, '[{"a": 1},')).startswith("Expecting value: line 1")


def test_json_lines_name_a_broken_one_and_drop_an_unfinished_one(read: Read, tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", '{"step": 1}\n{"step": 2}\n{"st')
    assert read(path)["step"].tolist() == [1, 2]
    assert reason(read, written(path, '{"step": 1}\n{"st\n{"step": 3}\n')).startswith("line 2: ")


def test_arrays_become_columns(read: Read, tmp_path: Path) -> None:
    def table(array: Any) -> dict[str, list[Any]]:
        np.save(tmp_path / "array.npy", array, allow_pickle=True)
        return {str(name): values for name, values in read(tmp_path / "array.npy").to_dict("list").items()}

    assert table(np.arange(3.0)) == {"value": [0, 1, 2]}
    assert table(np.float64(7)) == {"value": [7]}
    assert table(np.arange(4).reshape(2, 2)) == {"column 0": [0, 2], "column 1": [1, 3]}
    assert table(np.array([3 + 4j])) == {"value": [5]}
    with pytest.raises(ValueError, match=r"an array of 3 dimensions \(2 x 2 x 3\); only one or two can be drawn"):
        table(np.zeros((2, 2, 3)))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        table(np.array([{}], dtype=object))


def test_an_archive_gives_its_first_array_and_those_as_long(read: Read, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", t=np.arange(2), v=np.arange(2) * 2, other=np.zeros((2, 2)))
    assert read(tmp_path / "a.npz").to_dict("list") == {"t": [0, 1], "v": [0, 2]}
    np.savez(tmp_path / "b.npz", other=np.zeros((2, 2)), t=np.arange(2))
    assert read(tmp_path / "b.npz").shape == (2, 2)


MILLION = pa.record_batch({"a": np.zeros(1_000_000)})
NUMBERS = "with recursive counted(n) as (select 1 union all select n + 1 from counted)"
HUGE = {  # tables that are small as files, and why they aren't made
    ".parquet": "60,000,000 rows of 1 columns",
    ".feather": "60,000,000 rows of 1 columns",
    ".csv": "7,500 rows of 7,000 columns",
    ".tsv": "30,001 columns",
    ".json": "7,500 rows of 7,500 columns",
    ".jsonl": "7,500 rows of 7,500 columns",
    ".db": "10,000,000 values",
    ".sqlite": "interrupted",
}


def write_huge(path: Path) -> None:
    """Write the table of HUGE that has that ending."""
    match path.suffix:
        case ".parquet":
            with pq.ParquetWriter(path, MILLION.schema) as parquet:
                for _ in range(60):
                    parquet.write_batch(MILLION)
        case ".feather":
            with pa.ipc.new_file(str(path), MILLION.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as file:
                for _ in range(60):
                    file.write_batch(MILLION)
        case ".csv":
            path.write_text(",".join(f"c{k}" for k in range(7000)) + "\n" + "1\n" * 7499)
        case ".tsv":
            path.write_text("a\t" * 30_000 + "\n" + "1\t" * 30_000 + "\n")
        case ".json":
            path.write_text(json.dumps([{"run": {f"k{k}": 1}} for k in range(7500)]))
        case ".jsonl":
            path.write_text("[" + "1," * 7499 + "1]\n" + "[1]\n" * 7499)
        case ".db" | ".sqlite" as suffix:
            condition = "where n < 0" if suffix == ".sqlite" else ""
            with closing(sqlite3.connect(path)) as connection:
                connection.execute(f"create view v as {NUMBERS} select {', '.join('n' * 100)} from counted {condition}")


@pytest.mark.parametrize("suffix", HUGE)
def test_a_small_file_that_is_a_huge_table_is_refused(read: Read, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"huge{suffix}"
    write_huge(path)
    assert path.stat().st_size < 2_000_000
    assert HUGE[suffix] in reason(read, path)


def test_texts_of_a_database_are_bounded_too(read: Read, tmp_path: Path) -> None:
    for name, text in {"many": "hex(zeroblob(400000))", "one": "zeroblob(400000000)"}.items():
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as connection:
            connection.execute(f"create view v as {NUMBERS} select {text} from counted")
    assert "256 MiB of text" in reason(read, tmp_path / "many.db")
    assert "too big" in reason(read, tmp_path / "one.db")


def test_an_object_of_lists_makes_no_huge_table(read: Read, tmp_path: Path) -> None:
    lists = {"a": [1] * 7500, **{f"k{k}": 1 for k in range(7500)}}
    tables = {f"k{k}": {str(k): 1} for k in range(7500)}
    for content in (lists, tables):
        why = reason(read, written(tmp_path / "huge.json", json.dumps(content)))
        assert "more than 50,000,000 values" in why


def test_a_database_is_only_read(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "odd ?#% name.db"
    connection = sqlite3.connect(path)
    assert reason(read, written(tmp_path / "no.db", "")) == "the file is empty"
    connection.execute("create table gone (a)")
    connection.execute("drop table gone")
    connection.commit()
    assert reason(read, path) == "the database has no table"
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table first (step, loss)")
    connection.execute("create table second (a)")
    connection.execute("insert into first values (1, 0.5)")
    connection.commit()
    assert read(path).to_dict("list") == {"step": [1], "loss": [0.5]}
    connection.execute("insert into first values (2, 0.25)")
    connection.commit()
    assert read(path)["step"].tolist() == [1, 2]
    connection.close()
