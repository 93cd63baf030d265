"""The plots of tests/corpus: as jobs for whatever is to draw them, and as the pictures that they are on their own."""

from __future__ import annotations

import functools
import hashlib
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plotd.encode import Sizing
from plots.discover import scan
from plots.loading import Library
from plots.paint import Job, Outcome, paint
from plots.parameters import parse
from plots.spec import PlotSpec

CORPUS = Path(__file__).parent.parent / "corpus"
IMPORT_LIMIT_S = 60
MAX_PIXELS = 10_000_000

Pixels = NDArray[np.uint8]  # (height, width, RGBA)


def functions(format: str = "png") -> dict[str, Job]:
    """Return the job of each plot function, by name."""
    return _jobs(sorted(CORPUS.glob("functions_*.py")), format)


def scripts(format: str = "png") -> dict[str, Job]:
    """Return the job of each script, by name."""
    return _jobs(sorted((CORPUS / "scripts").glob("*.py")), format)


def _jobs(files: Iterable[Path], format: str) -> dict[str, Job]:
    plots = [spec for spec in _found(tuple(files)) if not spec.fixed]  # the plot of a data file isn't meant
    return {_name(spec): _job(spec, format) for spec in plots}


@functools.cache
def _found(files: tuple[Path, ...]) -> tuple[PlotSpec, ...]:
    discovery = scan(files, Library(IMPORT_LIMIT_S))
    assert not discovery.failures
    return discovery.plots


def _job(spec: PlotSpec, format: str) -> Job:
    return Job(spec, parse(spec.parameters, [], Path).given, format, Sizing(), MAX_PIXELS)


def _name(spec: PlotSpec) -> str:
    """Return the name under which alone.py knows it."""
    return f"{spec.file}:{spec.qualname}".removesuffix(":")


def differences(outcomes: Iterable[tuple[str, Outcome]]) -> list[str]:
    """Say which of the pictures, each with the name of its job, differ from what the plots draw on their own."""
    alone = pictures_alone()
    found = [(name, _difference(outcome, alone[name])) for name, outcome in outcomes]
    return sorted(f"{Path(name).name}: {difference}" for name, difference in found if difference)


def _difference(outcome: Outcome, expected: Pixels) -> str:
    if outcome.picture is None:
        assert outcome.failure is not None
        return f"{outcome.failure.message}\n{outcome.failure.traceback}"
    return compare(pixels(io.BytesIO(outcome.picture.body)), expected)


def compare(found: Pixels, expected: Pixels) -> str:
    """Say how the pixels differ; nothing if they don't."""
    if found.shape != expected.shape:
        size, wanted = (f"{shape[1]} x {shape[0]}" for shape in (found.shape, expected.shape))
        return f"{size} pixels instead of {wanted}"
    wrong = int((found != expected).any(axis=2).sum())
    return f"{wrong} of {expected.shape[0] * expected.shape[1]} pixels differ" if wrong else ""


@functools.cache
def pictures_alone() -> Mapping[str, Pixels]:
    """Return the pictures that the plots draw on their own: figures stand one below another."""
    names = [*functions(), *scripts()]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(Path(__file__).with_name("alone.py")), folder, *names]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return {name: _stacked(sorted(Path(folder).glob(f"{number}-*.png"))) for number, name in enumerate(names)}


def _stacked(files: Iterable[Path]) -> Pixels:
    """Return the pictures in *files* one below another, centred, on white if all are opaque."""
    parts = [pixels(file) for file in files]
    if len(parts) == 1:
        return parts[0]
    ground = 255 if all((part[..., 3] == 255).all() for part in parts) else 0
    page = np.full((sum(len(part) for part in parts), max(part.shape[1] for part in parts), 4), ground, np.uint8)
    top = 0
    for part in parts:
        height, width, _ = part.shape
        left = (page.shape[1] - width) // 2
        page[top : top + height, left : left + width] = part
        top += height
    return page


def pixels(file: Path | io.BytesIO) -> Pixels:
    """Return the pixels of a PNG."""
    return np.asarray(Image.open(file).convert("RGBA"))


def digests(names: Iterable[str]) -> dict[str, str]:
    """Return a digest of the SVG that each of these functions draws here."""
    jobs = functions("svg")
    pictures = {name: paint(jobs[name]).picture for name in names}
    return {name: hashlib.sha256(picture.body).hexdigest() for name, picture in pictures.items() if picture}
