from __future__ import annotations

import gc
import sys
from types import ModuleType

import pytest

from plots.wrapping import swap


def test_functions_are_swapped_though_their_module_grows_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("growing")
    monkeypatch.setitem(sys.modules, "growing", module)
    before, after = (lambda: 1), (lambda: 2)
    for number in range(2000):
        setattr(module, f"name_{number}", number)
    vars(module)["read"] = before

    class Late:
        """What only a collection ends, whenever that comes: as whatever another thread does."""

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            setattr(module, f"late_{len(vars(module))}", None)

    thresholds = gc.get_threshold()
    gc.set_threshold(100)
    try:
        for old, new in ((before, after), (after, before)) * 20:
            Late()
            swap(module, [(old, new)])
            assert vars(module)["read"] is new
    finally:
        gc.set_threshold(*thresholds)
