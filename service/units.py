"""Units for systemd: what runs the daemon as a service, made for this installation and these settings."""

from __future__ import annotations

import os
import re
import site
import socket
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from service.config import Config, ConfigError
from service.errors import printable

# Where a hardened service sees nothing of what is there: that must be bound in.
HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 - looked for, not written to
PLAIN = re.compile(r"[\w/.,:=@+$%-]+", re.ASCII)
STOP_S = 10  # beyond the grace that pictures have

SERVICE = """\
[Unit]
Description=plotd, live pictures of plots and data
After=network.target plotd.socket
Wants=plotd.socket
StartLimitIntervalSec=60
StartLimitBurst=10

[Service]
Type=notify
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=250ms
# A first start makes matplotlib's list of fonts, and imports every plot file.
TimeoutStartSec=300
# Longer than stop.grace_s.
TimeoutStopSec={stop_s}
# Fed by the event loop: a plot that is slow doesn't hold it, code that never lets go of Python does.
WatchdogSec=30
# The daemon ends its worker processes itself, once what they draw is done.
KillMode=mixed
# Of a worker that takes too much, nothing but that worker is killed.
OOMPolicy=continue
MemoryHigh=60%
MemoryMax=75%
TasksMax=1024
LimitNOFILE=65536
LimitCORE=0

"""
HARDENING = """\
StateDirectory=plotd
CacheDirectory=plotd
WorkingDirectory=%S/plotd
Environment=MPLCONFIGDIR=%C/plotd
Environment=HOME=%S/plotd

# It owns nothing but these two folders, and of the rest it sees what everybody may read.
DynamicUser=yes
UMask=0077
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectHome={home}
{bound}\
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
NoNewPrivileges=yes
CapabilityBoundingSet=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
# Plots that compile as they run, such as numba's, need this line and the next two gone.
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
"""
INSTALL = """
[Install]
WantedBy={target}
Also=plotd.socket
"""
SOCKET = """\
[Unit]
Description=where plotd answers, also while it starts

[Socket]
{listen}
Backlog={backlog}

[Install]
WantedBy=sockets.target
"""


def service_unit(config: Config, command: Sequence[str], needed: Iterable[Path]) -> str:
    """Return the unit of a service that runs *command*, which *needed* folders are for.

    Raises:
        ConfigError: one of them can't be bound.
    """
    folders = hidden(needed)
    if wrong := [f"{folder}: systemd can't bind a path that holds a colon" for folder in folders if ":" in str(folder)]:
        raise ConfigError(*wrong)
    bound = "".join(f"BindReadOnlyPaths=-{quoted(str(folder))}\n" for folder in folders)
    hardening = HARDENING.format(home="tmpfs" if bound else "yes", bound=bound)
    return _service(config, command) + hardening + INSTALL.format(target="multi-user.target")


def user_unit(config: Config, command: Sequence[str]) -> str:
    """Return the same for the user's own manager, with all of the user's rights, and folders.

    Tokens are then where `plotd token` makes them, and matplotlibrc is where matplotlib looks for it: systemd's folders
    for state differ from one version to the next.
    """
    unit = _service(config, command) + "NoNewPrivileges=yes\n" + INSTALL.format(target="default.target")
    return unit.replace("network.target ", "").replace(f"{Path.home()}/", "%h/")


def socket_unit(config: Config) -> str:
    """Return the unit of the socket that *config* says to listen at. Raises ConfigError where it says none."""
    where = config.listen
    if where.unix_socket is not None:
        lines = [f"ListenStream={quoted(str(where.unix_socket))}", "SocketMode=0660"]
    elif where.port == 0:
        raise ConfigError("listen.port is 0, any that is free: a service needs one that stays")
    else:
        places = [_place(address, where.port) for address in _addresses(where.address)]
        lines = [*(f"ListenStream={place}" for place in places), "FreeBind=yes"]
    return SOCKET.format(listen="\n".join(lines), backlog=where.backlog)


def program() -> list[str]:
    """Return how to run plotd as it is installed here."""
    script = Path(sys.executable).with_name("plotd")
    return [str(script)] if script.exists() else [sys.executable, "-P", "-m", "service"]


def installation() -> list[Path]:
    """Return the folders that plotd and all that it imports are in."""
    interpreter = Path(os.path.realpath(sys.executable)).parent.parent
    own = Path(__file__).resolve().parent.parent
    users = [Path(site.getusersitepackages())] if site.ENABLE_USER_SITE else []
    return [Path(sys.prefix), Path(sys.base_prefix), interpreter, own, *users]


def needs(config: Config, config_file: Path | None) -> list[Path]:
    """Return the folders that these settings name: a file that is replaced would be lost if it alone was bound."""
    named = [*config.plots.paths, *config.data_roots, *config.listen.tls, *([config_file] if config_file else [])]
    places = (place for path in named for place in (path, path.resolve()))
    return [place.parent if place.is_file() else place for place in places]


def hidden(paths: Iterable[Path]) -> list[Path]:
    """Return those of *paths*, and of what they link to, that a hardened service would not see.

    What lies below another is left out.
    """
    places = {place for path in paths for place in (path, path.resolve())}
    found = sorted(place for place in places if any(place.is_relative_to(home) for home in HIDDEN))
    return [path for path in found if not any(path != other and path.is_relative_to(other) for other in found)]


def quoted(word: str) -> str:
    """Return *word* as units spell it."""
    word = printable(word).replace("%", "%%")
    if PLAIN.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _service(config: Config, command: Sequence[str]) -> str:
    line = " ".join(quoted(word.replace("$", "$$")) for word in command)
    return SERVICE.format(command=line, stop_s=round(config.stop.grace_s) + STOP_S)


def _addresses(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
