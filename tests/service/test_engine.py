"""The engine: what it keeps doing, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.service.conftest import PATIENCE_S, House, MakeHouse

FAILED = "looking for plots failed: can't start new thread"


class Heard(logging.Handler):
    """Notes that something was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.event = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of *record*."""
        if record.getMessage() == FAILED:
            self.event.set()


@contextmanager
def no_room() -> Iterator[None]:
    """Let no thread be started: there is no memory for a stack of that size."""
    usual = threading.stack_size(2**47)
    try:
        yield
    finally:
        threading.stack_size(usual)


async def test_plots_are_found_again_once_there_is_room_for_a_thread(
    make_house: MakeHouse, expected_log: list[str]
) -> None:
    expected_log.append(FAILED)
    house: House = await make_house(live={"poll_s": 0.1})
    found, heard, log = asyncio.Event(), Heard(), logging.getLogger("service.catalog")
    house.engine.catalog.on_change(found.set)
    log.addHandler(heard)
    try:
        async with asyncio.timeout(PATIENCE_S):
            with no_room():
                house.write("late.py", "import matplotlib.pyplot as plt\ndef plot_late():\n    plt.plot([1])\n")
                await heard.event.wait()
            await found.wait()
    finally:
        log.removeHandler(heard)
    assert [spec.name for spec in house.engine.catalog.plots] == ["late/late"]
