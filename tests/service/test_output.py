"""Files that are replaced whole, and what the words of a command mean."""

from __future__ import annotations

import errno
import os
import resource
import stat
import threading
from pathlib import Path

import pytest

from service.output import choose_form, details_of, split_word, text_of, write_whole


def test_a_new_file_has_the_rights_that_any_new_file_has(tmp_path: Path) -> None:
    write_whole(tmp_path / "ours", b"new")
    (tmp_path / "usual").write_bytes(b"new")
    assert (tmp_path / "ours").read_bytes() == b"new"
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_replaced_file_keeps_its_rights_and_who_reads_the_old_one_reads_on(tmp_path: Path) -> None:
    file = tmp_path / "picture"
    file.write_bytes(b"old")
    file.chmod(0o640)
    with file.open("rb") as reader:
        write_whole(file, b"new")
        assert reader.read() == b"old"
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["picture"]


def test_a_link_goes_on_leading_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "latest").symlink_to("inner/picture")
    write_whole(tmp_path / "latest", b"new")
    assert (tmp_path / "latest").is_symlink()
    assert (tmp_path / "inner" / "picture").read_bytes() == b"new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"new")
    reader.join()
    assert read == [b"new"]
    assert pipe.is_fifo()


def test_what_cannot_be_written_leaves_nothing_and_is_told_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for file, number in ((tmp_path / "folder", errno.EISDIR), (tmp_path / "nowhere" / "picture", errno.ENOENT)):
        with pytest.raises(OSError, match=str(file)) as failed:
            write_whole(file, b"new")
        assert failed.value.errno == number
    assert os.listdir(tmp_path) == ["folder"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "picture"
    file.write_bytes(b"old")
    usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        with pytest.raises(OSError, match=str(file)) as failed:
            write_whole(file, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))
    assert failed.value.errno == errno.EFBIG
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["picture"]


def test_a_file_name_as_long_as_may_be_can_be_replaced(tmp_path: Path) -> None:
    write_whole(tmp_path / ("n" * 255), b"new")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"new"


@pytest.mark.parametrize(
    ("file", "shape", "format", "chosen"),
    [
        (None, None, None, ("image", "png")),
        ("out", None, None, ("image", "png")),
        ("out.SVG", None, None, ("image", "svg")),
        ("out.pdf", None, None, ("image", "pdf")),
        ("out.webp", None, None, ("image", "webp")),
        ("out.csv", None, None, ("image", "csv")),
        ("out.svg", None, "png", ("image", "png")),
        ("out.html", None, None, ("html", "png")),
        ("out.html", None, "svg", ("html", "svg")),
        ("out.txt", "data-uri", None, ("data-uri", "png")),
        ("out.jpg", None, "png", ("image", "png")),
    ],
)
def test_the_ending_of_a_file_says_what_was_not_said(
    file: str | None, shape: str | None, format: str | None, chosen: tuple[str, str]
) -> None:
    assert choose_form(file, shape, format) == chosen


def test_an_ending_that_would_lie_is_refused() -> None:
    with pytest.raises(ValueError, match=r"out\.jpg: plotd draws png, svg, webp, pdf, csv, ansi;"):
        choose_form("out.jpg", None, None)


def test_a_page_holds_only_what_browsers_show_in_one() -> None:
    for shape in ("html", "data-uri"):
        with pytest.raises(ValueError, match="a page can't hold a picture as pdf: only as png, svg, webp"):
            choose_form(None, shape, "pdf")


def test_a_word_has_a_name_and_maybe_a_value() -> None:
    assert split_word("formula=a=b") == ("formula", "a=b")
    assert split_word("empty=") == ("empty", "")
    for word in ("nothing", "=value", ""):
        with pytest.raises(ValueError, match="expected PARAM=VALUE, got"):
            split_word(word)


def test_the_systems_errors_are_told_with_their_file() -> None:
    assert text_of(FileNotFoundError(errno.ENOENT, "No such file or directory", "a.csv")).startswith("a.csv: No such")
    assert text_of(ValueError("plain")) == "plain"


def test_notes_are_told_line_by_line_without_control_characters() -> None:
    error = ValueError("plain")
    error.add_note("first\n\x1b[31msecond")
    assert list(details_of(error)) == ["first", r"\x1b[31msecond"]
