"""Access: what whoever asks may see and do, and the tokens and links that say so. Knows no file and no HTTP."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.layers import ConfigError

Scope = Literal["view", "publish", "admin"]
SCOPES: tuple[Scope, ...] = ("view", "publish", "admin")
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
EVERY = "*"  # the pattern of a token that is for every plot


class _Grant(BaseModel):
    """What was given to somebody, and can be taken back. Times are in seconds since the epoch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_s: float
    ends_s: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether its time is over."""
        return time.time() >= (math.inf if self.ends_s is None else self.ends_s)


class Token(_Grant):
    """A token, but for itself: of that there is only the *digest*."""

    name: Annotated[str, Field(pattern=NAME)]
    digest: str
    scopes: tuple[Scope, ...]
    plots: tuple[str, ...] = (EVERY,)


def new_token(name: str, scopes: tuple[Scope, ...], plots: tuple[str, ...], seconds: float | None) -> Token:
    """Return a token that holds so many seconds, if not for ever. Raises ConfigError: it can't be called that."""
    now_s = time.time()
    ends_s = None if seconds is None else now_s + seconds
    if not re.fullmatch(NAME, name):
        raise ConfigError(f"expected a name of letters, digits, - and _, at most 64, got {name[:80]!r}")
    return Token(name=name, digest="", scopes=scopes, plots=plots, made_s=now_s, ends_s=ends_s)


class Link(_Grant):
    """A signed link: *url* is what it shows, from the root of the daemon."""

    id: str
    url: str


@dataclass(frozen=True)
class Access:
    """What somebody may: *scopes*, on the plots whose names fit one of the patterns *plots*; *grant* is why."""

    name: str
    scopes: Sequence[Scope] = ()
    plots: tuple[str, ...] = (EVERY,)
    grant: Token | Link | None = None

    def may(self, scope: Scope) -> bool:
        """Say whether it holds for *scope*; ``admin`` holds for all."""
        return scope in self.scopes or "admin" in self.scopes

    @property
    def is_for_all(self) -> bool:
        """Whether it holds for every plot."""
        return EVERY in self.plots

    def reaches(self, *names: str) -> bool:
        """Say whether it holds for the plot that bears these *names*."""
        return self.is_for_all or any(fnmatchcase(name, pattern) for name in names for pattern in self.plots)


ANYBODY = Access("anybody", ("admin",))
NOBODY = Access("nobody")
