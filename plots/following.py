"""Lets threads that a render starts, or hands work to, run in its context. Knows nothing of what is in a context.

Python starts a thread in an empty one: what it draws would be nobody's, and what it reads unnoticed.
"""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.thread
import contextlib
import contextvars
import functools
import threading
from collections.abc import Callable
from typing import Any

# Threads of a pool outlive the render that starts them; each task brings its own context.
_WORKER = getattr(concurrent.futures.thread, "_worker", object())


def install(ask: Callable[[], object]) -> None:
    """Have threads started, and tasks handed to thread pools, where *ask* returns something, run in that context."""
    start: Callable[[threading.Thread], None] = threading.Thread.start
    submit: Callable[..., Any] = concurrent.futures.ThreadPoolExecutor.submit  # Any: a task may return anything

    @functools.wraps(start)
    def start_within(self: threading.Thread) -> None:
        if self.ident is None and getattr(self, "_target", None) is not _WORKER and ask() is not None:
            _follow(self)
        start(self)

    @functools.wraps(submit)
    def submit_within(
        self: concurrent.futures.ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Any:
        if ask() is None:
            return submit(self, fn, *args, **kwargs)
        return submit(self, contextvars.copy_context().run, fn, *args, **kwargs)

    threading.Thread.start = start_within  # type: ignore[method-assign]
    concurrent.futures.ThreadPoolExecutor.submit = submit_within  # type: ignore[method-assign, assignment]


def _follow(thread: threading.Thread) -> None:
    """Let *thread*, not started yet, run in a copy of this context, and let go of that when it ends."""
    context, run = contextvars.copy_context(), thread.run

    def run_within() -> None:
        try:
            context.run(run)
        finally:
            with contextlib.suppress(AttributeError):
                del thread.run  # a list of threads that have ended must not keep figures

    thread.run = run_within  # type: ignore[method-assign]
