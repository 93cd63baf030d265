"""The commands that end by themselves. Each imports what it needs: matplotlib and pandas take a second."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from service.lines import one_line
from service.output import (
    FORMATS,
    Output,
    choose_form,
    count,
    details_of,
    forgive_missing_home,
    make_streams_sound,
    split_word,
    text_of,
    write_whole,
)

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
CONFIG = click.option(
    "--config", "config_file", metavar="FILE", type=click.Path(path_type=Path), help="Settings, as in config.yaml."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="plotd")
def main() -> None:
    """Serve matplotlib functions and data files as live pictures.

    A plot is a function plot_NAME in a Python file, or a data file as it is. Each PATH is such a file, or a folder of
    them. Without any, plotd shows the plots that it brings along.

    \b
    Try:
        plotd serve metrics.csv      live, at http://127.0.0.1:9999
        plotd serve my_plots/ --open
        plotd render metrics.csv -o metrics.png
    """
    make_streams_sound()


@main.command(short_help="Draw one picture, without a server.")
@click.argument("name")
@click.argument("words", nargs=-1, metavar="[PARAM=VALUE]...")
@click.option(
    "--plots",
    "paths",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Where NAME is looked for: a file or folder; may be repeated.  [default: the plots that plotd brings along]",
)
@click.option("-o", "--output", "file", metavar="FILE", help="Write to FILE, whole or not at all; -: standard output.")
@click.option(
    "--as",
    "shape",
    type=click.Choice(["image", "data-uri", "html", "cgi"]),
    help="The picture itself, a data: URI of it, a page that holds it, or the answer of a CGI program.",
)
@click.option("--format", type=click.Choice(FORMATS), help="[default: what FILE's name ends in, else png]")
def render(
    name: str, words: tuple[str, ...], paths: tuple[Path, ...], file: str | None, shape: str | None, format: str | None
) -> None:
    """Draw the plot NAME once, to standard output or a file.

    NAME is a plot's name as `plotd list` tells it, or the path of a data file, or of a Python file that holds just one
    plot. PARAM=VALUE are its parameters; _width=800, _height, _dpi and _scale say how large it gets, _theme=dark,
    _xlim=0,10 and _ylim=auto how it looks. Files are read with your own rights, and relative paths start where you are.

    \b
    Try:
        plotd render metrics.csv -o metrics.png
        plotd render loss smooth=5 _width=800 --plots my_plots.py -o loss.svg
        plotd render host --as data-uri
        plotd render host --format ansi _columns=120

    As a CGI program, an executable file such as this one in cgi-bin/:

    \b
        #!/bin/sh
        exec /path/to/plotd render loss --plots /srv/plots --as cgi

    It shows the same picture to all: the URL's query is not read, or whoever knows the URL could have any file read
    with the web server's rights. For parameters in the URL, run `plotd serve`.
    """
    file = None if file in ("-", "/dev/stdout") else file
    try:
        shape, format = choose_form(file, shape, format)
        pairs = [split_word(word) for word in words]
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    is_binary = format in ("png", "webp", "pdf") and shape in ("image", "cgi")
    if file is None and is_binary and sys.stdout.isatty():
        raise click.UsageError("a terminal can't show a picture: give -o FILE or --format ansi, or pipe it on")
    output = Output()
    with failures_told(output if shape == "cgi" and file is None else None):
        if shape == "cgi":
            forgive_missing_home()
        from service import oneshot, settings

        is_file = "." in name and not paths  # the name of a plot holds no dot
        collection = oneshot.find(settings.read_config(None, [Path(name)] if is_file else paths))
        spec = collection.only() if is_file else collection.get(name)
        picture = collection.draw(spec, pairs, format, [os.getcwd()])
        body = picture.body
        if shape != "image":
            from handlers.export import in_shape

            body = in_shape(shape, format, spec, picture)
        if file is None:
            output.write(body)
        else:
            write_whole(Path(file), body)


@main.command("list", short_help="Say which plots there are.")
@PATHS
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_plots(paths: tuple[Path, ...], as_json: bool) -> None:
    """Say which plots each PATH holds, what parameters they take, and which files failed to load.

    \b
    Try:
        plotd list my_plots/
        plotd list my_plots/ --json | jq -r '.plots[].name'

    The JSON holds "plots" and "failures". A plot has: name, alias (the short name that leads to it, or null), title,
    description, group, file, parameters (a JSON Schema), example, unservable (why no URL and no command can draw it,
    or null). A failure has: file, line (or null), message. Files are absolute paths.
    """
    output = Output()
    with failures_told():
        from service import listing, oneshot, settings

        collection = oneshot.find(settings.read_config(None, paths))
        output.write(listing.as_json(collection) if as_json else listing.as_table(collection))


@main.command(short_help="Say whether settings and plots are right.")
@PATHS
@CONFIG
def check(paths: tuple[Path, ...], config_file: Path | None) -> None:
    """Say whether `plotd serve` would start with these settings and plots, and whether each file loads.

    Each problem is told as FILE:LINE: MESSAGE. The exit status is 1 if there is any, even a single file that fails to
    load, for which the daemon would start all the same. Plot files are imported, as the daemon does; nothing is drawn.
    Whether the port is free is not looked at: a daemon that runs with these settings holds it.

    \b
    Try:
        plotd check my_plots/ --config config.yaml && systemctl restart plotd
    """
    output = Output()
    with failures_told():
        from service import listing

        looked_at, problems = listing.examine(config_file, paths)
        tell_lines(output, [*looked_at, *problems] if problems else [*looked_at, "All right."])
        fail_if(problems)


@main.command(short_help="Write a static site.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@PATHS
def export(folder: Path, paths: tuple[Path, ...]) -> None:
    """Write the plots of each PATH to DIR as a site for any file server: an index, a page and a picture of each.

    Links in it are relative: it works from any folder of a server, and opened as a file. Each file is replaced whole;
    other files in DIR stay as they are. A plot with required parameters is drawn with its example. A plot that fails
    gets a page that says why; the site is written all the same, and the exit status is 1.

    \b
    Try:
        plotd export site/ my_plots/
        python3 -m http.server --directory site/
    """
    output = Output()
    with failures_told():
        from handlers.export import write_site
        from service import oneshot, settings

        site = write_site(oneshot.find(settings.read_config(None, paths)), folder)
        tell_lines(output, [f"{folder / 'index.html'}: {count(site.pages, 'plot')}", *site.wrong])
        fail_if(site.wrong)


def tell_lines(output: Output, lines: Iterable[str]) -> None:
    """Write *lines*, which may hold anything, as lines."""
    output.write("".join(f"{one_line(line)}\n" for line in lines))


def fail_if(problems: Sequence[str]) -> None:
    """End the command with one line, if there are any *problems*."""
    if problems:
        raise Failed(f"{count(problems, 'problem')}: {problems[0]}{'; …' * (len(problems) > 1)}")


@contextmanager
def failures_told(cgi: Output | None = None) -> Iterator[None]:
    """End the command with one line that says why it failed, below what the author of a plot needs to know.

    *cgi* is where a web server listens. Ctrl-C ends the command at once: a plot would take it for an error of its own.
    """
    from service.errors import ServiceError
    from service.layers import ConfigError

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    except BrokenPipeError:
        raise  # nobody listens any more: click ends quietly
    except (ServiceError, ConfigError, OSError) as error:
        for line in details_of(error):
            click.echo(line, err=True)
        if cgi is not None:
            from handlers.export import cgi_failure

            cgi.write(cgi_failure(error))
        raise Failed(text_of(error)) from error


class Failed(click.ClickException):
    """The command did not do what it was to do; one line says why."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))

    def show(self, file: IO[Any] | None = None) -> None:  # Any: click's own signature
        """Say it on stderr, to systemd's journal as the error that it is."""
        from service.telemetry import is_journal

        level = "<3>" if is_journal(sys.stderr, os.environ) else ""
        click.echo(f"{level}Error: {self.message}", err=True)
