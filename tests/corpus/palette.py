"""Colours of the house. Draws nothing."""

COLOURS = {"sea": "#1b6ca8", "sand": "#d9a441", "coral": "#e4572e", "edge": "#555555", "levels": [0, 0.5, 0.2, 1]}


def dress(ax):
    ax.set_axisbelow(True)
    ax.tick_params(length=0)
    ax.margins(0.05)
    ax.set_title(ax.get_title() + " ·", loc="right", color=COLOURS["edge"])
