"""Nested cross-validation by participant, of ridge models, for many permuted targets at once.

Everything that a fold learns (means, scales, imputed values, selected features, the penalty) comes
from its training participants. Folds do not depend on the target, so one decomposition of the
features of a fold serves all permutations of the target, and the permutation test is exact.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.intp]
Select = Callable[[Mask], Mask]

PENALTIES = 10.0 ** np.arange(-2, 4)


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation of each feature over training rows.

    Missing values take the training mean; a feature that does not vary there counts as 0.
    """

    mean: Array
    sd: Array

    @classmethod
    def fit(cls, x: Array) -> "Scaler":
        """Of rows ``(row, feature)``, NaN where a value is missing."""
        present = np.isfinite(x)
        count = np.maximum(present.sum(axis=0), 1)
        filled = np.where(present, x, 0.0)
        mean = filled.sum(axis=0) / count
        spread = np.where(present, filled - mean, 0.0)
        return cls(mean, np.sqrt((spread**2).sum(axis=0) / count))

    def apply(self, x: Array) -> Array:
        """Standardised rows without missing values."""
        varies = self.sd > 1e-12 * np.maximum(1.0, np.abs(self.mean))
        scaled = (x - self.mean) / np.where(varies, self.sd, 1.0)
        return np.where(np.isfinite(scaled) & varies, scaled, 0.0)


def partition(participant: Codes, number: int, rng: np.random.Generator) -> list[Mask]:
    """Test rows of each fold: all rows of a participant lie in the same one.

    Parameters
    ----------
    participant : (row,)
        Number of the participant of each row.
    number
        Of folds; never more than there are participants.
    rng
        Shuffles the participants.
    """
    people = rng.permutation(np.unique(participant))
    parts = np.array_split(people, min(number, people.size))
    return [np.isin(participant, part) for part in parts]


def varies_within(target: Array, participant: Codes) -> bool:
    """Whether a participant has rows with different values of the target."""
    return any(np.ptp(target[participant == one]) > 0 for one in np.unique(participant))


def exchange(
    target: Array,
    participant: Codes,
    blocks: Codes | None,
    number: int,
    rng: np.random.Generator,
) -> Array:
    """Targets as they could have been, had the features nothing to do with them.

    A target that is the same in all rows of a participant changes hands between participants; one
    that varies is shuffled among the rows of each participant.

    Parameters
    ----------
    target : (row,)
        Numbers, or numbers of classes.
    participant : (row,)
        Number of the participant of each row.
    blocks : (row,)
        Values change hands within a block (such as a site) alone; None for one block.
    number
        Of permutations.
    rng
        Source of the permutations.

    Returns
    -------
    Array
        ``(row, 1 + number)``; the first column is the target itself.
    """
    block = np.zeros(target.size, dtype=np.intp) if blocks is None else blocks
    _, first, codes = np.unique(participant, return_index=True, return_inverse=True)
    if varies_within(target, participant):
        keys, holder, values = codes * (block.max() + 1) + block, np.arange(target.size), target
    else:
        keys, holder, values = block[first], codes, target[first]
    drawn = np.tile(values, (1 + number, 1))
    for key in np.unique(keys):
        members = keys == key
        drawn[1:, members] = rng.permuted(drawn[1:, members], axis=1)
    return np.asarray(drawn[:, holder].T)


def cross_validate(
    x: Array,
    targets: Array,
    participant: Codes,
    classes: int,
    folds: list[Mask],
    select: Select,
    rng: np.random.Generator,
) -> tuple[Array, float]:
    """Predictions for every row by a model that has seen no row of its participant.

    Parameters
    ----------
    x : (row, feature)
        NaN where a value is missing.
    targets : (row, permutation)
        Numbers, or numbers 0, 1, ... of classes.
    participant : (row,)
        Number of the participant of each row.
    classes
        Number of classes; 0 for a continuous target.
    folds
        From `partition`.
    select
        Says from training rows which features to use.
    rng
        Shuffles participants into the inner folds that choose the penalty (least squared error).

    Returns
    -------
    tuple
        ``(row, permutation, output)``: for a continuous target the prediction; for classes how much
        nearer the row is to the centre of each class than to those of the others, in the space of
        ridge regressions on class indicators (with two classes: regularised discriminant analysis
        with equal priors; Hastie, Buja & Tibshirani 1995, Ann. Stat. 23:73). And the mean number
        of features used.
    """
    coded = _coded(targets, classes)
    result = np.zeros((*targets.shape, classes or 1))
    used = []
    for test in folds:
        train = ~test
        columns = select(train)
        used.append(int(columns.sum()))
        kept = x[:, columns]
        y = coded[train]
        penalty = _choose_penalty(kept[train], y, participant[train], len(folds), rng)
        fitted, predicted = _refit(kept[train], kept[test], y, penalty)
        if classes:
            result[test] = _margins(fitted, predicted, targets[train], classes)
        else:
            result[test] = predicted
    return result, float(np.mean(used))


def _coded(targets: Array, classes: int) -> Array:
    """What is regressed on, ``(row, permutation, output)``."""
    if classes > 2:
        return np.asarray(targets[..., None] == np.arange(classes), dtype=float)
    return targets[..., None].astype(float)


def _choose_penalty(
    x: Array, y: Array, participant: Codes, number: int, rng: np.random.Generator
) -> Codes:
    """Place in `PENALTIES` that predicts best within the training rows, ``(permutation,)``."""
    errors = np.zeros((PENALTIES.size, y.shape[1]))
    for test in partition(participant, number, rng):
        if test.all():
            continue
        part = y[~test]
        centre = part.mean(axis=0)
        for place, predicted in enumerate(ridge_path(x[~test], x[test], part - centre)):
            errors[place] += ((predicted + centre - y[test]) ** 2).sum(axis=(0, 2))
    # of equally good ones the strongest: nothing to learn means shrink
    return np.asarray(PENALTIES.size - 1 - np.argmin(np.round(errors[::-1], 12), axis=0))


def _decompose(x: Array) -> tuple[Array, Array, Array, Array]:
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    kept = s > 1e-10 * s.max(initial=1.0)
    u, s, vt = u[:, kept], s[kept], vt[kept]
    scale = float(np.mean(s**2)) if s.size else 1.0
    return u, s, vt, s / (s**2 + scale * PENALTIES[:, None])


def ridge_path(train: Array, test: Array, y: Array) -> Iterator[Array]:
    """Ridge predictions of centred targets for each of `PENALTIES`.

    Rows are standardised with the training rows; a penalty is in units of the mean squared
    singular value of the standardised training rows.

    Parameters
    ----------
    train : (row, feature)
        Rows to learn from, NaN where a value is missing.
    test : (row, feature)
        Rows to predict.
    y : (row, ...)
        Of the training rows, with mean 0.
    """
    scaler = Scaler.fit(train)
    u, _, vt, shrunk = _decompose(scaler.apply(train))
    inner, outer = np.tensordot(u.T, y, 1), scaler.apply(test) @ vt.T
    for weights in shrunk:
        yield np.tensordot(outer * weights, inner, 1)


def _refit(train: Array, test: Array, y: Array, penalty: Codes) -> tuple[Array, Array]:
    """Fitted and predicted values with the chosen penalty of each permutation."""
    scaler = Scaler.fit(train)
    u, s, vt, shrunk = _decompose(scaler.apply(train))
    centre = y.mean(axis=0)
    inner = np.tensordot(u.T, y - centre, 1) * shrunk[penalty].T[:, :, None]
    fitted = np.tensordot(u * s, inner, 1) + centre
    return fitted, np.tensordot(scaler.apply(test) @ vt.T, inner, 1) + centre


def _margins(fitted: Array, predicted: Array, labels: Array, classes: int) -> Array:
    """How much nearer each class is than the others, ``(row, permutation, class)``.

    Squared distances are in units of the variance within classes, which makes the margins of
    different folds log odds alike; a class without training rows is farthest.
    """
    member = (labels[..., None] == np.arange(classes)).astype(float)
    count = member.sum(axis=0)
    centre = np.einsum("rpk,rpo->pko", member, fitted) / np.maximum(count, 1)[..., None]
    own = np.einsum("rpk,pko->rpo", member, centre)
    within = ((fitted - own) ** 2).sum(axis=-1).mean(axis=0)
    least = 1e-6 * ((fitted - fitted.mean(axis=0)) ** 2).sum(axis=-1).mean(axis=0)
    told = least > 1e-24
    distance = ((predicted[:, :, None] - centre) ** 2).sum(axis=-1)
    unit = np.where(told, np.maximum(within, least), 1.0)[:, None]
    distance = np.where(told[:, None], distance / unit, 0.0)
    farthest = distance.max(axis=-1, keepdims=True) + 1
    distance = np.where(count == 0, farthest, distance)
    others = (distance.sum(axis=-1, keepdims=True) - distance) / (classes - 1)
    return np.asarray(others - distance)
