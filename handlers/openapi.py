"""The outside of plotd for programs: OpenAPI 3.1, made of the routes' contracts and the plots' own parameters."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from pydantic import TypeAdapter

from handlers import shapes
from handlers.base import GuardedHandler, PlotHandler
from handlers.contract import Contract, Reply, json_replies
from handlers.vocabulary import HEADERS, Told, asked, error_responses, option_parameters
from plots.schema import json_example, word_schema
from plots.spec import Parameter, PlotSpec
from service.catalog import Catalog
from service.engine import Engine
from service.rendering import digest

Route = tuple[str, type[GuardedHandler]]

ABOUT = """Plots as pictures, each at a URL that lasts. A plot's own parameters bear their own names; the options of
plotd begin with `_`. What is empty counts as not given, but for text.

HEAD is answered as GET is, without the body. A method that isn't told here: 405, with `Allow`. An address that isn't
here: 404. An error is JSON, or a page or a picture where `Accept` likes those better."""
SERVICE = "/"  # the tag of what belongs to no plot; a plot's own is its name
NAME = "[^.]+"


class Place(NamedTuple):
    """One address, with ``{name}`` in place of a plot's; *kind* names what answers there."""

    path: str
    kind: str
    contract: Contract


class Document:
    """Makes the document anew when the plots changed, in a thread: with hundreds of them that takes a while."""

    def __init__(self, engine: Engine, routes: Sequence[Route]) -> None:
        self._engine = engine
        self._routes = routes
        self._version = ""
        self._making: asyncio.Task[tuple[bytes, str]] | None = None

    async def text(self) -> tuple[bytes, str]:
        """Return the document as JSON, and its etag."""
        catalog = self._engine.catalog
        await catalog.keep_up()
        if self._making is None or self._version != catalog.version:
            plots = {catalog.link(spec): spec for spec in catalog.plots if spec.unservable is None}
            making = asyncio.to_thread(self._make, plots)
            self._version, self._making = catalog.version, asyncio.create_task(making, name="describe all addresses")
        return await asyncio.shield(self._making)

    def _make(self, plots: Mapping[str, PlotSpec]) -> tuple[bytes, str]:
        config = self._engine.config
        options = option_parameters(config.live.min_every_s)
        told = describe(self._routes, plots, self._engine.catalog, options)
        told["servers"] = [{"url": config.listen.base_url or "/"}]
        text = as_json(told)
        return text.encode(), digest(text)


class OpenApiHandler(PlotHandler):
    """``/-/openapi.json``: every address, for programs."""

    contract = Contract("Every address, as OpenAPI 3.1", json_replies("This document.", shapes.Document))

    async def get(self) -> None:
        self.write_json_text(*await self.settings["document"].text())

    head = get


def describe(
    routes: Iterable[Route], plots: Mapping[str, PlotSpec], catalog: Catalog, options: Mapping[str, Told]
) -> Told:
    """Return the document on *routes* and *plots*, by their addresses, each of which takes *options* too."""
    own = {link: dict(own_parameters(link, spec, catalog)) for link, spec in plots.items()}
    parameters = {name: parameter for of_plot in own.values() for name, parameter in of_plot.items()}
    found = [place_of(pattern, handler) for pattern, handler in routes]
    return {
        "openapi": "3.1.0",
        "info": {"title": "plotd", "version": catalog.version, "description": ABOUT},
        "tags": [
            {"name": SERVICE, "description": "All plots, and the daemon itself."},
            *map(tag, plots, plots.values()),
        ],
        "paths": {
            **{place.path: item(place) for place in found if "{name}" not in place.path},
            **{
                place.path.replace("{name}", link): item(place, link, (*own[link], *options))
                for link in plots
                for place in found
                if "{name}" in place.path
            },
        },
        "components": {
            "parameters": {**parameters, **options, **asked()},
            "headers": HEADERS,
            "responses": {**error_responses(), **dict(replies(found))},
            "schemas": schemas(found),
        },
    }


def as_json(told: Told) -> str:
    """Return *told* as JSON, made path by path: json.dumps lets no other thread run until it is through."""
    compact = functools.partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    paths = ",".join(f"{compact(path)}:{compact(of_path)}" for path, of_path in told["paths"].items())
    rest = compact({key: part for key, part in told.items() if key != "paths"})
    return f'{rest.removesuffix("}")},"paths":{{{paths}}}}}'


def place_of(pattern: str, handler: type[GuardedHandler]) -> Place:
    """Return the address that the *pattern* of a route stands for."""
    path = pattern.replace("\\.", ".").replace(f"({NAME})", "{name}").replace(NAME, "{name}").replace("(.*)", "{file}")
    kind = handler.__name__.removesuffix("Handler") + PurePosixPath(path).suffix
    return Place(path, kind, handler.contract)


def item(place: Place, link: str = "", parameters: Iterable[str] = ()) -> Told:
    """Return what is told of *place*, where it belongs to the plot at *link* and takes its *parameters*."""
    told: Told = {place.contract.method: operation(place, link)}
    if link:
        told["parameters"] = [ref("parameters", name) for name in parameters]
    return told


def operation(place: Place, link: str) -> Told:
    """Return what is done at *place*."""
    contract = place.contract
    statuses = {status: f"{place.kind}.{status}" for status in contract.replies}
    statuses |= {status: str(status) for status in contract.errors if status not in statuses}
    told: Told = {
        "operationId": contract.method + place.path.replace("{name}", link),
        "summary": contract.summary,
        "tags": [link or SERVICE],
        "responses": {str(status): ref("responses", name) for status, name in sorted(statuses.items())},
    }
    if contract.reads:
        told["parameters"] = [ref("parameters", name) for name in contract.reads]
    return told


def replies(found: Iterable[Place]) -> Iterator[tuple[str, Told]]:
    """Yield the answers at *found* that are no errors, by the names that operations have for them."""
    for place in found:
        ending = PurePosixPath(place.path).suffix[1:]
        for status, reply in place.contract.replies.items():
            yield f"{place.kind}.{status}", answer(reply, ending)


def answer(reply: Reply, ending: str) -> Told:
    """Return what *reply* is like at an address with that *ending*."""
    told: Told = {"description": reply.words}
    media = reply.media[ending] if isinstance(reply.media, Mapping) else reply.media
    if media:
        schema = {"schema": ref("schemas", reply.body.__name__)} if reply.body else {}
        each = (media,) if isinstance(media, str) else media
        told["content"] = {one.partition(";")[0]: schema for one in each}
    if reply.headers:
        told["headers"] = {name: ref("headers", name) for name in reply.headers}
    return told


def own_parameters(link: str, spec: PlotSpec, catalog: Catalog) -> Iterator[tuple[str, Told]]:
    """Yield the parameters of *spec*, by names that no other plot's have: a component's are of few letters."""
    for number, parameter in enumerate(spec.parameters):
        name = parameter.name if parameter.name.isascii() else number
        yield f"{link.replace('/', '.')}.{name}", own_parameter(parameter, spec, catalog)


def own_parameter(parameter: Parameter, spec: PlotSpec, catalog: Catalog) -> Told:
    """Return one parameter of *spec*."""
    schema = word_schema(parameter, lambda path: catalog.relative(str(path)))
    told: Told = {"name": parameter.name, "in": "query", "description": schema.pop("description"), "schema": schema}
    if parameter.required:
        told["required"] = True
    if parameter.nullable or not (parameter.required or parameter.kind == "str" or parameter.alternatives):
        told["allowEmptyValue"] = True
    example = json_example(parameter, spec.example[parameter.name]) if parameter.name in spec.example else None
    return told if example is None else {**told, "example": example}


def tag(link: str, spec: PlotSpec) -> Told:
    """Return what is told of a plot as a whole."""
    return {"name": link, "description": f"{spec.title}. {spec.description}".strip()}


def schemas(found: Iterable[Place]) -> Told:
    """Return the JSON Schemas of all that is answered as JSON."""
    replies = (reply for place in found for reply in place.contract.replies.values())
    bodies = {shapes.Error, *(reply.body for reply in replies if reply.body)}
    _, told = TypeAdapter.json_schemas(
        [(body, "serialization", TypeAdapter(body)) for body in sorted(bodies, key=lambda body: body.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    return dict(told["$defs"])


def ref(kind: str, name: str) -> Told:
    """Return what stands for the component *name* of that *kind*."""
    return {"$ref": f"#/components/{kind}/{name}"}
