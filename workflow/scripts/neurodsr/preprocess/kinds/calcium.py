"""Calcium imaging: fluorescence over its running baseline, and the events behind it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.signal import Signal, pieces, runs

Array = NDArray[np.float64]

STEPS_PER_WINDOW = 8
FEWEST = 100


def baseline_of(values: Array, window: int, percentile: float) -> Array:
    """Running percentile ``(time, channel)`` of one stretch, missing values aside.

    It is computed every eighth of a window and interpolated linearly between. Windows are cut at
    the ends of the stretch.
    """
    samples = len(values)
    step = max(1, window // STEPS_PER_WINDOW)
    centres = np.unique(np.append(np.arange(0, samples, step), samples - 1))
    present = np.isfinite(values)
    result = np.full_like(values, np.nan)
    for channel in np.flatnonzero(present.any(axis=0)):
        at, low = [], []
        for centre in centres:
            where = slice(max(0, centre - window // 2), centre + window // 2 + 1)
            inside = values[where, channel][present[where, channel]]
            if inside.size:
                at.append(centre)
                low.append(np.percentile(inside, percentile))
        result[:, channel] = np.interp(np.arange(samples), at, low)
    return result


def over_baseline(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Fluorescence relative to, or minus, its running baseline (dF/F, or dF).

    The baseline of a sample is taken from its own split alone, so no sample of another shapes it.

    Raises
    ------
    RecordingError
        The baseline is not positive, so that a ratio means nothing.
    """
    window = max(3, round(options["window"] / signal.interval))
    values = signal.values.copy()
    for _, where in pieces(signal):
        baseline = baseline_of(values[where], window, options["percentile"])
        if options["output"] == "ratio":
            wrong = (baseline <= 0).any(axis=0)
            if wrong.any():
                name = signal.channels[int(wrong.argmax())]
                raise RecordingError(
                    f"{signal.modality}: baseline: that of {name} is not positive, so dF/F has no "
                    "meaning (perhaps it is dF/F already); use output: difference, or leave it out"
                )
            values[where] = values[where] / baseline - 1.0
        else:
            values[where] -= baseline
    word = "dF/F" if options["output"] == "ratio" else "dF"
    step = f"{word} over the {options['percentile']:g} % baseline of {options['window']:g} s"
    return signal.then(step, values=values, apart=True)


def deconvolved(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Events, or denoised calcium, by OASIS (Friedrich, Zhou & Paninski 2017) with AR(1) decay.

    Decay, noise, baseline and penalty of each channel come from its longest training stretch. Each
    stretch of each split is then deconvolved on its own.

    Raises
    ------
    RecordingError
        A channel has too few training samples, or the package is not there.
    """
    try:
        from oasis.functions import deconvolve
        from oasis.oasis_methods import oasisAR1
    except ImportError as error:
        raise RecordingError(
            f"{signal.modality}: deconvolution: the package oasis-deconv is not installed ({error})"
            "; install it, or set deconvolution: null"
        ) from error
    known = {} if options["decay"] is None else {"tau_d": float(options["decay"])}
    result = np.full_like(signal.values, np.nan)
    decays = []
    for channel, name in enumerate(signal.channels):
        values = signal.values[:, channel]
        present = np.isfinite(values)
        training = runs(present & signal.train)
        longest = max(training, key=lambda where: where.stop - where.start, default=slice(0, 0))
        fitted = np.ascontiguousarray(values[longest])
        if len(fitted) < FEWEST or np.ptp(fitted) == 0.0:
            raise RecordingError(
                f"{signal.modality}: deconvolution: {name} has no training stretch of {FEWEST} "
                "varying samples; leave it out, or set deconvolution: null"
            )
        _, _, offset, g, penalty = deconvolve(
            fitted, framerate=1.0 / signal.interval, penalty=1, **known
        )
        g = float(np.atleast_1d(g)[0])
        if not 0.0 < g < 1.0:
            raise RecordingError(
                f"{signal.modality}: deconvolution: {name} does not decay from sample to sample "
                f"(by a factor of {g:.3g}); give deconvolution.decay (s), or leave it out"
            )
        decays.append(-signal.interval / np.log(g))
        for _, piece in pieces(signal):
            for part in runs(present[piece]):
                where = slice(piece.start + part.start, piece.start + part.stop)
                calcium, events = oasisAR1(
                    np.ascontiguousarray(values[where] - offset), g, lam=penalty
                )
                result[where, channel] = events if options["output"] == "events" else calcium
    facts = {"calcium_decay": float(np.median(decays))}
    return signal.then(f"OASIS {options['output']}", values=result, facts=facts, apart=True)
