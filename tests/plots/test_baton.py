from __future__ import annotations

import threading

from plots.baton import Baton


class Holder:
    """A thread that holds a baton until it is told to go on."""

    def __init__(self, baton: Baton, times: int = 1) -> None:
        self._go_on = threading.Event()
        self._has_it = threading.Event()
        self._baton = baton
        self.thread = threading.Thread(target=self._hold, args=(times,))
        self.thread.start()

    def _hold(self, times: int) -> None:
        if times:
            with self._baton:
                self._hold(times - 1)
        else:
            self._has_it.set()
            self._go_on.wait(20)

    def wait(self) -> int:
        assert self._has_it.wait(20)
        assert self.thread.ident is not None
        return self.thread.ident

    def go_on(self) -> None:
        self._go_on.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


def test_one_thread_at_a_time_has_it_as_often_as_it_likes() -> None:
    baton = Baton()
    with baton, baton:
        other = Holder(baton)
        assert not other._has_it.is_set()
    other.wait()
    assert not baton.acquire(0.01)
    other.go_on()
    assert baton.acquire(0.01)
    baton.release()


def test_who_waits_gets_it_when_it_is_taken_away() -> None:
    baton = Baton()
    hung = Holder(baton, times=2)
    thread = hung.wait()
    other = Holder(baton)
    baton.take_away(thread)
    other.wait()
    hung.go_on()  # what it gives back now is not the other's
    assert not baton.acquire(0.01)
    other.go_on()
    assert baton.acquire(0.01)
    baton.release()


def test_one_that_lost_it_can_take_it_again() -> None:
    baton = Baton()
    steps = [threading.Event() for _ in range(3)]

    def lose_and_take() -> None:
        with baton:
            steps[0].set()
            steps[1].wait(20)
            with baton:
                steps[2].set()

    thread = threading.Thread(target=lose_and_take)
    thread.start()
    assert steps[0].wait(20)
    assert thread.ident is not None
    baton.take_away(thread.ident)
    with baton:
        steps[1].set()
        assert not steps[2].wait(0.05)
    assert steps[2].wait(20)
    thread.join(20)
    assert baton.acquire(0.01)
    baton.release()


def test_waiting_is_counted_until_it_is_forgotten() -> None:
    baton = Baton()
    other = Holder(baton)
    other.wait()
    me = threading.get_ident()
    assert not baton.acquire(0.02)
    assert baton.waited_s(me) >= 0.02
    baton.forget(me)
    assert baton.waited_s(me) == 0
    other.go_on()
