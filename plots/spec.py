"""What a plot is, as data. Knows nothing of files, pictures or the web."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from plots.loading import Entry
    from plots.script import Script
    from plots.tracing import State

Kind = Literal["int", "float", "bool", "str", "path", "choice", "date", "datetime", "timedelta"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a plot function that a URL can carry.

    *annotation* is what pydantic validates one value against (for a list: one item), constraints included; *whole*
    is that of a list as such, and *gather* makes of its items what the function gets. *default* may hold a
    RelativeTime, and a list's is a tuple. *naive*: the function gets times without zone. *choices* holds, for
    ``Literal`` and ``Enum``, each word that a URL may carry and the value it stands for. *alternatives*, of a union,
    are tried in their order. *low* and *high* are allowed themselves.
    """

    name: str
    kind: Kind
    annotation: object
    repeated: bool = False
    nullable: bool = False
    required: bool = True
    default: object = None
    choices: tuple[tuple[str, object], ...] = ()
    low: float | None = None
    high: float | None = None
    description: str = ""
    title: str = ""
    whole: object = list[Any]
    gather: Callable[[Iterable[object]], object] = list
    naive: bool = False
    alternatives: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a plot that was there before can't be drawn now: *message* says what is wrong with its file, and where.

    *sources* are the files that were found so, with their states then; *traceback* is for the author's eyes.
    """

    message: str
    traceback: str
    sources: tuple[tuple[str, State], ...]


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """A plot that was found: who it is, what it takes, and how to get at its function.

    *name* is the full name. *fixed* holds arguments that the URL doesn't carry (the file of a data file's plot).
    *example* holds URL words for the thumbnail of a plot with required parameters. *unservable* says why no URL can
    draw it; None for all others. *version*, where the author gave one, is polled: the plot is redrawn when what it
    returns changes. *executor* and *timeout_s* are what its author asks for, in place of the settings. *process_wide*
    names what its file uses that changes the whole process, such as ``os.chdir``. One that is *broken* is as it was
    when its file could last be loaded.
    """

    name: str
    title: str
    description: str
    file: Path
    qualname: str
    entry: Entry | Script
    parameters: tuple[Parameter, ...] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)
    group: str = ""
    every_s: float | None = None
    watch: tuple[str, ...] = ()
    example: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    version: Callable[[], object] | None = None
    executor: str | None = None
    timeout_s: float | None = None
    unservable: str | None = None
    process_wide: tuple[str, ...] = ()
    broken: Broken | None = None

    @property
    def is_script(self) -> bool:
        """Whether the whole file is run for each picture, rather than a function of it."""
        return not self.qualname

    @property
    def alias(self) -> str:
        """The last part of the name, which alone may name the plot too."""
        return self.name.rpartition("/")[2]

    @property
    def code(self) -> str:
        """The hash of the code that draws it: its file's bytes and, but for a script, every neighbour's it imports."""
        return self.entry.code if self.broken is None else "broken"  # nothing was ever drawn by that

    @property
    def sources(self) -> tuple[tuple[str, State], ...]:
        """The files that it was found in, or found broken in, with their states then."""
        return self.entry.sources if self.broken is None else self.broken.sources
