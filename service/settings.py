"""The settings of a command: its flags and paths over the environment, and that over a file. Imports nothing slow."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from plots.folders import look
from service.config import Config, ConfigError, anybody_has_a_token, load

log = logging.getLogger(__name__)


def read_config(file: Path | None, paths: Sequence[Path], flags: Mapping[str, object] | None = None) -> Config:
    """Return the checked settings: *flags* and *paths* go before the environment, and that before *file*.

    Raises:
        ConfigError: something about them is wrong.
    """
    named = {"plots.paths": list(paths)} if paths else {}
    return load(file, os.environ, {**named, **(flags or {})})


def refuse_other_files(config: Config) -> None:
    """Raise ConfigError if a path that is there by now is neither a folder nor a file that may hold plots."""
    try:
        look([path for path in config.plots.paths if path.exists() and not path.is_dir()])
    except ValueError as error:
        raise ConfigError(str(error)) from error


def log_doubts(config: Config) -> None:
    """Log what in *config*, right as it is, may not be what was meant."""
    if not (config.is_open or config.auth.user_header or anybody_has_a_token()):
        log.warning("nobody is let in yet: make a token with plotd token add NAME")
    for path in (*config.plots.paths, *config.data_roots):
        if not path.exists():
            log.warning("%s isn't there yet: it is served once it is", path)
