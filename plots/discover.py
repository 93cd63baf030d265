"""From paths to PlotSpecs, and to the files that hold none because something is wrong with them. Draws nothing."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plotd.decorator import PlotOptions
from plots.dates import duration_s
from plots.folders import File, look, raise_if_passing
from plots.importing import ImportFailed
from plots.loading import Entry, Library
from plots.naming import Bearer, full_names
from plots.outline import Definition, outline
from plots.parameters import words_of
from plots.script import Script
from plots.signature import NotServable, read_parameters
from plots.source import danger_of
from plots.spec import Broken, Parameter, PlotSpec
from plots.tracing import State

TABLE = Path(__file__).resolve().parent / "gallery" / "table.py"


@dataclass(frozen=True, slots=True)
class Failure:
    """A file or folder that could not be loaded, or part of it: *path* is below its root, *message* says why."""

    path: str
    line: int | None
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a look at the paths found. *folders* are all that were looked at; *data_files* are absolute."""

    plots: tuple[PlotSpec, ...] = ()
    failures: tuple[Failure, ...] = ()
    folders: tuple[Path, ...] = ()
    data_files: tuple[Path, ...] = ()


def scan(paths: Sequence[Path], library: Library, held: Iterable[PlotSpec] = ()) -> Discovery:
    """Return the plots in *paths*: .py files, data files, and folders with all below them.

    Files are parsed; only one that defines plots is imported, by *library*. Those of the plots *held* before that are
    still there keep their full names; so do those of a file that fails now, which are broken until it is mended.

    Raises:
        ValueError: one of *paths* doesn't exist, or is neither of these.
        OSError: they can't be looked at right now.
    """
    found, held = look(paths), tuple(held)
    finds = _Finds(library, held)
    finds.failures += [Failure(str(file.relative), None, _reason(error)) for file, error in found.unreadable]
    for file in found.files:
        if file.is_data:
            finds.add_data(file)
        else:
            finds.add_code(file)
    names = full_names([bearer for bearer, _ in finds.plots], {_key(spec): spec.name for spec in held})
    library.tidy()
    return Discovery(
        tuple(replace(spec, name=name) for name, (_, spec) in zip(names, finds.plots, strict=True)),
        tuple(finds.failures),
        tuple(found.folders),
        tuple(dict.fromkeys([*(file.path for file in found.files if file.is_data), *found.beside])),
    )


def aliases(plots: Sequence[PlotSpec], held: Mapping[str, str]) -> dict[str, str]:
    """Return the full name that each alias leads to: who *held* it keeps it, else the first of *plots* has it.

    What is some plot's full name is no other's alias.
    """
    full = {spec.name for spec in plots}
    aliased = [spec for spec in plots if spec.alias not in full]
    there = {spec.name for spec in aliased}
    kept = {alias: name for alias, name in held.items() if name in there}
    return {**{spec.alias: spec.name for spec in reversed(aliased)}, **kept}


class _Finds:
    """The plots found so far, as yet without names, and what went wrong."""

    def __init__(self, library: Library, held: Iterable[PlotSpec]) -> None:
        self.plots: list[tuple[Bearer, PlotSpec]] = []
        self.failures: list[Failure] = []
        self._library = library
        self._table: PlotSpec | None = None
        self._held: dict[Path, list[PlotSpec]] = {}
        for spec in held:
            if not spec.fixed:
                self._held.setdefault(spec.file, []).append(spec)

    def add_code(self, file: File) -> None:
        """Add the plots that a .py file defines, or the one that it is."""
        shown = str(file.relative)
        try:
            script = Script.read(file.path)
            found = outline(script.source, str(file.path))
            module = self._library.load(file.path) if found.definitions else None
        except OSError as error:
            raise_if_passing(error)
            self.failures.append(Failure(shown, None, _reason(error)))
        except ImportFailed as error:
            sources = (*script.sources, *(error.module.sources() if error.module else ()))
            self._fail(file, Failure(shown, error.line, error.message, error.traceback), sources)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = error.lineno if isinstance(error, SyntaxError) else None
            text = "".join(traceback.format_exception_only(error))
            self._fail(file, Failure(shown, line, text.splitlines()[-1], text), script.sources)
        else:
            for definition in found.definitions:
                assert module is not None
                self._add_plot(file, definition, Entry(file.path, definition.qualname, module), found.process_wide)
            if found.is_script:
                self._add_script(file, script, found.description)

    def add_data(self, file: File) -> None:
        """Add the plot of a data file, by the bundled table plot."""
        bearer = Bearer(file)
        try:
            if self._table is None:
                entry = Entry(TABLE, "plot_table", self._library.load(TABLE))
                self._table, _ = spec_of(entry, "", {"file_path": file.path})
        except ImportFailed as error:
            message = f"the table plot that is to draw it can't be loaded: {error.message}"
            self.failures.append(Failure(str(file.relative), None, message, error.traceback))
        else:
            spec = replace(self._table, title=bearer.title, fixed={"file_path": file.path}, example={})
            self.plots.append((bearer, spec))

    def _add_script(self, file: File, script: Script, description: str) -> None:
        """Add what is itself a plot, unless any user of the machine could change what it runs."""
        bearer = Bearer(file)
        if danger := danger_of(str(file.path)):
            self._fail(file, Failure(str(file.relative), None, danger), script.sources)
        else:
            self.plots.append((bearer, PlotSpec("", bearer.title, description, file.path, script.qualname, script)))

    def _fail(
        self, file: File, failure: Failure, sources: tuple[tuple[str, State], ...], qualname: str | None = None
    ) -> None:
        """Note that *file*, found as *sources* say, fails, or only *qualname* in it: what it held before is broken."""
        self.failures.append(failure)
        where = f"{failure.path}, line {failure.line}" if failure.line else failure.path
        broken = Broken(f"{where}: {failure.message}", failure.traceback, sources)
        for spec in self._held.get(file.path, ()):
            if qualname in (None, spec.qualname):
                self.plots.append((Bearer(file, spec.qualname), replace(spec, version=None, broken=broken)))

    def _add_plot(self, file: File, definition: Definition, entry: Entry, process_wide: tuple[str, ...]) -> None:
        """Add what is defined there, if it exists by now: it may stand under an ``if``, or be deleted."""
        bearer, told = Bearer(file, definition.qualname), (str(file.relative), definition.line)
        if not entry.is_there():
            return
        try:
            spec, faults = spec_of(entry, bearer.title, {})
        except Exception as error:  # noqa: BLE001 - annotations, defaults and metaclasses are the user's own code
            failure = Failure(*told, f"{definition.qualname}: {type(error).__name__}: {error}")
            self._fail(file, failure, entry.sources, definition.qualname)
        else:
            self.plots.append((bearer, replace(spec, process_wide=process_wide)))
            self.failures += [Failure(*told, f"{definition.qualname}: {fault}") for fault in faults]


def spec_of(entry: Entry, title: str, fixed: Mapping[str, object]) -> tuple[PlotSpec, list[str]]:
    """Return the plot *entry*, as yet without name, and what its ``@plot`` says that can't be."""
    function, owner = entry.declared(), entry.owner()
    options = getattr(function, "__plotd__", None)
    if not isinstance(options, PlotOptions):
        options = PlotOptions()
    parameters: tuple[Parameter, ...] = ()
    unservable = _hindrance(function, owner)
    try:
        if unservable is None:
            skip = {*fixed, *_bound_argument(entry, function)}
            parameters = read_parameters(function, skip=skip, folder=entry.file.parent)
    except NotServable as error:
        unservable = str(error)
    faults: list[str] = []
    document = function.__doc__ if inspect.isroutine(function) else None  # else it may be that of a library's class
    spec = PlotSpec(
        name="",
        title=options.title or title,
        description=inspect.cleandoc(document) if isinstance(document, str) else "",
        file=entry.file,
        qualname=entry.qualname,
        entry=entry,
        parameters=parameters,
        fixed=fixed,
        group=options.group or "",
        every_s=_seconds("every", options.every, faults),
        watch=options.watch,
        example=_example(options, parameters, fixed, faults) if unservable is None else {},
        version=options.version,
        executor=options.executor,
        timeout_s=_seconds("timeout", options.timeout, faults),
        unservable=unservable,
    )
    return spec, faults


def _hindrance(function: object, owner: object) -> str | None:
    """Say why *function*, of the class *owner* if that isn't None, can't be called to draw a picture."""
    if not callable(function):
        return f"it is no function, but of type {type(function).__name__}"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "it is async, and plots are called in a worker thread: make it a plain function"
    if inspect.isgeneratorfunction(function):
        return "it yields: a plot returns its picture"
    if owner is None:
        return None
    if not inspect.isclass(owner) or inspect.isabstract(owner):
        return "its class can't be made" if inspect.isclass(owner) else "what it belongs to is no class"
    try:
        inspect.signature(owner).bind()
    except TypeError as error:
        return f"its class is made without arguments, but {error}"
    except ValueError:  # a class written in C doesn't tell what it takes
        return None
    return None


def _bound_argument(entry: Entry, function: Callable[..., object]) -> Iterator[str]:
    """Yield the name under which a method gets its instance or class."""
    if entry.owner() is not None and not entry.is_static():
        yield from list(inspect.signature(function).parameters)[:1]


def _seconds(name: str, duration: float | str | None, faults: list[str]) -> float | None:
    try:
        return None if duration is None else duration_s(duration)
    except ValueError as error:
        faults.append(f"@plot: {name}: {error}")
        return None


def _example(
    options: PlotOptions, parameters: Sequence[Parameter], fixed: Mapping[str, object], faults: list[str]
) -> dict[str, tuple[str, ...]]:
    """Return the words of the example; paths are as its author wrote them."""
    known = {parameter.name: parameter for parameter in parameters}
    words = {}
    for name, value in options.example.items():
        if name in known:
            words[name] = _words(known[name], value)
        elif name not in fixed:
            faults.append(f"@plot: example: there is no parameter {name!r}")
    return words


def _words(parameter: Parameter, value: object) -> tuple[str, ...]:
    if parameter.kind != "path" or value is None:
        return words_of(parameter, value)
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _key(spec: PlotSpec) -> tuple[Path, str]:
    """Return the key of the spec's bearer."""
    data = spec.fixed.get("file_path")
    return (data, "") if isinstance(data, Path) else (spec.file, spec.qualname)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
