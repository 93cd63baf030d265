"""A machine for these tests, booted once, on which plotd is installed as its users do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.systemd.machine import PLOTD, ROOT, Machine, why_not

WHY_NOT = why_not()
collect_ignore_glob = ["test_*.py"] if WHY_NOT else []

CONFIG = f"""
plots:
  paths: [/srv/plots, {ROOT}/plots/gallery]
stop:
  grace_s: 15
"""
PLOTS = '''
import time
from pathlib import Path
import matplotlib.pyplot as plt
from plotd import plot

def plot_quick(n: int = 0):
    plt.plot([n, 1, 2])

def plot_data():
    plt.plot([float(Path("/srv/plots/data.txt").read_text()), 1])

def plot_slow(seconds: float = 3):
    time.sleep(seconds)
    plt.plot([1, 2])

def plot_busy(seconds: float = 3):
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        pass
    plt.plot([1, 2])

def plot_greedy():
    """Holds Python for good."""
    sum(range(10**13))

@plot(executor="processes")
def plot_apart():
    plt.plot([1, 2])

@plot(executor="processes")
def plot_hog(megabytes: int = 2000):
    """Takes all the memory there is."""
    taken = []
    for _ in range(megabytes):
        taken.append(b"x" * 2**20)
    plt.plot([len(taken)])
'''


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why the tests in this folder were not run, if they weren't."""
    if WHY_NOT:
        terminalreporter.write_line(f"{Path(__file__).parent}: no tests under systemd: {WHY_NOT}")


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that has plots, settings and the units for them, which have run once."""
    machine = Machine(tmp_path_factory.mktemp("machine"))
    try:
        machine.boot()
        machine.write("/srv/plots/data.txt", "1")
        machine.write("/srv/plots/own.py", PLOTS)
        machine.write("/etc/plotd/config.yaml", CONFIG)
        machine.run(f"{PLOTD} unit --config /etc/plotd/config.yaml -o /etc/systemd/system")
        yield machine
    finally:
        machine.power_off()


@pytest.fixture
def machine(booted: Machine) -> Iterator[Machine]:
    """That machine, with plotd running."""
    booted.start()
    try:
        yield booted
    finally:
        booted.write("/etc/plotd/config.yaml", CONFIG)
        booted.run("rm -rf /run/systemd/system/plotd.service.d; systemctl stop plotd.socket plotd.service")


@pytest.fixture
def watched(booted: Machine) -> None:
    """Let the watchdog be impatient; to be asked for before *machine*."""
    booted.write("/run/systemd/system/plotd.service.d/watched.conf", "[Service]\nWatchdogSec=3\n")
