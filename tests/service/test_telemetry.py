"""One line per record, told the way journald wants it where journald listens."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

SCRIPT = """
import logging, os, sys, warnings
from service import telemetry
telemetry.configure_logging(sys.argv[1], os.environ, sys.stderr)
log = logging.getLogger("service.test")
log.debug("quiet")
log.info("plain")
log.warning("name %s", "a\\n2026-01-01 ERROR forged\\x1b[31m\\u2028 \\ud800 图")
logging.getLogger("matplotlib.font_manager").info("generated new list")
warnings.warn("old way")
try:
    raise ValueError("first\\nsecond")
except ValueError:
    log.exception("it failed")
"""


def _lines(level: str = "info") -> list[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, level], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_every_record_is_one_line_with_time_level_and_name() -> None:
    lines = _lines()
    assert len(lines) == 4
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: ", line) for line in lines)
    assert lines[0].endswith(" INFO service.test: plain")


def test_what_others_wrote_cannot_forge_a_line_or_colour_a_terminal() -> None:
    assert _lines()[1].endswith(r" WARNING service.test: name a | 2026-01-01 ERROR forged\x1b[31m\u2028 \ud800 图")


def test_a_traceback_stays_on_its_line() -> None:
    last = _lines()[-1]
    assert "ERROR service.test: it failed | Traceback (most recent call last): | File " in last
    assert last.endswith("ValueError: first | second")


def test_pythons_warnings_are_logged() -> None:
    assert "WARNING py.warnings: " in _lines()[2]


def test_the_level_decides_what_is_written() -> None:
    assert [line.rpartition(": ")[2] for line in _lines("debug")[:2]] == ["quiet", "plain"]
    assert len(_lines("error")) == 1


def test_under_systemd_the_level_is_a_prefix_and_the_time_is_left_to_the_journal() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        end = os.fstat(theirs.fileno())
        environment = {**os.environ, "JOURNAL_STREAM": f"{end.st_dev}:{end.st_ino}"}
        subprocess.run([sys.executable, "-c", SCRIPT, "info"], stderr=theirs.fileno(), env=environment, check=True)
        theirs.shutdown(socket.SHUT_WR)
        with ours.makefile() as received:
            lines = received.read().splitlines()
    assert [line[:18] for line in lines] == [
        "<6>service.test: p",
        "<4>service.test: n",
        "<4>py.warnings: <s",
        "<3>service.test: i",
    ]


def test_a_stale_journal_variable_changes_nothing() -> None:
    environment = {**os.environ, "JOURNAL_STREAM": "1:1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT, "info"], capture_output=True, env=environment, check=True)
    assert not done.stderr.startswith(b"<")
