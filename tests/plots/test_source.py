"""What a source file was when it was read, and whether it is still that."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from plots.source import GRAIN_NS, Disk, Given, Source, WorldWritable, file_of, folder_of


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


def test_what_was_given_goes_before_what_is_there(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "kit/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("there")
    source = Source(str(tmp_path / "a.py"), None, 1, "", "digest")
    disk = Disk([Given(source, b"given"), Given(replace(source, path="/no/where/kit.py"), b"")], ["/bare"])
    assert disk.read(disk.glance(source.path)) == (source, b"given")
    assert disk.read(disk.glance(str(tmp_path / "b.py")))[1] == b"there"
    assert [disk.is_folder(path) for path in ("/no/where", "/no", "/bare", str(tmp_path))] == [True] * 4
    assert not disk.is_folder(source.path)
    assert file_of("kit", [str(tmp_path), "/no/where"], set(), disk) == "/no/where/kit.py"
    missing: set[str] = set()
    assert file_of("b", ["/no/where", str(tmp_path)], missing, disk) == str(tmp_path / "b.py")
    assert "/no/where/b.py" in missing
    assert folder_of("where", ["/no"], set(), disk) == "/no/where"


def test_what_was_refused_where_it_was_read_is_refused_where_it_is_given(file: Path) -> None:
    source = replace(Source.glance(str(file)), danger="anyone could have written it")
    disk = Disk([Given(source, b"")])
    with pytest.raises(WorldWritable, match="anyone"):
        disk.read(disk.glance(str(file)))
