"""From trained runs to a fit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.models.interface import Baseline
from neurodsr.training.baselines.validation import Score, ranking
from neurodsr.training.selection import Criterion

UNBOUNDED = "failed: free runs are unbounded"
SELECTION = (
    "validation: sliced Wasserstein distance of (x_t, x_t+lag) + Hellinger distance of power "
    "spectra, free runs from 16 starts; of what is hardly worse, divergence in state space; "
    "forecasts where halves of the data are farther apart"
)


def assemble(
    runs: Sequence[Baseline],
    scores: Sequence[Score],
    criterion: Criterion,
    course: xr.Dataset,
    series: xr.Dataset,
    settings: Mapping[str, Any],
    failures: Sequence[str] = (),
    **attrs: Any,
) -> xr.Dataset:
    """The fit of a baseline.

    Parameters
    ----------
    runs, scores
        What is kept of each run, and its score.
    criterion
        What scores are measured by.
    course
        How training or search went, for the figure and the report.
    series
        What it was trained on.
    settings
        Of the model.
    failures
        For each run what went wrong in training, empty where nothing did.
    **attrs
        Attributes that differ between families: ``parameters``, ``updates``,
        ``sequence_length``, ``training_seconds``, ``selection``, and ``warm_up`` where needed.

    Raises
    ------
    RecordingError
        When no run is of any use.
    """
    status = [
        failure or ("ok" if np.isfinite(score.value) else UNBOUNDED)
        for failure, score in zip(failures or [""] * len(runs), scores, strict=True)
    ]
    if "ok" not in status:
        raise RecordingError(
            f"fit: run_status: none of {len(runs)} runs of {settings['family']} could be trained "
            f"({status[0]}); leave this model out for such recordings, or change its settings"
        )
    stored = [one.variables() for one in runs]
    best = next(
        run
        for run in ranking(scores, criterion, settings["forecast_tolerance"])
        if status[run] == "ok"
    )
    return (
        course.assign(
            {
                **{
                    name: (("run", *dims), np.stack([one[name][1] for one in stored]))
                    for name, (dims, _) in stored[0].items()
                },
                "run_status": ("run", np.array(status, object)),
                "free_run": (
                    "run",
                    np.array([score.kind for score in scores], object),
                    {"long_name": "what free runs do"},
                ),
            }
        )
        .assign_coords(run=np.arange(len(runs)), channel=series["channel"].values)
        .assign_attrs(
            {
                "family": settings["family"],
                "model_settings": json.dumps(settings, sort_keys=True),
                "best_run": int(best),
                "sampling_interval": float(series.attrs["sampling_interval"]),
                "selection": SELECTION,
                **attrs,
            }
        )
    )


def course_of_search(
    scores: Sequence[Score], candidates: Sequence[Mapping[str, float]]
) -> xr.Dataset:
    """Candidates ``trial_NAME (trial)`` of a search, their criteria and forecast errors."""
    names = list(candidates[0])
    return xr.Dataset(
        {
            **{f"trial_{name}": ("trial", [one[name] for one in candidates]) for name in names},
            "trial_validation": (
                "trial",
                [score.value for score in scores],
                {"units": "1", "long_name": "sliced Wasserstein + Hellinger distance"},
            ),
            "trial_forecast_error": (
                "trial",
                [score.error for score in scores],
                {"units": "variances of the data"},
            ),
        }
    )
