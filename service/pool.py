"""The pool: so many drawings at a time and so many that wait, each with a limit, each where it belongs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

from plots.paint import Job, Outcome
from service.config import Render
from service.errors import Overloaded
from service.executors import Executor, Later, Threads
from service.journal import Journal
from service.placement import Kind, Placement


class RenderPool:
    """Hands each job to the executor that it is to be drawn by; at most *limit* are under way, the waiting included."""

    def __init__(self, executors: Mapping[Kind, Executor], placement: Placement, limit: int, timeout_s: float) -> None:
        self._executors = executors
        self._placement = placement
        self.limit = limit
        self._timeout_s = timeout_s
        self._running: set[asyncio.Task[Any]] = set()
        self.renders = 0

    @classmethod
    def build(cls, render: Render, journal: Journal, placement: Placement) -> RenderPool:
        """Return a pool with the workers that the settings ask for; none of them runs before it is asked to draw."""
        folder = os.getcwd()  # user code may be elsewhere by then

        def processes() -> Executor:
            from service.processes import Processes  # see Later

            return Processes(render.workers, render.recycle_after, render.memory_mb, folder)

        executors: dict[Kind, Executor] = {
            "threads": Threads(render.workers, journal),
            "processes": Later(render.workers, processes),
        }
        if render.dask_scheduler:
            from service.cluster import Cluster  # what it takes is an extra

            executors["dask"] = Cluster(render.dask_scheduler)
        return cls(executors, placement, render.workers + render.queue, render.timeout_s)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of workers that there are."""
        return tuple(self._executors)

    @property
    def under_way(self) -> int:
        """How many pictures are being drawn, or wait for that."""
        return len(self._running)

    def free_workers(self, kind: Kind) -> int:
        """Return how many workers of that kind can still draw."""
        return self._executors[kind].free_workers

    async def run(self, job: Job, on_start: Callable[[], None]) -> Outcome:
        """Draw *job* in a worker; *on_start* is called just before that begins.

        A caller that is cancelled before then takes the job out of the queue. To be called by a task that is cancelled
        later only when all ends: nobody else would hold the drawing to its limit.

        Raises:
            Overloaded: the queue is full, or no worker is left.
        """
        if len(self._running) >= self.limit:
            raise Overloaded("the render queue is full")
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            return await self._draw(job, on_start)
        finally:
            self._running.discard(task)

    def close(self) -> None:
        """Take no more jobs."""
        for executor in self._executors.values():
            executor.close()

    async def _draw(self, job: Job, on_start: Callable[[], None]) -> Outcome:
        kind = self._placement.choose(job.spec)
        outcome = await self._executors[kind].run(job, on_start, job.spec.timeout_s or self._timeout_s)
        self.renders += 1
        if kind == "threads":
            self._learn(job, outcome)
        return outcome

    def _learn(self, job: Job, outcome: Outcome) -> None:
        """Note what a plot did in a thread that it should not do there again."""
        if outcome.failure is not None and outcome.failure.code == "render_timeout":
            self._placement.note_hang(job.spec)
        if outcome.process_wide:
            self._placement.note_process_wide(job.spec, sorted(outcome.process_wide))
