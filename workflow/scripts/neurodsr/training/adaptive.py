"""Adaptive generalised teacher forcing (Hess et al. 2023, Algorithm 1).

Forcing of strength 1 - 1 / kappa keeps gradients bounded where Jacobians stretch by kappa at most.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.models.maps import ShallowMap, StructuredMap
from neurodsr.training.compiled import growth as kernels

Array = NDArray[Any]

START = 1.0
"""Strength before the first estimate."""
ITERATION = 3
"""Measured cost of an iteration for a norm, in multiplications of a training kernel per entry."""
ESTIMATORS = {
    "product_upper_bound": kernels.PRODUCT,
    "arithmetic_mean": kernels.MEAN,
    "batch_maximum": kernels.MAXIMUM,
}


def growth(maps: StructuredMap, encoder: Tensor, x: Array, estimator: str) -> Array:
    """How much the Jacobians at the forcing signals stretch, ``(run,)``.

    Parameters
    ----------
    maps
        Maps of all runs.
    encoder : (run, latent, channel)
        Turns observations into the forcing signals of all latent units.
    x : (run, block, sample, channel, lane)
        Windows of observations, see `windows.Batch`; signals without all of them do not count. The
        last sample, which forces nothing, is left out.
    estimator
        ``product_upper_bound``: largest geometric mean of the norms along a window;
        ``arithmetic_mean``: largest norm of the mean Jacobian of a window; ``batch_maximum``:
        largest norm; ``jacobian_upper_bound``: a bound on the norm of every Jacobian there is.

    Returns
    -------
    Array
        NaN where no signal is complete, or the parameters are not finite.
    """
    if estimator == "jacobian_upper_bound":
        return upper_bound(maps)
    E = _array(encoder)
    times = sample_times(maps, x.shape[2] - 1)
    kappa = np.empty(x.shape[:2])
    given = (E, x, times, ESTIMATORS[estimator], kappa)
    if isinstance(maps, ShallowMap):
        arrays = [_array(one) for one in (maps.a, maps.W1, maps.W2, maps.h2)]
        kernels.shallow(*arrays, maps.clipped, *given)
    else:
        arrays = [_array(one) for one in (maps.a, maps.W, maps.alpha, maps.H)]
        kernels.elementwise(*arrays, maps.clipped, maps.centred, *given)
    largest: Array = np.fmax.reduce(kappa, axis=1)
    return largest


def sample_times(maps: StructuredMap, steps: int) -> NDArray[np.intp]:
    """Evenly spaced samples of a window: as many as cost about as much as one update.

    The first sample is always among them, since it is never without all of its channels.
    """
    latent = maps.a.shape[1]
    if isinstance(maps, ShallowMap):
        weights = 2 * maps.W1[0].numel()
        jacobian = weights // 2 * (1 + latent)
    else:
        weights = latent**2 + 2 * maps.alpha[0].numel()
        jacobian = weights
    share = 3 * weights / (jacobian + ITERATION * kernels.ROUND * kernels.ROUNDS * latent**2)
    count = int(np.clip(share * steps, 1, steps))
    return np.rint(np.linspace(0, steps - 1, count)).astype(np.intp)


def upper_bound(maps: StructuredMap) -> Array:
    """Bound on the norm of all Jacobians: max |a| + ||W1|| ||W2||, or max |a| + ||W|| max |g'|."""
    own: Array = np.abs(_array(maps.a)).max(axis=1)
    if isinstance(maps, ShallowMap):
        own += _norm(_array(maps.W1)) * _norm(_array(maps.W2))
        return own
    alpha = _array(maps.alpha)
    steepest = np.abs(alpha).sum(axis=1).max(axis=1)
    if alpha.shape[2] < maps.a.shape[1]:
        steepest = np.maximum(steepest, 1.0)
    own += _norm(_array(maps.W)) * steepest
    return own


def next_strength(strength: Array, kappa: Array, decay: float) -> Array:
    """Strengths ``(run,)`` after an estimate of growth.

    Parameters
    ----------
    strength : (run,)
        Present ones.
    kappa : (run,)
        Growth; NaN leaves a strength as it is.
    decay
        What remains of a strength that is larger than needed, at each estimate.
    """
    needed = np.where(np.isnan(kappa), strength, 1 - 1 / np.fmax(kappa, 1))
    return np.where(needed > strength, needed, decay * strength + (1 - decay) * needed)


def _array(tensor: Tensor) -> Array:
    return tensor.detach().contiguous().numpy()


def _norm(matrices: Array) -> Array:
    """Spectral norms ``(run,)``."""
    if matrices.shape[1] > matrices.shape[2]:
        matrices = matrices.transpose(0, 2, 1)
    squares = matrices @ matrices.transpose(0, 2, 1)
    norms: Array = np.sqrt(np.maximum(np.linalg.eigvalsh(squares)[:, -1], 0.0))
    return norms
