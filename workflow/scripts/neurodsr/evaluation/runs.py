"""The runs of a trained model, simulated and scored."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from neurodsr.evaluation.forecasts import Forecasts
from neurodsr.evaluation.measures.suite import Suite
from neurodsr.evaluation.protocol import Fold, Protocol
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import Reconstruction

UNBOUNDED = 1e3
DECAYED = 0.01


@dataclass
class Runs:
    """What the runs of a model scored.

    Attributes
    ----------
    index, states
        Of all runs, those whose training failed included.
    outside
        Of each, the share of generated points that D_stsp does not see.
    curves : (run, step)
        Forecast errors.
    invariants : (run, quantity)
        Largest Lyapunov exponent (1/s) and correlation dimension of the first free run.
    each
        By measure and run, the replicates ``(replicate,)``.
    shown
        By run, the first replica of those that have one.
    """

    index: list[int]
    states: list[str]
    outside: Array
    curves: Array
    invariants: Array
    each: dict[str, dict[int, Array]] = field(default_factory=dict)
    shown: dict[int, list[Array]] = field(default_factory=dict)

    def table(self, measure: str) -> Array:
        """Replicates ``(run, replicate)``, NaN for a run without."""
        found = self.each.get(measure, {})
        missing = np.full(max(map(len, found.values()), default=1), np.nan)
        return np.array([found.get(run, missing) for run in self.index])


def score_runs(
    fit: xr.Dataset,
    models: Sequence[Reconstruction],
    protocol: Protocol,
    suites: Sequence[Suite],
    forecasts: Forecasts,
) -> Runs:
    """Simulate, forecast and score every run that did not fail.

    Parameters
    ----------
    fit
        Content of ``fit.nc``.
    models
        The runs of it that did not fail.
    protocol, suites
        Comparisons, and the measures of each fold's free runs.
    forecasts
        The measures of forecasts.
    """
    index = [int(run) for run in fit["run"].values]
    runs = Runs(
        index,
        [str(state) for state in fit["run_status"].values],
        np.full(len(index), np.nan),
        np.full((len(index), forecasts.short.steps), np.nan),
        np.full((len(index), 2), np.nan),
    )
    for one in models:
        i = index.index(one.run)
        with np.errstate(over="ignore", invalid="ignore"):
            replicas = [free_runs(one, fold) for fold in protocol.folds]
        pieces = [piece for fold in protocol.folds for piece in fold.pieces]
        together = [
            [piece for fold in parts for piece in fold] for parts in zip(*replicas, strict=True)
        ]
        runs.states[i] = run_state(together, pieces)
        runs.curves[i], found = forecasts(
            lambda windows, one=one: one.forecast(  # type: ignore[misc]
                windows.before, windows.steps + 1, windows.inputs
            )[1:]
        )
        if runs.states[i] != "diverged":
            found |= compared(suites, replicas)
            shares = [
                suite.outside(replica)
                for suite, fold in zip(suites, replicas, strict=True)
                for replica in fold
            ]
            runs.outside[i] = float(np.mean(shares))
            runs.shown[one.run] = replicas[0][0]
            if suites[0].invariants is not None:
                runs.invariants[i] = suites[0].invariants.values(replicas[0][0])
        for name, values in found.items():
            runs.each.setdefault(name, {})[one.run] = values
    return runs


def compared(
    suites: Sequence[Suite], replicas: Sequence[Sequence[Sequence[Array]]]
) -> dict[str, Array]:
    """Scores of replicas by measure ``(replica,)``, mean over folds.

    Parameters
    ----------
    suites
        Measures of each fold, of the same names.
    replicas
        For each fold, pieces of each replica; of unequal numbers the first ones count.
    """
    number = min(map(len, replicas))
    folds = [suite(fold[:number]) for suite, fold in zip(suites, replicas, strict=True)]
    return {name: np.mean([fold[name] for fold in folds], axis=0) for name in folds[0]}


def free_runs(one: Reconstruction, fold: Fold) -> list[list[Array]]:
    """Free runs from the fold's starts, cut as the held-out data are."""
    inputs = fold.inputs()
    if inputs is not None:
        inputs = inputs[fold.lead + 1 - one.warm_up :]
    return fold.replicas(one.free_run(fold.histories(one.warm_up), fold.run_length, inputs))


def run_state(replicas: Sequence[Sequence[Array]], pieces: Sequence[Array]) -> str:
    """``"diverged"``, ``"decayed"`` (most replicas end at a point, unlike the data) or ``"ok"``."""
    together = [np.concatenate(replica) for replica in replicas]
    if not all(np.isfinite(x).all() and np.abs(x).max() < UNBOUNDED for x in together):
        return "diverged"
    scale = late_deviation(pieces)
    late = np.median([late_deviation(replica) for replica in replicas])
    return "decayed" if late < DECAYED * scale else "ok"


def late_deviation(pieces: Sequence[Array]) -> float:
    """Standard deviation within the later halves, mean over channels and pieces."""
    return float(np.mean([piece[len(piece) // 2 :].std(axis=0).mean() for piece in pieces]))
