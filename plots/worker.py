"""What a worker process is made from: a forkserver imports this before it forks, so that no worker has to.

Nothing is drawn here, and no font opened: font objects don't survive a fork.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import os
import resource
import signal
from multiprocessing import forkserver
from pathlib import Path

from matplotlib.font_manager import FontProperties, findfont
from PIL import Image
from pydantic import TypeAdapter

from plots import tracing

PRELOADED = tuple(
    """
    plots.parcel plots.scripts
    numpy.fft numpy.polynomial pandas pandas.plotting._matplotlib pandas.core.arrays.arrow.extension_types
    matplotlib.animation matplotlib.backends.backend_agg matplotlib.backends.backend_pdf matplotlib.backends.backend_svg
    matplotlib.patheffects mpl_toolkits.mplot3d mpl_toolkits.axes_grid1.inset_locator contourpy
    PIL.WebPImagePlugin pyarrow.pandas_compat pyarrow.dataset pyarrow.parquet openpyxl sqlite3
    importlib.metadata email.message encodings.utf_8_sig encodings.cp437
    """.split()
)
PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>
FIRST_TO_BE_KILLED = 500  # when memory runs out; of -1000 to 1000

for _name in PRELOADED:
    importlib.import_module(_name)
tracing.install()  # else each worker would
findfont(FontProperties())  # reads the list of fonts
Image.preinit()  # looks for the usual formats
TypeAdapter(int)  # looks for plugins in all that is installed
_imported_by = os.getpid()


def begin(nice: int, memory_mb: int | None = None) -> None:
    """Make this process, just forked by the forkserver, a worker: less urgent than the daemon, and never outliving it.

    It may take *memory_mb* more of address space than it has now; None sets no bound.
    """
    _end_with_forkserver()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the daemon's business
    os.nice(nice)
    with contextlib.suppress(OSError):  # some containers don't let it be written
        Path("/proc/self/oom_score_adj").write_text(str(FIRST_TO_BE_KILLED))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _bound(resource.RLIMIT_CORE, 0)
    if memory_mb is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _bound(resource.RLIMIT_AS, pages * resource.getpagesize() + (memory_mb << 20))
    faulthandler.enable()  # where a worker crashed stands in the daemon's log
    gc.freeze()  # without a collection first: that would write to every page which is shared until then
    gc.set_threshold(700, 10, 2)


def _end_with_forkserver() -> None:
    """Have this process killed when the forkserver ends, and keep that from ending no longer than the daemon does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if _imported_by not in (os.getpid(), os.getppid()):  # it ended before that
        os._exit(1)
    held = vars(forkserver._forkserver)
    alive = held.get("_forkserver_alive_fd")  # each worker gets one end: it lives as long as any of them has it
    if alive is not None:
        os.close(alive)
        held["_forkserver_alive_fd"] = None


def _bound(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
