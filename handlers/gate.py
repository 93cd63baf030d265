"""The gate: who asks, by what they show, and what they may. Every route goes through it."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict, deque
from typing import Protocol

from tornado.httputil import HTTPServerRequest

from handlers import proxies
from service import links
from service.access import ANYBODY, Access, Token
from service.config import Config
from service.errors import Forbidden, TooManyFailures, Unauthorized
from service.rendering import digest
from service.tokens import Tokens

LOOK_S = 1.0  # how soon who is let in no longer has to leave
WINDOW_S = 60.0  # in which failures are counted
LONGEST_NAME = 100  # letters of a user's name that are shown
MOST_ADDRESSES = 10_000  # of which failures are remembered
NEEDED = "this needs a token: sign in, or send Authorization: Bearer TOKEN"
WRONG = "that token doesn't hold: it is misspelt, revoked, or its time is over"


class Guest(Protocol):
    """A handler whose client stays for long."""

    access: Access

    def close(self, code: int, reason: str) -> None: ...


class Gate:
    """Lets in who shows a token, a session, a signed link or a trusted proxy's word. Used from the event loop only."""

    def __init__(self, tokens: Tokens, config: Config) -> None:
        self._tokens = tokens
        self._next_look: asyncio.TimerHandle | None = None
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()  # by address, when (monotonic, s)
        self.use(config)

    def use(self, config: Config) -> None:
        """Hold to *config* from now on."""
        self._config = config
        self.is_open = config.is_open  # asked by each request

    def admit(self, request: HTTPServerRequest) -> Access:
        """Return what whoever sent *request* may.

        Raises:
            Unauthorized, TooManyFailures: nothing that is shown lets them in.
            Forbidden: a signed link doesn't hold.
        """
        shown = proxies.shown_in_url(request)
        if shown.signature:
            return self._by_link(request, shown)
        if self.is_open:
            return ANYBODY
        text = shown.token or bearer(request)
        refused: Unauthorized | TooManyFailures = Unauthorized(NEEDED)
        if text:
            try:
                return access_of(self.redeem(text, request.remote_ip or ""))
            except (Unauthorized, TooManyFailures) as error:
                refused = error
        access = self.known(request)
        if access is None:
            raise refused
        return access

    def known(self, request: HTTPServerRequest) -> Access | None:
        """Return what whoever sent *request* may who is signed in, here or at a trusted proxy."""
        token = self._tokens.of_session(self._cookie(request))
        return access_of(token) if token is not None else self._by_proxy(request)

    def redeem(self, text: str, address: str) -> Token:
        """Return the token that *text* is, shown by whoever is at *address*.

        One that holds is taken however many wrong ones came from there, perhaps from somebody else behind the same
        proxy: it is random, and too long to be found by guessing.

        Raises:
            Unauthorized, TooManyFailures: it doesn't hold.
        """
        token = self._tokens.find(text)
        if token is None:
            self._note_failure(address)
            raise Unauthorized(WRONG)
        return token

    def still(self, access: Access) -> bool:
        """Say whether what let somebody in still does."""
        if access.grant is not None:
            return self._tokens.holds(access.grant)
        return self.is_open if access is ANYBODY else bool(self._config.auth.user_header)

    def look_after(self, staying: set[Guest]) -> None:
        """Close those of *staying*, whose clients stay for long, once they are let in no longer."""
        if self._next_look is None:
            self._next_look = asyncio.get_running_loop().call_later(LOOK_S, self._look, staying)

    def _look(self, staying: set[Guest]) -> None:
        self._next_look = None
        holds: dict[int, bool] = {}  # by what let them in: thousands may have come by the same
        for handler in list(staying):
            key = id(handler.access.grant or handler.access)
            if key not in holds:
                holds[key] = self.still(handler.access)
            if not holds[key]:
                handler.close(1008, "this is allowed no longer")
        if staying:
            self.look_after(staying)

    @property
    def cookie_name(self) -> str:
        """The name of the cookie that holds a session: another one for each daemon, as ports don't part cookies."""
        return f"plotd_{digest(self._tokens.key.hex())[:8]}"

    def cookie(self, token: Token, request: HTTPServerRequest) -> str:
        """Return the field that gives a browser a session in place of *token*."""
        value, seconds = self._tokens.session(token)
        return self._set_cookie(request, value, math.floor(seconds))

    def no_cookie(self, request: HTTPServerRequest) -> str:
        """Return the field that takes the session away again."""
        return self._set_cookie(request, "", 0)

    def _set_cookie(self, request: HTTPServerRequest, value: str, seconds: int) -> str:
        secure = "; Secure" if request.protocol == "https" else ""
        where = f"Path={self._config.listen.prefix or '/'}; Max-Age={seconds}"
        return f"{self.cookie_name}={value}; {where}; HttpOnly; SameSite=Lax{secure}"

    def _cookie(self, request: HTTPServerRequest) -> str:
        morsel = request.cookies.get(self.cookie_name) if "Cookie" in request.headers else None
        return morsel.value if morsel is not None else ""

    def _by_link(self, request: HTTPServerRequest, shown: links.Shown) -> Access:
        if not links.is_signed(request.uri or "", shown, self._tokens.key):
            self._note_failure(request.remote_ip or "")
            raise Forbidden("this link was not made here: some of it is missing or another")
        link = self._tokens.link(links.id_in(shown.signature))
        if link is None or link.has_ended:
            raise Forbidden("this link holds no longer: its time is over, or it was revoked")
        return Access(f"link {link.id}", ("view",), (links.name_in(link.url),), link)

    def _by_proxy(self, request: HTTPServerRequest) -> Access | None:
        """Return what the user may whom a trusted proxy names; what anybody else says of that counts for nothing."""
        auth = self._config.auth
        if not auth.user_header or not proxies.is_trusted(request, self._config.listen.trusted_proxies):
            return None
        names = request.headers.get_list(auth.user_header)
        # Two are one of the proxy's and one that the client made up.
        return Access(names[0][:LONGEST_NAME], auth.user_scopes) if len(names) == 1 and names[0].strip() else None

    def _note_failure(self, address: str) -> None:
        """Note a failure of whoever is at *address*. Raises TooManyFailures: there were enough within a minute."""
        network, now_s = network_of(address), time.monotonic()
        times = self._failures.pop(network, deque[float]())
        self._failures[network] = times
        if len(self._failures) > MOST_ADDRESSES:
            self._failures.popitem(last=False)
        while times and times[0] <= now_s - WINDOW_S:
            times.popleft()
        if len(times) >= self._config.auth.max_failures:
            wait_s = math.ceil(times[0] + WINDOW_S - now_s)
            raise TooManyFailures("too many wrong tokens or links came from there: try again later", wait_s)
        times.append(now_s)


def access_of(token: Token) -> Access:
    """Return what *token* lets whoever has it do."""
    return Access(token.name, token.scopes, token.plots, token)


def bearer(request: HTTPServerRequest) -> str:
    """Return the token that the header of *request* holds, if any."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def network_of(address: str) -> str:
    """Return what stands for *address* where somebody has many: of IPv6, all that one household has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
