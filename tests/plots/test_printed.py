"""What a render prints is kept with it, and with no other."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.plots.drawing import job, write

from plots.isolation import TURNS
from plots.loading import Library
from plots.paint import Job, Outcome, paint
from plots.printed import KEPT_BYTES, Tail, beneath
from plots.tracing import Trace

IMPORTS = """
import sys, threading, warnings
from concurrent.futures import ThreadPoolExecutor
from sys import stdout as held
import matplotlib.pyplot as plt

POOL = ThreadPoolExecutor(1)
"""


@pytest.fixture(autouse=True)
def many_at_once() -> None:
    assert TURNS.prove()


@pytest.fixture
def draws(tmp_path: Path) -> Job:
    """A plot that prints a lot, in every way, between the steps of what it draws."""
    return doing(
        tmp_path,
        "for step in range(200):",
        "    print(n, step)",
        "    sys.stderr.write(f'{n} error\\n')",
        "    held.write(f'{n} held\\n')",
        "    sys.stdout.buffer.write(b'%d bytes\\n' % n)",
        "plt.plot([n, 1])",
    )


def doing(folder: Path, *lines: str) -> Job:
    body = "\n    ".join(["def plot_it(n: int = 0):", *lines])
    return job(Library(10.0), write(folder / "it.py", IMPORTS + body))


def drawn(one: Job) -> Outcome:
    return paint(one, Trace(printed=Tail()))


def drawn_at_once(jobs: Sequence[Job]) -> list[Outcome]:
    meeting, outcomes = threading.Barrier(len(jobs), timeout=20), [Trace(printed=Tail()) for _ in jobs]
    done: dict[int, Outcome] = {}

    def draw(number: int) -> None:
        meeting.wait()
        done[number] = paint(jobs[number], outcomes[number])

    threads = [threading.Thread(target=draw, args=(number,), name=f"draw {number}") for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [done[number] for number in range(len(jobs))]


def with_number(one: Job, n: int) -> Job:
    return Job(one.spec, {"n": n}, one.format, one.sizing, one.max_pixels, words=(("n", (str(n),)),))


def test_renders_at_once_never_mix_what_they_print(draws: Job, capsys: pytest.CaptureFixture[str]) -> None:
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        outcomes = drawn_at_once([with_number(draws, n) for n in range(4)])
    finally:
        sys.setswitchinterval(switching)
    for n, outcome in enumerate(outcomes):
        assert outcome.failure is None
        assert outcome.output == "".join(f"{n} {step}\n{n} error\n{n} held\n{n} bytes\n" for step in range(200))
    assert capsys.readouterr() == ("", "")


def test_what_was_printed_before_a_failure_is_kept(tmp_path: Path) -> None:
    outcome = drawn(doing(tmp_path, "print('so far')", "raise ValueError(n)"))
    assert outcome.failure is not None
    assert outcome.failure.message == "ValueError: 0"
    assert outcome.output == "so far\n"


def test_each_render_begins_with_nothing(tmp_path: Path) -> None:
    one = doing(tmp_path, "print('once')", "plt.plot([1])")
    assert [drawn(one).output for _ in range(2)] == ["once\n", "once\n"]


def test_threads_that_a_render_starts_print_for_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = doing(
        tmp_path,
        "thread = threading.Thread(target=print, args=('thread', n))",
        "thread.start()",
        "thread.join()",
        "POOL.submit(print, 'pool', n).result()",
        "plt.plot([1])",
    )
    for n in range(2):  # the pool's thread is the first render's
        assert drawn(with_number(one, n)).output == f"thread {n}\npool {n}\n"
    assert capsys.readouterr() == ("", "")


def test_a_thread_that_goes_on_after_its_render_prints_for_nobody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = doing(
        tmp_path,
        "def late():",
        "    GO_ON.wait(20)",
        "    print('late')",
        "    SAID.append(sys.stdout.encoding)",
        "threading.Thread(target=late, name='late').start()",
        "plt.plot([1])",
    )
    write(tmp_path / "it.py", (tmp_path / "it.py").read_text() + "\nGO_ON, SAID = threading.Event(), []\n")
    one = job(Library(10.0), tmp_path / "it.py")
    outcome = drawn(one)
    assert (outcome.failure, outcome.output) == (None, "")
    names = one.spec.entry.function().__globals__
    names["GO_ON"].set()
    for thread in threading.enumerate():
        if thread.name == "late":
            thread.join(20)
    assert names["SAID"] == ["utf-8"]
    assert capsys.readouterr() == ("", "")


def test_warnings_are_kept_once_with_every_render_that_they_are_of(tmp_path: Path) -> None:
    one = doing(tmp_path, "for _ in range(3):", "    warnings.warn('odd', stacklevel=1)", "plt.plot([1])")
    with warnings.catch_warnings():
        warnings.resetwarnings()
        outcomes = [drawn(one), drawn(one), *drawn_at_once([one, one])]
    for outcome in outcomes:
        assert outcome.output.count("it.py:10: UserWarning: odd\n") == 1


def test_only_the_end_of_a_flood_is_kept(tmp_path: Path) -> None:
    outcome = drawn(doing(tmp_path, "for k in range(100_000):", "    print(k)", "print('图' * 10)", "plt.plot([1])"))
    assert len(outcome.output.encode()) == KEPT_BYTES
    assert outcome.output.endswith("\n99999\n图图图图图图图图图图\n")
    huge = drawn(doing(tmp_path, "print('y' * 10_000_000)", "plt.plot([1])"))
    assert len(huge.output) == KEPT_BYTES


def test_the_streams_do_what_any_do(tmp_path: Path) -> None:
    outcome = drawn(
        doing(
            tmp_path,
            "print(sys.stdout.isatty(), sys.stderr.name, sys.stdout.errors, flush=True)",
            "print('\\ud800')",
            "sys.stdout.writelines(['a', 'b\\n'])",
            "for deed in (lambda: sys.stdout.write(b''), sys.stdout.fileno):",
            "    try:",
            "        deed()",
            "    except (TypeError, OSError) as error:",
            "        print(type(error).__name__)",
            "sys.stdout.close()",
            "sys.stderr.write('after')",
            "plt.plot([1])",
        )
    )
    assert outcome.failure is None
    assert outcome.output == "False <stderr> backslashreplace\n\\ud800\nab\nTypeError\nUnsupportedOperation\nafter"


def test_where_nobody_keeps_it_what_is_printed_goes_where_it_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = doing(tmp_path, "print('out')", "print('err', file=sys.stderr)", "plt.plot([1])")
    assert paint(one).output == ""
    assert capsys.readouterr() == ("out\n", "err\n")
    drawn(doing(tmp_path, "sys.stdout.close()", "plt.plot([1])"))
    print("as ever")
    assert capsys.readouterr() == ("as ever\n", "")


def test_what_a_stream_stands_in_for_can_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    with TURNS.take():
        assert beneath(sys.stdout) is beneath(beneath(sys.stdout)) is not sys.stdout
