"""What the daemon logs of requests: one line each, with an id that the answer bears too, and no secret."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from tests.handlers.conftest import MakeSite, Site

from service.telemetry import KeyValue, Lines

BAD = """
    def plot_bad(word: str = "no"):
        raise ValueError(f"{word} <b>")
"""

SAYS = """
    import matplotlib.pyplot as plt

    def plot_says():
        print("y" * 5000)
        print("2026-01-01 ERROR forged\\x1b[31m")
        plt.plot([1, 2])
"""


class Log(io.StringIO):
    """What is written to stderr."""

    def lines(self, logger: str = "handlers.routes") -> list[str]:
        """Return what *logger* was told."""
        return [line for line in self.getvalue().splitlines() if f" logger={logger} " in line]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[Log]:
    caplog.set_level(logging.INFO)
    written = Log()
    handler = Lines(written)
    handler.setFormatter(KeyValue())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)
    handler.close()


@pytest.fixture
def bad(site: Site) -> Site:
    site.house.write("bad.py", BAD)
    return site


async def test_what_a_plot_prints_is_one_line_of_the_log_and_only_its_end(
    site: Site, log: Log, capfd: pytest.CaptureFixture[str]
) -> None:
    site.house.write("says.py", SAYS)
    assert (await site.fetch("/plots/says.png")).code == 200
    (line,) = log.lines("service.renderer")
    assert ' msg="a plot printed" ' in line
    assert " plot=says/says " in line
    assert line.endswith(' | 2026-01-01 ERROR forged\\x1b[31m | "')
    assert len(line) < 1500
    assert capfd.readouterr() == ("", "")


async def test_every_answer_bears_an_id_of_its_own(bad: Site) -> None:
    paths = ("/", "/plots/bad.png", "/nowhere", "/healthz", "/static/plotd.css", "/static/none", "/plots/bad.png")
    ids = [(await bad.fetch(path)).headers["X-Request-Id"] for path in paths]
    assert len(set(ids)) == len(paths)
    refused = await bad.say(b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
    assert re.search(rb"\r\nX-Request-Id: [0-9a-f]+-\d+\r\n", refused)


async def test_a_request_that_failed_is_one_line_with_the_id_and_the_words_of_its_answer(bad: Site, log: Log) -> None:
    answer = await bad.fetch("/plots/none.png?x=1")
    (line,) = log.lines()
    for said in (
        " level=info logger=handlers.routes msg=answered ",
        'status=404 method=GET url="/plots/none.png?x=1" ms=',
        """ error="there is no plot 'none'" client=127.0.0.1""",
        f" request={answer.headers['X-Request-Id']}",
    ):
        assert said in line


async def test_the_page_of_a_traceback_names_the_request_by_which_the_log_has_it(make_site: MakeSite, log: Log) -> None:
    site = await make_site(show_tracebacks=True)
    site.house.write("bad.py", BAD)
    answer = await site.fetch("/plots/bad.png", headers={"Accept": "text/html"})
    page, name = answer.body.decode(), answer.headers["X-Request-Id"]
    assert "Traceback" in page
    assert f"<code>{name}</code>" in page
    (rendering,) = log.lines("service.renderer")
    assert f"request={name} plot=bad/bad" in rendering
    assert 'error="ValueError: no <b>" traceback="Traceback (most recent call last): | ' in rendering
    assert f"request={name}" in log.lines()[0]


async def test_answers_that_went_well_are_told_of_by_choice(make_site: MakeSite, log: Log) -> None:
    quiet = await make_site()
    await quiet.fetch("/healthz")
    assert not log.lines()


async def test_with_an_access_log_every_answer_is_told_of(make_site: MakeSite, log: Log) -> None:
    site = await make_site(log={"access": True})
    await site.fetch("/healthz")
    await site.fetch("/nowhere")
    socket = await site.socket()
    socket.close()
    told = [re.findall(r"status=\d+|url=\S+", line) for line in log.lines("access")]
    assert told == [
        ["status=200", "url=/healthz"],
        ["status=404", "url=/nowhere"],
        ["status=101", "url=/live"],
    ]
    assert not log.lines()


async def test_what_is_refused_before_any_handler_is_told_of_too(bad: Site, log: Log) -> None:
    await bad.say(b"POST /plots/bad.png HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
    (line,) = log.lines()
    assert "status=413 method=POST url=/plots/bad.png" in line


@pytest.mark.parametrize("secret", ["_token=hidden", "_sig=hidden", "%5Ftoken=hidden"])
async def test_no_token_gets_into_the_log(bad: Site, log: Log, secret: str) -> None:
    for path in (f"/plots/bad.png?{secret}", f"/plots/none.png?{secret}&x=1", f"/live?url=%2Fplots%2Fbad.png?{secret}"):
        await bad.fetch(path, headers={"Authorization": "Bearer hidden"})
    told = log.getvalue().splitlines()
    assert len(told) >= 3
    assert "hidden" not in "".join(told)


async def test_no_client_forges_a_line(bad: Site, log: Log) -> None:
    await bad.fetch("/plots/bad.png?word=a%0Atime=2026%20level=error")
    await bad.say(b'GET /plots/x"\x1b\x85y=1 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a\r\nConnection: close\r\n\r\n')
    told = log.getvalue().splitlines()
    assert told
    assert all(line.isprintable() for line in told)


async def test_an_error_of_ours_is_told_with_its_traceback_and_to_nobody_else(
    bad: Site, log: Log, expected_log: list[str]
) -> None:
    expected_log.append("an error of the daemon")
    bad.app.settings["document"] = None
    answer = await bad.fetch("/-/openapi.json?_token=hidden")
    assert json.loads(answer.body)["error"]["message"] == "internal server error"
    (line,) = log.lines("handlers.base")
    assert f"request={answer.headers['X-Request-Id']}" in line
    assert "AttributeError: 'NoneType' object has no attribute 'text'" in line
    assert "hidden" not in line


async def test_a_render_that_a_page_began_is_told_of_by_the_request_of_its_websocket(bad: Site, log: Log) -> None:
    socket = await bad.socket()
    await socket.write_message('{"watch": ["/plots/bad.png"]}')
    async with asyncio.timeout(20):
        while "stale" not in str(await socket.read_message()):
            pass
    (line,) = log.lines("service.renderer")
    assert re.search(r" request=[0-9a-f]+-\d+ plot=bad/bad ", line)
