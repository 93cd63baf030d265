"""Pictures kept in memory: the last good one of each request, the least recently used leaving first."""

from __future__ import annotations

import sys
from collections import OrderedDict
from dataclasses import replace

from service.rendering import Rendering

OVERHEAD_BYTES = 2048  # what a picture costs beside its bytes: its description and its place


class Cache:
    """Holds at most *limit_bytes* of pictures, and *most_per_plot* of any plot. Used from the event loop only."""

    def __init__(self, limit_bytes: int, most_per_plot: int) -> None:
        self.limit_bytes = limit_bytes
        self._most_per_plot = most_per_plot
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[Rendering, str]] = OrderedDict()
        self._of_plot: dict[str, OrderedDict[str, None]] = {}  # the keys of its pictures, in the same order

    def get(self, key: str) -> Rendering | None:
        """Return the last good picture of the request *key*, whatever its state."""
        found = self._kept.get(key)
        if found is None:
            return None
        rendering, plot = found
        self._kept.move_to_end(key)
        self._of_plot[plot].move_to_end(key)
        return rendering

    def put(self, rendering: Rendering, plot: str) -> None:
        """Keep *rendering*, a picture of *plot*, in place of the one before it.

        One too large for all is kept without its numbers, or not at all.
        """
        self.forget(rendering.key)
        if cost(rendering) > self.limit_bytes:
            rendering = replace(rendering, table=rendering.table.left_out())
        if cost(rendering) > self.limit_bytes:
            return
        self._kept[rendering.key] = rendering, plot
        self._bytes += cost(rendering)
        siblings = self._of_plot.setdefault(plot, OrderedDict())
        siblings[rendering.key] = None
        if len(siblings) > self._most_per_plot:
            self.forget(next(iter(siblings)))
        while self._bytes > self.limit_bytes:
            self.forget(next(iter(self._kept)))

    def take_over(self, before: Cache) -> None:
        """Keep what *before* holds too, as far as there is room."""
        for rendering, plot in before._kept.values():
            self.put(rendering, plot)

    def forget(self, key: str) -> None:
        """Drop the picture of the request *key*, if there is one."""
        if key not in self._kept:
            return
        rendering, plot = self._kept.pop(key)
        self._bytes -= cost(rendering)
        siblings = self._of_plot[plot]
        del siblings[key]
        if not siblings:
            del self._of_plot[plot]

    @property
    def size_bytes(self) -> int:
        """What is kept now, in bytes."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)


def cost(rendering: Rendering) -> int:
    """Return what keeping *rendering* costs, in bytes."""
    return len(rendering.body) + rendering.table.size_bytes + sys.getsizeof(rendering.output) + OVERHEAD_BYTES
