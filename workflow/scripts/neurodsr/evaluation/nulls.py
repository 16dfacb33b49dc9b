"""Null models: what a score is worth is how far it lies below theirs."""

import numpy as np

from neurodsr.evaluation.protocol import Fold
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.var import VAR
from neurodsr.statespace.surrogates import iaaft

NULLS = ("VAR", "IAAFT", "persistence")
MOST_VALUES = 5_000_000
"""Values of all surrogates together; fewer surrogates, at least two, are made of large windows."""
ITERATIONS = 20


def simulated(fold: Fold, var: VAR, repeats: int, rng: np.random.Generator) -> list[list[Array]]:
    """Replicas of a vector autoregression from the starts of the free runs, innovations drawn."""
    history, inputs = fold.histories(var.order), fold.inputs()
    inputs = None if inputs is None else inputs[fold.lead :]
    found = []
    for _ in range(repeats):
        orbit = var.simulate(history, fold.run_length - 1, rng, inputs)
        found += fold.replicas(np.concatenate([history[-1:], orbit]))
    return found


def surrogates(fold: Fold, repeats: int, rng: np.random.Generator) -> list[list[Array]]:
    """Iterated amplitude-adjusted Fourier surrogates of other data of the system.

    They have the values of the data and closely their spectra and cross-spectra, and are linear
    otherwise (Schreiber and Schmitz 1996).
    """
    size = sum(piece.size for piece in fold.windows[0])
    number = int(np.clip(MOST_VALUES // size, 2, repeats * len(fold.windows)))
    return [
        [iaaft(piece, 1, ITERATIONS, rng)[0] for piece in fold.windows[i % len(fold.windows)]]
        for i in range(number)
    ]


def constant(fold: Fold) -> list[list[Array]]:
    """Replicas that stay for ever where a free run starts."""
    starts = fold.histories(1)[0]
    return fold.replicas(persistence(starts, fold.run_length))


def persistence(start: Array, steps: int) -> Array:
    """Forecast that nothing changes: ``(steps, ...)`` copies of ``start``."""
    return np.broadcast_to(start, (steps, *start.shape))
