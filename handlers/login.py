"""Signing in and out: a browser gets a cookie in place of a token."""

from __future__ import annotations

from handlers.admission import local
from handlers.base import BaseHandler
from handlers.contract import ANY, Contract, Reply


class LoginHandler(BaseHandler):
    """``/-/login``: the page to sign in at; who is signed in may sign out there."""

    reach = "anybody"
    contract = Contract(
        "The page to sign in and out at",
        {200: Reply("The page.", "text/html", headers=("Cache-Control", "Vary"))},
    )

    def get(self) -> None:
        self.access = self.gate.known(self.request) or self.access
        self.set_header("Vary", self.vary)
        self.set_page_headers()
        self.set_header("Cache-Control", "no-store")
        self.write_login("", self.url_for("/"))

    head = get


class SessionHandler(BaseHandler):
    """``POST /-/session``: gives a browser a cookie in place of the token that its form holds."""

    reach = "anybody"
    contract = Contract(
        "Sign in: the form holds `token`, and `where` to go on to",
        {303: Reply("Signed in: the answer sets a cookie.", headers=("Cache-Control",))},
        ANY,
        method="post",
    )

    @property
    def wanted(self) -> str:
        """What the form says."""
        said = self.request.body_arguments.get("where")
        return said[-1].decode(errors="replace") if said else self.url_for("/")

    def post(self) -> None:
        token = self.gate.redeem(self.get_body_argument("token", ""), self.request.remote_ip or "")
        self.set_header("Set-Cookie", self.gate.cookie(token, self.request))
        self.set_header("Cache-Control", "no-store")
        self.redirect(local(self.wanted), status=303)


class LogoutHandler(BaseHandler):
    """``POST /-/logout``: takes the cookie back."""

    reach = "anybody"
    contract = Contract(
        "Sign out",
        {303: Reply("Signed out: the answer takes the cookie back.", headers=("Cache-Control",))},
        method="post",
    )

    def post(self) -> None:
        self.set_header("Set-Cookie", self.gate.no_cookie(self.request))
        self.set_header("Cache-Control", "no-store")
        self.redirect(self.url_for("/-/login"), status=303)
