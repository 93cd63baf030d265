"""The outside of plotd for programs: OpenAPI 3.1, made of the routes' contracts and the plots' own parameters."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple, TypeVar

from pydantic import TypeAdapter

from handlers import shapes
from handlers.base import GuardedHandler, PlotHandler
from handlers.contract import Contract, Reply, json_replies
from handlers.vocabulary import HEADERS, REFUSALS, Told, asked, error_responses, option_parameters
from plots.schema import json_example, word_schema
from plots.spec import Parameter, PlotSpec
from service.catalog import Catalog
from service.engine import Engine
from service.rendering import digest

Route = tuple[str, type[GuardedHandler]]

ABOUT = """Plots as pictures, each at a URL that lasts. A plot's own parameters bear their own names; the options of
plotd begin with `_`. What is empty counts as not given, but for text.

A method that isn't told here: 405, with `Allow`. An address that isn't here: 404. An error is JSON, or a page or a
picture where `Accept` likes those better. Each answer names its request in `X-Request-Id`, as the log does."""
TOKENS = "A token made by `plotd token add`, where the daemon isn't open to whoever reaches it."
SERVICE = "/"  # the tag of what belongs to no plot; a plot's own is its name
NAME = "[^.]+"
PLOT = "/plots/{name}"
HEAD: Told = {"description": "What GET answers, without the body."}

T = TypeVar("T")


class Place(NamedTuple):
    """One address, with ``{name}`` in place of a plot's; *kind* names what answers there."""

    path: str
    kind: str
    contract: Contract
    has_head: bool = False


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
        if not config.is_open:
            told["security"] = [{"bearer": []}]
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
    parameters, own = own_parameters(plots, catalog)
    found, endings = gather([place_of(pattern, handler) for pattern, handler in routes])
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
                place.path.replace("{name}", link): item(place, link, own[link], options)
                for link in plots
                for place in found
                if "{name}" in place.path
            },
        },
        "components": {
            "parameters": {**parameters, **options, **asked(), "ending": endings},
            "headers": HEADERS,
            "responses": {**error_responses(), **dict(replies(found)), "Head": HEAD},
            "schemas": schemas(found),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": TOKENS}},
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
    return Place(path, kind, handler.contract, has_head=handler.head is not GuardedHandler.head)


def gather(found: Sequence[Place]) -> tuple[list[Place], Told]:
    """Return *found*, with one place for all that shows a plot at some ending, and the parameter that is the ending.

    With hundreds of plots, a place for each would make a document that few programs like to read. What never ends is
    not one of them: it has no label.
    """
    gathered = [place for place in found if place.path.startswith(f"{PLOT}.") and 304 in place.contract.replies]
    endings = {PurePosixPath(place.path).suffix[1:]: place.contract.replies[200] for place in gathered}
    reply = Reply(
        "What the ending says.",
        union(media(reply, ending) for ending, reply in endings.items()),
        next(reply.body for reply in endings.values() if reply.body),
        union(reply.headers for reply in endings.values()),
    )
    contract = Contract(
        "The plot as a picture, as its numbers or in words",
        {200: reply, 304: gathered[0].contract.replies[304]},
        union(place.contract.errors for place in gathered),
        union(place.contract.reads for place in gathered),
    )
    said = {"description": "What is shown, and how.", "schema": {"type": "string", "enum": sorted(endings)}}
    ending = {"name": "ending", "in": "path", "required": True, **said}
    rest = [place for place in found if place not in gathered]
    return [*rest, Place(f"{PLOT}.{{ending}}", "Ending", contract, has_head=True)], ending


def union(groups: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    """Return what is in any of *groups*, once each."""
    return tuple(dict.fromkeys(one for group in groups for one in group))


def item(place: Place, link: str = "", parameters: Iterable[str] = (), options: Iterable[str] = ()) -> Told:
    """Return what is told of *place*, where it belongs to the plot at *link*.

    It takes that one's *parameters*, and *options* too if it shows something.
    """
    told: Told = {place.contract.method: operation(place, link)}
    if place.has_head:
        told["head"] = {"tags": [link or SERVICE], "responses": {"default": ref("responses", "Head")}}
    in_path = ("ending",) if "{ending}" in place.path else ()
    how = options if place.contract.method == "get" else ()
    named = (*in_path, *parameters, *how, *place.contract.reads)
    return {**told, "parameters": [ref("parameters", name) for name in named]} if named else told


def operation(place: Place, link: str) -> Told:
    """Return what is done at *place*."""
    contract = place.contract
    statuses = {status: f"{place.kind}.{status}" for status in contract.replies}
    statuses |= {status: str(status) for status in contract.errors if status not in (*statuses, *REFUSALS)}
    named = {str(status): name for status, name in sorted(statuses.items())} | {"4XX": "4XX"}
    return {
        "operationId": contract.method + place.path.replace("{name}", link),
        "summary": contract.summary,
        "tags": [link or SERVICE],
        "responses": {status: ref("responses", name) for status, name in named.items()},
    }


def replies(found: Iterable[Place]) -> Iterator[tuple[str, Told]]:
    """Yield the answers at *found* that are no errors, by the names that operations have for them."""
    for place in found:
        ending = PurePosixPath(place.path).suffix[1:]
        for status, reply in place.contract.replies.items():
            yield f"{place.kind}.{status}", answer(reply, ending)


def answer(reply: Reply, ending: str) -> Told:
    """Return what *reply* is like at an address with that *ending*."""
    told: Told = {"description": reply.words}
    if each := media(reply, ending):
        schema = {"schema": ref("schemas", reply.body.__name__)} if reply.body else {}
        told["content"] = {one: schema if one == "application/json" else {} for one in each}
    if reply.headers:
        told["headers"] = {name: ref("headers", name) for name in reply.headers}
    return told


def media(reply: Reply, ending: str) -> tuple[str, ...]:
    """Return the content types of *reply* at an address with that *ending*."""
    told = reply.media[ending] if isinstance(reply.media, Mapping) else reply.media
    return tuple(one.partition(";")[0] for one in ((told,) if isinstance(told, str) else told))


def own_parameters(plots: Mapping[str, PlotSpec], catalog: Catalog) -> tuple[Told, dict[str, list[str]]]:
    """Return the parameters of *plots* as components, and the names of those that each has: alike ones are told once.

    A component's name is of few letters; its number tells it from others, and from what is no plot's own.
    """
    components: Told = {}
    names: dict[str, str] = {}
    by_plot: dict[str, list[str]] = {link: [] for link in plots}
    for link, spec in plots.items():
        for parameter in spec.parameters:
            told = own_parameter(parameter, spec, catalog)
            stem = parameter.name if parameter.name.isascii() else ""
            name = names.setdefault(json.dumps(told), f"{stem}.{len(names)}")
            components[name] = told
            by_plot[link].append(name)
    return components, by_plot


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
