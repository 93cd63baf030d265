"""The daemon in figures, for Prometheus: read where they are kept, when they are asked for. Knows no HTTP."""

from __future__ import annotations

import gc
import platform
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.durations import Durations
from service.engine import Engine
from service.ledger import Figures
from service.readiness import failing, readiness
from service.vitals import Vitals

NEVER = float("nan")  # a series that is always there, and that no alert compares with
OTHER = "other"

GAUGES: tuple[tuple[str, str, Callable[[Engine], float]], ...] = (
    ("plotd_ready", "1 if pictures can be had.", lambda e: readiness(e) == "ready"),
    ("plotd_plots", "Plots that there are.", lambda e: len(e.catalog.plots)),
    ("plotd_broken_files", "Files that failed to load.", lambda e: len(e.catalog.failures)),
    ("plotd_renders_drawing", "Pictures that are being drawn.", lambda e: e.renderer.drawing),
    ("plotd_renders_queued", "Pictures that wait to be drawn.", lambda e: e.pool.under_way - e.renderer.drawing),
    ("plotd_renders_limit", "Pictures that may be drawn or wait for that at a time.", lambda e: e.pool.limit),
    ("plotd_cache_bytes", "Pictures kept in memory, in bytes.", lambda e: e.renderer.cache.size_bytes),
    ("plotd_cache_limit_bytes", "Bytes of pictures that may be kept.", lambda e: e.renderer.cache.limit_bytes),
    ("plotd_cache_pictures", "Pictures kept in memory.", lambda e: len(e.renderer.cache)),
    (
        "plotd_state_unwritten",
        "Values that could not be written to the state folder so far.",
        lambda e: e.store.unwritten,
    ),
    ("plotd_viewers", "Pages and other clients that are told of changes.", lambda e: e.hub.clients),
    ("plotd_subscriptions", "Pictures that they watch, summed over all of them.", lambda e: e.hub.subscriptions),
    ("plotd_watched_pictures", "Pictures that anybody watches.", lambda e: e.hub.watched),
)
PLOT_COUNTERS: tuple[tuple[str, str, Callable[[Figures], float]], ...] = (
    ("plotd_renders", "Renders of a plot that ended, well or not.", lambda f: f.renders),
    ("plotd_render_failures", "Renders of a plot that failed.", lambda f: f.failures),
    ("plotd_plot_render_seconds", "Seconds that renders of a plot took in all.", lambda f: f.sum_s),
)
PLOT_GAUGES: tuple[tuple[str, str, Callable[[Figures], float]], ...] = (
    (
        "plotd_plot_last_success_timestamp_seconds",
        "When a plot was last drawn, since the epoch; NaN: not since the start.",
        lambda f: f.succeeded_s or NEVER,
    ),
    (
        "plotd_plot_last_success_age_seconds",
        "How long ago a plot was last drawn; NaN: not since the start.",
        lambda f: max(0.0, time.time() - f.succeeded_s) if f.succeeded_s else NEVER,
    ),
)
RESULTS = ("hit", "join", "miss")


class Scrape(Collector):
    """What there is to tell: taken on the event loop, so that a thread may write it down.

    *staying* is how many clients stay, by how they do; *statuses* are those that answers are expected to have. Every
    label is known beforehand, or is a plot's name: no client makes a series.
    """

    def __init__(self, engine: Engine, vitals: Vitals, staying: Mapping[str, int], statuses: Iterable[int]) -> None:
        self._plots = [spec.name for spec in engine.catalog.plots]
        self._ledger = engine.renderer.ledger
        self._viewers = engine.hub.viewers()
        self._failing = {found.plot for found in failing(engine)}
        self._workers: dict[str, float] = {kind: engine.pool.free_workers(kind) for kind in engine.pool.kinds}
        self._gauges = [(name, words, float(read(engine))) for name, words, read in GAUGES]
        self._staying = staying
        self._pictures = {result: vitals.pictures[result] for result in RESULTS}
        self._answers = {str(status): vitals.answers[status] for status in sorted(statuses)}
        self._answers[OTHER] = sum(vitals.answers.values()) - sum(self._answers.values())
        self._vitals = vitals

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it (text format 0.0.4). Takes a while, of any thread."""
        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(namespace="plotd", registry=registry)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """Yield each family of figures."""
        about = {"version": version("plotd"), "python": platform.python_version()}
        yield family(GaugeMetricFamily, "plotd_build_info", "What runs.", tuple(about), {tuple(about.values()): 1})
        for name, words, value in self._gauges:
            yield GaugeMetricFamily(name, words, value)
        workers = "Workers that can still draw, by kind."
        yield labelled(GaugeMetricFamily, "plotd_workers_free", workers, "executor", self._workers)
        staying = "Requests that wait for a change, and streams."
        yield labelled(GaugeMetricFamily, "plotd_staying_clients", staying, "kind", self._staying)
        cache = "Answers with a picture: from the cache, drawn for them, or joined to a render under way."
        yield labelled(CounterMetricFamily, "plotd_cache_answers", cache, "result", self._pictures)
        answers = "Answers by their status."
        yield labelled(CounterMetricFamily, "plotd_http_responses", answers, "status", self._answers)
        yield from self._by_plot()
        yield from self._of_process()

    def _by_plot(self) -> Iterator[Metric]:
        figures = {name: self._ledger.of(name) for name in self._plots}
        for kind, table in ((CounterMetricFamily, PLOT_COUNTERS), (GaugeMetricFamily, PLOT_GAUGES)):
            for name, words, read in table:
                yield labelled(kind, name, words, "plot", {plot: read(figures[plot]) for plot in figures})
        fails = {name: name in self._failing for name in self._plots}
        words = "1 if the last render of a plot failed, or its file does."
        yield labelled(GaugeMetricFamily, "plotd_plot_failing", words, "plot", fails)
        viewers = {name: self._viewers[name] for name in self._plots}
        yield labelled(GaugeMetricFamily, "plotd_plot_viewers", "Clients that watch a plot.", "plot", viewers)
        yield histogram("plotd_render_seconds", "How long renders took.", self._ledger.durations)

    def _of_process(self) -> Iterator[Metric]:
        yield histogram("plotd_event_loop_lag_seconds", "How late the event loop came.", self._vitals.lag)
        yield histogram("plotd_gc_pause_seconds", "How long garbage collections took.", self._vitals.pauses)
        collections = {str(number): stats["collections"] for number, stats in enumerate(gc.get_stats())}
        words = "Garbage collections by generation."
        yield labelled(CounterMetricFamily, "plotd_gc_collections", words, "generation", collections)
        yield GaugeMetricFamily("plotd_process_threads", "Threads of the process.", threading.active_count())


Family = type[CounterMetricFamily] | type[GaugeMetricFamily]


def labelled(kind: Family, name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    """Return the figures *values*, by the value of their one *label*."""
    return family(kind, name, words, (label,), {(key,): value for key, value in values.items()})


def family(
    kind: Family, name: str, words: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]
) -> Metric:
    """Return the figures *values*, by the values of their *labels*."""
    made = kind(name, words, labels=labels)
    for key, value in values.items():
        made.add_metric(key, value)
    return made


def histogram(name: str, words: str, durations: Durations) -> Metric:
    """Return *durations* as a family."""
    bounds = [*map(str, durations.bounds_s), "+Inf"]
    return HistogramMetricFamily(
        name, words, list(zip(bounds, map(float, durations.up_to()), strict=True)), durations.sum_s
    )
