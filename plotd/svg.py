"""SVG text: its size in a browser, images in it, several on one page. Knows no figure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

_PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n'
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1"'
_ROOT = re.compile(r"<svg\s[^<>]*>")
_SIZE = re.compile(r'\s(width|height)="([\d.]+)[a-z]*"')
_COMMENT_OR_TAG = re.compile(r"<!--.*?-->|<[A-Za-z][^<>]*>", re.DOTALL)
_IDENTIFIER = re.compile(r'(\sid="|\s(?:xlink:)?href="#|url\(#)')


@dataclass(frozen=True, slots=True)
class Vector:
    """An ``<svg>`` element, without prolog, that browsers show *width_px* by *height_px* CSS pixels large."""

    element: str
    width_px: float
    height_px: float

    @property
    def body(self) -> bytes:
        return (_PROLOG + self.element).encode()


def from_matplotlib(text: str, dpi: float) -> Vector:
    """Return what matplotlib wrote, which is sized in points, so that an inch of it is *dpi* CSS pixels."""
    root = _ROOT.search(text)
    assert root, "matplotlib wrote no <svg>"
    points = {side: float(length) for side, length in _SIZE.findall(root[0])}
    width_px, height_px = points["width"] * dpi / 72, points["height"] * dpi / 72
    size = f' width="{_short(width_px)}" height="{_short(height_px)}"'
    tag = _SIZE.sub("", root[0]).replace("<svg", "<svg" + size, 1)
    return Vector(tag + text[root.end() :], width_px, height_px)


def from_png(png: bytes, width_px: float, height_px: float) -> Vector:
    """Return an SVG that shows the picture *png*, held as a data URI, at the given size in CSS pixels."""
    size = f'width="{_short(width_px)}" height="{_short(height_px)}" preserveAspectRatio="none"'
    image = f'<image {size} xlink:href="data:image/png;base64,{base64.b64encode(png).decode()}"/>\n'
    return Vector(_opening(width_px, height_px) + image + "</svg>\n", width_px, height_px)


def page(vectors: Sequence[Vector], corners: Sequence[tuple[float, float]]) -> Vector:
    """Return one SVG that holds all *vectors*, each with its left top corner where *corners* says; no id stands twice.

    A single one stays as it is.
    """
    if len(vectors) == 1:
        return vectors[0]
    places = list(zip(vectors, corners, strict=True))
    width_px = max(left + vector.width_px for vector, (left, _) in places)
    height_px = max(top + vector.height_px for vector, (_, top) in places)
    elements = []
    for number, (vector, (left, top)) in enumerate(places, start=1):
        start = f'<svg x="{_short(left)}" y="{_short(top)}"'
        elements.append(start + _own_ids(vector.element, f"picture{number}-").removeprefix("<svg"))
    return Vector(_opening(width_px, height_px) + "".join(elements) + "</svg>\n", width_px, height_px)


def _own_ids(element: str, prefix: str) -> str:
    """Put *prefix* before each id and each reference to one; text and comments may look like them, and stay."""

    def rename(match: re.Match[str]) -> str:
        tag = match[0]
        return tag if tag.startswith("<!--") else _IDENTIFIER.sub(rf"\g<1>{prefix}", tag)

    return _COMMENT_OR_TAG.sub(rename, element)


def _opening(width_px: float, height_px: float) -> str:
    width, height = _short(width_px), _short(height_px)
    return f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" {_NAMESPACES}>\n'


def _short(length: float) -> str:
    return f"{length:.3f}".rstrip("0").rstrip(".")
