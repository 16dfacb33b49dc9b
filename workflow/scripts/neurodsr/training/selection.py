"""Which epoch of a training is kept: free runs against the data.

Loss and short-term prediction do not tell a good model from one whose free run leaves the attractor
or dies, so epochs are compared by what a free run looks like in the long run. Noise keeps a damped
system moving, and a model that oscillates for ever matches its invariants better than the truth,
but not its next cycle: what oscillates has to forecast the validation split as well as what comes
to rest (`admitted`). Free runs are compared with training and validation data alike: a short
validation split holds no distribution, and nothing is fitted to invariants.

The criterion is the distance from their invariants (`invariants`). It is a sample: epochs that
differ by no more than stretches of the data do are equal in it (`Criterion.hardly_worse`), and
models that are nearer to the data than its halves are to each other, too (`Criterion.order`).

Of equal epochs the one is kept whose long free runs diverge least from the data in state space
(`density`). Where data are too few for their dimension to tell, the last one is, and runs are told
apart by their forecasts.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.training.density import Density, density_of
from neurodsr.training.invariants import (
    Invariants,
    distance_of_halves,
    invariants_of,
    spread_of_stretches,
)
from neurodsr.training.refusals import check_seen, most_missing
from neurodsr.training.windows import MINIMUM_STEPS, TRAIN, VALIDATION, inputs_of, stretches

Floats = NDArray[np.float64]
LANES = 16
"""Free runs from so many starts."""
REST = 0.05
"""Standard deviation (in those of the data) below which a free run is at rest."""
FADING = 0.9
"""A free run whose amplitude falls below this part of itself within its length dies slowly."""
LOST = 2.0
"""See `Criterion.distance_after`."""
TOLERANCE = 0.2
"""A later epoch is preferred to an earlier one whose criterion is better by less than this part:
small differences are chance, while training goes on to help."""
ALIKE = 0.1
"""Forecasts whose errors differ by less than this part are alike: of chaos they say little more."""
FORECASTS = 128
"""Forecasts from so many starts, if the validation split has them."""
POOLED = 200_000
"""Numbers (samples times channels) of long free runs that are compared with the data's density."""
LONGEST_RUN = 2000
SEEN = (TRAIN, VALIDATION)
"""Splits that a training sees."""
SUSTAINED = "sustained"
FADES = "fades"
DECAYED = "decays to a point"
UNBOUNDED = "unbounded"


@dataclass(frozen=True)
class Criterion:
    """Distance of free runs from the data, and what is to be forecast.

    Attributes
    ----------
    start : (channel, lane)
        First observations, spread over training and validation data.
    inputs : (step, input, lane)
        External inputs of the free runs.
    future : (step, channel, forecast)
        Stretches of the validation split to be forecast.
    future_inputs : (step, input, forecast)
    known
        Leading samples of these that may be known to a forecast.
    transient
        Leading steps that are not compared.
    invariants
        Of the data.
    bound
        A free run that gets farther out than this has diverged.
    floor
        Distance of the halves of the data from each other.
    spread
        How much larger than usual the criterion of free runs of the system itself may come out by
        chance, see `invariants.spread_of_stretches`.
    density
        Of the data in state space; None where they are too few.
    """

    start: NDArray[np.float32]
    inputs: NDArray[np.float32]
    future: NDArray[np.float32]
    future_inputs: NDArray[np.float32]
    known: int
    transient: int
    invariants: Invariants
    bound: float
    floor: float
    spread: float
    density: Density | None

    def distance(self, orbit: Floats) -> tuple[float, str]:
        """Criterion of one run's free runs ``(step, channel, lane)``, and what they do."""
        if not np.all(np.abs(orbit) < self.bound):
            return np.inf, UNBOUNDED
        settled = np.moveaxis(orbit[self.transient :], -1, 0)
        early, late = (
            float(np.median(half.std(1).max(1))) for half in np.array_split(settled, 2, axis=1)
        )
        kind = DECAYED if late < REST else FADES if late < FADING * early else SUSTAINED
        return self.invariants.distance(list(settled)), kind

    def equal_below(self, tolerance: float | None) -> float:
        """Criterion up to which models count as equally near to the data.

        Parameters
        ----------
        tolerance
            As of `admitted`; where free runs alone are to choose, no two models are equal.
        """
        return 0.0 if tolerance is None else self.floor

    def hardly_worse(self, best: Floats | np.float64, tolerance: float | None) -> Floats:
        """Criterion up to which an epoch is hardly worse than the best one.

        Both are samples, and the best one was chosen for being small: twice the spread is chance.

        Parameters
        ----------
        best
            Least criterion.
        tolerance
            As of `equal_below`.
        """
        best = np.maximum(best, self.equal_below(tolerance))
        return best + np.maximum(TOLERANCE * best, 0 if tolerance is None else 2 * self.spread)

    def thinning(self, lengths: int) -> int:
        """Which samples of free runs, this many lengths long, the divergence is of: every k-th."""
        numbers: int = lengths * len(self.inputs) * self.start.size
        return ceil(numbers / POOLED)

    def divergence(self, orbit: Floats) -> float:
        """Of the data from free runs ``(step, channel, lane)``, in nats; inf where unknown."""
        if self.density is None or not (np.abs(orbit) < self.bound).all():
            return np.inf
        return self.density.divergence(orbit)

    def order(
        self,
        value: Floats,
        error: Floats,
        divergence: Floats,
        barred: NDArray[np.bool_],
        tolerance: float | None,
    ) -> NDArray[np.intp]:
        """Indices of models from the best on.

        Those that are hardly worse than the best are told apart by their divergence where it is
        known, as far as they forecast like the best of them. Otherwise models that are nearer to
        the data than halves of the data to each other are equally near: of short series, free runs
        say little. Forecasts tell them apart.

        Parameters
        ----------
        value, error, divergence : (model,)
            Criterion, forecast error and divergence (inf where it is unknown).
        barred : (model,)
            Those that come last, see `admitted`.
        tolerance
            As of `equal_below`.
        """
        best = np.min(value, where=~barred, initial=np.inf)
        near = (value <= self.hardly_worse(best, tolerance)) & ~barred & np.isfinite(divergence)
        near &= error <= (1 + ALIKE) * np.min(error, where=near, initial=np.inf)
        nearest = np.where(near, divergence, np.inf)
        floored = np.maximum(value, self.equal_below(tolerance))
        return np.lexsort((error, floored, nearest, barred))

    def distance_after(self, first: Floats, last: Floats) -> float:
        """Criterion of free runs that went on, from their first and last ``(step, channel, lane)``.

        The others do not outweigh a single one that is lost: one whose spectrum has got `LOST`
        times as far from what all of them had at first as any of them was then.
        """
        value, _ = self.distance(last)
        if not np.isfinite(value):
            return value
        lanes = (list(np.moveaxis(orbit[self.transient :], -1, 0)) for orbit in (first, last))
        before, after = self.invariants.outlier(*lanes)
        return max(value, after) if after > LOST * before else value


def admitted(
    error: Floats, resting: NDArray[np.bool_], least_resting: Floats, tolerance: float | None
) -> NDArray[np.bool_]:
    """Whether an epoch or run forecasts well enough to be chosen for its free runs.

    What does not come to rest has to forecast no worse than all that does. Among themselves
    forecasts may differ: of chaotic systems they say little.

    Parameters
    ----------
    error : (run,)
        Forecast error.
    resting : (run,)
        Whether free runs decay to a point.
    least_resting : (run,)
        Least forecast error of those whose free runs decay to a point.
    tolerance
        Share by which what comes to rest may exceed that; None admits all.
    """
    if tolerance is None:
        return np.isfinite(error)
    return np.isfinite(error) & (error <= np.where(resting, 1 + tolerance, 1) * least_resting)


def make_criterion(
    series: xr.Dataset,
    steps: int,
    seed: int,
    longest_run: int = LONGEST_RUN,
    known: int = 1,
    noise: float = 0.0,
) -> Criterion:
    """Criterion for models trained on windows of ``steps``.

    Parameters
    ----------
    series
        The data.
    steps
        Length of a forecast.
    seed
        Start of the random numbers that choose directions and make noise.
    longest_run
        Steps that a free run may have.
    known
        Samples that a forecast starts from; fewer in a short validation split.
    noise
        Level of the noise on the data, in standard deviations of a channel; NaN if unknown.

    Raises
    ------
    RecordingError
        When the validation split is too short, or it or the inputs' stretches have too few values.
    """
    observation = series["observation"].values.astype(float)
    complete = np.isfinite(observation).all(1)
    inputs = inputs_of(series)
    parts = stretches(series, VALIDATION)
    longest = max((part.stop - part.start for part in parts), default=0)
    if longest < MINIMUM_STEPS:
        raise RecordingError(
            f"series: split: the longest contiguous stretch of the validation split has {longest} "
            f"samples, at least {MINIMUM_STEPS} are needed; raise splits.validation or lower "
            "splits.guard (preprocess)"
        )
    if not any(complete[part].any() for part in parts):
        raise RecordingError(
            "series: observation: the validation split has no sample without missing values to "
            f"start from{most_missing(series, series['split'].values == VALIDATION)}; lengthen it "
            "(splits.validation) or leave out channels that are mostly missing"
        )
    future, future_inputs, known = stretches_to_forecast(
        observation, inputs, complete, parts, steps, known
    )
    seen = np.logical_or.reduce(np.isfinite(future[known:]), axis=(0, 2))
    check_seen(series, seen, "what is forecast of the validation split", "raise splits.validation")
    parts = [part for split in SEEN for part in stretches(series, split)]
    longest = max(part.stop - part.start for part in parts)
    length = min(max(longest, 4 * steps), longest_run)
    if inputs.shape[1]:
        length = min(length, max(longest // 2, 1))
    starts = [
        t
        for part in parts
        for t in range(part.start, part.stop - (length if inputs.shape[1] else 0))
        if complete[t]
    ]
    if not starts:
        raise RecordingError(
            f"series: observation: no sample without missing values has {length} steps of inputs "
            f"after it, for a free run{most_missing(series, series['split'].isin(SEEN).values)}; "
            "leave out channels that are mostly missing"
        )
    chosen = np.array(starts)[np.linspace(0, len(starts) - 1, LANES).astype(int)]
    driven = inputs[np.minimum(chosen + np.arange(length)[:, None], len(inputs) - 1)]
    transient = length // 4
    data = [np.nan_to_num(observation[part]) for part in parts]
    seen = np.concatenate([observation[part] for part in parts])
    period = max(2, min(longest, length - transient, 1000))
    lag = max(1, min(steps // 10, longest // 4, length // 2))
    rng = np.random.default_rng(seed)
    invariants = invariants_of(data, lag, period, rng)
    return Criterion(
        start=observation[chosen].T.astype(np.float32),
        inputs=np.moveaxis(driven, 2, 1).astype(np.float32),
        future=future,
        future_inputs=future_inputs,
        known=known,
        transient=transient,
        invariants=invariants,
        bound=10 * max(1.0, float(np.nanmax(np.abs(observation)))),
        floor=distance_of_halves(data, invariants.directions, lag, period),
        spread=spread_of_stretches(invariants, data, length - transient, LANES, rng),
        density=density_of(seen[np.isfinite(seen).all(1)], noise, seed),
    )


def stretches_to_forecast(
    observation: Floats,
    inputs: Floats,
    complete: NDArray[np.bool_],
    parts: list[slice],
    steps: int,
    known: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    """Data ``(known + step, channel, forecast)`` and inputs from evenly spaced starts, and `known`.

    In a short validation split both parts are as long as half its longest stretch, or as what
    follows a sample without missing values.
    """
    longest = max(part.stop - part.start for part in parts)
    room = np.array([part.stop - 1 - t for part in parts for t in range(part.start, part.stop)])
    first = np.concatenate([np.arange(part.start, part.stop) for part in parts])
    most = int(room[complete[first]].max())
    known = max(1, min(known, longest // 2, most))
    steps = max(1, min(steps, longest // 2, most - known + 1))
    starts = first[complete[first] & (room >= known - 1 + steps)]
    count = min(FORECASTS, len(starts))
    chosen = starts[np.linspace(0, len(starts) - 1, count).astype(int)]
    where = np.minimum(chosen + np.arange(known + steps)[:, None], len(observation) - 1)
    data, drive = (np.moveaxis(x[where], 2, 1).astype(np.float32) for x in (observation, inputs))
    data[0] = observation[chosen].T
    return data, drive, known
