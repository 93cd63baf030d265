"""Who looks at the plots meanwhile, each in its own way: they come, stay for a while, and leave as they like."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient
from tornado.websocket import websocket_connect

PATIENCE_S = 30
NAMES = ("loss", "cloud", "heat", "moody", "apart", "chatty", "hanging", "script", "edited", "run")
ENDINGS = ("png", "svg", "pdf", "webp", "csv", "txt", "json", "html", "ansi")
PICTURES = tuple(f"/plots/{name}.png" for name in NAMES)
WATCHED = (*PICTURES, "/plots/loss.png?smooth=5", "/plots/heat.svg", "/plots/cloud.png?_theme=dark&_width=240")
OPTIONS = ("?_width=320", "?_theme=dark", "?_scale=2")
LARGE = "/plots/cloud.png?_scale=4&points=5000"
# What can't be had, and what it gets.
BAD = {
    "/plots/nothing.png": 404,
    "/plots/loss.xyz": 404,
    "/plots/loss.png?smooth=many": 400,
    "/plots/loss.png?unknown=1": 400,
    "/plots/loss.png?file_path=../../etc/passwd": 400,
    "/plots/loss.png?file_path=missing.csv": 404,
    "/plots/heat.png?_width=9000&_height=9000": 413,
    "/plots/%00.png": 404,
    "/static/../plots.py": 403,
    "/-/nothing": 404,
    f"/plots/loss.png?title={'x' * 9000}": 414,
}
FINE = frozenset({200, 304})
OF_PLOTS = FINE | {404, 500, 504}  # a plot may fail, hang, or be gone
NEW_EVERY_S = 2.0  # there is another address that nobody ever asked for: each is remembered
AT_ONCE = 8


class Wrong(AssertionError):
    """The daemon answered otherwise than it should."""


@dataclass(eq=False)
class Street:
    """Where the daemon at *port* is, and all who look at it. *counts* tells what they did."""

    port: int
    chance: random.Random
    client: AsyncHTTPClient = field(default_factory=lambda: SimpleAsyncHTTPClient(force_instance=True, max_clients=100))
    counts: Counter[str] = field(default_factory=Counter)

    async def get(self, path: str, expected: frozenset[int] = OF_PLOTS, **headers: str) -> HTTPResponse:
        """Return the answer to a GET; it is one of those *expected*."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.client.fetch(
            f"http://127.0.0.1:{self.port}{path}", headers=fields, raise_error=False, request_timeout=PATIENCE_S
        )
        self.counts[f"{answer.code}"] += 1
        if answer.code not in expected:
            raise Wrong(f"{path}: {answer.code} {answer.body[:500]!r}")
        return answer

    @asynccontextmanager
    async def ask(self, path: str, *fields: str) -> AsyncIterator[asyncio.StreamReader]:
        """Ask for *path*, and give what comes, to be read or not; hang up with the block."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        try:
            writer.write("\r\n".join((f"GET {path} HTTP/1.0", "Host: localhost", *fields, "", "")).encode())
            yield reader
        finally:
            writer.transport.abort()

    def some_path(self) -> str:
        """Return one of a few addresses that are asked for again and again."""
        words = self.chance.choice(["", "", *OPTIONS])
        return f"/plots/{self.chance.choice(NAMES)}.{self.chance.choice(ENDINGS)}{words}"

    async def pause(self, mean_s: float) -> None:
        """Wait for a while."""
        await asyncio.sleep(self.chance.expovariate(1 / mean_s))  # noqa: TID251 - as people pause

    def a_while(self) -> asyncio.Timeout:
        """Return how long somebody stays: seconds, mostly."""
        return asyncio.timeout(self.chance.choice([0.2, 2, 5, 15]))


async def watch(street: Street) -> None:
    """Watch some pictures by a websocket, fetch those that changed, and watch others after a while."""
    socket = await websocket_connect(f"ws://127.0.0.1:{street.port}/live")
    urls = street.chance.sample(WATCHED, 4)
    try:
        await socket.write_message(json.dumps({"watch": urls}))
        with contextlib.suppress(TimeoutError):
            async with street.a_while():
                while text := await socket.read_message():
                    message = json.loads(text)
                    if message.get("state") == "fresh":
                        street.counts["told"] += 1
                        mark = "&" if "?" in message["url"] else "?"
                        await street.get(f"{message['url']}{mark}_etag={message['etag']}")
                raise Wrong(f"the daemon closed a websocket: {socket.close_code} {socket.close_reason}")
        if street.chance.random() < 0.5:
            await socket.write_message(json.dumps({"unwatch": urls[:2], "watch": [street.chance.choice(WATCHED)]}))
    finally:
        socket.close()


async def read_stream(street: Street) -> None:
    """Show a stream of pictures."""
    async with street.ask(street.chance.choice(PICTURES).replace(".png", ".stream")) as reader:
        with contextlib.suppress(TimeoutError):
            async with street.a_while():
                while await reader.read(65_536):
                    street.counts["streamed"] += 1
                raise Wrong("a stream ended")


async def read_events(street: Street) -> None:
    """Hear what changes by server-sent events."""
    urls = urlencode([("url", url) for url in street.chance.sample(WATCHED, 3)])
    async with street.ask(f"/live?{urls}", "Accept: text/event-stream") as reader:
        with contextlib.suppress(TimeoutError):
            async with street.a_while():
                while await reader.readline():
                    street.counts["events"] += 1
                raise Wrong("an event stream ended")


async def wait(street: Street) -> None:
    """Wait for another picture than the one at hand."""
    path = street.chance.choice(PICTURES)
    answer = await street.get(path)
    for _ in range(3):
        if "Etag" in answer.headers:
            answer = await street.get(path, If_None_Match=answer.headers["Etag"], Prefer="wait=4")


async def read(street: Street) -> None:
    """Read a picture, or its numbers, now and then with an ETag from before."""
    path = street.some_path()
    answer = await street.get(path)
    if "Etag" in answer.headers and street.chance.random() < 0.3:
        await street.get(path, If_None_Match=answer.headers["Etag"])
    await street.pause(0.1)


async def read_new(street: Street) -> None:
    """Ask for what nobody asked for before."""
    words = urlencode({"title": f"{street.chance.random()}", "_width": street.chance.randint(200, 400)})
    await street.get(f"/plots/loss.{street.chance.choice(ENDINGS)}?{words}")
    await street.pause(NEW_EVERY_S)


async def browse(street: Street) -> None:
    """Look at pages, at what they are made of, and at figures."""
    name = street.chance.choice(NAMES)
    pages = ("/", "/?view=table&sort=slow", f"/plots/{name}", f"/wall?p={name}.png&p=loss.png", "/-/plots.json")
    others = ("/static/plot.js", "/static/plotd.css", "/-/openapi.json", "/metrics", "/readyz")
    await street.get(street.chance.choice((*pages, *others)), FINE, Accept="text/html,*/*;q=0.8")
    await street.pause(0.5)


async def stray(street: Street) -> None:
    """Ask for what can't be had."""
    path, status = street.chance.choice(list(BAD.items()))
    accept = street.chance.choice(["image/png", "text/html", "application/json"])
    await street.get(path, frozenset({status}), Accept=accept)
    await street.pause(0.5)


async def hang_up(street: Street) -> None:
    """Hang up without waiting for an answer, or in the middle of it."""
    new = urlencode({"title": street.chance.choice("abcdefgh")})
    async with street.ask(street.chance.choice([*WATCHED, f"/plots/loss.pdf?{new}", "/", "/live"])) as reader:
        if street.chance.random() < 0.5:
            await reader.read(street.chance.choice([1, 1000]))
    await street.pause(0.5)


async def read_slowly(street: Street) -> None:
    """Take in a large picture drop by drop, and lose patience."""
    async with street.ask(LARGE) as reader:
        with contextlib.suppress(TimeoutError):
            async with street.a_while():
                while await reader.read(2000):
                    await street.pause(0.1)


# Each kind of viewer, and how many there are at a time.
CROWD: dict[Callable[[Street], Awaitable[None]], int] = {
    watch: 6,
    read_stream: 2,
    read_events: 2,
    wait: 3,
    read: 2,
    read_new: 1,
    browse: 1,
    stray: 1,
    hang_up: 1,
    read_slowly: 1,
}


async def come_and_go(street: Street) -> None:
    """Have all of them there, until cancelled; one that finds something wrong ends it."""

    async def again_and_again(look: Callable[[Street], Awaitable[None]]) -> None:
        while True:
            await look(street)
            street.counts[look.__name__] += 1

    async with asyncio.TaskGroup() as group:
        for look, number in CROWD.items():
            for _ in range(number):
                group.create_task(again_and_again(look))


async def ask_for_all(street: Street) -> None:
    """Ask for each plot in each way: what the daemon loads for that, and all the workers it may have, it then has."""
    paths = [f"/plots/{name}.{ending}" for name in NAMES for ending in ENDINGS]
    paths += [f"/plots/apart.png?n={n}" for n in range(AT_ONCE)] + [f"/plots/script.png?_width={n}" for n in (200, 300)]
    paths += [f"{path}{words}" for path in PICTURES for words in OPTIONS] + [LARGE]
    few = asyncio.Semaphore(AT_ONCE)

    async def ask(path: str) -> None:
        async with few:
            await street.get(path)

    await asyncio.gather(*map(ask, paths))
