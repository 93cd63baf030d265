"""Scripts, each run in a process of its own as ``python FILE`` would, and drawn: nothing of it is made up."""

from __future__ import annotations

import io
import multiprocessing
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.plots.conftest import Write

from plotd.encode import Sizing
from plots.discover import scan
from plots.loading import Library
from plots.paint import Job, Outcome
from plots.scripts import Script, run
from plots.source import Disk, Given, Source
from plots.spec import PlotSpec

Draw = Callable[..., Outcome]
Colours = list[tuple[int, ...]]

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
FLAG = (
    "import matplotlib.pyplot as plt\ndef flag(colour): return plt.figure(figsize=(1, 1), dpi=10, facecolor=colour)\n"
)


ARGUMENTS = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--run", required=True)
parser.parse_args()
"""


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["plots.scripts"])
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as executor:
        yield executor


@pytest.fixture
def draw(pool: ProcessPoolExecutor, write: Write) -> Draw:
    """Return what runs the text of a script, called s.py, and draws it."""

    def draw_text(text: str, max_pixels: int = 10**6, format: str = "png", disk: Disk | None = None) -> Outcome:
        file = write("s.py", text)
        return pool.submit(run, job_of(file, max_pixels, format), disk).result()

    return draw_text


def job_of(file: Path, max_pixels: int = 10**6, format: str = "png") -> Job:
    spec = PlotSpec("s", "S", "", file, "", Script.read(file))
    return Job(spec, {}, format, Sizing(), max_pixels)


def image(outcome: Outcome) -> Image.Image:
    assert outcome.picture is not None, outcome.failure
    return Image.open(io.BytesIO(outcome.picture.body))


def pixels(source: Image.Image | Path) -> NDArray[np.uint8]:
    opened = Image.open(source) if isinstance(source, Path) else source
    return np.asarray(opened.convert("RGBA"))


def flags(outcome: Outcome) -> Colours:
    """Return the colours of the flags in the picture, from top to bottom."""
    whole = image(outcome).convert("RGB")
    assert whole.width == 10
    found = [whole.getpixel((5, top + 5)) for top in range(0, whole.height, 10)]
    return [colour for colour in found if isinstance(colour, tuple)]


def failure(outcome: Outcome) -> tuple[str, str]:
    assert outcome.failure is not None
    assert outcome.picture is None
    return outcome.failure.code, outcome.failure.message


def dependencies(outcome: Outcome) -> set[tuple[str, bool]]:
    """Return the names of the files that count, and whether each was there."""
    return {(Path(each.path).name, each.state is not None) for each in outcome.dependencies}


# The picture


PLAIN = """
    import sys
    import matplotlib.pyplot as plt
    import numpy as np
    import pandas as pd
    import random
    plt.style.use("ggplot")
    plt.rcParams["savefig.facecolor"] = "lightyellow"
    table = pd.read_csv("table.csv")
    fig, (left, right) = plt.subplots(1, 2, figsize=(5, 3))
    left.plot(table.x, table.y, label=r"$\\alpha^2$")
    left.legend()
    right.hist(np.random.randn(100) + random.random())
    fig.tight_layout()
"""


def test_the_picture_is_that_of_the_script_on_its_own(write: Write, draw: Draw) -> None:
    write("table.csv", "x,y\n1,2\n2,1\n3,5\n")
    seeds = "import random, numpy\nrandom.seed(0)\nnumpy.random.seed(0)\n"
    alone = write("alone.py", seeds + textwrap.dedent(PLAIN) + "plt.savefig('alone.png')\n")
    subprocess.run([sys.executable, "alone.py"], cwd=alone.parent, env={**os.environ, "MPLBACKEND": "agg"}, check=True)
    outcome, again = draw(PLAIN), draw(PLAIN)
    assert (pixels(image(outcome)) == pixels(alone.with_name("alone.png"))).all()
    assert outcome.picture == again.picture
    assert (outcome.failure, outcome.output) == (None, "")


def test_an_svg_holds_all_figures_too(draw: Draw) -> None:
    outcome = draw(FLAG + "flag('red'); flag('lime')", format="svg")
    assert outcome.picture is not None
    assert outcome.picture.body.count(b"<svg") == 3
    assert (outcome.picture.width_px, outcome.picture.height_px) == (10, 20)


def test_all_figures_open_at_the_end_are_there_in_order(draw: Draw) -> None:
    outcome = draw(FLAG + "flag('red'); gone = flag('black'); flag('lime'); plt.figure(1); plt.close(gone)")
    assert flags(outcome) == [RED, GREEN]
    assert outcome.picture is not None
    assert outcome.picture.alt.startswith("Picture 1 of 2.\n")


def test_a_shown_figure_counts_once_and_is_gone_afterwards(draw: Draw) -> None:
    outcome = draw(
        FLAG
        + """
first = flag('red')
plt.show()
print(plt.get_fignums())
flag('lime')
plt.show(block=False)
print(plt.get_fignums())
plt.close()
third = flag('blue')
third.show()
plt.ion()
plt.show()
print(plt.get_fignums(), plt.gcf() is third)
plt.ioff()
plt.show()
plt.show()
first.set_facecolor("black")
"""
    )
    assert flags(outcome) == [RED, GREEN, BLUE]
    assert outcome.output == "[]\n[1]\n[1] True\n"


def test_a_figure_is_drawn_with_the_settings_in_force_when_it_is_shown(draw: Draw) -> None:
    outcome = draw(
        FLAG
        + """
with plt.rc_context({"savefig.facecolor": "blue"}):
    flag("red")
    plt.show()
flag("red")
plt.show()
"""
    )
    assert flags(outcome) == [BLUE, RED]


@pytest.mark.timeout(60)
def test_nothing_waits_for_a_window(draw: Draw) -> None:
    outcome = draw(
        FLAG
        + """
figure = flag("red")
plt.pause(3600)
print(plt.waitforbuttonpress(), plt.ginput(3), plt.get_fignums())
plt.draw()
plt.close()
plt.pause(3600)
"""
    )
    assert flags(outcome) == [RED]
    assert outcome.output == "None [] [1]\n"


def test_backends_with_windows_can_be_asked_for(draw: Draw) -> None:
    outcome = draw(
        """
        import sys
        import matplotlib
        matplotlib.use("TkAgg")
        from pylab import *
        switch_backend("Qt5Agg")
        print(matplotlib.get_backend().lower(), {"tkinter", "PyQt5"} & {*sys.modules})
        figure(figsize=(1, 1), dpi=10, facecolor="red")
        show()
        try:
            matplotlib.use("nonsense")
        except ValueError as error:
            print("refused")
        """
    )
    assert flags(outcome) == [RED]
    assert outcome.output == "qt5agg set()\nrefused\n"


FRAME_0 = """
    import matplotlib.pyplot as plt
    from matplotlib.animation import ArtistAnimation, FuncAnimation
    fig, ax = plt.subplots(figsize=(2, 2))
    ax.set(xlim=(0, 5), ylim=(0, 5))
    line, = ax.plot([], [], "o-")
    def update(frame):
        line.set_data([0, 1, 2], [frame + 1, 3, 4])
        return line,
    def clear():
        line.set_data([], [])
        return line,
"""


@pytest.mark.parametrize(
    "start",
    [
        "moves = FuncAnimation(fig, update, frames=3)",
        "moves = FuncAnimation(fig, update, frames=3, init_func=clear, blit=True)",
        "update(0)\nmoves = ArtistAnimation(fig, [[line], ax.plot([4], [4])])",
        "def main():\n    moves = FuncAnimation(fig, update, frames=3)\n    plt.show()\nmain()",
    ],
)
def test_an_animation_shows_its_first_frame(draw: Draw, start: str) -> None:
    still = draw(FRAME_0 + "    update(0)\n")
    moving = draw(textwrap.dedent(FRAME_0) + start + "\n")
    assert (pixels(image(moving)) == pixels(image(still))).all()
    assert moving.output == ""  # nor did it warn that it was never drawn


def test_a_script_without_a_figure_is_told_what_to_do(draw: Draw) -> None:
    outcome = draw(FLAG + "flag('red')\nplt.close('all')")
    assert failure(outcome)[0] == "plot_failed"
    assert "no figure: none was open at its end or at plt.show()" in failure(outcome)[1]


def test_a_figure_with_too_many_pixels_is_refused_though_the_script_catches_everything(draw: Draw) -> None:
    huge = FLAG + "plt.figure(figsize=(1000, 1000), dpi=1000)\n"
    moving = "from matplotlib.animation import FuncAnimation\nmoves = FuncAnimation(plt.gcf(), print, frames=3)\n"
    caught = "try:\n    plt.show()\nexcept Exception:\n    plt.close('all')\nflag('red')\n"
    for text in (huge, huge + moving, huge + caught):
        assert failure(draw(text)) == (
            "too_large",
            "a picture of 1000000 x 1000000 pixels has more than 1,000,000 in all",
        )
    assert failure(draw(FLAG + "flag('red'); flag('lime')", max_pixels=150))[0] == "too_large"
    assert flags(draw(FLAG + "flag('red'); flag('lime')", max_pixels=200)) == [RED, GREEN]


# The process


def test_a_script_finds_itself_as_python_file_would_have_it(write: Write, draw: Draw) -> None:
    folder = write("beside.txt", "beside").parent
    outcome = draw(
        FLAG
        + """
import os, sys
import __main__
print(__name__, sys.argv == [__file__], os.path.basename(__file__))
print(os.getcwd() == sys.path[0] == os.path.dirname(__file__))
print(__main__.flag is flag, sys.modules["__main__"] is __main__, open("beside.txt").read(), __spec__, __doc__)
print(sorted(name for name in globals() if name.startswith("__") and name != "__warningregistry__"))
print(sys.stdin.read(), sys.stdin.isatty(), sys.stdout.isatty(), "" in sys.path)
if __name__ == "__main__":
    flag("red")
"""
    )
    assert flags(outcome) == [RED]
    names = "annotations builtins cached doc file loader main name package spec".split()
    assert outcome.output.splitlines() == [
        "__main__ True s.py",
        "True",
        "True True beside None None",
        str(sorted(f"__{name}__" for name in names)),
        " False False False",
    ]
    assert {path.name for path in folder.iterdir()} == {"beside.txt", "s.py"}


def test_neighbours_come_first_as_plain_modules_whatever_plotd_calls_its_own(write: Write, draw: Draw) -> None:
    for name in (
        "plots.py",
        "service/__init__.py",
        "service/pool.py",
        "calendar.py",
        "lib/handlers.py",
        "lib/part/a.py",
    ):
        write(name, "colour = __name__\n")
    outcome = draw(
        FLAG
        + """
import sys
import plots, service.pool, calendar
sys.path.insert(0, "lib")
import handlers
import part.a
from plotd import plot
print(plots.colour, service.pool.colour, calendar.colour, handlers.colour, part.a.colour, plot.__name__)
print(plots.__name__, plots.__file__ == __file__.replace("s.py", "plots.py"))
flag("red")
"""
    )
    assert flags(outcome) == [RED]
    assert outcome.output.splitlines() == [
        "plots service.pool calendar handlers part.a plot",
        "plots True",
    ]


def test_a_link_to_a_script_has_the_neighbours_of_what_it_leads_to(
    write: Write, pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    write("real/helper.py", "colour = 'red'\n")
    write("here/note.txt", "here")
    link = tmp_path / "here" / "s.py"
    link.symlink_to(write("real/s.py", FLAG + "import helper\nprint(open('note.txt').read())\nflag(helper.colour)"))
    outcome = pool.submit(run, job_of(link)).result()
    assert (flags(outcome), outcome.output) == ([RED], "here\n")


def test_input_ends_at_once(draw: Draw) -> None:
    outcome = draw(FLAG + "try:\n    input('Which? ')\nexcept EOFError as error:\n    print(error)\nflag('red')")
    assert (flags(outcome), outcome.output) == ([RED], "Which? EOF when reading a line\n")
    assert failure(draw("input()")) == ("plot_failed", "EOFError: EOF when reading a line")


@pytest.mark.parametrize("end", ["sys.exit()", "sys.exit(0)", "raise SystemExit", "exit()"])
def test_a_script_may_end_itself(draw: Draw, end: str) -> None:
    assert flags(draw(FLAG + f"import sys\nflag('red')\n{end}\nflag('lime')")) == [RED]


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("sys.exit(2)", "the script ended itself with status 2"),
        ("sys.exit('no data')", "the script ended itself with status 1: no data"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("again = lambda: again()\nagain()", "RecursionError: maximum recursion depth exceeded"),
        ("raise BaseException('odd')", "BaseException: odd"),
        ("return", "SyntaxError: 'return' outside function (s.py, line 5)"),
        (ARGUMENTS, "with status 2: s.py: error: the following arguments are required: --run"),
        ("class Odd(SystemExit):\n    def __str__(self): 1 / 0\nraise Odd(3)", "the script ended itself with status 3"),
        ("class Odd(Exception):\n    def __str__(self): 1 / 0\nraise Odd", "(its text failed: ZeroDivisionError)"),
    ],
)
def test_whatever_else_ends_it_is_its_failure(draw: Draw, end: str, message: str) -> None:
    code, told = failure(draw(FLAG + f"import sys\nflag('red')\n{end}"))
    assert code == "plot_failed"
    assert message in told


def test_a_traceback_holds_the_frames_of_the_script_without_folders(write: Write, draw: Draw) -> None:
    write("helper.py", "def fail(x):\n    return 1 / x\n")
    outcome = draw("import helper\ndef f():\n    helper.fail(0)\nf()")
    assert outcome.failure is not None
    lines = outcome.failure.traceback.splitlines()
    places = [line.strip() for line in lines if line.startswith("  File")]
    assert places == [
        'File "s.py", line 4, in <module>',
        'File "s.py", line 3, in f',
        'File "helper.py", line 2, in fail',
    ]
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert "    helper.fail(0)" in lines


def test_what_goes_wrong_in_drawing_is_told_as_matplotlib_does(draw: Draw) -> None:
    for end in ("", "plt.show()\n"):
        outcome = draw("import matplotlib.pyplot as plt\nplt.plot([1])\nplt.title('$x$ $\\\\nonsense$')\n" + end)
        assert outcome.failure is not None
        assert "Unknown symbol" in outcome.failure.message
        assert "plots/" not in outcome.failure.traceback.partition("plt.show")[0]


# What it prints


def test_all_that_is_printed_is_kept_whoever_prints(draw: Draw) -> None:
    outcome = draw(
        FLAG
        + """
import ctypes, os, subprocess, sys, warnings
print("one")
print("two", file=sys.stderr)
sys.stdout.flush()
os.write(1, b"three\\n")
subprocess.run(["echo", "four"])
subprocess.run("echo five >&2", shell=True)
print("h\\u00e4")
sys.stdout.flush()
os.write(2, b"\\xff\\n")
warnings.warn("seven")
warnings.warn("eight", DeprecationWarning)
ctypes.CDLL(None).printf(b"nine\\n")
flag("red")
"""
    )
    assert flags(outcome) == [RED]
    lines = outcome.output.splitlines()
    assert lines[:7] == ["one", "two", "three", "four", "five", "h\N{LATIN SMALL LETTER A WITH DIAERESIS}", "\ufffd"]
    assert [line.rpartition(": ")[2] for line in lines if "Warning: " in line] == ["seven", "eight"]
    assert lines[-1] == "nine"


def test_what_was_printed_before_a_failure_is_kept(draw: Draw) -> None:
    outcome = draw("print('before')\nimport sys\nprint('usage', file=sys.stderr)\nsys.exit(2)")
    assert (outcome.picture, outcome.output) == (None, "before\nusage\n")
    assert draw("import sys\nsys.exit('no data')").output == "no data\n"


@pytest.mark.timeout(60)
def test_of_much_output_the_end_is_kept(draw: Draw) -> None:
    outcome = draw(FLAG + "for k in range(1_000_000):\n    print(f'{k:099}')\nflag('red')")
    assert flags(outcome) == [RED]
    assert len(outcome.output) == 64 << 10
    assert outcome.output.endswith("0999999\n")


def test_a_child_that_goes_on_printing_is_not_waited_for(draw: Draw, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "end")
    command = "yes & read line < end; kill $!"
    outcome = draw(FLAG + f"import subprocess\nsubprocess.Popen({command!r}, shell=True)\nflag('red')")
    with open(tmp_path / "end", "w") as end:
        end.write("now\n")
    assert flags(outcome) == [RED]
    assert set(outcome.output) <= {"y", "\n"}


def test_a_thread_that_goes_on_printing_is_not_waited_for(draw: Draw) -> None:
    text = "import threading\ndef talk():\n    while True: print('y')\n"
    outcome = draw(FLAG + text + "threading.Thread(target=talk, daemon=True).start()\nflag('red')")
    assert flags(outcome) == [RED]
    assert set(outcome.output) <= {"y", "\n"}


def test_streams_that_it_closes_or_replaces_do_no_harm(draw: Draw) -> None:
    assert flags(draw(FLAG + "import os\nos.close(1)\nos.close(2)\nos.close(0)\nflag('red')")) == [RED]
    outcome = draw(FLAG + "import sys\nprint('kept')\nsys.stdout.close()\nsys.stderr = None\nflag('red')")
    assert (flags(outcome), outcome.output) == ([RED], "kept\n")
    replaced = draw(FLAG + "import io, sys\nsys.stdout = io.StringIO()\nprint('gone')\nsys.stderr = 3\nflag('red')")
    assert (flags(replaced), replaced.output) == ([RED], "")


def test_code_in_c_may_print_though_it_lets_no_other_thread_run(draw: Draw) -> None:
    many = "import ctypes\nctypes.PyDLL(None).printf(b'%500000d\\n', 7)\nctypes.PyDLL(None).fflush(None)\n"
    outcome = draw(FLAG + many + "flag('red')")
    assert (flags(outcome), outcome.output) == ([RED], " " * 65534 + "7\n")


# What it starts


def test_threads_and_executors_are_waited_for_and_may_draw(write: Write, draw: Draw) -> None:
    write("beside.txt", "beside")
    outcome = draw(
        FLAG
        + """
import threading
from concurrent.futures import ThreadPoolExecutor
threading.Thread(target=threading.Event().wait, daemon=True).start()
ended = threading.Event()
def read():
    ended.wait()
    print(open("beside.txt").read())
def draw():
    flag("red")
    ended.set()
pool = ThreadPoolExecutor(1)
pool.submit(read)
threading.Thread(target=lambda: threading.Thread(target=draw).start()).start()
"""
    )
    assert (flags(outcome), outcome.output) == ([RED], "beside\n")
    assert ("beside.txt", True) in dependencies(outcome)


def test_exit_handlers_run_at_the_end(draw: Draw, tmp_path: Path) -> None:
    outcome = draw(
        FLAG
        + """
import atexit, tempfile, weakref
class Thing: pass
thing = Thing()
weakref.finalize(thing, print, "finalized")
kept = tempfile.TemporaryDirectory(dir=".")
open("where", "w").write(kept.name)
atexit.register(lambda: print("last", plt.get_fignums()))
@atexit.register
def fails(): 1 / 0
flag("red")
"""
    )
    assert flags(outcome) == [RED]
    lines = outcome.output.splitlines()
    assert lines[0].startswith("Exception ignored in atexit callback")
    assert lines[-2:] == ["last [1]", "finalized"]
    assert not (tmp_path / (tmp_path / "where").read_text()).exists()
    assert draw("import atexit\natexit.register(print, 'last')\n1 / 0").output == "last\n"


def test_a_script_may_have_processes_of_its_own(draw: Draw) -> None:
    outcome = draw(
        FLAG
        + """
import multiprocessing, os
def double(x): return 2 * x
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        print(pool.map(double, [1, 2]))
    context.Process(target=print, args=(multiprocessing.current_process().name,)).start()
    child = os.fork()
    if child == 0:
        flag("lime")
        raise SystemExit(3)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    flag("red")
"""
    )
    assert flags(outcome) == [RED]
    assert sorted(line for line in outcome.output.splitlines() if "Warning" not in line) == [
        "3",
        "MainProcess",
        "[2, 4]",
    ]
    assert outcome.unknown


def test_what_it_leaves_behind_in_the_process_harms_nothing(draw: Draw) -> None:
    outcome = draw(
        FLAG
        + """
import builtins, os, random, signal, sys, tempfile
flag("red")
signal.setitimer(signal.ITIMER_REAL, 3600)
os.chdir(tempfile.gettempdir())
sys.path[:] = []
sys.argv = None
sys.modules["__main__"] = None
sys.meta_path.clear()
del sys.modules["random"]
"""
    )
    assert flags(outcome) == [RED]


# What it depends on


def test_all_that_it_read_counts_its_code_and_what_it_missed_too(write: Write, draw: Draw) -> None:
    write("data/table.csv", "x,y")
    write("helper.py", "")
    outcome = draw(
        FLAG
        + """
import helper
try:
    import surely_missing
except ImportError:
    pass
import colorsys, json.tool, matplotlib.tri, PIL.ImageFilter
open("data/table.csv").read()
open("written.txt", "w").write("x")
open("written.txt").read()
flag("red")
"""
    )
    found = dependencies(outcome)
    endings = ("surely_missing.py", "matplotlibrc")
    assert {("s.py", True), ("helper.py", True), ("table.csv", True), *((name, False) for name in endings)} <= found
    others = {name for name, _ in found} - {"s.py", "helper.py", "table.csv", "matplotlibrc"}
    assert all(name == "__init__.py" or name.startswith("surely_missing.") for name in others)
    assert {each.kind for each in outcome.dependencies} == {"file"}
    assert {Path(path).name for path in outcome.own_files} == {"written.txt"}
    assert not outcome.unknown


def test_a_script_that_reads_no_data_is_of_unknown_state_unless_it_fails(write: Write, draw: Draw) -> None:
    write("helper.py", "")
    assert draw(FLAG + "import helper\nflag('red')").unknown
    assert not draw("import helper, missing").unknown


def test_the_script_counts_as_it_was_when_it_was_found(write: Write, pool: ProcessPoolExecutor) -> None:
    file = write("s.py", FLAG + "flag('red')")
    job = job_of(file)
    assert isinstance(job.spec.entry, Script)
    write("s.py", FLAG + "flag('lime')\n")
    outcome = pool.submit(run, job).result()
    assert flags(outcome) == [RED]
    assert [(each.path, each.state) for each in outcome.dependencies][:1] == [*job.spec.entry.sources]


def test_neighbours_are_read_again_though_python_compiled_them_before(write: Write, draw: Draw) -> None:
    text = FLAG + "import helper\nflag(helper.colour)"
    helper = write("helper.py", "colour = 'red'")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-c", "import helper"], cwd=helper.parent, env=environment, check=True)
    assert list(helper.parent.glob("__pycache__/helper.*.pyc"))
    before = helper.stat()
    assert ("helper.py", True) in dependencies(draw(text))
    write("helper.py", "colour='lime'\n")
    os.utime(helper, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert helper.stat().st_size == before.st_size
    assert flags(draw(text)) == [GREEN]


def test_a_script_and_its_neighbours_may_come_from_elsewhere(
    write: Write, pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    file = write("gone/s.py", FLAG + "import os, helper.part, plots\nprint(os.listdir())\nflag(helper.part.colour)")
    part = write("gone/helper/part.py", "from plots import colour")
    plots = write("gone/plots.py", "colour = 'red'")
    job = job_of(file)
    given = [Given(*Source.glance(str(path)).read()) for path in (part, plots)]
    for path in (file, part, plots, part.parent, file.parent):
        path.rmdir() if path.is_dir() else path.unlink()
    outcome = pool.submit(run, job, Disk(given)).result()
    assert (flags(outcome), outcome.output) == ([RED], "[]\n")
    states = {each.path: each.state for each in outcome.dependencies}
    assert states[str(part)] == given[0].source.state
    assert str(tmp_path) in str(part)


def test_settings_beside_the_script_are_obeyed(write: Write, draw: Draw) -> None:
    write("matplotlibrc", "figure.figsize: 1, 1\nfigure.dpi: 10\nfigure.facecolor: red\nbackend: TkAgg\n")
    outcome = draw("import matplotlib.pyplot as plt\nplt.figure()")
    assert flags(outcome) == [RED]
    assert ("matplotlibrc", True) in dependencies(outcome)


# What is refused


def test_what_any_user_could_change_is_not_run(write: Write, draw: Draw, pool: ProcessPoolExecutor) -> None:
    helper = write("helper.py", "open('ran', 'w').close()")
    helper.chmod(0o666)
    outcome = draw("import helper")
    assert "any user of this machine can write to helper.py" in failure(outcome)[1]
    file = write("s.py", "open('ran', 'w').close()")
    file.chmod(0o666)
    assert "chmod o-w s.py" in failure(pool.submit(run, job_of(file)).result())[1]
    assert not helper.with_name("ran").exists()


def test_a_script_cannot_be_called_in_a_process_that_others_share(write: Write) -> None:
    [spec] = scan([write("s.py", FLAG + "flag('red')")], Library(10)).plots
    with pytest.raises(TypeError, match=r"s\.py is a script: plots\.scripts\.run runs it"):
        spec.entry.function()
