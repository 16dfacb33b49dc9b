"""Scores of a trained model on the test split, each with its floor, nulls and words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.evaluation.examples import examples
from neurodsr.evaluation.geometry import BinnedReference, choose_preset, reference
from neurodsr.evaluation.measures import InvariantMeasures
from neurodsr.evaluation.nulls import NULLS, persistence, phase_surrogate
from neurodsr.evaluation.prediction import error_curve
from neurodsr.evaluation.protocol import Protocol, plan
from neurodsr.evaluation.spectra import choose_smoothing
from neurodsr.evaluation.verdict import WORDS, Comparison, median_interval, overall, sentence
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import Reconstruction, load_runs
from neurodsr.models.var import VAR, fit_var

MEASURES = ("D_stsp", "D_H", "PE")
RIVALS = {
    "D_stsp": ("VAR", "phase surrogate"),
    "D_H": ("VAR",),  # a phase surrogate copies the spectrum of the data
    "PE": ("VAR", "persistence"),
}
UNBOUNDED = 1e3
DECAYED = 0.01


def evaluate(
    series: xr.Dataset, fit: xr.Dataset, settings: Mapping[str, Any], rng: np.random.Generator
) -> xr.Dataset:
    """Score all runs of a model on the held-out data.

    D_stsp and D_H compare the test data with free runs of the same number of samples, started from
    several points of the test data; a run's score is the median over starts. The floor compares
    them with training data, the nulls with simulations of a VAR of the training data
    (order by BIC, same starts) and with phase-randomised training data, all at that
    same number of samples. PE is compared with the forecast of the VAR and with persistence; its
    floor is 0. The width of the spectral smoothing in Hz is the same in all comparisons.

    Parameters
    ----------
    series, fit
        Contents of ``series.nc`` and ``fit.nc``.
    settings
        Described by ``evaluation.schema.yaml``.
    rng
        Draws of nulls, mixtures and bootstrap.

    Returns
    -------
    xr.Dataset
        Over ``run``: ``score``, ``score_low``, ``score_high`` (over starts), ``skill`` (1 at the
        floor, 0 at the best null; NaN when the range of the floor reaches the null), ``outside``
        (share of generated points outside the bins),
        ``run_state`` ("ok", "decayed" to a point, "diverged", or "failed: why" in training).
        Over ``measure``: ``floor`` and, over ``null`` too, ``null_score``, both with ``_low`` and
        ``_high``; ``median`` over runs with ``median_low`` and ``median_high``; ``best_null``;
        ``comparison`` ("better", "similar", "worse", "undecided"). Further
        ``prediction_error``, and of the best run ``generated``, ``held_out`` and ``spectrum``.
        Attributes ``verdict_code`` ("better", "not_better", "cannot_tell", "failed") and
        ``verdict``.

    Raises
    ------
    RecordingError
        When the test or training split has no stretch of data to work with.
    """
    steps = settings["prediction_steps"]
    models = list(load_runs(fit))
    warm_up = max((one.warm_up for one in models), default=1)
    protocol = plan(
        series,
        settings["starts"],
        settings["burn_in"],
        max(16, steps + 2),
        settings["maximum_length"],
        warm_up,
    )
    pieces = protocol.pieces
    length = max(len(piece) for piece in pieces)
    preset = choose_preset(settings["divergence"], pieces[0].shape[1])
    geometry = reference(np.concatenate(pieces), preset, rng)
    measures = InvariantMeasures(geometry, pieces, choose_smoothing(settings["spectrum"], length))
    var = fit_var(
        [stretch.x for stretch in protocol.train],
        min(settings["var_order_maximum"], length - steps),
    )
    history = min(max(var.order, warm_up), length - steps)
    windows, inputs = protocol.forecast_windows(history, steps, settings["prediction_starts"])
    before, after = windows[:history], windows[history:]

    run_scores, states, outside, curves, shown = _score_runs(
        fit, models, protocol, measures, before, after, inputs
    )
    floor = np.zeros((3, len(MEASURES)))
    floor[:, :2] = _quantiles([measures(window) for window in protocol.windows])
    null, var_run = _score_nulls(protocol, measures, var, settings["null_repeats"], rng)
    null_curves = np.full((len(NULLS), steps), np.nan)
    null_curves[NULLS.index("VAR")] = error_curve(var.simulate(before, steps, None), after)
    null_curves[NULLS.index("persistence")] = error_curve(persistence(before[-1], steps), after)
    null[:, :, 2] = null_curves[:, -1]

    comparisons = {
        name: _compare(name, run_scores[0, :, k], floor[:, k], null[:, :, k], rng)
        for k, name in enumerate(MEASURES)
    }
    code = overall(comparisons) if shown else "failed"
    words = sentence(code, comparisons, sum(map(len, pieces))) if shown else f"{WORDS[code]}."
    troubled = [state for state in states if state != "ok"]
    if troubled:
        words += f" {len(troubled)} of {len(states)} runs: {'; '.join(sorted(set(troubled)))}."
    best = np.array([one.null for one in comparisons.values()])
    skill = np.full(run_scores.shape[1:], np.nan)
    decidable = floor[2] < best
    skill[:, decidable] = ((best - run_scores[0]) / (best - floor[0]).clip(1e-300))[:, decidable]

    result = xr.Dataset(
        {
            "skill": (("run", "measure"), skill),
            "outside": ("run", outside),
            "run_state": ("run", states),
            "best_null": ("measure", [one.null_name for one in comparisons.values()]),
            "comparison": ("measure", [one.code for one in comparisons.values()]),
            "prediction_error": (("run", "step"), curves),
            "null_prediction_error": (("null", "step"), null_curves),
        },
        coords={
            "run": fit["run"].values,
            "measure": list(MEASURES),
            "null": list(NULLS),
            "step": np.arange(1, steps + 1),
        },
        attrs={
            "method": "binning" if isinstance(geometry, BinnedReference) else "gmm",
            "divergence": preset,
            "spectrum": settings["spectrum"],
            "smoothing_bins": measures.smoothing,
            "smoothing_hz": measures.smoothing / length / series.attrs["sampling_interval"],
            "prediction_steps": steps,
            "test_samples": sum(map(len, pieces)),
            "test_stretches": len(pieces),
            "starts": len(protocol.starts),
            "burn_in": protocol.burn_in,
            "var_order": var.order,
            "verdict_code": code,
            "verdict": words,
        },
    )
    medians = np.array([[one.middle, one.low, one.high] for one in comparisons.values()]).T
    for k, suffix in enumerate(("", "_low", "_high")):
        result["score" + suffix] = (("run", "measure"), run_scores[k])
        result["floor" + suffix] = ("measure", floor[k])
        result["null" + (suffix or "_score")] = (("null", "measure"), null[k])
        result["median" + suffix] = ("measure", medians[k])
    chosen = shown.get(int(fit.attrs["best_run"]), next(iter(shown.values()), None))
    return result.assign(examples(series, measures, chosen, var_run))


def _score_runs(
    fit: xr.Dataset,
    models: Sequence[Reconstruction],
    protocol: Protocol,
    measures: InvariantMeasures,
    before: Array,
    after: Array,
    inputs: Array | None,
) -> tuple[Array, list[str], Array, Array, dict[int, list[Array]]]:
    """Scores (with low and high), states, outside shares, forecast errors, one replica of each."""
    runs = [int(run) for run in fit["run"].values]
    states = [str(state) for state in fit["run_status"].values]
    scores = np.full((3, len(runs), len(MEASURES)), np.nan)
    outside = np.full(len(runs), np.nan)
    curves = np.full((len(runs), len(after)), np.nan)
    shown: dict[int, list[Array]] = {}
    for one in models:
        i = runs.index(one.run)
        with np.errstate(over="ignore", invalid="ignore"):
            replicas = free_runs(one, protocol)
            forecast = one.forecast(before, len(after) + 1, inputs)[1:]
        states[i] = run_state(replicas, protocol.pieces)
        curves[i] = error_curve(forecast, after)
        scores[:, i, 2] = curves[i, -1]
        if states[i] != "diverged":
            each = np.array([measures(replica) for replica in replicas])
            scores[:, i, :2] = np.median(each, axis=0), each.min(axis=0), each.max(axis=0)
            outside[i] = np.mean([measures.outside(replica) for replica in replicas])
            shown[one.run] = replicas[0]
    return scores, states, outside, curves, shown


def free_runs(one: Reconstruction, protocol: Protocol) -> list[list[Array]]:
    """Free runs from the protocol's starts, cut as the held-out data are."""
    history = protocol.histories(one.warm_up)
    orbit = one.free_run(history, protocol.run_length, protocol.inputs())
    return protocol.replicas(orbit)


def run_state(replicas: Sequence[Sequence[Array]], pieces: Sequence[Array]) -> str:
    """``"diverged"``, ``"decayed"`` (most replicas end at a point, unlike the data) or ``"ok"``."""
    together = [np.concatenate(replica) for replica in replicas]
    if not all(np.isfinite(x).all() and np.abs(x).max() < UNBOUNDED for x in together):
        return "diverged"
    scale = np.concatenate(pieces).std(axis=0).mean()
    late = [
        np.mean([piece[len(piece) // 2 :].std(axis=0).mean() for piece in replica])
        for replica in replicas
    ]
    return "decayed" if np.median(late) < DECAYED * scale else "ok"


def _score_nulls(
    protocol: Protocol,
    measures: InvariantMeasures,
    var: VAR,
    repeats: int,
    rng: np.random.Generator,
) -> tuple[Array, list[Array]]:
    """Invariant measures of the nulls ``(quantile, null, measure)``, and a run of the VAR."""
    history = np.tile(protocol.histories(var.order), (1, repeats, 1))
    orbit = np.concatenate([history[-1:], var.simulate(history, protocol.run_length - 1, rng)])
    simulated = protocol.replicas(orbit)
    surrogates = [
        [phase_surrogate(piece, rng) for piece in window]
        for _ in range(repeats)
        for window in protocol.windows
    ]
    scores = np.full((3, len(NULLS), len(MEASURES)), np.nan)
    for name, replicas in (("VAR", simulated), ("phase surrogate", surrogates)):
        scores[:, NULLS.index(name), :2] = _quantiles([measures(one) for one in replicas])
    return scores, simulated[0]


def _quantiles(values: Sequence[tuple[float, ...]]) -> Array:
    """Median, 5 % and 95 % quantile ``(3, measure)``."""
    return np.asarray(np.quantile(np.array(values), [0.5, 0.05, 0.95], axis=0))


def _compare(
    name: str, scores: Array, floor: Array, null: Array, rng: np.random.Generator
) -> Comparison:
    """Against the best rival; ``floor`` is ``(quantile,)``, ``null`` ``(quantile, null)``."""
    best = min((NULLS.index(rival) for rival in RIVALS[name]), key=lambda i: float(null[0, i]))
    middle, low, high = median_interval(scores, rng)
    level, null_low, null_high = (float(value) for value in null[:, best])
    return Comparison(
        middle,
        low,
        high,
        floor=float(floor[0]),
        floor_high=float(floor[2]),
        null=level,
        null_low=null_low,
        null_high=null_high,
        null_name=NULLS[best],
    )
