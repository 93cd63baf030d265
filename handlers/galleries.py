"""The gallery: every plot, as a card or as a row of figures. Draws nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode

from handlers.contract import Contract, Reply
from handlers.pages import PageHandler, example_of, look
from handlers.views import Preview, paragraphs_of, query_of
from plots.discover import Failure
from plots.spec import PlotSpec
from service.catalog import Catalog
from service.engine import Engine
from service.errors import BadParameter, ServiceError
from service.rendering import Demand, digest
from service.walls import named_wall

VIEWS = ("cards", "table")


class Costs(NamedTuple):
    """What a plot costs: see service.ledger. *viewers* are pages and other clients that watch a picture of it."""

    seconds: float
    size_bytes: int
    redraws: int  # in the last hour
    viewers: int
    changed_s: float  # seconds since the epoch; 0: nobody knows
    error: ServiceError | None  # of the last render, whatever was asked for

    @property
    def changed(self) -> datetime | None:
        """When its data, its code or its picture changed last."""
        return datetime.fromtimestamp(self.changed_s, UTC) if self.changed_s else None


@dataclass(frozen=True, slots=True)
class Tile:
    """One plot in the gallery: its picture, or a *note* why there is none, or what it *lacks*.

    *preview* is of the picture that is as its author made it, *dark* of the same one for dark pages.
    """

    spec: PlotSpec
    page: str
    preview: Preview | None
    dark: Preview | None
    costs: Costs
    query: str
    note: str = ""
    lacks: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first paragraph of the description."""
        return next(iter(paragraphs_of(self.spec)), "")

    @property
    def search(self) -> str:
        """What a search looks in."""
        spec = self.spec
        return " ".join(f"{spec.name} {spec.title} {spec.group} {spec.description}".lower().split())

    @property
    def shown(self) -> bool:
        """Whether it holds every word that is searched for."""
        return all(word in self.search for word in self.query.lower().split())

    @property
    def error(self) -> ServiceError | None:
        """Why its last render failed, if it did: that of this picture, else that of any."""
        return (self.preview and self.preview.error) or self.costs.error

    @property
    def state(self) -> str:
        """How it is, as the state of a picture is named; "" if that is not known as long as nobody looks."""
        if self.error is not None:
            return "stale"
        return "live" if self.preview and self.preview.current else ""

    @property
    def key(self) -> str:
        """Another one whenever the card reads otherwise."""
        url = self.preview.url if self.preview else (self.note, self.lacks)
        return digest(repr((self.spec.title, self.spec.description, self.page, url)))


# In what order plots may stand, by the word in the URL; without any, as they were found, in groups.
ORDERS: Mapping[str, Callable[[Tile], float]] = {
    "name": lambda tile: 0,
    "changed": lambda tile: -tile.costs.changed_s,
    "slow": lambda tile: -tile.costs.seconds,
    "trouble": lambda tile: 0 if tile.error else 1 if tile.preview is None else 2,
    "redraws": lambda tile: -tile.costs.redraws,
    "bytes": lambda tile: -tile.costs.size_bytes,
    "viewers": lambda tile: -tile.costs.viewers,
}


@dataclass(frozen=True, slots=True)
class Group:
    """Plots that stand together."""

    name: str
    tiles: tuple[Tile, ...]

    @property
    def shown(self) -> bool:
        """Whether a search left any of them."""
        return any(tile.shown for tile in self.tiles)


class NamedWall(NamedTuple):
    """A wall of the settings: where it is, and the titles of its pictures."""

    name: str
    url: str
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """All plots there are, and what can't be shown; *view* and *sort* are as the URL has them."""

    base: str
    version: str
    query: str
    view: str
    sort: str
    groups: tuple[Group, ...]
    failures: tuple[Mapping[str, str], ...]
    unservable: tuple[PlotSpec, ...]
    walls: tuple[NamedWall, ...]

    @property
    def tiles(self) -> list[Tile]:
        """All plots that a URL can draw."""
        return [tile for group in self.groups for tile in group.tiles]

    @property
    def count(self) -> int:
        """How many of them there are."""
        return len(self.tiles)

    @property
    def shown(self) -> int:
        """How many of these a search left."""
        return sum(tile.shown for tile in self.tiles)

    @property
    def size(self) -> str:
        """How much room there is for each."""
        return {0: "none", 1: "one", 2: "few", 3: "few"}.get(self.count, "many")

    def url(self, view: str, sort: str) -> str:
        """Return the address of the same plots, shown otherwise."""
        words = {"q": self.query, "view": "" if view == VIEWS[0] else view, "sort": sort}
        given = {name: word for name, word in words.items() if word}
        return self.base + (f"?{urlencode(given)}" if given else "")


class GalleryHandler(PageHandler):
    """``/``: every plot with a live thumbnail, and the files that failed to load."""

    reach = "any"

    contract = Contract(
        "The gallery",
        {200: Reply("The page.", "text/html", headers=("Cache-Control", "Vary"))},
        reads=("q", "view", "sort"),
    )

    async def get(self) -> None:
        await self.engine.catalog.keep_up()
        view, sort = self.get_query_argument("view", VIEWS[0]), self.get_query_argument("sort", "")
        fields = {}
        if view not in VIEWS:
            fields["view"] = f"expected one of {', '.join(VIEWS)}"
        if sort and sort not in ORDERS:
            fields["sort"] = f"expected one of {', '.join(ORDERS)}"
        if fields:
            raise BadParameter.in_fields(fields)
        self.write_page("gallery.html", gallery=self._gallery(self.get_query_argument("q", ""), view, sort))

    head = get

    def _gallery(self, query: str, view: str, sort: str) -> Gallery:
        engine, catalog = self.engine, self.engine.catalog
        viewers = engine.hub.viewers()
        shown = [spec for spec in catalog.plots if self.may_see(spec.name)]
        failed = catalog.failures if self.access.is_for_all else ()
        servable = [spec for spec in shown if spec.unservable is None]
        tiles = [make_tile(engine, spec, query, viewers[spec.name]) for spec in servable]
        return Gallery(
            self.url_for("/"),
            catalog.version,
            query,
            view,
            sort,
            arranged(catalog, tiles, sort) if view == VIEWS[0] else one_group(tiles, sort),
            tuple(tell_failure(failure, self.settings["show_tracebacks"]) for failure in failed),
            tuple(spec for spec in shown if spec.unservable is not None),
            tuple(self._named_wall(name, query) for name, query in engine.config.walls.items() if self._offers(query)),
        )

    def _offers(self, wall: str) -> bool:
        return all(self.may_see(piece.plot) for piece in named_wall(wall).pieces)

    def _named_wall(self, name: str, query: str) -> NamedWall:
        catalog, pieces = self.engine.catalog, named_wall(query).pieces
        titles = tuple(spec.title if (spec := catalog.find(piece.plot)) else piece.plot for piece in pieces)
        return NamedWall(name, self.url_for(f"/wall?{query}"), titles)


def make_tile(engine: Engine, spec: PlotSpec, query: str, viewers: int) -> Tile:
    """Return the tile of *spec*: with the picture that its page shows at first, if that can be drawn."""
    base = f"{engine.config.listen.prefix}/plots/{quote(engine.catalog.link(spec))}"
    lacks = engine.catalog.lacks(spec)
    words = example_of(spec) if lacks else ()
    if missing := tuple(name for name in lacks if name not in spec.example):
        return Tile(spec, base, None, None, costs_of(engine, spec, None, viewers), query, lacks=missing)
    demand = engine.catalog.attempt(spec, "png", words)
    costs = costs_of(engine, spec, demand, viewers)
    if not isinstance(demand, Demand):
        return Tile(spec, base, None, None, costs, query, note=demand.one_line)
    dark = dark_of(words)
    return Tile(
        spec,
        base + query_of(words),
        look(engine, demand, f"{base}.png{query_of(words)}"),
        look(engine, engine.catalog.attempt(spec, "png", dark), f"{base}.png{query_of(dark)}"),
        costs,
        query,
    )


def dark_of(words: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the words of the picture for dark pages; its author's theme, if *words* name one, stays."""
    return words if any(name == "_theme" for name, _ in words) else (*words, ("_theme", "dark"))


def costs_of(engine: Engine, spec: PlotSpec, demand: Demand | ServiceError | None, viewers: int) -> Costs:
    """Return what *spec* costs; *demand* is that of its thumbnail."""
    figures = engine.renderer.ledger.of(spec.name)
    coded_s = max((state[0] / 1e9 for _, state in spec.sources if state and isinstance(state[0], int)), default=0.0)
    written_s = engine.dependencies.written_s(demand.request) if isinstance(demand, Demand) else 0.0
    changed_s = max(figures.changed_s, coded_s, written_s)
    return Costs(figures.seconds, figures.size_bytes, figures.last_hour(time.time()), viewers, changed_s, figures.error)


def arranged(catalog: Catalog, tiles: list[Tile], sort: str) -> tuple[Group, ...]:
    """Return *tiles* in groups, in the order in which these first appear; all in one if they are sorted.

    What has no group comes first.
    """
    if sort:
        return one_group(tiles, sort)
    groups: dict[str, list[Tile]] = {"": []}
    for tile in tiles:
        file = str(tile.spec.fixed.get("file_path", tile.spec.file))  # of a data file's plot, the data file
        folder = os.path.dirname(catalog.relative(file))
        groups.setdefault(tile.spec.group or folder, []).append(tile)
    return tuple(Group(name, tuple(members)) for name, members in groups.items() if members)


def one_group(tiles: Iterable[Tile], sort: str) -> tuple[Group, ...]:
    """Return all *tiles* in one group without a name, in the order of *sort*; by title where that says nothing."""
    by_title = sorted(tiles, key=lambda tile: (tile.spec.title.casefold(), tile.spec.name))
    members = tuple(sorted(by_title, key=ORDERS[sort or "name"]))
    return (Group("", members),) if members else ()


def tell_failure(failure: Failure, with_traceback: bool) -> dict[str, str]:
    """Return the words about a file that could not be loaded."""
    place = failure.path + (f":{failure.line}" if failure.line else "")
    return {"place": place, "message": failure.message, "traceback": failure.traceback if with_traceback else ""}
