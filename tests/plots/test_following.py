"""Threads that user code starts, and pools that it hands work to, read on the account of the render."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from plots.tracing import Trace, trace

WHOSE: ContextVar[str] = ContextVar("whose", default="nobody's")


class Own(threading.Thread):
    """A thread with a run of its own."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self.act = act

    def run(self) -> None:
        self.act()


def names(traced: Trace) -> set[str]:
    return {Path(each.path).name for each in traced.dependencies()}


def run_thread(act: Callable[[], object], kind: Callable[[Callable[[], object]], threading.Thread]) -> None:
    thread = kind(act)
    thread.start()
    thread.join()


def hand_to_pool(act: Callable[[], object]) -> None:
    with ThreadPoolExecutor(2) as pool:
        pool.submit(act).result()


def map_in_pool(act: Callable[[], object]) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: act(), [1]))


def apply_in_pool(act: Callable[[], object]) -> None:
    with ThreadPool(1) as pool:
        pool.apply(act)


def run_in_loop(act: Callable[[], object]) -> None:
    async def main() -> None:
        await asyncio.get_running_loop().run_in_executor(None, act)
        await asyncio.to_thread(act)

    asyncio.run(main())


WAYS: dict[str, Callable[[Callable[[], object]], object]] = {
    "thread": lambda act: run_thread(act, lambda act: threading.Thread(target=act)),
    "own kind of thread": lambda act: run_thread(act, Own),
    "timer": lambda act: run_thread(act, lambda act: threading.Timer(0, act)),
    "thread in a thread": lambda act: run_thread(lambda: run_thread(act, Own), Own),
    "pool": hand_to_pool,
    "map": map_in_pool,
    "pool of multiprocessing": apply_in_pool,
    "event loop": run_in_loop,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_a_thread_reads_is_read_by_the_render_that_started_it(
    tmp_path: Path, way: Callable[[Callable[[], object]], object]
) -> None:
    (tmp_path / "a").touch()
    with trace(Trace()) as seen:
        way((tmp_path / "a").read_text)
    assert names(seen) == {"a"}


def test_a_pool_that_outlives_a_render_reads_for_the_one_that_asks(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).touch()
    with ThreadPoolExecutor(1) as pool:
        traces = []
        for name in "ab":
            with trace(Trace()) as seen:
                pool.submit((tmp_path / name).read_text).result()
            traces.append(seen)
        pool.submit((tmp_path / "c").read_text).result()  # nobody's
    assert [names(seen) for seen in traces] == [{"a"}, {"b"}]


def test_renders_in_several_threads_keep_what_their_threads_read_apart(tmp_path: Path) -> None:
    found: dict[str, set[str]] = {}
    meeting = threading.Barrier(4)

    def render(name: str) -> None:
        (tmp_path / name).touch()
        with trace(Trace()) as seen:
            meeting.wait()
            for way in WAYS.values():
                way((tmp_path / name).read_text)
        found[name] = names(seen)

    threads = [threading.Thread(target=render, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: {name} for name in "abcd"}


def test_what_a_thread_sees_of_the_context_is_a_copy() -> None:
    seen: list[str] = []

    def look() -> None:
        seen.append(WHOSE.get())
        WHOSE.set("the thread's")

    def render() -> None:
        WHOSE.set("the render's")
        with trace(Trace()):
            run_thread(look, Own)
            hand_to_pool(look)
        assert WHOSE.get() == "the render's"
        run_thread(look, Own)  # outside of it, as Python does

    copy_context().run(render)
    assert seen == ["the render's", "the render's", "nobody's"]


def test_a_thread_that_ended_keeps_nothing_of_its_render() -> None:
    class Figure:
        pass

    kept: ContextVar[Figure] = ContextVar("kept")

    def render() -> tuple[threading.Thread, weakref.ref[Figure]]:
        figure = Figure()
        kept.set(figure)
        with trace(Trace()):
            thread = Own(lambda: None)
            thread.start()
        thread.join()
        return thread, weakref.ref(figure)

    thread, figure = copy_context().run(render)
    gc.collect()
    assert not thread.is_alive()
    assert figure() is None


def test_an_error_in_a_task_is_the_tasks_own() -> None:
    with trace(Trace()), ThreadPoolExecutor(1) as pool:
        assert isinstance(pool.submit(int, "one").exception(), ValueError)
        assert pool.submit(int, "11", base=2).result() == 3
        with pytest.raises(TypeError):
            pool.submit()  # type: ignore[call-arg]


def test_a_thread_can_still_be_started_only_once() -> None:
    with trace(Trace()):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError, match="once"):
            thread.start()
