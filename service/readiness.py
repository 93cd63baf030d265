"""How the daemon fares, for whoever watches it: whether pictures can be had, and which plots fail. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from service.engine import Engine
from service.errors import PlotFailed

Readiness = Literal["ready", "no worker is left", "starting or draining"]


class Failing(NamedTuple):
    """A plot that fails, with why; *since_s*, seconds since the epoch, is None where nobody drew it since."""

    plot: str
    code: str
    message: str
    since_s: float | None


def readiness(engine: Engine) -> Readiness:
    """Say whether pictures can be had of *engine*."""
    if engine.stopping.is_set() or not engine.ready.is_set():
        return "starting or draining"
    return "ready" if engine.pool.free_workers(engine.placement.usual) else "no worker is left"


def failing(engine: Engine) -> Iterator[Failing]:
    """Yield the plots whose last render failed for no fault of who asked, or whose file fails by now."""
    for spec in engine.catalog.plots:
        figures = engine.renderer.ledger.of(spec.name)
        if spec.broken is not None:
            yield Failing(spec.name, PlotFailed.code, spec.broken.message, None)
        elif figures.error is not None:
            yield Failing(spec.name, figures.error.code, figures.error.one_line, figures.error_s)
