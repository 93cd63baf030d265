"""What a process is once it has become a worker."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from plots.worker import FIRST_TO_BE_KILLED, begin

Start = Callable[..., ProcessPoolExecutor]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return what starts one worker process, made so by ``begin``."""
    pools: list[ProcessPoolExecutor] = []

    def start_worker(nice: int = 0, memory_mb: int | None = None) -> ProcessPoolExecutor:
        context = get_context("forkserver")
        context.set_forkserver_preload(["plots.worker"])
        pools.append(ProcessPoolExecutor(1, context, begin, (nice, memory_mb)))
        return pools[-1]

    yield start_worker
    for pool in pools:
        pool.shutdown()


def test_it_is_less_urgent_and_the_first_to_go_when_memory_runs_out(start: Start) -> None:
    pool = start(nice=7)
    assert pool.submit(os.nice, 0).result(60) == os.nice(0) + 7
    assert int(pool.submit(Path.read_text, Path("/proc/self/oom_score_adj")).result(60)) == FIRST_TO_BE_KILLED


def test_ctrl_c_is_not_its_business_and_it_reads_nothing(start: Start) -> None:
    pool = start()
    assert pool.submit(signal.getsignal, signal.SIGINT).result(60) is signal.SIG_IGN
    assert pool.submit(os.read, 0, 10).result(60) == b""


def test_it_can_take_only_so_much_memory(start: Start) -> None:
    pool = start(memory_mb=200)
    assert pool.submit(eval, "len(bytes(100 << 20))").result(60) == 100 << 20
    with pytest.raises(MemoryError):
        pool.submit(eval, "len(bytes(300 << 20))").result(60)


def test_what_it_is_forked_from_has_drawn_nothing_and_runs_one_thread() -> None:
    program = """
        import threading
        import plots.worker
        import matplotlib.pyplot as plt
        from matplotlib.font_manager import _get_font
        print(plt.get_backend(), plt.get_fignums(), threading.active_count(), _get_font.cache_info().currsize)
    """
    shown = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert shown.stdout == "agg [] 1 0\n"


def test_no_worker_outlives_the_daemon_that_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "daemon.py"
    program = """
        import os, signal, sys
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context
        from plots.worker import begin
        if __name__ == "__main__":
            context = get_context("forkserver")
            context.set_forkserver_preload(["plots.worker"])
            pool = ProcessPoolExecutor(1, context, begin, (0,))
            print(pool.submit(os.getpid).result(), pool.submit(os.getppid).result(), flush=True)
            pool.submit(signal.pause)
            sys.stdin.read()
    """
    file.write_text(textwrap.dedent(program))
    daemon = subprocess.Popen([sys.executable, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert daemon.stdin and daemon.stdout
    with daemon, daemon.stdin, daemon.stdout:
        ends = [os.pidfd_open(int(pid)) for pid in daemon.stdout.readline().split()]
        daemon.kill()
    for end in ends:
        assert select.select([end], [], [], 30)[0]
        os.close(end)
