"""Figure of the groups' answers to the same pulse."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, NULL, message_figure, new_figure
from neurodsr.group.responses import Answer


def draw_responses(answers: Mapping[str, Answer]) -> Figure:
    """Median over the subjects of each group, and the middle half of them.

    Parameters
    ----------
    answers
        From `neurodsr.group.responses.compare_responses`.
    """
    shown = {model: one for model, one in answers.items() if one.lag.size}
    if not shown:
        return message_figure("No pulse was given to the models (analysis.pulse_steps).")
    figure = new_figure(3.2 * max(2, len(shown)), 2.6)
    panels = figure.subplots(1, len(shown), squeeze=False, sharex=True)[0]
    for axes, (model, one) in zip(panels, shown.items(), strict=True):
        for number, (group, curves) in enumerate(one.curves.items()):
            if not len(curves):
                continue
            low, middle, high = np.quantile(curves, [0.25, 0.5, 0.75], axis=0)
            colour = CYCLE[number % len(CYCLE)]
            axes.fill_between(one.lag, low, high, color=colour, alpha=0.2, lw=0)
            axes.plot(one.lag, middle, color=colour, label=f"{group} (n = {len(curves)})")
        if np.isfinite(one.p):
            axes.axvline(one.at, color=NULL, ls=":")
        judged = f"p = {one.p:.2g}" if np.isfinite(one.p) else "no test"
        axes.set_title(f"{model}\n{judged}")
        axes.set_xlabel("time since the pulse (s)")
        axes.set_ylim(bottom=0)
        axes.legend()
    panels[0].set_ylabel("effect / size of the pulse")
    return figure
