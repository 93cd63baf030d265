from __future__ import annotations

import contextlib
import gc
import queue
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import psutil
import pytest

from plots.isolation import Turn, Turns, TurnTakenAway


def test_each_turn_starts_from_the_same_state() -> None:
    turns = Turns()
    with turns.take():
        plt.style.use("ggplot")
        mpl.rcParams["lines.linewidth"] = 9
        plt.figure()
        first = (np.random.rand(), random.random())
    with turns.take():
        assert plt.get_fignums() == []
        assert mpl.rcParams["lines.linewidth"] == 1.5
        assert mpl.rcParams["axes.facecolor"] == "white"
        assert (np.random.rand(), random.random()) == first


def test_only_one_turn_is_held_at_a_time() -> None:
    turns = Turns()
    inside: list[Turn] = []
    most: list[int] = []

    def work(_: int) -> None:
        with turns.take() as turn:
            inside.append(turn)
            most.append(len(inside))
            sum(range(20_000))
            inside.remove(turn)

    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(64)))
    finally:
        sys.setswitchinterval(switching)
    assert max(most) == 1


def test_a_turn_that_loops_for_ever_can_be_written_off() -> None:
    turns = Turns()
    begun: queue.SimpleQueue[Turn] = queue.SimpleQueue()
    seen: list[type[BaseException]] = []

    def loop() -> None:
        try:
            with turns.take(begun.put):
                while True:
                    pass
        except TurnTakenAway as error:
            seen.append(type(error))

    thread = threading.Thread(target=loop)
    thread.start()
    turns.write_off(begun.get(timeout=10))
    with turns.take():
        pass
    thread.join(10)
    assert seen == [TurnTakenAway]


def test_no_font_stays_open_for_a_thread_that_is_written_off() -> None:
    turns = Turns()
    before = fonts_open()
    begun: queue.SimpleQueue[Turn] = queue.SimpleQueue()
    drawn, go_on = threading.Event(), threading.Event()

    def stuck() -> None:
        with contextlib.suppress(TurnTakenAway), turns.take(begun.put):
            plt.title("Words")
            plt.gcf().canvas.draw()
            drawn.set()
            go_on.wait()

    thread = threading.Thread(target=stuck)
    thread.start()
    assert drawn.wait(30)
    assert fonts_open() > before
    turns.write_off(begun.get())
    go_on.set()
    thread.join(10)
    gc.collect()
    assert fonts_open() <= before


def fonts_open() -> int:
    """Return how many files of fonts this process has open."""
    return sum(file.path.endswith((".ttf", ".ttc", ".otf")) for file in psutil.Process().open_files())


def test_a_turn_written_off_does_not_close_what_others_draw() -> None:
    turns = Turns()
    begun: queue.SimpleQueue[Turn] = queue.SimpleQueue()
    go_on = threading.Event()

    def stuck() -> None:
        with pytest.raises(TurnTakenAway), turns.take(begun.put):
            go_on.wait()

    thread = threading.Thread(target=stuck)
    thread.start()
    turns.write_off(begun.get(timeout=10))
    with turns.take():
        plt.figure()
        go_on.set()
        thread.join(10)
        assert len(plt.get_fignums()) == 1


def test_writing_off_a_turn_that_has_ended_harms_nobody() -> None:
    turns = Turns()
    with turns.take() as turn:
        pass
    turns.write_off(turn)
    with turns.take():
        sum(range(1000))


@pytest.mark.parametrize(
    "meanwhile",
    [
        "del isolation.prove",
        "os.kill(TURNS._prover, signal.SIGKILL)",
        "os.wait()  # as user code may",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # as who starts us may",
    ],
)
def test_the_proof_may_go_on_in_a_copy_of_the_process_and_if_that_is_lost_in_this_one(meanwhile: str) -> None:
    code = f"""
        import os, signal
        from plots import isolation
        from plots.isolation import TURNS

        TURNS.prove_meanwhile()
        assert TURNS._prover
        {meanwhile}
        assert TURNS.kind == "lock"
        assert TURNS.prove()
        assert TURNS.kind == "contexts"
        try:
            os.wait()
        except ChildProcessError:
            print("none is left")
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("none is left\n", "")


def test_a_copy_that_tries_it_is_ended_when_nobody_will_draw_any_more() -> None:
    code = """
        import os, signal
        from plots.isolation import TURNS

        TURNS.give_up()
        TURNS.prove_meanwhile()
        os.kill(TURNS._prover, signal.SIGSTOP)
        TURNS.give_up()
        print(os.WTERMSIG(os.wait()[1]) == signal.SIGKILL)
        TURNS.give_up()
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_who_waits_for_a_turn_gets_it_as_soon_as_it_is_proved_that_several_can_draw_at_once() -> None:
    code = """
        import threading
        from plots.isolation import TURNS

        TURNS.prove_meanwhile()
        inside, go_on = threading.Event(), threading.Event()

        def draw():
            with TURNS.take():
                inside.set()
                go_on.wait(20)

        threads = [threading.Thread(target=draw)]
        threads[0].start()
        assert inside.wait(20)
        inside.clear()
        threads.append(threading.Thread(target=draw))
        threads[1].start()
        print(inside.wait(0.2), TURNS.prove(), inside.wait(20))
        go_on.set()
        for thread in threads:
            thread.join()
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False True True\n", "")


def test_a_proof_in_this_process_and_who_draws_wait_for_each_other() -> None:
    turns, proving = Turns(), ThreadPoolExecutor(1)
    with turns.take():
        plt.figure()
        proof = proving.submit(turns.prove)
        with pytest.raises(TimeoutError):
            proof.result(0.2)
        assert len(plt.get_fignums()) == 1
    assert proof.result(20)
    with turns.take():
        assert plt.get_fignums() == []
