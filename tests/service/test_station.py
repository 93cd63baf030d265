"""The life of worker processes: forked when needed, replaced in time, and gone with all that they started."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from tests.service.office import CURVE, NEVER, Office, body, is_gone, make_gate, message, opened, told, until_gone

from plots.paint import paint
from service import processes, station
from service.errors import Overloaded
from service.forks import NICE


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """One worker."""
    async with opened(tmp_path) as made:
        yield made


def server_of(pid: int) -> psutil.Process:
    """Return the forkserver that a worker comes from."""
    parent = psutil.Process(pid).parent()
    assert parent is not None and parent.ppid() == os.getpid()
    return parent


async def test_a_worker_draws_on_until_its_time_has_come(tmp_path: Path) -> None:
    async with opened(tmp_path, recycle_after=3) as office:
        pids = [await office.worker() for _ in range(7)]
        assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 3, 3, 6]
        await until_gone(*pids[:6])


async def test_each_script_has_a_worker_of_its_own(office: Office) -> None:
    script = office.job(
        """
        import os
        import matplotlib.pyplot as plt

        print(os.getpid(), getattr(os, "left", "nothing"))
        os.left = "something"
        plt.plot([1])
        """
    )
    outcomes = [await office.draw(script) for _ in range(4)]
    assert all(body(outcome) == body(outcomes[0]) for outcome in outcomes)
    found = [outcome.output.split() for outcome in outcomes]
    pids = {int(pid) for pid, _ in found}
    assert len(pids) == 4 and {left for _, left in found} == {"nothing"}
    assert await office.worker() not in pids
    await until_gone(*pids)


async def test_a_worker_is_niced_bounded_and_where_the_daemon_is(office: Office) -> None:
    worker = psutil.Process(await office.worker())
    assert worker.nice() == psutil.Process().nice() + NICE
    assert worker.cwd() == os.getcwd()
    assert worker.rlimit(psutil.RLIMIT_AS)[0] < 2**40
    assert worker.num_threads() == 1


async def test_nothing_is_started_before_it_is_needed(tmp_path: Path) -> None:
    processes, threads = set(psutil.Process().children(recursive=True)), threading.active_count()
    async with opened(tmp_path):
        assert set(psutil.Process().children(recursive=True)) <= processes
        assert threading.active_count() <= threads


async def test_what_a_killed_plot_started_is_killed_too(office: Office, tmp_path: Path) -> None:
    gate = make_gate(tmp_path / "gate")
    lines = [
        "child = subprocess.Popen(['sh', '-c', 'sleep 99 & echo $!; wait'], stdout=subprocess.PIPE, text=True)",
        "grandchild = child.stdout.readline()",
        f"open({str(gate)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} {{grandchild}}')",
        NEVER,
    ]
    drawing = asyncio.create_task(office.draw(office.doing(*lines), limit_s=1.0))
    pids = await told(gate)
    assert len(pids) == 3
    assert message(await drawing, "render_timeout")
    await until_gone(*pids)


async def test_what_a_worker_leaves_behind_goes_when_it_does(tmp_path: Path) -> None:
    async with opened(tmp_path, recycle_after=1) as office:
        gate = make_gate(tmp_path / "gate")
        lines = [
            "threading.Thread(target=threading.Event().wait).start()",
            f"subprocess.Popen(['sh', '-c', 'echo $$ > {gate}; sleep 99'])",
            "plt.plot([1])",
        ]
        pids = asyncio.create_task(told(gate))
        assert body(await office.draw(office.doing(*lines)))
        await until_gone(*await pids)
        assert body(await office.draw(office.job(CURVE)))


async def test_a_worker_that_takes_no_parcel_is_replaced(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station, "PICK_UP_S", 0.5)
    pid = await office.worker()
    os.kill(pid, signal.SIGSTOP)
    curve = office.job(CURVE)
    assert body(await office.draw(curve)) == body(paint(curve))
    assert is_gone(pid)


async def test_an_idle_worker_that_was_killed_is_replaced(office: Office) -> None:
    pid = await office.worker()
    os.kill(pid, signal.SIGKILL)
    assert await office.worker() != pid


async def test_a_new_server_follows_one_that_died(office: Office, tmp_path: Path) -> None:
    gate = make_gate(tmp_path / "gate")
    drawing = asyncio.create_task(
        office.draw(
            office.doing(f"open({str(gate)!r}, 'w').write(str(os.getpid()))", "plt.plot([1])", "time.sleep(0.5)")
        )
    )
    (pid,) = await told(gate)
    server = server_of(pid)
    server.kill()
    (again,) = await told(gate)
    assert body(await drawing)
    assert is_gone(pid) and server_of(again) != server
    server_of(again).kill()
    curve = office.job(CURVE)
    assert body(await office.draw(curve)) == body(paint(curve))


async def test_where_no_process_can_be_started_nothing_is_drawn_until_one_can(
    office: Office, monkeypatch: pytest.MonkeyPatch, expected_log: list[str]
) -> None:
    gone = office.folder / "gone"
    gone.mkdir()
    curve = office.job(CURVE)
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(gone)
        gone.rmdir()
        with pytest.raises(Overloaded, match="no worker process can be had"):
            await office.processes.run(curve, lambda: None, 20.0)
        expected_log.append("a worker process can't be started: .*No such file or directory")
    assert body(await office.draw(curve))


async def test_a_worker_that_nobody_needs_is_ended(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "IDLE_S", 0.2)
    pids = [await office.worker() for _ in range(2)]
    await until_gone(*pids)
    assert pids[0] == pids[1] != await office.worker()


async def test_a_job_at_which_the_daemon_itself_hangs_is_given_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = await office.worker()
    monkeypatch.setattr(processes, "START_S", -0.5)  # as if it still looked at a disk
    outcome = await office.draw(office.doing("while True: pass"), limit_s=1.0)
    assert message(outcome, "render_timeout") == "the plot took longer than 1 s to draw"
    assert not is_gone(pid)
    monkeypatch.undo()
    assert office.processes.free_workers == 1
    assert await office.worker() != pid
    await until_gone(pid)


async def test_nothing_piles_up(tmp_path: Path) -> None:
    async with opened(tmp_path, workers=2, recycle_after=2) as office:
        curve, dies = office.job(CURVE), office.doing("os._exit(1)")
        hangs = office.job("def plot_hangs():\n  while True: pass", name="hangs.py")
        me = psutil.Process()

        async def use() -> tuple[int, int]:
            failing = [office.draw(dies), office.draw(dies), office.draw(hangs, limit_s=0.1)]
            await asyncio.gather(*failing, *(office.draw(curve) for _ in range(3)))
            gc.collect()
            return me.num_fds(), threading.active_count()

        first, *_, last = [await use() for _ in range(6)]
        # One of each death would be five; how far workers are with being replaced is a matter of chance.
        assert all(then - now < 5 for now, then in zip(first, last, strict=True)), (first, last)
        async with asyncio.timeout(20):
            while len(me.children(recursive=True)) > 4:  # the server, multiprocessing's tracker, and two workers
                await asyncio.to_thread(lambda: None)
