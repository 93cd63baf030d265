"""An executor of worker processes, and a folder of plots for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import psutil

from plotd.encode import Sizing
from plots.discover import scan
from plots.loading import Library
from plots.paint import Job, Outcome
from plots.parameters import parse
from service.processes import Processes

LIMIT_S = 20.0
MEMORY_MB = 1024

CURVE = """
    import matplotlib.pyplot as plt

    def plot_curve(n: int = 5):
        plt.plot([k * k for k in range(n)])
"""
PID = """
    import os

    def plot_pid():
        raise LookupError(os.getpid())
"""
IMPORTS = """
import ctypes, os, re, signal, subprocess, sys, threading, time
import numpy as np
import matplotlib.pyplot as plt
"""
NEVER = "re.match('(a+)+$', 'a' * 60 + 'b')"  # a C call that keeps the GIL


@dataclass(eq=False)
class Office:
    """Draws plots of *folder*."""

    folder: Path
    processes: Processes
    known: Library

    def job(self, text: str, *words: tuple[str, str], name: str = "p.py") -> Job:
        """Return the job of drawing the only plot of a file that says *text*."""
        path = self.folder / name
        path.write_text(dedent(text))
        found = scan([path], self.known)
        assert not found.failures
        (spec,) = found.plots
        values = parse(spec.parameters, words, Path)
        return Job(spec, values.given, "png", Sizing(), 10**7, words=values.words)

    def doing(self, *lines: str) -> Job:
        """Return the job of drawing a plot that does that."""
        return self.job("\n    ".join([f"{IMPORTS}\ndef plot_it():", *lines]), name="it.py")

    async def draw(self, job: Job, limit_s: float = LIMIT_S) -> Outcome:
        """Draw it, and see that its beginning was told."""
        begun: list[bool] = []
        outcome = await self.processes.run(job, lambda: begun.append(True), limit_s)
        assert begun == [True]
        return outcome

    async def worker(self) -> int:
        """Return the process of the worker that draws next."""
        return int(message(await self.draw(self.job(PID, name="pid.py"))).rpartition(" ")[2])


@asynccontextmanager
async def opened(folder: Path, workers: int = 1, recycle_after: int = 1000) -> AsyncIterator[Office]:
    """Open one."""
    office = Office(folder, Processes(workers, recycle_after, MEMORY_MB, os.getcwd()), Library(10.0))
    try:
        yield office
    finally:
        office.processes.close()


def body(outcome: Outcome) -> bytes:
    assert outcome.picture is not None, outcome.failure
    return outcome.picture.body


def message(outcome: Outcome, code: str = "plot_failed") -> str:
    assert outcome.failure is not None and outcome.failure.code == code, outcome.failure
    return outcome.failure.message


def make_gate(path: Path) -> Path:
    """Make a pipe: who reads it waits until somebody writes."""
    os.mkfifo(path)
    return path


async def told(gate: Path) -> list[int]:
    """Wait until somebody has written process numbers to *gate*, and return these."""
    async with asyncio.timeout(LIMIT_S):
        return [int(word) for word in (await asyncio.to_thread(gate.read_text)).split()]


def is_gone(pid: int) -> bool:
    """Say whether no such process runs. One that ended counts, though nobody may ever ask how."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until_gone(*pids: int) -> None:
    """Wait until none of these processes runs."""
    async with asyncio.timeout(LIMIT_S):
        while not all(map(is_gone, pids)):
            await asyncio.to_thread(lambda: None)
