"""Sites that let in only who shows a token, what such a client sends, and all addresses there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.handlers.conftest import MakeSite, Site

from handlers.routes import ROUTES
from service import tokens
from service.access import Scope, new_token

PLOTS = """
    import matplotlib.pyplot as plt

    def plot_open():
        plt.figure(figsize=(2, 1))
        plt.plot([1, 2])

    def plot_secret():
        plt.figure(figsize=(2, 1))
        plt.plot([2, 1])

    def plot_on(ax): ...
"""
CLOSED = {"open": False, "max_failures": 1000}


async def closed_site(make_site: MakeSite, **settings: Any) -> Site:
    """Return a site with the plots ``both/open`` and ``both/secret`` that is open to nobody. No time changes them."""
    auth = {**CLOSED, **settings.pop("auth", {})}
    site = await make_site(**{"cache": {"unknown_s": 9999}, **settings, "auth": auth})
    site.house.write("both.py", PLOTS)
    site.house.write("broken_secret.py", "def plot_broken(:\n")
    await site.house.engine.catalog.keep_up()
    return site


def state_of(site: Site) -> Path:
    """Return the folder in which the daemon of *site* keeps its state."""
    return site.house.engine.store.folder


def let_in(
    site: Site, name: str, *scopes: Scope, plots: tuple[str, ...] = ("*",), seconds: float | None = None
) -> dict[str, str]:
    """Return the header of who has a new token of that *name*; it is for viewing unless *scopes* say otherwise."""
    text = tokens.add(state_of(site), new_token(name, scopes or ("view",), plots, seconds))
    return {"Authorization": f"Bearer {text}"}


def token_in(headers: dict[str, str]) -> str:
    """Return the token in a header."""
    return headers["Authorization"].removeprefix("Bearer ")


def addresses() -> list[str]:
    """Return an address of each route, and one that nothing is at."""
    samples = [
        re.sub(r"\(?\[\^\.\]\+\)?", "open", pattern).replace("\\.", ".").replace("(.*)", "plotd.css")
        for pattern, _ in ROUTES
    ]
    return [*samples, "/nowhere", "/plots/nothing.png"]
