"""How clients get their messages: the newest of each kind, as fast as they take them, and never all at once."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from tests.service.conftest import PATIENCE_S, House

from service.subscription import SLICE, Message


class Client:
    """A client that takes a message when it is told to."""

    def __init__(self) -> None:
        self.got: list[Message] = []
        self.taking: asyncio.Future[None] | None = None

    def deliver(self, message: Message) -> asyncio.Future[None]:
        self.got.append(message)
        self.taking = asyncio.get_running_loop().create_future()
        return self.taking


async def turns_until(count: int, clients: list[Client]) -> list[int]:
    """Return how many messages had come by each turn of the event loop, until there were *count*."""
    seen: list[int] = []
    done = asyncio.Event()

    def look() -> None:
        seen.append(sum(len(client.got) for client in clients))
        if seen[-1] >= count:
            done.set()
        else:
            asyncio.get_running_loop().call_soon(look)

    look()
    async with asyncio.timeout(PATIENCE_S):
        await done.wait()
    return seen


async def test_many_are_told_in_slices_and_others_have_their_turn_in_between(house: House) -> None:
    clients = [Client() for _ in range(3 * SLICE + 1)]
    message = Message(catalog="new")
    for client in clients:
        house.engine.hub.subscribe(client.deliver).put("", message)
    seen = await turns_until(len(clients), clients)
    steps = [after - before for before, after in itertools.pairwise(seen)]
    assert max(steps) == SLICE
    assert all(client.got == [message] for client in clients)


async def test_a_client_that_is_slow_to_take_one_message_gets_the_newest_of_each_kind_next(house: House) -> None:
    client = Client()
    mailbox = house.engine.hub.subscribe(client.deliver)
    mailbox.put("a", Message(a=1))
    await turns_until(1, [client])
    for number in (2, 3):
        mailbox.put("a", Message(a=number))
        mailbox.put("b", Message(b=number))
    mailbox.put("c", Message(c=1))
    mailbox.drop("c")
    for count in (2, 3):
        assert len(client.got) == count - 1, "one at a time"
        assert client.taking is not None
        client.taking.set_result(None)
        await turns_until(count, [client])
    assert client.got == [{"a": 1}, {"a": 3}, {"b": 3}]
    assert len(mailbox) == 0


@pytest.mark.parametrize("error", [None, ConnectionError("gone")])
async def test_who_has_left_is_sent_nothing_more(house: House, error: Exception | None) -> None:
    client, other = Client(), Client()
    mailbox = house.engine.hub.subscribe(client.deliver)
    mailbox.put("a", Message(a=1))
    await turns_until(1, [client])
    mailbox.put("a", Message(a=2))
    house.engine.hub.unsubscribe(mailbox)
    assert client.taking is not None
    if error is None:
        client.taking.cancel()
    else:
        client.taking.set_exception(error)
    mailbox.put("a", Message(a=3))
    house.engine.hub.subscribe(other.deliver).put("a", Message(a=4))
    await turns_until(1, [other])
    assert client.got == [{"a": 1}]


async def test_an_error_with_one_client_keeps_no_other_waiting(house: House) -> None:
    seen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context["exception"]))
    other, error = Client(), RuntimeError("no way to it")

    def fail(_: Message) -> asyncio.Future[None]:
        raise error

    for deliver in (fail, other.deliver):
        house.engine.hub.subscribe(deliver).put("a", Message(a=1))
    await turns_until(1, [other])
    assert (other.got, seen) == ([{"a": 1}], [error])


async def test_what_many_are_told_is_put_into_words_once() -> None:
    message = Message(url="/plots/loss.png", etag=None)
    assert message.text == '{"url": "/plots/loss.png", "etag": null}'
    assert message.text is message.text
