"""Decides what must be drawn: at most once for each state of what a picture depends on."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from plots.paint import Job, Outcome
from service.cache import Cache
from service.dependencies import Dependencies
from service.derived import Derived
from service.errors import BadParameter, PlotFailed, Quarantined, ServiceError
from service.flight import Flight
from service.ledger import Ledger
from service.lines import MOST_PRINTED
from service.pool import RenderPool
from service.rendering import Answer, Rendering, RenderRequest, as_error, rendering_of
from service.tasks import cancel

FIRST_WAIT_S = 2.0  # a failure is remembered for so long, doubling while it lasts
LONGEST_WAIT_S = 60.0
DEATHS = 3  # so many workers may die of a request before it is quarantined
MAX_PASTS = 10_000

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Past:
    """What happened to a request before. Times are of the monotonic clock, in seconds.

    *with_numbers* is how many renders more are to bring all their numbers along: somebody asked for these.
    """

    rest_until_s: float = 0.0
    failed_etag: str = ""
    error: ServiceError | None = None
    error_until_s: float = 0.0
    wait_s: float = 0.0
    deaths: int = 0
    with_numbers: int = 0
    modified: str = ""  # last_modified of the newest picture


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
        max_rows: int,
        rest_s: Callable[[float], float],
    ) -> None:
        self._pool = pool
        self.cache = cache
        self.derived = Derived(cache, max_rows)
        self.ledger = Ledger()
        self._dependencies = dependencies
        self._roots = roots
        self._places = places
        self._max_pixels = max_pixels
        self._max_rows = max_rows
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
        self._note_asked(request)
        while True:
            await self._dependencies.look(request)
            if (known := self.known(request)) is not None:
                return self._answer(request, known, cache)
            flight = self._flights.get(request.key)
            cache = "join"
            if flight is None or not flight.is_joinable:
                flight, cache = self._start(request), "miss"
            result = await flight.join()
            if flight.serves(request, asked_at_s) and self._suffices(result, request):
                return self._answer(request, result, cache)

    def kept(self, request: RenderRequest, etag: str | None, told: str | None = None) -> Answer | None:
        """Return the picture that is asked for if it's in the cache under *etag*.

        Whoever asks for a picture by the etag that it was *told* of gets it too if nothing but time has passed since.
        """
        kept = self.cache.get(request.key)
        if kept is None or not self._suffices(kept, request):
            return None
        self._note_asked(request)
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
        kept = self.cache.get(request.key)
        if kept is not None and kept.etag == etag and self._suffices(kept, request):
            return kept
        past = self._pasts.get(request.key)
        failed = past is not None and past.failed_etag == etag and time.monotonic() < past.error_until_s
        return past.error if past is not None and failed else None

    def last_good(self, request: RenderRequest) -> Rendering | None:
        """Return the last picture of *request* that could be drawn, whatever changed since."""
        return self.cache.get(request.key)

    def retry_in_s(self, request: RenderRequest) -> float:
        """Return in how many seconds a remembered failure is worth another try; 0 if there is none."""
        past = self._pasts.get(request.key)
        return max(0.0, past.error_until_s - time.monotonic()) if past is not None and past.error is not None else 0.0

    @property
    def drawing(self) -> int:
        """How many pictures are being drawn right now."""
        return sum(flight.drawing_since_s is not None for flight in self._flights.values())

    def take_over(self, before: Renderer) -> None:
        """Go on with the pictures and figures of *before*; its failures are worth another try."""
        self.cache.take_over(before.cache)
        self.ledger = before.ledger

    async def drain(self) -> None:
        """Wait until nothing is drawn any more: each drawing has its limit."""
        while tasks := [flight.task for flight in self._flights.values()]:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Drop what is still waiting to be drawn."""
        await cancel(*(flight.task for flight in self._flights.values()))

    def _answer(self, request: RenderRequest, result: Rendering | ServiceError, cache: str) -> Answer:
        if isinstance(result, Rendering):
            return Answer(result, cache)
        earlier = self.cache.get(request.key)
        if earlier is None or isinstance(result, BadParameter) or not self._suffices(earlier, request):
            raise result
        return Answer(earlier, cache, result)

    def _suffices(self, result: Rendering | ServiceError, request: RenderRequest) -> bool:
        """Say whether *result* has all that *request* asks for: only of numbers that are few every picture has them."""
        if isinstance(result, ServiceError) or not request.numbers:
            return True
        return result.table.blocks is not None or result.table.rows > self._max_rows  # as many nobody gets

    def _note_asked(self, request: RenderRequest) -> None:
        if request.numbers:
            self._past(request.key).with_numbers = 2  # whoever asks for them once asks again after the next change

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
        job = self._job(request, self._max_rows if past.with_numbers else 0)
        past.with_numbers = max(0, past.with_numbers - 1)
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

    def _job(self, request: RenderRequest, max_rows: int) -> Job:
        known = self._dependencies.known(request)
        where = (self._roots, self._places)
        how = (request.format, request.sizing, self._max_pixels)
        return Job(request.spec, request.given, *how, *where, known, request.words, request.look, max_rows)

    def _keep(
        self, request: RenderRequest, past: Past, outcome: Outcome, etag: str, queue_s: float
    ) -> Rendering | ServiceError:
        if outcome.output:
            log.info("a plot printed", extra={"plot": request.spec.name, "output": outcome.output[-MOST_PRINTED:]})
        if outcome.failure is not None:
            return self._fail(request, past, outcome, etag)
        past.failed_etag, past.error, past.deaths = "", None, 0
        picture = outcome.picture
        assert picture is not None
        rendering = rendering_of(request, outcome, picture, etag, queue_s)
        rendering = replace(rendering, dated=rendering.last_modified != past.modified)
        past.modified = rendering.last_modified
        earlier = self.cache.get(request.key)
        is_change = earlier is not None and earlier.body != rendering.body
        self.ledger.note(request.spec.name, rendering.seconds, len(rendering.body), is_change=is_change)
        if not (request.sizing.width_px and request.sizing.height_px):
            self.ledger.of(request.spec.name).shape = rendering.width_px, rendering.height_px
        self.cache.put(rendering, request.spec.name)
        return rendering

    def _fail(self, request: RenderRequest, past: Past, outcome: Outcome, etag: str) -> ServiceError:
        """Remember a failure for a while; that of a request that killed worker after worker until something changes."""
        failure = outcome.failure
        assert failure is not None
        error = as_error(failure, outcome.output)
        told = {"plot": request.spec.name, "error": error.message, "traceback": failure.traceback.strip()}
        log.info("a render failed", extra=told)
        lasts = past.error is not None and past.failed_etag == etag
        past.wait_s = min(LONGEST_WAIT_S, past.wait_s * 2) if lasts else FIRST_WAIT_S
        past.deaths = (past.deaths if lasts else 0) + failure.deaths
        if past.deaths >= DEATHS:
            error = Quarantined(
                f"its code has killed {DEATHS} workers: it is drawn again when its code or data changes"
            )
            past.wait_s = math.inf
        self.ledger.note_failure(request.spec.name, outcome.seconds, error)
        past.failed_etag, past.error = etag, error
        past.error_until_s = time.monotonic() + past.wait_s
        return error

    def _past(self, key: str) -> Past:
        past = self._pasts.setdefault(key, Past())
        self._pasts.move_to_end(key)
        while len(self._pasts) > MAX_PASTS:
            self._pasts.popitem(last=False)
        return past
