"""Run a script as ``python FILE`` does, in a process of its own, and draw what it shows. Knows no pool and no queue."""

from __future__ import annotations

import importlib.util
import linecache
import os
import random
import sys
import time
import traceback
from dataclasses import replace
from types import ModuleType
from typing import NoReturn

import matplotlib as mpl
import numpy as np

from plotd import sheet, theme
from plotd.encode import Encoded
from plots import paint
from plots.console import Console
from plots.interpreter import exit_handlers, interpreter, wait_for_threads
from plots.paint import Failure, Job, NoPicture, Outcome
from plots.script import Script
from plots.source import Disk, danger_of
from plots.tracing import Trace, trace
from plots.windows import Windows

__all__ = ["Script", "run"]

OURS = tuple(os.path.join(os.path.dirname(file), "") for file in (__file__, sheet.__file__))
SETTINGS_FILE = mpl.matplotlib_fname()  # the one that rcParams of this process were read from
NO_FIGURE = (
    "the script left no figure: none was open at its end or at plt.show(), and those that it closed itself don't count"
)


def run(job: Job, disk: Disk | None = None) -> Outcome:
    """Draw every figure that the script of *job* has open at its end, or shows, one below another; never raises.

    This process is to be a new one, forked from one that has drawn nothing, and to end afterwards: it becomes the
    script's own. Neighbours are taken from *disk*, if that gives them, rather than from where they are now.
    """
    before, code, data, console = Trace(), Trace(), Trace(), Console()
    began_s, start = time.time(), time.perf_counter()
    try:
        paint.note_states(job, before)
        with console:
            picture, failure = _draw(job, disk or Disk(), code, data), None
    except BaseException as error:  # noqa: BLE001 - user code: SystemExit and KeyboardInterrupt are its failure too
        picture, failure = None, _failure_of(error, job, console)
    seconds = time.perf_counter() - start
    unknown = data.unknown or (
        picture is not None and not data.dependencies()
    )  # its code is known, but not what it is of
    data.add_earlier(before)
    data.seen.update(code.seen)
    return Outcome(picture, failure, data.dependencies(), data.own_files(), unknown, began_s, seconds, console.text)


def _draw(job: Job, disk: Disk, code: Trace, data: Trace) -> Encoded:
    """Run the script, wait for what it started, and draw; only then does it clean up. What it raises is passed on.

    Raises:
        NoPicture: there is no figure.
    """
    script = job.spec.entry
    assert isinstance(script, Script)
    file = str(script.file)
    if danger := danger_of(file):
        raise NoPicture(danger)
    code.seen.update({(path, "file"): (state, script.read_ns) for path, state in script.sources})
    whole = sheet.Sheet(job.format, job.sizing, job.max_pixels, job.look, job.max_rows)
    windows = Windows(whole)
    with interpreter(file, disk, code) as main, windows.opened():
        _start_afresh(code)
        if job.look.theme:
            theme.use(job.look.theme)
        with trace(data), exit_handlers():
            try:
                _execute(script.source, file, main)
            finally:
                wait_for_threads()
            if not windows.finish():
                raise NoPicture(NO_FIGURE)
            return whole.encoded()


def _start_afresh(code: Trace) -> None:
    """Obey the settings of the working folder, and seed the random generators: pictures must not jitter."""
    code.note(os.path.join(os.getcwd(), "matplotlibrc"), "file")
    if (file := mpl.matplotlib_fname()) != SETTINGS_FILE:
        settings = mpl.rc_params_from_file(file, use_default_template=True)
        mpl.rcParams.update({key: value for key, value in settings.items() if key != "backend"})
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - user code draws from this generator


def _execute(source: bytes, file: str, main: ModuleType) -> None:
    """Run *source*, the very bytes that the hash is of. What it raises is passed on, unless it ends itself well."""
    process_id = os.getpid()
    code = compile(source, file, "exec", dont_inherit=True)
    lines = importlib.util.decode_source(source).splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)  # tracebacks show what runs
    try:
        exec(code, vars(main))  # noqa: S102 - this is what a plot folder is for
    except SystemExit as end:
        if end.code in (None, 0):
            return
        if not isinstance(end.code, int):
            sys.stderr.write(f"{end.code}\n")
        raise
    finally:
        if os.getpid() != process_id:  # it forked, and this is its child: the picture is the parent's to draw
            _end_child(sys.exc_info()[1])


def _end_child(error: BaseException | None) -> NoReturn:
    """End this process as Python does after *error*, if any."""
    status = 0 if error is None else 1
    if isinstance(error, SystemExit):
        status = _status_of(error)
    elif error is not None:
        traceback.print_exception(error)
    sys.stdout.flush()
    os._exit(status)


def _failure_of(error: BaseException, job: Job, console: Console) -> Failure:
    failure = paint.describe_failure(error, job)
    text = _user_traceback(error, job) if failure.traceback else ""
    if isinstance(error, SystemExit):
        told = f"the script ended itself with status {_status_of(error)}: {console.last_error}".removesuffix(": ")
        return replace(failure, message=paint.without_folders(told, job), traceback=text)
    return replace(failure, traceback=text)


def _status_of(end: SystemExit) -> int:
    """Return the status that Python would end with: 1 for whatever is no number, and was printed."""
    return int(end.code) if isinstance(end.code, int) else 1


def _user_traceback(error: BaseException, job: Job) -> str:
    """Return the traceback from the script's own first frame on."""
    described = traceback.TracebackException.from_exception(error, limit=-50)
    frames = list(described.stack)
    its_own = [i for i, frame in enumerate(frames) if frame.filename == str(job.spec.file)]
    others = [i for i, frame in enumerate(frames) if not frame.filename.startswith(OURS)]
    described.stack = traceback.StackSummary.from_list(frames[(its_own or others or [len(frames)])[0] :])
    return paint.without_folders("".join(described.format()), job)[-20_000:]
