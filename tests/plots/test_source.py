"""What a source file was when it was read, and whether it is still that."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from plots.source import GRAIN_NS, Source, WorldWritable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.py"
    path.write_text("X = 1")
    return path


def test_a_file_is_unchanged_until_it_is_written_replaced_or_removed(file: Path) -> None:
    source, data = Source.glance(str(file)).read()
    assert data == b"X = 1"
    assert source.is_unchanged()
    other = file.with_name("other")
    other.write_text("X = 1")
    other.replace(file)
    assert not source.is_unchanged()
    source, _ = Source.glance(str(file)).read()
    file.unlink()
    assert not source.is_unchanged()


def test_a_file_written_just_before_it_was_read_is_read_once_more(file: Path) -> None:
    source, _ = Source.glance(str(file)).read()
    written_in_the_same_tick = replace(source, digest="that of other bytes, with the same times and size")
    assert source.is_unchanged()
    assert not written_in_the_same_tick.is_unchanged()
    assert replace(written_in_the_same_tick, read_ns=source.read_ns + 2 * GRAIN_NS).is_unchanged()


def test_a_file_that_is_not_there_stays_so_until_it_is(file: Path) -> None:
    missing = Source.glance(str(file.with_name("missing.py")))
    with pytest.raises(FileNotFoundError):
        missing.read()
    assert missing.is_unchanged()
    file.with_name("missing.py").touch()
    assert not missing.is_unchanged()


def test_bytes_that_anyone_could_have_written_are_not_read(file: Path) -> None:
    good, _ = Source.glance(str(file)).read()
    file.parent.chmod(0o777)
    bad = Source.glance(str(file))
    with pytest.raises(WorldWritable, match=r"can write to the folder .* \(mode 777\).*; chmod o-w "):
        bad.read()
    assert not good.is_unchanged()
    assert bad.is_unchanged()
    file.parent.chmod(0o755)
    assert good.is_unchanged()
    assert not bad.is_unchanged()


def test_a_link_is_as_safe_as_the_folder_of_what_it_links_to(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    target = folder / "q.py"
    target.touch()
    file.unlink()
    file.symlink_to(target)
    assert not Source.glance(str(file)).danger
    os.chmod(folder, 0o1777)
    assert "the folder open" in Source.glance(str(file)).danger
