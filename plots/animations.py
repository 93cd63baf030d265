"""The first frame of an animation, for a picture that doesn't move. Knows no plot."""

from __future__ import annotations

import sys
from typing import Any

from matplotlib.figure import Figure

MODULE = "matplotlib.animation"  # who hasn't imported it has no animation


def is_animation(value: object) -> bool:
    """Say whether *value* is one of matplotlib's animations."""
    module: Any = sys.modules.get(MODULE)
    return module is not None and isinstance(value, module.Animation)


def show_first_frame(figure: Figure) -> None:
    """Bring *figure* to the first frame of the animations on it, as a window does; savefig doesn't."""
    animations = _connected(figure, "close_event")
    if _connected(figure, "draw_event"):
        figure.canvas.draw()  # those that haven't begun begin with the first draw
    for animation in animations:
        if _begins_without_a_frame(animation):
            animation._step()


def _connected(figure: Figure, event: str) -> list[Any]:  # Any, here and below: stubs don't tell of private places
    """Return the animations that *event* of *figure* matters to."""
    module: Any = sys.modules.get(MODULE)
    if module is None:
        return []
    references = figure.canvas.callbacks.callbacks.get(event, {}).values()
    owners = [getattr(reference(), "__self__", None) for reference in references]
    return [owner for owner in owners if isinstance(owner, module.Animation)]


def _begins_without_a_frame(animation: Any) -> bool:
    """Whether it begins by clearing the figure: then the first tick of its clock draws the first frame."""
    return getattr(animation, "_init_func", animation) is not None
