"""Dates and times; some by pandas, some not."""
import datetime as dt

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DAYS = pd.date_range("2026-01-01", periods=120, freq="D")


def plot_dates():
    start = dt.datetime(2026, 3, 1, 6, 30)
    times = [start + dt.timedelta(hours=7 * k) for k in range(60)]
    plt.figure(figsize=(4, 3))
    plt.plot(times, np.sin(np.arange(60) / 5), ".-")
    plt.gcf().autofmt_xdate(rotation=40)
    plt.ylabel("tide")


def plot_dates_with_locators():
    fig, axs = plt.subplots(2, 1, figsize=(4.5, 3.6), layout="constrained")
    days = np.arange("2025-02-01", "2025-08-01", dtype="datetime64[D]")
    for ax in axs:
        ax.plot(days, np.cumsum(np.random.normal(size=days.size)))
    axs[0].xaxis.set_major_locator(mdates.MonthLocator(bymonth=(3, 5, 7)))
    axs[0].xaxis.set_minor_locator(mdates.MonthLocator())
    axs[0].xaxis.set_major_formatter(mdates.DateFormatter("%d.%m.%y"))
    axs[1].xaxis.set_major_formatter(mdates.ConciseDateFormatter(axs[1].xaxis.get_major_locator()))
    axs[1].axvspan(dt.date(2025, 4, 1), dt.date(2025, 5, 1), color="y", alpha=0.3)
    return fig


def plot_timetable():
    with plt.rc_context({"date.converter": "concise", "timezone": "Europe/Berlin"}):
        fig, ax = plt.subplots(figsize=(4, 2.6))
        begin = mdates.date2num(dt.datetime(2026, 5, 4, 8, tzinfo=dt.timezone.utc))
        ax.broken_barh([(begin, 0.1), (begin + 0.2, 0.05)], (0, 0.8), facecolors="tab:blue")
        ax.broken_barh([(begin + 0.05, 0.12)], (1, 0.8), facecolors="tab:orange")
        ax.xaxis_date()
        ax.set_yticks([0.4, 1.4], ["room 1", "room 2"])
        fig.canvas.draw()
    return fig


def plot_frame():
    frame = pd.DataFrame(np.random.randn(120, 3).cumsum(axis=0), index=DAYS, columns=["red", "green", "blue"])
    ax = frame.plot(figsize=(4, 3), color=["r", "g", "b"], title="three walks", grid=True)
    ax.set_ylabel("steps")
    return ax


def plot_series_on_current_axes():
    plt.figure(figsize=(4, 3))
    plt.axhline(0, color="0.8")
    pd.Series(np.sin(np.arange(120) / 9), index=DAYS, name="sine").plot(legend=True)
    pd.Series(np.cos(np.arange(120) / 9), index=DAYS, name="cosine").rolling(10).mean().plot(legend=True, style="k:")
    plt.ylim(-1.5, 1.5)
    plt.tight_layout()


def plot_frame_on_given_axes():
    fig, axes = plt.subplots(1, 2, figsize=(5, 2.8))
    frame = pd.DataFrame({"a": [1, 4, 2], "b": [3, 1, 5]}, index=["x", "y", "z"])
    frame.plot.bar(ax=axes[0], stacked=True, rot=0, legend=False)
    frame.T.plot(kind="barh", ax=axes[1], cmap="Set2")
    axes[1].legend(loc="lower right", fontsize=6)
    fig.tight_layout()


def plot_secondary_y():
    frame = pd.DataFrame({"rain": [3, 0, 8, 2, 5, 1], "sun": [40, 90, 10, 60, 30, 80]}, index=DAYS[:6])
    days = [day.strftime("%a %d") for day in frame.index]
    frame = frame.reset_index()
    frame.rain.plot(kind="bar", figsize=(4, 3.2), color="tab:blue", width=0.4)
    plt.gca().set_xticklabels(days, rotation=30)
    frame.sun.plot(secondary_y=True, color="orange", marker="o")
    plt.ylabel("sun [%]")
    return plt


def plot_grouped():
    frame = pd.DataFrame({"kind": list("aabbcc") * 10, "value": np.random.rand(60), "size": np.random.rand(60)})
    frame.boxplot(column="value", by="kind", figsize=(4, 3))
    plt.suptitle("")
    plt.title("by kind")
    plt.xlabel("")
