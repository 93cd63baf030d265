"""One line per event, told the way journald wants it where journald listens; no forged line, no secret, no flood."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.conftest import Serve

from service import tokens
from service.access import new_token
from service.lines import one_line
from service.telemetry import MOST_ALIKE, without_secrets

CONFIGURE = """
import logging, os, sys, warnings
from service import config, telemetry
telemetry.configure_logging(config.Log(level=sys.argv[1], format=sys.argv[2]), os.environ, sys.stderr)
log = logging.getLogger("service.test")
"""
SAY = """
log.debug("quiet")
telemetry.REQUEST.set("4f-1")
log.info("plain", extra={"plot": "run/loss", "ms": 1.5, "nothing": None})
telemetry.REQUEST.set("")
log.warning("name %s", 'a" level=error\\n2026-01-01 ERROR \\\\forged\\x1b[31m\\u2028 \\ud800 图')
logging.getLogger("matplotlib.font_manager").info("generated new list")
warnings.warn("old way")
try:
    raise ValueError("first\\nsecond")
except ValueError:
    log.exception("it failed")
"""
AGAIN = """
from plots.printed import Tail, kept, stand_in
stand_in()
telemetry.configure_logging(config.Log(), os.environ, sys.stderr)
with kept(Tail()):
    log.info("logged")
    print("printed", file=sys.stderr)
"""
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"


def _lines(level: str = "info", format: str = "text", say: str = SAY) -> list[str]:
    command = [sys.executable, "-c", CONFIGURE + say, level, format]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_what_a_plot_logs_is_no_part_of_what_it_prints_after_a_reload_either() -> None:
    (line,) = _lines(say=AGAIN)
    assert line.endswith(" logger=service.test msg=logged")


def test_every_event_is_one_line_of_keys_and_values() -> None:
    lines = _lines()
    assert len(lines) == 4
    assert all(re.match(rf"time={TIME} level=[a-z]+ logger=[\w.]+ msg=", line) for line in lines)
    assert lines[0].partition(" ")[2] == "level=info logger=service.test msg=plain request=4f-1 plot=run/loss ms=1.5"


def test_what_others_wrote_cannot_forge_a_line_or_a_key_or_colour_a_terminal() -> None:
    told = _lines()[1].partition(" msg=")[2]
    assert told == r'"name a\" level=error | 2026-01-01 ERROR \\forged\x1b[31m\u2028 \ud800 图"'


def test_a_traceback_stays_on_its_line() -> None:
    last = _lines()[-1]
    assert (
        'level=error logger=service.test msg="it failed" traceback="Traceback (most recent call last): | File ' in last
    )
    assert last.endswith('ValueError: first | second"')


def test_pythons_warnings_are_logged() -> None:
    assert "level=warning logger=py.warnings msg=" in _lines()[2]


def test_the_level_decides_what_is_written() -> None:
    assert [line.rpartition(" msg=")[2].partition(" ")[0] for line in _lines("debug")[:2]] == ["quiet", "plain"]
    assert len(_lines("error")) == 1


def test_json_says_the_same() -> None:
    plain, forged, _, failed = map(json.loads, _lines(format="json"))
    assert re.fullmatch(TIME, plain.pop("time"))
    told = {"level": "info", "logger": "service.test", "msg": "plain", "request": "4f-1", "plot": "run/loss", "ms": 1.5}
    assert plain == told
    assert forged["msg"].startswith('name a" level=error\n2026-01-01 ERROR \\forged\x1b[31m')
    assert failed["traceback"].splitlines()[-2:] == ["ValueError: first", "second"]


@pytest.mark.parametrize(
    ("format", "begins"),
    [("text", "logger=service.test msg=plain"), ("json", '{"time": "')],
)
def test_under_systemd_the_level_is_a_prefix_and_the_time_is_left_to_the_journal(format: str, begins: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        end = os.fstat(theirs.fileno())
        environment = {**os.environ, "JOURNAL_STREAM": f"{end.st_dev}:{end.st_ino}"}
        command = [sys.executable, "-c", CONFIGURE + SAY, "info", format]
        subprocess.run(command, stderr=theirs.fileno(), env=environment, check=True)
        theirs.shutdown(socket.SHUT_WR)
        with ours.makefile() as received:
            lines = received.read().splitlines()
    assert [line[:3] for line in lines] == ["<6>", "<4>", "<4>", "<3>"]
    assert lines[0][3:].startswith(begins)


def test_the_journal_knows_why_a_start_failed_for_an_error() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        end = os.fstat(theirs.fileno())
        environment = {**os.environ, "JOURNAL_STREAM": f"{end.st_dev}:{end.st_ino}"}
        command = [sys.executable, "-m", "service", "serve", "--config", "/not/there"]
        ended = subprocess.run(command, stderr=theirs.fileno(), env=environment, check=False)
        theirs.shutdown(socket.SHUT_WR)
        with ours.makefile() as received:
            assert received.read() == "<3>Error: /not/there: No such file or directory\n"
    assert ended.returncode == 1


def test_a_stale_journal_variable_changes_nothing() -> None:
    environment = {**os.environ, "JOURNAL_STREAM": "1:1"}
    command = [sys.executable, "-c", CONFIGURE + SAY, "info", "text"]
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert done.stderr.startswith(b"time=")


FLOOD = """
for number in range({number}):
    log.warning("no %d", number)
    log.info("a render failed", extra={{"plot": "loss" if number % 2 else "gain"}})
log.info("something else")
"""


def test_a_flood_is_told_of_by_its_first_lines_and_by_how_many_more_there_were() -> None:
    lines = _lines(say=FLOOD.format(number=100) + "logging.shutdown()")
    numbered = [line for line in lines if 'msg="no ' in line]
    assert len(numbered) == MOST_ALIKE + 1
    assert numbered[-1].endswith(f'msg="no 99 … and {99 - MOST_ALIKE} more like it"')
    assert sum("something else" in line for line in lines) == 1


def test_no_plot_hides_what_another_one_does() -> None:
    lines = _lines(say=FLOOD.format(number=100) + "logging.shutdown()")
    for plot in ("loss", "gain"):
        own = [line for line in lines if line.endswith(f"plot={plot}")]
        assert len(own) == MOST_ALIKE + 1
        assert f'msg="a render failed … and {49 - MOST_ALIKE} more like it"' in own[-1]


def test_what_was_held_back_is_told_once_the_minute_is_over_and_counting_begins_anew() -> None:
    wait = """
import io, threading
class Told(io.StringIO):
    told = threading.Event()
    def write(self, text):
        if "more like it" in text:
            self.told.set()
        return super().write(text)
telemetry.WINDOW_S = 0.5
stream = Told()
telemetry.configure_logging(config.Log(), {}, stream)
for turn in range(2):
    for _ in range(50):
        log.warning("again")
    assert stream.told.wait(30)
    stream.told.clear()
sys.stderr.write(stream.getvalue())
"""
    told = [line.partition("msg=")[2] for line in _lines(say=wait)]
    more = [int(found[1]) for text in told if (found := re.fullmatch(r'"again … and (\d+) more like it"', text))]
    assert len(more) >= 2
    assert told.count("again") + sum(number + 1 for number in more) == 2 * 50


def test_it_takes_no_thread_before_there_is_something_to_tell_as_the_start_forks() -> None:
    count = "import threading; print(threading.active_count(), file=sys.stderr); log.info('plain'); "
    begin, told, end = _lines(say=count + "print(threading.active_count(), file=sys.stderr)")
    assert (begin, told.endswith("msg=plain"), end) == ("1", True, "2")


def test_what_is_told_where_there_is_no_room_for_a_thread_hurts_nobody() -> None:
    full = "import threading; usual = threading.stack_size(2**47); log.info('no room'); "
    assert [line.partition("msg=")[2] for line in _lines(say=full)] == ['"no room"']
    count = "threading.stack_size(usual); log.info('room'); print(threading.active_count(), file=sys.stderr)"
    assert _lines(say=full + count)[-1] == "2"


def test_each_answer_is_told_of_where_that_is_wanted() -> None:
    many = f"for _ in range({MOST_ALIKE + 5}): logging.getLogger(telemetry.ACCESS).info('answered')"
    assert len(_lines(say=many)) == MOST_ALIKE + 5


@pytest.mark.parametrize(
    "text",
    [
        "/plots/loss.png?_token=hidden&x=1",
        "/plots/loss.png?x=1&_sig=hidden&_exp=1",
        "/live?url=%2Fplots%2Floss.png%3F_sig%3Dhidden%26x%3D1",
        "/wall?p=loss.png%253F%255ftoken%253Dhidden%2526x%253D1",
        "/-/login?%5Ftoken=hidden#x",
        "Authorization: Bearer hidden",
        "{'Authorization': 'bearer hidden'}",
    ],
)
def test_no_secret_is_written(text: str) -> None:
    assert "hidden" not in without_secrets(text)
    assert without_secrets(text).replace("***", "hidden") == text


@pytest.mark.parametrize("where", ["/loss.png?%5f%74oken={}", "n: expected a number, got '{}'", "http://u:{}@host/"])
def test_a_token_is_known_wherever_it_turns_up(where: str, tmp_path: Path) -> None:
    token = tokens.add(tmp_path, new_token("anna", ("view",), ("*",), None))
    told = without_secrets(where.format(token))
    assert token not in told
    assert "plotd_***" in told


def test_a_session_is_no_more_told_than_a_token() -> None:
    assert without_secrets("value 'plotd_0a1b2c3d=anna.9.hidden; a=b'") == "value 'plotd_0a1b2c3d=*** a=b'"


def test_lines_are_one_line_each() -> None:
    assert one_line("a\n  b\x00") == r"a | b\x00"


def test_what_can_hardly_be_logged_does_no_harm() -> None:
    odd = """
logging.raiseExceptions = False
for _ in range(50):
    log.warning(["no", "text"])
    log.warning("%d", "no number")
log.warning("100 %")
logging.shutdown()
"""
    lines = _lines(say=odd)
    assert lines[-1].endswith(f"""msg="['no', 'text'] … and {49 - MOST_ALIKE} more like it\"""")
    assert sum('msg="100 %"' in line for line in lines) == 1


def test_a_daemon_tells_at_its_end_what_it_held_back(serve: Serve) -> None:
    daemon = serve()
    for number in range(MOST_ALIKE + 5):
        with pytest.raises(urllib.error.HTTPError) as failed:
            urllib.request.urlopen(f"{daemon.url}/plots/none{number}.png")
        failed.value.close()
    daemon.end_well()
    told = [line for line in daemon.stderr.splitlines() if "answered" in line]
    assert len(told) == MOST_ALIKE + 1
    assert 'msg="answered … and 4 more like it"' in told[-1]


def test_a_reload_changes_how_it_tells(serve: Serve, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("log: {access: false}\n")
    daemon = serve("--config", config)
    urllib.request.urlopen(f"{daemon.url}/plots/host.png").close()  # it is up by then
    config.write_text("log: {access: true, format: json}\n")
    daemon.process.send_signal(signal.SIGHUP)
    pause, until_s = threading.Event(), time.monotonic() + 60
    while "reloaded" not in daemon.stderr:
        assert time.monotonic() < until_s, daemon.stderr
        pause.wait(0.05)
    urllib.request.urlopen(f"{daemon.url}/healthz").close()
    daemon.end_well()
    told = [json.loads(line) for line in daemon.stderr.splitlines() if line.startswith("{")]
    (answered,) = [line for line in told if line["logger"] == "access"]
    assert (answered["status"], answered["method"], answered["url"]) == (200, "GET", "/healthz")
