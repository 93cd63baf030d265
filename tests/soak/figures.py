"""What a daemon and its workers take, over time, and whether that grows."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import psutil

EXPECTED = 180  # samples
MOST_GROWTH = 1.05
SPARE = 3  # descriptors or threads, at rest
COMING_AND_GOING = 8  # likewise, while viewers and workers do
FONTS = (".ttf", ".ttc", ".otf")


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is at a moment: the daemon's resident memory, and what the processes below it share with nobody.

    *files* and *threads* are the daemon's, *workers* all processes below it. Fonts don't count as files: matplotlib
    keeps 64 of them open, for whichever thread used them last.
    """

    resident_mb: float
    workers_mb: float
    files: float
    threads: float
    workers: float


def take(daemon: psutil.Process) -> Sample:
    """Return what *daemon* takes now, and all below it."""
    own = []
    for worker in daemon.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            own.append(worker.memory_full_info().uss)
    resident_mb, own_mb = daemon.memory_info().rss / 2**20, sum(own) / 2**20
    return Sample(resident_mb, own_mb, open_files(daemon).total(), daemon.num_threads(), len(own))


async def keep_sampling(daemon: psutil.Process, every_s: float, samples: list[Sample]) -> None:
    """Add to *samples* until cancelled; print the mean of each tenth."""
    while True:
        samples.append(await asyncio.to_thread(take, daemon))
        if len(samples) % (EXPECTED // 10) == 0:
            print(mean(samples[-EXPECTED // 10 :]), flush=True)
        await asyncio.sleep(every_s)  # noqa: TID251 - it's the time that counts


def mean(samples: Sequence[Sample]) -> Sample:
    """Return what there was on average."""
    return Sample(*(round(statistics.fmean(values), 1) for values in zip(*map(astuple, samples), strict=True)))


def grown(samples: Sequence[Sample]) -> list[str]:
    """Return what is more in the last fifth of *samples* than after the first tenth, in the fifth that follows that.

    A worker is replaced before it could grow: what counts is that there are no more of them.
    """
    tenth = len(samples) // 10
    before, after = mean(samples[tenth : 3 * tenth]), mean(samples[-2 * tenth :])
    most = {"resident_mb": before.resident_mb * MOST_GROWTH, "workers": before.workers + 1}
    most |= {"files": before.files + COMING_AND_GOING, "threads": before.threads + COMING_AND_GOING}
    return [
        f"{name}: {getattr(before, name):g}, then {getattr(after, name):g}"
        for name, bound in most.items()
        if getattr(after, name) > bound
    ]


def open_files(daemon: psutil.Process) -> Counter[str]:
    """Return how many files of each name are open, those of fonts left out."""
    folder = f"/proc/{daemon.pid}/fd"
    found: Counter[str] = Counter()
    for descriptor in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            found[re.sub(r"\[\d+\]", "", os.readlink(f"{folder}/{descriptor}"))] += 1
    return Counter({name: number for name, number in found.items() if not name.endswith(FONTS)})
