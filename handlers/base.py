"""What all handlers share: guards, headers, and the one way in which an error is told."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import time
from collections.abc import Awaitable, Coroutine
from typing import Any, ClassVar, TypeVar

from tornado.httputil import HTTPHeaders, format_timestamp
from tornado.web import HTTPError, RequestHandler

from handlers import errors, guards, language, modules
from handlers.admission import AdmittingHandler
from handlers.contract import Contract
from service.config import Listen
from service.engine import Engine
from service.errors import NotFound, Overloaded, PlotFailed, ServiceError
from service.rendering import digest
from service.tasks import cancel
from service.telemetry import REQUEST

PAGE_POLICY = (
    "default-src 'none'; img-src 'self' data:; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
ANCESTORS = {"same-origin": "'self'", "same-site": "'self'", "cross-origin": "*"}

LARGE_BYTES = 65_536  # of a body; what is smaller the system takes at once, or nearly so

T = TypeVar("T")


class AnyMethod(tuple[str, ...]):
    """The methods there are; tornado, which would refuse any other before who asks is known, finds all others too."""

    __slots__ = ()

    def __contains__(self, method: object) -> bool:
        return True


log = logging.getLogger(__name__)


class GuardedHandler(AdmittingHandler):
    """Checks who asks, and says the same things about every answer."""

    SUPPORTED_METHODS = AnyMethod(RequestHandler.SUPPORTED_METHODS)
    contract: ClassVar[Contract]  # of whatever stands in the table of routes
    vary = "Accept"  # the fields of a request that decide what an error, or a page, looks like
    refusal: str | None = None  # what the client is told that it did wrong, or that failed, for the log
    since_s: float = 0.0  # when it was made, of the monotonic clock
    request_id: str = ""  # what the log, the answer and the page of an error name the request by

    def clear(self) -> None:
        """Start the answer anew, as tornado does, but with our headers and a date that is written once a second."""
        settings = self.application.settings
        self.request_id = self.request_id or next(settings["request_ids"])
        self.since_s = self.since_s or time.monotonic()
        self._headers = headers = HTTPHeaders()
        headers["Server"] = "plotd"
        headers["X-Request-Id"] = self.request_id
        headers["Date"] = date(int(time.time()))
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Resource-Policy"] = settings["embed"]
        self._write_buffer = []
        self._status_code, self._reason = 200, "OK"

    @property
    def prefix(self) -> str:
        """The path below which the browser finds us, without a slash at its end; empty where that is the whole host."""
        return str(self.application.settings["prefix"])

    @property
    def origin(self) -> str:
        """The scheme, host and port at which the browser finds us."""
        listen: Listen = self.application.settings["config"].listen
        return listen.origin or f"{self.request.protocol}://{self.request.host}"

    def url_for(self, path: str) -> str:
        """Return the address, for a link or a redirect, of our own *path*, which begins with a slash."""
        return self.prefix + path

    def get_template_namespace(self) -> dict[str, Any]:  # Any: tornado's own signature
        ours = {"prefix": self.prefix, "modules": modules.needed, "who": self.who, **language.speaking(self.locale)}
        return {**super().get_template_namespace(), **ours}

    def prepare(self) -> None:
        REQUEST.set(self.request_id)
        settings = self.application.settings
        settings["answering"].add(self)
        guards.check(self.request, settings["config"])
        self.admit()
        self.check_method()  # here at the latest: tornado calls the attribute of that name

    def check_method(self) -> None:
        """Refuse a method that there is nowhere."""
        if self.request.method not in RequestHandler.SUPPORTED_METHODS:
            raise HTTPError(405)

    def flush(self, include_footers: bool = False) -> asyncio.Future[None]:
        """Write what there is; a large body apart from its header: all who are slow to take it share that."""
        if include_footers and not self._headers_written and sum(map(len, self._write_buffer)) > LARGE_BYTES:
            body, self._write_buffer = self._write_buffer, []
            super().flush()
            self._write_buffer = body
        return super().flush(include_footers)

    def on_finish(self) -> None:
        self.application.settings["answering"].discard(self)

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # Any: tornado's own signature
        error = kwargs.get("exc_info", (None, None, None))[1]
        status = errors.status_of(error)
        told = errors.describe(error, status)
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Vary", self.vary)
        if status == 405:
            self.set_header("Allow", ", ".join(self._allowed()))
        self.refuse(error, told)
        if isinstance(error, PlotFailed) and self.settings["show_tracebacks"]:
            told["traceback"] = error.traceback
        self._write_told(told)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:  # Any: tornado's own signature
        if isinstance(value, ServiceError | HTTPError):
            self.refusal = str(value)
            return
        asked = {"method": self.request.method, "url": (self.request.uri or "")[:300], "request": self.request_id}
        log.error("an error of the daemon", exc_info=value, extra=asked)

    def tell(self, error: ServiceError) -> tuple[int, HTTPHeaders, bytes]:
        """Return status, header and body of the answer that tells *error*, for a request that no handler takes."""
        self.write_error(500, exc_info=(type(error), error, None))
        self.refusal = str(error)
        self._log()
        body = b"".join(self._write_buffer)
        self.set_header("Content-Length", str(len(body)))
        return self.get_status(), self._headers, body

    def _allowed(self) -> list[str]:
        missing = RequestHandler._unimplemented_method
        return [name for name in self.SUPPORTED_METHODS if getattr(type(self), name.lower()) is not missing]

    def _write_told(self, told: dict[str, Any]) -> None:
        """Write the words of an error the way the client likes best."""
        shape = errors.preferred(self.request.headers.get("Accept", "*/*"))
        if shape == "image":
            self._write_error_picture(told)
        elif shape == "html":
            self.set_page_headers()
            self.set_header("Content-Type", "text/html; charset=utf-8")
            if self.is_kept_out(told["status"]):
                self.write_login(told["message"], self.wanted)
                return
            self.write(self.render_string("error.html", error=told))
        else:
            self.set_header("Content-Type", "application/json; charset=utf-8")
            self.write(errors.as_json(told))

    def _write_error_picture(self, told: dict[str, Any]) -> None:
        words = tuple(errors.lines(told, 68))
        if self.request.path.endswith(".svg"):
            self.set_header("Content-Type", "image/svg+xml")
            self.set_header("Content-Security-Policy", SVG_POLICY)
            self.write(errors.as_svg(words))
        else:
            self.set_header("Content-Type", "image/png")
            self.write(errors.as_png(words))

    def set_page_headers(self) -> None:
        """Say that a page is in its reader's language, and may load its own daemon's files and nothing else."""
        vary = self._headers.get("Vary")
        self.set_header("Vary", f"{vary}, Accept-Language" if vary else "Accept-Language")
        self.set_header("Content-Security-Policy", PAGE_POLICY.format(ancestors=ANCESTORS[self.settings["embed"]]))


class BaseHandler(GuardedHandler):
    """A handler with the engine at hand."""

    @property
    def engine(self) -> Engine:
        """The one that serves now: after a reload that is another."""
        engine: Engine = self.application.settings["engine"]
        return engine

    def compute_etag(self) -> None:
        """Say nothing: an answer has the etag of what it shows, or none; hashing the bytes again tells no more."""

    def write_json(self, value: object) -> None:
        """Write *value* with an ETag over its bytes; a client that has it gets a 304."""
        text = as_json(value)
        self.write_json_text(text, digest(text))

    def write_json_text(self, text: str | bytes, etag: str) -> None:
        """Write *text*, which is JSON, under its *etag*; a client that has it gets a 304."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Etag", f'"{etag}"')
        if self.request.method in ("GET", "HEAD") and self.check_etag_header():
            self.set_status(304)
        else:
            self.write(text)


class PlotHandler(BaseHandler):
    """A handler that needs the plots: one that asks before they are all found waits for that."""

    _work: asyncio.Future[Any] | None = None  # Any: whatever it gives
    _left = False

    def prepare(self) -> Awaitable[Any] | None:  # type: ignore[override]  # tornado awaits what there is to await
        super().prepare()
        if self._finished:
            return None
        if self.engine.found.is_set():
            self.check_reach()
            return None
        if self.engine.stopping.is_set():
            raise Overloaded("the daemon stops")
        return self._once_found()

    async def _once_found(self) -> None:
        engine = self.engine
        either = [asyncio.create_task(event.wait()) for event in (engine.found, engine.stopping)]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(*either)
        if not engine.found.is_set():
            raise Overloaded("the daemon stops")
        self.check_reach()

    async def wait_for(self, work: Coroutine[Any, Any, T]) -> T:  # Any: what a coroutine is sent
        """Return what *work* does; a client that leaves waits for it no longer, and so may leave nobody who does.

        Raises:
            Overloaded: it was given up, as at a stop.
        """
        task = self._work = asyncio.ensure_future(work)
        if self._left:
            task.cancel()
        await asyncio.wait([task])
        if task.cancelled():
            raise Overloaded("nobody waited for it any more, or the daemon stops")
        result: T = task.result()
        return result

    def on_connection_close(self) -> None:
        self.leave()
        super().on_connection_close()  # a websocket has something to do there too

    def leave(self) -> None:
        """Wait for nothing any more."""
        self._left = True
        if self._work is not None:
            self._work.cancel()


def as_json(value: object) -> str:
    """Return *value* as JSON; what JSON has no word for raises ValueError."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


@functools.lru_cache(maxsize=1)
def date(now_s: int) -> str:
    """Return *now_s*, seconds since the epoch, as HTTP writes dates."""
    return format_timestamp(now_s)


class NotFoundHandler(BaseHandler):
    """Every address that nothing is at."""

    reach = "any"

    def check_method(self) -> None:
        raise NotFound("there is nothing at this address")  # by any method
