"""The pool: bounded, and alive whatever its drawings do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.service.conftest import House, MakeHouse

from service.errors import Overloaded, RenderTimeout

HANGS = """
    import threading
    import matplotlib.pyplot as plt

    gates = [threading.Event() for _ in range(9)]

    def plot_hang(n: int = 0):
        try:
            gates[n].wait()
        except BaseException:
            gates[n].wait()

    def plot_ok(n: int = 0):
        plt.plot([n])
"""


async def test_when_the_last_worker_is_lost_those_that_wait_are_told_so(make_house: MakeHouse) -> None:
    house = await make_house(render={"workers": 1, "timeout_s": 0.3})
    house.write("hangs.py", HANGS)
    hung = asyncio.create_task(house.get("hang"))
    queued = asyncio.create_task(house.get("ok"))
    with pytest.raises(RenderTimeout):
        await hung
    with pytest.raises(Overloaded, match="no worker is left"):
        await queued
    with pytest.raises(Overloaded):
        await house.get("ok", "n=1")
    assert house.engine.pool.free_workers == 0
    (spec,) = [spec for spec in house.engine.catalog.plots if spec.alias == "hang"]
    spec.entry.function().__globals__["gates"][0].set()
    async with asyncio.timeout(20):
        while not house.engine.pool.free_workers:
            await asyncio.to_thread(lambda: None)
    assert (await house.get("ok", "n=2")).error is None


async def test_a_drawing_whose_clients_left_is_still_held_to_its_limit(make_house: MakeHouse) -> None:
    house = await make_house(render={"workers": 2, "timeout_s": 0.3})
    house.write("hangs.py", HANGS)
    pool = house.engine.pool
    leaving = asyncio.create_task(house.get("hang"))
    async with asyncio.timeout(20):
        while not any(ticket.started.is_set() for ticket in pool._running):
            await asyncio.to_thread(lambda: None)
    leaving.cancel()
    assert (await house.get("ok")).error is None
    (spec,) = [spec for spec in house.engine.catalog.plots if spec.alias == "hang"]
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
