"""A picture that is replaced whenever it changes: in a bare ``<img>``, without any script."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from functools import partial
from typing import NamedTuple

from handlers import errors
from handlers.contract import DRAWING, Contract, Reply
from handlers.staying import StayingHandler, settled, within
from service.errors import ServiceError
from service.rendering import DERIVED


class Frame(NamedTuple):
    """One picture of a stream, and what it is told of by."""

    label: str
    body: bytes


class StreamHandler(StayingHandler):
    """``/plots/NAME.stream``: a part for each new picture, and for an error where there is none."""

    contract = Contract(
        "The picture, sent again whenever it changes, for a bare `<img>`",
        {200: Reply("A part for each picture, for ever.", DERIVED["stream"], headers=("Cache-Control",))},
        DRAWING,
    )

    async def get(self, name: str) -> None:
        url = self.request.uri or ""
        await self.engine.catalog.demand_of_url(url)  # what can never be drawn is refused as any picture is
        boundary = f"plotd-{secrets.token_hex(8)}"
        self.begin(f"{DERIVED['stream']}; boundary={boundary}")
        await self.send_all(self._parts(url, boundary))

    async def head(self, name: str) -> None:
        await self.get(name)

    async def _parts(self, url: str, boundary: str) -> AsyncGenerator[bytes]:
        """Yield a part for each picture that differs from the one before.

        Each comes with the header of the next one: a browser shows a part once it has seen that. So it's only the first
        whose length can be told.
        """
        opening = f"--{boundary}\r\nContent-Type: image/png\r\n"
        shown = b""
        told: object = None
        with self.engine.hub.watching(url) as mailbox:
            while True:
                frame = await self._frame(url, told)
                if frame.body != shown:
                    before = "" if shown else f"{opening}Content-Length: {len(frame.body)}\r\n\r\n"
                    yield b"%b%b\r\n%b\r\n" % (before.encode(), frame.body, opening.encode())
                    shown = frame.body
                # What the hub hasn't seen, such as a plot that went and came back, it won't tell of: look again.
                patience_s = None if frame.label == told else self.engine.config.live.poll_s
                message = await within(patience_s, partial(settled, mailbox))
                told = message["etag"] if message else told

    async def _frame(self, url: str, told: object) -> Frame:
        """Return the picture at *url* as it is now, or what is wrong with it; the hub *told* of that etag."""
        renderer = self.engine.renderer
        try:
            request = (await self.engine.catalog.demand_of_url(url)).request
            etag = await renderer.etag(request)
            answer = renderer.kept(request, etag, str(told)) or await renderer.render(request)
        except ServiceError as error:
            words = tuple(errors.lines(errors.describe(error, errors.status_of(error)), 68))
            return Frame(repr(words), errors.as_png(words))
        return Frame(answer.rendering.etag, answer.rendering.body)
