"""The pool: bounded, and alive whatever its drawings do."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from tests.service.conftest import House, MakeHouse

from service.errors import Overloaded, RenderTimeout

HANGS = """
    import threading
    import matplotlib.pyplot as plt
    from plotd import plot

    gates = [threading.Event() for _ in range(9)]

    @plot(timeout=0.3)
    def plot_hang(n: int = 0):
        try:
            gates[n].wait(60)
        except BaseException:
            gates[n].wait(60)

    def plot_ok(n: int = 0):
        plt.plot([n])
"""


async def test_a_thread_that_hangs_is_replaced_and_its_plot_gets_no_other(make_house: MakeHouse) -> None:
    house = await make_house(render={"workers": 1})
    house.write("hangs.py", HANGS)
    hung = asyncio.create_task(house.get("hang"))
    queued = asyncio.create_task(house.get("ok"))
    with pytest.raises(RenderTimeout):
        await hung
    assert (await queued).error is None
    assert (await house.get("ok", "n=1")).error is None
    placement, plots = house.engine.placement, {spec.alias: spec for spec in house.engine.catalog.plots}
    assert placement.choose(plots["hang"]) == "processes"
    assert placement.choose(plots["ok"]) == "threads"
    plots["hang"].entry.function().__globals__["gates"][0].set()


async def test_threads_that_hang_are_not_replaced_without_end(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.executors.MOST_LOST", 1)
    house = await make_house(render={"workers": 1})
    house.write("hangs.py", HANGS)
    with pytest.raises(RenderTimeout):
        await house.get("hang")
    assert house.engine.pool.free_workers("threads") == 0
    with pytest.raises(Overloaded, match="no worker is left"):
        await house.get("ok")
    (spec,) = [spec for spec in house.engine.catalog.plots if spec.alias == "hang"]
    spec.entry.function().__globals__["gates"][0].set()
    async with asyncio.timeout(20):
        while not house.engine.pool.free_workers("threads"):
            await asyncio.to_thread(lambda: None)
    assert (await house.get("ok", "n=2")).error is None


async def test_a_drawing_whose_clients_left_is_still_held_to_its_limit(make_house: MakeHouse) -> None:
    house = await make_house(render={"workers": 2})
    house.write("hangs.py", HANGS)
    pool = house.engine.pool
    leaving = asyncio.create_task(house.get("hang"))
    async with asyncio.timeout(20):
        while not pool._running:
            await asyncio.to_thread(lambda: None)
    leaving.cancel()
    assert (await house.get("ok")).error is None
    (spec,) = [spec for spec in house.engine.catalog.plots if spec.alias == "hang"]
    async with asyncio.timeout(20):
        while house.engine.placement.choose(spec) != "processes":
            await asyncio.to_thread(lambda: None)
    spec.entry.function().__globals__["gates"][0].set()


async def test_a_version_that_exits_harms_nobody(house: House, tmp_path: Path) -> None:
    house.write(
        "exits.py",
        """
        import sys
        import matplotlib.pyplot as plt
        from plotd import plot

        @plot(version=sys.exit)
        def plot_exits():
            plt.plot([1])
        """,
    )
    assert (await house.get("exits")).error is None


async def test_the_thread_that_drew_last_draws_next_as_it_has_its_fonts_at_hand(make_house: MakeHouse) -> None:
    house = await make_house(render={"workers": 4})
    house.write(
        "who.py",
        """
        import threading
        import matplotlib.pyplot as plt

        seen = set()

        def plot_who(n: int = 0):
            seen.add(threading.get_ident())
            plt.plot([n])
        """,
    )
    for n in range(6):
        assert (await house.get("who", f"n={n}")).error is None
    (spec,) = house.engine.catalog.plots
    assert len(spec.entry.function().__globals__["seen"]) == 1


async def test_a_pool_that_was_closed_makes_no_worker_processes(make_house: MakeHouse) -> None:
    house = await make_house(render={"executor": "processes"})
    house.write("hangs.py", HANGS)
    house.engine.pool.close()
    with pytest.raises(Overloaded, match="no worker is left"):
        await house.get("ok")


@pytest.mark.parametrize("executor", ["threads", "processes"])
async def test_where_there_is_no_room_for_a_thread_nothing_is_drawn_until_there_is(
    make_house: MakeHouse, executor: str
) -> None:
    house = await make_house(render={"executor": executor})
    house.write("hangs.py", HANGS)
    await house.ask("ok")
    usual = threading.stack_size(2**47)
    try:
        for number in range(house.engine.config.render.workers + 1):
            with pytest.raises(Overloaded, match="no room for a thread"):
                await house.get("ok", f"n={number}")
    finally:
        threading.stack_size(usual)
    assert (await house.get("ok")).error is None
