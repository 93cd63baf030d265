"""Worker processes of a program of their own: what they import, what they print, and how they end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import psutil
import pytest
from tests.conftest import Serve
from tests.service.office import make_gate

START_S = 60

# As setuptools writes a console script, but that it says under which names it is imported.
PROGRAM = """
    import sys
    from pathlib import Path

    (Path(__file__).parent / f"imported as {__name__}").touch()
    from service import processes
    if __name__ == "__main__":
        import asyncio, os, signal, threading
        from tests.service.office import CURVE, NEVER, body, message, opened, told, make_gate

        async def main(folder):
            async with opened(folder, workers=2) as office:
                await work(office)
            print("closed", flush=True)
            os._exit(0)

        async def work(office):
            WORK

        asyncio.run(main(Path(sys.argv[1])))
"""

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Start a program of which *work* is the gist, from a folder that holds *files*; all that it started is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(work: str, **files: str) -> subprocess.Popen[str]:
        (tmp_path / "bin").mkdir()
        (tmp_path / "home").mkdir()
        program = tmp_path / "bin" / "program"
        program.write_text(dedent(PROGRAM).replace("WORK", dedent(work).strip().replace("\n", "\n        ")))
        for name, text in files.items():
            (tmp_path / "home" / f"{name}.py").write_text(dedent(text))
        process = subprocess.Popen(
            [sys.executable, program, tmp_path],
            cwd=tmp_path / "home",
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=START_S)


def family_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_nothing_of_the_program_or_its_working_folder_is_imported(run: Run, tmp_path: Path) -> None:
    other = "raise SystemExit('imported the wrong file')"
    process = run("body(await office.draw(office.job(CURVE)))", plots=other, service=other, numpy=other, random=other)
    printed, said = process.communicate(timeout=START_S)
    assert (process.returncode, printed, said) == (0, "closed\n", "")
    assert [path.name for path in (tmp_path / "bin").glob("imported*")] == ["imported as __main__"]


def test_what_is_printed_goes_nowhere_but_where_it_crashed_to_the_log(run: Run) -> None:
    process = run(
        """
        lines = ["for _ in range(100): print('x' * 10**6)", "os.write(1, b'x' * 10**6)", "ctypes.string_at(0)"]
        assert message(await office.draw(office.doing(*lines)), "worker_died")
        """
    )
    printed, said = process.communicate(timeout=START_S)
    assert (process.returncode, printed) == (0, "closed\n")
    assert "Segmentation fault" in said and 'it.py", line' in said and "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_killed_program(run: Run, number: signal.Signals) -> None:
    process = run(
        """
        gate = make_gate(office.folder / "gate")
        child = "child = subprocess.Popen(['sleep', '99'])"
        busy = asyncio.create_task(office.draw(office.doing(child, f"open({str(gate)!r}, 'w').write('0')", NEVER)))
        await told(gate)
        body(await office.draw(office.job(CURVE)))
        print("busy", flush=True)
        await busy
        """
    )
    assert process.stdout is not None and process.stdout.readline() == "busy\n"
    family = family_of(process)
    assert len(family) == 5  # the server, multiprocessing's tracker, two workers, and the child of one
    process.send_signal(number)
    process.wait(START_S)
    _, alive = psutil.wait_procs(family, timeout=START_S)
    assert all(each.status() == psutil.STATUS_ZOMBIE for each in alive)


def test_nothing_outlives_the_daemon(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "plots"
    folder.mkdir()
    gate = make_gate(tmp_path / "gate")
    (folder / "p.py").write_text(
        f"""
import subprocess, time
import matplotlib.pyplot as plt
def plot_good():
    plt.plot([1])
def plot_hangs():
    subprocess.Popen(["sleep", "99"])
    open({str(gate)!r}, "w").write("0")
    time.sleep(99)
"""
    )
    daemon = serve(folder, PLOTD_RENDER__EXECUTOR="processes")
    with ThreadPoolExecutor() as threads:
        hanging = threads.submit(get, f"{daemon.url}/plots/hangs.png")
        assert gate.read_text() == "0"
        assert get(f"{daemon.url}/plots/good.png") == 200
        family = family_of(daemon.process)
        assert len(family) == 5
        assert daemon.stop() == 0
        assert hanging.result() != 200
    _, alive = psutil.wait_procs(family, timeout=START_S)
    assert all(each.status() == psutil.STATUS_ZOMBIE for each in alive)
    assert "leaked" not in daemon.stderr


def get(url: str) -> int:
    """Return the status of the answer; 0 if there is none."""
    try:
        with urllib.request.urlopen(url, timeout=START_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
