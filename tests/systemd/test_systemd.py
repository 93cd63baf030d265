"""plotd as a service of a real systemd: it says when it serves, is watched, reloads, stops and lives in its bounds."""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from tests.systemd.conftest import CONFIG
from tests.systemd.machine import Machine, until

WATCHING = """
import asyncio, sys
from tornado.websocket import websocket_connect

async def watch():
    socket = await websocket_connect("ws://127.0.0.1:9999/live")
    await socket.write_message('{"watch": ["/plots/data.png"]}')
    while (message := await socket.read_message()) is not None:
        print(message, flush=True)
    print(socket.close_code, flush=True)

asyncio.run(watch())
"""
ASKING = """
import itertools, urllib.request

for number in itertools.count():
    with urllib.request.urlopen(f"http://127.0.0.1:9999/plots/quick.png?n={number % 3}") as answer:
        print(answer.status, flush=True)
"""


EATS = """
import contextlib, threading, time
import matplotlib.pyplot as plt

def plot_eats():
    done = threading.Event()
    with contextlib.suppress(RuntimeError):
        while True:
            threading.Thread(target=done.wait, daemon=True).start()
    time.sleep(4)
    done.set()
    plt.plot([1])
"""


def test_a_start_returns_once_it_serves(machine: Machine) -> None:
    said = machine.run("curl -s -w '%{http_code}' http://127.0.0.1:9999/readyz; systemctl is-active plotd.service")
    assert "200" in said
    assert "active" in said.splitlines()[-1]
    shown = machine.show("Type", "StatusText", "WatchdogUSec", "NRestarts")
    assert shown["Type"] == "notify"
    assert shown["WatchdogUSec"] == "30s"
    assert " plots, 0 viewers" in shown["StatusText"]
    assert shown["NRestarts"] == "0"


def test_it_says_how_many_watch(machine: Machine) -> None:
    with machine.popen(f"{sys.executable} -c '{quoted(WATCHING)}'") as client:
        assert client.stdout is not None
        assert json.loads(client.stdout.readline())["url"] == "/plots/data.png"
        until("a viewer", lambda: ", 1 viewer" in machine.show("StatusText")["StatusText"])
        client.kill()
    until("no viewer", lambda: ", 0 viewers" in machine.show("StatusText")["StatusText"])


def test_hardening_is_in_force_and_everything_works(machine: Machine) -> None:
    paths = ("/", "/plots/host.png", "/plots/convergence.png?file_path=run.csv", "/plots/quick.png", "/plots/apart.png")
    assert [machine.fetch(path) for path in ("/", "/plots/host.png", "/plots/quick.png", "/plots/apart.png")] == [
        200
    ] * 4
    assert machine.fetch("/static/plotd.css") == 200, paths
    status = machine.run(f"cat /proc/{machine.pid}/status")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert facts["Uid"].split()[0] != "0"
    assert (facts["NoNewPrivs"], facts["Seccomp"], int(facts["CapBnd"], 16)) == ("1", "2", 0)
    shown = machine.run(f"ls -A /var/lib/plotd/ /var/cache/plotd/; ls -A /proc/{machine.pid}/root/home")
    assert "dependencies.sqlite" in shown
    assert "fontlist" in shown  # matplotlib's: it isn't made again at each start
    assert "Traceback" not in machine.log()


def test_systemd_finds_nothing_wrong_with_the_units(machine: Machine) -> None:
    units = "/etc/systemd/system/plotd.service /etc/systemd/system/plotd.socket"
    assert machine.run(f"systemd-analyze verify {units}") == ""
    machine.run("systemd-analyze security --offline=true --threshold=20 /etc/systemd/system/plotd.service")


@pytest.mark.usefixtures("watched")
def test_a_process_that_stands_still_is_noticed_and_replaced(machine: Machine) -> None:
    before = machine.pid
    machine.run(f"kill -STOP {before}")
    until("another process", lambda: machine.pid not in (0, before))
    until("it serves", lambda: machine.fetch("/plots/quick.png") == 200)
    assert "Watchdog timeout" in machine.log()


@pytest.mark.usefixtures("watched")
def test_a_busy_renderer_does_not_trip_the_watchdog(machine: Machine) -> None:
    before = machine.pid
    with ThreadPoolExecutor() as clients:
        asked = [clients.submit(machine.fetch, f"/plots/busy.png?seconds={seconds}") for seconds in (10, 10.5)]
        assert [each.result() for each in asked] == [200, 200]
    assert machine.pid == before


@pytest.mark.usefixtures("watched")
def test_code_that_holds_python_for_good_is_noticed_and_goes_to_a_process(machine: Machine) -> None:
    before = machine.pid
    assert machine.fetch("/plots/greedy.png") == 0
    until("another process", lambda: machine.pid not in (0, before))
    until("it serves", lambda: machine.fetch("/plots/quick.png") == 200)
    moved = json.loads(machine.run("curl -s http://127.0.0.1:9999/readyz"))["moved"]
    assert [each["plot"] for each in moved] == ["own/greedy"]
    assert "plot_greedy" in machine.log()  # the stack that the watchdog found


def test_a_process_that_is_killed_is_replaced(machine: Machine) -> None:
    before = machine.pid
    machine.run(f"kill -KILL {before}")
    until("another process", lambda: machine.pid not in (0, before))
    until("it serves", lambda: machine.fetch("/plots/quick.png") == 200)


def test_a_reload_takes_up_settings_and_keeps_process_sockets_and_pictures(machine: Machine) -> None:
    before = machine.pid
    with machine.popen(f"{sys.executable} -c '{quoted(WATCHING)}'") as client:
        assert client.stdout is not None
        while json.loads(client.stdout.readline()).get("state") != "fresh":
            pass
        drawing = drawing_of(machine)
        machine.write("/srv/more/more.py", "import matplotlib.pyplot as plt\ndef plot_more():\n    plt.plot([1])\n")
        machine.write("/etc/plotd/config.yaml", CONFIG.replace("[/srv/plots,", "[/srv/plots, /srv/more,"))
        machine.run("systemctl reload plotd.service")
        until("the new plot", lambda: machine.fetch("/plots/more.png") == 200)
        assert drawing_of(machine) == drawing
        machine.write("/srv/plots/data.txt", "2")
        seen: dict[str, str] = {}
        while seen.get("state") != "fresh" or seen.get("url") != "/plots/data.png":
            seen = json.loads(client.stdout.readline())
        assert machine.pid == before
        machine.run("systemctl stop plotd.service")
        assert client.stdout.readlines()[-1] == "1001\n"


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("plots: [", "/etc/plotd/config.yaml, line 1: not YAML"),
        (CONFIG + "render:\n  workers: none\n", "render.workers: expected a whole number, found 'none'"),
        (CONFIG + "rendr: {}\n", "rendr is no setting; did you mean render?"),
    ],
    ids=["not YAML", "wrong value", "unknown"],
)
def test_a_reload_with_bad_settings_is_refused_and_the_old_ones_stay(machine: Machine, config: str, why: str) -> None:
    before = machine.pid
    machine.write("/etc/plotd/config.yaml", config)
    machine.run("systemctl reload plotd.service")
    until("a reason", lambda: why in machine.show("StatusText")["StatusText"])
    assert (machine.pid, machine.show("ActiveState")["ActiveState"]) == (before, "active")
    assert machine.fetch("/plots/quick.png") == 200
    assert re.search(rf"reload refused, all stays as it was: .*{re.escape(why)}", machine.log())
    machine.write("/etc/plotd/config.yaml", CONFIG)
    machine.run("systemctl reload plotd.service")
    until("no reason", lambda: "refused" not in machine.show("StatusText")["StatusText"])


def test_a_stop_lets_pictures_under_way_be_finished(machine: Machine) -> None:
    with ThreadPoolExecutor() as clients:
        asked = clients.submit(machine.fetch, "/plots/slow.png?seconds=4")
        until("a render", lambda: "slow" in machine.log() or machine.fetch("/readyz") == 200)
        machine.run("sleep 1; systemctl stop plotd.service")
        assert asked.result() == 200
    assert machine.show("Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "0"}


def test_restarts_refuse_no_request(machine: Machine) -> None:
    seen = []
    with ExitStack() as stack:
        clients = [stack.enter_context(machine.popen(f"{sys.executable} -c '{quoted(ASKING)}'")) for _ in range(2)]
        for _ in range(4):
            machine.run("systemctl restart plotd.service")
            seen += [client.stdout.readline() for client in clients for _ in range(25) if client.stdout]
        for client in clients:
            client.kill()
    assert seen == ["200\n"] * 200


def test_a_worker_that_takes_all_memory_dies_alone(booted: Machine) -> None:
    drop_in = "/run/systemd/system/plotd.service.d/memory.conf"
    booted.write(drop_in, "[Service]\nMemoryHigh=infinity\nMemoryMax=600M\nMemorySwapMax=0\n")
    booted.start()
    before = booted.pid
    assert booted.fetch("/plots/hog.png") == 500
    assert booted.fetch("/plots/apart.png") == 200
    assert booted.fetch("/plots/quick.png") == 200
    assert (booted.pid, booted.show("NRestarts")["NRestarts"]) == (before, "0")
    assert "killed by signal 9" in booted.log()
    booted.run(f"rm {drop_in}; systemctl stop plotd.socket plotd.service")


def test_a_start_that_is_slow_is_waited_for_as_long_as_it_goes_on(booted: Machine) -> None:
    slow = "[Service]\nTimeoutStartSec=8\nEnvironment=PLOTD_RENDER__TIMEOUT_S=10\n"
    booted.write("/run/systemd/system/plotd.service.d/slow.conf", slow)
    booted.write("/srv/plots/late.py", "import time\ntime.sleep(1000)\ndef plot_late(): ...\n")
    try:
        booted.start()
        assert booted.show("NRestarts", "SubState") == {"NRestarts": "0", "SubState": "running"}
        assert "import took longer than 10 s" in booted.log()
    finally:
        booted.run("rm -rf /srv/plots/late.py /run/systemd/system/plotd.service.d")
        booted.run("systemctl stop plotd.socket plotd.service")


def test_a_plot_that_takes_all_threads_takes_nothing_else_down(booted: Machine) -> None:
    booted.write("/run/systemd/system/plotd.service.d/threads.conf", "[Service]\nTasksMax=60\n")
    booted.write("/srv/plots/eats.py", EATS)
    try:
        booted.start()
        before = booted.pid
        with ThreadPoolExecutor() as clients:
            asked = clients.submit(booted.fetch, "/plots/eats.png")
            until("no room", lambda: booted.show("TasksCurrent")["TasksCurrent"] == "60")
            booted.write(
                "/srv/plots/later.py", "import matplotlib.pyplot as plt\ndef plot_later():\n    plt.plot([1])\n"
            )
            seen = {booted.fetch(f"/plots/{plot}.png") for plot in ("quick", "quick", "apart")}
            assert asked.result() == 200
        assert seen <= {200, 503}
        until("room", lambda: booted.fetch("/plots/later.png") == 200)
        assert {booted.fetch(f"/plots/quick.png?n={n}") for n in range(3, 7)} == {200}
        assert booted.pid == before
    finally:
        booted.run("rm -rf /srv/plots/eats.py /srv/plots/later.py /run/systemd/system/plotd.service.d")
        booted.run("systemctl stop plotd.socket plotd.service")


def drawing_of(machine: Machine) -> str:
    """Return how long the picture took to draw, and so which drawing it is."""
    fields = machine.run("curl -s -o /dev/null -D - http://127.0.0.1:9999/plots/data.png")
    found = re.search(r"(?i)server-timing: (render;dur=[\d.]+)", fields)
    assert found, fields
    return found[1]


def quoted(program: str) -> str:
    """Return *program*, which holds double quotes and apostrophes, to stand between apostrophes."""
    return program.replace("'", "'\"'\"'")
