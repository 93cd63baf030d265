"""A daemon on a machine that lets it down: it says so once, serves what it can, and is well again by itself."""

from __future__ import annotations

import json
import re
import resource
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.chaos.place import PATIENCE_S, Place, ask, crowd, files_of, logged, processor_s, serves
from tests.conftest import Daemon
from tests.systemd.machine import until
from websockets.sync.client import connect

Placed = Callable[..., Place]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where all that the daemon writes goes."""
    made = tmp_path / "state"
    made.mkdir()
    return made


def small_disk(state: Path, options: str = "size=1m") -> dict[str, str]:
    """Return what puts all that a daemon writes on a disk of its own."""
    place = shlex.quote(str(state))
    return {"before": f"mount -t tmpfs -o {options} tmpfs {place}", "STATE_DIRECTORY": str(state), "TMPDIR": str(state)}


def kept(place: Place, state: Path) -> int:
    """Return of how many pictures the dependencies are on the disk."""
    rows = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select kind from kept').fetchall())"
    command = [sys.executable, "-c", rows, str(state / "dependencies.sqlite")]
    return place.run(shlex.join(command)).count("dependencies")


def test_a_full_disk_costs_nobody_a_picture(placed: Placed, state: Path) -> None:
    place = placed(**small_disk(state))
    daemon = place.daemon
    assert serves(daemon)
    place.run(f"cat /dev/zero >{state}/ballast 2>/dev/null || true")
    before = place.run(f"ls -A {state}")
    for number in range(2, 102):
        assert ask(daemon, f"/plots/line.png?n={number}").status == 200
    assert place.run(f"ls -A {state}") == before
    assert logged(daemon, "can't keep dependencies over restarts: database or disk is full") == 1
    assert re.search(r"plotd_state_unwritten [1-9]", ask(daemon, "/metrics").body.decode())
    place.run(f"rm {state}/ballast")
    assert ask(daemon, "/plots/line.png?n=200").status == 200
    until("all is written", lambda: "plotd_state_unwritten 0.0" in ask(daemon, "/metrics").body.decode())
    assert kept(place, state) >= 100
    assert logged(daemon, "dependencies are kept over restarts again") == 1
    assert daemon.stderr.count("\n") < 20


def test_a_read_only_disk_costs_nobody_a_picture(placed: Placed, state: Path) -> None:
    place = placed(**small_disk(state, "ro"))
    daemon = place.daemon
    for number in range(2, 22):
        assert ask(daemon, f"/plots/line.png?n={number}").status == 200
    assert logged(daemon, "can't keep dependencies over restarts") == 1
    assert logged(daemon, "can't note what is being drawn") == 1
    place.run(f"mount -o remount,rw {state}")
    assert ask(daemon, "/plots/line.png?n=200").status == 200
    until("all is written", lambda: kept(place, state) >= 20)
    until("a journal", lambda: "drawing-" in place.run(f"ls {state}"))
    assert daemon.stderr.count("\n") < 20


@contextmanager
def watching(daemon: Daemon, path: str) -> Iterator[Callable[[str], dict[str, object]]]:
    """Watch the picture at *path*; give what waits until it is in a state."""
    with connect(f"ws://127.0.0.1:{daemon.port}/live") as page:
        page.send(json.dumps({"watch": [path]}))

        def hears(state: str) -> dict[str, object]:
            while (message := json.loads(page.recv(timeout=PATIENCE_S))).get("state") != state:
                pass
            return dict(message)

        yield hears


def test_a_folder_of_data_that_is_unmounted_and_comes_back_is_stale_and_then_fresh(
    placed: Placed, folder: Path
) -> None:
    data = folder / "data"
    mount = f"mount -t tmpfs tmpfs {shlex.quote(str(data))}"
    (data / "run.txt").unlink()
    place = placed(f"{mount}; echo 1 2 >{shlex.quote(str(data))}/run.txt")
    daemon = place.daemon
    with watching(daemon, "/plots/data.png") as hears:
        first = hears("fresh")["etag"]
        place.run(f"umount {shlex.quote(str(data))}")
        assert hears("stale")["error"]
        answer = ask(daemon, "/plots/data.png")
        assert (answer.status, answer.headers["Plotd-State"]) == (200, "stale")
        place.run(f"{mount}; echo 3 4 5 >{shlex.quote(str(data))}/run.txt")
        assert hears("fresh")["etag"] != first
        place.run(f"echo 6 >{shlex.quote(str(data))}/run.txt")
        hears("fresh")
    assert serves(daemon)
    assert daemon.stderr.count("\n") < 20


def test_a_folder_of_plots_that_is_unmounted_and_comes_back_has_its_plots_again(placed: Placed, folder: Path) -> None:
    away, spot = folder.parent / "away", shlex.quote(str(folder))
    away.mkdir()
    place = placed(f"cp -r {spot}/. {away}; mount --bind {away} {spot}; rm -r {away}/data")
    daemon = place.daemon
    assert serves(daemon)
    (folder / "p.py").unlink()
    place.run(f"umount {spot}")
    until("no plot", lambda: ask(daemon, "/plots/line.png").status == 404)
    place.run(f"mount --bind {away} {spot}")
    until("the plot", lambda: ask(daemon, "/plots/line.png").status == 200)
    assert daemon.stderr.count("\n") < 20


@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_without_room_for_watches_files_are_looked_at_and_that_is_said_once(
    placed: Placed, folder: Path, limit: str
) -> None:
    place = placed(f"echo 0 >/proc/sys/user/{limit}", PLOTD_LIVE__POLL_S="0.3")
    daemon = place.daemon
    with watching(daemon, "/plots/data.png") as hears:
        hears("fresh")
        for number in range(5):
            (folder / "data" / "run.txt").write_text(f"1 2 {number}")
            hears("fresh")
        (folder / "q.py").write_text((folder / "p.py").read_text().replace("plot_line", "plot_another"))
        until("a new plot", lambda: ask(daemon, "/plots/another.png").status == 200)
        assert logged(daemon, "files are only looked at every 0.3 s: can't be told of changes") == 1
        place.run(f"echo 1000 >/proc/sys/user/{limit}")
        (folder / "more").mkdir()  # one more folder to watch: no need to wait for the next try
        (folder / "more" / "r.py").write_text((folder / "p.py").read_text())
        until("watches", lambda: logged(daemon, "files are watched again") == 1)
    assert daemon.stderr.count("\n") < 20


def test_a_clock_that_jumps_changes_nothing_that_lasts(
    placed: Placed, folder: Path, tmp_path: Path, faketime: str
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    place = placed(
        LD_PRELOAD=faketime,
        FAKETIME_TIMESTAMP_FILE=str(clock),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        NO_FAKE_STAT="1",
    )
    daemon, data = place.daemon, folder / "data"
    with watching(daemon, "/plots/data.png") as hears:
        hears("fresh")
        for number, jump in enumerate(["-3600", "+86400", "-86400", "+0"]):
            clock.write_text(jump)
            (data / "run.txt").write_text(f"1 2 {number}")
            hears("fresh")
            assert ask(daemon, "/plots/data.png").how == "hit"
            assert ask(daemon, f"/plots/line.png?n={number + 3}").how == "miss"
    assert daemon.stderr.count("\n") < 20


def test_without_file_descriptors_it_waits_says_so_once_and_then_goes_on(placed: Placed, folder: Path) -> None:
    daemon = placed().daemon
    assert serves(daemon)
    pid = daemon.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (files_of(daemon) + 5, before[1]))
    busy_s = processor_s(daemon)
    with crowd(daemon, 100):
        until("that is said", lambda: logged(daemon, "no connection can be accepted") == 1)
        (folder / "p.py").write_text((folder / "p.py").read_text() + "\n\ndef plot_late():\n    plt.plot([1])\n")
        threading.Event().wait(5)
        assert processor_s(daemon) - busy_s < 2
    assert ask(daemon, "/plots/line.png").status == 200
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    until("the new plot", lambda: ask(daemon, "/plots/late.png").status == 200)
    assert serves(daemon)
    assert logged(daemon, "the plots stay as they were until they can be looked at") == 1
    assert logged(daemon, "connections are accepted again") == 1
    assert daemon.stderr.count("\n") < 30
