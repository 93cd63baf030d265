"""A job whose file made what renders change, such as figures, as it was imported: each render imports it anew."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from plots.cargo import cargo_of
from plots.discover import spec_of
from plots.loading import Entry
from plots.module import Module
from plots.neighbours import Tables
from plots.parameters import parse
from plots.source import Disk
from plots.tracing import Trace

if TYPE_CHECKING:
    from plots.paint import Job


@contextlib.contextmanager
def unspoilt(job: Job, seen: Trace) -> Iterator[Job]:
    """Return *job* such that no other render draws into its figures; they are pyplot's until the block ends.

    Its modules are made again from the very bytes that its code is the hash of; *seen* gathers what they read.
    Whatever the user's code raises is passed on.
    """
    entry = job.spec.entry
    if not isinstance(entry, Entry) or not entry.is_used_up():
        yield job
        return
    module = Tables(_disk(entry.module)).of(entry.module.folder).load(entry.module.name, entry.module.path, set())
    for read in (read for part in module.closure() for read in part.reads):
        seen.seen.setdefault((read.path, read.kind), (read.state, read.seen_ns))
    spec, _ = spec_of(replace(entry, module=module), job.spec.title, job.spec.fixed)
    words = [(name, word) for name, written in job.words for word in written]
    given = parse(spec.parameters, words, Path).given  # its enumerations, say, are those of the new module
    yield replace(job, spec=replace(spec, name=job.spec.name, watch=job.spec.watch), given=given)


def _disk(module: Module) -> Disk:
    """Return one that has what *module* was made from, whatever stands in these files by now."""
    if module.disk.gives(module.path):
        return module.disk
    cargo = cargo_of(module)
    return Disk(cargo.sources, cargo.folders)
