"""What headers, options and statuses mean, in the words of OpenAPI."""

from __future__ import annotations

from typing import Any

from handlers.base import FILES
from handlers.errors import STATUSES
from plotd.theme import NAMES as THEMES
from service.errors import ServiceError
from service.options import COLUMNS_RANGE, LONGEST_EVERY_S, NAMES, RANGES
from service.rendering import COLUMNS

Told = dict[str, Any]  # a part of the document; Any: as JSON has it

TEXT = {"type": "string"}

OPTIONS = {
    "_width": "The width in CSS pixels; alone it keeps the aspect.",
    "_height": "The height in CSS pixels; alone it keeps the aspect.",
    "_dpi": "Dots per inch; alone it keeps the inches.",
    "_scale": "Device pixel ratio: the same layout, that many times the pixels.",
    "_theme": "The colours of all that isn't data, and of data that would be invisible on them.",
    "_xlim": "`low,high` of the first axes, in data units or dates in ISO 8601; `_xlim.1`: of the next, and so on.",
    "_ylim": "Likewise; or `auto`: what fits what is visible between the x limits.",
    "_columns": f"Of `.ansi`: how wide it is, in columns of the terminal; {COLUMNS} if not given.",
    "_every": "Seconds: while this viewer watches, the picture is also redrawn that often.",
    "_etag": "The answer may be kept for ever if its picture still bears that etag.",
}
LIMITS = {**TEXT, "pattern": "^[^,]+,[^,]+$", "examples": ["0,10"]}

# What an answer bears; required ones always, where they are named at all.
HEADERS: dict[str, Told] = {
    "ETag": {
        "description": "The identity of what is answered: it changes when the data, the code or the request does.",
        "required": True,
        "schema": {**TEXT, "pattern": '^"[^"]+"$'},
    },
    "Cache-Control": {
        "description": "`no-cache`: ask each time; `immutable`: keep it; `no-store`: it is an earlier picture.",
        "required": True,
        "schema": TEXT,
    },
    "Vary": {"description": "Which fields of a request the answer depends on.", "required": True, "schema": TEXT},
    "Last-Modified": {"description": "When it was drawn.", "required": True, "schema": TEXT},
    "Server-Timing": {
        "description": "How long it took: `render;dur=…, queue;dur=…, cache;desc=hit|miss|join`.",
        "required": True,
        "schema": TEXT,
    },
    "Plotd-State": {
        "description": "`stale`: the last render failed, and this is the picture before that.",
        "schema": {**TEXT, "enum": ["stale"]},
    },
    "Plotd-Error": {"description": "Why it is stale: the code, and the message, percent-encoded.", "schema": TEXT},
    "Preference-Applied": {"description": "How long at most it waited for a change.", "schema": TEXT},
    "Retry-After": {
        "description": "Seconds until it is worth another try.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "Allow": {"description": "The methods that there are.", "required": True, "schema": TEXT},
}


def asked() -> dict[str, Told]:
    """Return what a contract may name among the words that its address reads."""
    files = sorted(path.name for path in FILES.iterdir())
    told: tuple[Told, ...] = (
        {
            "name": "If-None-Match",
            "in": "header",
            "description": "The ETag of what the client has: 304 if that is still it, and nothing is drawn.",
        },
        {
            "name": "Prefer",
            "in": "header",
            "description": "`wait=N` with If-None-Match: the answer waits for a change, N seconds at most (RFC 7240).",
            "example": "wait=1",
        },
        {
            "name": "User-Agent",
            "in": "header",
            "description": "Of curl, wget and HTTPie: the answer is for a terminal, unless Accept names `text/html`.",
            "example": "curl/8.0",
        },
        {"name": "q", "in": "query", "description": "What to look for among the plots."},
        {
            "name": "url",
            "in": "query",
            "description": "Of `text/event-stream`: the address of a picture to watch; as often as there are such.",
            "schema": {"type": "array", "items": TEXT},
        },
        {"name": "file", "in": "path", "required": True, "schema": {**TEXT, "enum": files}},
    )
    return {one["name"]: {"schema": TEXT, **one} for one in told}


def option_parameters(min_every_s: float) -> dict[str, Told]:
    """Return the options that every picture takes."""
    ranges = {**RANGES, "_columns": COLUMNS_RANGE, "_every": (min_every_s, LONGEST_EVERY_S)}
    schemas: dict[str, Told] = {
        name: {"type": "number", "minimum": low, "maximum": high} for name, (low, high) in ranges.items()
    }
    schemas["_theme"] = {**TEXT, "enum": THEMES}
    schemas["_xlim"] = LIMITS
    schemas["_ylim"] = {**TEXT, "anyOf": [{"const": "auto"}, LIMITS]}
    option = {"in": "query", "allowEmptyValue": True}
    return {
        name: {"name": name, **option, "description": OPTIONS[name], "schema": schemas.get(name, TEXT)}
        for name in NAMES
    }


def error_responses() -> dict[str, Told]:
    """Return the answer of each status that is an error, with all codes that it may bear."""
    return {str(status): _error_response(status) for status in sorted(set(STATUSES.values()))}


def _error_response(status: int) -> Told:
    kinds = [kind for kind, of_kind in STATUSES.items() if of_kind == status and kind is not ServiceError]
    codes = {kind.code: (kind.__doc__ or "").partition("\n")[0] for kind in reversed(kinds)}
    named = [name for name, of_status in (("Retry-After", 503), ("Allow", 405)) if of_status == status]
    shown: Told = {"text/html": {}, "image/png": {}, "image/svg+xml": {}}
    return {
        "description": " ".join(f"`{code}`: {words}" for code, words in codes.items()),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}, **shown},
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in named},
    }
