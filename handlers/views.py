"""What pages show, as values for the templates. Knows nothing of requests, and draws nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from handlers.errors import TITLES, title_of
from handlers.fields import RELATIVE_WORDS, UNITS, Word, every_field, look_fields
from plots.forms import Field
from plots.spec import PlotSpec
from service.errors import BadParameter, PlotFailed, ServiceError
from service.looks import LIMIT
from service.rendering import Demand, Rendering, digest

USUAL_SIZE = (640, 480)
SLOW_S = 1.0  # what takes longer isn't drawn only to fit a window; plot.js says so too
LARGEST_PX = 8000  # wider than any window
TALL_WIDTH_PX = 800
REFRESH_S = 10.0  # how often a page without scripts is loaded again, if nothing else is said
SWITCH = {"": "–", "1": "on", "0": "off"}
AS_MADE = "as made"
ENDINGS = {  # of the URLs under which the same picture can be taken away
    "png": "PNG",
    "svg": "SVG",
    "pdf": "PDF",
    "webp": "WebP",
    "csv": "CSV",
    "txt": "Text",
    "json": "JSON",
    "html": "HTML",
}
LIST = re.compile(r"^(\s|[-*>|+]|\d+[.)])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Preview:
    """What can be said of a picture without drawing it: *current* is the newest one, if it's at hand.

    *output* is what the plot printed when it was last drawn.
    """

    url: str
    current: Rendering | None = None
    error: ServiceError | None = None
    size: tuple[int, int] = USUAL_SIZE
    output: str = ""

    @property
    def address(self) -> str:
        """The URL under which a browser may keep the current picture for ever."""
        etag = self.current.etag if self.current else ""
        return f"{self.url}{'&' if '?' in self.url else '?'}_etag={etag}"


@dataclass(frozen=True, slots=True)
class PlotPage:
    """One plot's page: its form filled with *words*, what is wrong with these, and its picture.

    *lacks* names what must be filled in first. *defaults* are the words that each field stands for when it is left out.
    *example* is the URL of the page with the values that the author gives as an example. *tracebacks*: whoever looks
    may see these, and what the plot prints. *place* says where it is drawn, if that is special. *shape* is how wide and
    how high pictures of the plot are, as far as anybody knows; only how these compare counts.
    """

    spec: PlotSpec
    base: str
    words: tuple[Word, ...]
    demand: Demand | BadParameter
    preview: Preview
    fields: tuple[Field, ...]
    defaults: Mapping[str, tuple[str, ...]]
    lacks: tuple[str, ...]
    example: str
    data_files: tuple[str, ...]
    min_every_s: float
    shape: tuple[int, int]
    max_pixels: int
    origin: str
    tracebacks: bool
    place: str

    @property
    def paragraphs(self) -> tuple[tuple[str, bool], ...]:
        """The description's paragraphs, and whether its line breaks matter: in a list or an example they do."""
        return tuple((text, LIST.search(text) is not None) for text in paragraphs_of(self.spec))

    @property
    def query(self) -> str:
        """The words as the query of a URL, with its question mark; empty if there are none."""
        return query_of(self.words)

    @property
    def endings(self) -> Iterable[tuple[str, str]]:
        """Each form in which it can be taken away: the URL's ending, and what that is called."""
        return ENDINGS.items()

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong, by the name of the field; what was only never filled in is not wrong yet."""
        error = self.demand if isinstance(self.demand, BadParameter) else self.preview.error
        written = {name for name, _ in self.words}
        fields = error.fields if error is not None else {}
        return {name: why for name, why in fields.items() if name in written or name not in self.lacks}

    @property
    def strange(self) -> dict[str, str]:
        """What is wrong with words that have no field."""
        known = {field.name for field in (*self.fields, self.every, *self.looks)}
        return {name: why for name, why in self.faults.items() if name not in known}

    @property
    def is_wrong(self) -> bool:
        """Whether the URL asks for what can't be."""
        return isinstance(self.demand, BadParameter) and bool(self.faults)

    @property
    def drawable(self) -> bool:
        """Whether there is a picture to ask for."""
        return isinstance(self.demand, Demand)

    @property
    def missing(self) -> tuple[str, ...]:
        """The labels of what must be filled in first, each between quotation marks."""
        return tuple(f"“{field.label}”" for field in self.fields if field.name in self.lacks)

    @property
    def refresh_s(self) -> int:
        """How often the page is loaded again where there are no scripts, in s; 0: not at all."""
        if not isinstance(self.demand, Demand):
            return 0
        return max(1, round(self.demand.every_s or self.spec.every_s or REFRESH_S))

    @property
    def trouble(self) -> dict[str, str] | None:
        """Why the last render failed, if it did."""
        error = self.preview.error
        if error is None:
            return None
        shown = error.traceback if isinstance(error, PlotFailed) and self.tracebacks else ""
        return {"title": title_of(error.code), "code": error.code, "message": error.message, "traceback": shown}

    @property
    def output(self) -> str | None:
        """What the plot printed; None where that isn't shown."""
        return self.preview.output if self.spec.unservable is None and self.tracebacks else None

    @property
    def every(self) -> Field:
        """The field that says how often to redraw."""
        return every_field(self.words, self.spec.every_s, self.min_every_s)

    @property
    def looks(self) -> tuple[Field, ...]:
        """The fields that say how large the picture is to be, and how it is to look."""
        return look_fields(self.words)

    @property
    def looked(self) -> bool:
        """Whether the URL says any of that; a part of the axes is looked at without this form, most often."""
        return any(field.values for field in self.looks if not LIMIT.fullmatch(field.name))

    @property
    def limits(self) -> Field:
        """The field that a script copies for each limit of an axis that it sets."""
        return Field("_lim", "", "text")

    @property
    def is_tall(self) -> bool:
        """Whether the picture, to be seen well, may be higher than a window."""
        width, height = self.shape
        return width < 0.8 * height

    @property
    def room(self) -> tuple[int, int]:
        """The pixels of a box that is as the picture is: as large as any window, unless it may be higher."""
        width, height = self.shape
        wide = TALL_WIDTH_PX if self.is_tall else LARGEST_PX
        return wide, round(wide * height / width)

    @property
    def at_hand(self) -> bool:
        """Whether the picture is shown as it is: it took long, so no other size of it is drawn unasked."""
        return self.preview.current is not None and self.preview.current.seconds > SLOW_S

    @property
    def alt(self) -> str:
        """What the picture says to whoever can't see it."""
        return self.preview.current.alt if self.preview.current else self.spec.title

    @property
    def key(self) -> str:
        """Another one whenever the page reads otherwise, its words apart."""
        fields = [(replace(field, values=()), self.defaults[field.name]) for field in self.fields]
        return digest(repr((self.spec.title, self.spec.description, fields, self.data_files)))

    @property
    def titles(self) -> str:
        """What the panel of failures may be headed with, as JSON."""
        return json.dumps(TITLES)

    def default(self, name: str) -> str:
        """Return the words of that field when it is left out, as JSON."""
        return json.dumps(self.defaults.get(name, ()))

    def relative_words(self, field: Field) -> tuple[str, ...]:
        """Return some of the words that a field of dates or times understands."""
        return RELATIVE_WORDS[field.picker]

    def unit(self, name: str) -> str:
        """Return what the number in that field counts."""
        return UNITS.get(name, "")

    def choice(self, field: Field, word: str) -> str:
        """Return how one choice of a field reads."""
        if field.name == "_theme":
            return word or AS_MADE
        return SWITCH[word] if set(field.choices) == set(SWITCH) else word or "–"


def paragraphs_of(spec: PlotSpec) -> list[str]:
    """Return the paragraphs of the plot's description, as its author broke their lines."""
    return [text for part in re.split(r"\n\s*\n", spec.description) if (text := part.strip("\n"))]


def query_of(words: tuple[Word, ...]) -> str:
    """Return *words* as the query of a URL, with its question mark; empty if there are none."""
    return f"?{urlencode(words)}" if words else ""
