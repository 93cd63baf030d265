"""Text: formulas, other scripts, arrows and tables."""
import matplotlib.patheffects as pe
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.offsetbox import AnchoredText, AnnotationBbox, TextArea
from matplotlib.patches import ConnectionPatch, FancyArrowPatch


def plot_formulas():
    fig = plt.figure(figsize=(4, 3))
    formulas = [
        r"$\sum_{k=0}^{\infty} \frac{x^k}{k!} = e^x$",
        r"$\oint_{\partial\Omega} \vec{B}\cdot d\vec{s} = \mu_0 \iint \mathbf{J}\cdot d\mathbf{A}$",
        r"$\left\langle \hat{\psi}\,\middle|\,\mathcal{H}\,\middle|\,\hat{\psi}\right\rangle \geq E_0$",
        r"$\sqrt[3]{\overline{z}} \in \mathbb{C} \quad \forall z \notin \varnothing$",
        r"$\mathrm{d}f = \genfrac{(}{)}{0}{0}{\partial f}{\partial x}\,\mathrm{d}x$",
    ]
    for k, formula in enumerate(formulas):
        fig.text(0.5, 0.85 - 0.18 * k, formula, ha="center", fontsize=13)


def plot_math_fonts():
    fig, axes = plt.subplots(1, 3, figsize=(5, 2), subplot_kw={"xticks": [], "yticks": [0, 1]})
    for ax, fontset in zip(axes, ["cm", "stix", "dejavuserif"]):
        with plt.rc_context({"mathtext.fontset": fontset}):
            ax.set_title(r"$\alpha^2_{i} + \beta \approx \Gamma$ " + fontset, fontsize=9)
            ax.set_xlabel(r"$\mathcal{R}\prod_i \lambda_i$")
            fig.tight_layout()


def plot_formula_ticks():
    plt.rcParams["mathtext.fontset"] = "cm"
    plt.rcParams["axes.formatter.use_mathtext"] = True
    x = np.linspace(-2 * np.pi, 2 * np.pi, 200)
    plt.figure(figsize=(4.5, 3))
    plt.plot(x, 2e5 * np.sin(x) / x.clip(0.1), label=r"$\frac{\sin x}{\max(x, 0.1)}$")
    plt.xticks(np.pi * np.arange(-2, 3), [r"$-2\pi$", r"$-\pi$", "$0$", r"$\pi$", r"$2\pi$"])
    plt.ylabel(r"$\dot{y}\;[\mathrm{m\,s^{-1}}]$")
    plt.legend(fontsize=14)
    plt.tight_layout()
    return plt


def plot_many_scripts():
    plt.figure(figsize=(4, 3))
    plt.title("Μέτρηση · Измерение · Messgröße")
    plt.xlabel("זמן (שניות)")
    plt.ylabel("درجة الحرارة")
    plt.bar(["Αθήνα", "Київ", "Երևան", "თბილისი"], [31, 24, 28, 26], color="peru")
    plt.text(0.5, 20, "½ ≤ √2 ♥ ♫ → ∞", fontsize=14)
    plt.xticks(rotation=20)
    plt.tight_layout()


def plot_families():
    fig = plt.figure(figsize=(4, 2.5))
    for k, family in enumerate(["serif", "sans-serif", "monospace"]):
        for j, weight in enumerate(["normal", "bold"]):
            fig.text(0.05 + 0.5 * j, 0.8 - 0.3 * k, f"{family} {weight}", family=family, weight=weight, size=11 + k)
    plt.rcParams["font.family"] = "DejaVu Serif"
    fig.text(0.5, 0.02, "set by rc", style="italic", ha="center")
    return fig


def plot_arrows_and_notes():
    fig, ax = plt.subplots(figsize=(4.5, 3.4))
    x = np.linspace(0, 5, 100)
    (line,) = ax.plot(x, np.cos(2 * np.pi * x), lw=2, path_effects=[pe.Stroke(linewidth=5, foreground="y"), pe.Normal()])
    ax.annotate(
        "local max", xy=(2, 1), xytext=(3, 1.5), arrowprops=dict(facecolor="black", shrink=0.05), clip_on=False
    )
    ax.annotate(
        "around", (1.5, -1), (-20, -25), textcoords="offset points",
        bbox=dict(boxstyle="sawtooth", fc="w"), arrowprops=dict(arrowstyle="->", connectionstyle="angle3,angleA=0,angleB=-90"),
    )  # fmt: skip
    note = ax.annotate("first", (0.1, 0.9), xycoords="axes fraction", bbox=dict(boxstyle="circle", fc="pink"))
    ax.annotate("second", (1, 0), xycoords=note, xytext=(30, 10), textcoords="offset points", arrowprops={"arrowstyle": "-[", "patchB": None})
    ax.add_artist(AnchoredText("(a)", loc="lower right"))
    ax.add_artist(AnnotationBbox(TextArea("boxed"), (4, -1), xybox=(4.2, -1.6), arrowprops={"arrowstyle": "fancy"}))
    ax.add_patch(FancyArrowPatch((0.5, -1.5), (3.5, -1.6), arrowstyle="<|-|>", mutation_scale=15, color="g"))
    ax.set_ylim(-2, 2)


def plot_connected_panels():
    fig, (left, right) = plt.subplots(1, 2, figsize=(4.5, 2.6))
    left.plot([0, 1], "o-")
    right.plot([1, 0], "s-")
    fig.add_artist(
        ConnectionPatch((1, 1), (0, 1), "data", "data", axesA=left, axesB=right, color="r", arrowstyle="->", lw=2)
    )
    right.set_xlabel("right")
    left.set_ylabel(r"$\leftarrow$ left")


def plot_table():
    columns = ("Freeze", "Wind", "Flood")
    rows = ["%d year" % k for k in (100, 50, 20)]
    values = np.random.poisson(60, (3, 3))
    plt.figure(figsize=(4.5, 3.2))
    colours = plt.cm.BuPu(np.linspace(0.2, 0.6, 3))
    bottom = np.zeros(3)
    for row, colour in zip(values, colours):
        plt.bar(np.arange(3) + 0.3, row, 0.4, bottom=bottom, color=colour)
        bottom += row
    plt.table(cellText=values.astype(str), rowLabels=rows, rowColours=colours, colLabels=columns, loc="bottom")
    plt.subplots_adjust(left=0.2, bottom=0.3)
    plt.xticks([])


def plot_wrapped_and_turned():
    plt.figure(figsize=(3.5, 3))
    plt.axis([0, 10, 0, 10])
    plt.text(4, 1, "A long sentence that has to be broken somewhere before the edge of it all", wrap=True, fontsize=10)
    plt.text(5, 6, "up\nand\ndown", rotation=35, ha="center", va="center", linespacing=1.6, size="x-large")
    plt.text(1, 9, "box", bbox={"facecolor": "0.8", "pad": 6}, family="monospace")
    plt.gca().xaxis.set_major_formatter(lambda value, position: f"<{value:g}>")
    plt.tick_params(axis="x", which="major", labelrotation=-20, length=8, width=2, colors="b")
    plt.box(False)
