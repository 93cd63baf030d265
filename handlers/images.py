"""Pictures: the bytes of a plot, under the label of its state."""

from __future__ import annotations

import asyncio
import base64
import math
from collections.abc import Awaitable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import quote

from tornado.httputil import HTTPHeaders

from handlers import errors
from handlers.admission import style_hash
from handlers.base import SVG_POLICY
from handlers.contract import DRAWING, LABELS, SAME, Contract, Reply
from handlers.staying import StayingHandler
from service.rendering import ENDINGS, Answer, Demand

FOR_EVER = "max-age=31536000, immutable"
# Headers that say how a picture came about.
HOW = ("Last-Modified", "Server-Timing", "Plotd-State", "Plotd-Error", "Preference-Applied")
TERMINALS = ("curl/", "wget/", "httpie/")  # how programs that are used in one name themselves
T = TypeVar("T")
PLAIN = "".join(chr(c) for c in range(32, 127) if chr(c) != "%")


class Found(NamedTuple):
    """What there is for a client: the picture under its *label*, or no more than that label if it has that already."""

    demand: Demand
    label: str
    answer: Answer | None = None

    @property
    def picture(self) -> str:
        """What the hub names the picture by at the same URL."""
        return self.label

    @property
    def error_code(self) -> str:
        """What was wrong with the last render, if anything."""
        error = self.answer.error if self.answer is not None else None
        return error.code if error is not None else ""


class Turn(Generic[T]):
    """What was found, or made, in this turn of the event loop: of many who ask at once, the first has it looked for.

    Whoever is answered out of it had asked before that look, so nothing can have changed that they should see.
    """

    def __init__(self) -> None:
        self._found: dict[str, T] = {}

    def get(self, key: str) -> T | None:
        """Return what was found under *key*, such as a URL, if anybody looked."""
        return self._found.get(key)

    def keep(self, key: str, found: T) -> None:
        """Keep what was *found* just now, until all that is under way has run."""
        if not self._found:
            asyncio.get_running_loop().call_soon(self._found.clear)
        self._found[key] = found


class PictureHandler(StayingHandler):
    """What every answer that is made from a picture does: 304 without drawing, one render for all."""

    async def show(self, url: str) -> None:
        """Answer with the picture at *url*: path and query."""

        async def look(told: str | None) -> Found:
            return await self._look(url, told)

        found = await self.look_or_wait(url, look)
        if self.client_has(found.label) or found.answer is None or self._has_by_date(found.answer):
            self._say_how(found)
            self.set_status(304)
            return
        body = await self.body_of(found.answer, found.demand)
        self._say_how(found)
        self._headers["Content-Type"] = ENDINGS[found.demand.ending]
        self.write(body)

    async def body_of(self, answer: Answer, demand: Demand) -> bytes:
        """Return the bytes that *demand* asks for, made of the picture that was drawn. Raises TooLarge."""
        return await self.wait_for(self.engine.renderer.derived.body(answer.rendering, demand))

    async def _look(self, url: str, told: str | None) -> Found:
        """Return what there is at *url*; *told* is the etag that the hub told the client of, if it did."""
        demand = await self.engine.catalog.demand_of_url(url)
        renderer, request, suffix = self.engine.renderer, demand.request, demand.suffix
        etag = await renderer.etag(request)
        if etag is not None and self.client_has(etag + suffix):
            return Found(demand, etag + suffix)
        answer = renderer.kept(request, etag, told.removesuffix(suffix) if told else demand.pinned)
        if answer is None:
            answer = await self.wait_for(renderer.render(request))
        return Found(demand, answer.rendering.etag + suffix, answer)

    def _has_by_date(self, answer: Answer) -> bool:
        """Say whether the client has the picture by date alone (RFC 9110, section 13.1.3).

        Dates are of whole seconds: that of a picture which isn't the only one of its second says nothing; nor does
        that of an earlier one, shown since a render failed.
        """
        headers = self.request.headers
        if "If-Modified-Since" not in headers or "If-None-Match" in headers:
            return False
        drawn = answer.rendering
        fits = answer.error is None and drawn.dated
        return fits and int(drawn.at.timestamp()) <= seconds_of(headers["If-Modified-Since"])

    def _say_how(self, found: Found) -> None:
        headers = self._headers  # set_header checks each value for what only foreign text can hold
        self._name(found)
        if found.answer is None:
            return
        drawn = found.answer.rendering
        self.application.settings["vitals"].pictures[found.answer.cache] += 1
        headers["Last-Modified"] = drawn.last_modified
        headers["Server-Timing"] = f"{drawn.timing}, cache;desc={found.answer.cache}"
        if found.answer.error is not None:
            headers["Cache-Control"] = "no-store"
            headers["Plotd-State"] = "stale"
            headers["Plotd-Error"] = error_header(found.answer.error.code, found.answer.error.one_line)

    def _name(self, found: Found) -> None:
        pinned = found.demand.pinned
        lasts = pinned is not None and pinned + found.demand.suffix == found.label
        self._headers["Etag"] = f'"{found.label}"'
        self._headers["Cache-Control"] = FOR_EVER if lasts else "no-cache"


class ImageHandler(PictureHandler):
    """``/plots/NAME.png``, and every other ending whose answer is bytes that end."""

    reach = "named"

    contract = Contract(
        "The picture",
        {200: Reply("The picture.", ENDINGS, headers=(*LABELS, *HOW)), 304: SAME},
        DRAWING,
        reads=("If-None-Match", "If-Modified-Since", "Prefer"),
    )

    def get(self) -> Awaitable[None] | None:
        url = self.request.uri or ""
        if self.request.path.endswith("svg"):
            self.set_header("Content-Security-Policy", SVG_POLICY)
        turn: Turn[Found] = self.settings["turn"]
        found = turn.get(url) or self._look_at_once(url, turn)
        if found is not None and self._recalls(found):
            return None  # no coroutine where there is nothing to wait for
        return self.show(url)

    head = get

    def _look_at_once(self, url: str, turn: Turn[Found]) -> Found | None:
        """Return what there is at *url*, if its state can be told at once."""
        demand, renderer = self.engine.catalog.remembered(url), self.engine.renderer
        etag = renderer.etag_at_once(demand.request) if demand is not None else None
        if demand is None or etag is None:
            return None
        answer = renderer.kept(demand.request, etag, demand.pinned)
        found = Found(demand, etag + demand.suffix, answer if answer and answer.rendering.etag == etag else None)
        turn.keep(url, found)
        return found

    def _recalls(self, found: Found) -> bool:
        """Answer with the picture at hand, if there is one."""
        headers = self.request.headers
        if "If-None-Match" in headers:
            if "Prefer" in headers:
                return False  # it may want to wait
            if self.client_has(found.label):
                self._name(found)
                self.set_status(304)
                return True
        if found.answer is None:
            return False
        if self._has_by_date(found.answer):
            self._say_how(found)
            self.set_status(304)
            return True
        body = self.engine.renderer.derived.at_hand(found.answer.rendering, found.demand)
        if body is None:
            return False
        self._say_how(found)
        self._headers["Content-Type"] = ENDINGS[found.demand.ending]
        self._headers["Content-Length"] = str(len(body))  # tornado would take longer to find out
        self.write(body)
        return True


class SingleFileHandler(PictureHandler):
    """``/plots/NAME.html``: a page that holds its picture, for a mail or an archive."""

    reach = "named"

    contract = Contract(
        "One self-contained file with the picture inside",
        {200: Reply("The page.", "text/html", headers=(*LABELS, *HOW)), 304: SAME},
        DRAWING,
        reads=("If-None-Match", "If-Modified-Since", "Prefer"),
    )

    async def get(self, name: str) -> None:
        self.set_header("Content-Security-Policy", SINGLE_POLICY)
        await self.show(self.request.uri or "")

    async def head(self, name: str) -> None:
        await self.get(name)

    async def body_of(self, answer: Answer, demand: Demand) -> bytes:
        pages: Turn[tuple[Answer, bytes]] = self.settings["pages"]
        key = demand.request.key
        made = pages.get(key)
        if made is None or made[0].rendering is not answer.rendering or made[0].error is not answer.error:
            made = answer, self._page(answer, demand)
            pages.keep(key, made)
        return made[1]

    def _page(self, answer: Answer, demand: Demand) -> bytes:
        picture = base64.b64encode(answer.rendering.body).decode()
        return self.render_string("single.html", spec=demand.request.spec, answer=answer, picture=picture)


def is_for_terminal(headers: HTTPHeaders) -> bool:
    """Say whether who asks shows text in a terminal, and didn't ask for a page."""
    agent = headers.get("User-Agent", "").lower()
    return agent.startswith(TERMINALS) and not errors.takes_html(headers.get("Accept", ""))


SINGLE_POLICY = f"default-src 'none'; img-src data:; base-uri 'none'; style-src 'sha256-{style_hash('single.html')}'"


def seconds_of(date: str) -> float:
    """Return *date*, as HTTP writes it, in seconds since the epoch; that of long ago if it isn't one."""
    try:
        found = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return -math.inf
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def error_header(code: str, message: str) -> str:
    """Return *code* and *message* as the value of a header: one line of ASCII, at most 500 bytes of message."""
    encoded = ""
    for letter in message:
        step = letter if letter in PLAIN else quote(letter, safe="")
        if len(encoded) + len(step) > 500:
            break
        encoded += step
    return f"{code}; {encoded}"
