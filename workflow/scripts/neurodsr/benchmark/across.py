"""Models compared over several recordings of one kind: on a single one chance decides."""

from typing import Any

import numpy as np
import pandas as pd

from neurodsr.benchmark.runs import MEASURES
from neurodsr.benchmark.summary import middle, of_chosen


def across(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """One row a model, none where there are not several recordings.

    Medians count every run of every recording alike, as long as its score is finite.

    Parameters
    ----------
    runs
        See `runs.RUNS`.

    Returns
    -------
    list of dict
        ``name``, ``recordings``, ``runs``, ``failed`` (runs that are not ok), each measure with its
        median absolute deviation, and the median over recordings of the chosen run
        (``D_stsp_chosen``, ...), and ``least``: recordings where the median of D_stsp is the least
        of all models, a run without a finite one counting as worse than any. Recordings where no
        model has a finite one are nobody's.
    """
    if runs["recording"].nunique() < 2:
        return []
    divergence = runs["D_stsp"].fillna(np.inf)
    medians = divergence.groupby([runs["recording"], runs["model"]], sort=False).median().unstack()
    least = medians[np.isfinite(medians.min(axis=1))].idxmin(axis=1)
    return [
        {
            "name": model,
            "recordings": part["recording"].nunique(),
            "runs": len(part),
            "failed": int((part["state"] != "ok").sum()),
            **{key: value for name in MEASURES for key, value in middle(name, part[name]).items()},
            **of_chosen(part),
            "least": int((least == model).sum()),
        }
        for model, part in runs.groupby("model", sort=False)
    ]
