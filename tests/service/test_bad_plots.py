"""What user code may do at its worst, drawn in the daemon's own threads: its own picture fails, others are served."""

from __future__ import annotations

import asyncio
import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import psutil
import pytest
from PIL import Image
from tests.service.conftest import House, MakeHouse

from plots.printed import beneath
from service.errors import PlotFailed, RenderTimeout
from service.rendering import Answer

GOOD = """
    import matplotlib.pyplot as plt

    def plot_good(n: int = 0):
        plt.figure(figsize=(2, 1))
        plt.plot([n, 1, 2])
        plt.title(rf"$x_{{{n}}}$")
"""
LATE = """
    import hashlib
    import time
    import matplotlib.pyplot as plt
    from matplotlib.artist import Artist
    from plotd import plot

    class Endless(Artist):
        def draw(self, renderer):
            while True:
                pass

    @plot(timeout=1.5)
    def plot_loop():
        print("begun")
        while True:
            pass

    @plot(timeout=1.5)
    def plot_loop_in_c():
        print("begun")
        hashlib.pbkdf2_hmac("sha256", b"a", b"b", 24_000_000)  # lets other threads run, as long loops in C should

    @plot(timeout=1.5)
    def plot_loop_in_draw():
        print("begun")
        plt.gca().add_artist(Endless())

    @plot(timeout=1.5)
    def plot_sleep():
        print("begun")
        time.sleep(6)
"""
FAILING = """
    import sys
    import matplotlib.pyplot as plt
    import numpy as np

    def plot_allocates():
        np.ones(100 * 2**40, dtype="u1")

    def plot_interrupts():
        raise KeyboardInterrupt("stop")

    def plot_exits():
        sys.exit(3)

    def plot_recurses():
        def again():
            again()
        again()
"""
ODD = """
    import os
    import sys
    import threading
    import matplotlib.pyplot as plt

    kept = plt.figure(figsize=(2, 1))
    kept.gca().plot([3, 1])

    def plot_kept():
        return kept

    def plot_drawn():
        figure, axes = plt.subplots(figsize=(2, 1))
        axes.plot([3, 1])
        figure.canvas.draw()
        return figure

    def plot_threads():
        plt.figure(figsize=(2, 1))
        threads = [threading.Thread(target=plt.plot, args=([n, 1],)) for n in range(4)]
        for thread in threads:
            thread.start()
            thread.join()

    def plot_prints():
        with open(os.devnull, "w") as sys.stdout:
            for _ in range(100):
                print("x" * 2**20)
        plt.plot([1])
"""
MOVES = """
    import matplotlib.pyplot as plt
    from matplotlib.animation import FuncAnimation

    def plot_moves():
        figure, axes = plt.subplots(figsize=(2, 1))
        (line,) = axes.plot([0, 1])
        return FuncAnimation(figure, lambda n: line.set_ydata([n, 1]), frames=5)
"""


async def serve_others(house: House, bad: asyncio.Task[Answer]) -> int:
    """Draw new pictures of another plot until *bad* is answered, and see that each is right; return how many."""
    reference = await house.get("good", "n=0&_scale=2")
    count = 0
    while not bad.done():
        count += 1
        pixels = Image.open(
            io.BytesIO((await house.get("good", f"n=0&_scale=2&_dpi={99 + count % 400}")).rendering.body)
        )
        assert pixels.size[0] == 4 * (99 + count % 400)
        assert (await house.get("good", "n=0&_scale=2")).rendering.body == reference.rendering.body
    return count


@pytest.mark.parametrize("name", ["loop", "loop_in_c", "loop_in_draw", "sleep"])
async def test_what_takes_too_long_is_a_504_and_others_are_drawn_meanwhile(make_house: MakeHouse, name: str) -> None:
    house = await make_house(render={"workers": 2})
    house.write("good.py", GOOD)
    house.write("late.py", LATE)
    await house.get("good")
    bad = asyncio.create_task(house.get(name))
    others = await serve_others(house, bad)
    assert others or name == "loop_in_draw"  # one figure is drawn at a time: the first of the others waited till now
    with pytest.raises(RenderTimeout, match=r"longer than 1\.5 s") as late:
        await bad
    assert late.value.output == "begun\n"
    assert (
        await house.get("good", "n=7")
    ).error is None  # also where it hung in Figure.draw, whose lock is one for all
    spec = (await house.ask(name)).spec
    assert house.engine.placement.choose(spec) == "processes"
    assert "ran over its time" in house.engine.placement.why(spec)


@pytest.mark.parametrize(
    ("name", "said"),
    [("allocates", "Memory"), ("interrupts", "KeyboardInterrupt"), ("exits", "SystemExit"), ("recurses", "Recursion")],
)
async def test_what_raises_is_a_500_whatever_it_raises(house: House, name: str, said: str) -> None:
    house.write("good.py", GOOD)
    house.write("failing.py", FAILING)
    bad = asyncio.create_task(house.get(name))
    await serve_others(house, bad)
    with pytest.raises(PlotFailed, match=said):
        await bad


@pytest.mark.parametrize("name", ["kept", "drawn", "threads"])
async def test_odd_ways_to_make_a_figure_give_it_all_the_same(house: House, name: str) -> None:
    house.write("good.py", GOOD)
    house.write("odd.py", ODD)
    bad = asyncio.create_task(house.get(name))
    await serve_others(house, bad)
    again = await house.get(name, "_dpi=100")
    for answer in (await bad, again):
        assert np.asarray(Image.open(io.BytesIO(answer.rendering.body)).convert("RGB")).std() > 5
    assert Image.open(io.BytesIO((await bad).rendering.body)).size == (200, 100)


async def test_what_belongs_to_the_whole_process_is_restored_and_its_plot_drawn_elsewhere(house: House) -> None:
    import sys

    house.write("good.py", GOOD)
    house.write("odd.py", ODD)
    stdout = sys.stdout
    spec = (await house.ask("prints")).spec
    assert house.engine.placement.choose(spec) == "processes"  # all of the file is: what it uses is seen in its text
    assert (await house.get("prints")).error is None
    assert beneath(sys.stdout) is beneath(stdout)
    assert mpl.rcParams["figure.figsize"] == [6.4, 4.8]
    assert plt.get_fignums() == []


async def test_a_child_that_a_plot_forks_does_not_go_on_as_the_daemon_does(house: House) -> None:
    house.write(
        "forks.py", "import os\nimport matplotlib.pyplot as plt\ndef plot_forks():\n    os.fork()\n    plt.plot([1])\n"
    )
    house.write("good.py", GOOD)
    children = set(psutil.Process().children())
    assert (await house.get("forks")).error is None
    spec = (await house.ask("forks")).spec
    assert house.engine.placement.choose(spec) == "processes"  # a copy of the daemon has its sockets, too
    _, alive = await asyncio.to_thread(psutil.wait_procs, set(psutil.Process().children()) - children, 10)
    assert not alive
    assert (await house.get("good")).error is None


async def test_the_message_of_an_error_is_kept_short(house: House) -> None:
    house.write("long.py", "def plot_long():\n    raise ValueError('y' * 50_000_000)\n")
    with pytest.raises(PlotFailed, match=r"^ValueError: y{4000}\.\.\. \(50000000 characters\)$") as failed:
        await house.get("long")
    assert len(failed.value.traceback) <= 20_000


async def test_a_function_may_return_its_animation(house: House) -> None:
    house.write("moves.py", MOVES)
    assert Image.open(io.BytesIO((await house.get("moves")).rendering.body)).size == (200, 100)
