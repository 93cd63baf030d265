"""The threads in which a Dask worker draws, without Dask."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from plotd.encode import Sizing
from plots.contexts import DRAWING
from plots.discover import scan
from plots.isolation import TURNS
from plots.loading import Library
from plots.paint import Job, Outcome
from plots.parcel import Parcel, pack
from service.errand import Crew
from service.executors import MOST_LOST

PATIENCE_S = 20
SOURCE = """
    from pathlib import Path
    import matplotlib.pyplot as plt

    def plot_waits():
        Path(__file__).with_name("gate").read_text()
        plt.plot([1, 2])

    def plot_quick():
        plt.plot([2, 1])
"""


@pytest.fixture
def parcels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Parcel]:
    """The plots of SOURCE, packed; the gate is a pipe: who reads it waits until somebody writes."""
    monkeypatch.setattr(TURNS, "kind", TURNS.kind)  # it is put back in the end
    (tmp_path / "plots.py").write_text(dedent(SOURCE))
    os.mkfifo(tmp_path / "gate")
    found = scan([tmp_path], Library(PATIENCE_S)).plots
    return {spec.alias: pack(Job(spec, {}, "png", Sizing(), 10_000_000)) for spec in found}


def code(outcome: Outcome) -> str:
    return outcome.failure.code if outcome.failure is not None else "drawn"


def test_threads_are_used_again(parcels: dict[str, Parcel]) -> None:
    crew, before = Crew(), threading.active_count()
    for _ in range(3):
        assert code(crew.draw(parcels["quick"], PATIENCE_S, lambda: None)) == "drawn"
    assert threading.active_count() <= before + 1


def test_drawings_that_hang_are_given_up_but_not_without_bound(parcels: dict[str, Parcel], tmp_path: Path) -> None:
    crew = Crew()
    for _ in range(MOST_LOST):
        assert code(crew.draw(parcels["waits"], 0.01, lambda: None)) == "render_timeout"
    assert code(crew.draw(parcels["quick"], PATIENCE_S, lambda: None)) == "drawn"
    with ThreadPoolExecutor(1) as caller:
        one_more = caller.submit(crew.draw, parcels["waits"], 0.01, lambda: None)
        assert code(crew.draw(parcels["quick"], PATIENCE_S, lambda: None)) == "drawn"
        assert not one_more.done()
        (tmp_path / "gate").write_text("")
        assert code(one_more.result(PATIENCE_S)) == "render_timeout"
    assert code(crew.draw(parcels["quick"], PATIENCE_S, lambda: None)) == "drawn"


def test_waiting_for_others_to_draw_does_not_count(parcels: dict[str, Parcel]) -> None:
    crew, went_on = Crew(), threading.Event()
    assert code(crew.draw(parcels["quick"], PATIENCE_S, lambda: None)) == "drawn"
    with ThreadPoolExecutor(1) as caller:
        with DRAWING:
            waiting = caller.submit(crew.draw, parcels["quick"], 1.0, went_on.set)
            assert went_on.wait(PATIENCE_S)
        assert code(waiting.result(PATIENCE_S)) == "drawn"
