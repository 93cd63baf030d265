"""What can go wrong, as one tree. Which status each has is for the floor above to say.

ServiceError
    BadRequest          it isn't HTTP as it should be
    BadParameter        a parameter or option is missing, unknown, repeated, malformed or out of range
    Unauthorized        it needs a token, and there is none that holds
    TooManyFailures     too many wrong tokens came from there
    Forbidden           what a token isn't for; another site's request; one through a proxy that nobody vouched for
    WrongHost           the Host header names somebody else
    UpgradeRequired     a websocket of another version
    NotFound            there is nothing at that address
        UnknownPlot
        MissingFile
    MethodNotAllowed
    TooLarge            more pixels, or a longer URL, header or body than allowed
    PlotFailed          the plot's own code raised, or returned no picture
    Overloaded          the render queue is full
        Quarantined     its code has killed one worker after another
    RenderTimeout       it took longer than it may

Every text is written for a stranger: no absolute paths, no secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar


class ServiceError(Exception):
    """An expected failure, with a *code* that programs can rely on and a *message* for people.

    *output* is what the plot printed before, for its author's eyes; None if it was never run.
    """

    code: ClassVar[str] = "failed"

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        self.message = printable(message)
        super().__init__(self.message)
        self.fields = {printable(name): printable(why) for name, why in (fields or {}).items()}
        self.output: str | None = None

    @property
    def one_line(self) -> str:
        """The message without line breaks, for a header, a log or a terminal."""
        return " ".join(self.message.split())


def printable(text: str) -> str:
    """Return *text* without what no encoding can carry, such as the odd bytes of a file name that isn't UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


class BadRequest(ServiceError):
    """The request itself is malformed: its header, or the frame of its body."""

    code = "bad_request"


class BadParameter(ServiceError):
    """Every field at fault is named in *fields*."""

    code = "bad_parameter"

    @classmethod
    def in_fields(cls, fields: Mapping[str, str]) -> BadParameter:
        """Return the error whose message lists what is wrong with each of *fields*."""
        return cls("; ".join(f"{name}: {why}" for name, why in fields.items()), fields)


class Unauthorized(ServiceError):
    """Somebody who has shown nothing that lets them in asks for it."""

    code = "unauthorized"


class TooManyFailures(ServiceError):
    """Too many wrong tokens came from the same address; worth another try after *retry_after_s* seconds."""

    code = "too_many_failures"

    def __init__(self, message: str, retry_after_s: int = 60) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Forbidden(ServiceError):
    """Somebody who may not asks for it."""

    code = "forbidden"


class WrongHost(ServiceError):
    """The request was meant for another host: a page that rebinds its name to ours sends such."""

    code = "wrong_host"


class UpgradeRequired(ServiceError):
    """The websocket that is asked for is of a version that isn't spoken here."""

    code = "upgrade_required"


class NotFound(ServiceError):
    """There is nothing at that address."""

    code = "not_found"


class UnknownPlot(NotFound):
    """No plot has that name."""

    code = "unknown_plot"

    @classmethod
    def named(cls, name: str, nearest: Iterable[str], failed_file: str = "") -> UnknownPlot:
        """Return the error for *name*, with the *nearest* names there are; *failed_file* may be what should hold it.

        Who may not see all plots gets the message up to its first semicolon.
        """
        hint = ", ".join(repr(near) for near in nearest)
        message = f"there is no plot {name[:200]!r}" + (f"; the nearest: {hint}" if hint else "")
        return cls(message + (f"; {failed_file} failed to load" if failed_file else ""))


class MissingFile(NotFound):
    """A file parameter names a file that isn't there."""

    code = "missing_file"


class MethodNotAllowed(ServiceError):
    """That address doesn't take that method."""

    code = "method_not_allowed"


class TooLarge(ServiceError):
    """More of something than there may be."""

    code = "too_large"


class UrlTooLong(TooLarge):
    """The URL is over its bound."""


class HeaderTooLarge(TooLarge):
    """The header is over its bound."""


class PlotFailed(ServiceError):
    """The plot's own code raised; its *traceback* is for its author's eyes."""

    code = "plot_failed"

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = printable(traceback)


class Overloaded(ServiceError):
    """There is no room in the render queue; worth another try after *retry_after_s* seconds."""

    code = "overloaded"

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Quarantined(Overloaded):
    """Its code has killed one worker after another."""

    code = "quarantined"

    def __init__(self, message: str, retry_after_s: int = 60) -> None:
        super().__init__(message, retry_after_s)


class RenderTimeout(ServiceError):
    """The render took longer than it may."""

    code = "render_timeout"
