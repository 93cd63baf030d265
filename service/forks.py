"""Worker processes, forked from a server that has imported all that drawing needs. All of this floor that they import.

A worker leads a process group of its own: what user code starts ends with it. Whatever ends the daemon, be it SIGKILL,
ends them all.
"""

from __future__ import annotations

import contextlib
import fcntl
import multiprocessing
import os
import pickle
import select
import signal
import sys
import threading
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.synchronize import RLock
from typing import Any

from plots.parcel import paint_parcel
from plots.printed import Tail
from plots.tracing import Trace

PRELOADED = ("plots.worker", "pebble.pool.process", __name__)
NICE = 10  # a tenth of the daemon's share of a processor that both want, but more than batch jobs at 19 get
RETIRED = 86  # the status of a worker that ended as it should: user code may well call os._exit(0)
STATUS_0 = 256  # stands for that; no process can end with it
SAFE_PATH = "PYTHONSAFEPATH"


class Worker(ForkServerProcess):
    """A worker process, seen from the daemon; `run` alone is called in it."""

    def start(self) -> None:
        """Fork it; if there is no server yet, start that first, which takes a second or two."""
        with _starting, _other_main(), _free_to_start():
            with _safe_path():
                forkserver.ensure_running()
            super().start()

    def run(self) -> None:
        """Do what it is for. Threads and processes that user code left running can't keep it from ending."""
        super().run()
        os._exit(RETIRED)

    def is_alive(self) -> bool:
        """Say whether it runs; if it has ended, what it started ends too."""
        if super().is_alive():
            return True
        self._kill_group()
        return False

    def terminate(self) -> None:
        """Kill it at once: SIGTERM waits for Python, and a C call may never return to that."""
        self._kill_group()
        self.kill()

    @property
    def exitcode(self) -> int | None:
        """The exit status, or a signal below zero: 0 only if it ended as it should. None while it runs."""
        status = super().exitcode
        return status if status is None else {RETIRED: 0, 0: STATUS_0}.get(status, status)

    def _kill_group(self) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it is gone, or not made yet
                os.killpg(self.pid, signal.SIGKILL)


class Forks(ForkServerContext):
    """Makes such workers for one pool, in place of ``multiprocessing.get_context("forkserver")``."""

    Process = Worker

    def __init__(self) -> None:
        self._locks: list[RLock] = []
        self.set_forkserver_preload(list(PRELOADED))

    def RLock(self) -> RLock:  # noqa: N802 - multiprocessing's name for it
        """Return a new lock that processes share. It is kept: a worker that starts as its pool ends must find it."""
        self._locks.append(super().RLock())
        return self._locks[-1]

    def unlock(self) -> None:
        """Let the locks go, once no worker is left."""
        self._locks.clear()


def enter(folder: str, memory_mb: int | None) -> None:
    """Make this process, just forked, a worker in *folder*.

    What it prints goes nowhere: 100 MB of it must neither fill the log nor wait for one who reads it. What it says on
    stderr, such as where it crashed, goes to the daemon's log.
    """
    from plots.worker import begin  # the server has it, and the daemon doesn't need it

    os.setpgid(0, 0)  # not a session: where Linux shares out processors by session, nice counts only within one
    _end_with_daemon()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
    os.chdir(folder)
    os.environ.pop(SAFE_PATH, None)
    multiprocessing.set_start_method(None, force=True)  # user code gets Python's own default
    begin(NICE, memory_mb)


def paint_packed(parcel: bytes) -> bytes:
    """Draw what is in *parcel*, in a worker.

    Bytes both ways: pebble's threads in the daemon don't survive all that user code's objects may raise on the way.
    """
    packed = pickle.loads(parcel)  # noqa: S301, TID251 - the daemon packed it
    return pickle.dumps(paint_parcel(packed, into=Trace(printed=Tail())))


def _end_with_daemon() -> None:
    """Have the kernel kill this group when the daemon's end of a pipe closes, even while a C call keeps the GIL."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    lifeline = parent.sentinel
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | fcntl.FASYNC)
    if select.select([lifeline], [], [], 0)[0]:  # it closed before that
        os._exit(1)


@contextlib.contextmanager
def _other_main() -> Iterator[None]:
    """Keep workers from importing the program that the daemon was started as.

    multiprocessing has each child import the parent's main module again, unless that is the ``__main__`` of a package:
    what was started by a console script isn't.
    """
    main = sys.modules["__main__"]
    spec, main.__spec__ = main.__spec__, ModuleSpec("service.__main__", None)
    try:
        yield
    finally:
        main.__spec__ = spec


@contextlib.contextmanager
def _free_to_start() -> Iterator[None]:
    """Let this process have children though it be what multiprocessing calls a daemon, as workers of Dask are.

    Those may have none, as these might outlive them: workers don't.
    """
    settings: dict[str, Any] = vars(multiprocessing.current_process())["_config"]  # Any: they are of all kinds
    usual = settings.get("daemon", False)
    settings["daemon"] = False
    try:
        yield
    finally:
        settings["daemon"] = usual


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """Keep what is started from importing what lies in the working folder, where users may have a plots.py.

    Python 3.11 has a forkserver look there first for what it preloads.
    """
    usual = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        del os.environ[SAFE_PATH]
        if usual is not None:
            os.environ[SAFE_PATH] = usual


_starting = threading.Lock()  # for these: both the main module and the environment are those of the process
