"""Scores of a trained model on the test split, each with its floor, nulls and words."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.evaluation.domain import with_domain
from neurodsr.evaluation.examples import examples
from neurodsr.evaluation.forecasts import Forecasts, windows_of
from neurodsr.evaluation.measures.geometry import BinnedReference, choose_preset
from neurodsr.evaluation.measures.invariants import Embedding
from neurodsr.evaluation.measures.spectra import choose_spectrum
from neurodsr.evaluation.measures.suite import Suite, spiking_channels
from neurodsr.evaluation.nulls import NULLS, constant, persistence, simulated, surrogates
from neurodsr.evaluation.protocol import Protocol, plan
from neurodsr.evaluation.runs import compared, score_runs
from neurodsr.evaluation.scale import scale
from neurodsr.evaluation.verdict import INVARIANT
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import load_runs
from neurodsr.models.var import VAR, fit_var


def evaluate(
    series: xr.Dataset,
    fit: xr.Dataset,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
    statespace: xr.Dataset | None = None,
) -> xr.Dataset:
    """Score all runs of a model on the held-out data.

    Measures of free runs compare the test data with free runs of the same number of samples,
    started from several points of the test data; a run's score is the median over starts. The floor
    compares other data of the system with them: training data, or the other half of the test data
    where training data are too short (see `protocol.plan`). Nulls are simulations of a VAR of the
    training data (order by BIC, same starts, same inputs), IAAFT surrogates of what makes the
    floor, and constants, all at that same number of samples. Forecasts are compared with those of
    the VAR and with persistence; the floor of PE is 0, valid prediction time has none. The width of
    the spectral smoothing in Hz is the same in all comparisons.

    Parameters
    ----------
    series, fit
        Contents of ``series.nc`` and ``fit.nc``.
    settings
        Described by ``evaluation.schema.yaml``.
    rng
        Draws of nulls, mixtures, directions and bootstrap.
    statespace
        Content of ``statespace.nc``: largest Lyapunov exponent, the unit of valid prediction time
        (without one it is in s), and embedding, without which there are neither ``LLE`` nor ``D2``.

    Returns
    -------
    xr.Dataset
        Over ``run``: ``score``, ``score_low``, ``score_high`` (range over starts; of forecasts,
        95 % interval of the mean), ``skill`` (1 at the floor, 0 at the best null; NaN where the
        floor is not below the null), ``outside`` (share of generated points outside the bins),
        ``run_state`` ("ok", "decayed" to a point, "diverged", or "failed: why" in training).
        Over ``measure``, with the coordinate ``label``: ``floor`` and, over ``null`` too,
        ``null_score``, both with 5 and 95 % quantiles ``_low`` and ``_high``; ``median`` over runs
        and ``skill_median``, both with 95 % intervals over runs and starts; ``best_null``;
        ``comparison`` ("better", "similar", "worse", "undecided") and its words, ``reads``.
        Further ``invariant`` and ``invariant_data`` over ``quantity``, exponent and dimension of
        runs and held-out data estimated alike; ``prediction_error``, ``initial_condition`` of the
        free runs, and of the best run ``generated``, ``held_out`` and ``spectrum``; from each of
        several held-out trials' starts, what `domain.generalisation` finds.
        Attributes
        ``verdict_code`` ("better", "not_better", "cannot_tell", "failed") and ``verdict``,
        ``overall_skill`` with its interval, and how many simulations of which length there were.

    Raises
    ------
    RecordingError
        When the test or training split has no stretch of data to work with.
    """
    steps = settings["prediction_steps"]
    models = list(load_runs(fit))
    warm_up = max((one.warm_up for one in models), default=1)
    if "input" in series:
        warm_up = max(warm_up, settings["var_order_maximum"])
    protocol = plan(
        series,
        settings["starts"],
        settings["burn_in"],
        max(16, steps + 2),
        settings["maximum_length"],
        warm_up,
    )
    found = {} if statespace is None else statespace.attrs
    suites = make_suites(series, protocol, settings, found, rng)
    longest = max(len(stretch) for stretch in protocol.held_out)
    var = linear_null(protocol, min(settings["var_order_maximum"], longest - steps))
    history = min(max(var.order, warm_up), longest - steps)
    exponent = float(found.get("largest_exponent", np.nan))
    lyapunov = exponent if exponent > 0 else 1.0
    forecasts = Forecasts(
        windows_of(protocol, history, steps, settings["prediction_starts"]),
        windows_of(
            protocol,
            history,
            min(settings["valid_steps"], longest - history),
            settings["valid_starts"],
        )
        if "VPT" in settings["measures"]
        else None,
        settings["valid_threshold"],
        series.attrs["sampling_interval"] * lyapunov,
    )

    runs = score_runs(fit, models, protocol, suites, forecasts)
    names = [*INVARIANT, *forecasts.names]
    names += [name for name in suites[0].names if name not in names]
    floor = compared(suites, [fold.windows for fold in protocol.folds])
    floor["PE"] = np.zeros(1)
    nulls, var_run = score_nulls(protocol, suites, var, settings["null_repeats"], rng)
    null_curves = np.full((len(NULLS), steps), np.nan)
    for name, predict in (
        ("VAR", lambda one: var.simulate(one.before, one.steps, None, one.driven)),
        ("persistence", lambda one: persistence(one.before[-1], one.steps)),
    ):
        null_curves[NULLS.index(name)], found = forecasts(predict)
        nulls[name] |= found

    result = scale(runs, names, floor, nulls, protocol, rng)
    channel = series["channel"].values
    result["prediction_error"] = ("run", "step"), runs.curves
    result["null_prediction_error"] = ("null", "step"), null_curves
    result["initial_condition"] = ("start", "channel"), initial_conditions(protocol)
    result = result.assign_coords(step=np.arange(1, steps + 1), channel=channel)
    result.attrs |= described(series, settings, protocol, suites[0], forecasts, var)
    if suites[0].invariants is not None:
        result["invariant"] = ("run", "quantity"), runs.invariants
        result["invariant_data"] = "quantity", list(suites[0].invariants.own)
        result = result.assign_coords(quantity=["largest exponent (1/s)", "correlation dimension"])
    result.attrs["valid_time_unit"] = "s" if lyapunov == 1.0 else "Lyapunov times"
    chosen = runs.shown.get(int(fit.attrs["best_run"]), next(iter(runs.shown.values()), None))
    result = result.assign(examples(series, suites[0], chosen, var_run))
    return with_domain(result, models, protocol.held_out, protocol.train, settings, rng)


def make_suites(
    series: xr.Dataset,
    protocol: Protocol,
    settings: Mapping[str, Any],
    statespace: Mapping[Any, Any],
    rng: np.random.Generator,
) -> list[Suite]:
    """The measures of free runs, for each fold; all folds have the same ones."""
    embedding = None
    if "embedding_dimension" in statespace:
        embedding = Embedding(int(statespace["embedding_dimension"]), int(statespace["delay"]))
    length = max(len(piece) for fold in protocol.folds for piece in fold.pieces)
    suites = [
        Suite(
            fold.pieces,
            choose_preset(settings["divergence"], series.sizes["channel"]),
            choose_spectrum(settings["spectrum"], length),
            settings["measures"],
            spiking_channels(series, settings["events"]),
            settings["event_height"],
            embedding,
            series.attrs["sampling_interval"],
            rng,
        )
        for fold in protocol.folds
    ]
    for suite in suites:
        suite.keep([name for name in suite.names if all(name in one.names for one in suites)])
    return suites


def linear_null(protocol: Protocol, maximum_order: int) -> VAR:
    """Vector autoregression of the training data, with inputs where there are any."""
    inputs = [stretch.s for stretch in protocol.train if stretch.s is not None]
    return fit_var([stretch.x for stretch in protocol.train], maximum_order, inputs or None)


def score_nulls(
    protocol: Protocol,
    suites: list[Suite],
    var: VAR,
    repeats: int,
    rng: np.random.Generator,
) -> tuple[dict[str, dict[str, Array]], list[Array]]:
    """By null and measure, replicates of the measures of free runs; and a run of the VAR."""
    # one null after the other: together they would need several times the memory
    made = [simulated(fold, var, repeats, rng) for fold in protocol.folds]
    shown = [piece.copy() for piece in made[0][0]]
    scores = {"VAR": compared(suites, made)}
    made = [surrogates(fold, repeats, rng) for fold in protocol.folds]
    scores["IAAFT"] = compared(suites, made)
    scores["persistence"] = compared(suites, [constant(fold) for fold in protocol.folds])
    return scores, shown


def initial_conditions(protocol: Protocol) -> Array:
    """Observations ``(start, channel)`` from which free runs of the longest stretch start."""
    return np.concatenate([fold.histories(1)[0, :: len(fold.test)] for fold in protocol.folds])


def described(
    series: xr.Dataset,
    settings: Mapping[str, Any],
    protocol: Protocol,
    suite: Suite,
    forecasts: Forecasts,
    var: VAR,
) -> dict[str, Any]:
    """Conventions, and how much was simulated."""
    length = max(len(piece) for fold in protocol.folds for piece in fold.pieces)
    interval = series.attrs["sampling_interval"]
    return {
        "method": "binning" if isinstance(suite.geometry, BinnedReference) else "gmm",
        "divergence": choose_preset(settings["divergence"], series.sizes["channel"]),
        "spectrum": settings["spectrum"],
        "smoothing_bins": suite.convention.smoothing,
        "smoothing_hz": suite.convention.smoothing / length / interval,
        "prediction_steps": forecasts.short.steps,
        "forecasts": forecasts.short.before.shape[1],
        "test_samples": protocol.samples,
        "test_stretches": len(protocol.held_out),
        "folds": len(protocol.folds),
        "starts": protocol.replicas,
        "run_samples": length,
        "burn_in": max(fold.burn_in for fold in protocol.folds),
        "floor_from": "training data" if len(protocol.folds) == 1 else "other half of test data",
        "floor_windows": protocol.windows,
        "var_order": var.order,
    }
