"""Whatever pyplot code people have, it gives the very picture here that it gives on its own."""

from __future__ import annotations

import json
import multiprocessing
import queue
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import matplotlib.units
import numpy as np
import pytest
from pebble import ProcessPool
from tests.plots import corpus

from plots.isolation import TURNS
from plots.paint import Job, Outcome, paint
from plots.parcel import pack, paint_parcel

THREADS = 8
ROUNDS = 2
LIMIT_S = 100

# One with each way of being told apart: styles, formulas, dates, random numbers, a layout engine, three dimensions.
IN_A_NEW_INTERPRETER = (
    "functions_lines.py:plot_in_ggplot",
    "functions_words.py:plot_formula_ticks",
    "functions_time.py:plot_series_on_current_axes",
    "functions_statistics.py:plot_random_walks",
    "functions_layout.py:plot_secondary_axes",
    "functions_space.py:plot_surface",
    "scripts/pylab_star.py",
    "scripts/smoothed.py",
)

FUNCTION = """
import random, sys
import matplotlib
matplotlib.use("agg")
import numpy
sys.path.insert(0, sys.argv[1])
from {module} import {function}
random.seed(0)
numpy.random.seed(0)
{function}()
import matplotlib.pyplot
matplotlib.pyplot.gcf().savefig(sys.argv[2], format="png")
"""
SCRIPT = """
import random, sys
import matplotlib
matplotlib.use("agg")
import numpy
sys.path.insert(0, sys.argv[1])
random.seed(0)
numpy.random.seed(0)
exec(open("{script}").read())
import matplotlib.pyplot
matplotlib.pyplot.gcf().savefig(sys.argv[2], format="png")
"""
DIGESTS = """
import json, sys
from tests.plots import corpus
print(json.dumps(corpus.digests(json.load(sys.stdin))))
"""


@pytest.fixture
def many_switches() -> Iterator[None]:
    """Have threads interrupt each other wherever they can."""
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(switching)


def paint_in_threads(jobs: Mapping[str, Job]) -> list[tuple[str, Outcome]]:
    """Draw all *jobs* twice, each time in another order, in eight threads at once."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for number in range(ROUNDS):
        for name in random.Random(number).sample(sorted(jobs), len(jobs)):
            waiting.put(name)
    outcomes: list[tuple[str, Outcome]] = []

    def work() -> None:
        while True:
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                return
            outcomes.append((name, paint(jobs[name])))

    threads = [threading.Thread(target=work, name=f"painter {number}") for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def paint_in_forks(jobs: Mapping[str, Job]) -> list[tuple[str, Outcome]]:
    """Draw each of *jobs* in a process of its own, forked from one that has drawn nothing."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["plots.worker"])
    parcels = [pack(job) for job in jobs.values()]
    with ProcessPool(max_workers=2, max_tasks=1, context=context) as pool:
        return list(zip(jobs, pool.map(paint_parcel, parcels, timeout=LIMIT_S).result(), strict=True))


def left_by_renders() -> tuple[object, ...]:
    """Return what no render may change."""
    numbers = tuple(map(repr, np.random.get_state()))
    tables = (dict(matplotlib.units.registry), list(mpl.colormaps), dict(mpl.color_sequences))
    return dict.copy(mpl.rcParams), plt.get_fignums(), random.getstate(), numbers, tables


def test_the_set_is_large_enough() -> None:
    assert len(corpus.functions()) >= 40
    assert len(corpus.scripts()) >= 14


def test_every_picture_drawn_among_others_is_the_one_that_it_is_alone(
    many_switches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TURNS, "kind", TURNS.kind)  # it is put back in the end
    assert TURNS.prove()  # else they would be drawn one after another
    jobs = corpus.functions()
    corpus.pictures_alone()
    before = left_by_renders()
    outcomes = paint_in_threads(jobs)
    assert len(outcomes) == ROUNDS * len(jobs)
    assert corpus.differences(outcomes) == []
    assert left_by_renders() == before


def test_every_script_draws_what_it_draws_alone() -> None:
    jobs = corpus.scripts()
    assert corpus.differences(paint_in_forks(jobs)) == []


def test_a_fork_that_drew_nothing_is_as_good_as_a_new_interpreter(tmp_path: Path) -> None:
    def draw(plot: str) -> str:
        path = corpus.CORPUS / plot.partition(":")[0]
        function = plot.partition(":")[2]
        template = FUNCTION if function else SCRIPT
        code = template.format(module=path.stem, function=function, script=path)
        picture = tmp_path / f"{path.stem}.png"
        subprocess.run([sys.executable, "-B", "-c", code, path.parent, picture], check=True)
        return corpus.compare(corpus.pixels(picture), corpus.pictures_alone()[str(corpus.CORPUS / plot)])

    with ThreadPoolExecutor(2) as threads:
        found = dict(zip(IN_A_NEW_INTERPRETER, threads.map(draw, IN_A_NEW_INTERPRETER), strict=True))
    assert found == dict.fromkeys(IN_A_NEW_INTERPRETER, "")


def test_an_svg_is_the_same_bytes_each_time_and_in_every_process() -> None:
    names = sorted(corpus.functions("svg"))
    command = [sys.executable, "-c", DIGESTS]
    root = corpus.CORPUS.parent.parent
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root, text=True) as other:
        assert other.stdin is not None and other.stdout is not None
        json.dump(names[::-1], other.stdin)
        other.stdin.close()
        here = corpus.digests(names)
        assert sorted(here) == names
        again = corpus.digests(names[::5])
        there = json.loads(other.stdout.read())
    assert {name for name in names if there.get(name) != here[name]} == set()
    assert {name for name in again if again[name] != here[name]} == set()


def test_a_difference_is_told_with_its_size() -> None:
    black = np.zeros((4, 5, 4), np.uint8)
    assert corpus.compare(black, black.copy()) == ""
    assert corpus.compare(black, black + np.eye(4, 5, dtype=np.uint8)[..., None]) == "4 of 20 pixels differ"
    assert corpus.compare(black, black[1:]) == "5 x 4 pixels instead of 5 x 3"
    name, job = next(iter(corpus.functions().items()))
    other = next(reversed(corpus.functions()))
    assert corpus.differences([(name, paint(job))]) == []
    assert len(corpus.differences([(other, paint(job))])) == 1
