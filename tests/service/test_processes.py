"""Worker processes: the same pictures as in a thread, and whatever a plot does there harms nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.plots import corpus
from tests.service.office import CURVE, NEVER, Office, body, is_gone, make_gate, message, opened, told

from plots.paint import Job, Outcome, paint
from plots.tracing import file_state
from service.errors import Overloaded


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Two workers."""
    async with opened(tmp_path, workers=2) as made:
        yield made


async def draw_among_others(office: Office, job: Job, limit_s: float = 20.0) -> Outcome:
    """Draw *job*, and see that others are drawn well meanwhile and afterwards."""
    curve = office.job(CURVE)
    expected = body(paint(curve))
    drawing = asyncio.create_task(office.draw(job, limit_s))
    while not drawing.done():
        assert body(await office.draw(curve)) == expected
    others = await asyncio.gather(office.draw(curve), office.draw(curve))
    assert [body(other) for other in others] == [expected, expected]
    return await drawing


async def test_a_picture_is_that_of_a_thread(office: Office) -> None:
    curve = office.job(CURVE, ("n", "7"))
    assert body(await office.draw(curve)) == body(paint(curve))


async def test_what_plots_print_at_once_is_kept_with_each(office: Office) -> None:
    prints = """
        import sys, warnings
        import matplotlib.pyplot as plt

        def plot_it(n: int = 0):
            for step in range(50):
                print(n, step)
            warnings.warn("odd")
            plt.plot([n])
            if n == 2:
                raise ValueError("no")
    """
    outcomes = await asyncio.gather(*(office.draw(office.job(prints, ("n", str(n)))) for n in (1, 2, 3, 1)))
    for n, outcome in zip((1, 2, 3, 1), outcomes, strict=True):
        assert outcome.output.startswith("".join(f"{n} {step}\n" for step in range(50)))
        assert outcome.output.count("UserWarning: odd") == 1
        assert (outcome.failure is not None) == (n == 2)


async def test_what_a_plot_changes_in_its_process_is_no_concern_of_the_next(tmp_path: Path) -> None:
    told_of = "raise LookupError(os.environ.get('MARK'), pd.get_option('display.precision'))"
    change = "os.environ['MARK'] = 'left'\n    pd.set_option('display.precision', 1)"
    async with opened(tmp_path, workers=1) as office:
        looks = office.job(f"import os\nimport pandas as pd\ndef plot_a():\n    {told_of}", name="a.py")
        changes = office.job(f"import os\nimport pandas as pd\ndef plot_b():\n    {change}", name="b.py")
        before = message(await office.draw(looks))
        await office.draw(changes)
        assert message(await office.draw(looks)) == before == "LookupError: (None, 6)"


@pytest.mark.parametrize(
    ("deed", "how"),
    [
        ("os._exit(3)", "ended with status 3"),
        ("os._exit(0)", "ended with status 0"),
        ("ctypes.string_at(0)", "killed by signal 11, SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by signal 9, SIGKILL: perhaps it took too much memory"),
    ],
)
async def test_a_worker_that_dies_takes_its_own_picture_with_it(office: Office, deed: str, how: str) -> None:
    outcome = await draw_among_others(office, office.doing(deed))
    assert message(outcome, "worker_died") == f"its worker process died ({how})"


@pytest.mark.parametrize(
    "deed",
    [
        "while True: pass",
        NEVER,
        "time.sleep(99)",
        "signal.pthread_sigmask(0, range(1, 65)); time.sleep(99)",
        "os.fork(); time.sleep(99)",
    ],
)
async def test_what_takes_too_long_is_killed(office: Office, deed: str) -> None:
    outcome = await draw_among_others(office, office.doing(deed), limit_s=0.5)
    assert message(outcome, "render_timeout") == "the plot took longer than 0.5 s to draw"


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("np.ones(100 * 2**30 // 8)", "MemoryError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("plot_it()", "RecursionError"),
    ],
)
async def test_what_raises_fails_as_in_a_thread(office: Office, deed: str, said: str) -> None:
    assert message(await draw_among_others(office, office.doing(deed))).startswith(said)


@pytest.mark.parametrize(
    "deed",
    [
        "threading.Thread(target=plt.plot, args=([3],)).start()",
        "threading.Thread(target=threading.Event().wait).start()",
        "sys.stdout = sys.stderr = None; os.close(1); os.chdir('/'); plt.ion(); plt.switch_backend('svg')",
    ],
)
async def test_what_is_odd_is_drawn(office: Office, deed: str) -> None:
    assert body(await draw_among_others(office, office.doing(deed, "plt.figure().gca().plot([1, 2])")))


async def test_what_a_dead_worker_read_is_what_was_known_to_matter(office: Office, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("known", "watched", "argument", "data/unknown"):
        (tmp_path / name).write_text("1")
    dies = office.job(
        """
        import os
        from pathlib import Path
        from plotd import plot

        @plot(watch=["watch*"])
        def plot_dies(file: Path):
            (Path(__file__).parent / "data" / "unknown").read_text()
            os._exit(1)
        """,
        ("file", str(tmp_path / "argument")),
    )
    data = str(tmp_path / "data")
    dies = replace(dies, known=((str(tmp_path / "known"), "file"), (data, "folder")))
    outcome = await office.draw(dies)
    assert message(outcome, "worker_died")
    states = {Path(one.path).name: one.state for one in outcome.dependencies}
    assert states.pop(tmp_path.name) == tuple(sorted(path.name for path in tmp_path.iterdir()))  # where "watch*" is
    files = {name: file_state(str(tmp_path / name)) for name in ("known", "watched", "argument", "p.py")}
    assert states == {**files, "data": ("unknown",)}
    assert 0 < outcome.seconds < outcome.began_s


@pytest.mark.parametrize(("becomes", "error"), [("os", "PicklingError"), ("(int, ('x',))", "ValueError")])
async def test_what_cannot_be_sent_back_is_a_plain_failure(office: Office, becomes: str, error: str) -> None:
    breaks = f"sys.modules['plots.paint'].Outcome.__reduce__ = lambda self: {becomes}"
    outcome = await office.draw(office.doing(breaks, "plt.plot([1])"))
    assert message(outcome).startswith(f"what it drew can't leave its process: {error}")
    assert {Path(one.path).name for one in outcome.dependencies} == {"it.py"}


async def test_a_job_is_dropped_with_its_caller_until_it_begins(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        gate = make_gate(tmp_path / "gate")
        slow = asyncio.create_task(office.draw(office.doing(f"open({str(gate)!r}, 'w').write('0')", "plt.plot([1])")))
        begun: list[bool] = []
        waiting = asyncio.create_task(office.processes.run(office.job(CURVE), lambda: begun.append(True), 20.0))
        await asyncio.to_thread(lambda: None)
        waiting.cancel()
        assert await told(gate) == [0]
        assert body(await slow)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert body(await office.draw(office.job(CURVE)))
        assert not begun


async def test_what_has_begun_is_drawn_to_its_end_without_its_caller(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        gate, end = make_gate(tmp_path / "gate"), make_gate(tmp_path / "end")
        lines = [f"open({str(gate)!r}, 'w').write(str(os.getpid()))", f"open({str(end)!r}).read()"]
        drawing = asyncio.create_task(office.draw(office.doing(*lines)))
        (pid,) = await told(gate)
        drawing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drawing
        next_one = asyncio.create_task(office.worker())
        assert not is_gone(pid)
        await asyncio.to_thread(end.write_text, "")
        assert await next_one == pid


async def test_closed_it_draws_no_more_and_leaves_nobody_waiting(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        gate, curve = make_gate(tmp_path / "gate"), office.job(CURVE)
        hangs = office.doing(f"open({str(gate)!r}, 'w').write(str(os.getpid()))", NEVER)
        jobs = [asyncio.create_task(office.processes.run(job, lambda: None, 99.0)) for job in (hangs, curve)]
        (pid,) = await told(gate)
        office.processes.close()
        assert is_gone(pid)
        async with asyncio.timeout(5):
            ends = await asyncio.gather(*jobs, return_exceptions=True)
        assert [type(end) for end in ends] == [Overloaded, Overloaded]
        with pytest.raises(Overloaded):
            await office.draw(curve)


async def test_every_picture_is_the_one_that_its_code_gives_alone(office: Office) -> None:
    jobs = {**corpus.functions(), **corpus.scripts()}
    drawings = (office.draw(job) for job in jobs.values())
    outcomes = await asyncio.gather(*drawings)
    assert corpus.differences(zip(jobs, outcomes, strict=True)) == []
