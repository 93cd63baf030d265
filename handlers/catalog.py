"""What there is: the catalog, one plot's description, and the call that says that data changed."""

from __future__ import annotations

from typing import NamedTuple

from handlers import shapes
from handlers.base import PlotHandler, as_json
from handlers.contract import ANY, DRAWING, LABELS, Contract, Reply, json_replies
from handlers.staying import StayingHandler
from plots.schema import json_schema
from plots.spec import PlotSpec
from service.catalog import Catalog
from service.errors import BadParameter, PlotFailed, ServiceError
from service.options import words_of_query
from service.rendering import Answer, digest


class CatalogHandler(PlotHandler):
    """``/-/plots.json``: every plot, and the files that failed to load."""

    reach = "any"

    contract = Contract(
        "Every plot, and the files that failed to load",
        json_replies("The catalog.", shapes.Catalog),
        reads=("If-None-Match",),
    )

    async def get(self) -> None:
        catalog = self.engine.catalog
        shown = [spec for spec in catalog.plots if self.may_see(spec.name)]
        plots = [{**summary(spec, catalog), "link": catalog.link(spec)} for spec in shown]
        failed = catalog.failures if self.access.is_for_all else ()
        failures = [{"file": f.path, "line": f.line, "message": f.message} for f in failed]
        self.write_json({"version": catalog.version, "plots": plots, "failures": failures})

    head = get


class Described(NamedTuple):
    """A plot in words; *picture* is the etag of what was drawn for that, and *error_code* tells why it wasn't."""

    text: str
    label: str
    picture: str | None
    error_code: str


class DescriptionHandler(StayingHandler):
    """``/plots/NAME.json``: a plot in words, drawn if its request can be."""

    reach = "named"

    contract = Contract(
        "The plot in words: parameters, dependencies, last render, axes, alt text",
        json_replies("The plot. One that failed is told too, in its last render.", shapes.DescribedPlot),
        DRAWING,
        reads=("If-None-Match", "Prefer"),
    )

    async def get(self, name: str) -> None:
        async def look(told: str | None) -> Described:
            return await self._describe(name)

        picture = self.request.path.removesuffix("json") + "png"
        described = await self.look_or_wait(f"{picture}?{self.request.query}", look)
        self.write_json_text(described.text, described.label)

    head = get

    async def _describe(self, name: str) -> Described:
        catalog, renderer = self.engine.catalog, self.engine.renderer
        spec = await catalog.spec(name)
        words = words_of_query(self.request.query)
        placement = self.engine.placement
        described = {**summary(spec, catalog), "executor": placement.choose(spec), "note": placement.why(spec)}
        answer: Answer | ServiceError | None = None
        if words or not catalog.lacks(spec):
            demand = await catalog.demand(name, self.request.query)
            answer = await self.wait_for(renderer.attempt(demand.request))
            if isinstance(answer, BadParameter):  # whoever asks so gets no picture, and is told as then
                raise answer
            read = self.engine.dependencies.known(demand.request)
            described["dependencies"] = sorted({catalog.relative(path) for path, _ in read})
            described["note"] = described["note"] or self.engine.dependencies.notice(demand.request)
            described |= last_render(answer, with_traceback=self.settings["show_tracebacks"])
        text = as_json(described)
        error = answer.error if isinstance(answer, Answer) else answer
        picture = answer.rendering.etag if isinstance(answer, Answer) else None
        return Described(text, digest(text), picture, error.code if error is not None else "")


class RefreshHandler(PlotHandler):
    """``POST /-/refresh/NAME``: somebody knows that the data changed."""

    reach = "named"

    contract = Contract(
        "Say that the data changed: of the whole plot, or of the very request if there are any words",
        {202: Reply("It is looked at anew.", "application/json", shapes.Refreshed, LABELS)},
        (*ANY, 404),
        method="post",
    )

    async def post(self, name: str) -> None:
        spec = await self.engine.catalog.spec(name)
        key = spec.name
        if words_of_query(self.request.query):
            key = (await self.engine.catalog.demand(name, self.request.query)).request.subject
        self.engine.dependencies.refresh(key)
        self.engine.hub.touch()
        self.set_status(202)
        self.write_json({"refreshed": spec.name})


def summary(spec: PlotSpec, catalog: Catalog) -> dict[str, object]:
    """Return what a plot is, without drawing it."""
    return {
        "name": spec.name,
        "title": spec.title,
        "description": spec.description,
        "group": spec.group,
        "parameters": json_schema(spec.parameters, lambda path: catalog.relative(str(path))),
        "example": {name: list(words) for name, words in spec.example.items()},
        "every_s": spec.every_s,
        "unservable": spec.unservable,
        "dependencies": [],
        "last_render": None,
        "axes": [],
        "alt": "",
    }


def last_render(answer: Answer | ServiceError, *, with_traceback: bool) -> dict[str, object]:
    """Return what the last render came to; what the plot printed is for the same eyes as a traceback."""
    if isinstance(answer, ServiceError):
        return {
            "last_render": {
                "error": told(answer, with_traceback=with_traceback),
                **printed(answer, with_traceback=with_traceback),
            }
        }
    drawn = answer.rendering
    last: dict[str, object] = {
        "etag": drawn.etag,
        "seconds": round(drawn.seconds, 4),
        "when": drawn.at.isoformat(timespec="milliseconds"),
        "size": {"bytes": len(drawn.body), "width": drawn.width_px, "height": drawn.height_px},
        "rows": drawn.table.rows,
        "error": told(answer.error, with_traceback=with_traceback) if answer.error else None,
    }
    if with_traceback:
        last |= {"output": drawn.output, **printed(answer.error, with_traceback=True)}
    return {"last_render": last, "axes": [axes.as_json() for axes in drawn.axes], "alt": drawn.alt}


def printed(error: ServiceError | None, *, with_traceback: bool) -> dict[str, object]:
    """Return what the plot printed before it failed, if it was run."""
    return {"output": error.output} if with_traceback and error is not None and error.output is not None else {}


def told(error: ServiceError, *, with_traceback: bool) -> dict[str, object]:
    """Return the words of *error*, as a page's panel shows them."""
    words: dict[str, object] = {"code": error.code, "message": error.message}
    if error.fields:
        words["fields"] = error.fields
    if with_traceback and isinstance(error, PlotFailed):
        words["traceback"] = error.traceback
    return words
