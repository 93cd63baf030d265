"""What a plot file imports from plotd; nothing is needed, all of it helps."""

from plotd.decorator import plot

__all__ = ["plot"]
