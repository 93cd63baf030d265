"""What is behind a text of an axes: its ground, or data. Changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection, PolyCollection, QuadMesh
from matplotlib.contour import ContourSet
from matplotlib.image import AxesImage
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.text import Text

from plotd.colors import Rgba, over, rgba

_MOST_PATCHES = 2000  # that are looked at for each text
_SEEN = 0.3  # so opaque is what a text can be said to lie on


class Backdrop:
    """The data of one axes that is painted over an area, as it is before a text is drawn on it."""

    def __init__(self, axes: Axes, ground: Rgba) -> None:
        self._axes = axes
        self._ground = ground
        areas = [*axes.images, *axes.collections, *axes.patches] if axes.name != "3d" else []
        shown = [area for area in areas if area.get_visible()][-_MOST_PATCHES:]
        self._areas = sorted(shown, key=lambda area: area.get_zorder())

    def behind(self, text: Text) -> tuple[Rgba, bool]:
        """Return the colour behind the middle of *text*, and whether it is that of data."""
        if not self._areas or not text.get_text():
            return self._ground, False
        box = text.get_window_extent()
        point = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
        color, is_data = self._ground, False
        if not np.isfinite(point).all():
            return color, is_data
        for area in self._areas:
            found = self._color_at(area, point)
            if found is not None and found[3] >= _SEEN:
                color, is_data = over(found, color), True
        return color, is_data

    def _color_at(self, area: Any, point: tuple[float, float]) -> Rgba | None:
        """Return the colour of *area* at *point*, in pixels; None if it isn't there."""
        if isinstance(area, AxesImage):
            return self._of_image(area, point)
        if isinstance(area, QuadMesh):
            return self._of_mesh(area, point)
        if isinstance(area, ContourSet | PolyCollection):
            return self._of_shapes(area, point)
        if isinstance(area, Collection):
            return None
        assert isinstance(area, Patch)
        inside = (
            area.get_fill() and len(np.asarray(area.get_path().vertices)) and area.contains_point(point, radius=0.0)
        )
        return rgba(area.get_facecolor()) if inside else None

    def _of_image(self, image: AxesImage, point: tuple[float, float]) -> Rgba | None:
        values = image.get_array()
        x, y = image.get_transform().inverted().transform(point)
        left, right, bottom, top = image.get_extent()
        if values is None or left == right or bottom == top:
            return None
        column, row = (x - left) / (right - left), (y - bottom) / (top - bottom)
        if not (0 <= column < 1 and 0 <= row < 1):
            return None
        if image.origin == "upper":
            row = 1 - row
        cell = values[min(int(row * values.shape[0]), values.shape[0] - 1), int(column * values.shape[1])]
        return _painted(image, cell)

    def _of_shapes(self, area: Any, point: tuple[float, float]) -> Rgba | None:
        """Return the colour of the last of many shapes in which *point* lies, and not in a hole of it."""
        area.update_scalarmappable()
        colors, paths = area.get_facecolor(), area.get_paths()
        if not len(colors) or len(paths) > _MOST_PATCHES or np.any(area.get_offsets()):
            return None
        place = area.get_transform().inverted().transform(point)
        for number in reversed(range(len(paths))):
            outlines = (Path(outline) for outline in paths[number].to_polygons() if len(outline) > 2)
            if sum(outline.contains_point(place) for outline in outlines) % 2:
                return rgba(colors[number % len(colors)])
        return None

    def _of_mesh(self, mesh: QuadMesh, point: tuple[float, float]) -> Rgba | None:
        values, corners = mesh.get_array(), np.asarray(mesh.get_coordinates())
        if values is None:
            return None
        x, y = mesh.get_transform().inverted().transform(point)
        column, row = _place(corners[0, :, 0], x), _place(corners[:, 0, 1], y)
        rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
        if column is None or row is None or np.size(values) < rows * columns:
            return None
        return _painted(mesh, np.ma.asarray(values).reshape((rows, columns, -1))[row, column])


def _painted(mappable: Any, cell: Any) -> Rgba:
    """Return the colour of one value, or of a pixel that has one of its own."""
    pixel = np.ma.atleast_1d(cell)
    color = mappable.to_rgba(pixel[:1]) if pixel.size == 1 else mappable.to_rgba(pixel.reshape(1, 1, -1))
    return rgba(np.ravel(color)[:4])


def _place(edges: Any, value: float) -> int | None:
    """Return between which of *edges*, rising or falling, *value* lies; None if outside."""
    rising = edges if edges[0] <= edges[-1] else edges[::-1]
    if not rising[0] <= value <= rising[-1]:
        return None
    place = min(max(int(np.searchsorted(rising, value, side="right")) - 1, 0), len(edges) - 2)
    return place if rising is edges else len(edges) - 2 - place
