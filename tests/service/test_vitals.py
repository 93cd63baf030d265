"""How long things took, counted; the event loop and the garbage collector, measured."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

import pytest

from service import vitals
from service.durations import Durations
from service.vitals import Vitals

HELD_S = 0.3


def test_durations_are_counted_up_to_each_bound() -> None:
    durations = Durations((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        durations.note(seconds)
    assert durations.up_to() == [2, 3, 4]
    assert durations.sum_s == pytest.approx(7.65)


async def turn() -> None:
    """Let the loop turn."""
    await asyncio.to_thread(lambda: None)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await turn()


async def test_a_loop_that_is_held_comes_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "SAMPLE_S", 0.01)
    measured = Vitals()
    watching = asyncio.create_task(measured.watch())
    await until(lambda: measured.lag.up_to()[-1] > 1)
    before_s, until_s = measured.lag.sum_s, time.perf_counter() + HELD_S
    samples = measured.lag.up_to()[-1]
    while time.perf_counter() < until_s:
        pass
    await until(lambda: measured.lag.up_to()[-1] > samples)
    assert measured.lag.sum_s - before_s > HELD_S / 2
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_collections_are_measured_while_it_watches_and_no_longer() -> None:
    measured, before = Vitals(), list(gc.callbacks)
    watching = asyncio.create_task(measured.watch())
    await turn()
    gc.collect()
    count = measured.pauses.up_to()[-1]
    assert count >= 1
    assert measured.pauses.sum_s > 0
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert gc.callbacks == before
    count = measured.pauses.up_to()[-1]
    gc.collect()
    assert measured.pauses.up_to()[-1] == count
