"""What matplotlib keeps once for the whole process, kept once for each render instead.

A context variable says whose it is, so unmodified pyplot code can draw in several threads at once. These are private
places of matplotlib: `install` looks for each before it touches any, and `plots.isolation` proves that it works.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl

mpl.use("agg")  # before any user code is imported, so that none opens a window

import matplotlib.dates
import matplotlib.pyplot as plt
from matplotlib import RcParams, mathtext
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure

from plotd import fonts
from plots import randomness, registries
from plots.baton import Baton
from plots.registries import Table

Rc = dict[str, Any]  # Any: a setting may be of any type

_LIVE: Any = mpl.rcParams  # Any, here and below: matplotlib's stubs don't tell of its private places
BASELINE: Rc = dict(_LIVE)
DRAWING = Baton()  # stands in for Figure._render_lock: one figure is drawn at a time in a process
_MATH = threading.RLock()
fonts.install()  # they are looked for once, and in no render: what that starts and reads is no plot's doing
_MATH_SETTINGS = tuple(key for key in BASELINE if key.startswith("mathtext."))


def fresh_rc() -> Rc:
    """Return the rcParams that every render starts from; code that appends to a list of them appends to its own."""
    return {key: list(value) if type(value) is list else value for key, value in BASELINE.items()}


@dataclass(eq=False, slots=True)
class State:
    """One render's own: pyplot's figures and rcParams, as in a fresh interpreter."""

    figures: OrderedDict[Any, Any] = field(default_factory=OrderedDict)
    rc: Rc = field(default_factory=fresh_rc)


_state: ContextVar[State | None] = ContextVar("render", default=None)
_installed: list[bool] = []  # whether that could be done, once it was tried


def rc_in_force() -> Rc:
    """Return the dict that holds the rcParams of this context; of the process, outside of any render."""
    state = _state.get()
    live: Rc = _LIVE  # a dict too, beneath its own methods
    return live if state is None else state.rc


@contextlib.contextmanager
def own_state() -> Iterator[State]:
    """Give the code in this block a state of its own. Its figures are closed at the end.

    Raises:
        RuntimeError: this matplotlib keeps its state elsewhere.
    """
    if not install():
        raise RuntimeError("this matplotlib keeps its state where nobody looked for it")
    state = State()
    token = _state.set(state)
    try:
        with randomness.own_generators(), registries.own_tables():
            yield state
        plt.close("all")
    finally:
        state.figures.clear()
        _state.reset(token)


def install() -> bool:
    """Put ours in the places of theirs, the first time that this is called; say whether all of them were there."""
    if not _installed:
        _installed.append(_are_there())
        if _installed[0]:
            _isolate_pyplot()
            registries.install()
            randomness.install()
            _tame_windows()
    return _installed[0]


def _are_there() -> bool:
    """Look for every place before any of them is changed."""
    own = (("_get", RcParams), ("_set", RcParams), ("_update_raw", RcParams), ("_render_lock", Figure))
    more = (("switch_backend", plt), ("start_event_loop", FigureCanvasBase))
    parse = getattr(mathtext.MathTextParser, "_parse_cached", None)
    there = all(name in vars(owner) for name, owner in (*own, *more))
    return (
        there
        and randomness.are_there()
        and registries.are_there()
        and isinstance(Gcf.figs, OrderedDict)
        and hasattr(parse, "__wrapped__")
        and type(_LIVE) is RcParams
    )


class _OwnRcParams(RcParams):
    """The live rcParams: reads and writes go to the dict of the render that asks."""

    def __getitem__(self: Any, key: str) -> Any:
        state = _state.get()
        return _any(RcParams).__getitem__(self, key) if state is None or self is not _LIVE else state.rc[key]

    def _get(self: Any, key: str) -> Any:
        state = _state.get()
        return dict.__getitem__(self, key) if state is None or self is not _LIVE else state.rc[key]

    def _set(self: Any, key: str, val: Any) -> None:
        state = _state.get()
        if state is None or self is not _LIVE:
            dict.__setitem__(self, key, val)
        else:
            state.rc[key] = val

    def _update_raw(self: Any, other_params: Any) -> None:
        other = rc_in_force() if other_params is _LIVE else other_params
        dict.update(rc_in_force() if self is _LIVE else self, dict.items(other))

    def copy(self: Any) -> RcParams:
        """Return a copy that belongs to nobody."""
        copied: Any = RcParams()
        dict.update(copied, rc_in_force() if self is _LIVE else self)
        whole: RcParams = copied
        return whole


class _Figures(Table):
    """pyplot's figures, the current one last."""

    def _here(self) -> OrderedDict[Any, Any]:
        state = _state.get()
        shared: OrderedDict[Any, Any] = self._shared
        return shared if state is None else state.figures

    _mine = _here

    def __init__(self, shared: OrderedDict[Any, Any]) -> None:
        self._shared = shared

    def values(self) -> Any:
        """Return a view that can be reversed."""
        return self._here().values()

    def move_to_end(self, key: Any) -> None:
        """Make *key* the current figure."""
        self._here().move_to_end(key)


def _isolate_pyplot() -> None:
    registry, figure, dates, parser = (
        _any(place) for place in (Gcf, Figure, matplotlib.dates, mathtext.MathTextParser)
    )
    _LIVE.__class__ = _OwnRcParams
    registry.figs = _Figures(registry.figs)
    figure._render_lock = DRAWING
    dates.get_epoch()  # it is settled by the first date that is drawn, and must not be by a plot of the user
    parse = parser._parse_cached.__wrapped__
    # Its parser is one for the process, and what it makes also depends on settings that aren't in its cache's key.
    cached = functools.lru_cache(50)(lambda parser, settings, *args: parse(parser, *args))

    def parse_alone(self: Any, *args: Any) -> Any:
        rc = rc_in_force()
        settings = tuple(map(str, map(rc.get, _MATH_SETTINGS)))
        with _MATH:
            return cached(self, settings, *args)

    parser._parse_cached = parse_alone


def _tame_windows() -> None:
    """Let code that means to show windows draw on as if it had: there are none here, and nobody to wait for."""
    plt.switch_backend("agg")  # it loads the backend only with the first figure: that would be within a render
    switch, pause, wait = plt.switch_backend, plt.pause, FigureCanvasBase.start_event_loop
    show = plt.show

    @functools.wraps(switch)
    def switch_backend(newbackend: str) -> None:
        if _state.get() is None:
            switch(newbackend)

    @functools.wraps(pause)
    def pause_not(interval: float) -> None:
        if _state.get() is None:
            pause(interval)

    @functools.wraps(wait)
    def wait_not(self: FigureCanvasBase, timeout: float = 0) -> None:
        if _state.get() is None:
            wait(self, timeout)

    @functools.wraps(show)
    def show_not(*args: Any, **kwargs: Any) -> Any:
        return show(*args, **kwargs) if _state.get() is None else None

    plt.switch_backend, plt.pause, plt.show = switch_backend, pause_not, show_not
    FigureCanvasBase.start_event_loop = wait_not  # type: ignore[method-assign]


def _any(place: Any) -> Any:
    return place
