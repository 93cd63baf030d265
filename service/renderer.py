"""Decides what must be drawn: at most once for each state of what a picture depends on."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from plots.paint import Failure, Job, Outcome
from service.cache import Cache
from service.dependencies import Dependencies
from service.derived import Derived
from service.errors import BadParameter, MissingFile, PlotFailed, Quarantined, RenderTimeout, ServiceError, TooLarge
from service.pool import RenderPool
from service.rendering import CONTENT_TYPES, Answer, Rendering, RenderRequest

FIRST_WAIT_S = 2.0  # a failure is remembered for so long, doubling while it lasts
LONGEST_WAIT_S = 60.0
DEATHS = 3  # so many workers may die of a request before it is quarantined
MAX_PASTS = 10_000

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Past:
    """What happened to a request before. Times are of the monotonic clock, in seconds."""

    rest_until_s: float = 0.0
    failed_etag: str = ""
    error: ServiceError | None = None
    error_until_s: float = 0.0
    wait_s: float = 0.0
    deaths: int = 0


@dataclass(eq=False, slots=True)
class Flight:
    """A render under way, shared by all who ask for the same picture meanwhile."""

    request: RenderRequest
    task: asyncio.Task[Rendering | ServiceError] = field(init=False)
    drawing_since_s: float | None = None
    waiters: int = 0
    dropped: bool = False

    async def join(self) -> Rendering | ServiceError:
        """Wait for it; when the last who waits leaves before it was begun, it is dropped."""
        self.waiters += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiters -= 1
            if not self.waiters and self.drawing_since_s is None:
                self.dropped = self.task.cancel()

    def serves(self, request: RenderRequest, asked_at_s: float) -> bool:
        """Say whether what it draws is new enough for one who asked at *asked_at_s*."""
        same_code = self.request.spec.code == request.spec.code
        return same_code and (self.drawing_since_s is None or self.drawing_since_s >= asked_at_s)


class Renderer:
    """Cache, then join the render under way, then draw. Used from the event loop only."""

    def __init__(
        self,
        pool: RenderPool,
        cache: Cache,
        dependencies: Dependencies,
        roots: tuple[str, ...],
        places: tuple[str, ...],
        max_pixels: int,
        rest_s: Callable[[float], float],
    ) -> None:
        self._pool = pool
        self._cache = cache
        self.derived = Derived(cache)
        self._dependencies = dependencies
        self._roots = roots
        self._places = places
        self._max_pixels = max_pixels
        self._rest_s = rest_s
        self._flights: dict[str, Flight] = {}
        self._pasts: OrderedDict[str, Past] = OrderedDict()

    async def etag(self, request: RenderRequest) -> str | None:
        """Return the etag of the picture as it would be drawn now; None if it was never drawn."""
        if self._dependencies.must_look(request):
            await self._dependencies.look(request)
        return self._dependencies.etag(request)

    def etag_at_once(self, request: RenderRequest) -> str | None:
        """Return what ``etag`` would, where nothing must be waited for; else None."""
        return None if self._dependencies.must_look(request) else self._dependencies.etag(request)

    async def render(self, request: RenderRequest) -> Answer:
        """Return the picture as it is now; if it can't be drawn, the last good one with the error.

        Whoever asks after a write ended sees that write: a render that was begun before counts only if its label
        shows that nothing changed since.

        Raises:
            ServiceError: it can't be drawn, and there is no earlier picture.
        """
        asked_at_s, cache = time.monotonic(), "hit"
        while True:
            await self._dependencies.look(request)
            if (known := self.known(request)) is not None:
                return self._answer(request, known, cache)
            flight = self._flights.get(request.key)
            cache = "join" if flight is not None and not flight.dropped else "miss"
            if flight is None or flight.dropped:
                flight = self._start(request)
            result = await flight.join()
            if flight.serves(request, asked_at_s):
                return self._answer(request, result, cache)

    def kept(self, request: RenderRequest, etag: str | None, told: str | None = None) -> Answer | None:
        """Return the picture that is asked for if it's in the cache under *etag*.

        Whoever asks for a picture by the etag that it was *told* of gets it too if nothing but time has passed since.
        """
        kept = self._cache.get(request.key)
        if kept is None:
            return None
        lasts = kept.etag == told and kept.etag == self._dependencies.etag(request, kept.began_s)
        return Answer(kept, "hit") if kept.etag == etag or lasts else None

    async def attempt(self, request: RenderRequest) -> Answer | ServiceError:
        """Return what ``render`` does, or the error that it raises."""
        try:
            return await self.render(request)
        except ServiceError as error:
            return error

    def known(self, request: RenderRequest) -> Rendering | ServiceError | None:
        """Return what a render would give now, if that is known without drawing."""
        if (broken := request.spec.broken) is not None:
            return PlotFailed(broken.message, broken.traceback)
        etag = self._dependencies.etag(request)
        kept = self._cache.get(request.key)
        if kept is not None and kept.etag == etag:
            return kept
        past = self._pasts.get(request.key)
        failed = past is not None and past.failed_etag == etag and time.monotonic() < past.error_until_s
        return past.error if past is not None and failed else None

    def last_good(self, request: RenderRequest) -> Rendering | None:
        """Return the last picture of *request* that could be drawn, whatever changed since."""
        return self._cache.get(request.key)

    def retry_in_s(self, request: RenderRequest) -> float:
        """Return in how many seconds a remembered failure is worth another try; 0 if there is none."""
        past = self._pasts.get(request.key)
        return max(0.0, past.error_until_s - time.monotonic()) if past is not None and past.error is not None else 0.0

    async def close(self) -> None:
        """Drop what is still waiting to be drawn."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _answer(self, request: RenderRequest, result: Rendering | ServiceError, cache: str) -> Answer:
        if isinstance(result, Rendering):
            return Answer(result, cache)
        earlier = self._cache.get(request.key)
        if earlier is None or isinstance(result, BadParameter):
            raise result
        return Answer(earlier, cache, result)

    def _start(self, request: RenderRequest) -> Flight:
        flight = Flight(request)
        flight.task = asyncio.create_task(self._fly(flight), name=f"render {request.spec.name}")
        self._flights[request.key] = flight
        flight.task.add_done_callback(lambda _: self._landed(flight))
        return flight

    def _landed(self, flight: Flight) -> None:
        if self._flights.get(flight.request.key) is flight:
            del self._flights[flight.request.key]

    async def _fly(self, flight: Flight) -> Rendering | ServiceError:
        """Rest, draw, label and keep. Returns its failure, so that each who waits may raise or forgive it."""
        request = flight.request
        past = self._past(request.key)
        await asyncio.sleep(max(0.0, past.rest_until_s - time.monotonic()))
        job = self._job(request)
        await asyncio.sleep(self._dependencies.settle_s(request, job.files()))
        await self._dependencies.look(request)
        marks = self._dependencies.marks(request)
        queued_at_s = time.monotonic()

        def begin() -> None:
            flight.drawing_since_s = time.monotonic()

        try:
            outcome = await self._pool.run(job, begin)
        except ServiceError as overloaded:
            return overloaded
        past.rest_until_s = time.monotonic() + self._rest_s(outcome.seconds)
        etag = self._dependencies.label(request, outcome, marks)
        queue_s = (flight.drawing_since_s or queued_at_s) - queued_at_s
        return self._keep(request, past, outcome, etag, queue_s)

    def _job(self, request: RenderRequest) -> Job:
        known = self._dependencies.known(request)
        where = (self._roots, self._places)
        how = (request.format, request.sizing, self._max_pixels)
        return Job(request.spec, request.given, *how, *where, known, request.words, request.look)

    def _keep(
        self, request: RenderRequest, past: Past, outcome: Outcome, etag: str, queue_s: float
    ) -> Rendering | ServiceError:
        if outcome.failure is not None:
            return self._fail(request, past, outcome, etag)
        past.failed_etag, past.error, past.deaths = "", None, 0
        picture = outcome.picture
        assert picture is not None
        at = datetime.now(UTC)
        rendering = Rendering(
            request.key,
            etag,
            picture.body,
            CONTENT_TYPES[request.format],
            picture.width_px,
            picture.height_px,
            picture.axes,
            picture.alt,
            outcome.output,
            at,
            outcome.seconds,
            queue_s,
            outcome.began_s,
            format_datetime(at, usegmt=True),
            f"render;dur={outcome.seconds * 1000:.1f}, queue;dur={queue_s * 1000:.1f}",
        )
        self._cache.put(rendering, request.spec.name)
        return rendering

    def _fail(self, request: RenderRequest, past: Past, outcome: Outcome, etag: str) -> ServiceError:
        """Remember a failure for a while; that of a request that killed worker after worker until something changes."""
        failure = outcome.failure
        assert failure is not None
        error = as_error(failure, outcome.output)
        log.info("%s: %s %s", request.spec.name, error.message, failure.traceback)
        lasts = past.error is not None and past.failed_etag == etag
        past.wait_s = min(LONGEST_WAIT_S, past.wait_s * 2) if lasts else FIRST_WAIT_S
        past.deaths = (past.deaths if lasts else 0) + failure.deaths
        if past.deaths >= DEATHS:
            error = Quarantined(
                f"its code has killed {DEATHS} workers: it is drawn again when its code or data changes"
            )
            past.wait_s = math.inf
        past.failed_etag, past.error = etag, error
        past.error_until_s = time.monotonic() + past.wait_s
        return error

    def _past(self, key: str) -> Past:
        past = self._pasts.setdefault(key, Past())
        self._pasts.move_to_end(key)
        while len(self._pasts) > MAX_PASTS:
            self._pasts.popitem(last=False)
        return past


def as_error(failure: Failure, output: str = "") -> ServiceError:
    """Return the error that stands for a worker's *failure*; *output* is what the plot printed."""
    match failure.code:
        case "bad_parameter":
            return BadParameter(failure.message, failure.fields)
        case "missing_file":
            return MissingFile(failure.message, failure.fields)
        case "too_large":
            return TooLarge(failure.message)
        case "render_timeout":
            return RenderTimeout(failure.message)
        case _:
            return PlotFailed(failure.message, failure.traceback, output)
