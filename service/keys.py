"""The commands that say who is let in: tokens and signed links. Each imports what it needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.commands import CONFIG, Failed, failures_told, main

if TYPE_CHECKING:
    from service.access import Scope

STATE = click.option(
    "--state",
    metavar="DIR",
    type=click.Path(path_type=Path),
    callback=lambda context, parameter, value: value or own_state(),
    help="Where the daemon keeps its state; the system's service in /var/lib/plotd.  [default: where yours does]",
)


def own_state() -> Path:
    """Return the folder in which a daemon of this user keeps its state."""
    from service.store import state_folder

    return state_folder()


@main.group(short_help="Say who is let in.")
def token() -> None:
    """Say who is let in where not everybody is: see `auth` in config.yaml.

    Whoever shows a token may do what it is for: in a browser's login page, as `Authorization: Bearer TOKEN`, or once as
    `_token=TOKEN` in a URL. A daemon that runs knows of each change at once.
    """


@token.command("add", short_help="Make a token.")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["view", "publish", "admin"]),
    help="view; publish: say that data changed; admin: everything. May be repeated.  [default: view]",
)
@click.option(
    "--plots",
    multiple=True,
    metavar="PATTERN",
    help="Names of plots that it is for, such as 'train/*'. May be repeated.  [default: all]",
)
@click.option("--for", "duration", metavar="TIME", help="How long it holds, such as 90d.  [default: until revoked]")
@STATE
def add_token(name: str, scopes: tuple[Scope, ...], plots: tuple[str, ...], duration: str | None, state: Path) -> None:
    """Make a token for NAME, whoever or whatever that is, and print it. It can't be shown again.

    \b
    Try:
        plotd token add anna
        plotd token add nightly-job --scope publish --plots 'train/*' --for 90d
        sudo plotd token add anna --state /var/lib/plotd
    """
    from service import tokens
    from service.access import new_token

    with failures_told():
        made = new_token(name, scopes or ("view",), plots or ("*",), seconds_of(duration) if duration else None)
        click.echo(tokens.add(state, made))
        click.echo(
            f"{name} may: {', '.join(made.scopes)}; plots: {', '.join(made.plots)}. Keep it: it isn't shown again.",
            err=True,
        )


@token.command("list", short_help="Say which tokens there are.")
@STATE
def list_tokens(state: Path) -> None:
    """Say which tokens there are, but for the tokens themselves."""
    from service import tokens
    from service.output import columns, day_of

    with failures_told():
        made = tokens.read(state / tokens.FILE).tokens
        rows = [(t.name, ",".join(t.scopes), ",".join(t.plots), day_of(t.made_s), day_of(t.ends_s)) for t in made]
        click.echo(columns([("NAME", "SCOPES", "PLOTS", "MADE", "ENDS"), *rows]) if rows else "No tokens.")


@token.command("revoke", short_help="Take a token back.")
@click.argument("name")
@STATE
def revoke_token(name: str, state: Path) -> None:
    """Take the token NAME back: it, and every browser that was let in by it, is refused from now on."""
    from service import tokens

    with failures_told():
        tokens.revoke(state, name)


@main.command(short_help="Make a URL that shows one picture without a login.")
@click.argument("picture", required=False, metavar="[NAME[.ENDING][?PARAM=VALUE&...]]")
@click.option("--for", "duration", default="30d", metavar="TIME", show_default=True, help="How long it holds.")
@click.option("--list", "show", is_flag=True, help="Say which links there are.")
@click.option("--revoke", metavar="ID", help="Take back the link of that ID, or that URL.")
@CONFIG
@STATE
def link(
    picture: str | None, duration: str, show: bool, revoke: str | None, config_file: Path | None, state: Path
) -> None:
    """Print a URL that shows one picture, as it is whenever somebody looks, to whoever has that URL, for a while.

    For mails and wikis. Nothing else can be seen with it, nor the picture in another size. A short name shows whatever
    plot bears it then: give the full one (train/loss) where that may change. The settings say at which address browsers
    find the daemon.

    \b
    Try:
        plotd link loss --for 30d
        plotd link 'train/loss.svg?smooth=5&_width=800' --config config.yaml
        plotd link --list
        plotd link --revoke 1f3a5c7e9b0d
    """
    if (picture is not None) + show + (revoke is not None) != 1:
        raise click.UsageError("expected the name of a plot, --list or --revoke ID")
    from service import links, tokens
    from service.config import load
    from service.output import columns, day_of

    with failures_told():
        if revoke is not None:
            tokens.revoke_link(state, links.id_in(revoke))
        elif picture is not None:
            listen = load(config_file, os.environ, {}, has_tokens=lambda: True).listen
            click.echo(links.publish(picture, seconds_of(duration), state, listen))
        else:
            rows = [(one.id, day_of(one.ends_s), one.url) for one in tokens.read(state / tokens.FILE).links]
            click.echo(columns([("ID", "ENDS", "PICTURE"), *rows]) if rows else "No links.")


def seconds_of(duration: str) -> float:
    """Return *duration*, such as 30d, in seconds. Raises Failed."""
    from plots.dates import duration_s

    try:
        return duration_s(duration)
    except ValueError as error:
        raise Failed(str(error)) from error
