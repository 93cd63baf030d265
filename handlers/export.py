"""Plots for elsewhere: a static site for any file server, and single pictures in the forms that others take."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from tornado.template import Loader

from handlers.errors import status_of
from handlers.language import ENGLISH, speaking
from handlers.modules import STATIC
from plotd.encode import Encoded
from plots.discover import Failure
from plots.forms import form_fields
from plots.spec import PlotSpec
from plots.words import noun_of
from service.errors import ServiceError
from service.oneshot import Collection
from service.output import write_whole
from service.rendering import ENDINGS, Answer, Rendering

TEMPLATES = Loader(str(Path(__file__).resolve().parent / "templates"), namespace=speaking(ENGLISH))
SHARED = ("plotd.css", "gallery.css", "plot.css", "favicon.svg")  # the static files that a page without scripts needs


@dataclass(frozen=True)
class Page:
    """One plot of a site, as drawn with *words*: its picture, or why there is none.

    *lacks* names the parameters that it can't be drawn without, and what each would be.
    """

    spec: PlotSpec
    link: str
    group: str
    words: tuple[tuple[str, str], ...] = ()
    lacks: tuple[tuple[str, str], ...] = ()
    picture: Encoded | None = None
    error: ServiceError | None = None

    @property
    def top(self) -> str:
        """The way from the page's folder, plots/ or below, to that of the index."""
        return "../" * (1 + self.link.count("/"))

    @property
    def stem(self) -> str:
        """The name of its files in that folder, but for their endings."""
        return self.link.rpartition("/")[2]

    @property
    def note(self) -> str:
        """What stands where the picture would."""
        return f"Needs {' and '.join(name for name, _ in self.lacks)}" if self.lacks else "No picture"

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """What each parameter was, by its label."""
        fields = form_fields(self.spec.parameters, self.words)
        return tuple((field.label, ", ".join(field.values)) for field in fields)


@dataclass(frozen=True)
class Site:
    """What the index tells of. *wrong*, for its author alone, holds a line for each plot and each file that failed."""

    pages: tuple[Page, ...]
    failures: tuple[Failure, ...]
    unservable: tuple[PlotSpec, ...]
    wrong: tuple[str, ...]

    @property
    def groups(self) -> dict[str, list[Page]]:
        """The pages by group, in the order in which they were found; those of no group first, as in the gallery."""
        groups: dict[str, list[Page]] = {"": []}
        for page in self.pages:
            groups.setdefault(page.group, []).append(page)
        return {name: pages for name, pages in groups.items() if pages}


def write_site(collection: Collection, folder: Path) -> Site:
    """Write a page and a picture for each plot of *collection*, and an index of them, to *folder*.

    The index comes last: it never leads to what isn't there. What an earlier run left for a plot that fails by now, its
    picture, stays; its page doesn't show it.

    Raises:
        OSError: something can't be written.
    """
    for name in SHARED:
        _write(folder / "static" / name, (STATIC / name).read_bytes())
    pages = []
    for spec in collection.found.plots:
        if spec.unservable is None:
            pages.append(_draw(collection, spec))
            _write_page(pages[-1], folder / "plots")
    unservable = tuple(spec for spec in collection.found.plots if spec.unservable is not None)
    failed = [f"{page.link}: {page.error.message}" for page in pages if page.error is not None]
    wrong = (*failed, *map(collection.told, collection.found.failures))
    site = Site(tuple(pages), collection.found.failures, unservable, wrong)
    _write(folder / "index.html", _fill("export_index.html", site=site, top=""))
    return site


def in_shape(shape: str, format: str, spec: PlotSpec, picture: Encoded) -> bytes:
    """Return *picture* as a page that holds it ("html"), a data: URI, or what a CGI program answers ("cgi")."""
    kind = ENDINGS[format]
    if shape == "cgi":
        return f"Content-Type: {kind}\n\n".encode() + picture.body
    encoded = base64.b64encode(picture.body).decode()
    if shape == "data-uri":
        return f"data:{kind};base64,{encoded}\n".encode()
    answer = Answer(unlabelled(picture, kind), "miss")
    return TEMPLATES.load("single.html").generate(spec=spec, answer=answer, picture=encoded)


def unlabelled(picture: Encoded, kind: str) -> Rendering:
    """Return *picture* as one of the daemon's, but for what only that knows."""
    at = datetime.now(UTC)
    return Rendering(
        key="",
        etag="",
        body=picture.body,
        content_type=kind,
        width_px=picture.width_px,
        height_px=picture.height_px,
        axes=picture.axes,
        alt=picture.alt,
        output="",
        at=at,
        seconds=0.0,
        queue_s=0.0,
        began_s=at.timestamp(),
        last_modified=format_datetime(at, usegmt=True),
        timing="",
    )


def cgi_failure(error: Exception) -> bytes:
    """Return what a CGI program says when it has no picture. What isn't meant for strangers is not told."""
    status = HTTPStatus(status_of(error))
    text = error.message if isinstance(error, ServiceError) else "this program isn't set up right: see the server's log"
    head = f"Status: {status.value} {status.phrase}\nContent-Type: text/plain; charset=utf-8\n"
    head += "X-Content-Type-Options: nosniff\n\n"  # the text may hold words of anyone's
    return f"{head}{status.value} {status.phrase}: {text}\n".encode(errors="replace")


def _draw(collection: Collection, spec: PlotSpec) -> Page:
    """Return the page of *spec*, drawn with its example if it needs one."""
    names = collection.link(spec), collection.group(spec)
    required = [parameter for parameter in spec.parameters if parameter.required]
    words = tuple((name, word) for name, given in spec.example.items() for word in given) if required else ()
    lacks = tuple((p.name, noun_of(p)) for p in required if p.name not in spec.example)
    if lacks:
        return Page(spec, *names, words, lacks)
    try:
        return Page(spec, *names, words, picture=collection.draw(spec, words, "png", collection.roots))
    except ServiceError as error:
        return Page(spec, *names, words, error=error)


def _write_page(page: Page, folder: Path) -> None:
    if page.picture is not None:
        _write(folder / f"{page.link}.png", page.picture.body)
    _write(folder / f"{page.link}.html", _fill("export_plot.html", page=page, top=page.top))


def _fill(template: str, **values: object) -> bytes:
    at = datetime.now().astimezone()
    return TEMPLATES.load(template).generate(at=at, version=version("plotd"), **values)


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, data)
