"""Every URL, and who answers it."""

from __future__ import annotations

import itertools
import logging
import secrets
import time
from pathlib import Path

from tornado.web import Application, RequestHandler, url

from handlers import language
from handlers.base import GuardedHandler, NotFoundHandler
from handlers.catalog import CatalogHandler, DescriptionHandler, RefreshHandler
from handlers.files import StaticHandler
from handlers.galleries import GalleryHandler
from handlers.gate import Gate
from handlers.health import HealthHandler, ReadyHandler
from handlers.images import ImageHandler, SingleFileHandler, Turn
from handlers.live import LiveHandler
from handlers.login import LoginHandler, LogoutHandler, SessionHandler
from handlers.metrics import MetricsHandler
from handlers.openapi import Document, OpenApiHandler
from handlers.pages import PlotPageHandler
from handlers.proxies import Site
from handlers.staying import Places
from handlers.streams import StreamHandler
from handlers.walls import WallHandler
from service.engine import Engine
from service.telemetry import ACCESS
from service.tokens import Tokens
from service.vitals import Vitals

HERE = Path(__file__).resolve().parent

log = logging.getLogger(__name__)
access = logging.getLogger(ACCESS)

ROUTES: tuple[tuple[str, type[GuardedHandler]], ...] = (
    (r"/plots/[^.]+\.png", ImageHandler),
    (r"/plots/[^.]+\.svg", ImageHandler),
    (r"/plots/[^.]+\.webp", ImageHandler),
    (r"/plots/[^.]+\.pdf", ImageHandler),
    (r"/plots/[^.]+\.csv", ImageHandler),
    (r"/plots/[^.]+\.txt", ImageHandler),
    (r"/plots/[^.]+\.ansi", ImageHandler),
    (r"/", GalleryHandler),
    (r"/wall", WallHandler),
    (r"/plots/([^.]+)", PlotPageHandler),
    (r"/plots/([^.]+)\.json", DescriptionHandler),
    (r"/plots/([^.]+)\.html", SingleFileHandler),
    (r"/plots/([^.]+)\.stream", StreamHandler),
    (r"/-/plots\.json", CatalogHandler),
    (r"/-/openapi\.json", OpenApiHandler),
    (r"/-/refresh/([^.]+)", RefreshHandler),
    (r"/-/login", LoginHandler),
    (r"/-/session", SessionHandler),
    (r"/-/logout", LogoutHandler),
    (r"/live", LiveHandler),
    (r"/healthz", HealthHandler),
    (r"/readyz", ReadyHandler),
    (r"/metrics", MetricsHandler),
    (r"/static/(.*)", StaticHandler),
)


def log_request(handler: RequestHandler) -> None:
    """Count an answer, and note it if it's wanted. A client's mistake is no warning to the daemon's owner."""
    assert isinstance(handler, GuardedHandler)
    settings, status, request = handler.application.settings, handler.get_status(), handler.request
    settings["vitals"].answers[status] += 1
    every = settings["config"].log.access
    level = logging.INFO if every or status >= 400 else logging.DEBUG
    teller = access if every else log
    if not teller.isEnabledFor(level):
        return
    asked = {"status": status, "method": request.method, "url": (request.uri or "")[:300]}
    took_ms = round(1000 * (time.monotonic() - handler.since_s), 1)
    who = {"client": request.remote_ip or None, "user": handler.who or None, "request": handler.request_id}
    teller.log(level, "answered", extra={**asked, "ms": took_ms, "error": handler.refusal, **who})


def make_app(engine: Engine, *, show_tracebacks: bool) -> Application:
    """Return the application that serves *engine*."""
    language.load()
    app = Site(
        [url(pattern, handler) for pattern, handler in ROUTES],
        default_handler_class=NotFoundHandler,
        template_path=str(HERE / "templates"),
        compiled_template_cache=True,
        turn=Turn(),
        pages=Turn(),
        gate=Gate(Tokens(engine.store.folder), engine.config),
        sockets=set(),
        waiters=Places("requests that wait for a change"),
        streams=Places("streams"),
        answering=set(),
        vitals=Vitals(),
        request_ids=map("{}-{}".format, itertools.repeat(secrets.token_hex(4)), itertools.count(1)),
        log_function=log_request,
    )
    put_in_place(app, engine, show_tracebacks=show_tracebacks)
    return app


def put_in_place(app: Application, engine: Engine, *, show_tracebacks: bool) -> None:
    """Have *app* serve *engine* from now on; its clients stay."""
    config = engine.config
    app.settings["gate"].use(config)
    app.settings["waiters"].most = config.live.max_waiters
    app.settings["streams"].most = config.live.max_streams
    app.settings.update(
        engine=engine,
        config=config,
        document=Document(engine, ROUTES),
        embed=config.listen.embed,
        prefix=config.listen.prefix,
        show_tracebacks=show_tracebacks,
        websocket_ping_interval=config.live.ping_s,
        websocket_max_message_size=config.live.max_message_bytes,
    )
