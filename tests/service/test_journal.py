"""The journal: what it names after an unclean end, of real processes that die."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest
from tests.conftest import Serve

from service.journal import MAX_SLOTS, Journal, PlotKey

LOSS = PlotKey("/plots/loss.py", "plot_loss", "1a")
OTHER = PlotKey("/plots/other.py", "Net.plot_other", "2b")
PREPARE = r"""
    import ctypes, os, sys, threading
    from pathlib import Path
    from service.journal import Journal, PlotKey

    journal = Journal(Path(sys.argv[1]))
    print(len(journal.left_behind()), flush=True)
    journal.open()

    def draw(file, qualname, code, then=lambda: None):
        slot = journal.begin(PlotKey(file, qualname, code))
        then()
        journal.end(slot)

    def hang():
        os.write(1, b"drawing\n")  # whole, though threads say it at once
        threading.Event().wait()

    def start(*what):
        threading.Thread(target=draw, args=what, daemon=True).start()

"""

Run = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Start processes that draw, over the folder of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", dedent(PREPARE) + dedent(code), str(tmp_path)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def says(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("ctypes.string_at(0)", -signal.SIGSEGV),
        ("os._exit(3)", 3),
    ],
)
def test_what_was_being_drawn_at_an_unclean_end_is_named_and_nothing_else(
    run: Run, tmp_path: Path, how: str, status: int
) -> None:
    process = run(
        f"""
        draw("/plots/done.py", "plot_done", "0")
        start({LOSS.file!r}, {LOSS.qualname!r}, {LOSS.code!r}, lambda: {how})
        threading.Event().wait()
        """
    )
    assert process.wait(20) == status
    assert Journal(tmp_path).left_behind() == (LOSS,)
    assert Journal(tmp_path).left_behind() == (), "it is told once"
    assert list(tmp_path.iterdir()) == []


def test_all_that_were_drawn_at_once_are_named(run: Run, tmp_path: Path) -> None:
    process = run(f"[start(*key, hang) for key in ({tuple(LOSS)!r}, {tuple(OTHER)!r})]\nhang()")
    assert [says(process) for _ in range(4)] == ["0", "drawing", "drawing", "drawing"]
    process.kill()
    process.wait(20)
    assert set(Journal(tmp_path).left_behind()) == {LOSS, OTHER}


def test_a_clean_end_leaves_nothing_though_a_drawing_hangs(run: Run, tmp_path: Path) -> None:
    process = run(f"start(*{tuple(LOSS)!r}, hang)\ninput()\njournal.close()\nos._exit(0)")
    assert [says(process) for _ in range(2)] == ["0", "drawing"]
    assert list(tmp_path.iterdir())
    process.communicate("\n")
    assert list(tmp_path.iterdir()) == []
    assert Journal(tmp_path).left_behind() == ()


def test_what_another_daemon_draws_is_left_to_it_while_it_lives(run: Run, tmp_path: Path) -> None:
    living = run(f"start(*{tuple(LOSS)!r}, hang)\ninput()")
    assert [says(living) for _ in range(2)] == ["0", "drawing"]
    for _ in range(2):
        second = run("")
        assert says(second) == "0"
        assert second.wait(20) == 0
    assert Journal(tmp_path).left_behind() == ()
    living.kill()
    living.wait(20)
    assert Journal(tmp_path).left_behind() == (LOSS,)


def test_a_child_that_outlives_its_daemon_does_not_make_that_look_alive(run: Run, tmp_path: Path) -> None:
    process = run(
        f"""
        def fork():
            if os.fork() == 0:
                os.write(1, b"forked\\n")
                sys.stdin.readline()  # its end of file is that of the test
                os._exit(0)
            hang()

        start(*{tuple(LOSS)!r}, fork)
        threading.Event().wait()
        """
    )
    assert sorted(says(process) for _ in range(3)) == ["0", "drawing", "forked"]
    os.kill(process.pid, signal.SIGKILL)
    process.wait(20)
    assert Journal(tmp_path).left_behind() == (LOSS,)


def test_a_name_is_told_as_it_was_whatever_it_is(tmp_path: Path) -> None:
    odd = PlotKey("/plots/two\nlines/损失 \\udcff.py", "Net.plot_é", "3c")
    assert PlotKey.from_bytes(odd.as_bytes()) == odd
    first = Journal(tmp_path)
    first.open()
    too_long = first.begin(PlotKey("/" + "x" * 10_000, "plot_x", "4d"))
    assert too_long == -1, "it is drawn all the same"
    first.end(too_long)
    first.begin(odd)
    del first  # which closes the file, as a death does
    assert Journal(tmp_path).left_behind() == (odd,)


def test_threads_may_begin_and_end_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.open()
    assert draw_many_times(journal, threads=8) <= set(range(8)), "a slot is used again"
    assert [journal.begin(OTHER) for _ in range(MAX_SLOTS + 2)].count(-1) == 2, "and none is lost"
    del journal
    assert Journal(tmp_path).left_behind() == (OTHER,)


def draw_many_times(journal: Journal, threads: int) -> set[int]:
    """Begin and end in several threads that often take turns, and return the slots that were used."""

    def draw(number: int) -> set[int]:
        slots = set()
        for _ in range(500):
            slot = journal.begin(LOSS._replace(qualname=f"plot_{number}"))
            slots.add(slot)
            journal.end(slot)
        return slots

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(threads) as several:
            return set().union(*several.map(draw, range(threads)))
    finally:
        sys.setswitchinterval(interval)


def test_a_damaged_journal_is_said_once_and_what_can_be_read_counts(
    run: Run, tmp_path: Path, expected_log: list[str]
) -> None:
    expected_log.append(r"journal is damaged")
    process = run(f"[start(*key, hang) for key in ({tuple(LOSS)!r}, {tuple(OTHER)!r})]\nhang()")
    assert [says(process) for _ in range(4)] == ["0", "drawing", "drawing", "drawing"]
    process.kill()
    process.wait(20)
    (file,) = tmp_path.iterdir()
    with file.open("r+b") as journal:
        journal.write(b"\xff\xfe\n\n")
    assert len(Journal(tmp_path).left_behind()) == 1


def test_a_folder_that_cannot_be_written_to_fails_nothing(tmp_path: Path, expected_log: list[str]) -> None:
    expected_log.append("can't note what is being drawn")
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "below")
    assert journal.left_behind() == ()
    journal.open()
    journal.end(journal.begin(LOSS))
    journal.close()


def test_a_full_disk_fails_no_render_and_is_said_once(run: Run) -> None:
    process = run(
        """
        import logging, resource, signal
        logging.basicConfig(stream=sys.stdout)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        draw("a.py", "plot_a", "1")
        draw("b.py", "plot_b", "2")
        journal.close()
        """
    )
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.count("can't note what is being drawn") == 1


KILLS = """
    import ctypes, os
    import matplotlib.pyplot as plt

    def plot_kills():
        {how}

    def plot_ok(n: int = 0):
        plt.plot([n])
"""


@pytest.mark.parametrize(
    ("how", "status"), [("ctypes.string_at(0)", -signal.SIGSEGV), ("os._exit(3)", 3)], ids=["segfault", "exit"]
)
def test_a_plot_that_took_the_daemon_down_is_drawn_in_a_process_from_then_on(
    serve: Serve, tmp_path: Path, daemon_environment: dict[str, str], how: str, status: int
) -> None:
    folder = tmp_path / "plots"
    folder.mkdir()
    (folder / "kills.py").write_text(dedent(KILLS).format(how=how))
    command = [str(Path(sys.executable).with_name("plotd")), "serve", "--port", "0", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=daemon_environment) as first:
        try:
            with pytest.raises((urllib.error.URLError, http.client.HTTPException, OSError)):
                urllib.request.urlopen(f"{address(first)}/plots/kills.png").close()
            assert first.wait(20) == status
        finally:
            first.kill()
    second = serve(folder)
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"{second.url}/plots/kills.png")
    with raised.value as error:
        assert error.code == 500
        assert "its worker process died" in json.load(error)["error"]["message"]
    with urllib.request.urlopen(f"{second.url}/plots/ok.png") as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"{second.url}/readyz") as answer:
        (moved,) = json.load(answer)["moved"]
    assert moved["plot"] == "kills/kills"
    assert "the daemon died while drawing it in a thread" in moved["why"]
    assert 'level=warning logger=service.placement msg="the daemon died while it drew plot_kills' in second.stderr


def address(daemon: subprocess.Popen[str]) -> str:
    """Return the address that *daemon* prints, without a slash at its end."""
    assert daemon.stdout is not None
    return next(found[0] for line in daemon.stdout if (found := re.search(r"https?://[^\s/]+:\d+", line)))
