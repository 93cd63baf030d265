"""Pages: plain HTML that works as it is, and that scripts then keep up to date."""

from __future__ import annotations

from urllib.parse import quote

from handlers.base import PlotHandler
from handlers.contract import DRAWING, SAME, Contract, Reply
from handlers.fields import Word
from handlers.images import PictureHandler, is_for_terminal
from handlers.views import USUAL_SIZE, PlotPage, Preview, query_of
from plots.forms import form_fields
from plots.spec import PlotSpec
from service.engine import Engine
from service.errors import ServiceError
from service.options import words_of_query
from service.rendering import Demand, Rendering

PRIVATE = ("_", "_etag")  # words that say nothing of what a page shows


class PageHandler(PlotHandler):
    """What all pages have in common."""

    def write_page(self, template: str, **values: object) -> None:
        """Write *template* filled with *values*, asked for anew each time, under the policy of our pages."""
        self.set_page_headers()
        self.set_header("Cache-Control", "no-cache")
        self.write(self.render_string(template, **values))


class PlotPageHandler(PageHandler, PictureHandler):
    """``/plots/NAME``: one plot, live, with a form of its parameters; for a terminal, its picture alone."""

    reach = "named"
    vary = "Accept, User-Agent"

    contract = Contract(
        "The live page of the plot; for a terminal, its picture",
        {
            200: Reply("The page, or the picture.", ("text/html", "text/plain"), headers=("Cache-Control", "Vary")),
            304: SAME,
        },
        DRAWING,
        reads=("User-Agent", "If-None-Match", "If-Modified-Since", "Prefer"),
    )

    async def get(self, name: str) -> None:
        self.set_header("Vary", self.vary)
        if is_for_terminal(self.request.headers):
            await self.show(f"{self.request.path}.ansi?{self.request.query}")
            return
        spec = await self.engine.catalog.spec(name)
        words = tuple(word for word in words_of_query(self.request.query) if word[0] not in PRIVATE)
        page = self.make_page(spec, self.url_for(f"/plots/{quote(name)}"), words)
        self.set_status(400 if page.is_wrong else 200)
        self.write_page("plot.html", page=page)

    head = get

    def make_page(self, spec: PlotSpec, base: str, words: tuple[Word, ...]) -> PlotPage:
        """Return what the page of *spec* shows for *words*."""
        catalog = self.engine.catalog
        demand = catalog.attempt(spec, "png", words)
        lacks = tuple(name for name in catalog.lacks(spec) if not any(name == n and word for n, word in words))
        blank = form_fields(spec.parameters, (), lambda path: catalog.relative(str(path)))
        return PlotPage(
            spec=spec,
            base=base,
            words=words,
            demand=demand,
            preview=look(self.engine, demand, f"{base}.png{query_of(words)}"),
            fields=form_fields(spec.parameters, words, lambda path: catalog.relative(str(path))),
            defaults={field.name: field.values for field in blank},
            lacks=lacks,
            example=base + query_of(example_of(spec)) if lacks and spec.example else "",
            data_files=catalog.data_files if self.access.is_for_all and any(field.is_path for field in blank) else (),
            min_every_s=self.engine.config.live.min_every_s,
            shape=self.engine.renderer.ledger.of(spec.name).shape or USUAL_SIZE,
            max_pixels=self.engine.config.render.max_pixels,
            origin=self.origin,
            tracebacks=self.settings["show_tracebacks"],
            place=self.engine.placement.why(spec),
        )


def look(engine: Engine, demand: Demand | ServiceError, url: str) -> Preview:
    """Return what is known of the picture at *url*, which *demand* asks for."""
    if not isinstance(demand, Demand):
        return Preview(url)
    known, last = engine.renderer.known(demand.request), engine.renderer.last_good(demand.request)
    current = known if isinstance(known, Rendering) else None
    error = known if isinstance(known, ServiceError) else None
    printed = error.output if error is not None else None
    if last is None:
        return Preview(url, current, error, output=printed or "")
    scale = demand.request.sizing.scale
    size = (round(last.width_px / scale), round(last.height_px / scale))
    return Preview(url, current, error, size, last.output if printed is None else printed)


def example_of(spec: PlotSpec) -> tuple[Word, ...]:
    """Return the words of the URL that the author gives as an example."""
    return tuple((name, word) for name, words in spec.example.items() for word in words)
