"""Every URL, and who answers it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from tornado.web import Application, RequestHandler, url

from handlers.base import GuardedHandler, NotFoundHandler, StaticHandler
from handlers.catalog import CatalogHandler, DescriptionHandler, RefreshHandler
from handlers.health import HealthHandler, ReadyHandler
from handlers.images import ImageHandler, SingleFileHandler, Turn
from handlers.live import LiveHandler
from handlers.openapi import Document, OpenApiHandler
from handlers.pages import GalleryHandler, PlotPageHandler
from handlers.proxies import Site
from handlers.staying import Places
from handlers.streams import StreamHandler
from service.engine import Engine

HERE = Path(__file__).resolve().parent

log = logging.getLogger(__name__)

ROUTES: tuple[tuple[str, type[GuardedHandler]], ...] = (
    (r"/plots/[^.]+\.png", ImageHandler),
    (r"/plots/[^.]+\.svg", ImageHandler),
    (r"/plots/[^.]+\.webp", ImageHandler),
    (r"/plots/[^.]+\.pdf", ImageHandler),
    (r"/plots/[^.]+\.csv", ImageHandler),
    (r"/plots/[^.]+\.txt", ImageHandler),
    (r"/plots/[^.]+\.ansi", ImageHandler),
    (r"/", GalleryHandler),
    (r"/plots/([^.]+)", PlotPageHandler),
    (r"/plots/([^.]+)\.json", DescriptionHandler),
    (r"/plots/([^.]+)\.html", SingleFileHandler),
    (r"/plots/([^.]+)\.stream", StreamHandler),
    (r"/-/plots\.json", CatalogHandler),
    (r"/-/openapi\.json", OpenApiHandler),
    (r"/-/refresh/([^.]+)", RefreshHandler),
    (r"/live", LiveHandler),
    (r"/healthz", HealthHandler),
    (r"/readyz", ReadyHandler),
    (r"/static/(.*)", StaticHandler),
)


def log_request(handler: RequestHandler) -> None:
    """Note an answer: one line, whatever is in its URL. A client's mistake is no warning to the daemon's owner."""
    level = logging.DEBUG if handler.get_status() < 400 else logging.INFO
    if not log.isEnabledFor(level):
        return
    request = handler.request
    elapsed_ms = 1000 * request.request_time()
    log.log(level, "%d %s %s %.1f ms", handler.get_status(), request.method, ascii(request.uri)[:300], elapsed_ms)


def make_app(engine: Engine, *, show_tracebacks: bool) -> Application:
    """Return the application that serves *engine*."""
    own: dict[str, Any] = {"engine": engine}
    return Site(
        [url(pattern, handler, own) for pattern, handler in ROUTES],
        default_handler_class=NotFoundHandler,
        default_handler_args=own,
        template_path=str(HERE / "templates"),
        compiled_template_cache=True,
        config=engine.config,
        document=Document(engine, ROUTES),
        embed=engine.config.listen.embed,
        prefix=engine.config.listen.prefix,
        show_tracebacks=show_tracebacks,
        turn=Turn(),
        sockets=set(),
        waiters=Places(engine.config.live.max_waiters, "requests that wait for a change"),
        streams=Places(engine.config.live.max_streams, "streams"),
        answering=set(),
        log_function=log_request,
        websocket_ping_interval=engine.config.live.ping_s,
        websocket_max_message_size=engine.config.live.max_message_bytes,
    )
