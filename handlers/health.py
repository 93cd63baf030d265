"""Alive, and ready to serve."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers import shapes
from handlers.base import BaseHandler
from handlers.contract import Contract, Reply
from plots.isolation import TURNS
from service.readiness import Failing, failing, readiness


class HealthHandler(BaseHandler):
    """``/healthz``: the event loop turns."""

    reach = "anybody"
    contract = Contract(
        "Whether the daemon is alive", {200: Reply("It is.", "application/json", shapes.Alive, ("Cache-Control",))}
    )

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write({"status": "alive"})

    head = get


class ReadyHandler(BaseHandler):
    """``/readyz``: pictures can be had; 503 while starting or draining, or when no worker is left.

    A plot that fails is told of, and is no reason for a 503: the others can be had.
    """

    contract = Contract(
        "Whether pictures can be had",
        {
            200: Reply("They can.", "application/json", shapes.Ready, ("Cache-Control",)),
            503: Reply("Not yet, or no longer.", "application/json", shapes.Ready, ("Cache-Control",)),
        },
    )

    def get(self) -> None:
        engine, placement, catalog = self.engine, self.engine.placement, self.engine.catalog
        status = readiness(engine)
        self.set_status(200 if status == "ready" else 503)
        self.set_header("Cache-Control", "no-store")
        self.write(
            {
                "status": status,
                "plots": len(catalog.plots),
                "executor": placement.usual,
                "workers": {kind: engine.pool.free_workers(kind) for kind in engine.pool.kinds},
                "isolation": TURNS.kind,
                "moved": [{"plot": name, "why": reason} for name, reason in placement.moved(catalog.plots)],
                "failing": [tell(one) for one in failing(engine)],
                "failures": [{"file": f.path, "line": f.line, "message": f.message} for f in catalog.failures],
            }
        )

    head = get


def tell(found: Failing) -> shapes.Failing:
    """Return a plot that fails as JSON has it."""
    since = found.since_s and datetime.fromtimestamp(found.since_s, UTC).isoformat(timespec="seconds")
    return {"plot": found.plot, "code": found.code, "message": found.message, "since": since or None}
