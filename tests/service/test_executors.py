"""What all kinds of workers share."""

from __future__ import annotations

import time

from plots.paint import Failure
from plots.tracing import Trace
from service.executors import Start, failed


def test_a_clock_that_is_set_meanwhile_makes_no_drawing_longer() -> None:
    began = Start(time.time() - 86_400, time.monotonic() - 2)
    outcome = failed(Failure("render_timeout", "late"), Trace(), began)
    assert outcome.began_s == began.at_s
    assert 2 <= outcome.seconds < 30
