"""The command line, as a user types it: the installed ``plotd``, its words, files and exit statuses."""

from __future__ import annotations

import base64
import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image

PLOTD = Path(sys.executable).with_name("plotd")
COMMANDS = ("serve", "render", "list", "check", "export", "unit")
PATIENCE_S = 60

LOSS = '''
"""Prints wherever it can: none of it may get into what a command says."""
import atexit, os
import matplotlib.pyplot as plt
import pandas as pd
print("printed at import")
atexit.register(print, "printed at exit")

def plot_loss(file_path="run.csv", smooth: int = 1):
    """The loss,
    per iteration."""
    print("printed by a plot")
    os.system("echo printed by a child")
    plt.figure(figsize=(4, 3))
    plt.plot(pd.read_csv(file_path).loss.rolling(smooth).mean())
    return plt

def plot_bad():
    raise ValueError("no such 损失\\n\\x1b[31mline two")

def plot_on(ax): ...

def plot_needy(path): ...
'''
TWO = "import matplotlib.pyplot as plt\ndef plot_a():\n    plt.plot([1])\ndef plot_b():\n    plt.plot([2])\n"
CALLS = {
    "png": "render loss --plots plots",
    "svg": "render loss/loss file_path={elsewhere}/run.csv smooth=2 _width=300 --plots plots -o drawn/loss.svg",
    "link": "render a --plots two.py --format png -o drawn/latest",
    "data file": "render plots/run.csv kind=hist _dpi=50 -o -",
    "data-uri": "render a --as data-uri --plots two.py",
    "html": "render loss --plots plots -o drawn/loss.html",
    "cgi": "render a --as cgi --plots two.py",
    "cgi 500": "render bad --as cgi --plots plots",
    "cgi 404": "render nope --as cgi --plots two.py",
    "plot fails": "render bad --plots plots -o drawn/old.png",
    "unknown plot": "render lost --plots plots",
    "gallery": "render host",
    "serve": "serve right.yaml --port 0",
    "port in use": "serve two.py --port {port}",
    "list": "list plots two.py",
    "list json": "list plots two.py --json",
    "check": "check two.py --config right.yaml",
    "check broken": "check plots",
    "check settings": "check two.py --config wrong.yaml",
    "export": "export site plots two.py",
    "export nowhere": "export two.py/site two.py",
}


@dataclass(frozen=True)
class Said:
    """What one call of plotd came to."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def why(self) -> str:
        """The one line on stderr that says why it failed; what a plot printed, and its traceback, stand above it."""
        assert self.status == 1
        lines = self.err.splitlines()
        told = [number for number, line in enumerate(lines) if line.startswith("Error: ")]
        assert len(told) == 1, self.err
        assert all(line == "printed at exit" for line in lines[told[0] + 1 :]), self.err
        return lines[told[0]].removeprefix("Error: ")


@dataclass(frozen=True)
class Calls:
    """Calls under way, by name."""

    under_way: Mapping[str, Future[Said]]

    def __getitem__(self, name: str) -> Said:
        return self.under_way[name].result()


def environment() -> dict[str, str]:
    ours = {name: text for name, text in os.environ.items() if not name.startswith("PLOTD_")}
    return {**ours, "MPLCONFIGDIR": mpl.get_cachedir()}


def plotd(*words: str, cwd: Path) -> Said:
    done = subprocess.run(
        [PLOTD, *words],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return Said(done.returncode, done.stdout, done.stderr.decode())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are called: a folder of plots, good and bad, and files to find and to overwrite."""
    folder = tmp_path_factory.mktemp("commands")
    for name in ("plots", "elsewhere", "drawn"):
        (folder / name).mkdir()
    for place in ("plots", "elsewhere"):
        (folder / place / "run.csv").write_text("iteration,loss\n1,3\n2,2\n3,1\n")
    (folder / "plots" / "loss.py").write_text(LOSS)
    (folder / "plots" / "broken.py").write_text("import os\n\ndef plot_x(:\n")
    (folder / "plots" / f"{'long' * 12}.csv").write_text("a\n1\n")
    (folder / "two.py").write_text(TWO)
    (folder / "right.yaml").write_text("listen:\n  port: 1234\n")
    (folder / "wrong.yaml").write_text("listen:\n  prot: 1\nrender:\n  workers: none\n")
    (folder / "drawn" / "old.png").write_text("old")
    (folder / "drawn" / "target.png").write_text("old")
    (folder / "drawn" / "latest").symlink_to("target.png")
    return folder


@pytest.fixture(scope="module")
def said(folder: Path) -> Iterator[Calls]:
    """What each of CALLS came to. Each is a process that takes a second to start: as many at a time as may be."""

    def call(name: str) -> Said:
        words = CALLS[name].format(elsewhere=folder / "elsewhere", port=taken.getsockname()[1]).split()
        return plotd(*words, cwd=folder)

    with socket.create_server(("127.0.0.1", 0)) as taken, ThreadPoolExecutor(os.cpu_count()) as several:
        yield Calls({name: several.submit(call, name) for name in CALLS})
        several.shutdown(cancel_futures=True)


def decoded(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_render_writes_a_png_to_standard_output(said: Calls) -> None:
    assert said["png"].status == 0
    picture = decoded(said["png"].out)
    assert (picture.format, picture.size) == ("PNG", (400, 300))


def test_what_plots_print_goes_to_stderr_wherever_they_print_it(said: Calls) -> None:
    printed = [f"printed {where}" for where in ("at import", "by a plot", "by a child", "at exit")]
    assert said["png"].err.splitlines() == printed


def test_render_reads_any_file_that_its_user_may_read_and_takes_options_as_words(said: Calls, folder: Path) -> None:
    assert (said["svg"].status, said["svg"].out) == (0, b"")
    drawn = (folder / "drawn" / "loss.svg").read_text()
    assert re.search(r'<svg width="300" height="225"', drawn)


def test_render_writes_through_a_link_and_leaves_nothing_beside(said: Calls, folder: Path) -> None:
    assert [said[call].status for call in ("link", "svg", "html", "plot fails")] == [0, 0, 0, 1]
    assert (folder / "drawn" / "latest").is_symlink()
    assert decoded((folder / "drawn" / "target.png").read_bytes()).size == (640, 480)
    assert sorted(os.listdir(folder / "drawn")) == ["latest", "loss.html", "loss.svg", "old.png", "target.png"]


def test_render_draws_a_data_file_named_by_its_path(said: Calls) -> None:
    assert said["data file"].status == 0
    assert decoded(said["data file"].out).size == (320, 240)


def test_render_without_plots_draws_from_the_gallery(said: Calls) -> None:
    assert said["gallery"].status == 0
    assert decoded(said["gallery"].out).format == "PNG"


def test_a_data_uri_holds_the_picture(said: Calls) -> None:
    head, _, data = said["data-uri"].text.strip().partition(",")
    assert head == "data:image/png;base64"
    assert decoded(base64.b64decode(data, validate=True)).size == (640, 480)


class Page(HTMLParser):
    """The pictures of a page, and whatever else it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value for name, value in attrs if name in ("src", "href") and value]
        self.scripts += tag == "script"


def test_a_page_holds_its_picture_and_loads_nothing(said: Calls, folder: Path) -> None:
    assert (said["html"].status, said["html"].out) == (0, b"")
    text = (folder / "drawn" / "loss.html").read_text()
    page = Page(text)
    assert all(source.startswith("data:") for source in page.sources)
    assert page.scripts == 0
    pictures = [source for source in page.sources if source.startswith("data:image/png;base64,")]
    assert [decoded(base64.b64decode(source.partition(",")[2])).size for source in pictures] == [(400, 300)]
    assert "per iteration." in text


def test_cgi_writes_the_type_a_blank_line_and_the_bytes(said: Calls) -> None:
    head, _, body = said["cgi"].out.partition(b"\n\n")
    assert (said["cgi"].status, head) == (0, b"Content-Type: image/png")
    assert decoded(body).size == (640, 480)


@pytest.mark.parametrize(
    ("call", "status", "text"),
    [
        ("cgi 404", "404 Not Found", "there is no plot 'nope'"),
        ("cgi 500", "500 Internal Server Error", "ValueError: no such 损失"),
    ],
)
def test_cgi_tells_a_failure_to_a_browser_too(said: Calls, call: str, status: str, text: str) -> None:
    head, _, body = said[call].text.partition("\n\n")
    assert f"Status: {status}" in head.splitlines()
    assert "Content-Type: text/plain; charset=utf-8" in head.splitlines()
    assert body.startswith(f"{status}: {text}")
    assert text in said[call].why
    assert "Traceback" not in body


def test_a_plot_that_fails_is_told_with_its_traceback_and_leaves_the_file_alone(said: Calls, folder: Path) -> None:
    assert said["plot fails"].why == r"ValueError: no such 损失 | \x1b[31mline two"
    assert 'File "loss.py", line 19, in plot_bad' in said["plot fails"].err
    assert "\x1b" not in said["plot fails"].err
    assert (folder / "drawn" / "old.png").read_text() == "old"


def test_an_unknown_plot_is_told_with_the_nearest_names_and_the_files_that_failed(said: Calls) -> None:
    assert said["unknown plot"].why == "there is no plot 'lost'; the nearest: 'loss'"
    assert "plots/broken.py:3: SyntaxError: invalid syntax" in said["unknown plot"].err.splitlines()


def test_serve_refuses_a_file_that_holds_no_plots(said: Calls) -> None:
    assert re.fullmatch(r".*/right\.yaml: expected a folder, a \.py file or a data file \(.*\)", said["serve"].why)
    assert said["serve"].out == b""


def test_serve_tells_of_a_port_in_use(said: Calls) -> None:
    assert re.fullmatch(r"can't listen at 127\.0\.0\.1, port \d+: Address already in use", said["port in use"].why)
    assert said["port in use"].out == b""


def test_list_tells_names_parameters_and_failures_within_80_columns(said: Calls) -> None:
    assert said["list"].status == 0
    lines = said["list"].text.splitlines()
    assert [line.split() for line in lines if line.startswith("loss ")] == [["loss", "Loss", "plots/loss.py"]]
    assert any(re.fullmatch(r" +smooth +whole number, default 1", line) for line in lines)
    assert any(re.fullmatch(r" +path +file, required", line) for line in lines)
    assert "  loss/on: 'ax' is required, but no URL can carry something to draw on" in lines
    assert "  plots/broken.py:3: SyntaxError: invalid syntax" in lines
    assert "long" * 12 in lines  # whole: it is there to be typed
    assert max(map(cells, lines)) <= 80
    assert "\x1b" not in said["list"].text
    assert "printed" not in said["list"].text


def cells(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def test_list_tells_the_same_to_programs(said: Calls, folder: Path) -> None:
    assert said["list json"].status == 0
    told = json.loads(said["list json"].out)
    plots = {plot["name"]: plot for plot in told["plots"]}
    assert set(plots) == {"loss/loss", "loss/bad", "loss/on", "loss/needy", "run", "long" * 12, "two/a", "two/b"}
    loss = plots["loss/loss"]
    assert (loss["alias"], loss["title"], loss["description"]) == ("loss", "Loss", "The loss,\nper iteration.")
    assert loss["file"] == str(folder / "plots" / "loss.py")
    assert loss["parameters"]["properties"]["smooth"]["default"] == 1
    assert loss["parameters"]["required"] == []
    assert plots["loss/needy"]["parameters"]["required"] == ["path"]
    assert plots["run"]["alias"] is None
    assert plots["run"]["file"] == str(folder / "plots" / "run.csv")
    assert plots["loss/on"]["unservable"].startswith("'ax' is required")
    broken = str(folder / "plots" / "broken.py")
    assert told["failures"] == [{"file": broken, "line": 3, "message": "SyntaxError: invalid syntax"}]


def test_check_says_what_it_looked_at(said: Calls) -> None:
    assert (said["check"].status, said["check"].err) == (0, "")
    assert said["check"].text.splitlines() == ["settings: right.yaml", "plots: 2 in two.py", "All right."]


def test_check_fails_for_a_single_file_that_does_not_load(said: Calls) -> None:
    problem = "plots/broken.py:3: SyntaxError: invalid syntax"
    assert problem in said["check broken"].text.splitlines()
    assert said["check broken"].why == f"1 problem: {problem}"


def test_check_tells_every_setting_that_is_wrong_by_file_and_line(said: Calls, folder: Path) -> None:
    lines = said["check settings"].text.splitlines()
    assert len(lines) == 2
    assert {line.rpartition("/")[2].partition(" ")[0] for line in lines} == {"wrong.yaml:2:", "wrong.yaml:4:"}
    assert said["check settings"].why.startswith("2 problems: ")


def test_export_writes_the_site_and_fails_for_what_failed(said: Calls, folder: Path) -> None:
    assert said["export"].why.startswith("2 problems: bad: ValueError: no such 损失")
    assert said["export"].text.splitlines()[0] == "site/index.html: 7 plots"
    assert (folder / "site" / "index.html").exists()
    assert decoded((folder / "site" / "plots" / "loss.png").read_bytes()).size == (400, 300)


def test_export_into_what_is_no_folder_fails(said: Calls) -> None:
    assert re.fullmatch(r"two\.py/site(/static)?: Not a directory", said["export nowhere"].why)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("render loss smooth", "expected PARAM=VALUE, got 'smooth'"),
        ("render loss -o loss.jpg", "loss.jpg: plotd draws png, svg,"),
        ("render loss --as pdf", "'pdf' is not one of"),
        ("render", "Missing argument 'NAME'"),
        ("serve --port many", "'many' is not a valid integer"),
        ("sevre", "No such command 'sevre'"),
    ],
)
def test_wrong_usage_has_a_status_of_its_own(words: str, why: str, tmp_path: Path) -> None:
    done = plotd(*words.split(), cwd=tmp_path)
    assert (done.status, done.out) == (2, b"")
    assert why in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_not_printed_to_a_terminal(tmp_path: Path) -> None:
    ours, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [PLOTD, "render", "host"], stdout=terminal, stderr=subprocess.PIPE, cwd=tmp_path, check=False
        )
    finally:
        os.close(terminal)
        os.close(ours)
    assert done.returncode == 2
    assert "a terminal can't show a picture: give -o FILE" in done.stderr.decode()


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_gives_an_example_and_imports_nothing_slow(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", PLOTD, *command.split(), "--help"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(rf"Try:\n\s+plotd {command or 'serve'} ", done.stdout)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {"matplotlib", "pandas", "numpy", "pydantic", "tornado"}


def test_the_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"plotd, version \d+\.\d+\.\d+\n", plotd("--version", cwd=tmp_path).text)


def test_closed_streams_are_no_place_for_files_to_end_up_in(tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text(TWO)
    command = f"exec {PLOTD} render a --plots two.py -o a.png >&- 2>&- <&-"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert decoded((tmp_path / "a.png").read_bytes()).size == (640, 480)


HANGS = "import os\ndef plot_slow():\n    os.write(2, b'drawing')\n    while True: pass\n"


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A render that has begun and never ends."""
    (tmp_path / "slow.py").write_text(HANGS)
    # A shell that starts the tests in the background has them, and all that they start, ignore SIGINT.
    command = ["env", "--default-signal=INT", str(PLOTD), "render", "slow.py", "-o", "slow.png"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            assert process.stderr.read(7) == b"drawing"
            yield process
        finally:
            process.kill()


def test_ctrl_c_ends_a_render_at_once(hanging: subprocess.Popen[bytes], tmp_path: Path) -> None:
    hanging.send_signal(signal.SIGINT)
    assert hanging.wait(PATIENCE_S) == -signal.SIGINT
    assert [path.name for path in tmp_path.iterdir()] == ["slow.py"]


def test_who_stops_reading_gets_no_complaints(tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text(TWO)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [PLOTD, "list", "two.py"], cwd=tmp_path, env=environment(), stdout=pipe, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"")
