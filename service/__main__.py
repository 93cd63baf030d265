"""The command line: the daemon's own commands stand here. Each imports what it needs, so that `--help` is quick."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service import keys  # noqa: F401 - its commands
from service.commands import CONFIG, PATHS, Failed, failures_told, main

if TYPE_CHECKING:
    import socket

    from service.config import Config
    from service.engine import Engine


@main.command(short_help="Run the daemon.")
@PATHS
@CONFIG
@click.option("--host", metavar="ADDRESS", help="The address to listen at.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="The port to listen at; 0: any that is free.  [default: 9999]",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
def serve(
    paths: tuple[Path, ...], config_file: Path | None, host: str | None, port: int | None, open_page: bool
) -> None:
    """Serve the plots in each PATH as live pictures, until Ctrl-C or SIGTERM.

    Without PATH: those that the settings name; without settings: the plots that plotd brings along. Files that come,
    change or go are noticed. A PATH that isn't there yet is served once it is.

    \b
    Try:
        plotd serve metrics.csv
        plotd serve my_plots/ runs/ --port 8000
    """
    from service.signals import FairSelector, Signals, bound_heaps

    bound_heaps()
    gc.disable()  # until all is imported
    listen = {name: value for name, value in (("listen.address", host), ("listen.port", port)) if value is not None}
    # Made absolute, as they are read again at a reload: user code may have changed the working directory by then.
    settings = (config_file and config_file.absolute(), tuple(path.absolute() for path in paths), listen)
    with failures_told():
        from service.settings import log_doubts
        from service.telemetry import configure_logging

        config = read_settings(config_file, paths, listen)
        configure_logging(config.log, os.environ, sys.stderr)
        log_doubts(config)
    from service.listening import address_of
    from service.output import count

    signals = Signals()
    sockets = open_sockets(config)
    address = address_of(sockets, config.listen)
    say(f"plotd serves {address} (Ctrl-C stops it)")

    def tell(engine: Engine) -> None:
        plots, failures = engine.catalog.plots, engine.catalog.failures
        say(count(plots, "plot") + (f"; {count(failures, 'file')} failed to load" if failures else ""))
        if open_page and address.startswith("http"):
            import webbrowser

            webbrowser.open(address)

    import asyncio

    from plots.isolation import TURNS

    TURNS.prove_meanwhile()
    from service import daemon  # whoever connects meanwhile is kept waiting, not refused

    with failures_told():
        running = daemon.Daemon(config, sockets, signals, partial(read_again, *settings))
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(FairSelector())) as runner:
        runner.run(daemon.serve(running, tell))


@main.command(short_help="Print units for systemd.")
@PATHS
@CONFIG
@click.option("--user", is_flag=True, help="For your own manager (systemctl --user), with your own rights.")
@click.option("-o", "--output", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Write them to DIR.")
def unit(paths: tuple[Path, ...], config_file: Path | None, user: bool, folder: Path | None) -> None:
    """Print a service that runs `plotd serve` with these settings and plots, and the socket that it listens at.

    systemd holds the socket: a restart refuses no connection. The service sees only what everybody may read, and of
    what lies under a home just what it needs; your plots and data must be readable for all. Settings in variables
    (PLOTD_...) of your shell are not taken over.

    \b
    Try:
        plotd unit /srv/plots
        sudo plotd unit /srv/plots -o /etc/systemd/system
        sudo systemctl daemon-reload && sudo systemctl enable --now plotd
        plotd unit --user my_plots/ -o ~/.config/systemd/user
        systemctl --user daemon-reload && systemctl --user enable --now plotd
    """
    from service import units
    from service.config import load
    from service.output import Output, write_whole

    output = Output()
    with failures_told():
        config_file = config_file and config_file.absolute()
        # Its tokens will be in a folder that systemd makes for it.
        config = load(config_file, {}, {"plots.paths": list(paths)} if paths else {}, has_tokens=lambda: True)
        arguments = ["--config", config_file] if config_file else []
        command = [*units.program(), "serve", *map(str, (*arguments, *(path.absolute() for path in paths)))]
        needed = (*units.installation(), *units.needs(config, config_file))
        service = units.user_unit(config, command) if user else units.service_unit(config, command, needed)
        for name, text in (("plotd.service", service), ("plotd.socket", units.socket_unit(config))):
            if folder is None:
                output.write(f"# {name}\n{text}\n")
            else:
                folder.mkdir(parents=True, exist_ok=True)
                write_whole(folder / name, text.encode())


def say(text: str) -> None:
    """Print *text* if that can be done: what serves must not end as nobody reads it, or a disk is full."""
    with contextlib.suppress(OSError):
        click.echo(text)


def read_settings(config_file: Path | None, paths: tuple[Path, ...], listen: Mapping[str, object]) -> Config:
    """Return the checked settings. Raises ConfigError."""
    from service.settings import read_config, refuse_other_files

    config = read_config(config_file, paths, listen)
    refuse_other_files(config)
    return config


def read_again(config_file: Path | None, paths: tuple[Path, ...], listen: Mapping[str, object]) -> Config:
    """Return the checked settings for a reload, and log what about them is in doubt. Raises ConfigError."""
    from service.settings import log_doubts

    config = read_settings(config_file, paths, listen)
    log_doubts(config)
    return config


def open_sockets(config: Config) -> list[socket.socket]:
    """Return the sockets to listen at: those that systemd hands over, else new ones. Raises Failed."""
    from tornado.netutil import bind_sockets

    from service import listening, systemd
    from service.layers import ConfigError

    where = config.listen
    try:
        sockets = systemd.sockets()
        if not sockets and where.unix_socket is not None:
            sockets = [listening.open_unix_socket(where.unix_socket, where.backlog)]
        sockets = sockets or bind_sockets(where.port, where.address, backlog=where.backlog)
        listening.check_reach(sockets, config)
    except OSError as error:
        raise Failed(f"can't listen at {listening.place_of(where)}: {error.strerror}") from error
    except ConfigError as error:
        raise Failed(str(error)) from error
    # A child that user code forks, and that outlives this process, must not hold the port on.
    for bound in sockets:
        os.register_at_fork(after_in_child=bound.close)
    return sockets


if __name__ == "__main__":
    main()
