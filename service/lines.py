"""Text for a log or a terminal: on one line, without what would steer that."""

from __future__ import annotations

MOST_PRINTED = 1_000  # characters of what user code printed that the log is told: the last


def one_line(text: str) -> str:
    """Return *text* with line breaks and all else that isn't printable escaped."""
    if text.isprintable():
        return text
    lines = " | ".join(line.strip() for line in text.split("\n"))
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in lines)
