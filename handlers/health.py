"""Alive, and ready to serve."""

from __future__ import annotations

from handlers.base import BaseHandler


class HealthHandler(BaseHandler):
    """``/healthz``: the event loop turns."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write({"status": "alive"})

    head = get


class ReadyHandler(BaseHandler):
    """``/readyz``: pictures can be had; 503 while starting or draining, or when no worker is left."""

    def get(self) -> None:
        engine = self.engine
        workers = engine.pool.free_workers
        ready = engine.ready.is_set() and workers > 0
        why = "ready" if ready else "no worker is left" if engine.ready.is_set() else "starting or draining"
        self.set_status(200 if ready else 503)
        self.set_header("Cache-Control", "no-store")
        self.write({"status": why, "plots": len(engine.catalog.plots), "workers": workers})

    head = get
