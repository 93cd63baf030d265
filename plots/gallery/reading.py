"""Read any data file as a table, with errors written for a person: one line, the file's name, no path.

Knows nothing of pictures.
"""

import csv
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from bounds import (
    MAX_STEPS,
    MAX_TEXT,
    bounded,
    refuse_large_arrow,
    refuse_large_columns,
    refuse_large_records,
    refuse_zip_bomb,
)
from delimited import read_delimited

MAX_CELLS = 1_000_000  # of a sheet: openpyxl takes some ten seconds for so many
MAX_ROWS = 2**20  # of a sheet, as Excel has it: a row may claim to be any
MAX_FILLED = 10_000_000  # cells of a sheet once each row is as long as the longest
MAX_XML = 128 * 2**20  # bytes, unzipped, of a sheet, or of the texts in all sheets
MAX_TAGS = 3 * MAX_CELLS  # in that: openpyxl makes things in memory of all that a row holds before it gives that away
MAX_FRAMEWORK = 8 * 2**20  # bytes, unzipped, of what openpyxl takes in whole: styles, and what stands where

TOO_MANY_CELLS = f"the sheet has more than {MAX_CELLS:,} cells; save it as .csv or .parquet"

# What the libraries below raise for a file that is not what its name says.
BROKEN = (
    ValueError,  # pandas', numpy's and pyarrow's own errors among it
    TypeError,
    LookupError,
    EOFError,
    OSError,
    MemoryError,  # numpy's, for a file that claims to hold a giant array
    SyntaxError,  # XML that can't be parsed
    RecursionError,
    NotImplementedError,
    csv.Error,
    sqlite3.Error,
    zipfile.BadZipFile,
    zlib.error,
)


def read_frame(path: Path, sheet_name: str | None = None) -> pd.DataFrame:
    """Return the table that the file holds: columns with unique text names, rows counted from 0, infinities as NaN.

    A workbook's first sheet, if none is named; a database's first table; an archive's first array.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it can't be read, for whatever reason.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise ValueError(f"{path.name}: not a data file; those end in {' '.join(READERS)}")
    if sheet_name is not None and suffix != ".xlsx":
        raise ValueError(f"{path.name}: no workbook, so it has no sheet {sheet_name!r}")
    if not path.exists():
        raise FileNotFoundError(f"{path.name}: no such file")
    try:
        if not path.stat().st_size:
            raise ValueError("the file is empty")
        frame = _read_sheet(path, sheet_name) if suffix == ".xlsx" else READERS[suffix](path)
    except BROKEN as error:
        raise ValueError(f"{path.name}: {_reason(error)}") from error
    if not len(frame.columns):
        raise ValueError(f"{path.name}: the file is empty")
    return _tidy(frame)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror  # the rest of its text is the path
    if isinstance(error, (zipfile.BadZipFile, zlib.error)):
        return "damaged, or not what its name says"
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).removeprefix("Error tokenizing data. C error: ")


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    names: dict[str, None] = {}
    for column in frame.columns:
        parts = column if isinstance(column, tuple) else (column,)
        name = f"column {column}" if isinstance(column, int) else " ".join(" ".join(map(str, parts)).split())
        name = name or f"column {len(names)}"
        names[name if name not in names else f"{name} ({len(names) + 1})"] = None
    frame = frame.set_axis(list(names), axis="columns").reset_index(drop=True)
    floats = frame.select_dtypes("float").columns
    frame[floats] = frame[floats].replace([np.inf, -np.inf], np.nan)
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    return read_delimited(path.read_bytes())


def _read_tsv(path: Path) -> pd.DataFrame:
    return read_delimited(path.read_bytes(), "\t")


def _read_sheet(path: Path, sheet_name: str | None = None) -> pd.DataFrame:
    with path.open("rb") as file:
        refuse_zip_bomb(file)
        _refuse_xml_bomb(file)
        workbook = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        with closing(workbook):
            sheets = {sheet.title: sheet for sheet in workbook.worksheets}
            if sheet_name is not None and sheet_name not in sheets:
                raise ValueError(f"no sheet {sheet_name!r}; it has: {', '.join(sheets)}")
            return _sheet_as_frame(sheets[sheet_name or next(iter(sheets))])


def _refuse_xml_bomb(file: Any) -> None:
    """Look at what openpyxl would read: it goes through all sheets. Raises ValueError."""
    framework = 0
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = member.filename.lower()
            if "/sharedstrings" in name or (name.count("/") > 1 and not name.endswith(".rels")):
                _refuse_large_xml(archive, member)
            else:
                framework += member.file_size
    file.seek(0)
    if framework > MAX_FRAMEWORK:
        raise ValueError(f"more than {MAX_FRAMEWORK // 2**20} MiB of styles and the like when unzipped")


def _refuse_large_xml(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    if member.file_size > MAX_XML:
        raise ValueError(f"more than {MAX_XML // 2**20} MiB when unzipped; save it as .csv or .parquet")
    tags = 0
    with archive.open(member) as xml:
        while chunk := xml.read(2**20):
            tags += chunk.count(b"<") - chunk.count(b"</")
            if tags > MAX_TAGS:
                raise ValueError(TOO_MANY_CELLS)


def _sheet_as_frame(sheet: Any) -> pd.DataFrame:  # Any: openpyxl has no types
    sheet.reset_dimensions()  # those that the file claims may be a million columns wide
    rows: list[tuple[object, ...]] = []
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        cells += len(row)
        if cells > MAX_CELLS or number >= MAX_ROWS:
            raise ValueError(TOO_MANY_CELLS)
        if any(value is not None for value in row):
            rows.append(row)
    if not rows:
        raise ValueError(f"sheet {sheet.title!r} is empty")
    header, *body = rows
    width = max(map(len, rows))
    if len(rows) * width > MAX_FILLED:
        raise ValueError(TOO_MANY_CELLS)
    names = ["" if name is None else str(name) for name in header] + [""] * (width - len(header))
    frame = pd.DataFrame([row + (None,) * (width - len(row)) for row in body], columns=range(width))
    used = [k for k in range(width) if names[k] != "" or frame[k].notna().any()]
    return frame[used].set_axis([names[k] for k in used], axis="columns")


def _read_parquet(path: Path) -> pd.DataFrame:
    from pyarrow.dataset import ParquetFileFormat  # takes long, and few need it

    # Opened here, not by pyarrow: plotd notices what Python opens, and so redraws when it changes.
    with path.open("rb") as file:
        refuse_large_arrow(ParquetFileFormat().make_fragment(file))
        file.seek(0)
        return pd.read_parquet(file)


def _read_feather(path: Path) -> pd.DataFrame:
    from pyarrow.dataset import IpcFileFormat

    with path.open("rb") as file:
        refuse_large_arrow(IpcFileFormat().make_fragment(file))
        file.seek(0)
        return pd.read_feather(file)


def _read_json(path: Path) -> pd.DataFrame:
    data = path.read_bytes()
    return _records_as_frame(json.loads(data)) if data.strip() else pd.DataFrame()


def _read_json_lines(path: Path) -> pd.DataFrame:
    lines = path.read_bytes().split(b"\n")
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records += [json.loads(line)] if line.strip() else []
        except ValueError as error:
            if number < len(lines) or not records:  # else it is a line that its writer has not finished
                raise ValueError(f"line {number}: {error}") from error
    return _records_as_frame(records)


def _records_as_frame(content: Any) -> pd.DataFrame:
    """Return a table of a list of objects, lists or numbers; of an object of lists, or with one list of objects."""
    if isinstance(content, dict):
        lists = [
            value for value in content.values() if isinstance(value, list) and isinstance(next(iter(value), 0), dict)
        ]
        if len(lists) == 1:
            return _records_as_frame(lists[0])
        if not any(isinstance(value, (list, dict)) for value in content.values()):
            return pd.DataFrame([content])
        refuse_large_columns(content)
        return pd.DataFrame(content)
    if not isinstance(content, list):
        raise ValueError("the file holds a single value, not a table")
    kinds = {next((kind for kind in (dict, list) if isinstance(record, kind)), object) for record in content}
    if len(kinds) > 1:
        raise ValueError("the file holds a list of different things, not a table")
    if kinds == {object}:
        return pd.DataFrame({"value": content})
    refuse_large_records(content)
    return pd.json_normalize(content) if kinds == {dict} else pd.DataFrame(content)


def _read_npy(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        if not file.read(6).startswith(b"\x93NUMPY"):
            raise ValueError("damaged, or not what its name says")  # numpy takes it for a pickle, which we never read
        file.seek(0)
        return _array_as_frame(np.load(file, allow_pickle=False))


def _read_npz(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        refuse_zip_bomb(file)
        with np.load(file, allow_pickle=False) as archive:
            if not archive.files:
                return pd.DataFrame()
            arrays = {name: archive[name] for name in archive.files}
    first = next(iter(arrays.values()))
    if first.ndim != 1:
        return _array_as_frame(first)
    alike = {name: array for name, array in arrays.items() if array.shape == first.shape}
    frames = [_array_as_frame(array) for array in alike.values()]
    return pd.concat(frames, axis=1).set_axis(list(alike), axis="columns") if len(frames) > 1 else frames[0]


def _array_as_frame(array: Any) -> pd.DataFrame:
    if array.ndim > 2:
        shape = " x ".join(map(str, array.shape))
        raise ValueError(f"an array of {array.ndim} dimensions ({shape}); only one or two can be drawn")
    if np.iscomplexobj(array):
        array = np.abs(array)
    if array.dtype.names:
        return pd.DataFrame({name: array[name].ravel() for name in array.dtype.names})
    if array.ndim < 2:
        return pd.DataFrame({"value": np.atleast_1d(array)})
    return pd.DataFrame(array)


def _read_sqlite(path: Path) -> pd.DataFrame:
    address = path.absolute().as_uri() + "?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=2)) as connection:
        listing = "select name from sqlite_master where type in ('table', 'view') order by type, rowid"
        names = [name for (name,) in connection.execute(listing) if not name.startswith("sqlite_")]
        if not names:
            raise ValueError("the database has no table")
        quoted = names[0].replace('"', '""')
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_TEXT)
        connection.set_progress_handler(lambda: 1, MAX_STEPS)  # it ends the query
        rows = connection.execute(f'select * from "{quoted}"')  # noqa: S608 - a name can't be a parameter
        columns = [column[0] for column in rows.description]
        return pd.DataFrame.from_records(list(bounded(rows, len(columns))), columns=columns, coerce_float=True)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".xlsx": _read_sheet,
    ".parquet": _read_parquet,
    ".feather": _read_feather,
    ".json": _read_json,
    ".jsonl": _read_json_lines,
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".sqlite": _read_sqlite,
    ".db": _read_sqlite,
}
