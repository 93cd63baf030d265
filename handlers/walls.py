"""Walls: any pictures side by side. The URL is the wall. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from handlers.contract import Contract, Reply
from handlers.galleries import dark_of
from handlers.pages import PRIVATE, PageHandler, look
from handlers.views import Preview, query_of
from plots.spec import PlotSpec
from service.errors import Forbidden, ServiceError
from service.options import words_of_query
from service.rendering import Demand
from service.walls import MOST_COLUMNS, MOST_ROWS, Piece, Wall, named_wall, read_wall

SIZES = ("_width", "_height", "_dpi", "_scale")  # words that say how large a picture is, whatever room there is


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a wall: where it is and what is known of it, or *why* there is none.

    *word* is how the wall's URL names it, *without* the address of the wall without it.
    """

    word: str
    title: str
    without: str
    page: str = ""
    preview: Preview | None = None
    dark: Preview | None = None
    own_size: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class WallPage:
    """A wall as its page shows it; *name* is what the settings call it, and *plots* are those that there are to add."""

    name: str
    wall: Wall
    base: str
    version: str
    cells: tuple[Cell, ...]
    plots: tuple[tuple[str, str], ...]
    max_pixels: int

    @property
    def most(self) -> tuple[int, int]:
        """How many columns and rows there can be."""
        return MOST_COLUMNS, MOST_ROWS

    @property
    def url(self) -> str:
        """The address of the same wall with all of its page around it."""
        return f"{self.base}?{replace(self.wall, kiosk=False).query}"

    @property
    def kiosk_url(self) -> str:
        """The address of the same wall with nothing but its pictures."""
        return f"{self.base}?{replace(self.wall, kiosk=True).query}"


class WallHandler(PageHandler):
    """``/wall``: the pictures that the URL names, live, side by side."""

    reach = "any"

    contract = Contract(
        "Pictures side by side",
        {200: Reply("The page.", "text/html", headers=("Cache-Control", "Vary"))},
        reads=("p", "cols", "rows", "_kiosk", "_cycle"),
    )

    async def get(self) -> None:
        catalog = self.engine.catalog
        wall = read_wall(words_of_query(self.request.query))
        await catalog.keep_up()
        page = WallPage(
            self._name_of(wall),
            wall,
            self.url_for("/wall"),
            catalog.version,
            tuple([await self._cell(piece, wall) for piece in wall.pieces]),
            tuple((catalog.link(spec), spec.title) for spec in catalog.plots if self._offers(spec)),
            self.engine.config.render.max_pixels,
        )
        self.write_page("wall.html", page=page)

    head = get

    def _name_of(self, wall: Wall) -> str:
        """Return the name of *wall*, whether as a kiosk or not, if the settings give it one."""
        plain = replace(wall, kiosk=False, cycle_s=None)
        walls = ((name, named_wall(query)) for name, query in self.engine.config.walls.items())
        return next((name for name, known in walls if replace(known, kiosk=False, cycle_s=None) == plain), "")

    def _offers(self, spec: PlotSpec) -> bool:
        return spec.unservable is None and self.may_see(spec.name)

    async def _cell(self, piece: Piece, wall: Wall) -> Cell:
        rest = tuple(other for other in wall.pieces if other != piece)
        cell = Cell(piece.word, piece.plot, f"{self.url_for('/wall')}?{replace(wall, pieces=rest).query}")
        try:
            return await self._fill(cell, piece)
        except ServiceError as error:
            return replace(cell, why=self.as_told(error))

    async def _fill(self, cell: Cell, piece: Piece) -> Cell:
        """Return *cell* with its picture. Raises UnknownPlot, BadParameter, Forbidden."""
        engine = self.engine
        if not self.may_see(piece.plot):
            raise Forbidden(f"this is not allowed to {self.access.name}")
        spec = await engine.catalog.spec(piece.plot)
        words = tuple(word for word in words_of_query(piece.query) if word[0] not in PRIVATE)
        base = self.url_for(f"/plots/{quote(engine.catalog.link(spec))}")
        cell = replace(cell, title=spec.title, page=base + query_of(words))
        demand = engine.catalog.attempt(spec, "png", words)
        if not isinstance(demand, Demand):
            return replace(cell, why=demand.message)
        dark = dark_of(words)
        return replace(
            cell,
            preview=look(engine, demand, f"{base}.png{query_of(words)}"),
            dark=look(engine, engine.catalog.attempt(spec, "png", dark), f"{base}.png{query_of(dark)}"),
            own_size=any(name in SIZES for name, _ in words),
        )
