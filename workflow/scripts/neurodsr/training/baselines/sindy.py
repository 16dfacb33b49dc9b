"""Sparse regression of differential equations by pysindy, its choices made on validation data."""

import logging
import time
import warnings
from collections.abc import Mapping, Sequence
from itertools import product
from math import comb
from typing import Any

import numpy as np
import pysindy
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.models.baselines.sindy import SINDy
from neurodsr.preprocess.stretches import Stretch
from neurodsr.training.baselines.result import assemble, course_of_search
from neurodsr.training.baselines.segments import bootstrap, training_stretches
from neurodsr.training.baselines.validation import Score, admission, make_validation, ranking
from neurodsr.training.selection import Criterion

DEGREES = (1, 2, 3)
THRESHOLDS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SMOOTHINGS = (1, 7, 15, 31)
MOST_TERMS = 600
"""Automatic degrees have at most so many monomials; least squares costs their number squared."""
TOLERANCE = 0.2
"""A model with fewer terms is preferred to one whose criterion is better by less than this part."""


def fit_sindy(
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
    log: logging.Logger,
) -> xr.Dataset:
    """Run 0 is fitted to all training data, later runs to bootstrap samples of them."""
    began = time.process_time()
    interval = float(series.attrs["sampling_interval"])
    parts = training_stretches(series, 10)
    steps = int(statespace.attrs["sequence_length"])
    validation = make_validation(series, steps, 1, seed, statespace.attrs["noise_level"])
    candidates = choices(settings["sindy"], parts)
    models = [identify(parts, interval, **one, run=0) for one in candidates]
    scores = [validation.score(one) for one in models]
    terms = [int(np.count_nonzero(one.coefficients)) for one in models]
    tolerance = settings["forecast_tolerance"]
    criterion = validation.criterion
    best = simplest(scores, terms, criterion, tolerance)
    chosen = candidates[best]
    log.info("%d candidates, chosen: %s", len(candidates), chosen)
    shortest = 4 * chosen["smoothing"] + 10
    runs = [
        identify(bootstrap(parts, run, seed, shortest), interval, **chosen, run=run)
        for run in range(settings["runs"])
    ]
    return assemble(
        runs, [validation.score(one) for one in runs], criterion,
        course_of_search(scores, candidates), series, settings,
        parameters=runs[0].coefficients.size,
        updates=0,
        sequence_length=steps,
        training_seconds=round(time.process_time() - began, 2),
        chosen_trial=best,
    )  # fmt: skip


def simplest(
    scores: Sequence[Score], terms: Sequence[int], criterion: Criterion, tolerance: float | None
) -> int:
    """Index of the model with the fewest terms of those that do about as well as the best.

    None is taken that `admission` bars, unless it bars all. Where the criterion of the best is
    below the floor, so well has to be the forecast as well; so near have to be the data in state
    space.
    """
    good = admission(scores, tolerance)
    first, *rest = ranking(scores, criterion, tolerance)
    best, floor = scores[first], criterion.equal_below(tolerance)
    value = (1 + TOLERANCE) * max(best.value, floor)
    error = (1 + TOLERANCE) * best.error if best.value < floor else np.inf
    divergence = (1 + TOLERANCE) * best.divergence
    alike = [
        i
        for i in rest
        if good[i] == good[first]
        and scores[i].value <= value
        and scores[i].error <= error
        and scores[i].divergence <= divergence
    ]
    return int(min([first, *alike], key=lambda i: terms[i]))


def choices(settings: Mapping[str, Any], parts: Sequence[Stretch]) -> list[dict[str, Any]]:
    """All combinations to try; a value that the settings give is kept.

    Raises
    ------
    RecordingError
        When the data are too few for the polynomials that the settings ask for.
    """
    sources = parts[0].x.shape[1] + (0 if parts[0].s is None else parts[0].s.shape[1])
    longest = max(len(part) for part in parts)
    samples = sum(len(part) for part in parts)
    terms = {degree: comb(sources + degree, degree) for degree in range(1, 11)}
    degrees = (
        [d for d in DEGREES if terms[d] <= min(MOST_TERMS, samples // 2)]
        if settings["degree"] == "auto"
        else [settings["degree"]]
    )
    if not degrees or terms[degrees[-1]] > samples:
        needed = terms[degrees[-1] if degrees else 1]
        raise RecordingError(
            f"series: observation: {samples} training samples are too few for the {needed} "
            "monomials of a sindy model; lower its degree, keep fewer channels or leave it out"
        )
    thresholds = THRESHOLDS if settings["threshold"] == "auto" else (settings["threshold"],)
    smoothings = [s for s in SMOOTHINGS if 4 * s <= longest]
    if settings["smoothing"] != "auto":
        smoothings = [settings["smoothing"]]
    return [
        {"degree": degree, "threshold": threshold, "smoothing": smoothing}
        for degree, threshold, smoothing in product(degrees, thresholds, smoothings)
    ]


def identify(
    parts: Sequence[Stretch],
    interval: float,
    degree: int,
    threshold: float,
    smoothing: int,
    run: int,
) -> SINDy:
    """Differential equation of the data.

    Parameters
    ----------
    parts
        Training data; those shorter than the smoothing are left out.
    interval
        Sampling interval (s).
    degree
        Of the polynomials.
    threshold
        Coefficients below this part of the derivatives' standard deviation are set to zero.
    smoothing
        Samples of the Savitzky-Golay filter (cubic) that data are smoothed by before they are
        differentiated; 1 for none.
    run
        Index of the run.
    """
    states, slopes, inputs = [], [], []
    edge = smoothing // 2
    for part in parts:
        if len(part) < max(smoothing + 2 * edge + 1, 5):
            continue
        method = (
            pysindy.SmoothedFiniteDifference(
                order=4, smoother_kws={"window_length": smoothing, "polyorder": 3}
            )
            if smoothing > 3
            else pysindy.FiniteDifference(order=4)
        )
        inside = slice(edge, len(part) - edge)
        slopes.append(np.asarray(method(part.x, interval))[inside])
        states.append(np.asarray(method.smoothed_x_)[inside])
        inputs.append(None if part.s is None else part.s[inside])
    if not states:
        raise RecordingError(
            f"series: observation: no stretch of training data is long enough to be smoothed over "
            f"{smoothing} samples; lower smoothing of the sindy model"
        )
    size = float(np.concatenate(slopes).std(axis=0).mean())
    model = pysindy.SINDy(
        optimizer=pysindy.STLSQ(threshold=threshold * size, alpha=0.05),
        feature_library=pysindy.PolynomialLibrary(degree=degree),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of coefficients that are all zero, or ill-conditioned
        model.fit(states, t=interval, x_dot=slopes, u=None if inputs[0] is None else inputs)
    return SINDy(
        coefficients=np.asarray(model.coefficients(), dtype=float),
        exponents=np.asarray(model.feature_library.powers_, dtype=np.int64),
        interval=interval,
        run=run,
    )
