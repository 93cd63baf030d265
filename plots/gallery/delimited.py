"""Text that holds a table, one row a line, as programs write it: also while they are still writing.

Knows nothing of files: bytes in, DataFrame out.
"""

import csv
import re
from io import StringIO
from itertools import islice

import pandas as pd
from bounds import refuse_large

SNIFFED_ROWS = 5
SNIFFED_LETTERS = 10_000


def read_delimited(data: bytes, separator: str | None = None) -> pd.DataFrame:
    """Return the table. Without *separator*: the comma, semicolon, tab or bar, of which the first line holds most.

    A first line of nothing but numbers is data, and the columns are then called 0, 1, 2...

    Raises:
        ValueError: no text, nothing in it, or a broken line; its number is told.
    """
    text = _decoded(data)
    if not text.strip():
        raise ValueError("the file is empty")
    separator = separator or max(",;\t|", key=_first_line(text).count)
    text = _without_half_line(text, separator)
    header, body = _first_rows(text, separator)
    trailing = _ends_in_separators(header, body)
    refuse_large(text.count("\n"), len(header))
    frame = pd.read_csv(
        StringIO(text),
        sep=separator,
        decimal="," if separator == ";" and _has_decimal_commas(text[:SNIFFED_LETTERS]) else ".",
        header=None if all(map(_is_number, header)) else 0,
        usecols=range(len(header)) if trailing else None,
        index_col=False if trailing else None,
        skipinitialspace=True,
        low_memory=False,  # else pandas judges a column's type piece by piece, and warns when the pieces differ
    )
    return frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _with_plain_newlines(data.decode("utf-16", errors="ignore"))
    if b"\0" in data:
        raise ValueError("this is not text")
    complete_lines = data[: data.rfind(b"\n") + 1]
    try:
        complete_lines.decode("utf-8")
    except UnicodeDecodeError:
        return _with_plain_newlines(data.decode("cp1252", errors="replace"))  # what Excel saves as CSV in the West
    return _with_plain_newlines(data.decode("utf-8-sig", errors="ignore"))  # a letter may be half written


def _with_plain_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_half_line(text: str, separator: str) -> str:
    """Return *text* less a last line that its writer has not finished: without newline, and not like those before."""
    body, _, last = text.rpartition("\n")
    if not last.strip() or not body.strip():
        return text  # ends in a newline, or the first line is all there is
    closed = text.count('"') % 2 == 0
    if closed and last.count('"') % 2 == 1:
        return text  # the last line ends a text of several lines
    words, before = _words(last, separator), _words(body.rstrip("\n").rpartition("\n")[2], separator)
    wanted = len(_words(_first_line(text), separator))
    cut_number = _is_number(before[-1]) and not _is_number(words[-1])  # as in 3.1e-
    return body + "\n" if len(words) < wanted or not closed or cut_number else text


def _first_line(text: str) -> str:
    return text.lstrip("\n").partition("\n")[0]


def _words(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [""])


def _first_rows(text: str, separator: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and the first rows below it, each with the number of its line."""
    reader = csv.reader(StringIO(text), delimiter=separator, skipinitialspace=True)
    rows = islice(((reader.line_num, row) for row in reader if row), SNIFFED_ROWS)
    (_, header), *body = rows
    return header, body


def _is_number(word: str) -> bool:
    try:
        float(word.replace(",", "."))
    except ValueError:
        return False
    return True


def _ends_in_separators(header: list[str], body: list[tuple[int, list[str]]]) -> bool:
    """Say whether the rows end in one separator too many: pandas would take their first word for an index.

    Raises:
        ValueError: the first row has more words than the header, and not all others have one more too.
    """
    if not body or len(body[0][1]) <= len(header):
        return False
    if all(len(row) == len(header) + 1 for _, row in body):
        return all(row[-1] == "" for _, row in body)
    line, row = body[0]
    raise ValueError(f"Expected {len(header)} fields in line {line}, saw {len(row)}")


def _has_decimal_commas(text: str) -> bool:
    return re.search(r"\d,\d", text) is not None and re.search(r"\d\.\d", text) is None
