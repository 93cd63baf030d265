"""Draw one Figure, to pixels, SVG or PDF, as savefig would, and leave it as it was. Knows no URL and no file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import DrawEvent, Event
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.inset import InsetIndicator
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.offsetbox import AnnotationBbox
from matplotlib.patches import ConnectionPatch
from matplotlib.text import Annotation
from numpy.typing import NDArray

from plotd.artists import read_figure
from plotd.axes import AxesDescription, describe_axes
from plotd.describe import alt_text
from plotd.limits import limited
from plotd.look import Look
from plotd.restyle import restyled
from plotd.series import Series
from plotd.sizing import Extent, refuse_too_many

if TYPE_CHECKING:
    from plotd.pdf import Pages


@dataclass(slots=True)
class Drawing:
    """What drawing a figure gave; *axes* are described in device pixels of a raster, in CSS pixels of a vector.

    So is *size*, which ``savefig.bbox`` may have made another than the figure's own.
    """

    size: tuple[float, float] = (0.0, 0.0)
    axes: tuple[AxesDescription, ...] = ()
    pixels: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 0, 4), np.uint8))  # (height, width, RGBA)
    svg: str = ""
    alt: str = ""
    reading: dict[Axes, list[Series]] = field(default_factory=dict)


class _RasterCanvas(FigureCanvasAgg):
    """Agg that refuses a picture before it takes memory for it: ``savefig.bbox`` may make it larger than the figure."""

    def __init__(self, figure: Figure, max_pixels: int) -> None:
        super().__init__(figure)
        self._max_pixels = max_pixels

    def is_saving(self) -> bool:
        return True  # animated artists are drawn, and animations aren't started

    def get_renderer(self) -> Any:  # the renderer has no stubs
        refuse_too_many(*self.get_width_height(physical=True), self._max_pixels)
        return super().get_renderer()  # type: ignore[no-untyped-call]


class _SvgCanvas(FigureCanvasSVG):
    """SVG with the same bound: its rasterized parts take as many pixels."""

    def __init__(self, figure: Figure, max_pixels: int) -> None:
        super().__init__(figure)
        self._max_pixels = max_pixels

    def print_svg(self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Any = None, **_: Any) -> None:
        _refuse_too_many(self.figure, self._max_pixels)
        super().print_svg(  # type: ignore[no-untyped-call]
            filename, bbox_inches_restore=bbox_inches_restore, metadata=metadata
        )


def draw_pixels(figure: Figure, extent: Extent, max_pixels: int, look: Look) -> Drawing:
    """Draw *figure*; the pixels are those of savefig.

    Raises:
        TooManyPixels: ``savefig.bbox`` made the picture too large.
    """
    with _laid_out(figure, extent, max_pixels, look) as canvas:
        once = _savefig_changes_nothing() and _looks_the_same_at_once(figure)
        with _noted(figure, extent.device_dpi) as drawing:
            if once:
                canvas.draw()  # type: ignore[no-untyped-call]
            else:
                figure.savefig(io.BytesIO(), format="rgba", dpi=extent.device_dpi)
        drawing.pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return drawing


def draw_svg(figure: Figure, extent: Extent, max_pixels: int, look: Look) -> Drawing:
    """Draw *figure* as SVG, the same bytes each time; its rasterized parts have the resolution of *extent*.

    Raises:
        TooManyPixels: ``savefig.bbox`` made the picture too large.
    """
    body = io.BytesIO()
    reproducible: Any = {"svg.hashsalt": mpl.rcParams["svg.hashsalt"] or "plotd", "svg.image_inline": True}
    with _laid_out(figure, extent, max_pixels, look), mpl.rc_context(reproducible):
        _SvgCanvas(figure, max_pixels)  # takes the figure over
        with _noted(figure, extent.dpi) as drawing:
            figure.savefig(body, format="svg", dpi=extent.device_dpi, metadata={"Date": None})
    drawing.svg = body.getvalue().decode()
    return drawing


def draw_pdf(figure: Figure, extent: Extent, max_pixels: int, look: Look, pages: Pages) -> Drawing:
    """Draw *figure* as the next of *pages*; its rasterized parts have the resolution of *extent*.

    Raises:
        TooManyPixels: ``savefig.bbox`` made the picture too large.
    """
    with _laid_out(figure, extent, max_pixels, look):
        pages.take_over(figure, partial(_refuse_too_many, figure, max_pixels))
        with _noted(figure, extent.dpi) as drawing:
            figure.savefig(pages.file, format="pdf", dpi=extent.device_dpi)
    return drawing


def _refuse_too_many(figure: Figure, max_pixels: int) -> None:
    inches, dpi = figure.bbox_inches, figure.dpi
    refuse_too_many(int(inches.width * dpi), int(inches.height * dpi), max_pixels)


@contextmanager
def _laid_out(figure: Figure, extent: Extent, max_pixels: int, look: Look) -> Iterator[_RasterCanvas]:
    """Lend *figure* a canvas, the size and dpi of *extent*, and *look*; give it back its own, whatever happens."""
    canvas, dpi, margins = figure.canvas, figure.dpi, _margins(figure)
    original_dpi = getattr(figure, "_original_dpi", dpi)  # a new canvas may set it
    width_in, height_in = figure.get_size_inches()
    resized = not np.allclose((width_in, height_in), extent.inches, rtol=1e-12, atol=0)
    tight = (resized or look.limits) and _was_made_tight(figure)
    try:
        lent = _RasterCanvas(figure, max_pixels)  # it has no manager: no window changes with the figure
        figure.dpi = extent.device_dpi
        if resized:
            figure.set_size_inches(extent.inches)
        with _looking(figure, look):
            if tight:
                figure.tight_layout()
            yield lent
    finally:
        figure.dpi = dpi
        figure.set_size_inches(width_in, height_in)
        if tight:
            figure.subplots_adjust(**margins)
        figure.set_canvas(canvas)
        figure._original_dpi = original_dpi  # type: ignore[attr-defined]


@contextmanager
def _looking(figure: Figure, look: Look) -> Iterator[None]:
    """Let *figure* look so until the block ends."""
    with ExitStack() as undo:
        if look.limits:
            undo.enter_context(limited(figure, look.limits))
        if look.theme:
            undo.enter_context(restyled(figure, look.theme))
        yield


def _was_made_tight(figure: Figure) -> bool:
    """Whether its author ended with ``tight_layout()``: margins that fit one size, to be fitted to another anew."""
    engine = figure.get_layout_engine()
    if not (isinstance(engine, PlaceHolderLayoutEngine) and engine.adjust_compatible and engine.colorbar_gridspec):
        return False
    before = _margins(figure)
    try:
        figure.tight_layout()
        after = _margins(figure)
    finally:
        figure.subplots_adjust(**before)
    return all(abs(after[side] - before[side]) < 0.005 for side in before)  # ticks, and so labels, may move a little


def _margins(figure: Figure) -> dict[str, float]:
    return {side: getattr(figure.subplotpars, side) for side in ("left", "right", "bottom", "top", "wspace", "hspace")}


@contextmanager
def _noted(figure: Figure, dpi: float) -> Iterator[Drawing]:
    """Note where the axes are each time *figure* is drawn, in pixels at *dpi*; the last draw counts.

    Afterwards it is too late: ``savefig.bbox`` crops the figure for the time of drawing only. What it says, it says
    still, as long as it has its look.
    """
    drawing = Drawing()

    def note(event: Event) -> None:
        assert isinstance(event, DrawEvent)
        zoom = dpi / figure.dpi  # SVG and PDF are drawn at 72 dpi
        width, height = event.renderer.get_canvas_width_height()
        drawing.size = float(width * zoom), float(height * zoom)
        drawing.axes = describe_axes(figure, height, zoom)

    connection = figure.canvas.mpl_connect("draw_event", note)
    try:
        yield drawing
    finally:
        figure.canvas.mpl_disconnect(connection)
    drawing.reading = read_figure(figure)
    drawing.alt = alt_text(figure, drawing.reading)


def _savefig_changes_nothing() -> bool:
    rc = mpl.rcParams
    colors = (rc["savefig.facecolor"], rc["savefig.edgecolor"])
    own_colors = all(isinstance(color, str) and color == "auto" for color in colors)
    return own_colors and not rc["savefig.transparent"] and rc["savefig.bbox"] is None


def _looks_the_same_at_once(figure: Figure) -> bool:
    """Whether drawing once gives what savefig gets by drawing twice, as it does wherever there is a layout engine.

    It does, unless an artist goes by where the first draw put another one, or somebody acts on the first draw.
    """
    if figure.get_layout_engine() is None:
        return True
    if figure.subfigs or figure.canvas.callbacks.callbacks.get("draw_event"):
        return False
    artists = [*figure.get_children(), *(artist for axes in figure.axes for artist in axes.get_children())]
    return all(_stands_alone(artist) for artist in artists)


def _stands_alone(artist: Artist) -> bool:
    """Whether *artist* surely draws the same whatever was drawn before; of what isn't matplotlib's own none knows."""
    if not type(artist).__module__.startswith("matplotlib."):
        return False
    if isinstance(artist, Axes):
        locator = artist.get_axes_locator()
        return not artist.child_axes and type(locator).__module__ in ("builtins", "matplotlib.colorbar")
    if isinstance(artist, Annotation):
        return _is_named(artist.xycoords) and _is_named(artist.anncoords)
    return not isinstance(artist, ConnectionPatch | AnnotationBbox | InsetIndicator)


def _is_named(coordinates: object) -> bool:
    """Whether they are named, as in ``"data"`` or ``("data", "axes fraction")``, not another artist's."""
    return all(isinstance(name, str) for name in (coordinates if isinstance(coordinates, tuple) else (coordinates,)))
