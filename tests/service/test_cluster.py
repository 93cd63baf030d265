"""Pictures drawn by a Dask cluster: a real scheduler and real workers, which get killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent

import psutil
import pytest
from tests.plots import corpus
from tests.service.conftest import MakeHouse
from tests.service.office import told, until_gone

from plotd.encode import Sizing
from plots.discover import scan
from plots.loading import Library
from plots.paint import Job, Outcome, paint
from plots.parameters import parse
from plots.tracing import Dependency, file_state
from service.cluster import Cluster, _as_seen_here
from service.errors import Overloaded, Quarantined
from service.scheduler import Scheduler

PATIENCE_S = 20
LIMIT_S = 60
NOTHING = Outcome(None, None, (), frozenset(), False, 0.0, 0.0)

LINES = """
    import matplotlib.pyplot as plt
    from shades import shade

    def plot_lines(file_path):
        with open(file_path) as file:
            plt.plot([float(line) for line in file], color=shade())
        plt.title("$x^2$")
"""
SHADES = """
    def shade():
        from deeper import RED
        return RED
"""
WAITS = """
    import ctypes, os, threading
    from pathlib import Path
    import matplotlib.pyplot as plt

    HERE = Path(__file__).parent

    def plot_dies():
        if os.path.exists(HERE / "pid"):
            (HERE / "pid").write_text(str(os.getpid()))
            threading.Event().wait()
        plt.plot([1, 2])

    def plot_reads():
        text = (HERE / "data").read_text()
        (HERE / "pid").write_text(str(os.getpid()))
        (HERE / "gate").read_text()
        plt.title(text)

    def plot_waits(gate_path):
        Path(gate_path).read_text()
        plt.plot([1, 2])

    def plot_sticks():
        (HERE / "pid").write_text(str(os.getpid()))
        ctypes.PyDLL(None).pause()  # holds the interpreter's lock: no other thread of the process runs

    def plot_quick():
        plt.plot([2, 1])

    def plot_exits():
        os._exit(3)
"""
SCRIPT = """
    import os, pathlib
    import matplotlib.pyplot as plt

    plt.plot([1, 2])
    print(os.getpid(), os.getppid())
"""
LOOPS = """
    import os, re, subprocess
    import matplotlib.pyplot as plt

    plt.plot([1, 2])
    child = subprocess.Popen(["sleep", "99"])
    open(GATE, "w").write(f"{os.getpid()} {child.pid}")
    re.match("(a+)+$", "a" * 60 + "b")  # holds the interpreter's lock
"""


class Program:
    """A process of Dask's, started from an empty folder; *ready* is what it logs once it is of use."""

    def __init__(self, folder: Path, ready: str, *arguments: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, **variables},
        )
        self.lines: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(ready,))
        self._reader.start()

    def _read(self, ready: str) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.lines.append(line)
                if re.search(ready, line):
                    self._ready.set()
        self._ready.set()

    def wait_until_ready(self) -> None:
        assert self._ready.wait(PATIENCE_S) and self.process.poll() is None, "".join(self.lines)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()


@dataclass(eq=False)
class Site:
    """Where a cluster is, or is to be: one scheduler at a port of its own."""

    folder: Path
    port: int
    programs: contextlib.ExitStack

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self, **variables: str) -> Program:
        where = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        return self._start("Scheduler at:", "distributed.cli.dask_scheduler", *where, **variables)

    def start_workers(self, count: int, threads: int = 1, nanny: str = "--no-nanny", **variables: str) -> list[Program]:
        how = ("--nthreads", str(threads), nanny, "--no-dashboard", "--local-directory", str(self.folder))
        what = ("Registered to:", "distributed.cli.dask_worker", self.address, *how)
        workers = [self._start(*what, **variables) for _ in range(count)]
        for worker in workers:
            worker.wait_until_ready()
        return workers

    def _start(self, ready: str, *arguments: str, **variables: str) -> Program:
        program = Program(self.folder, ready, *arguments, **variables)
        self.programs.callback(program.kill)
        return program


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def make_site(folder: Path) -> Iterator[Site]:
    with contextlib.ExitStack() as programs:
        yield Site(folder, free_port(), programs)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A scheduler with two workers of one thread each."""
    with make_site(tmp_path_factory.mktemp("empty")) as made:
        made.start_scheduler().wait_until_ready()
        made.start_workers(2)
        yield made


@pytest.fixture
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A place for a cluster, where nothing runs yet."""
    with make_site(tmp_path_factory.mktemp("empty")) as made:
        yield made


@pytest.fixture
async def cluster(site: Site) -> AsyncIterator[Cluster]:
    """The executor under test, with both workers at hand."""
    async with opened(site) as made:
        await until(made, 2)
        yield made


@contextlib.asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Cluster]:
    made = Cluster(site.address)
    try:
        yield made
    finally:
        made.close()


async def until(cluster: Cluster, workers: int) -> None:
    """Wait until the cluster has that many workers that can draw."""
    async with asyncio.timeout(PATIENCE_S):
        while cluster.free_workers != workers:
            await cluster._news.wait()


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Return jobs for the plots of a folder by name; keywords are words of the URL."""
    for name, text in {"lines": LINES, "shades": SHADES, "deeper": "RED = 'red'", "waits": WAITS}.items():
        (tmp_path / f"{name}.py").write_text(dedent(text))
    library = Library(PATIENCE_S)

    def make(name: str, **words: Path) -> Job:
        spec = next(spec for spec in scan([tmp_path], library).plots if spec.alias == name)
        written = tuple((key, (str(value),)) for key, value in words.items())
        given = parse(spec.parameters, [(key, word) for key, (word,) in written], Path).given
        return Job(spec, given, "png", Sizing(), 10_000_000, words=written)

    return make


MakeJob = Callable[..., Job]


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Job]:
    """Return the job of drawing a script that says *text*, in which GATE is the path of a pipe."""

    def make(text: str) -> Job:
        file = tmp_path / "script.py"
        file.write_text(dedent(text).replace("GATE", repr(str(tmp_path / "gate"))))
        (spec,) = scan([file], Library(PATIENCE_S)).plots
        return Job(spec, {}, "png", Sizing(), 10_000_000)

    return make


def make_gate(path: Path) -> Path:
    """Make a pipe: who reads it waits until somebody writes."""
    os.mkfifo(path)
    return path


async def draw(cluster: Cluster, job: Job, limit_s: float = PATIENCE_S) -> Outcome:
    begun: list[bool] = []
    outcome = await cluster.run(job, lambda: begun.append(True), limit_s)
    assert begun == [True]
    return outcome


def body(outcome: Outcome) -> bytes:
    assert outcome.picture is not None, outcome.failure
    return outcome.picture.body


def states(outcome: Outcome) -> dict[str, object]:
    return {one.path: one.state for one in outcome.dependencies}


async def test_a_picture_is_that_of_a_thread_though_the_worker_sees_no_plot_file(
    cluster: Cluster, job: MakeJob, tmp_path: Path
) -> None:
    data = tmp_path / "data.txt"
    data.write_text("1\n4\n9\n")
    lines = job("lines", file_path=data)
    expected = paint(lines)
    outcome = await draw(cluster, lines)
    assert body(outcome) == body(expected)
    assert states(outcome)[str(data)] == file_state(str(data))
    for file in tmp_path.glob("*.py"):
        file.unlink()
    data.write_text("1\n8\n27\n")
    assert body(await draw(cluster, lines)) == body(paint(lines)) != body(expected)


async def test_each_picture_drawn_among_others_is_the_one_that_it_is_alone(cluster: Cluster, site: Site) -> None:
    jobs = {**corpus.functions(), **corpus.scripts()}
    (several,) = site.start_workers(1, threads=4)
    await until(cluster, 6)
    outcomes = await asyncio.gather(*(draw(cluster, job, LIMIT_S) for job in jobs.values()))
    assert corpus.differences(zip(jobs, outcomes, strict=True)) == []
    several.kill()
    await until(cluster, 2)


async def test_the_scheduler_itself_needs_no_plotd(cluster: Cluster, job: MakeJob) -> None:
    await draw(cluster, job("quick"))
    assert cluster._scheduler._session is not None

    def modules() -> list[str]:
        import sys

        return list(sys.modules)

    found = await asyncio.to_thread(cluster._scheduler._session.client.run_on_scheduler, modules)
    assert [name for name in found if name.partition(".")[0] in ("plotd", "plots", "service", "matplotlib")] == []


async def test_a_plot_that_fails_says_so_as_in_a_thread(cluster: Cluster, job: MakeJob, tmp_path: Path) -> None:
    data = tmp_path / "data.txt"
    data.write_text("one\n")
    lines = job("lines", file_path=data)
    outcome = await draw(cluster, lines)
    assert outcome.failure == paint(lines).failure
    assert outcome.failure is not None and "ValueError" in outcome.failure.message
    assert "in plot_lines" in outcome.failure.traceback


async def test_a_lost_workers_picture_is_drawn_again_by_another(
    cluster: Cluster, site: Site, job: MakeJob, tmp_path: Path
) -> None:
    gate, dies = make_gate(tmp_path / "pid"), job("dies")
    drawing = asyncio.create_task(draw(cluster, dies))
    pid = int(await asyncio.to_thread(gate.read_text))
    gate.unlink()
    os.kill(pid, signal.SIGKILL)
    assert body(await drawing) == body(paint(dies))
    site.start_workers(1)
    await until(cluster, 2)


async def test_a_drawing_over_its_limit_holds_no_worker(cluster: Cluster, job: MakeJob, tmp_path: Path) -> None:
    gate = make_gate(tmp_path / "gate")
    drawings = [draw(cluster, job("waits", gate_path=gate), limit_s=0.2) for _ in range(3)]
    for outcome in await asyncio.gather(*drawings):
        assert outcome.failure is not None and outcome.failure.code == "render_timeout"
        assert outcome.failure.message == "the plot took longer than 0.2 s to draw"
        assert str(gate) in states(outcome)
    for picture in await asyncio.gather(*(draw(cluster, job("quick")) for _ in range(4))):
        body(picture)
    await asyncio.to_thread(gate.write_text, "")


async def test_a_worker_that_is_stuck_gets_nothing_more_to_draw(
    cluster: Cluster, site: Site, job: MakeJob, tmp_path: Path
) -> None:
    gate = make_gate(tmp_path / "pid")
    drawing = asyncio.create_task(draw(cluster, job("sticks"), limit_s=0.2))
    pid = int(await asyncio.to_thread(gate.read_text))
    outcome = await drawing
    assert outcome.failure is not None and outcome.failure.code == "render_timeout"
    assert cluster.free_workers == 1
    for picture in await asyncio.gather(*(draw(cluster, job("quick")) for _ in range(4))):
        body(picture)
    os.kill(pid, signal.SIGKILL)
    site.start_workers(1)
    await until(cluster, 2)


async def test_what_waits_for_a_worker_can_be_taken_back(cluster: Cluster, job: MakeJob, tmp_path: Path) -> None:
    begun: asyncio.Queue[str] = asyncio.Queue()
    gates = {name: make_gate(tmp_path / name) for name in "abcd"}
    drawings: dict[str, asyncio.Task[Outcome]] = {}

    async def start(name: str) -> None:
        running = cluster.run(job("waits", gate_path=gates[name]), lambda: begun.put_nowait(name), PATIENCE_S)
        drawings[name] = asyncio.create_task(running)
        await asyncio.to_thread(lambda: None)

    for name in "abcd":
        await start(name)
    drawings["c"].cancel()
    for name in "abd":
        assert await begun.get() == name
        await asyncio.to_thread(gates[name].write_text, "")
        body(await drawings[name])
    assert drawings["c"].cancelled() and begun.empty()


async def test_a_script_is_drawn_in_a_process_of_its_own_below_a_nanny_too(
    lonely: Site, script: MakeJob, tmp_path: Path
) -> None:
    lonely.start_scheduler().wait_until_ready()
    (nanny,) = lonely.start_workers(1, nanny="--nanny")
    async with opened(lonely) as cluster:
        await until(cluster, 1)
        drawings = [await draw(cluster, script(SCRIPT)) for _ in range(2)]
        assert body(drawings[0]) == body(drawings[1])
        (first, server), (second, same) = (map(int, drawing.output.split()) for drawing in drawings)
        assert first != second and server == same
        assert psutil.Process(nanny.process.pid) in psutil.Process(server).parents()
        await until_gone(first, second)
        gate = make_gate(tmp_path / "gate")
        drawing = asyncio.create_task(draw(cluster, script(LOOPS)))
        pids = await told(gate)
        nanny.kill()
        await until_gone(*pids, server)
        drawing.cancel()


async def test_a_script_over_its_limit_is_killed(cluster: Cluster, script: MakeJob, tmp_path: Path) -> None:
    gate, loops = make_gate(tmp_path / "gate"), script(LOOPS)
    drawing = asyncio.create_task(draw(cluster, loops, limit_s=1.0))
    pids = await told(gate)
    outcome = await drawing
    assert outcome.failure is not None and outcome.failure.message == "the plot took longer than 1 s to draw"
    assert states(outcome) == {str(loops.spec.file): file_state(str(loops.spec.file))}
    assert cluster.free_workers == 2
    await until_gone(*pids)


async def test_a_script_that_dies_takes_no_worker_with_it(cluster: Cluster, script: MakeJob, job: MakeJob) -> None:
    outcome = await draw(cluster, script("import os, matplotlib.pyplot as plt\nplt.plot([1])\nos.abort()"))
    assert outcome.failure is not None and outcome.failure.code == "worker_died" and outcome.failure.deaths == 1
    assert "SIGABRT" in outcome.failure.message
    body(await draw(cluster, job("quick")))
    assert cluster.free_workers == 2


async def test_data_edited_meanwhile_counts_as_it_was_before(cluster: Cluster, job: MakeJob, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("before")
    pid, gate = (make_gate(tmp_path / name) for name in ("pid", "gate"))
    before = file_state(str(data))
    drawing = asyncio.create_task(draw(cluster, job("reads")))
    await asyncio.to_thread(pid.read_text)
    data.write_text("changed")
    await asyncio.to_thread(gate.write_text, "")
    assert states(await drawing)[str(data)] == before != file_state(str(data))


async def test_a_lost_scheduler_is_told_at_once_and_heals(
    lonely: Site, job: MakeJob, tmp_path: Path, expected_log: list[str]
) -> None:
    expected_log += [r"can't reach the Dask scheduler at tcp://127\.0\.0\.1", r"lost the Dask scheduler at tcp://"]
    gate = make_gate(tmp_path / "pid")
    async with opened(lonely) as cluster:
        with pytest.raises(Overloaded, match=r"^the Dask scheduler can't be reached$"):
            await draw(cluster, job("quick"))
        scheduler = lonely.start_scheduler()
        lonely.start_workers(1)
        await until(cluster, 1)
        drawing = asyncio.create_task(draw(cluster, job("dies")))
        await asyncio.to_thread(gate.read_text)
        scheduler.kill()
        for lost in (drawing, draw(cluster, job("quick"))):
            with pytest.raises(Overloaded, match=r"^the Dask scheduler can't be reached$"):
                await lost
        assert cluster.free_workers == 0
        lonely.start_scheduler()
        lonely.start_workers(1)
        await until(cluster, 1)
        body(await draw(cluster, job("quick")))


async def test_a_plot_that_kills_every_worker_is_told_so(lonely: Site, job: MakeJob) -> None:
    lonely.start_scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0").wait_until_ready()
    lonely.start_workers(1)
    async with opened(lonely) as cluster:
        outcome = await draw(cluster, job("exits"))
        assert outcome.failure is not None and outcome.failure.code == "worker_died"
        assert outcome.failure.deaths == 1
        await until(cluster, 0)
        with pytest.raises(Overloaded, match="no worker is left to draw"):
            await draw(cluster, job("quick"))


async def test_a_plot_that_kills_three_workers_at_once_is_set_aside(lonely: Site, make_house: MakeHouse) -> None:
    lonely.start_scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="2").wait_until_ready()
    lonely.start_workers(5)
    house = await make_house(render={"executor": "dask", "dask_scheduler": lonely.address})
    house.write("waits.py", WAITS)
    await house.get("quick")  # until the file is no news: a young one is looked at, and drawn, once more
    request = await house.ask("exits")
    while not isinstance(told := await house.engine.renderer.attempt(request), Quarantined):
        assert isinstance(told, Overloaded), told  # what got lost with a worker may be asked for again
    assert "has killed 3 workers" in told.message
    before = house.renders
    assert isinstance(await house.engine.renderer.attempt(request), Quarantined)
    assert house.renders == before


async def test_workers_with_other_versions_are_left_out_and_told_of_once(
    lonely: Site, job: MakeJob, tmp_path: Path, expected_log: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    expected_log.append(
        r"the Dask worker at tcp://127\.0\.0\.1:\d+ is given nothing to draw: it has pillow 0\.1, not \d"
    )
    other = tmp_path / "other" / "pillow-0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: pillow\nVersion: 0.1\n")
    lonely.start_scheduler().wait_until_ready()
    lonely.start_workers(1, PYTHONPATH=str(other.parent))
    async with opened(lonely) as cluster:
        await until(cluster, 1)
        for _ in range(2):
            with pytest.raises(Overloaded, match="no worker is left to draw"):
                await draw(cluster, job("quick"))
        assert cluster.free_workers == 0
        lonely.start_workers(1)
        await until(cluster, 1)
        for picture in await asyncio.gather(*(draw(cluster, job("quick")) for _ in range(3))):
            body(picture)
    assert caplog.text.count("is given nothing to draw") == 1


async def test_workers_without_plotd_are_no_plots_fault(
    lonely: Site, job: MakeJob, tmp_path: Path, expected_log: list[str]
) -> None:
    expected_log.append(r"the Dask workers can't draw: ImportError: cannot import name 'draw' from 'service\.errand'")
    (tmp_path / "other" / "service").mkdir(parents=True)
    for name in ("__init__", "errand"):
        (tmp_path / "other" / "service" / f"{name}.py").touch()
    lonely.start_scheduler().wait_until_ready()
    lonely.start_workers(1, PYTHONPATH=str(tmp_path / "other"))
    async with opened(lonely) as cluster:
        with pytest.raises(Overloaded, match=r"^the Dask workers can't draw$"):
            await draw(cluster, job("quick"))


async def test_a_scheduler_that_answers_nothing_sensible_counts_as_none(expected_log: list[str]) -> None:
    expected_log.append("can't reach the Dask scheduler")

    def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    scheduler = Scheduler(f"tcp://127.0.0.1:{port}", lambda: None, lambda _: None)
    with pytest.raises(Overloaded):
        await scheduler.reach()
    scheduler.close()
    server.close()


def test_states_are_those_of_this_machine_where_the_worker_saw_the_same(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("data")
    here = file_state(str(file))
    assert here is not None
    mtime, ctime, size, inode = here

    def seen(*state: object) -> object:
        return (
            _as_seen_here(replace(NOTHING, dependencies=(Dependency(str(file), "file", state, 0),)))
            .dependencies[0]
            .state
        )

    assert seen(mtime, 1, size, 2) == here
    assert seen(mtime, 1, size, inode) == (mtime, 1, size, inode)
    assert seen(1, ctime, size, 2) == (1, ctime, size, 2)
    assert seen(mtime, ctime, 7, 2) == (mtime, ctime, 7, 2)
    elsewhere = Dependency("/nowhere/data", "file", (1, 2, 3, 4), 0)
    outcome = _as_seen_here(replace(NOTHING, dependencies=(elsewhere,)))
    assert outcome.dependencies == () and outcome.unknown


def test_the_missing_extra_is_named_in_one_line(tmp_path: Path, daemon_environment: dict[str, str]) -> None:
    code = "import sys; sys.modules['distributed'] = None; from service.__main__ import main; main()"
    asked = {"PLOTD_RENDER__EXECUTOR": "dask", "PLOTD_RENDER__DASK_SCHEDULER": "tcp://x:1"}
    run = subprocess.run(
        [sys.executable, "-c", code, "serve", "--port", "0", tmp_path],
        env={**daemon_environment, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (
        1,
        "Error: render.executor: dask needs the extra: pip install 'plotd[dask]'\n",
    )


def test_distributed_leaves_the_log_as_it_is() -> None:
    code = """
        import logging, sys
        from service.scheduler import import_quietly

        logging.getLogger("tornado.application").setLevel("INFO")
        import_quietly()
        loggers = [logging.getLogger(name) for name in ("tornado", "tornado.application", "distributed.client")]
        print([(one.level, one.propagate, one.handlers) for one in loggers], loggers[-1].isEnabledFor(logging.ERROR))
    """
    run = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[(0, True, []), (20, True, []), (0, True, [])] False"
