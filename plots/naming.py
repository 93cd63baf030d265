"""What plots are called: titles, full names, each only once, and aliases. Opens no file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plots.folders import File
from plots.outline import PREFIX


@dataclass(frozen=True, slots=True)
class Bearer:
    """Something that needs a name: the plot *qualname* of a plot file; a data file, if that is empty."""

    file: File
    qualname: str = ""

    @property
    def key(self) -> tuple[Path, str]:
        """What stays the same from one look at the files to the next."""
        return self.file.path, self.qualname

    @property
    def title(self) -> str:
        """What it is called where its author says nothing else."""
        words = re.split(r"[_\s]+", self.file.path.stem if not self.qualname else _last(self.qualname))
        return " ".join(word[:1].upper() + word[1:] for word in words if word)

    def names(self) -> Iterator[str]:
        """Yield the full names that it may bear, the best first, without end."""
        *folders, name = self.file.relative.parts
        stem = Path(name).stem
        *owner, _ = self.qualname.split(".")
        base = [*folders, stem, *owner, _last(self.qualname)] if self.qualname else [*folders, stem]
        choices = [base] if self.qualname else [base, [*folders, name]]
        if self.file.position > 0 and self.file.root.name:
            choices += [[self.file.root.name, *parts] for parts in choices]
        yield from map(_joined, choices)
        yield from (f"{_joined(base)}-{number}" for number in itertools.count(2))


def full_names(bearers: Sequence[Bearer], held: Mapping[tuple[Path, str], str]) -> list[str]:
    """Return a name for each of *bearers*, no two alike: the one that its key held, else the best that is left."""
    taken = {held[bearer.key] for bearer in bearers if bearer.key in held}
    names = []
    for bearer in bearers:
        name = held.get(bearer.key) or next(name for name in bearer.names() if name not in taken)
        taken.add(name)
        names.append(name)
    return names


def _last(qualname: str) -> str:
    return qualname.rpartition(".")[2].removeprefix(PREFIX)


def _joined(parts: Sequence[str]) -> str:
    return "/".join(re.sub(r"[^A-Za-z0-9_-]", "-", part) for part in parts)
