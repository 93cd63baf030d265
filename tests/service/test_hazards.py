"""User code that takes the daemon down as it is imported, or asked for a version: not twice, and no other's fault."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.conftest import Serve

from plots.importing import ImportFailed
from plots.loading import Library
from service.hazards import Hazards
from service.journal import Journal, PlotKey
from service.store import Store

GOOD = "def plot_good(): ...\n"
ASKS = """
import os
import matplotlib.pyplot as plt
from plotd import plot

@plot(version=lambda: os._exit(4))
def plot_asks():
    plt.plot([1, 2])
"""

SAYS = """
import sys
import matplotlib.pyplot as plt
from plotd import plot

sys.stderr.write("loading\\x1b[31m\\n")

@plot(version=lambda: print("asked"))
def plot_threads():
    plt.plot([1, 2])

@plot(executor="processes")
def plot_processes():
    plt.plot([1, 2])
"""


def run(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Start a daemon that may die."""
    command = [str(Path(sys.executable).with_name("plotd")), "serve", "--port", "0", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "plots"
    folder.mkdir()
    (folder / "good.py").write_text(GOOD)
    return folder


def test_what_imports_and_versions_print_is_lines_of_the_log(serve: Serve, folder: Path) -> None:
    (folder / "says.py").write_text(SAYS)
    daemon = serve(folder)
    for executor in ("threads", "processes"):
        urllib.request.urlopen(f"{daemon.url}/plots/{executor}.png").close()
    assert daemon.stop() == 0
    lines = daemon.stderr.splitlines()
    assert all(line.startswith("time=") for line in lines)
    said = [line for line in lines if 'msg="a plot file printed"' in line and "/says.py" in line]
    assert any(line.endswith(r'output="loading\x1b[31m | "') for line in said)
    assert any(' plot="plot_threads.version=" ' in line and line.endswith('output="asked | "') for line in said)
    assert not [line for line in daemon.printed if "loading" in line or "asked" in line]


@pytest.mark.parametrize("how", ["import os; os._exit(3)", "import ctypes; ctypes.string_at(0)"])
def test_a_file_that_takes_the_daemon_down_is_not_imported_again_before_it_changes(
    serve: Serve, folder: Path, daemon_environment: dict[str, str], how: str
) -> None:
    file = folder / "dies.py"
    file.write_text(f"{how}\n{GOOD}")
    with run(folder, daemon_environment) as first:
        assert first.wait(60) != 0
    for _ in range(2):
        later = serve(folder)
        told = failures(later.url)
        assert list(told) == ["dies.py"]
        assert "the daemon died while importing it" in told["dies.py"]
        later.stop()
    assert "level=warning" not in later.stderr, "it was said by the first that found it"
    file.write_text("import matplotlib.pyplot as plt\ndef plot_dies(): plt.plot([1])\n")
    mended = serve(folder)
    with urllib.request.urlopen(f"{mended.url}/plots/dies.png") as answer:
        assert answer.status == 200
    assert failures(mended.url) == {}


def failures(url: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{url}/-/plots.json") as answer:
        return {failure["file"]: failure["message"] for failure in json.load(answer)["failures"]}


def test_a_version_that_takes_the_daemon_down_is_not_called_again(
    serve: Serve, folder: Path, daemon_environment: dict[str, str]
) -> None:
    (folder / "asks.py").write_text(ASKS)
    with run(folder, daemon_environment) as first:
        try:
            assert first.stdout is not None
            url = next(found[0] for line in first.stdout if (found := re.search(r"https?://[^\s/]+:\d+", line)))
            with pytest.raises((urllib.error.URLError, OSError)):
                urllib.request.urlopen(f"{url}/plots/asks.png").close()
            assert first.wait(20) == 4
        finally:
            first.kill()
    second = serve(folder)
    with urllib.request.urlopen(f"{second.url}/plots/asks.png") as answer:
        assert answer.status == 200
    assert "the daemon died while it called plot_asks.version= in" in second.stderr


def test_an_import_is_blamed_only_if_nothing_else_ran_and_only_for_what_the_file_was(
    folder: Path, tmp_path: Path, expected_log: list[str]
) -> None:
    expected_log.append(r"the daemon died while it imported .*good\.py: that is not imported again")
    file, other = folder / "good.py", PlotKey("other.py", "plot_other", "1")
    store = Store(tmp_path / "kept.sqlite")
    hazards = Hazards(Journal(tmp_path), store)
    imported = PlotKey(str(file), "", hashlib.sha256(file.read_bytes()).hexdigest())
    library = Library(10.0, hazards.importing)
    hazards.note_died([imported, other])
    assert library.load(file)
    hazards.note_died([imported])
    with pytest.raises(ImportFailed, match="the daemon died while importing it"):
        Library(10.0, hazards.importing).load(file)
    file.write_text(GOOD + "\n")
    assert library.load(file)
    store.close()
