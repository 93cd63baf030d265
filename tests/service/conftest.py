"""A whole engine over a folder of plot files, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from service.config import load
from service.engine import Engine
from service.rendering import Answer, RenderRequest
from service.store import Store
from service.subscription import Message, Subscription

PATIENCE_S = 20


@dataclass(eq=False)
class House:
    """An engine that serves *folder*."""

    folder: Path
    engine: Engine

    def write(self, name: str, text: str) -> Path:
        """Write a file of the folder in place."""
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(text))
        return file

    async def ask(self, name: str, query: str = "", extension: str = "png") -> RenderRequest:
        """Return the request that a URL stands for."""
        return (await self.engine.catalog.demand_of_url(f"/plots/{name}.{extension}?{query}")).request

    async def get(self, name: str, query: str = "", extension: str = "png") -> Answer:
        """Return the picture that a GET would."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.engine.renderer.render(await self.ask(name, query, extension))

    async def etag(self, name: str, query: str = "") -> str | None:
        """Return what the etag is now."""
        return await self.engine.renderer.etag(await self.ask(name, query))

    def watch(self, *urls: str) -> Subscription:
        """Watch pictures as an open page does."""
        subscription = self.engine.hub.subscribe()
        for url in urls:
            self.engine.hub.watch(subscription, url)
        return subscription

    @property
    def renders(self) -> int:
        """How many pictures were drawn so far, failures included."""
        return self.engine.pool.renders


async def until(subscription: Subscription, state: str) -> Message:
    """Return the next message of that state."""
    async with asyncio.timeout(PATIENCE_S):
        while (message := await subscription.take()).get("state") != state:
            pass
        return message


MakeHouse = Callable[..., Awaitable[House]]


@asynccontextmanager
async def open_house(folder: Path, kept: Path, **settings: dict[str, object]) -> AsyncIterator[House]:
    """Run an engine over *folder*, keeping what it learns in the file *kept*."""
    config = load(None, {}, {"plots": {"paths": [folder]}, **settings})
    store = Store(kept)
    engine = Engine.build(config, store)
    await engine.start()
    await engine.prove()
    try:
        yield House(folder, engine)
    finally:
        await engine.stop()
        store.close()


@pytest.fixture
async def make_house(tmp_path: Path) -> AsyncIterator[MakeHouse]:
    """Open houses over the folder ``plots`` of the test, with settings by section."""
    async with AsyncExitStack() as stack:
        (tmp_path / "plots").mkdir()

        async def make(**settings: dict[str, object]) -> House:
            live = {"min_interval_s": 0.0, "rest": 0.0, "min_every_s": 0.01, **settings.pop("live", {})}
            opened = open_house(tmp_path / "plots", tmp_path / "kept.sqlite", live=live, **settings)
            return await stack.enter_async_context(opened)

        yield make


@pytest.fixture
async def house(make_house: MakeHouse) -> House:
    """An engine with the default settings, but that pictures need no rest."""
    return await make_house()
