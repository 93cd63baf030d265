"""What a handler does about who asks: it lets them in, says no, and keeps what only they may see out of caches."""

from __future__ import annotations

import base64
import hashlib
import re
from asyncio import Future
from pathlib import Path
from typing import Any, ClassVar, Literal

from tornado.web import RequestHandler

from handlers import errors, proxies
from handlers.gate import Gate
from service import links
from service.access import ANYBODY, NOBODY, Access, Link, Scope, Token
from service.catalog import Catalog
from service.errors import Forbidden, MissingFile, ServiceError, UnknownPlot

HERE = Path(__file__).resolve().parent
SAFE_METHODS = ("GET", "HEAD")
LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # an address of ours, that no browser takes for another site's

# For whom an address is: anybody; whoever has any token, as it says nothing or sifts what it says; whoever has one for
# the plot that it names; whoever has one for all plots.
Reach = Literal["anybody", "any", "named", "all"]


class AdmittingHandler(RequestHandler):
    """Goes through the gate before it does anything. What says nothing of its *reach* is for those who may see all."""

    reach: ClassVar[Reach] = "all"
    access: Access = NOBODY

    @property
    def gate(self) -> Gate:
        """The one that all go through."""
        gate: Gate = self.application.settings["gate"]
        return gate

    def admit(self) -> None:
        """Let in who may do this. Raises Unauthorized, TooManyFailures, Forbidden."""
        if self.reach == "anybody":
            return
        self.access = self.gate.admit(self.request)
        scope: Scope = "view" if self.request.method in SAFE_METHODS else "publish"
        if not self.access.may(scope):
            raise Forbidden(f"this is not allowed to {self.access.name}: it needs the scope {scope}")
        if self.reach == "all" and not self.access.is_for_all:
            raise Forbidden(f"this is not allowed to {self.access.name}: it needs a token for all plots")
        if isinstance(self.access.grant, Link):
            # Whoever made the link wants it to be seen where it stands: in a wiki, in a mail.
            self.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        elif isinstance(self.access.grant, Token) and proxies.shown_in_url(self.request).token:
            self._exchange(self.access.grant)

    def check_reach(self) -> None:
        """Refuse who may not see the plot that the address names, once all plots are known. Raises Forbidden."""
        if self.reach != "named" or self.access.is_for_all:
            return
        if not self.may_see(links.name_in(self.request.path)):
            raise Forbidden(f"this is not allowed to {self.access.name}: its token is for other plots")

    def may_see(self, name: str) -> bool:
        """Say whether who asks may see the plot of that full name or alias, whether there is one or not."""
        if self.access.is_for_all:
            return True
        catalog: Catalog = self.settings["engine"].catalog
        spec = catalog.find(name)
        return self.access.reaches(*((spec.name, catalog.link(spec)) if spec else (name,)))

    @property
    def who(self) -> str:
        """Who is signed in; empty where nobody need be."""
        return "" if self.access in (ANYBODY, NOBODY) else self.access.name

    def _exchange(self, token: Token) -> None:
        """Give a session in place of the *token* that stood in the URL; a page is asked for once more, without it."""
        self.set_header("Set-Cookie", self.gate.cookie(token, self.request))
        if self.request.method in SAFE_METHODS and errors.takes_html(self.request.headers.get("Accept", "")):
            self.redirect(local(self.wanted), status=303)

    def flush(self, include_footers: bool = False) -> Future[None]:
        """Write what there is; what only some may see is kept by no cache that others share."""
        if not self._headers_written and self.access is not ANYBODY and self.access is not NOBODY:
            how = self._headers.get("Cache-Control", "no-cache")
            self._headers["Cache-Control"] = how if "no-store" in how else f"private, {how}"
        return super().flush(include_footers)

    def refuse(self, error: BaseException | None, told: dict[str, Any]) -> None:  # Any: as JSON has it
        """Put into the answer that tells of *error* what whoever asked must know, and take out what they mustn't."""
        if told["status"] == 401:
            self.set_header("WWW-Authenticate", 'Bearer realm="plotd"')
        if isinstance(error, ServiceError) and (wait_s := getattr(error, "retry_after_s", None)) is not None:
            self.set_header("Retry-After", str(wait_s))
        if isinstance(error, UnknownPlot | MissingFile):
            told["message"] = self.as_told(error)
        if isinstance(error, MissingFile) and not self.access.is_for_all:
            told["fields"] = {name: without_hints(why) for name, why in error.fields.items()}

    def as_told(self, error: ServiceError) -> str:
        """Return the message of *error*, without the names of plots and files that whoever asks may not see."""
        hides = isinstance(error, UnknownPlot | MissingFile) and not self.access.is_for_all
        return without_hints(error.message) if hides else error.message

    def is_kept_out(self, status: int) -> bool:
        """Say whether an answer of that *status* goes to somebody who might sign in to get another."""
        return status in (401, 403, 429) and self.access is NOBODY and not self.gate.is_open

    @property
    def wanted(self) -> str:
        """The page that a browser wanted, for when it may have it."""
        path = (self.request.uri or "/") if self.request.method in SAFE_METHODS else "/"
        return f"{self.settings['prefix']}{path}"

    def write_login(self, message: str, where: str) -> None:
        """Write the page to sign in at; it needs no other file. From there one goes on to *where*."""
        self.set_header("Content-Security-Policy", LOGIN_POLICY)
        # Without that, browsers send the form with the Origin "null", which may be any site's.
        self.set_header("Referrer-Policy", "same-origin")
        self.write(self.render_string("login.html", message=message, where=local(where), logo=LOGO))


def without_hints(message: str) -> str:
    """Return *message* without what it says of other names."""
    return message.partition(";")[0]


def local(url: str) -> str:
    """Return *url* if it is an address of ours, to be followed by a browser; else the root."""
    return url if LOCAL.fullmatch(url) else "/"


def style_hash(template: str) -> str:
    """Return the hash by which a policy lets in the one style sheet that *template* holds, as it stands there."""
    text = (HERE / "templates" / template).read_text(encoding="utf-8")
    style = text.partition("<style>")[2].partition("</style>")[0]
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


LOGO = f"data:image/svg+xml;base64,{base64.b64encode((HERE / 'static' / 'favicon.svg').read_bytes()).decode()}"
LOGIN_POLICY = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{style_hash('login.html')}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
