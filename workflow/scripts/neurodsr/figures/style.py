"""The look that all figures share."""

import re

import matplotlib
from cycler import cycler
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.text import Text

POWERS = re.compile(r"\$\\mathdefault\{[-−0-9.^{}\\times]*\}\$")
DATA = "#37474f"
MODEL = "#d1495b"
NULL = "#9aa5ab"
FLOOR = "#2e86ab"
CYCLE = ["#2e86ab", "#d1495b", "#edae49", "#00798c", "#8d5a97", "#6a994e", "#bc6c25", "#577590"]

matplotlib.rcParams.update(
    {
        "axes.prop_cycle": cycler(color=CYCLE),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 9,
        "axes.titleweight": "bold",
        "axes.labelsize": 8,
        "figure.dpi": 110,
        "font.size": 8,
        "legend.fontsize": 7,
        "legend.frameon": False,
        "lines.linewidth": 1.0,
        "savefig.dpi": 110,
        "svg.fonttype": "none",
        "svg.hashsalt": "neurodsr",
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
    }
)


def new_figure(width: float = 9.0, height: float = 2.6) -> Figure:
    """An empty figure of so many inches with tight layout."""
    return Figure(figsize=(width, height), layout="constrained")


def message_figure(message: str) -> Figure:
    """A figure that only says something, for instance why a recording was left out."""
    figure = new_figure(height=1.2)
    figure.text(0.5, 0.5, message, ha="center", va="center", wrap=True)
    return figure


def take_literally(figure: Figure) -> None:
    """Show text as it is, also where a name between two $ would be taken for a formula.

    Names come from files, and what is no formula would end the drawing. Labels of logarithmic axes
    stay formulas.
    """
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if is_math_text(text.get_text()) and not POWERS.fullmatch(text.get_text()):
            text.set_parse_math(False)
