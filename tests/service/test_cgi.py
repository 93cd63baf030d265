"""``plotd render --as cgi`` as a CGI program of a real web server, which runs it as a user without rights or a home."""

from __future__ import annotations

import http.client
import http.server
import io
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from PIL import Image

PLOTD = Path(sys.executable).with_name("plotd")
PATIENCE_S = 60
PACKAGES = ("plotd", "plots", "service", "handlers")
LOSS = """
import os
import matplotlib.pyplot as plt
import pandas as pd
print("this is no header")
def plot_loss(file_path="run.csv", smooth: int = 1):
    print("this is no picture")
    plt.plot(pd.read_csv(file_path).loss.rolling(smooth).mean())
def plot_user():
    raise RuntimeError(f"run by {os.getuid()}, home {os.path.expanduser('~')}")
"""


@dataclass(frozen=True)
class Answer:
    """What a browser gets."""

    headers: Message
    body: bytes


@dataclass(frozen=True)
class WebServer:
    """A web server whose folder is *folder*; *port* is None where Python has none any more that runs CGI programs."""

    folder: Path
    log: Path
    port: int | None

    def get(self, path: str) -> Answer:
        if self.port is None:
            return self._run(path)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Answer(answer.headers, body)

    def _run(self, path: str) -> Answer:
        """Run the program as the server of older Pythons does."""
        name, _, query = path.partition("?")
        variables = {**environment(self.folder), "REQUEST_METHOD": "GET", "QUERY_STRING": query}
        with self.log.open("a") as log:
            done = subprocess.run(
                [f"{self.folder}{name}", *([] if "=" in query else [query])],
                env=variables,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=log,
                user=nobody() if os.geteuid() == 0 else None,
                check=False,
            )
        head, _, body = done.stdout.partition(b"\n\n")
        return Answer(message_from_bytes(head), body)


def nobody() -> int:
    """Return the user that Python's web server runs CGI programs as, if it may."""
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return 1 + max(user.pw_uid for user in pwd.getpwall())


def environment(folder: Path) -> dict[str, str]:
    """Return what a web server lets a program know: next to nothing."""
    return {"PATH": os.defpath, "HOME": "/nonexistent", "TMPDIR": str(folder / "tmp")}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that any user can look into: pytest's own can't be entered by others."""
    with tempfile.TemporaryDirectory(prefix="plotd-cgi-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for inner in ("cgi-bin", "plots", "tmp"):
            (folder / inner).mkdir()
            (folder / inner).chmod(0o1777 if inner == "tmp" else 0o755)
        (folder / "plots" / "loss.py").write_text(LOSS)
        (folder / "plots" / "run.csv").write_text("iteration,loss\n1,3\n2,2\n3,1\n")
        plotd = callable_by_anyone(folder)
        for plot in ("loss", "user"):
            program = folder / "cgi-bin" / plot
            program.write_text(f"#!/bin/sh\nexec {plotd} render {plot} --plots {folder}/plots --as cgi\n")
            program.chmod(0o755)
        for file in (folder / "plots").iterdir():
            file.chmod(0o644)
        yield folder


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """``python -m http.server --cgi``. Python 3.15 drops that; there the program is called as it would be."""
    log = tmp_path_factory.mktemp("server") / "log"
    if not hasattr(http.server, "CGIHTTPRequestHandler"):
        yield WebServer(folder, log, None)
        return
    command = [sys.executable, "-u", "-W", "ignore", "-m", "http.server", "--cgi", "--bind", "127.0.0.1", "0"]
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = re.search(r" port (\d+) ", process.stdout.readline())
            assert said, log.read_text()
            yield WebServer(folder, log, int(said[1]))
        finally:
            process.terminate()


def callable_by_anyone(folder: Path) -> str:
    """Return the words of a shell that call plotd as whom CGI programs run as.

    That user may be unable to enter the home of root, where the interpreter or this checkout may well be: then it gets
    a copy of all that it takes, made of hard links if it can be.
    """
    if os.geteuid() != 0 or is_callable_by_nobody(PLOTD):
        return shlex.quote(str(PLOTD))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    program, libraries, site = folder / "bin" / version, folder / "lib", folder / "site"
    lend(sys.executable, program)
    lend(sysconfig.get_path("stdlib"), libraries / version)
    for library in Path(sysconfig.get_config_var("LIBDIR")).glob("libpython*.so*"):
        lend(library, libraries / library.name)
    own = [Path(spec.origin).parent for spec in map(find_spec, PACKAGES) if spec and spec.origin]
    for name, path in {path.name: path for path in (*required("plotd"), *own)}.items():
        lend(path, site / name)
    for place, _, _ in os.walk(folder):
        if place != str(folder / "tmp"):
            os.chmod(place, 0o755)
    return f"env LD_LIBRARY_PATH={libraries} PYTHONPATH={site} {program} -P -m service"


def required(name: str) -> set[Path]:
    """Return the files and folders in which *name*, and all that it requires, is installed."""
    places: set[Path] = set()
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        found = distribution(waiting.pop())
        if found.name in seen:
            continue
        seen.add(found.name)
        tops = {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}
        places |= {Path(str(found.locate_file(top))) for top in tops}
        needs = map(Requirement, found.requires or ())
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return places


def is_callable_by_nobody(program: Path) -> bool:
    try:
        said = subprocess.run([program, "--version"], user=nobody(), cwd="/", capture_output=True, check=False)
        return said.returncode == 0
    except OSError:
        return False


def lend(source: str | Path, target: Path) -> None:
    """Let all read *source*, a file or a folder, at *target* too."""
    if os.path.isdir(source):
        unused = shutil.ignore_patterns("test", "tests", "idlelib", "config-*", "site-packages", "dist-packages")
        shutil.copytree(source, target, copy_function=lend_file, ignore=unused)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        lend_file(str(source), str(target))


def lend_file(source: str, target: str) -> None:
    """Make *target* the same file as *source* if all may read that and it is on the same disk, else a copy."""
    real = os.path.realpath(source)
    if os.stat(real).st_mode & stat.S_IROTH:
        try:
            os.link(real, target)
        except OSError:
            pass
        else:
            return
    shutil.copy2(real, target)
    os.chmod(target, 0o755)


@pytest.fixture(scope="module")
def picture(server: WebServer) -> Answer:
    """What a plain URL answers."""
    return server.get("/cgi-bin/loss")


def test_a_web_server_gets_the_picture_and_nothing_else(picture: Answer) -> None:
    assert picture.headers["Content-Type"] == "image/png"
    decoded = Image.open(io.BytesIO(picture.body))
    decoded.load()
    assert (decoded.format, decoded.size) == ("PNG", (640, 480))


def test_the_query_of_a_url_names_no_file_and_sets_nothing(server: WebServer, picture: Answer) -> None:
    assert picture.body.startswith(b"\x89PNG")
    assert server.get("/cgi-bin/loss?smooth=3&file_path=/etc/passwd").body == picture.body


def test_a_failure_is_text_that_a_browser_shows(server: WebServer) -> None:
    answer = server.get("/cgi-bin/user")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Status"] == "500 Internal Server Error"
    user = nobody() if os.geteuid() == 0 else os.geteuid()
    assert answer.body.decode() == f"500 Internal Server Error: RuntimeError: run by {user}, home /nonexistent\n"


def test_without_a_home_nothing_is_complained_of_and_nothing_is_left_behind(server: WebServer, picture: Answer) -> None:
    assert picture.body.startswith(b"\x89PNG")
    assert "Matplotlib" not in server.log.read_text()
    assert list((server.folder / "tmp").iterdir()) == []
