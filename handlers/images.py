"""Pictures: the bytes of a plot, under the label of its state."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable
from pathlib import Path
from urllib.parse import quote

from handlers.base import SVG_POLICY, PlotHandler
from service.rendering import Answer, Demand

FOR_EVER = "max-age=31536000, immutable"
PLAIN = "".join(chr(c) for c in range(32, 127) if chr(c) != "%")


class PictureHandler(PlotHandler):
    """What every answer that is made from a picture does: 304 without drawing, one render for all."""

    async def answer(self, demand: Demand, suffix: str = "") -> Answer | None:
        """Return the picture that is asked for, its headers set; None if the client has it already (304).

        *suffix* tells the etag of another representation from the picture's own.
        """
        renderer, request = self.engine.renderer, demand.request
        etag = await renderer.etag(request)
        if etag is not None and self._client_has(etag + suffix):
            self._headers["Cache-Control"] = FOR_EVER if demand.pinned == etag else "no-cache"
            return None
        answer = renderer.kept(demand, etag)
        if answer is None:
            answer = await self.wait_for(renderer.render(request))
        self._say_how(answer, demand)
        return None if self._client_has(answer.rendering.etag + suffix) else answer

    def _client_has(self, etag: str) -> bool:
        """Label the answer; say whether the client has just that, which makes it a 304."""
        self._headers["Etag"] = f'"{etag}"'
        has = "If-None-Match" in self.request.headers and self.check_etag_header()
        if has:
            self.set_status(304)
        return has

    def _say_how(self, answer: Answer, demand: Demand) -> None:
        drawn = answer.rendering
        headers = self._headers  # set_header checks each value for what only foreign text can hold
        headers["Last-Modified"] = drawn.last_modified
        headers["Server-Timing"] = f"{drawn.timing}, cache;desc={answer.cache}"
        if answer.error is not None:
            headers["Cache-Control"] = "no-store"
            headers["Plotd-State"] = "stale"
            headers["Plotd-Error"] = error_header(answer.error.code, answer.error.one_line)
        else:
            headers["Cache-Control"] = FOR_EVER if demand.pinned == drawn.etag else "no-cache"


class ImageHandler(PictureHandler):
    """``/plots/NAME.png`` and ``.svg``."""

    def get(self) -> Awaitable[None] | None:
        url = self.request.uri or ""
        if self.request.path.endswith("svg"):
            self.set_header("Content-Security-Policy", SVG_POLICY)
        demand = self.engine.catalog.remembered(url)
        if demand is not None and self._recalls(demand):
            return None  # no coroutine where there is nothing to wait for
        return self._draw(url)

    head = get

    def _recalls(self, demand: Demand) -> bool:
        """Answer with the picture at hand, if there is one and its state can be told at once."""
        etag = self.engine.renderer.etag_at_once(demand.request)
        if etag is None:
            return False
        if self._client_has(etag):
            self._headers["Cache-Control"] = FOR_EVER if demand.pinned == etag else "no-cache"
            return True
        answer = self.engine.renderer.kept(demand, etag)
        if answer is None or answer.rendering.etag != etag:
            return False
        self._send(answer, demand)
        return True

    async def _draw(self, url: str) -> None:
        demand = await self.engine.catalog.demand_of_url(url)
        answer = await self.answer(demand)
        if answer is not None:
            self._send(answer, demand)

    def _send(self, answer: Answer, demand: Demand) -> None:
        self._say_how(answer, demand)
        self._headers["Content-Type"] = answer.rendering.content_type
        self.write(answer.rendering.body)


class SingleFileHandler(PictureHandler):
    """``/plots/NAME.html``: a page that holds its picture, for a mail or an archive."""

    async def get(self, name: str) -> None:
        demand = await self.engine.catalog.demand(name, self.request.query)
        self.set_header("Content-Security-Policy", SINGLE_POLICY)
        answer = await self.answer(demand, "-html")
        if answer is not None:
            picture = base64.b64encode(answer.rendering.body).decode()
            self.write(self.render_string("single.html", spec=demand.request.spec, answer=answer, picture=picture))

    async def head(self, name: str) -> None:
        await self.get(name)


def style_hash(template: str) -> str:
    """Return the hash by which a policy lets in the one style sheet that *template* holds, as it stands there."""
    text = (Path(__file__).resolve().parent / "templates" / template).read_text(encoding="utf-8")
    style = text.partition("<style>")[2].partition("</style>")[0]
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


SINGLE_POLICY = f"default-src 'none'; img-src data:; base-uri 'none'; style-src 'sha256-{style_hash('single.html')}'"


def error_header(code: str, message: str) -> str:
    """Return *code* and *message* as the value of a header: one line of ASCII, at most 500 bytes of message."""
    encoded = ""
    for letter in message:
        step = letter if letter in PLAIN else quote(letter, safe="")
        if len(encoded) + len(step) > 500:
            break
        encoded += step
    return f"{code}; {encoded}"
