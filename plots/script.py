"""A script as something to draw: its bytes, as they were when it was found. Runs nothing."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from plots.tracing import State, file_state


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """What `Entry` is for a function, for a *file* that draws as it runs; plain values, so it can travel.

    *code* is the hash of its *source*, and *sources* what it was read from, with its state just before that, at
    *read_ns* (wall clock): the file, and what it is a link to, if it is one. What it imports, each render finds anew.
    """

    file: Path
    source: bytes
    code: str
    sources: tuple[tuple[str, State], ...]
    read_ns: int

    @classmethod
    def read(cls, file: Path) -> Script:
        """Return the script in *file*. Raises OSError."""
        state, now_ns = file_state(str(file)), time.time_ns()
        source = file.read_bytes()
        paths = dict.fromkeys((str(file), os.path.realpath(file)))
        return cls(file, source, hashlib.sha256(source).hexdigest(), tuple((path, state) for path in paths), now_ns)

    @property
    def qualname(self) -> str:
        """Empty: it is no function of its file, but all of it."""
        return ""

    @property
    def state(self) -> State:
        """What the file was like."""
        return self.sources[0][1]

    @property
    def rc(self) -> Mapping[str, object]:
        """No rcParams: it sets its own as it runs."""
        return {}

    def function(self) -> Callable[..., object]:
        """Return nothing: a script can't be called in a process that others share. Raises TypeError."""
        raise TypeError(f"{self.file.name} is a script: plots.scripts.run runs it, in a process of its own")
