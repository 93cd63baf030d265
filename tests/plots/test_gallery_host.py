"""The plot of this machine: what it samples, keeps and shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import psutil
import pytest

pytestmark = pytest.mark.usefixtures("turn")


class Times(NamedTuple):
    user: float
    system: float
    idle: float
    iowait: float
    guest: float


class Disk(NamedTuple):
    read_bytes: int
    write_bytes: int


class Net(NamedTuple):
    bytes_recv: int
    bytes_sent: int


@pytest.fixture
def host(gallery: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, with nothing sampled yet."""
    module = gallery("host")
    monkeypatch.setattr(module, "HISTORY", module.History())
    return module


def test_it_shows_something_at_once(host: ModuleType) -> None:
    threads = threading.active_count()
    figure = host.plot_host()
    assert threading.active_count() == threads
    assert [axes.get_title("left") for axes in figure.axes] == ["Processor", "Memory", "Disk", "Network"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["%", "GiB", "MB/s", "MB/s"]
    (processor, *_), (memory, *_) = (axes.lines for axes in figure.axes[:2])
    assert 0 <= float(processor.get_ydata()[0]) <= 100
    assert 0 < float(memory.get_ydata()[0]) < psutil.virtual_memory().total / 2**30


def test_it_samples_no_faster_than_its_viewers_can_see(host: ModuleType) -> None:
    for _ in range(3):
        host.plot_host()
    assert host.HISTORY.since(0).shape[1] >= 1
    assert (np.diff(host.HISTORY.since(0)[0]) >= host.MIN_STEP_S).all()


def test_it_measures_between_two_looks(host: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, list[Any]] = {
        "cpu_times": [Times(10, 10, 80, 10, 5), Times(30, 20, 90, 20, 10)],
        "disk_io_counters": [Disk(5_000_000, 0), Disk(5_000_000, 8_000_000)],
        "net_io_counters": [Net(0, 1_000_000), Net(2_000_000, 500_000)],
    }
    for name, answers in told.items():
        monkeypatch.setattr(psutil, name, iter(answers).__next__)
    host.HISTORY.take_sample()
    _, share, _, read, written, received, sent = host.HISTORY.since(0)[:, 0]
    assert share == pytest.approx(60)  # 30 s of user and system, of 50: a guest's time is in user's
    assert 0 < written < 80  # MB/s: 8 MB in at least a tenth of a second
    assert (read, written / received, sent) == (0, pytest.approx(4), 0)  # a counter that fell began anew


def test_it_breaks_the_line_where_nobody_looked(host: ModuleType) -> None:
    now = time.time()
    for age in (900, 898, 300, 298, 296):
        host.HISTORY.add(now - age, 50, 8, 1, 1, 1, 1)
    assert np.isnan(host.HISTORY.since(0)[1]).tolist() == [False, False, True, False, False, False]
    assert host.HISTORY.since(now - 310).shape == (7, 3)
    figure = host.plot_host(timedelta(minutes=10))
    figure.canvas.draw()
    left, right = figure.axes[-1].get_xlim()
    assert (right - left) * 86400 == pytest.approx(300, abs=5)


def test_it_keeps_no_more_than_a_bound(host: ModuleType) -> None:
    for k in range(host.MAX_SAMPLES + 10):
        host.HISTORY.add(k, 50, 8, 1, 1, 1, 1)
    assert host.HISTORY.since(0)[0].tolist()[:1] == [10]
    host.plot_host(timedelta(days=9)).canvas.draw()


def test_it_says_what_the_system_does_not_tell(host: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden() -> None:
        raise FileNotFoundError("/proc/meminfo")

    monkeypatch.setattr(psutil, "disk_io_counters", lambda: None)
    monkeypatch.setattr(psutil, "net_io_counters", lambda: None)
    monkeypatch.setattr(psutil, "virtual_memory", hidden)
    figure = host.plot_host()
    figure.canvas.draw()
    assert [bool(axes.texts) for axes in figure.axes] == [False, True, True, True]


def test_it_refuses_a_window_of_nothing(host: ModuleType) -> None:
    with pytest.raises(ValueError, match="window must be longer than nothing"):
        host.plot_host(timedelta(0))


@pytest.mark.parametrize("size", [(3.2, 2.4), (6.4, 4.8), (12, 5)], ids=str)
@pytest.mark.parametrize("samples", [1, 2, 500])
def test_it_fits_into_every_size(host: ModuleType, size: tuple[float, float], samples: int) -> None:
    for k in range(samples - 1):
        host.HISTORY.add(time.time() - 2 * (samples - k), k % 100, 8, k, 3, 0.1, 1000)
    figure = host.plot_host()
    figure.set_size_inches(size)
    figure.canvas.draw()
    box = figure.get_tightbbox()
    assert box.x0 > -0.05
    assert box.y0 > -0.02
    assert (box.x1, box.y1) < (size[0] + 0.05, size[1] + 0.02)
