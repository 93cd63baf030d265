"""Signed links: URLs that show one picture to whoever has them, for a while."""

from __future__ import annotations

import json
import re
import secrets
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus, urlencode, urlsplit

from service import tokens
from service.access import Link
from service.config import Listen
from service.errors import BadParameter
from service.layers import ConfigError
from service.listening import outer_address
from service.options import words_of_query
from service.rendering import ENDINGS
from service.tokens import is_same, sign

ID_BYTES = 6
NAME = re.compile(r"[A-Za-z0-9_/-]+")  # of a plot
ENDS, SIGNATURE, TOKEN = "_exp", "_sig", "_token"
PRIVATE = frozenset({ENDS, SIGNATURE, TOKEN})
IDLE = frozenset({*PRIVATE, "_", "_etag"})  # what may be added to a link


class Shown(NamedTuple):
    """The words of a URL that say who may; they are no part of what it shows."""

    token: str = ""
    signature: str = ""
    ends: str = ""


def take_apart(url: str) -> tuple[str, Shown]:
    """Return *url* without the words that say who may, and these; of several the last counts.

    What else it holds stays byte for byte. ``_exp`` belongs to a signature: without one it stays.
    """
    path, mark, query = url.partition("?")
    pairs = [(unquote_plus(part.partition("=")[0]), part) for part in query.split("&")]
    found = {name: unquote_plus(part.partition("=")[2]) for name, part in pairs if name in PRIVATE}
    gone = PRIVATE if SIGNATURE in found else {TOKEN}
    left = [part for name, part in pairs if name not in gone]
    shown = Shown(found.get(TOKEN, ""), found.get(SIGNATURE, ""), found.get(ENDS, ""))
    return (path + mark + "&".join(left)).removesuffix("?") if len(left) < len(pairs) else url, shown


def picture_url(text: str) -> str:
    """Return the URL, from the root, of the picture that *text* names: ``loss?smooth=5`` is a PNG.

    Raises:
        ValueError: it isn't one.
    """
    named, mark, query = text.removeprefix("/plots/").partition("?")
    name, dot, ending = named.partition(".")
    if not NAME.fullmatch(name) or (ending or "png") not in ENDINGS or (dot and not ending):
        raise ValueError(f"expected NAME, or NAME.ENDING, and ?PARAM=VALUE if any; an ending is {', '.join(ENDINGS)}")
    try:
        words = words_of_query(query)
    except BadParameter as error:
        raise ValueError(error.message) from error
    if wrong := [word for word, _ in words if word in PRIVATE]:
        raise ValueError(f"{wrong[0]} is for plotd to set")
    return f"/plots/{name}.{ending or 'png'}{mark}{urlencode(words)}"


def name_in(url: str) -> str:
    """Return the name of the plot that *url* is about: that of /plots/NAME, of /-/refresh/NAME, of /plots/NAME.png."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return unquote(path.removeprefix("/plots/").removeprefix("/-/refresh/")).partition(".")[0]


def new_link(url: str, seconds: float) -> Link:
    """Return a link that shows *url* for so many seconds."""
    now_s = time.time()
    return Link(id=secrets.token_hex(ID_BYTES), url=url, made_s=now_s, ends_s=float(round(now_s + seconds)))


def publish(text: str, seconds: float, state: Path, listen: Listen) -> str:
    """Return the whole URL of a new link to the picture that *text* names, kept in the folder *state*.

    Raises:
        ConfigError: it names none, or nobody knows where browsers find the daemon.
    """
    try:
        link = new_link(picture_url(text), seconds)
    except ValueError as error:
        raise ConfigError(f"{text}: {error}") from error
    address = outer_address(listen)
    return address + signed(link, tokens.add_link(state, link))


def signed(link: Link, key: bytes) -> str:
    """Return the URL of *link*, from the root."""
    ends = f"{link.ends_s:.0f}"
    signature = f"{link.id}.{sign(key, *_parts(link.id, ends, link.url))}"
    return f"{link.url}{'&' if '?' in link.url else '?'}{ENDS}={ends}&{SIGNATURE}={signature}"


def id_in(text: str) -> str:
    """Return the id of the link in *text*: its URL, or the id itself."""
    _, shown = take_apart(text)
    return (shown.signature or text).partition(".")[0]


def is_signed(url: str, shown: Shown, key: bytes) -> bool:
    """Say whether *url* is what was signed, as far as it shows anything."""
    link_id, _, signature = shown.signature.partition(".")
    return bool(key) and is_same(sign(key, *_parts(link_id, shown.ends, url)), signature)


def _parts(link_id: str, ends: str, url: str) -> tuple[str, ...]:
    """Return what is signed: however *url* is spelt, the same things are shown."""
    path, _, query = url.partition("?")
    words = sorted((word for word in words_of_query(query) if word[0] not in IDLE), key=lambda word: word[0])
    return ("link", link_id, ends, unquote(path), json.dumps(words))
