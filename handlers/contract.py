"""What an address promises, told once, beside the handler that keeps it; `/-/openapi.json` tells it to programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ANY = (400, 401, 403, 413, 414, 421, 429, 431, 503)  # how whatever is asked may be refused
DRAWING = (*ANY, 404, 500, 504)
LABELS = ("ETag", "Cache-Control")


@dataclass(frozen=True, slots=True)
class Reply:
    """One way in which an address answers.

    *media* is its content type, or several of which one is chosen, or that of each ending where one handler answers
    several; *body* is the type of what a JSON answer holds.
    """

    words: str
    media: str | tuple[str, ...] | Mapping[str, str] = ()
    body: type | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """What an address does, each status that it answers with, and the request headers that it *reads*.

    Those statuses that are *errors* have the one shape of all errors.
    """

    summary: str
    replies: Mapping[int, Reply]
    errors: tuple[int, ...] = ANY
    reads: tuple[str, ...] = ()
    method: str = "get"


SAME = Reply("The client has it: If-None-Match names it, or If-Modified-Since.", headers=LABELS)


def json_replies(words: str, body: type) -> Mapping[int, Reply]:
    """Return the replies of an address whose answer is JSON of the type *body*, with an etag over its bytes."""
    return {200: Reply(words, "application/json", body, LABELS), 304: SAME}
