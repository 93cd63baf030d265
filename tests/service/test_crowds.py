"""Clients by the thousand: garbage collections pass over them, but never over what will be garbage."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import selectors
import socket
import time
import weakref
from collections.abc import Iterator

import pytest
from tests.service.conftest import PATIENCE_S

from service.signals import AT_ONCE, CROWD, Crowds, FairSelector


class Ring:
    """What only a collection finds to be garbage."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


async def frozen(more_than: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while gc.get_freeze_count() <= more_than:
            await asyncio.to_thread(time.monotonic)


async def test_each_crowd_is_taken_out_of_collections_and_no_garbage_with_it() -> None:
    crowds = Crowds(lambda: False)
    there: list[Ring] = []
    for _ in range(2):
        before = gc.get_freeze_count()
        clients = [Ring() for _ in range(CROWD)]
        for _ in clients[1:]:
            crowds.join(len(there) + CROWD)
        assert gc.get_freeze_count() <= before
        garbage = weakref.ref(Ring())
        crowds.join(len(there) + CROWD)
        assert gc.get_freeze_count() > before + CROWD // 2
        assert garbage() is None
        there += clients


async def test_it_waits_until_nothing_is_being_drawn() -> None:
    drawing = [Ring()]
    crowds = Crowds(lambda: bool(drawing))
    before = gc.get_freeze_count()
    for present in range(1, 2 * CROWD):
        crowds.join(present)
    figure = weakref.ref(drawing[0])
    assert gc.get_freeze_count() <= before
    drawing.clear()
    await frozen(more_than=before)
    assert figure() is None


async def test_few_who_come_again_and_again_are_no_crowd() -> None:
    crowds = Crowds(lambda: False)
    before = gc.get_freeze_count()
    for _ in range(3 * CROWD):
        crowds.join(CROWD - 1)
    assert gc.get_freeze_count() <= before


def test_of_many_connections_that_are_ready_some_have_their_turn_and_none_is_left_out() -> None:
    with contextlib.ExitStack() as ends:
        selector = ends.enter_context(contextlib.closing(FairSelector()))
        for number in range(2 * AT_ONCE + 7):
            near, far = (ends.enter_context(end) for end in socket.socketpair())
            selector.register(near, selectors.EVENT_READ, number)
            far.send(b"x")  # and nobody ever takes it in
        turns = [[key.data for key, _ in selector.select(0)] for _ in range(3)]
    assert [len(turn) for turn in turns] == [AT_ONCE] * 3
    assert set().union(*turns) == set(range(2 * AT_ONCE + 7))
