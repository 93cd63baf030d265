"""A render under way, and those who wait for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from service.errors import ServiceError
from service.rendering import Rendering, RenderRequest


@dataclass(eq=False, slots=True)
class Flight:
    """A render under way, shared by all who ask for the same picture meanwhile."""

    request: RenderRequest
    task: asyncio.Task[Rendering | ServiceError] = field(init=False)
    drawing_since_s: float | None = None
    waiters: int = 0
    dropped: bool = False

    @property
    def is_joinable(self) -> bool:
        """Whether it's worth waiting for: one that has just landed would bring the same again and again."""
        return not self.dropped and not self.task.done()

    async def join(self) -> Rendering | ServiceError:
        """Wait for it; when the last who waits leaves before it was begun, it is dropped."""
        self.waiters += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiters -= 1
            if not self.waiters and self.drawing_since_s is None:
                self.dropped = self.task.cancel()

    def serves(self, request: RenderRequest, asked_at_s: float) -> bool:
        """Say whether what it draws is new enough for one who asked at *asked_at_s*."""
        same_code = self.request.spec.code == request.spec.code
        return same_code and (self.drawing_since_s is None or self.drawing_since_s >= asked_at_s)
