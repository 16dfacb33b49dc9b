"""The scores of every run of every model, as rows."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from neurodsr import netcdf
from neurodsr.tables import Dictionary

MEASURES = ("D_stsp", "D_H", "PE")
STOPPED = ("fixed point", "unbounded")

RUNS: Dictionary = {
    "recording": {"Description": "Recording"},
    "model": {"Description": "Model"},
    "run": {"Description": "Index of the run (seed)"},
    "chosen": {
        "Description": "Whether training chose this run of all, by the data that it saw",
        "Levels": {"1": "yes", "0": "no"},
    },
    "state": {
        "Description": "What became of the run",
        "Levels": {
            "ok": "trained, free runs stay alive and bounded",
            "failed: why": "training failed",
            "decayed": "most free runs end at a point, unlike the data",
            "diverged": "a free run leaves all bounds",
        },
    },
    "D_stsp": {"Description": "State-space divergence, median over starts", "Units": "nat"},
    "D_H": {"Description": "Hellinger distance of power spectra, median over starts"},
    "PE": {"Description": "Mean squared n-step prediction error", "Units": "sd^2"},
    "starts": {"Description": "Initial conditions whose limit set was looked at"},
    "stopped": {"Description": "Of these, how many lead to a point or out of all bounds"},
    "periodic": {"Description": "Of these, how many lead to a cycle"},
    "lyapunov": {
        "Description": "Lyapunov exponents in descending order, joined by a space",
        "Units": "1/s",
    },
}


def run_table(results: Mapping[tuple[str, str], Mapping[str, xr.Dataset]]) -> pd.DataFrame:
    """Rows of `RUNS`.

    Parameters
    ----------
    results
        For each recording and model its ``fit``, ``scores`` and ``dynamics``. Excluded ones give
        no rows.
    """
    rows = [
        {"recording": recording, "model": model, **row}
        for (recording, model), one in results.items()
        if not any(netcdf.is_excluded(result) for result in one.values())
        for row in run_rows(one["scores"], one["dynamics"], one["fit"].attrs["best_run"])
    ]
    return pd.DataFrame(rows, columns=list(RUNS))


def run_rows(scores: xr.Dataset, dynamics: xr.Dataset, chosen: int) -> Iterator[dict[str, object]]:
    """One row a run, without the names of recording and model."""
    for run in scores["run"].values:
        score, one = scores.sel(run=run), dynamics.sel(run=run)
        kinds = [str(kind) for kind in one["limit_set_start"].values if str(kind)]
        exponents = one["lyapunov"].values
        yield {
            "run": int(run),
            "chosen": int(run == chosen),
            "state": str(score["run_state"].values),
            **{name: float(score["score"].sel(measure=name)) for name in MEASURES},
            "starts": len(kinds),
            "stopped": sum(kind in STOPPED for kind in kinds),
            "periodic": kinds.count("cycle"),
            "lyapunov": spectrum_text(exponents[np.isfinite(exponents)]),
        }


def spectrum_text(exponents: np.ndarray) -> str | None:
    """Exponents in descending order as text of a cell, None without any."""
    return " ".join(f"{value:.4g}" for value in sorted(exponents, reverse=True)) or None


def spectrum_of(text: object) -> np.ndarray:
    """The exponents of such a text."""
    return np.array([float(value) for value in text.split()] if isinstance(text, str) else [])
