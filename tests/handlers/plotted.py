"""Plots of every kind of numbers, and in PLOTTED what was plotted, by their names and the columns of their tables."""

# mypy: disable-error-code="no-untyped-def"
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

RANDOM = np.random.default_rng(4)
COUNT = 300
X = np.sort(RANDOM.normal(size=COUNT)) * 1e3
Y = RANDOM.normal(size=COUNT) * 10.0 ** RANDOM.uniform(-12, 12, COUNT)
GAPS = np.where(RANDOM.uniform(size=COUNT) < 0.2, np.nan, Y)
BELOW, ABOVE, BESIDE = RANDOM.uniform(size=(3, COUNT))
TOP = Y + ABOVE
IMAGE = RANDOM.normal(size=(20, 30))
EDGES = np.array([-4, -1.5, 0, 0.25, 2, 4])
COUNTS = np.histogram(IMAGE, EDGES)[0]
NAMES = np.array([f"sort {n}" for n in range(COUNT)])
DAYS = pd.date_range("2026-01-01", periods=COUNT, freq="7h")
MOMENTS = pd.date_range("2026-03-01 00:00:00.000001", periods=COUNT, freq="5h", tz="Europe/Berlin")
SPANS = pd.timedelta_range("1h", periods=COUNT, freq="90s")
NOTHING = np.full(COUNT, np.nan)


def plot_lines():
    plt.plot(X, Y, label="all")
    plt.plot(X, GAPS, label="some")
    plt.plot(X, np.ma.masked_invalid(GAPS), label="the same")


def plot_scatter():
    plt.scatter(X, Y, c=BELOW)


def plot_bars():
    plt.bar(X, ABOVE)


def plot_lying_bars():
    plt.barh(NAMES, ABOVE)


def plot_histogram():
    plt.hist(IMAGE.ravel(), list(EDGES))


def plot_image():
    plt.imshow(IMAGE)
    plt.colorbar()


def plot_mesh():
    plt.pcolormesh(np.arange(30), np.arange(20), IMAGE)


def plot_errors():
    plt.errorbar(X, ABOVE, yerr=[BELOW, ABOVE], xerr=BESIDE, label="measured")


def plot_fill():
    plt.fill_between(X, Y, TOP)


def plot_dates():
    plt.plot(DAYS, Y)


def plot_dates_with_zone():
    plt.scatter(MOMENTS, Y)


def plot_dates_filled():
    plt.fill_between(DAYS, Y, TOP)


def plot_dates_of_pandas():
    pd.Series(Y, index=DAYS).plot()


def plot_spans_of_pandas():
    pd.Series(Y, index=SPANS).plot()


def plot_categories():
    plt.plot(NAMES, Y)


def plot_log():
    plt.loglog(ABOVE, BELOW, "o")


def plot_steps():
    plt.step(X, Y, where="post")


def plot_stems():
    plt.stem(X, ABOVE)


def plot_twins():
    _, left = plt.subplots()
    left.plot(X, Y)
    left.twinx().plot(X, TOP)


def columns(**values: Any) -> dict[str, Any]:
    """Return *values*, one below another where there is a list of them."""
    return {name: np.concatenate(parts) if isinstance(parts, list) else parts for name, parts in values.items()}


ROWS, COLUMNS = np.indices(IMAGE.shape)
PIXELS = columns(x=COLUMNS.ravel(), y=ROWS.ravel(), value=IMAGE.ravel())
PLOTTED = {
    "lines": columns(x=[X, X, X], y=[Y, GAPS, GAPS], series=np.repeat(["all", "some", "the same"], COUNT)),
    "scatter": columns(x=X, y=Y, value=BELOW),
    "bars": columns(x=X, y=ABOVE),
    "lying_bars": columns(x=ABOVE, y=NAMES),
    "histogram": columns(x=(EDGES[1:] + EDGES[:-1]) / 2, y=COUNTS, low=EDGES[:-1], high=EDGES[1:]),
    "image": PIXELS,
    "mesh": PIXELS,
    "errors": columns(
        series=np.repeat(["measured", "measured along x"], COUNT),
        x=[X, NOTHING],
        y=[ABOVE, ABOVE],
        low=[ABOVE - BELOW, X - BESIDE],
        high=[ABOVE + ABOVE, X + BESIDE],
    ),
    "fill": columns(x=X, y=NOTHING, low=Y, high=TOP),
    "dates": columns(x=DAYS, y=Y),
    "dates_with_zone": columns(x=MOMENTS, y=Y),
    "dates_filled": columns(x=DAYS, low=Y, high=TOP),
    "dates_of_pandas": columns(x=DAYS, y=Y),
    "spans_of_pandas": columns(x=SPANS, y=Y),
    "categories": columns(x=NAMES, y=Y),
    "log": columns(x=ABOVE, y=BELOW),
    "steps": columns(x=X, y=Y),
    "stems": columns(x=X, y=ABOVE),
    "twins": columns(axes=np.repeat([0, 1], COUNT), x=[X, X], y=[Y, TOP]),
}
