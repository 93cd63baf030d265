"""Pictures kept in memory: the last good one of each request, the least recently used leaving first."""

from __future__ import annotations

from collections import OrderedDict

from service.rendering import Rendering

OVERHEAD_BYTES = 2048  # what a picture costs beside its bytes: its description and its place


class Cache:
    """Holds at most *limit_bytes* of pictures. Used from the event loop only."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, Rendering] = OrderedDict()

    def get(self, key: str) -> Rendering | None:
        """Return the last good picture of the request *key*, whatever its state."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, rendering: Rendering) -> None:
        """Keep *rendering* in place of the one before it; one larger than the whole cache isn't kept."""
        self.forget(rendering.key)
        if cost(rendering) > self._limit_bytes:
            return
        self._kept[rendering.key] = rendering
        self._bytes += cost(rendering)
        while self._bytes > self._limit_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= cost(oldest)

    def forget(self, key: str) -> None:
        """Drop the picture of the request *key*, if there is one."""
        if key in self._kept:
            self._bytes -= cost(self._kept.pop(key))

    @property
    def size_bytes(self) -> int:
        """What is kept now, in bytes."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)


def cost(rendering: Rendering) -> int:
    """Return what keeping *rendering* costs, in bytes."""
    return len(rendering.body) + OVERHEAD_BYTES
