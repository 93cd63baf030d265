"""Plots found by name and drawn once, with the rights of whoever asks. Knows no event loop, and keeps nothing."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from plotd.encode import Encoded
from plots.discover import Discovery, Failure, aliases, scan
from plots.loading import Library
from plots.paint import Job, Outcome, paint
from plots.spec import PlotSpec
from service.config import Config, ConfigError
from service.derived import make
from service.engine import GALLERY, data_roots
from service.errors import TooLarge, UnknownPlot
from service.options import Options, read_demand
from service.processes import draw_at
from service.rendering import Demand, as_error
from service.station import Station

LONGEST_S = 86_400.0  # whoever waits for it can end it

Words = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Collection:
    """The plots in *paths*, as they were when `find` looked."""

    config: Config
    paths: tuple[Path, ...]
    found: Discovery

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The full name that each alias leads to."""
        return aliases(self.found.plots, {})

    @property
    def roots(self) -> tuple[str, ...]:
        """The folders that an example's relative paths start from, as in a URL."""
        return data_roots(self.config.data_roots, self.paths)

    def link(self, spec: PlotSpec) -> str:
        """Return the shortest name that leads to *spec*: its alias, where it holds that."""
        return spec.alias if self.aliases.get(spec.alias) == spec.name else spec.name

    def get(self, name: str) -> PlotSpec:
        """Return the plot of that full name or alias.

        Raises:
            UnknownPlot: there is none; its notes tell which files could not be loaded.
        """
        by_name = {spec.name: spec for spec in self.found.plots}
        spec = by_name.get(name) or by_name.get(self.aliases.get(name, ""))
        if spec is None:
            nearest = difflib.get_close_matches(name, [*by_name, *self.aliases], n=3)
            raise self._with_failures(UnknownPlot.named(name, nearest))
        return spec

    def only(self) -> PlotSpec:
        """Return the one plot there is.

        Raises:
            UnknownPlot: there is none, or more than one.
        """
        plots = [spec for spec in self.found.plots if spec.unservable is None] or self.found.plots
        file = os.path.relpath(self.paths[0])
        if not plots:
            raise self._with_failures(UnknownPlot(f"{file} holds no plot"))
        if len(plots) > 1:
            names = ", ".join(map(self.link, plots))
            raise UnknownPlot(f"{file} holds {len(plots)} plots: name one ({names}), with --plots {file}")
        return plots[0]

    def draw(self, spec: PlotSpec, words: Words, format: str, folders: Sequence[str]) -> Encoded:
        """Return the picture of *spec* that *words*, options of the service among them, ask for.

        The relative paths in *words* are looked for in *folders*, one after another.

        Raises:
            ServiceError: it can't be drawn.
        """
        options = Options(self.config.live.min_every_s)
        demand = read_demand(spec, format, words, options, lambda word: locate(word, folders))
        request = demand.request
        how = (request.format, request.sizing, self.config.render.max_pixels)
        max_rows = self.config.render.max_rows if request.numbers else 0
        job = Job(spec, request.given, *how, words=request.words, look=request.look, max_rows=max_rows)
        outcome = draw_script(job) if spec.is_script else paint(job)
        if outcome.failure is not None:
            raise as_error(outcome.failure, outcome.output)
        assert outcome.picture is not None
        return made_into(demand, outcome.picture, self.config.render.max_rows)

    def told(self, failure: Failure) -> str:
        """Return where a file failed to load, and why, the way compilers write it."""
        line = f":{failure.line}" if failure.line else ""
        return f"{os.path.relpath(self.place(failure))}{line}: {failure.message}"

    def group(self, spec: PlotSpec) -> str:
        """Return what *spec* stands under: its group, or the folder, below a path, of a plot that has none."""
        file = file_of(spec)
        inside = [os.path.relpath(file.parent, folder) for folder in self._folders if file.is_relative_to(folder)]
        return spec.group or min(inside, key=len, default=".").removeprefix(".")

    def place(self, failure: Failure) -> Path:
        """Return the absolute path of a file that failed to load."""
        candidates = [folder / failure.path for folder in self._folders]
        return next((path for path in candidates if os.path.lexists(path)), candidates[0])

    @property
    def _folders(self) -> list[Path]:
        return [path if path.is_dir() else path.parent for path in self.paths]

    def _with_failures(self, error: UnknownPlot) -> UnknownPlot:
        for failure in self.found.failures:
            error.add_note(failure.traceback or failure.message)
            error.add_note(self.told(failure))
        return error


def made_into(demand: Demand, picture: Encoded, max_rows: int) -> Encoded:
    """Return *picture* as *demand* asks for it, if that is made of a picture rather than drawn.

    Raises:
        TooLarge: it has more pixels than that format can have, or more numbers than *max_rows*.
    """
    if not demand.suffix:
        return picture
    try:
        return replace(picture, body=make(picture, demand, max_rows))
    except ValueError as error:
        raise TooLarge(str(error)) from error


def draw_script(job: Job) -> Outcome:
    """Run a script in a process of its own, as it changes all that is its process's."""
    station = Station(1, os.getcwd(), None)
    try:
        return draw_at(station, job, LONGEST_S)
    finally:
        station.close().join()


def find(config: Config) -> Collection:
    """Return the plots that *config* names; the bundled gallery, if it names none.

    Raises:
        ConfigError: a path leads nowhere, or to something that can hold no plots.
    """
    paths = tuple(Path(os.path.abspath(path)) for path in config.plots.paths) or (GALLERY,)
    try:
        found = scan(paths, Library(config.render.timeout_s))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    return Collection(config, paths, found)


def locate(word: str, folders: Sequence[str]) -> Path:
    """Return the absolute path that *word* names: in the first of *folders* that has it, else in the first.

    Raises:
        ValueError: it is no path.
    """
    if "://" in word:
        raise ValueError("expected the path of a file, got a URL")
    given = os.path.expanduser(word)
    candidates = [os.path.join(folder, given) for folder in folders]
    return Path(next(filter(os.path.exists, candidates), candidates[0]))


def file_of(spec: PlotSpec) -> Path:
    """Return the file that a plot comes from: a data file's plot, from that."""
    return Path(str(spec.fixed.get("file_path", spec.file)))
