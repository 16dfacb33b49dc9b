"""Is a set of channels an embedding? What a projection tears, hides or folds, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurodsr.statespace.embedding.continuity import MOST, mean_radius
from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors, evenly
from neurodsr.statespace.embedding.neighbours import neighbours_outside
from neurodsr.statespace.prediction import Skill, skill, weighted_mean

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

TOLERANCE = 0.1
"""Neighbours further apart than that share of the attractor's size are false ..."""
OWN_NEIGHBOURS = 0.95
"""... unless that share of the reference's own nearest neighbours are not nearer."""
EXCESS = 0.05
"""Of false neighbours above the floor, relative to chance."""
WORSE = 1.1
"""Ratio of forecast errors that shows a loss."""
PREDICTABLE = 0.2
"""Least correlation of forecasts from the reference, in the median channel."""
MOST_NEIGHBOURS = 20
COMPARED = 4
"""Errors are compared for plain means over so many neighbours in every space: over more, or with
more even weights, they would have less of the noise."""


@dataclass(frozen=True)
class ProjectionCheck:
    """A candidate space against a reference.

    Attributes
    ----------
    false_projections
        Share of nearest neighbours in the candidate space that are far apart in the reference.
    floor
        The same share of the reference's own nearest neighbours: what the amount of data allows.
    chance
        The same share of random pairs.
    skill, reference_skill : (channel,)
        Correlation of simplex forecasts of the reference's channels, from either space.
    continuity, reference_continuity : (channel,)
        <eps*> of the reference's channels at the horizon, from either space (standard deviations):
        small when the future is a continuous function of the space.
    code
        "embedding", "not_embedding", or "undecided" where even the reference has no close
        neighbours or predicts nothing.
    delays
        Smallest number of delay coordinates of each channel, 1 for none added, that makes it an
        embedding; 0 where no tried number does.
    sentence
        The verdict in words, with its numbers.
    """

    false_projections: float
    floor: float
    chance: float
    skill: Array
    reference_skill: Array
    continuity: Array
    reference_continuity: Array
    code: str
    delays: int
    sentence: str


def is_embedding(
    candidate: Sequence[Array],
    reference: Sequence[Array] | None,
    delay: int,
    horizon: int,
    theiler: int,
    maximum_delays: int = 5,
    most_points: int = 3000,
    most_queries: int = 1000,
) -> ProjectionCheck:
    """Does a candidate set of channels unfold the state that a reference shows?

    It does unless it has more false neighbours than the reference itself (by more than 5 % of what
    chance makes) and its forecasts have errors at least a tenth larger: dimensions that hold only
    noise may be dropped. Noise hides losses: of 24 channels of Lorenz-63, the reduction to two
    components is seen with noise of a tenth of the channels' standard deviation, not with half.

    Parameters
    ----------
    candidate
        Contiguous stretches ``(time, channel)`` of the space in question; NaN = missing.
    reference
        The same stretches ``(time, other channel)`` of the true state or of the unreduced channels.
        None: the delay reconstruction of the candidate itself, `maximum_delays` of each channel.
    delay
        Of the delay coordinates that are tried (samples).
    horizon
        Of forecasts (samples).
    theiler
        Neighbours are further apart in time than that (samples).
    maximum_delays
        Most delay coordinates of each channel.
    most_points, most_queries
        So many states, spread over the data, serve as neighbours, and so many are looked at.

    Returns
    -------
    ProjectionCheck
    """
    width = candidate[0].shape[1]
    pieces = list(candidate)
    if reference is not None:
        pieces = [np.hstack(pair) for pair in zip(candidate, reference, strict=True)]
    span = (maximum_delays - 1) * delay
    channels = range(width)

    def delayed(count: int) -> list[Coordinate]:
        return [Coordinate(c, span - k * delay) for k in range(count) for c in channels]

    state = delayed(maximum_delays)
    if reference is not None:
        state = [Coordinate(c, span) for c in range(width, pieces[0].shape[1])]
    targets = sorted({c for c, _ in state})
    vectors = delay_vectors(pieces, [*state, Coordinate(0, span)], horizon, most_points)
    queries = evenly(len(vectors.points), most_queries)
    if len(vectors.points) < 2 * MOST_NEIGHBOURS:
        return undecided(len(targets), "too few samples in one piece")
    truth = vectors.having(state).points
    future = vectors.ahead(horizon)[:, targets]

    def look(coordinates: list[Coordinate]) -> View:
        points = vectors.having(coordinates).points
        simplex = min(len(coordinates) + 1, MOST_NEIGHBOURS)
        count = max(MOST, simplex)
        distance, near = neighbours_outside(points, vectors.position, queries, count, theiler)
        full = near[:, -1] >= 0
        distance, near, at = distance[full], near[full], queries[full]
        guess = weighted_mean(distance[:, :simplex], near[:, :simplex], future)
        later = vectors.position + span + horizon
        return View(
            np.linalg.norm(truth[at] - truth[near[:, 0]], axis=1),
            skill(guess, future[at]),
            skill(future[near[:, :COMPARED]].mean(axis=1), future[at]).error,
            mean_radius(vectors.values[:, targets], later[at], later[near[:, :MOST]], 1)[0],
        )

    own = look(state)
    if len(own.torn) == 0:
        return undecided(len(targets), "no neighbours outside the Theiler window")
    size = attractor_size(truth)
    radius = max(TOLERANCE * size, float(np.quantile(own.torn, OWN_NEIGHBOURS)))
    other = queries[np.arange(len(queries)) - len(queries) // 2]
    chance = float(np.mean(np.linalg.norm(truth[queries] - truth[other], axis=1) > radius))
    floor = float(np.mean(own.torn > radius))

    def unfolds(view: View) -> bool:
        excess = (float(np.mean(view.torn > radius)) - floor) / max(chance - floor, 1e-9)
        return excess <= EXCESS or error_ratio(view, own) <= WORSE

    views = [look(delayed(1))]
    while not unfolds(views[-1]) and len(views) < maximum_delays:
        views.append(look(delayed(len(views) + 1)))
    delays = len(views) if unfolds(views[-1]) else 0
    rho = own.skill.correlation[np.isfinite(own.skill.correlation)]
    predictable = rho.size > 0 and float(np.median(rho)) >= PREDICTABLE
    first = views[0]
    false = float(np.mean(first.torn > radius))
    code = ("embedding" if delays == 1 else "not_embedding") if predictable else "undecided"
    return ProjectionCheck(
        false,
        floor,
        chance,
        first.skill.correlation,
        own.skill.correlation,
        first.continuity,
        own.continuity,
        code,
        delays,
        in_words(code, delays, false, floor, error_ratio(first, own), delay),
    )


class View(NamedTuple):
    """What one space shows of the reference.

    Attributes
    ----------
    torn : (query,)
        Distance in the reference to the nearest neighbour of this space.
    skill
        Of simplex forecasts of the reference's channels.
    error : (channel,)
        Of forecasts by the mean of neighbours, as many in every space.
    continuity : (channel,)
        <eps*> of the reference's channels at the horizon.
    """

    torn: Array
    skill: Skill
    error: Array
    continuity: Array


def error_ratio(one: View, other: View) -> float:
    """Median over the channels of the ratio of forecast errors."""
    known = np.isfinite(one.error) & (other.error > 0)
    return float(np.median(one.error[known] / other.error[known])) if known.any() else np.nan


def in_words(code: str, delays: int, false: float, floor: float, ratio: float, delay: int) -> str:
    """One sentence with the numbers."""
    numbers = (
        f"{100 * false:.1f} % false neighbours, {100 * floor:.1f} % in the reference itself; "
        f"forecast errors {ratio:.2f} times those from the reference"
    )
    if code == "undecided":
        return f"not known whether an embedding: the reference itself predicts nothing ({numbers})"
    if code == "embedding":
        return f"consistent with an embedding ({numbers})"
    remedy = (
        f"{delays} delay coordinates of each channel, {delay} samples apart, make it one"
        if delays
        else "delay coordinates of these channels do not mend it: other channels are needed"
    )
    return f"not an embedding ({numbers}); {remedy}"


def undecided(channels: int, reason: str) -> ProjectionCheck:
    nothing = np.full(channels, np.nan)
    return ProjectionCheck(
        np.nan,
        np.nan,
        np.nan,
        nothing,
        nothing,
        nothing,
        nothing,
        "undecided",
        0,
        f"not known whether an embedding: {reason}",
    )


def false_projections(
    candidate: Array,
    reference: Array,
    position: Indices,
    queries: Indices,
    theiler: int,
    radius: float,
) -> float:
    """Share of nearest neighbours in one space that are further apart than a radius in another.

    Parameters
    ----------
    candidate : (point, coordinate)
        Space in which neighbours are sought.
    reference : (point, coordinate)
        Space in which they ought to be neighbours as well.
    position : (point,)
        Of the points in time (samples).
    queries : (query,)
        Indices of the points whose neighbours are looked at.
    theiler
        Neighbours are further apart in time than that (samples).
    radius
        In the units of the reference, see `attractor_size`.
    """
    _, near = neighbours_outside(candidate, position, queries, 1, theiler)
    have = near[:, 0] >= 0
    gap = np.linalg.norm(reference[queries[have]] - reference[near[have, 0]], axis=1)
    return float(np.mean(gap > radius))


def attractor_size(points: Array) -> float:
    """Root mean squared distance ``(point, coordinate)`` from the mean."""
    return float(np.sqrt(points.var(axis=0).sum()))
