"""A picture that is replaced whenever it changes: in a bare ``<img>``, without any script."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncGenerator
from functools import partial
from typing import NamedTuple

from handlers import errors
from handlers.contract import DRAWING, Contract, Reply
from handlers.images import error_header
from handlers.staying import StayingHandler, settled, within
from service.errors import ServiceError
from service.rendering import CONTENT_TYPES, DERIVED

IMAGE = CONTENT_TYPES["png"]


class Frame(NamedTuple):
    """One picture of a stream, what it is told of by, and the header fields that tell what it is."""

    label: str
    body: bytes
    fields: dict[str, str]

    def part(self) -> bytes:
        """Return it as a part, but for the boundary."""
        fields = {"Content-Type": IMAGE, "Content-Length": str(len(self.body)), **self.fields}
        lines = [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class StreamHandler(StayingHandler):
    """``/plots/NAME.stream``: a part for each new picture, and for an error where there is none."""

    reach = "named"

    contract = Contract(
        "The picture, sent again whenever it changes, for a bare `<img>`",
        {200: Reply("A part for each picture, for ever.", DERIVED["stream"], headers=("Cache-Control", "Vary"))},
        DRAWING,
    )

    async def get(self, name: str) -> None:
        url = self.request.uri or ""
        await self.engine.catalog.demand_of_url(url)  # what can never be drawn is refused as any picture is
        boundary = f"plotd-{secrets.token_hex(8)}"
        self.begin(f"{DERIVED['stream']}; boundary={boundary}")
        self.set_header("Vary", self.vary)
        is_program = errors.preferred(self.request.headers.get("Accept", "*/*")) == "json"
        parts = for_program if is_program else for_browser
        await self.send_all(parts(self._frames(url), boundary))

    async def head(self, name: str) -> None:
        await self.get(name)

    async def _frames(self, url: str) -> AsyncGenerator[Frame]:
        """Yield each picture that differs from the one before, or is as stale or fresh as that one wasn't."""
        shown: tuple[bytes, str | None] | None = None
        told: object = None
        with self.engine.hub.watching(url) as mailbox:
            while True:
                frame = await self._frame(url, told)
                seen = frame.body, frame.fields.get("Plotd-State")
                if seen != shown:
                    yield frame
                    shown = seen
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
            return Frame(repr(words), errors.as_png(words), trouble(error))
        drawn = answer.rendering
        fields = {"ETag": f'"{drawn.etag}"', "Last-Modified": drawn.last_modified}
        if answer.error is not None:
            fields |= {"Plotd-State": "stale", **trouble(answer.error)}
        return Frame(drawn.etag, drawn.body, fields)


def trouble(error: ServiceError) -> dict[str, str]:
    """Return the header field that tells why a picture isn't as it should be."""
    return {"Plotd-Error": error_header(error.code, error.one_line)}


async def for_program(frames: AsyncGenerator[Frame], boundary: str) -> AsyncGenerator[bytes]:
    """Yield the parts of a stream: each with its own header, and the boundary after it, so that its end is seen."""
    mark = f"--{boundary}\r\n".encode()
    yield mark
    async with contextlib.aclosing(frames):
        async for frame in frames:
            yield frame.part() + b"\r\n" + mark


async def for_browser(frames: AsyncGenerator[Frame], boundary: str) -> AsyncGenerator[bytes]:
    """Yield likewise, but with the header of the part to come: Chromium shows a picture only once it has seen that.

    So only the first is told of in its own. A header that no picture follows would crash the page.
    """
    mark = f"--{boundary}\r\n".encode()
    coming = f"\r\n--{boundary}\r\nContent-Type: {IMAGE}\r\n\r\n".encode()
    shown = b""
    async with contextlib.aclosing(frames):
        async for frame in frames:
            if frame.body != shown:
                yield (frame.body if shown else mark + frame.part()) + coming
                shown = frame.body
