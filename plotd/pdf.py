"""PDF pages: a file of them in memory, the same bytes each time. Knows no plot."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
from matplotlib.figure import Figure
from PIL import Image

from plotd import raster
from plotd.sizing import Extent

_CSS_DPI = 96  # an image has no inches: a browser's hold


class _Canvas(FigureCanvasPdf):
    """Asks *refuse* whether its page is too large, once that is laid out."""

    def __init__(self, figure: Figure, refuse: Callable[[], None]) -> None:
        super().__init__(figure)
        self._refuse = refuse

    def print_pdf(self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Any = None, **_: Any) -> None:
        self._refuse()
        super().print_pdf(  # type: ignore[no-untyped-call]
            filename, bbox_inches_restore=bbox_inches_restore, metadata=metadata
        )


class Pages:
    """A PDF in the making. What `Figure.savefig` is given as *file* becomes its next page."""

    def __init__(self) -> None:
        self._body = io.BytesIO()
        undated: Any = {"CreationDate": None}
        self.file: Any = PdfPages(self._body, metadata=undated)

    def take_over(self, figure: Figure, refuse: Callable[[], None]) -> None:
        """Lend *figure* a canvas; *refuse* raises where its page is too large."""
        _Canvas(figure, refuse)

    def add_image(self, image: Image.Image, extent: Extent) -> None:
        """Add a page that *image* fills, pixel for pixel."""
        pixels = raster.eight_bit(image)
        pixels = pixels.convert("RGBA" if pixels.has_transparency_data else "RGB")
        page = Figure(figsize=(extent.width_px / _CSS_DPI, extent.height_px / _CSS_DPI), frameon=False)
        axes = page.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.imshow(np.asarray(pixels), interpolation="none", aspect="auto")
        FigureCanvasPdf(page).print_pdf(self.file)  # type: ignore[no-untyped-call]

    def body(self) -> bytes:
        """Return the whole; nothing can be added any more."""
        self.file.close()
        return self._body.getvalue()
