"""The engine: everything that draws and tells, built from a Config, not started."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plots.isolation import TURNS
from plots.loading import Library
from service.cache import Cache
from service.catalog import Catalog
from service.config import Config
from service.dependencies import Dependencies
from service.hazards import Hazards, is_drawing
from service.hub import Hub
from service.journal import Journal
from service.options import Options
from service.placement import Placement
from service.pool import RenderPool
from service.renderer import Renderer
from service.states import States
from service.store import Store
from service.tasks import cancel
from service.versions import Versions
from service.watcher import Watcher

GALLERY = Path(__file__).resolve().parent.parent / "plots" / "gallery"
HEAD_START_S = 0.2
LATER = ("service.processes", "watchfiles")  # not once they are needed: other versions may be installed by then

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Engine:
    """What the handlers need, and no more. *tasks* run from start to stop.

    Once the plots are *found* pictures can be had; once it's *ready*, as many at once as there are to be.
    """

    config: Config
    store: Store
    catalog: Catalog
    renderer: Renderer
    dependencies: Dependencies
    versions: Versions
    journal: Journal
    hazards: Hazards
    placement: Placement
    pool: RenderPool
    hub: Hub
    watcher: Watcher
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    found: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def build(cls, config: Config, store: Store) -> Engine:
        """Return an engine for *config* that keeps what it learns in *store*."""
        paths = [path.resolve() for path in config.plots.paths] or [GALLERY]
        roots = data_roots(config.data_roots, paths)
        live, render, kept = config.live, config.render, config.cache
        journal = Journal(store.folder)
        hazards = Hazards(journal, store)
        catalog = Catalog(paths, roots, Library(render.timeout_s, hazards.importing), Options(live.min_every_s))
        versions = Versions(live.min_interval_s, kept.unknown_s, hazards)
        dependencies = Dependencies(States(), store, versions, unknown_s=kept.unknown_s, min_every_s=live.min_every_s)
        placement = Placement(render.executor, store, has_dask=bool(render.dask_scheduler))
        pool = RenderPool.build(render, journal, placement)
        cache = Cache(kept.memory_mb * 2**20, kept.max_requests_per_plot)
        places = tuple(dict.fromkeys((*roots, *data_roots((), paths))))
        renderer = Renderer(pool, cache, dependencies, roots, places, render.max_pixels, render.max_rows, live.rest_s)
        hub = Hub(catalog, renderer, dependencies, live.poll_s, config.listen.inside)
        watcher = Watcher(hub.touch, live.poll_s)
        learnt = dependencies, versions, journal, hazards, placement
        return cls(config, store, catalog, renderer, *learnt, pool, hub, watcher)

    async def start(self) -> None:
        """Find the plots, and from then on keep up with every change; whoever waited for that draws one at a time."""
        self.hub.on_folders(self._follow)
        self.catalog.on_change(self._follow)
        await self._remember()
        await self.catalog.rescan()
        self.tasks.append(asyncio.create_task(self._settle(), name="watch files"))
        self.tasks.append(asyncio.create_task(self._keep_up(), name="keep up with plot files"))
        self.found.set()

    async def prove(self) -> None:
        """Try whether several can draw at once, which makes it ready."""
        if not await asyncio.to_thread(TURNS.prove):
            log.warning("this matplotlib can't draw in several threads at once: renders take turns")
        self.ready.set()

    async def stop(self) -> None:
        """Stop in reverse."""
        self.stopping.set()
        self.found.clear()
        TURNS.give_up()
        await cancel(*reversed(self.tasks))
        await self.hub.close()
        await self.renderer.close()
        self.pool.close()
        self.catalog.close()
        self.versions.close()
        self.journal.close()
        self.dependencies.close()

    async def _remember(self) -> None:
        """Take up what was known before the last stop, and what was being run if that was none of ours."""
        rows = await self.store.load()
        self.dependencies.load(rows)
        self.placement.load(rows)
        self.hazards.load(rows)
        left = await asyncio.to_thread(self.journal.left_behind)
        self.hazards.note_died(left)
        self.placement.note_died(filter(is_drawing, left))
        await asyncio.to_thread(self.journal.open)

    def _follow(self) -> None:
        self.watcher.follow(self.hub.folders | self.catalog.folders)

    async def _settle(self) -> None:
        """Do what would hold up those who waited for the start, and watch files from then on."""
        await asyncio.sleep(HEAD_START_S)
        with contextlib.suppress(RuntimeError):  # there is no room for a thread
            for name in LATER:
                await asyncio.to_thread(importlib.import_module, name)
        await self.watcher.run()

    async def _keep_up(self) -> None:
        while True:
            await self.watcher.changed(self.config.live.poll_s)
            with contextlib.suppress(RuntimeError):  # there is no room for a thread, as the log says
                await self.catalog.keep_up()
                if not self.journal.is_open:
                    await asyncio.to_thread(self.journal.open)


def data_roots(named: Sequence[Path], paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the real paths of the folders that a URL may name files in: those *named*, else those of *paths*."""
    folders = named or [path if path.is_dir() else path.parent for path in paths]
    return tuple(dict.fromkeys(os.path.realpath(folder) for folder in folders))
