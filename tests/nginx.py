"""A real nginx in front of a daemon, with the configuration that plotd ships."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).parent.parent / "deploy" / "nginx.conf"
PATIENCE_S = 20
MAIN = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/plotd.conf;
}}
"""


@dataclass(eq=False)
class Nginx:
    """A running nginx. *url* has no slash at its end, and no prefix."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The address that it listens at."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has said of itself and of its requests so far."""
        return "".join(f.read_text() for f in (self.folder / "error.log", self.folder / "access.log") if f.exists())

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)


def start(
    folder: Path, upstream: str, prefix: str = "", *, refuse_upgrades: bool = False, strip: bool = False
) -> Nginx:
    """Show what answers at *upstream*, HOST:PORT or unix:PATH, at *prefix*, with the files of nginx in *folder*.

    *strip*: pass requests on without the prefix.
    """
    port = unused_port()
    changed = {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "server 127.0.0.1:9999;": f"server {upstream};",
        "/var/cache/nginx-plotd": f"{folder}/cache",
        "location / {": f"location {prefix}/ {{",
        "proxy_pass http://plotd;": "proxy_pass http://plotd/;" if strip else "proxy_pass http://plotd;",
        "Upgrade $http_upgrade;": 'Upgrade "";' if refuse_upgrades else "Upgrade $http_upgrade;",
    }
    text = SHIPPED.read_text()
    for old, new in changed.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "plotd.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    with (folder / "stderr").open("w") as stderr:
        command = [program(), "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
    nginx = Nginx(process, folder, port)
    pause = threading.Event()
    for _ in range(PATIENCE_S * 100):
        assert process.poll() is None, (folder / "stderr").read_text()
        if answers(port):
            return nginx
        pause.wait(0.01)
    nginx.stop()
    raise AssertionError(nginx.log)


def program() -> str:
    """Return where nginx is: in Debian not on the path of those who aren't root."""
    found = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
    assert found, "there is no nginx: tests/install.sh installs it"
    return found


def unused_port() -> int:
    """Return a port that nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        return int(reserved.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether something listens at *port*."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
