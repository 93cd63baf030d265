"""Behind a real nginx, with its cache and buffering on: what it keeps, asks again, and passes on."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import nginx as nginx_server
from tests.conftest import Daemon, Serve, StartNginx
from tests.nginx import Nginx, program
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

LOSS = """
from pathlib import Path
import matplotlib.pyplot as plt

def plot_loss():
    with open(Path(__file__).parent / "run.csv") as file:
        plt.plot([float(line) for line in file])
"""
PREFIX = "/shown/here"
PICTURE = "/plots/loss.png"
PATIENCE_S = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plots"
    made.mkdir()
    (made / "loss.py").write_text(LOSS)
    (made / "run.csv").write_text("1\n3\n2\n")
    return made


@pytest.fixture
def daemon(serve: Serve, folder: Path) -> Daemon:
    """One that says of each request what it answered."""
    return serve(folder, PLOTD_LISTEN__TRUSTED_PROXIES="127.0.0.1", PLOTD_LOG__LEVEL="debug")


class Answer:
    """What came back."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    @property
    def cache(self) -> str | None:
        """How nginx came by it."""
        return self.headers["X-Cache-Status"]


def get(proxy: Nginx, path: str, **headers: str) -> Answer:
    """Return the answer to a GET."""
    with asked(proxy, path, **headers) as answer:
        return Answer(answer)


@contextlib.contextmanager
def asked(proxy: Nginx, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    """Ask for *path*; what comes back is still to be read."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        yield connection.getresponse()


def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    pause = threading.Event()
    for _ in range(PATIENCE_S * 50):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it never came")


def test_nginx_finds_nothing_wrong_with_what_is_shipped(daemon: Daemon, nginx: StartNginx) -> None:
    proxy = nginx(daemon.port)
    folder = str(proxy.folder)
    command = [program(), "-t", "-p", folder, "-e", f"{folder}/test.log", "-c", f"{folder}/nginx.conf"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert [line.rpartition("/")[2] for line in said.splitlines()] == [
        "nginx.conf syntax is ok",
        "nginx.conf test is successful",
    ]


def test_it_answers_from_its_cache_and_asks_again_with_the_etag(daemon: Daemon, nginx: StartNginx) -> None:
    proxy = nginx(daemon.port)
    first = get(proxy, PICTURE)
    assert (first.status, first.cache) == (200, "MISS")
    until(lambda: get(proxy, PICTURE).cache == "HIT")
    until(lambda: get(proxy, PICTURE).cache == "REVALIDATED")
    again = get(proxy, PICTURE)
    assert (again.body, again.headers["ETag"]) == (first.body, first.headers["ETag"])
    asked_of_us = re.compile(rf" status=(\d+) method=GET url={PICTURE} ")
    until(lambda: asked_of_us.findall(daemon.stderr)[:2] == ["200", "304"])
    has = get(proxy, PICTURE, If_None_Match=first.headers["ETag"])
    assert (has.status, has.body) == (304, b"")


def test_a_change_is_seen_through_the_cache(daemon: Daemon, nginx: StartNginx, folder: Path) -> None:
    proxy = nginx(daemon.port)
    first = get(proxy, PICTURE)
    (folder / "run.csv").write_text("3\n1\n2\n")
    until(lambda: get(proxy, PICTURE).headers["ETag"] != first.headers["ETag"])
    assert get(proxy, PICTURE).body != first.body


def test_what_failed_is_not_kept(daemon: Daemon, nginx: StartNginx) -> None:
    proxy = nginx(daemon.port)
    for _ in range(2):
        answer = get(proxy, "/plots/none.png")
        assert (answer.status, answer.cache) == (404, "MISS")


@pytest.mark.parametrize("accept", ["text/html", "application/json", "image/png"])
def test_answers_that_depend_on_a_header_are_kept_apart(daemon: Daemon, nginx: StartNginx, accept: str) -> None:
    proxy = nginx(daemon.port)
    plain = get(proxy, "/plots/loss", User_Agent="curl/8", Accept="*/*").headers["Content-Type"]
    for _ in range(2):
        assert (
            get(proxy, "/plots/loss", User_Agent="Mozilla", Accept="text/html")
            .headers["Content-Type"]
            .startswith("text/html")
        )
        assert get(proxy, "/plots/loss", User_Agent="curl/8", Accept="*/*").headers["Content-Type"] == plain


@pytest.mark.parametrize("strip", [False, True])
def test_it_works_below_a_prefix_that_is_passed_on_or_not(
    serve: Serve, nginx: StartNginx, folder: Path, strip: bool
) -> None:
    daemon = serve(folder, PLOTD_LISTEN__TRUSTED_PROXIES="127.0.0.1", PLOTD_LISTEN__BASE_URL=PREFIX)
    proxy = nginx(daemon.port, PREFIX, strip=strip)
    for path in ("/", "/plots/loss", PICTURE, "/static/plotd.css", "/healthz"):
        assert get(proxy, PREFIX + path).status == 200, path
    assert get(proxy, PREFIX + "/plots/none.png").status == 404
    assert get(proxy, PICTURE).status == 404  # nginx's own


def test_it_works_by_a_unix_socket(serve: Serve, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("s") / "s"
    proxy = nginx_server.start(tmp_path_factory.mktemp("nginx"), f"unix:{place}")
    try:
        # The address that it prints is the one to open, not the one that it listens at.
        serve(folder, PLOTD_LISTEN__UNIX_SOCKET=str(place), PLOTD_LISTEN__BASE_URL=proxy.url)
        assert get(proxy, PICTURE).status == 200
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", proxy.port)) as connection:
            connection.request("POST", "/-/refresh/loss", headers={"Origin": proxy.url})
            assert connection.getresponse().status == 202
    finally:
        proxy.stop()


async def test_websockets_pass(daemon: Daemon, nginx: StartNginx) -> None:
    proxy = nginx(daemon.port)
    headers = {"Origin": proxy.url}
    pages = [await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{proxy.port}/live", headers=headers)) for _ in "ab"]
    for page in pages:
        await page.write_message(json.dumps({"watch": [PICTURE]}))
        while json.loads(str(await page.read_message())).get("state") != "fresh":
            pass
    for page in pages:
        page.close()
        while await page.read_message() is not None:
            pass


async def test_upgrades_can_be_refused(daemon: Daemon, nginx: StartNginx) -> None:
    proxy = nginx(daemon.port, refuse_upgrades=True)
    with pytest.raises(HTTPClientError, match="400"):
        await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{proxy.port}/live", headers={"Origin": proxy.url}))


def test_a_request_that_waits_goes_past_the_cache(daemon: Daemon, nginx: StartNginx, folder: Path) -> None:
    proxy = nginx(daemon.port)
    first = get(proxy, PICTURE)
    answers: list[Answer] = []

    def wait() -> None:
        answers.append(get(proxy, PICTURE, Prefer="wait=20", If_None_Match=first.headers["ETag"]))

    waiting = [threading.Thread(target=wait) for _ in range(3)]
    for thread in waiting:
        thread.start()
    until(lambda: get(proxy, PICTURE).cache == "REVALIDATED")  # others are served meanwhile
    assert not answers
    (folder / "run.csv").write_text("3\n1\n2\n")
    for thread in waiting:
        thread.join(PATIENCE_S)
    assert [answer.status for answer in answers] == [200] * 3
    assert {answer.headers["ETag"] for answer in answers} == {get(proxy, PICTURE + "?").headers["ETag"]}
    assert {answer.cache for answer in answers} == {None}


@pytest.mark.parametrize(
    ("path", "headers", "mark"),
    [
        ("/plots/loss.stream", {}, b"image/png"),
        (f"/live?url={PICTURE}", {"Accept": "text/event-stream"}, b'"fresh"'),
    ],
)
def test_what_never_ends_comes_as_it_happens(
    daemon: Daemon, nginx: StartNginx, folder: Path, path: str, headers: dict[str, str], mark: bytes
) -> None:
    proxy = nginx(daemon.port)
    with asked(proxy, path, **headers) as one, asked(proxy, path, **headers) as two:
        for answer in (one, two):
            assert answer.status == 200
            until_it_says(answer, mark)
        (folder / "run.csv").write_text("3\n1\n2\n")
        for answer in (one, two):
            until_it_says(answer, mark)


def until_it_says(answer: http.client.HTTPResponse, word: bytes) -> None:
    """Read on until a line holds *word*."""
    while word not in (line := answer.readline()):
        assert line, "it ended"
