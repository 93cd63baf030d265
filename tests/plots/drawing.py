"""Plots written by a test, as jobs; and the numbers that they end up with."""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Sequence
from pathlib import Path

from plotd.encode import Sizing
from plots.discover import scan
from plots.loading import Library
from plots.paint import Job, Outcome, paint
from plots.parameters import parse


def job(library: Library, file: Path, *words: tuple[str, str], name: str | None = None) -> Job:
    """Return the job of the plot *name* in *file*, or of its only one, with the *words* of a URL."""
    found = scan([file], library)
    assert not found.failures
    [spec] = [spec for spec in found.plots if name in (None, spec.alias) and not spec.fixed]
    values = parse(spec.parameters, words, Path)
    return Job(spec, values.given, "png", Sizing(), 10_000_000, words=tuple((key, (word,)) for key, word in words))


def write(file: Path, text: str) -> Path:
    """Write *text* to *file*, and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text))
    return file


def title(outcome: Outcome) -> str:
    """Return the title of the first axes in what was drawn."""
    assert outcome.failure is None, outcome.failure
    assert outcome.picture is not None
    return outcome.picture.axes[0].title


def titles(one: Job, count: int = 2) -> list[str]:
    """Return the titles that *one* gets when it is drawn *count* times in a row."""
    return [title(paint(one)) for _ in range(count)]


def drawn_at_once(jobs: Sequence[Job]) -> list[Outcome]:
    """Draw each of *jobs* in a thread of its own; none begins before all can."""
    meeting = threading.Barrier(len(jobs), timeout=20)
    outcomes: dict[int, Outcome] = {}

    def draw(number: int) -> None:
        meeting.wait()
        outcomes[number] = paint(jobs[number])

    threads = [threading.Thread(target=draw, args=(number,), name=f"draw {number}") for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[number] for number in range(len(jobs))]
