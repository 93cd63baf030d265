"""The daemon in figures, for Prometheus."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

from handlers import errors
from handlers.base import BaseHandler
from handlers.contract import Contract, Reply

if TYPE_CHECKING:
    from service.metrics import Scrape

TEXT = "text/plain; version=0.0.4; charset=utf-8"
STATUSES = frozenset({101, 200, 202, 206, 304, 416, *errors.CODES, *errors.STATUSES.values()})


class MetricsHandler(BaseHandler):
    """``/metrics``: figures by name, as Prometheus reads them."""

    contract = Contract(
        "The daemon in figures, for Prometheus", {200: Reply("They are.", "text/plain", headers=("Cache-Control",))}
    )

    async def get(self) -> None:
        text = (await self._scrape()).text
        self.set_header("Content-Type", TEXT)
        self.set_header("Cache-Control", "no-store")
        self.write(await asyncio.to_thread(text))

    head = get

    async def _scrape(self) -> Scrape:
        # Most daemons are never scraped: prometheus_client would be a part of each start.
        metrics = await asyncio.to_thread(importlib.import_module, "service.metrics")
        staying = {kind: self.settings[kind].taken for kind in ("waiters", "streams")}
        scrape: Scrape = metrics.Scrape(self.engine, self.settings["vitals"], staying, STATUSES)
        return scrape
