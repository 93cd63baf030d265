"""The plots there are, by name and alias; and from the words of a URL to a RenderRequest."""

from __future__ import annotations

import asyncio
import difflib
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from plots.discover import Discovery, Failure, aliases, scan
from plots.loading import Library
from plots.spec import PlotSpec
from plots.tracing import State, file_state
from service.errors import BadParameter, NotFound, UnknownPlot, printable
from service.options import Options, read_demand, words_of_query
from service.rendering import ENDINGS, Demand, digest
from service.states import may_change

MAX_REMEMBERED = 4096

log = logging.getLogger(__name__)


class Catalog:
    """Finds plots below *paths* and keeps up with edits. Used from the event loop; looks in a thread of its own."""

    def __init__(self, paths: Sequence[Path], roots: tuple[str, ...], library: Library, options: Options) -> None:
        self._paths = tuple(paths)
        self._roots = roots
        self._library = library
        self._options = options
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="discover")
        self._found = Discovery()
        self._by_name: dict[str, PlotSpec] = {}
        self._aliases: dict[str, str] = {}
        self._seen: dict[str, State] = {}
        self._demands: OrderedDict[str, Demand] = OrderedDict()
        self._complained = False
        self._scan: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[], None]] = []
        self.version = ""

    @property
    def plots(self) -> tuple[PlotSpec, ...]:
        """All plots, in the order in which they were found."""
        return self._found.plots

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The files that could not be loaded, with why."""
        return self._found.failures

    @property
    def folders(self) -> frozenset[str]:
        """The folders in which a change may bring or take plots, or change them."""
        return frozenset(str(folder) for folder in self._found.folders) | frozenset(
            os.path.dirname(path) for spec in self.plots for path, _ in spec.sources
        )

    @property
    def data_files(self) -> tuple[str, ...]:
        """The data files there are below the paths, relative to their roots."""
        return tuple(self.relative(str(path)) for path in self._found.data_files)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call *listener* whenever plots came, went or were edited."""
        self._listeners.append(listener)

    def link(self, spec: PlotSpec) -> str:
        """Return the shortest name that leads to *spec*: its alias, where it holds that."""
        return spec.alias if self._aliases.get(spec.alias) == spec.name else spec.name

    def relative(self, path: str) -> str:
        """Return *path* relative to its root: where the machine keeps its files is no stranger's business."""
        folders = [*self._roots, *(str(p if p.is_dir() else p.parent) for p in self._paths)]
        inside = [os.path.relpath(path, root) for root in folders if path.startswith(os.path.join(root, ""))]
        return printable(min(inside, key=len, default=os.path.basename(path)))

    async def rescan(self) -> None:
        """Look at all files again; who asks while that is under way gets one more look after it."""
        earlier = self._scan
        if earlier is not None:
            await asyncio.wait([earlier])
        if self._scan is None or self._scan is earlier:
            self._scan = asyncio.create_task(self._look(), name="discover plots")
            self._scan.add_done_callback(self._scanned)
        await asyncio.shield(self._scan)

    def _scanned(self, task: asyncio.Task[None]) -> None:
        if self._scan is task:
            self._scan = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("looking for plots failed: %s", error)

    async def spec(self, name: str) -> PlotSpec:
        """Return the plot of that full name or alias, as its files are now.

        Raises:
            UnknownPlot: there is none; the nearest names are told.
        """
        found = self.find(name)
        if found is None:
            await self.keep_up()
        elif not is_current(found):
            await self.rescan()
        found = self.find(name)
        if found is None:
            raise UnknownPlot.named(name, self._nearest(name), self._failed_file(name))
        return found

    def remembered(self, url: str) -> Demand | None:
        """Return what ``demand_of_url`` would, if it was asked before and the plot's files are as they were then."""
        known = self._demands.get(url)
        return known if known is not None and is_current(known.request.spec) else None

    async def demand_of_url(self, url: str) -> Demand:
        """Return what the picture at *url* is: its path and query count.

        Raises:
            UnknownPlot, NotFound, BadParameter: it asks for nothing that there is.
        """
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise NotFound("that is no URL") from error
        name, _, extension = unquote(parts.path.removeprefix("/plots/")).rpartition(".")
        if not parts.path.startswith("/plots/") or not name:
            raise NotFound("expected the URL of a picture: /plots/NAME.png")
        spec = await self.spec(name)
        known = self._demands.get(url)
        if known is not None and known.request.spec is spec:
            return known
        demand = self.read(spec, extension, words_of_query(parts.query))
        if len(self._roots) > 1 and any(parameter.kind == "path" for parameter in spec.parameters):
            return demand  # which root a word leads to depends on what is there now
        self._demands[url] = demand
        if len(self._demands) > MAX_REMEMBERED:
            self._demands.popitem(last=False)
        return demand

    async def demand(self, name: str, query: str) -> Demand:
        """Return what ``/plots/name.png?query`` asks for. Raises as *demand_of_url* does."""
        return self.read(await self.spec(name), "png", words_of_query(query))

    def read(self, spec: PlotSpec, extension: str, words: Sequence[tuple[str, str]]) -> Demand:
        """Return what *words* ask of *spec*. Raises BadParameter with every field at fault, and NotFound."""
        if extension not in ENDINGS:
            raise NotFound(f"there is no ending {extension[:20]!r}; expected one of {', '.join(ENDINGS)}")
        return read_demand(spec, extension, words, self._options, self.locate)

    def attempt(self, spec: PlotSpec, extension: str, words: Sequence[tuple[str, str]]) -> Demand | BadParameter:
        """Return what ``read`` does, or the error that says what is wrong with *words*."""
        try:
            return self.read(spec, extension, words)
        except BadParameter as error:
            return error

    def lacks(self, spec: PlotSpec) -> list[str]:
        """Return the parameters without which *spec* can't be drawn."""
        return [parameter.name for parameter in spec.parameters if parameter.required]

    def locate(self, word: str) -> Path:
        """Return the absolute path that *word* names below a data root, without looking at links.

        Raises:
            ValueError: it leads out of every root, or is hidden, or is a URL.
        """
        if "\0" in word or "://" in word:
            raise ValueError("expected a file below a data root, got a URL" if "://" in word else "holds a null byte")
        candidates = [os.path.normpath(os.path.join(root, word)) for root in self._roots]
        inside = [path for root, path in zip(self._roots, candidates, strict=True) if lies_below(path, root)]
        if os.path.isabs(word):
            inside = [os.path.normpath(word)] if any(lies_below(os.path.normpath(word), r) for r in self._roots) else []
        if not inside:
            raise ValueError("is outside the data roots")
        there = [path for path in inside if len(inside) > 1 and file_state(path) is not None]
        return Path((there or inside)[0])

    def close(self) -> None:
        """Look no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def find(self, name: str) -> PlotSpec | None:
        """Return the plot that had that full name or alias at the last look."""
        return self._by_name.get(name) or self._by_name.get(self._aliases.get(name, ""))

    def _failed_file(self, name: str) -> str:
        """Return the file that may hold the plot *name*, if it failed to load."""
        parts = name.split("/")
        return next((f.path for f in self.failures if Path(f.path).stem in parts), "")

    def _nearest(self, name: str) -> list[str]:
        names = {known.lower(): known for known in (*self._aliases, *self._by_name)}
        return [names[near] for near in difflib.get_close_matches(name[:200].lower(), names, n=3)]

    async def keep_up(self) -> None:
        """Look at all files again if any of them changed since the last look."""
        if await asyncio.get_running_loop().run_in_executor(self._thread, self._has_changed):
            await self.rescan()

    def _has_changed(self) -> bool:
        return any(file_state(path) != state for path, state in self._seen.items())

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        found, self._seen = await loop.run_in_executor(self._thread, self._scan_now)
        version = digest(
            repr(
                [(s.name, s.code, s.title, s.fixed, s.unservable) for s in found.plots]
                + [(str(f.path), f.message) for f in found.failures]
            )
        )
        changed, self.version = version != self.version, version
        log_news(self.failures, found.failures)
        self._found = found
        self._by_name = {spec.name: spec for spec in found.plots}
        self._aliases = aliases(found.plots, self._aliases)
        self._demands.clear()
        for listener in self._listeners if changed else ():
            listener()

    def _scan_now(self) -> tuple[Discovery, dict[str, State]]:
        """Look at the files. Runs in the discovery thread."""
        began_ns = time.time_ns()
        try:
            found = scan([path for path in self._paths if path.exists()], self._library, self.plots)
        except ValueError as error:  # a path that vanished meanwhile, or became what holds no plots
            log.warning("the plots stay as they were: %s", error)
            found = self._found
        except OSError as error:
            if not self._complained:
                log.warning("the plots stay as they were until they can be looked at: %s", error.strerror)
            self._complained = True
            return self._found, self._seen or dict.fromkeys(map(str, self._paths))
        self._complained = False
        sources = (path for spec in found.plots for path, _ in spec.sources)
        files = (str(file) for folder in found.folders for file in Path(folder).glob("*.py"))
        seen = {path: file_state(path) for path in {*map(str, self._paths), *map(str, found.folders), *files, *sources}}
        ended_ns = time.time_ns()
        young = {path for path, state in seen.items() if may_change(state, began_ns, ended_ns)}
        return cleaned(found), {path: None if path in young else state for path, state in seen.items()}


def cleaned(found: Discovery) -> Discovery:
    """Return *found* with texts that can be shown: a file's name may hold what no encoding can carry."""
    plots = (
        replace(spec, title=printable(spec.title), description=printable(spec.description)) for spec in found.plots
    )
    failures = (
        replace(f, path=printable(f.path), message=printable(f.message), traceback=printable(f.traceback))
        for f in found.failures
    )
    return replace(found, plots=tuple(plots), failures=tuple(failures))


def log_news(before: Sequence[Failure], failures: Sequence[Failure]) -> None:
    """Log those *failures* that weren't there *before*, and whose file loads again."""
    told = {(f.path, f.line, f.message) for f in before}
    for f in failures:
        if (f.path, f.line, f.message) not in told:
            log.info("a file failed to load", extra={"file": f.path, "line": f.line, "error": f.message})
    for path in {f.path for f in before} - {f.path for f in failures}:
        log.info("a file no longer fails to load", extra={"file": path})


def is_current(spec: PlotSpec) -> bool:
    """Say whether the files that *spec* was found in are as they were then."""
    for path, state in spec.sources:  # noqa: SIM110 - a generator would cost more, on the way of every request
        if file_state(path) != state:
            return False
    return True


def lies_below(path: str, root: str) -> bool:
    """Say whether *path* is *root* or below it, and no part of it below that is hidden. Looks at no link."""
    if path == root:
        return True
    if not path.startswith(os.path.join(root, "")):
        return False
    return not any(part.startswith(".") for part in os.path.relpath(path, root).split(os.sep))
