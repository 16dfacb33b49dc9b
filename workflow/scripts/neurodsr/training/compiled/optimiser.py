"""Rectified Adam and Adam on the parameters of all runs, each run with its own rate."""

import numpy as np
from numba import prange

from neurodsr.training.compiled import parallel

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@parallel
def update(parameters, gradient, first, second, number, rate, clip, rectified, finite):  # type: ignore[no-untyped-def]
    """One update in place (Kingma & Ba 2015; rectified: Liu et al. 2020), as torch makes it.

    Parameters
    ----------
    parameters, gradient, first, second : (run, parameter)
        Parameters, gradient of the loss, and the moments.
    number
        Of this update, from 1.
    rate : (run,)
        Learning rates.
    clip
        Largest norm of a run's gradient; 0 for no limit.
    rectified
        RAdam instead of Adam.
    finite : (run,)
        Set to False where the gradient is not finite; such a run stays as it is.
    """
    correction1 = 1.0 - BETA1**number
    correction2 = 1.0 - BETA2**number
    longest = 2.0 / (1.0 - BETA2) - 1.0
    length = longest - 2.0 * number * BETA2**number / correction2
    tractable = length > 5.0
    rectification = 1.0
    if rectified and tractable:
        rectification = np.sqrt(
            (length - 4.0) * (length - 2.0) * longest
            / ((longest - 4.0) * (longest - 2.0) * length)
        )  # fmt: skip
    kind = parameters.dtype.type
    for run in prange(len(parameters)):
        squares = 0.0
        for p in range(parameters.shape[1]):
            squares += gradient[run, p] * gradient[run, p]
        norm = np.sqrt(squares)
        if not np.isfinite(norm):
            finite[run] = False
        if finite[run]:
            scale = kind(clip / norm if 0.0 < clip < norm else 1.0)
            step = kind(rate[run] / correction1)
            spread = kind(rectification * np.sqrt(correction2))
            plain = rectified and not tractable
            for p in range(parameters.shape[1]):
                g = scale * gradient[run, p]
                m = kind(BETA1) * first[run, p] + kind(1.0 - BETA1) * g
                v = kind(BETA2) * second[run, p] + kind(1.0 - BETA2) * g * g
                first[run, p] = m
                second[run, p] = v
                if plain:
                    parameters[run, p] -= step * m
                else:
                    parameters[run, p] -= step * m * spread / (np.sqrt(v) + kind(EPSILON))
