"""Features of one recording: what its reconstructed dynamics are like, as tidy rows."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from neurodsr import netcdf
from neurodsr.group.catalogue import DATA, FEATURES, HIERARCHICAL
from neurodsr.preprocess.stretches import stretches
from neurodsr.tables import Dictionary

ACCEPTABLE = ("ok", "decayed")


COLUMNS: Dictionary = {
    "recording": {"Description": "Recording"},
    "model": {
        "Description": "Model, `data` for a feature of the recording itself, or `hierarchical`"
    },
    "run": {"Description": "Index of the run (seed), n/a for features of the data"},
    "acceptable": {
        "Description": "Whether the run counts; decided without regard to group",
        "Levels": {"0": "training failed or the free run diverged", "1": "counts"},
    },
    "feature": {
        "Description": "Feature",
        "Levels": {
            name: {"Description": f.definition, "Units": f.unit, "Source": f.source}
            for name, f in FEATURES.items()
        },
    },
    "value": {"Description": "Value in the unit of the feature, n/a where it is not defined"},
}

INCLUSION: Dictionary = {
    "recording": {"Description": "Recording"},
    "model": {"Description": "Model"},
    "status": {
        "Description": "Whether features were computed",
        "Levels": {"included": "yes", "excluded": "no"},
    },
    "stage": {"Description": "Stage at which it was left out"},
    "reason": {"Description": "Why it was left out"},
    "runs": {"Description": "Number of runs (seeds)"},
    "acceptable": {"Description": "Number of acceptable runs"},
}

Results = Mapping[str, xr.Dataset]


def recording_features(
    recording: str, results: Results, models: Mapping[str, Results]
) -> pd.DataFrame:
    """All features of one recording, columns of `COLUMNS`.

    Parameters
    ----------
    recording
        Its name.
    results
        ``series`` and ``statespace``.
    models
        For each model its ``fit``, ``scores`` and ``dynamics``. Excluded ones give no rows.
    """
    rows: list[tuple[str, str, int | None, int, str, float]] = []
    if not any(netcdf.is_excluded(one) for one in results.values()):
        values = data_features(results["series"], results["statespace"])
        rows += [(recording, DATA, None, 1, name, value) for name, value in values.items()]
    for model, one in models.items():
        if first_excluded([*results.values(), *one.values()]) is None:
            rows += [
                (recording, model, run, accepted, name, value)
                for run, accepted, name, value in run_features(one["scores"], one["dynamics"])
            ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"run": "Int64"})
    frame["value"] = frame["value"].where(np.isfinite(frame["value"].astype(float)))
    return frame


def vector_features(hierarchical: xr.Dataset) -> pd.DataFrame:
    """Entries of the vectors of a cohort's hierarchical model, columns of `COLUMNS`.

    A run in which a recording's own model is unbounded does not count for it.
    """
    rows: list[tuple[str, str, int | None, int, str, float]] = []
    if not netcdf.is_excluded(hierarchical):
        for run in hierarchical["run"].values:
            for recording in hierarchical["recording"].values:
                one = hierarchical.sel(run=run, recording=recording)
                accepted = int(str(one["free_run"].values) != "unbounded")
                rows += [
                    (str(recording), HIERARCHICAL, int(run), accepted, f"vector_{i + 1}", float(v))
                    for i, v in enumerate(one["vector"].values)
                ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"run": "Int64"})


def inclusion(
    recording: str, results: Results, models: Mapping[str, Results]
) -> list[dict[str, str | int | None]]:
    """For each model whether the recording counts, or where and why it was left out."""
    rows: list[dict[str, str | int | None]] = []
    for model, one in models.items():
        row: dict[str, str | int | None] = {"recording": recording, "model": model}
        gone = first_excluded([*results.values(), *one.values()])
        if gone is not None:
            row |= {"status": "excluded", "stage": gone.attrs["excluded_at"]}
            rows.append(row | {"reason": gone.attrs["reason"]})
            continue
        states = [str(state) for state in one["scores"]["run_state"].values]
        accepted = sum(state in ACCEPTABLE for state in states)
        row |= {"status": "included", "runs": len(states), "acceptable": accepted}
        if not accepted:
            why = "; ".join(sorted(set(states)))
            row |= {"status": "excluded", "stage": "train", "reason": f"no acceptable run: {why}"}
        rows.append(row)
    return rows


def first_excluded(results: Sequence[xr.Dataset]) -> xr.Dataset | None:
    return next((one for one in results if netcdf.is_excluded(one)), None)


def run_features(scores: xr.Dataset, dynamics: xr.Dataset) -> Iterator[tuple[int, int, str, float]]:
    """Run, whether it is acceptable, feature and value, for every run of a model.

    A run whose free run decays to a point is acceptable: where the data are a noisy steady state,
    that point is the right answer, and leaving such runs out would bias a comparison.
    """
    for run in scores["run"].values:
        score, one = scores.sel(run=run), dynamics.sel(run=run)
        accepted = int(str(score["run_state"].values) in ACCEPTABLE)
        values = {**_dynamics(one, float(dynamics.attrs["sampling_interval"])), **_quality(score)}
        for name, value in values.items():
            yield int(run), accepted, name, value


def _dynamics(run: xr.Dataset, interval: float) -> dict[str, float]:
    kind = str(run["limit_set"].values)
    bounded = kind in ("fixed point", "cycle", "aperiodic")
    complete = bool(run["search_complete"])
    leading = _leading_eigenvalue(run)
    modulus = abs(leading)
    return {
        "growth_rate": float(np.log(modulus) / interval) if modulus > 0 else np.nan,
        "frequency": float(abs(np.angle(leading)) / (2 * np.pi * interval)),
        "eigenvalue_modulus": float(modulus),
        "oscillates": float(kind != "fixed point") if bounded else np.nan,
        "aperiodic": float(kind == "aperiodic") if bounded else np.nan,
        "amplitude": float(run["amplitude"].values[0]),
        "relative_amplitude": float(run["relative_amplitude"]),
        "period": float(run["dominant_period"]),
        "lyapunov_exponent": float(run["lyapunov"].max()),
        "kaplan_yorke": float(run["kaplan_yorke"]),
        "fixed_points": float(run["fixed_point_count"]) if complete else np.nan,
        "stable_fixed_points": float(run["stable_count"]) if complete else np.nan,
    }


def _leading_eigenvalue(run: xr.Dataset) -> complex:
    """Of the fixed point nearest the data mean, which comes first; NaN without one."""
    if not run.sizes["point"]:
        return complex(np.nan)
    first = run.isel(point=0)
    eigenvalues = first["eigenvalue_real"].values + 1j * first["eigenvalue_imag"].values
    eigenvalues = eigenvalues[np.isfinite(eigenvalues)]
    return complex(eigenvalues[np.argmax(np.abs(eigenvalues))]) if eigenvalues.size else np.nan


def _quality(run: xr.Dataset) -> dict[str, float]:
    measures = [str(name) for name in run["measure"].values if str(name) in FEATURES]
    scores = {name: float(run["score"].sel(measure=name)) for name in measures}
    skills = {f"skill_{name}": float(run["skill"].sel(measure=name)) for name in measures}
    return scores | skills


def data_features(series: xr.Dataset, statespace: xr.Dataset) -> dict[str, float]:
    """Classical features of the training data, for comparison with those of the dynamics."""
    pieces = [stretch.x for stretch in stretches(series, "train", 2)]
    longest = max(pieces, key=len)
    together = np.concatenate(pieces)
    singular = np.linalg.svd(together - together.mean(axis=0), compute_uv=False)
    window = np.hanning(len(longest))[:, None]
    spectra = np.abs(np.fft.rfft((longest - longest.mean(axis=0)) * window, axis=0)[1:]) ** 2
    power = (spectra / spectra.sum(axis=0)).mean(axis=1)
    frequency = np.fft.rfftfreq(len(longest), series.attrs["sampling_interval"])[1:]
    smooth = np.convolve(power, np.ones(5) / 5, mode="same")
    shares = power[power > 0]
    return {
        "signal_sd": float(series["scale"].values[0]),
        "first_component": float(singular[0] ** 2 / np.sum(singular**2)),
        "peak_frequency": float(frequency[np.argmax(smooth)]),
        "spectral_entropy": float(-np.sum(shares * np.log(shares)) / np.log(power.size)),
        "nonlinearity_p": float(statespace.attrs["nonlinearity_p"]),
    }
