"""Structure in a matrix of distances: groups, clusters, a plane, sessions of one person."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

MOST_CLUSTERS = 6
RESAMPLES = 200
KEPT = 0.8
"""Share of the subjects that a resample keeps."""


@dataclass(frozen=True)
class Separation:
    """Whether groups lie apart.

    Attributes
    ----------
    F
        Ratio of the mean squares of distances between and within groups.
    share
        Share of the squared distances that the groups explain (R²).
    p
        Rank of F among permutations of the groups of subjects.
    subjects
        Number of subjects in the test.
    """

    F: float
    share: float
    p: float
    subjects: int


@dataclass(frozen=True)
class Clusters:
    """Clusters by average linkage.

    Attributes
    ----------
    label : (recording,)
        Cluster of each, from 0.
    silhouette
        Mean over recordings; below 0.25 there is no substantial structure (Kaufman & Rousseeuw
        1990, Finding Groups in Data, ch. 2).
    stability : (resample,)
        Adjusted Rand index with the clusters found in a part of the subjects: 1 the same, 0 chance.
    """

    label: Codes
    silhouette: float
    stability: Array


def separation(
    distance: Array, subject: Codes, group: Codes, permutations: int, rng: np.random.Generator
) -> Separation:
    """Test whether groups of subjects lie apart, by permutation of subjects.

    Parameters
    ----------
    distance : (recording, recording)
        Complete.
    subject, group : (recording,)
        The recordings of a subject stand for their centre, so that the subject is the unit.
    permutations
        Number of random orders.
    rng
        Their source.

    References
    ----------
    Anderson 2001, Austral Ecol. 26:32. Groups that differ in spread alone can be told apart, too.
    """
    _, first, member = np.unique(subject, return_index=True, return_inverse=True)
    mean = np.zeros((len(first), len(subject)))
    mean[member, np.arange(len(subject))] = 1 / np.bincount(member)[member]
    of_subjects = centred(mean @ gram(distance) @ mean.T)
    _, label = np.unique(group[first], return_inverse=True)
    groups = np.eye(label.max() + 1)[label] / np.sqrt(np.bincount(label))
    n, k = groups.shape
    total = float(np.trace(of_subjects))
    orders = np.concatenate(
        [np.arange(n)[None], rng.permuted(np.tile(np.arange(n), (permutations, 1)), axis=1)]
    )
    between = np.empty(len(orders))
    for start in range(0, len(orders), 500):
        shuffled = groups[orders[start : start + 500]]
        between[start : start + 500] = np.einsum(
            "pik,pik->p", shuffled, np.matmul(of_subjects, shuffled)
        )
    if total <= 0 or n <= k:
        return Separation(float("nan"), float("nan"), float("nan"), n)
    least = np.finfo(float).eps * total
    F = between / (k - 1) / (np.maximum(total - between, least) / (n - k))
    return Separation(
        float(F[0]), float(between[0] / total), float(np.mean(F[0] * (1 - 1e-9) <= F)), n
    )


def clusters(distance: Array, subject: Codes, rng: np.random.Generator) -> Clusters:
    """Clusters by average linkage, as many as have the largest silhouette, and their stability.

    Parameters
    ----------
    distance : (recording, recording)
        Complete, of at least four recordings.
    subject : (recording,)
        Whose recording it is; resamples leave out whole subjects.
    rng
        Source of the resamples.
    """
    most = min(MOST_CLUSTERS, len(distance) - 1)
    found = [linked(distance, count) for count in range(2, most + 1)]
    quality = [silhouette(distance, label) for label in found]
    best = int(np.argmax(quality))
    label, count = found[best], best + 2
    people = np.unique(subject)
    kept = max(2, round(KEPT * len(people)))
    again = []
    for _ in range(RESAMPLES):
        part = np.flatnonzero(np.isin(subject, rng.choice(people, kept, replace=False)))
        if len(part) > count:
            other = linked(distance[np.ix_(part, part)], count)
            again.append(adjusted_rand(label[part], other))
    return Clusters(label, quality[best], np.array(again or [np.nan]))


def linked(distance: Array, count: int) -> Codes:
    """So many clusters by average linkage, from 0."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    tree = linkage(squareform(distance, checks=False), "average")
    return np.asarray(fcluster(tree, count, "maxclust"), dtype=np.intp) - 1


def silhouette(distance: Array, label: Codes) -> float:
    """Mean silhouette (Rousseeuw 1987, J. Comput. Appl. Math. 20:53); 0 for those alone."""
    names, label = np.unique(label, return_inverse=True)
    if len(names) < 2:
        return float("-inf")
    member = np.eye(len(names))[label]
    size = member.sum(axis=0)
    sums = distance @ member
    rows = np.arange(len(label))
    own = sums[rows, label] / np.maximum(size[label] - 1, 1)
    others = sums / size
    others[rows, label] = np.inf
    nearest = others.min(axis=1)
    widest = np.maximum(own, nearest)
    value = np.divide(nearest - own, widest, out=np.zeros_like(own), where=widest > 0)
    return float(np.where(size[label] > 1, value, 0.0).mean())


def adjusted_rand(first: Codes, second: Codes) -> float:
    """Agreement of two clusterings, corrected for chance (Hubert & Arabie 1985, J. Classif. 2:193).

    Parameters
    ----------
    first, second : (recording,)
        Cluster of each.
    """
    _, a = np.unique(first, return_inverse=True)
    _, b = np.unique(second, return_inverse=True)
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)

    def pairs(counts: Array) -> float:
        return float(np.sum(counts * (counts - 1) / 2))

    rows, columns = pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    chance = rows * columns / max(pairs(np.array([float(len(a))])), 1.0)
    largest = (rows + columns) / 2
    return 1.0 if largest == chance else (pairs(table) - chance) / (largest - chance)


def discriminability(distance: Array, subject: Codes) -> float:
    """How often a recording is nearer to another of the same person than to one of another person.

    Chance is 0.5, ties count half; NaN without repeated recordings (Bridgeford et al. 2021, PLoS
    Comput. Biol. 17:e1009279).
    """
    same = subject[:, None] == subject[None, :]
    shares = []
    for i in range(len(subject)):
        others = distance[i, ~same[i]]
        for j in np.flatnonzero(same[i]):
            if j != i and others.size:
                nearer, equal = others > distance[i, j], others == distance[i, j]
                shares.append(nearer.mean() + equal.mean() / 2)
    return float(np.mean(shares)) if shares else float("nan")


def plane(distance: Array, axes: int = 2) -> tuple[Array, Array]:
    """Classical multidimensional scaling (Torgerson 1952, Psychometrika 17:401).

    Returns
    -------
    tuple
        Coordinates ``(recording, axis)`` in the unit of the distance, and the share ``(axis,)`` of
        each axis in the sum of the positive eigenvalues.
    """
    values, vectors = np.linalg.eigh(gram(distance))
    values, vectors = values[::-1], vectors[:, ::-1]
    positive = np.maximum(values, 0.0)
    found = vectors[:, :axes] * np.sqrt(positive[:axes])
    found = found * np.where(found[np.abs(found).argmax(axis=0), np.arange(axes)] < 0, -1.0, 1.0)
    return found, positive[:axes] / max(float(positive.sum()), 1e-300)


def gram(distance: Array) -> Array:
    """Scalar products about the centre whose distances these are."""
    return centred(-0.5 * distance**2)


def centred(matrix: Array) -> Array:
    shifted = matrix - matrix.mean(axis=0)
    return np.asarray(shifted - shifted.mean(axis=1, keepdims=True))
