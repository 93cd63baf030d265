"""How long the day is: numbers made on the spot, with a slider and a list in the form."""

from datetime import date
from typing import Annotated

import matplotlib.pyplot as plt
import numpy as np
from pydantic import Field

from plotd import plot

TILT = np.radians(23.44)
HORIZON = np.radians(-0.833)  # the sun's upper edge, lifted by the air


def hours_of_daylight(latitude, day_of_year):
    """Return the hours from sunrise to sunset, by the sun's declination on that day."""
    latitude = np.radians(latitude)
    declination = -TILT * np.cos(2 * np.pi * (np.asarray(day_of_year) + 9) / 365.24)
    cosine = (np.sin(HORIZON) - np.sin(latitude) * np.sin(declination)) / (np.cos(latitude) * np.cos(declination))
    return 24 / np.pi * np.arccos(np.clip(cosine, -1, 1))


@plot(title="Daylight", group="examples", version=lambda: "the sun does not change")
def plot_daylight(
    latitude: Annotated[float, Field(ge=-89, le=89)] = 48.2,
    compare: list[float] = [0, 67],  # noqa: B006 - nobody changes it
    day: date = date(2026, 6, 21),
):
    """Hours of daylight over the year at one latitude, and at others to compare it with."""
    days = np.arange(1, 366)
    plt.figure(layout="constrained")
    for other in compare:
        plt.plot(days, hours_of_daylight(other, days), color="silver")
        plt.text(365, hours_of_daylight(other, 365), f"{other:g}°", color="grey", ha="right", va="bottom")
    plt.plot(days, hours_of_daylight(latitude, days), color="darkorange", linewidth=2)
    today = day.timetuple().tm_yday
    hours = hours_of_daylight(latitude, today)
    plt.plot(today, hours, "o", color="black")
    plt.annotate(f"{hours:.1f} h", (today, hours), (0, 6), textcoords="offset points", ha="center")
    plt.title(f"Daylight at {latitude:g}°")
    plt.xlabel("day of the year")
    plt.ylabel("hours")
    plt.ylim(0, 25)
    plt.grid(alpha=0.25)
