"""Median and spread over runs of each model, beside floor, nulls, truth and published numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from neurodsr import netcdf
from neurodsr.benchmark.runs import MEASURES, spectrum_of, spectrum_text
from neurodsr.tables import Dictionary

_CHOSEN = "The same of the run that training chose of all, by the data that it saw"
_SPREAD = "Median absolute deviation over runs (from the median, not rescaled)"

SUMMARY: Dictionary = {
    "recording": {"Description": "Recording"},
    "kind": {
        "Description": "What the row is about",
        "Levels": {
            "model": "a model that was trained here",
            "floor": "training data against held-out data: what a perfect model scores",
            "null": "a model without nonlinear dynamics",
            "truth": "the equations that were simulated",
            "published": "numbers of others, or of earlier work, see `note`",
        },
    },
    "name": {"Description": "Name of the model, null or publication"},
    "family": {"Description": "Family of the model"},
    "parameters": {"Description": "Trained parameters of a run"},
    "updates": {"Description": "Updates of a run"},
    "runs": {"Description": "Runs (seeds)"},
    "failed": {"Description": "Runs whose training failed"},
    "diverged": {"Description": "Runs of which a free run leaves all bounds"},
    "decayed": {"Description": "Runs whose free runs mostly end at a point, unlike the data"},
    "failure_rate": {"Description": "Share of runs that failed, diverged or decayed"},
    "stopped_rate": {
        "Description": (
            "Share of initial conditions, of all runs together, from which a free run comes to a "
            "point or leaves all bounds"
        )
    },
    "periodic_rate": {
        "Description": (
            "Share of initial conditions from which a free run comes to a cycle: a failure like "
            "the others where the truth is chaotic, which no score of the other starts shows"
        )
    },
    "D_stsp": {
        "Description": "State-space divergence, median over runs with a finite one",
        "Units": "nat",
    },
    "D_stsp_mad": {"Description": _SPREAD, "Units": "nat"},
    "D_stsp_chosen": {"Description": _CHOSEN, "Units": "nat"},
    "D_H": {"Description": "Hellinger distance of power spectra, likewise"},
    "D_H_mad": {"Description": _SPREAD},
    "D_H_chosen": {"Description": _CHOSEN},
    "PE": {"Description": "Mean squared n-step prediction error, likewise", "Units": "sd^2"},
    "PE_mad": {"Description": _SPREAD, "Units": "sd^2"},
    "PE_chosen": {"Description": _CHOSEN, "Units": "sd^2"},
    "lyapunov_max": {"Description": "Largest Lyapunov exponent, likewise", "Units": "1/s"},
    "lyapunov_max_mad": {"Description": _SPREAD, "Units": "1/s"},
    "lyapunov": {
        "Description": (
            "Medians over runs of the leading exponents, as many as the truth has, joined by a "
            "space"
        ),
        "Units": "1/s",
    },
    "cpu_seconds": {"Description": "Time that training all runs took", "Units": "CPU s"},
    "note": {"Description": "What failed runs scored, why a model has no result, or a source"},
}


def model_row(
    name: str,
    settings: Mapping[str, Any],
    results: Mapping[str, xr.Dataset],
    runs: pd.DataFrame,
    exponents: int,
) -> dict[str, Any]:
    """The row of one model on one recording.

    As in the literature, a run counts in the medians as long as its score is finite, even when its
    free run decays; how many such runs there are, and their scores, is told beside.

    Parameters
    ----------
    name, settings
        Of the model.
    results
        Its ``fit``, ``scores`` and ``dynamics``.
    runs
        Its runs (see `runs.RUNS`).
    exponents
        Number of leading Lyapunov exponents to give.
    """
    row: dict[str, Any] = {"kind": "model", "name": name, "family": settings["family"]}
    row["runs"] = settings["runs"]
    gone = next((one for one in results.values() if netcdf.is_excluded(one)), None)
    if gone is not None:
        stage, reason = gone.attrs["excluded_at"], gone.attrs["reason"]
        return row | {
            "failed": settings["runs"],
            "failure_rate": 1.0,
            "note": f"{stage}: {reason}",
        }
    fit = results["fit"].attrs
    states = runs["state"].str.split(":").str[0]
    troubled = runs[states != "ok"]
    counts = {state: int((states == state).sum()) for state in ("failed", "diverged", "decayed")}
    starts = runs["starts"].sum()
    spectra = [spectrum_of(text)[:exponents] for text in runs["lyapunov"]]
    leading = pd.Series([spectrum[0] for spectrum in spectra if len(spectrum)], dtype=float)
    return row | {
        "parameters": fit["parameters"],
        "updates": fit["updates"],
        **counts,
        "failure_rate": len(troubled) / len(runs),
        "stopped_rate": runs["stopped"].sum() / starts if starts else np.nan,
        "periodic_rate": runs["periodic"].sum() / starts if starts else np.nan,
        **{key: value for name in MEASURES for key, value in middle(name, runs[name]).items()},
        **of_chosen(runs),
        **middle("lyapunov_max", leading),
        "lyapunov": spectrum_text(median_spectrum(spectra)),
        "cpu_seconds": fit["training_seconds"],
        "note": "; ".join(map(trouble, troubled.to_dict("records"))) or None,
    }


def middle(name: str, values: pd.Series) -> dict[str, float]:
    """Median and median absolute deviation of the finite values, under their names."""
    finite = values[np.isfinite(values.astype(float))].astype(float)
    median = float(finite.median())
    return {name: median, f"{name}_mad": float((finite - median).abs().median())}


def of_chosen(runs: pd.DataFrame) -> dict[str, float]:
    """Scores of the run that training chose; medians where the runs are of several recordings."""
    chosen = runs[runs["chosen"] == 1]
    return {f"{name}_chosen": float(chosen[name].median()) for name in MEASURES}


def median_spectrum(spectra: Sequence[np.ndarray]) -> np.ndarray:
    """Median over runs of each exponent that most runs have."""
    lengths = [len(spectrum) for spectrum in spectra if len(spectrum)]
    count = int(np.median(lengths)) if lengths else 0
    complete = [spectrum[:count] for spectrum in spectra if count and len(spectrum) >= count]
    return np.median(complete, axis=0) if complete else np.zeros(0)


def trouble(run: Mapping[Any, Any]) -> str:
    """What became of one run that is not ok."""
    scores = [f"{name} {run[name]:.3g}" for name in MEASURES if np.isfinite(run[name])]
    return f"run {run['run']} {run['state']}{' (' + ', '.join(scores) + ')' if scores else ''}"


def reference_rows(scores: Sequence[xr.Dataset]) -> list[dict[str, Any]]:
    """Floor and nulls of one recording; medians, as each evaluation draws its own nulls."""
    if not scores:
        return []
    rows = [{"kind": "floor", "name": "floor", **medians([one["floor"] for one in scores])}]
    for null in scores[0]["null"].values:
        found = [one["null_score"].sel(null=null) for one in scores]
        order = f"({scores[0].attrs['var_order']})" if null == "VAR" else ""
        rows.append({"kind": "null", "name": f"{null}{order}", **medians(found)})
    return rows


def medians(found: Sequence[xr.DataArray]) -> dict[str, float]:
    """Median of each measure over arrays ``(measure,)``."""
    return {
        name: float(np.median([float(one.sel(measure=name)) for one in found])) for name in MEASURES
    }


def truth_row(exponents: Sequence[float]) -> list[dict[str, Any]]:
    """The row of the equations, none when nothing is known of them."""
    if not len(exponents):
        return []
    return [
        {
            "kind": "truth",
            "name": "equations",
            "lyapunov_max": max(exponents),
            "lyapunov": spectrum_text(np.asarray(exponents)),
        }
    ]


def known_exponents(truth: pd.DataFrame, participant: str) -> list[float]:
    """Lyapunov exponents (1/s) that a table of the truth holds of one participant."""
    if truth.empty:
        return []
    rows = truth[truth["participant_id"] == f"sub-{participant}"]
    columns = [name for name in truth.columns if str(name).startswith("lyapunov_")]
    return [float(value) for value in rows[columns].to_numpy(float).ravel() if np.isfinite(value)]


def published_rows(published: pd.DataFrame, data: str | None) -> list[dict[str, Any]]:
    """Published numbers on some data.

    Parameters
    ----------
    published
        Columns ``data``, ``model``, ``status`` and ``source`` and any of `SUMMARY`.
    data
        Which of them; None for none.
    """
    shared = [name for name in SUMMARY if name in published.columns]
    return [
        {
            **{name: row[name] for name in shared},
            "kind": "published",
            "name": f"{row['model']} ({row['status']})",
            "note": row["source"],
        }
        for row in published[published["data"] == data].to_dict("records")
    ]


def summary_table(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
    """The rows of all recordings, columns of `SUMMARY`."""
    together = [{"recording": recording, **row} for recording in rows for row in rows[recording]]
    frame = pd.DataFrame(together, columns=list(SUMMARY))
    counts = ["parameters", "updates", "runs", "failed", "diverged", "decayed"]
    return frame.astype(dict.fromkeys(counts, "Float64")).astype(dict.fromkeys(counts, "Int64"))
