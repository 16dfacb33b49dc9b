"""How good predictions of a target are: balanced accuracy and AUC of classes, R2 of numbers."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


def scores(output: Array, truth: Array, classes: int) -> dict[str, Array]:
    """Scores of each permutation.

    Parameters
    ----------
    output : (unit, permutation, output)
        Predictions, or for each class how clearly it is chosen.
    truth : (unit, permutation)
        Targets: numbers, or numbers 0, 1, ... of classes.
    classes
        Number of classes; 0 for a continuous target.

    Returns
    -------
    dict
        ``r2`` is 1 - squared error / variance (0: no better than the mean); ``balanced_accuracy``
        the mean share of right answers over classes; ``auc`` the chance that a unit of a class
        ranks above one of the others, mean over classes. Each ``(permutation,)``.
    """
    if not classes:
        spread = truth.var(axis=0)
        error = ((output[..., 0] - truth) ** 2).mean(axis=0)
        return {"r2": 1 - error / np.where(spread > 0, spread, np.nan)}
    right = output.argmax(axis=-1) == truth
    ranks = stats.rankdata(np.round(output, 12), axis=0)
    shares, areas = [], []
    for one in range(classes):
        member = truth == one
        n = member.sum(axis=0)
        shares.append((right & member).sum(axis=0) / n)
        above = (ranks[..., one] * member).sum(axis=0) - n * (n + 1) / 2
        areas.append(above / (n * (len(truth) - n)))
    return {"balanced_accuracy": np.mean(shares, axis=0), "auc": np.mean(areas, axis=0)}


def resampled_scores(output: Array, truth: Array, classes: int, weights: Array) -> dict[str, Array]:
    """Scores, averaged over repetitions, of resamples of the units.

    Parameters
    ----------
    output : (repetition, unit, output)
        Predictions as in `scores`, of each repetition.
    truth : (unit,)
        Targets as in `scores`.
    classes
        Number of classes; 0 for a continuous target.
    weights : (resample, unit)
        How often each resample holds a unit.

    Returns
    -------
    dict
        As of `scores`, ``(resample,)``; NaN for a resample that lacks a class.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if not classes:
            error = ((output[..., 0] - truth) ** 2).mean(axis=0)
            total = weights.sum(axis=1)
            mean = weights @ truth / total
            spread = weights @ truth**2 / total - mean**2
            return {"r2": 1 - weights @ error / total / np.where(spread > 1e-15, spread, np.nan)}
        right = (output.argmax(axis=-1) == truth).mean(axis=0)
        rounded = np.round(output, 12)
        shares, areas = [], []
        for one in range(classes):
            member = truth == one
            inside, outside = weights[:, member], weights[:, ~member]
            shares.append(inside @ right[member] / inside.sum(axis=1))
            above = np.zeros((int(member.sum()), int((~member).sum())))
            for single in rounded[..., one]:
                above += (np.sign(single[member][:, None] - single[~member]) + 1) / 2
            pairs = np.einsum("ra,ab,rb->r", inside, above / len(output), outside, optimize=True)
            areas.append(pairs / (inside.sum(axis=1) * outside.sum(axis=1)))
    return {"balanced_accuracy": np.mean(shares, axis=0), "auc": np.mean(areas, axis=0)}
