"""How large a table may get: a small file can hold a great deal of nothing, and is refused before that is made."""

import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

MAX_VALUES = 50_000_000  # of a table, those that are missing too: two gigabytes while it is read
MAX_COLUMNS = 20_000  # of it: pandas compares each name with all that are like it
MAX_UNZIPPED = 512 * 2**20  # bytes: a small zip file can hold a great deal of nothing
MAX_STEPS = 500_000_000  # of a database, some five seconds: a view can be without end
MAX_FETCHED = 10_000_000  # values from a database: each is a Python object first
MAX_TEXT = 2**20  # bytes of one of these
MAX_TEXTS = 256 * 2**20  # of them all


def refuse_large(rows: int, columns: int) -> None:
    """Refuse a table of so many *rows* and *columns*. Raises ValueError."""
    if columns > MAX_COLUMNS:
        raise ValueError(f"{columns:,} columns are more than {MAX_COLUMNS:,}")
    if rows * columns > MAX_VALUES:
        raise ValueError(f"{rows:,} rows of {columns:,} columns are more than {MAX_VALUES:,} values")


def refuse_large_columns(content: dict[str, Any]) -> None:
    """Refuse what lists and tables by name, and single values beside them, make. Raises ValueError."""
    lists = [value for value in content.values() if isinstance(value, list)]
    tables = [value for value in content.values() if isinstance(value, dict)]
    refuse_large(max([*map(len, lists), len(set().union(*tables))]), len(content))


def refuse_large_records(records: list[Any]) -> None:
    """Refuse what *records*, all objects or all lists, make: each has a place for whatever any other has.

    Raises:
        ValueError: they make too large a table.
    """
    lists = [record for record in records if isinstance(record, list)]
    if lists:
        refuse_large(len(lists), max(map(len, lists)))
    else:
        refuse_large(len(records), len({name for record in records for name in _names(record)}))


def refuse_large_arrow(fragment: Any) -> None:  # Any: pyarrow has no types
    """Refuse what *fragment*, a file of Arrow's or Parquet's, says that it holds. Raises ValueError."""
    refuse_large(fragment.count_rows(), len(fragment.physical_schema))


def bounded(rows: Iterable[tuple[object, ...]], columns: int) -> Iterator[tuple[object, ...]]:
    """Return *rows*, as long as they aren't too many. Raises ValueError."""
    left, room = MAX_FETCHED // columns, MAX_TEXTS
    for row in rows:
        left -= 1
        room -= sum([len(value) for value in row if isinstance(value, (str, bytes))])
        if left < 0 or room < 0:
            raise ValueError(
                f"the first table has more than {MAX_FETCHED:,} values, or {MAX_TEXTS // 2**20} MiB of text"
            )
        yield row


def refuse_zip_bomb(file: Any) -> None:  # Any: what zipfile takes
    """Refuse an archive that holds too much. Raises ValueError."""
    with zipfile.ZipFile(file) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_UNZIPPED:
            raise ValueError(f"more than {MAX_UNZIPPED // 2**20} MiB when unzipped")
    file.seek(0)


def _names(record: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Return what the columns are called that *record* needs: objects in it have one for each of their own values."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _names(value, (*above, name))
        else:
            yield (*above, name)
