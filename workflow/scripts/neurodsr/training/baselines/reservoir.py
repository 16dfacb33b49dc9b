"""Reservoir computers: random weights by reservoirpy, ridge regression, random search."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import reservoirpy
import xarray as xr
from numpy.typing import NDArray
from reservoirpy.mat_gen import normal

from neurodsr.models.baselines.reservoir import Reservoir
from neurodsr.preprocess.stretches import Stretch
from neurodsr.training.baselines.result import assemble, course_of_search
from neurodsr.training.baselines.segments import training_stretches
from neurodsr.training.baselines.validation import Score, make_validation, ranking

RANGES = {
    "leak": (0.05, 1.0, "log"),
    "spectral_radius": (0.1, 1.4, "linear"),
    "input_scaling": (0.05, 2.0, "log"),
    "bias": (0.0, 1.0, "linear"),
    "ridge": (1e-8, 1e-2, "log"),
    "noise": (1e-4, 1e-1, "log"),
}
"""Where the search draws from. The ridge is per sample; noise on the data, in their standard
deviations, is a second regulariser that keeps free runs on the attractor."""
SHORTLIST = 5
"""Best trials that are tried again with other random weights."""
SEARCH_SAMPLES = 20_000
"""Training samples used at most in the search."""
CHUNK = 5000


def fit_reservoir(
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
    log: logging.Logger,
) -> xr.Dataset:
    """Search hyper-parameters by free runs, then train a reservoir for each run."""
    began = time.process_time()
    longest = max(len(part) for part in training_stretches(series, 8))
    warm_up = min(settings["reservoir"]["warm_up"], longest // 4)
    size = {**settings["reservoir"], "warm_up": warm_up}
    parts = training_stretches(series, warm_up + 2)
    few = _first(parts, SEARCH_SAMPLES)
    steps = int(statespace.attrs["sequence_length"])
    validation = make_validation(series, steps, warm_up, seed, statespace.attrs["noise_level"])
    tolerance = settings["forecast_tolerance"]
    criterion = validation.criterion

    def attempt(trial: int, repetition: int) -> Score:
        rng = np.random.default_rng((seed, trial, repetition))
        return validation.score(train(few, candidates[trial], size, rng, 0))

    candidates = draw(size["trials"], np.random.default_rng(seed))
    scores = [attempt(trial, 0) for trial in range(len(candidates))]
    listed = ranking(scores, criterion, tolerance)[:SHORTLIST]
    again = [_middle([scores[trial], attempt(trial, 1), attempt(trial, 2)]) for trial in listed]
    best = int(listed[ranking(again, criterion, tolerance)[0]])
    chosen = candidates[best]
    log.info("%d trials, chosen: %s", len(candidates), chosen)
    runs = [
        train(parts, chosen, size, np.random.default_rng((seed, len(candidates), run)), run)
        for run in range(settings["runs"])
    ]
    return assemble(
        runs, [validation.score(one) for one in runs], criterion,
        course_of_search(scores, candidates), series, settings,
        parameters=runs[0].readout.size + runs[0].readout_bias.size,
        updates=0,
        sequence_length=steps,
        training_seconds=round(time.process_time() - began, 2),
        warm_up=warm_up,
        chosen_trial=best,
    )  # fmt: skip


def draw(count: int, rng: np.random.Generator) -> list[dict[str, float]]:
    """Random hyper-parameters."""
    drawn = []
    for place in rng.random((count, len(RANGES))):
        one = {}
        for (name, (low, high, scale)), share in zip(RANGES.items(), place, strict=True):
            value = low * (high / low) ** share if scale == "log" else low + share * (high - low)
            one[name] = float(value)
        drawn.append(one)
    return drawn


def train(
    parts: Sequence[Stretch],
    choice: Mapping[str, float],
    size: Mapping[str, Any],
    rng: np.random.Generator,
    run: int,
) -> Reservoir:
    """A reservoir with random weights and the read-out that predicts the next sample best.

    Parameters
    ----------
    parts
        Training data; the first ``warm_up`` samples of each only bring the reservoir to its
        state.
    choice
        Hyper-parameters (`RANGES`).
    size
        ``units``, ``connections`` (into each unit) and ``warm_up``.
    rng
        Draws weights and noise.
    run
        Index of the run.
    """
    units, warm_up = size["units"], size["warm_up"]
    channels = parts[0].x.shape[1]
    sources = channels + (0 if parts[0].s is None else parts[0].s.shape[1])
    W = normal(
        units, units, degree=min(size["connections"], units), direction="in", seed=rng
    ).sorted_indices()
    radius = np.abs(np.linalg.eigvals(W.toarray())).max()
    W = W * (choice["spectral_radius"] / max(radius, 1e-12))
    W_in = choice["input_scaling"] * rng.uniform(-1, 1, (units, sources))
    bias = choice["bias"] * rng.uniform(-1, 1, units)
    nodes = reservoirpy.nodes.Reservoir(W=W, Win=W_in, bias=bias, lr=choice["leak"])
    samples = sum(len(part) - 1 - warm_up for part in parts)
    ridge = reservoirpy.nodes.Ridge(
        ridge=choice["ridge"] * samples, input_dim=units, output_dim=channels
    )
    pairs = _states(nodes, parts, choice["noise"], warm_up, rng)
    ridge.master(ridge.worker(states, targets) for states, targets in pairs)
    return Reservoir(
        weights=W.data.reshape(units, -1),
        sources=W.indices.reshape(units, -1).astype(np.int64),
        input_weights=W_in,
        bias=bias,
        leak=choice["leak"],
        readout=ridge.Wout.T,
        readout_bias=ridge.bias,
        warm_up=warm_up,
        run=run,
    )


def _states(
    nodes: Any, parts: Sequence[Stretch], noise: float, warm_up: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """States ``(time, unit)`` driven by noisy data, and the samples to predict from them."""
    for part in parts:
        x = part.x[:-1] + noise * rng.standard_normal((len(part) - 1, part.x.shape[1]))
        driving = x if part.s is None else np.hstack([x, part.s[:-1]])
        if nodes.initialized:
            nodes.reset()
        for first in range(0, len(driving), CHUNK):
            states = nodes.run(driving[first : first + CHUNK])
            targets = part.x[first + 1 : first + 1 + len(states)]
            skipped = max(0, warm_up - first)
            yield states[skipped:], targets[skipped:]


def _first(parts: Sequence[Stretch], most: int) -> list[Stretch]:
    """The first stretches, so many samples at most in all, but at least one stretch of that."""
    kept: list[Stretch] = []
    for part in parts:
        room = most - sum(map(len, kept))
        if kept and room < len(part):
            break
        kept.append(Stretch(part.x[:most], None if part.s is None else part.s[:most]))
    return kept


def _middle(scores: Sequence[Score]) -> Score:
    """The median score by criterion."""
    return sorted(scores)[len(scores) // 2]
