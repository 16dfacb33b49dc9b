"""Confounds, drift and unwanted frequencies taken out at once, by least squares.

Filtering after regression brings confounds back, and regression after filtering brings unwanted
frequencies back (Lindquist, Geuter, Wager & Caffo 2019, Hum Brain Mapp 40:2358; Hallquist, Hwang &
Luna 2013, NeuroImage 82:208). Here frequencies outside the band are regressors themselves, beside
the confounds, and rejected volumes take no part in the fit.
"""

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.signal import Signal, anything, patterns, pieces

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_FREE = 5


def out_of_band(
    samples: int, interval: float, highpass: float | None, lowpass: float | None
) -> Array:
    """Cosines (DCT-II) of the frequencies outside a band ``(time, cosine)``, without the mean.

    The k-th has the frequency ``k / (2 samples interval)``.
    """
    frequency = np.arange(1, samples) / (2.0 * samples * interval)
    outside = np.zeros(len(frequency), dtype=bool)
    if highpass is not None:
        outside |= frequency < highpass
    if lowpass is not None:
        outside |= frequency > lowpass
    phase = np.pi * (np.arange(samples)[:, None] + 0.5) / samples
    basis: Array = np.cos(phase * (np.flatnonzero(outside) + 1))
    return basis


def nuisance_basis(
    samples: int, interval: float, band: tuple[float | None, float | None], degree: int | None
) -> Array:
    """Constant, polynomial up to a degree, and cosines outside the band ``(time, regressor)``."""
    x = np.linspace(-1.0, 1.0, samples)
    powers = np.polynomial.legendre.legvander(x, degree or 0)
    return np.concatenate([powers, out_of_band(samples, interval, *band)], axis=1)


def regressed(
    signal: Signal,
    confounds: Array | None,
    band: tuple[float | None, float | None],
    degree: int | None,
    from_train: bool,
) -> Array:
    """Residuals ``(time, channel)`` plus the mean of the training samples.

    By the theorem of Frisch, Waugh and Lovell, taking the basis of each stretch out of signal and
    confounds, and then the confounds out of the signal, is the joint regression. That lets the
    weights of the confounds come from the training samples while each stretch keeps its own drift.
    """
    parts = []
    for code, where in pieces(signal):
        values = signal.values[where]
        present = anything(values)
        if code < 0 or not present.any():
            continue
        basis = nuisance_basis(len(values), signal.interval, band, degree)
        extra = 0 if confounds is None else confounds.shape[1]
        needed = basis.shape[1] + (0 if from_train and code != 0 else extra)
        if present.sum() < needed + FEWEST_FREE:
            raise RecordingError(
                f"{signal.modality}: regression: {needed} regressors for {int(present.sum())} "
                "volumes in a stretch of one split; widen the band, choose fewer confounds, or "
                "use weights: train"
            )
        also = np.zeros((len(values), 0)) if confounds is None else filled(confounds[where])
        also[~present] = np.nan
        parts.append((code, where, projected_out(basis, values), projected_out(basis, also)))
    weights = None
    if confounds is not None and from_train:
        train = [(y, c) for code, _, y, c in parts if code == 0]
        weights = weights_of(
            np.concatenate([c for _, c in train]), np.concatenate([y for y, _ in train])
        )
    result = np.full_like(signal.values, np.nan)
    for _, where, y, c in parts:
        own = weights_of(c, y) if weights is None else weights
        result[where] = y - c @ own
    level: Array = np.nanmean(signal.values[signal.train], axis=0)
    return result + level


def filled(confounds: Array) -> Array:
    """Missing values (a derivative has none at the first volume) become the column's mean."""
    present = np.isfinite(confounds)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, confounds, 0.0).sum(axis=0) / count
    result: Array = np.where(present, confounds, mean)
    return result


def projected_out(basis: Array, values: Array) -> Array:
    """What least squares of a basis leaves of each column, fitted to the samples it has."""
    result = np.full_like(values, np.nan)
    present = np.isfinite(values)
    for rows, columns in patterns(present):
        if not rows.any():
            continue
        here = np.ix_(rows, columns)
        weights = np.linalg.lstsq(basis[rows], values[here], rcond=None)[0]
        result[here] = values[here] - basis[rows] @ weights
    return result


def weights_of(confounds: Array, values: Array) -> Array:
    """Least-squares weights ``(confound, channel)``, from the samples that are there."""
    weights = np.zeros((confounds.shape[1], values.shape[1]))
    if not weights.size:
        return weights
    there: Mask = np.asarray(np.isfinite(confounds).all(axis=1))
    present = np.isfinite(values) & there[:, None]
    for rows, columns in patterns(present):
        if rows.any():
            here = np.ix_(rows, columns)
            weights[:, columns] = np.linalg.lstsq(confounds[rows], values[here], rcond=None)[0]
    return weights
