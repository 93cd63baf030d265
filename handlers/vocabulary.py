"""What headers, options and statuses mean, in the words of OpenAPI."""

from __future__ import annotations

from typing import Any

from handlers.errors import STATUSES
from handlers.galleries import ORDERS, VIEWS
from handlers.modules import STATIC
from plotd.theme import NAMES as THEMES
from service.errors import ServiceError
from service.options import COLUMNS_RANGE, LONGEST_EVERY_S, NAMES, RANGES
from service.rendering import COLUMNS
from service.walls import LONGEST_CYCLE_S, MOST_COLUMNS, MOST_ROWS, SWITCH

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
# How whatever is asked may be refused: one answer in the document stands for all of these.
REFUSALS = (400, 401, 403, 405, 413, 414, 421, 429, 431)
NAMED = {405: ("Allow",), 426: ("Upgrade", "Sec-WebSocket-Version"), 503: ("Retry-After",)}
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
    "Last-Modified": {"description": "Of a picture: when it was drawn.", "schema": TEXT},
    "Server-Timing": {
        "description": "Of a picture: how long it took: `render;dur=…, queue;dur=…, cache;desc=hit|miss|join`.",
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
    "Upgrade": {"description": "What is spoken here.", "required": True, "schema": {**TEXT, "const": "websocket"}},
    "Sec-WebSocket-Version": {"description": "In which version.", "required": True, "schema": TEXT},
    "Allow": {"description": "Of 405: the methods that there are.", "schema": TEXT},
}


def asked() -> dict[str, Told]:
    """Return what a contract may name among the words that its address reads."""
    files = sorted(path.name for path in STATIC.iterdir())
    told: tuple[Told, ...] = (
        {
            "name": "If-None-Match",
            "in": "header",
            "description": "The ETag of what the client has: 304 if that is still it, and nothing is drawn.",
        },
        {
            "name": "If-Modified-Since",
            "in": "header",
            "description": "Last-Modified of what the client has, where it sends no If-None-Match: 304 likewise.",
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
            "name": "view",
            "in": "query",
            "description": "How they are shown.",
            "schema": {**TEXT, "enum": VIEWS},
        },
        {
            "name": "sort",
            "in": "query",
            "description": "In what order; if not given, as they were found, in groups.",
            "allowEmptyValue": True,
            "schema": {**TEXT, "enum": ("", *ORDERS)},
        },
        *wall_words(),
        {
            "name": "url",
            "in": "query",
            "description": "Of `text/event-stream`: the address of a picture to watch; as often as there are such.",
            "schema": {"type": "array", "items": TEXT},
        },
        {"name": "file", "in": "path", "required": True, "schema": {**TEXT, "enum": files}},
    )
    return {one["name"]: {"schema": TEXT, **one} for one in told}


def wall_words() -> tuple[Told, ...]:
    """Return the words of a wall's URL."""
    p = "The picture of a plot, its ending and its own query as it likes, percent-encoded once: `loss.png?smooth=5`."
    told = {
        "p": (p, {"type": "array", "items": TEXT}),
        "cols": ("How many stand side by side.", {"type": "integer", "minimum": 1, "maximum": MOST_COLUMNS}),
        "rows": (
            "How many of a kiosk stand one below another.",
            {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
        ),
        "_kiosk": ("Show nothing but the pictures.", {**TEXT, "enum": tuple(SWITCH)}),
        "_cycle": (
            "Of a kiosk: seconds until the pictures that didn't fit take their turn.",
            {"type": "number", "minimum": 1, "maximum": LONGEST_CYCLE_S},
        ),
    }
    return tuple(
        {"name": name, "in": "query", "description": words, "allowEmptyValue": True, "schema": schema}
        for name, (words, schema) in told.items()
    )


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
    """Return the answer of each status that is an error, with all codes that it may bear; of REFUSALS one for all."""
    statuses = sorted(set(STATUSES.values()))
    told = {str(status): _error_response(_codes(status), status) for status in statuses if status not in REFUSALS}
    told["4XX"] = _error_response(" ".join(f"{status} {_codes(status)}" for status in REFUSALS), 405)
    return told


def _codes(status: int) -> str:
    kinds = [kind for kind, of_kind in STATUSES.items() if of_kind == status and kind is not ServiceError]
    codes = {kind.code: (kind.__doc__ or "").partition("\n")[0] for kind in reversed(kinds)}
    return " ".join(f"`{code}`: {words}" for code, words in codes.items())


def _error_response(words: str, status: int) -> Told:
    shown: Told = {"text/html": {}, "image/png": {}, "image/svg+xml": {}}
    named = NAMED.get(status, ())
    return {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}, **shown},
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in named},
    }
