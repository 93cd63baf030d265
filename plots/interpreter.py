"""This process made to look like one that ``python FILE`` started, until that ends. Knows nothing of drawing.

What it changes is the whole process's: it is for a process of the script's own.
"""

from __future__ import annotations

import atexit
import builtins
import itertools
import multiprocessing.process
import os
import signal
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.machinery import BuiltinImporter, FrozenImporter, SourceFileLoader
from types import ModuleType
from typing import Any

from plots.folder_imports import imports_from_folders
from plots.source import Disk, file_of
from plots.tracing import Trace

OURS = ("plotd", "plots", "service", "handlers")


@contextmanager
def interpreter(file: str, disk: Disk, code: Trace) -> Iterator[ModuleType]:
    """Return a ``__main__`` for the script *file*, an absolute path; until the block ends, the process is all its own.

    It finds itself in its folder. Its neighbours are taken from *disk*; *code* gathers them, and those that it missed.
    """
    folder = os.path.dirname(os.path.realpath(file))
    main = ModuleType("__main__")
    vars(main).update(__file__=file, __builtins__=builtins, __loader__=SourceFileLoader("__main__", file))
    vars(main).update(__annotations__={}, __cached__=None)
    with ExitStack() as undo:
        undo.callback(sys.setrecursionlimit, sys.getrecursionlimit())
        undo.callback(signal.setitimer, signal.ITIMER_REAL, 0)  # an alarm that it set and no longer waits for
        undo.enter_context(_own_modules(folder, disk, main))
        undo.enter_context(imports_from_folders(folder, disk, code))
        undo.enter_context(lent(sys, "argv", [file]))
        undo.enter_context(_working_folder(os.path.dirname(file)))
        undo.enter_context(_main_process())
        yield main


@contextmanager
def exit_handlers() -> Iterator[None]:
    """Run what the code in this block leaves to be done at exit, as Python would; what others left isn't."""
    finalizer: Any = weakref.finalize  # Any, here and below: stubs don't tell of private places
    for one in list(finalizer._registry):
        one.atexit = False
    finalizer._registered_with_atexit = False
    atexit._clear()
    try:
        yield
    finally:
        atexit._run_exitfuncs()
        for child in multiprocessing.process.active_children():
            if child.daemon:
                child.terminate()
            child.join()


def wait_for_threads() -> None:
    """Wait for the threads that go on, but for daemons; executors' threads end once they have nothing left to do."""
    own: Any = threading
    for call in reversed(getattr(own, "_threading_atexits", ())):
        call()
    waits_for_nobody = {threading.current_thread(), threading.main_thread()}
    while left := [one for one in threading.enumerate() if not one.daemon and one not in waits_for_nobody]:
        for thread in left:
            thread.join()


@contextmanager
def lent(owner: object, name: str, value: object) -> Iterator[None]:
    """Let *owner* have *value* as its attribute *name* until the block ends."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def _own_modules(folder: str, disk: Disk, main: ModuleType) -> Iterator[None]:
    """Let ``import`` find what stands in *folder* rather than modules of that name which are loaded here already.

    Ours are never what is found; others are, as in a new interpreter, if the folder has none of that name.
    """
    loaded = {name.partition(".")[0] for name in sys.modules}
    if os.path.isdir(folder):
        there = {name.partition(".")[0] for name in os.listdir(folder)}
        loaded &= {*there, *OURS}
    hidden = {name for name in loaded if name in OURS or _is_found_first(name, folder, disk)}
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in hidden}
    for name in before:
        del sys.modules[name]
    before["__main__"], sys.modules["__main__"] = sys.modules["__main__"], main
    try:
        yield
    finally:
        sys.modules.update(before)


def _is_found_first(name: str, folder: str, disk: Disk) -> bool:
    """Whether *folder* has a module *name* that a new interpreter hasn't loaded before it looks there."""
    if name == "__main__" or BuiltinImporter.find_spec(name) or FrozenImporter.find_spec(name):
        return False
    return file_of(name, [folder], set(), disk) is not None


@contextmanager
def _working_folder(folder: str) -> Iterator[None]:
    """Work in *folder*; on a machine that hasn't got it, in an empty one."""
    with ExitStack() as undo:
        if not os.path.isdir(folder):
            folder = undo.enter_context(tempfile.TemporaryDirectory())
        undo.callback(os.chdir, os.sep)  # where it was may be gone, and an empty folder can't be left there
        os.chdir(folder)
        yield


@contextmanager
def _main_process() -> Iterator[None]:
    """Let this be a main process: a pool's worker is a daemon, which may have no children."""
    main: Any = multiprocessing.process.BaseProcess(name="MainProcess", daemon=False)
    main._identity = ()
    values = {
        "_current_process": main,
        "_parent_process": None,
        "_children": set(),
        "_process_counter": itertools.count(1),
        "ORIGINAL_DIR": os.getcwd(),
    }
    with ExitStack() as undo:
        for name, value in values.items():
            undo.enter_context(lent(multiprocessing.process, name, value))
        yield
