"""Alive, and ready to serve."""

from __future__ import annotations

from handlers import shapes
from handlers.base import BaseHandler
from handlers.contract import Contract, Reply
from plots.isolation import TURNS


class HealthHandler(BaseHandler):
    """``/healthz``: the event loop turns."""

    contract = Contract(
        "Whether the daemon is alive", {200: Reply("It is.", "application/json", shapes.Alive, ("Cache-Control",))}
    )

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write({"status": "alive"})

    head = get


class ReadyHandler(BaseHandler):
    """``/readyz``: pictures can be had; 503 while starting or draining, or when no worker is left."""

    contract = Contract(
        "Whether pictures can be had",
        {
            200: Reply("They can.", "application/json", shapes.Ready, ("Cache-Control",)),
            503: Reply("Not yet, or no longer.", "application/json", shapes.Ready, ("Cache-Control",)),
        },
    )

    def get(self) -> None:
        engine, placement = self.engine, self.engine.placement
        workers = {kind: engine.pool.free_workers(kind) for kind in engine.pool.kinds}
        ready = engine.ready.is_set() and workers[placement.usual] > 0
        why = "ready" if ready else "no worker is left" if engine.ready.is_set() else "starting or draining"
        self.set_status(200 if ready else 503)
        self.set_header("Cache-Control", "no-store")
        moved = [{"plot": name, "why": reason} for name, reason in placement.moved(engine.catalog.plots)]
        told = {"executor": placement.usual, "workers": workers, "isolation": TURNS.kind, "moved": moved}
        self.write({"status": why, "plots": len(engine.catalog.plots), **told})

    head = get
