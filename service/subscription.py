"""One client's mailbox: the newest message about each thing, never a backlog; and the rounds that empty many."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.hub import Hub

SLICE = 50  # so many clients are told in one turn of the event loop


class Message(dict[str, object]):
    """What clients are told. However many they are, it is put into words once."""

    @cached_property
    def text(self) -> str:
        """It as JSON."""
        return json.dumps(self)


# Begins to send a message. What it returns is done once the client has taken it, or is gone.
Deliver = Callable[[Message], asyncio.Future[None]]


class Rounds:
    """Brings clients their messages, some in each turn of the event loop: ten thousand at once would hold it up."""

    def __init__(self) -> None:
        self._due: dict[Subscription, None] = {}
        self._is_going = False

    def add(self, subscription: Subscription) -> None:
        """Go to this one, too."""
        self._due[subscription] = None
        if not self._is_going:
            self._is_going = True
            asyncio.get_running_loop().call_soon(self._go)

    def _go(self) -> None:
        try:
            for subscription in list(islice(self._due, SLICE)):
                del self._due[subscription]
                subscription.send()
        finally:  # whom it could not be sent to keeps nobody else waiting
            self._is_going = bool(self._due)
            if self._due:
                asyncio.get_running_loop().call_soon(self._go)


class Subscription:
    """One client's mailbox: at most one message for each URL, the newest.

    With *deliver* they are sent on *rounds*, as fast as the client takes them and no faster; else they can be taken.
    """

    __slots__ = ("_arrival", "_deliver", "_is_sending", "_pending", "_rounds", "hub", "watched")

    def __init__(self, hub: Hub, rounds: Rounds, deliver: Deliver | None = None) -> None:
        self.hub = hub  # who fills it
        self.watched: set[str] = set()  # the URLs that the client asked to be told of
        self._rounds = rounds
        self._deliver = deliver
        self._is_sending = False
        self._pending: dict[str, Message] = {}
        self._arrival: asyncio.Future[None] | None = None

    def put(self, about: str, message: Message) -> None:
        """Leave *message*, in place of an earlier one *about* the same thing."""
        self._pending.pop(about, None)
        self._pending[about] = message
        if self._deliver is not None and not self._is_sending:
            self._rounds.add(self)
        elif self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def drop(self, about: str) -> None:
        """Take back what is pending *about* something."""
        self._pending.pop(about, None)

    async def take(self) -> Message:
        """Return the oldest message that is pending; wait until there is one. One at a time may do so."""
        while not self._pending:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        return self._oldest()

    def send(self) -> None:
        """Begin to deliver the oldest message that is pending; the others follow once it is taken."""
        if self._deliver is not None and self._pending and not self._is_sending:
            self._is_sending = True
            self._deliver(self._oldest()).add_done_callback(self._sent)

    def close(self) -> None:
        """Deliver nothing any more."""
        self._deliver = None
        self._pending.clear()

    def _oldest(self) -> Message:
        return self._pending.pop(next(iter(self._pending)))

    def _sent(self, sending: asyncio.Future[None]) -> None:
        self._is_sending = False
        if not sending.cancelled():
            sending.exception()  # the client is gone, as its socket will tell
        if self._pending and self._deliver is not None:
            self._rounds.add(self)

    def __len__(self) -> int:
        return len(self._pending)
