"""From an exception to a status and a body: the only such table, and the only shapes."""

from __future__ import annotations

import functools
import io
import json
import textwrap
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

import matplotlib as mpl
from PIL import Image, ImageDraw, ImageFont
from tornado.web import HTTPError

from plotd.fonts import font_for
from service import errors

STATUSES: dict[type[errors.ServiceError], int] = {
    errors.ServiceError: 500,
    errors.BadRequest: 400,
    errors.BadParameter: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.UnknownPlot: 404,
    errors.MissingFile: 404,
    errors.MethodNotAllowed: 405,
    errors.TooLarge: 413,
    errors.UrlTooLong: 414,
    errors.WrongHost: 421,
    errors.UpgradeRequired: 426,
    errors.TooManyFailures: 429,
    errors.HeaderTooLarge: 431,
    errors.PlotFailed: 500,
    errors.Overloaded: 503,
    errors.Quarantined: 503,
    errors.RenderTimeout: 504,
}
CODES = {400: "bad_parameter", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
TITLES = {  # what pages say of an error before its message, by its code
    "": "That can't be done",
    "bad_parameter": "Some of what is asked for can't be",
    "bad_request": "The request is malformed",
    "failed": "Something went wrong in the daemon",
    "forbidden": "This is not allowed",
    "gone": "This plot is gone",
    "method_not_allowed": "That can't be done at this address",
    "missing_file": "There is no such file",
    "not_found": "There is nothing at this address",
    "overloaded": "There is too much to draw",
    "plot_failed": "The last render failed",
    "quarantined": "This plot is set aside",
    "render_timeout": "The last render took too long",
    "too_large": "The picture would be too large",
    "too_many_failures": "Too many attempts failed",
    "unauthorized": "This needs a token",
    "unknown_plot": "There is no such plot",
    "upgrade_required": "That websocket is not spoken here",
    "wrong_host": "That host is not served here",
}
PAGES = ("text/html", "application/xhtml+xml")
PICTURE_WIDTH_PX = 640
FONT = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def status_of(error: BaseException | None) -> int:
    """Return the status that *error* is answered with; 500 for what nobody expected."""
    if isinstance(error, HTTPError):
        return error.status_code
    return STATUSES[type(error)] if isinstance(error, errors.ServiceError) else 500


def describe(error: BaseException | None, status: int) -> dict[str, Any]:
    """Return the one shape of an error. What nobody expected says nothing of itself: that is in the log."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "error"
    told: dict[str, Any] = {"status": status, "code": CODES.get(status, "failed"), "message": phrase.lower()}
    if isinstance(error, errors.ServiceError):
        told |= {"code": error.code, "message": error.message}
        told |= {"fields": error.fields} if error.fields else {}
    return told


def title_of(code: str) -> str:
    """Return what a page says first of an error of that *code*."""
    return TITLES.get(code, TITLES[""])


def as_json(told: dict[str, Any]) -> bytes:
    """Return *told* as a JSON body."""
    return json.dumps({"error": told}, ensure_ascii=False).encode()


def lines(told: dict[str, Any], width: int) -> list[str]:
    """Return the words of an error as lines of at most *width* characters."""
    text = f"{told['status']} {told['code']}\n\n{told['message']}"
    wrapped = (textwrap.wrap(line, width, break_long_words=True) or [""] for line in text.splitlines())
    return [line for group in wrapped for line in group][:24]


@functools.lru_cache(maxsize=256)
def as_png(words: tuple[str, ...]) -> bytes:
    """Return *words*, one a line, as a small PNG: the same broken URL is often asked for again."""
    picture = Image.new("L", (PICTURE_WIDTH_PX, 32 + 22 * max(4, len(words))), 250)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 5, picture.height), fill=120)
    for number, line in enumerate(words):
        font = ImageFont.truetype(font_for(line, str(FONT)), 15)
        draw.text((20, 16 + 22 * number), line, fill=0 if number == 0 else 70, font=font)
    body = io.BytesIO()
    picture.save(body, "PNG", compress_level=3)
    return body.getvalue()


def as_svg(words: tuple[str, ...]) -> bytes:
    """Return *words*, one a line, as an SVG."""
    height = 32 + 22 * max(4, len(words))
    text = "".join(f'<text x="20" y="{31 + 22 * n}">{escape(line)}</text>' for n, line in enumerate(words))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{PICTURE_WIDTH_PX}" height="{height}" '
        'font-family="sans-serif" font-size="15"><rect width="100%" height="100%" fill="#fafafa"/>'
        f'<rect width="5" height="100%" fill="#787878"/>{text}</svg>'
    ).encode()


def preferred(accept: str) -> str:
    """Return what an Accept header likes best of ``json``, ``image`` and ``html``; ``json`` where it doesn't care."""
    best = {"json": 0.0, "image": 0.0, "html": 0.0}
    for part in accept.split(",")[:50]:
        kind, _, rest = part.strip().lower().partition(";")
        kind, quality = kind.strip(), _quality(rest)
        for name, matches in (
            ("json", kind in ("application/json", "application/*")),
            ("image", kind.startswith("image/")),
            ("html", kind in (*PAGES, "text/*")),
        ):
            best[name] = max(best[name], quality if matches else 0.0)
    top = max(best.values())
    order = ("json", "html", "image") if top == best["json"] else ("html", "image", "json")
    return next(name for name in order if best[name] == top) if top else "json"


def takes_html(accept: str) -> bool:
    """Tell whether an Accept header names pages as welcome; ``*/*`` doesn't."""
    kinds = (part.strip().lower().partition(";") for part in accept.split(",")[:50])
    return any(kind.strip() in PAGES and _quality(rest) > 0 for kind, _, rest in kinds)


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
