"""This machine, live: processor, memory, disk and network.

A sample is taken when the plot is drawn, so nothing runs while nobody looks; what was seen since the daemon started, or
since this file was edited, is kept up to a bound.
"""

import struct
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import matplotlib.dates
import matplotlib.pyplot as plt
import numpy as np
import psutil
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from plotd import plot

T = TypeVar("T")
mdates: Any = matplotlib.dates  # it has no types

NAN = float("nan")
SAMPLE = struct.Struct("7d")  # unix time; processor %; memory GiB; MB/s read, written, received, sent
MAX_SAMPLES = 130_000  # 3 days of one every 2 s, 14 MB
MANY_SAMPLES = 10_000  # filled areas take a second for more
MIN_STEP_S = 1.0  # several viewers take no more samples than one
FIRST_STEP_S = 0.1
MAX_GAP_S = 20  # nobody looked for longer than this: the line is broken
MIN_SHOWN_S = 60
LOWEST_TOP = 0.1  # MB/s: an idle disk is no mountain range
COLOURS = ("#1f77b4", "#d9730d")


class History:
    """The samples taken so far, and the counters that the next one is measured from."""

    def __init__(self) -> None:
        self._samples: deque[bytes] = deque(maxlen=MAX_SAMPLES)
        self._counters: NDArray[np.float64] | None = None

    def take_sample(self) -> None:
        """Add what happened since the last sample; the very first waits a moment, to have something to compare."""
        if self._counters is None:
            self._counters = read_counters()
            time.sleep(FIRST_STEP_S)
        elif time.monotonic() - self._counters[0] < MIN_STEP_S:
            return
        now = read_counters()
        step_s, busy_s, idle_s, *moved = now - self._counters
        share = 100 * busy_s / (busy_s + idle_s) if busy_s + idle_s > 0 else NAN
        rates = [max(count / step_s / 1e6, 0.0) if np.isfinite(count) else NAN for count in moved]
        self.add(time.time(), share, used_memory_gib(), *rates)
        self._counters = now

    def add(self, *sample: float) -> None:
        """Keep a sample, its numbers in the order of SAMPLE; the oldest goes if there are too many.

        Those that seem to come after it were taken before the clock was put back: they go, too.
        """
        while self._samples and SAMPLE.unpack(self._samples[-1])[0] > sample[0]:
            self._samples.pop()
        self._samples.append(SAMPLE.pack(*sample))

    def since(self, start: float) -> NDArray[np.float64]:
        """Return the samples after *start* (unix time) as columns, shape (7, n), broken by NaN where nobody looked."""
        samples = np.frombuffer(b"".join(self._samples)).reshape(-1, 7)
        samples = samples[samples[:, 0] >= start]
        gaps = np.flatnonzero(np.diff(samples[:, 0]) > MAX_GAP_S) + 1
        breaks = np.full((len(gaps), 7), NAN)
        breaks[:, 0] = samples[gaps, 0]
        return np.insert(samples, gaps, breaks, axis=0).T


HISTORY = History()


def read_counters() -> NDArray[np.float64]:
    """Return the clock, processor s busy and idle, bytes read, written, received and sent; NaN for what is not told."""
    times, disk, net = told(psutil.cpu_times), told(psutil.disk_io_counters), told(psutil.net_io_counters)
    busy, idle = NAN, NAN
    if times:
        idle = times.idle + getattr(times, "iowait", 0.0)
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        busy = sum(times) - guests - idle  # Linux counts the time of guests in user and nice as well
    moved = (disk.read_bytes, disk.write_bytes) if disk else (NAN, NAN)
    sent = (net.bytes_recv, net.bytes_sent) if net else (NAN, NAN)
    return np.array([time.monotonic(), busy, idle, *moved, *sent])


def used_memory_gib() -> float:
    memory = told(psutil.virtual_memory)
    return (memory.total - memory.available) / 2**30 if memory else NAN


def total_memory_gib() -> float:
    memory = told(psutil.virtual_memory)
    return memory.total / 2**30 if memory else NAN


def told(counter: Callable[[], T]) -> T | None:
    """Return what *counter* says, None where the system does not tell: containers hide parts of /proc."""
    try:
        return counter()
    except (OSError, RuntimeError, ValueError, LookupError, AttributeError, psutil.Error):
        return None


@plot(title="This machine", group="host", every="2s")
def plot_host(window: timedelta = timedelta(minutes=15)) -> Figure:
    """Processor, memory, disk and network of the machine that plotd runs on."""
    if window <= timedelta(0):
        raise ValueError("window must be longer than nothing")
    HISTORY.take_sample()
    now = time.time()
    total_gib = total_memory_gib()
    times, share, memory, *rates = HISTORY.since(now - window.total_seconds())
    moments = local_times(times)
    figure, panels = plt.subplots(4, sharex=True, layout="constrained")
    draw(panels[0], moments, {"{:.0f} %": np.clip(share, 0, 100)}, "Processor", "%", 100)
    draw(panels[1], moments, {f"{{:.1f}} of {total_gib:.1f} GiB": memory}, "Memory", "GiB", total_gib)
    draw(panels[2], moments, {"read {:.2f} MB/s": rates[0], "written {:.2f} MB/s": rates[1]}, "Disk", "MB/s")
    draw(panels[3], moments, {"in {:.2f} MB/s": rates[2], "out {:.2f} MB/s": rates[3]}, "Network", "MB/s")
    figure.align_ylabels(panels)
    elapsed_s = now - times[0] if len(times) else 0
    show_clock(panels[3], now - min(window.total_seconds(), max(MIN_SHOWN_S, elapsed_s)), now)
    return figure


def local_times(unix_times: ArrayLike) -> NDArray[np.datetime64]:
    """Return the moments as the clock on this machine's wall shows them."""
    offset = datetime.now().astimezone().utcoffset() or timedelta(0)
    return np.asarray((np.asarray(unix_times) + offset.total_seconds()) * 1e6).astype("datetime64[us]")


def draw(axes: Axes, moments: NDArray[Any], series: dict[str, Any], title: str, unit: str, top: float = NAN) -> None:
    """Draw one panel from 0 to *top*, else as high as its values reach; a label has a place for the newest value."""
    axes.set_title(title, loc="left", fontsize=8, fontweight="bold", pad=3)
    axes.set_ylabel(unit, fontsize=7)
    axes.tick_params(labelsize=7, length=2)
    axes.spines[["top", "right"]].set_visible(False)
    known = {label: values for label, values in series.items() if np.isfinite(values).any()}
    if not known:
        draw_unknown(axes)
        return
    for colour, (label, values) in zip(COLOURS, known.items(), strict=False):
        axes.plot(moments, values, color=colour, linewidth=1, label=label.format(values[-1]))
        if len(values) < MANY_SAMPLES:
            axes.fill_between(moments, values, color=colour, alpha=0.15, linewidth=0)
        axes.plot(moments[-1:], values[-1:], "o", color=colour, markersize=3, clip_on=False)
    axes.grid(alpha=0.25)
    highest = max(np.nanmax(values) for values in known.values())
    axes.set_ylim(0, top if np.isfinite(top) else max(LOWEST_TOP, 1.1 * highest))
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        borderaxespad=0.1,
        borderpad=0,
        ncols=2,
        frameon=False,
        fontsize=7,
        handlelength=0.8,
        columnspacing=1,
    )


def draw_unknown(axes: Axes) -> None:
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": "grey", "fontsize": 8}
    axes.text(0.5, 0.5, "not told by this system", transform=axes.transAxes, **style)
    axes.set_yticks([])


def show_clock(axes: Axes, start: float, end: float) -> None:
    """Let x run from *start* to *end* (unix times), with few and short words for the moments."""
    first, last = local_times([start, end])
    axes.set_xlim(first, last)
    locator = mdates.AutoDateLocator(minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, show_offset=end - start > 86_400))
    axes.xaxis.get_offset_text().set_fontsize(7)
