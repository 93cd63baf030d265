"""Reads a table beside it; options may be given on the command line."""
import argparse
import os
import sys

import matplotlib.pyplot as plt
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))


def draw(table, column):
    fig, ax = plt.subplots(figsize=(4, 3))
    table.pivot(index="month", columns="station", values=column).plot(ax=ax, marker="o")
    ax.set_ylabel(column)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--column", action="append", choices=["rain", "temperature"])
    options = parser.parse_args()
    table = pd.read_csv(os.path.join(HERE, "stations.csv"))
    for column in options.column or ["rain", "temperature"]:
        draw(table, column)
    print(table.groupby("station").mean().round(1))
    print("drawn by", os.path.basename(sys.argv[0]), file=sys.stderr)
    plt.show()
    return 0


if __name__ == "__main__":
    sys.exit(main())
