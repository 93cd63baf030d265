"""A machine with a systemd of its own, in namespaces: its disk is this one's, and what it writes is gone with it."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLOTD = Path(sys.executable).with_name("plotd")
PATIENCE_S = 120
KINDS = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
ENTER = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'
ENVIRONMENT = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "SYSTEMD_PAGER=cat")


def why_not() -> str:
    """Return why no such machine can be had here; nothing if it can."""
    if os.geteuid() != 0:
        return "that takes root"
    if not Path("/lib/systemd/systemd").exists():
        return "there is no systemd: apt install systemd"
    tried = subprocess.run(
        ["unshare", *KINDS, "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stderr.strip()


def until(what: str, holds: object, patience_s: float = PATIENCE_S) -> None:
    """Wait until *holds*(), which tells *what* is hoped for."""
    assert callable(holds)
    deadline_s = time.monotonic() + patience_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline_s, f"{what}: not within {patience_s} s"
        pause.wait(0.05)


@dataclass(eq=False)
class Machine:
    """A booted one."""

    folder: Path
    groups: list[Path] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _leader: int = 0

    def boot(self) -> None:
        """Start it, and wait until it is up."""
        self.groups = [place / f"plotd-test-{os.getpid()}" for place in own_groups()]
        for group in self.groups:
            group.mkdir()
            for name in ("cpuset.cpus", "cpuset.mems"):  # of the old kind: those of a new group are empty
                with contextlib.suppress(OSError):
                    (group / name).write_text((group.parent / name).read_text())
        seen = dict.fromkeys((ROOT, Path(sys.prefix), Path(sys.base_prefix)))
        with (self.folder / "console").open("wb") as console:
            boot = [
                "unshare",
                *KINDS,
                "--fork",
                "--kill-child",
                "sh",
                str(Path(__file__).with_name("boot.sh")),
                str(self.folder),
                *map(str, seen),
            ]
            self._process = subprocess.Popen(
                ["sh", "-c", ENTER, "sh", *self.groups, "--", *boot],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until("a systemd", lambda: self._is_up(children))

    def _is_up(self, children: Path) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "console").read_text()
        self._leader = int(children.read_text() or 0)
        if not self._leader or Path(f"/proc/{self._leader}/comm").read_text() != "systemd\n":
            return False
        return self.run("systemctl is-system-running", check=False).strip() in ("running", "degraded")

    def popen(self, command: str) -> subprocess.Popen[str]:
        """Start *command* in it, as root."""
        flags = [*KINDS, "--root", "--wd"]
        enter = ["nsenter", f"--target={self._leader}", *flags, "setpriv", "--pdeathsig=KILL"]
        words = [*enter, *ENVIRONMENT, *shlex.split(command)]
        return subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run(self, command: str, text: str = "", *, check: bool = True) -> str:
        """Run *command* in it, as root and without a shell, with *text* on its standard input; return what it says."""
        with self.popen(f"sh -c {shlex.quote(command)}") as process:
            said, _ = process.communicate(text, PATIENCE_S)
        assert process.returncode == 0 or not check, f"{command}: {process.returncode}\n{said}"
        return said

    def write(self, path: str, text: str) -> None:
        """Write a file there, whole, for all to read."""
        self.run(
            f"mkdir -p $(dirname {path}) && cat > {path}.new && chmod 644 {path}.new && mv {path}.new {path}", text
        )

    def start(self) -> None:
        """Start plotd as it is installed by now; what an earlier run logged is forgotten."""
        self.run("journalctl --rotate --vacuum-time=1s --quiet; systemctl daemon-reload; systemctl reset-failed")
        self.run("systemctl start plotd.service || { journalctl --no-pager -n 30; false; }")

    def show(self, *names: str) -> dict[str, str]:
        """Return these properties of the service."""
        lines = self.run(f"systemctl show plotd.service {' '.join(f'-p {name}' for name in names)}").splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def pid(self) -> int:
        """The service's main process, as the machine counts them."""
        return int(self.show("MainPID")["MainPID"])

    def log(self) -> str:
        """Return what the service has logged so far."""
        return self.run("journalctl --sync; journalctl --unit=plotd.service --output=cat --no-pager")

    def fetch(self, path: str) -> int:
        """Return the status of a GET there; 0 if there is no answer."""
        said = self.run(f"curl -s -o /dev/null -w '%{{http_code}}' 'http://127.0.0.1:9999{path}'", check=False)
        return int(said or 0)

    def power_off(self) -> None:
        """End it, and leave nothing behind."""
        assert self._process is not None
        self._process.kill()  # and with it, the namespaces' first process, and so all of them
        self._process.wait()
        for group in self.groups:
            until(f"{group} is empty", lambda group=group: remove(group))


def own_groups() -> list[Path]:
    """Return this process's control group in each hierarchy that there is."""
    mounts = [line.split(" - ") for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    places = {}
    for mount, kind in mounts:
        _, _, _, root, place, *_ = mount.split()
        if kind.startswith("cgroup") and root == "/":
            places["" if kind.startswith("cgroup2") else kind.split()[-1]] = place
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, kinds, path = line.split(":", 2)
        matching = [place for options, place in places.items() if set(kinds.split(",")) <= set(options.split(","))]
        found += [Path(place + path.rstrip("/")) for place in matching[:1]]
    return found


def remove(group: Path) -> bool:
    """Remove a control group and those below it, once nothing runs in them; say whether it is gone."""
    for folder, _, _ in os.walk(group, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
    return not group.exists()
