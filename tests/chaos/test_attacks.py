"""A daemon whose clients mean it no good: what they can hold is bound, others are served, and it goes on afterwards."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from tests.chaos.books import BOOKS, write_book
from tests.chaos.place import ask, clients_of, crowd, files_of, is_closed, memory_mb, processor_s, serves
from tests.conftest import Daemon
from tests.systemd.machine import until

Attacked = Callable[..., Daemon]

HALF = b"GET /plots/line.png HTTP/1.1\r\nHost: localhost\r\nA: "
BODY = b"POST /-/refresh/line HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n"
CHUNKED = b"POST /-/refresh/line HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
ASKING = b"GET /plots/%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
LIMIT_S = 3


def starve(daemon: Daemon, clients: Iterable[socket.socket], dripping: Iterable[socket.socket], drip: bytes) -> None:
    """Wait until all *clients* are hung up on, some of which never cease to say *drip*."""
    left, dripping = set(clients), set(dripping)

    def are_gone() -> bool:
        for client in dripping & left:
            with contextlib.suppress(OSError):
                client.send(drip)
        assert serves(daemon)
        left.difference_update([client for client in left if is_closed(client)])
        return not left

    until("all are hung up on", are_gone, 5 * LIMIT_S)


@pytest.mark.parametrize(
    ("said", "drip"), [(HALF, b"a"), (BODY, b"a"), (CHUNKED, b"1\r\na\r\n")], ids=["header", "body", "chunks"]
)
def test_slow_headers_and_slow_bodies_are_waited_for_no_longer_than_there_is_patience(
    attacked: Attacked, said: bytes, drip: bytes
) -> None:
    daemon = attacked(PLOTD_LISTEN__RECEIVE_TIMEOUT_S=str(LIMIT_S))
    assert serves(daemon)
    before_mb = memory_mb(daemon)
    with crowd(daemon, 500, said) as clients:
        starve(daemon, clients, clients[:100], drip)
    assert memory_mb(daemon) < before_mb + 30
    until("nothing left", lambda: files_of(daemon) < 60)
    assert daemon.stderr.count("\n") < 30


@pytest.mark.parametrize(("ending", "more_mb"), [("png", 60), ("html", 200)])  # a page is shared in a turn of the loop
def test_slow_readers_share_what_they_are_to_take_in_and_are_dropped(
    attacked: Attacked, ending: str, more_mb: int
) -> None:
    daemon = attacked(PLOTD_LISTEN__SEND_TIMEOUT_S=str(LIMIT_S))
    size = len(ask(daemon, f"/plots/noise.{ending}").body)
    assert size > 5_000_000
    assert serves(daemon)
    before_mb = memory_mb(daemon)
    with crowd(daemon, 300, ASKING % f"noise.{ending}".encode(), room=4096):
        until("a crowd", lambda: serves(daemon) and files_of(daemon) > 300)
        assert memory_mb(daemon) < before_mb + more_mb
        until("nobody left", lambda: serves(daemon) and files_of(daemon) < 60)
    assert memory_mb(daemon) < before_mb + more_mb
    assert len(ask(daemon, f"/plots/noise.{ending}").body) == size


def test_slow_readers_of_answers_of_their_own_are_dropped_before_memory_is_full(attacked: Attacked) -> None:
    daemon = attacked(PLOTD_LISTEN__MAX_UNSENT_MB="64", PLOTD_LISTEN__SEND_TIMEOUT_S="60", PLOTD_CACHE__MEMORY_MB="8")
    size_mb = len(ask(daemon, "/plots/noise.html").body) / 2**20
    assert serves(daemon)
    most = 64 // size_mb
    with contextlib.ExitStack() as crowds:
        for seed in range(20):
            (client,) = crowds.enter_context(crowd(daemon, 1, ASKING % b"noise.html?seed=%d" % seed, room=4096))
            assert client.recv(1) == b"H"
        until("enough are dropped", lambda: serves(daemon) and clients_of(daemon) <= most + 1, LIMIT_S)
        assert memory_mb(daemon) < 600
    assert len(ask(daemon, "/plots/noise.html").body) / 2**20 == size_mb


def test_ten_thousand_idle_sockets_are_held_while_others_are_served_and_then_dropped(attacked: Attacked) -> None:
    daemon = attacked(PLOTD_LISTEN__RECEIVE_TIMEOUT_S="15", PLOTD_LISTEN__BACKLOG="4096")
    assert serves(daemon)
    before_mb = memory_mb(daemon)
    with crowd(daemon, 9_900) as clients:
        until("a crowd", lambda: serves(daemon) and files_of(daemon) > 9_900)
        assert memory_mb(daemon) < before_mb + 200  # 20 kB each
        with crowd(daemon, 1_000):
            assert ask(daemon, "/healthz").status == 503
        until("all are hung up on", lambda: all(map(is_closed, clients)))
        assert files_of(daemon) < 60
    assert serves(daemon)
    assert daemon.stderr.count("\n") < 60


BOMBS = {
    "a header of many fields": (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"a: b\r\n" * 10_000, 431),
    "a header of one field": (b"GET / HTTP/1.1\r\nHost: localhost\r\na: ", b"b" * 60_000, 431),
    "an address": (b"GET /", b"a" * 60_000, 414),
    "a body that says its length": (BODY.replace(b"60000", b"9" * 12), b"a" * 60_000, 413),
    "a body without end": (CHUNKED, b"ea60\r\n" + b"a" * 60_000 + b"\r\n", 413),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_header_bombs_and_body_bombs_are_told_so_and_dropped(attacked: Attacked, kind: str) -> None:
    daemon = attacked()
    assert serves(daemon)
    before_mb = memory_mb(daemon)
    begin, more, status = BOMBS[kind]
    with crowd(daemon, 30, begin) as clients:
        for _ in range(30):
            for client in clients:
                with contextlib.suppress(ConnectionError):
                    client.sendall(more)
            assert memory_mb(daemon) < before_mb + 30
        assert serves(daemon)
    with crowd(daemon, 1, begin + more + more) as (client,):
        assert client.recv(100).startswith(b"HTTP/1.1 %d " % status)
    until("nothing left", lambda: files_of(daemon) < 60)
    assert daemon.stderr.count("\n") < 60  # 20 of a kind


CANARY = "it is mine alone"
TRICKS = """
../secret.csv ../../secret.csv ../plots-2/secret.csv %2e%2e/secret.csv ..%2fsecret.csv ..%5csecret.csv
%252e%252e%252fsecret.csv ....//secret.csv data/../../secret.csv link.csv out/secret.csv .hidden/secret.csv
secret.csv%00.txt %00 //secret.csv ../secret.csv%0d%0aX-Injected:1 file:///{above}/secret.csv {above}/secret.csv
{above}/plots/../secret.csv {above}/plots/link.csv ~/secret.csv %c0%ae%c0%ae/secret.csv /proc/self/environ
/proc/self/root{above}/secret.csv /dev/stdin
""".split()
PLACES = (
    "/{}",
    "/plots/{}",
    "/plots/{}.png",
    "/static/{}",
    "/-/{}",
    "/plots/table.csv?file_path={}",
    "/?q={}",
    "/plots/table.json?file_path={}",
    "/plots/table.png?file={}",
    "/wall?p={}",
    "/plots/line.png?_theme={}",
)


def test_path_tricks_lead_nowhere(serve: Callable[..., Daemon], folder: Path) -> None:
    above = folder.parent
    for place in ("secret.csv", "plots-2/secret.csv", "plots/.hidden/secret.csv"):
        (above / place).parent.mkdir(exist_ok=True)
        (above / place).write_text(f"{CANARY}\n1\n")
    (folder / "link.csv").symlink_to(above / "secret.csv")
    (folder / "out").symlink_to(above)
    table = Path(__file__).parent.parent.parent / "plots" / "gallery" / "table.py"
    daemon = serve(folder, table, PLOTD_DATA_ROOTS=str(folder))
    seen: set[int] = set()
    for trick, place in itertools.product(TRICKS, PLACES):
        path = place.format(trick.format(above=above))
        answer = ask(daemon, path)
        assert CANARY.encode() not in answer.body, path
        assert "X-Injected" not in answer.headers, path
        assert answer.status < 500, (path, answer.body)
        seen.add(answer.status)
    assert {400, 404} <= seen
    assert daemon.stderr.count("\n") < 100
    assert serves(daemon)


def test_floods_of_parameters_fill_no_memory_and_push_nobody_out(attacked: Attacked) -> None:
    daemon = attacked(
        PLOTD_CACHE__MEMORY_MB="8", PLOTD_CACHE__MAX_REQUESTS_PER_PLOT="50", PLOTD_CACHE__UNKNOWN_S="9999"
    )
    ask(daemon, "/plots/grain.png?seed=0")
    before_mb, chance = memory_mb(daemon), random.Random(0)
    for number in range(600):
        unknown = ask(daemon, f"/plots/grain.png?{chance.random()}={chance.random()}")
        assert (unknown.status, unknown.error["code"]) == (400, "bad_parameter")
        assert ask(daemon, f"/plots/grain.png?seed={number % 300 + 1}").status == 200
        assert number % 50 or ask(daemon, "/plots/line.png").how == "hit"
    assert memory_mb(daemon) < before_mb + 60
    assert "plotd_cache_pictures 51" in ask(daemon, "/metrics").body.decode()
    assert daemon.stderr.count("\n") < 60


HUGE = [
    ("/plots/figure.png?inches=100&dpi=200", 413),
    ("/plots/figure.png?inches=700&dpi=100", 413),
    ("/plots/figure.svg?inches=1000000", 413),
    ("/plots/figure.png?inches=4&dpi=1e9", 413),
    ("/plots/line.png?_width=10000&_height=10000", 413),
    ("/plots/line.png?_width=1000000", 400),
    ("/plots/line.png?_dpi=1e9", 400),
    ("/plots/line.png?_scale=1000", 400),
    ("/plots/line.png?_dpi=nan", 400),
]


def test_huge_figures_are_refused_before_they_are_drawn(attacked: Attacked) -> None:
    daemon = attacked()
    assert serves(daemon)
    ask(daemon, "/plots/figure.png")
    before_mb, before_s = memory_mb(daemon), processor_s(daemon)
    for path, status in HUGE:
        answer = ask(daemon, path)
        assert answer.status == status, (path, answer.body[:300])
    assert memory_mb(daemon) < before_mb + 50
    assert processor_s(daemon) < before_s + 5
    assert serves(daemon)


def test_xlsx_bombs_are_refused_before_they_are_read(attacked: Attacked, folder: Path) -> None:
    for name in BOOKS:
        write_book(folder / f"{name}.xlsx", name)
    daemon = attacked()
    assert serves(daemon)
    before_mb = memory_mb(daemon)
    for name, why in BOOKS.items():
        answer = ask(daemon, f"/plots/{name}.png", Accept="application/json")
        assert (answer.status, answer.error["code"]) == (500, "plot_failed"), name
        assert re.search(why, str(answer.error["message"])), answer.error
        assert str(folder) not in answer.body.decode()
        assert memory_mb(daemon) < before_mb + 300, name
        assert serves(daemon)
