"""How a baseline does, by the same criterion as the PLRNN family."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.models.interface import Reconstruction
from neurodsr.preprocess.stretches import histories, stretches, windows
from neurodsr.training.selection import (
    DECAYED,
    FORECASTS,
    LANES,
    LONGEST_RUN,
    Criterion,
    admitted,
    make_criterion,
)

Floats = NDArray[np.float64]


class Score(NamedTuple):
    """Criterion (smaller is better, inf when unbounded), forecast error, kind of free run.

    The forecast error is the mean square over steps, channels and starts, in variances of the
    training data, and inf where the criterion is. The divergence is inf where it is unknown.
    """

    value: float
    error: float
    kind: str
    divergence: float = np.inf


@dataclass(frozen=True)
class Validation:
    """Free runs from histories in all data that a training sees, forecasts of the validation split.

    Attributes
    ----------
    criterion
        Distance of free runs from the data.
    history : (time, lane, channel)
        What comes before free runs.
    inputs : (time + step, lane, input) or None
        During histories and free runs.
    steps
        Length of the free runs.
    past, future : (time, forecast, channel)
        What forecasts start from, and should come to.
    future_inputs : (time, forecast, input) or None
        During both.
    """

    criterion: Criterion
    history: Floats
    inputs: Floats | None
    steps: int
    past: Floats
    future: Floats
    future_inputs: Floats | None

    def score(self, one: Reconstruction) -> Score:
        orbit = np.moveaxis(one.free_run(self.history, self.steps, self.inputs), 1, 2)
        value, kind = self.criterion.distance(orbit)
        with np.errstate(over="ignore", invalid="ignore"):
            forecast = one.forecast(self.past, len(self.future) + 1, self.future_inputs)[1:]
            error = float(np.mean((forecast - self.future) ** 2))
        return Score(
            value, error if np.isfinite(value + error) else np.inf, kind, self.divergence(orbit)
        )

    def endure(self, one: Reconstruction, rounds: int) -> tuple[float, float]:
        """Criterion of autonomous free runs after ``rounds`` further stretches of their length.

        And the divergence of the data from all of them.
        """
        orbit = np.moveaxis(one.free_run(self.history, (1 + rounds) * self.steps), 1, 2)
        end = self.criterion.distance_after(orbit[: self.steps], orbit[-self.steps :])
        return end, self.divergence(orbit)

    def divergence(self, orbit: Floats) -> float:
        """Of the data from free runs ``(step, channel, lane)`` after their transient."""
        every = self.criterion.thinning(-(-len(orbit) // self.steps))
        return self.criterion.divergence(orbit[self.criterion.transient :: every])


def make_validation(
    series: xr.Dataset, steps: int, warm_up: int, seed: int, noise: float
) -> Validation:
    """Validation of models that forecast ``steps`` and need ``warm_up`` samples of history.

    On data with noise of that level (`make_criterion`). A history is shorter where the longest
    stretch is not twice as long.

    Raises
    ------
    RecordingError
        When the validation split has no two samples in a row without missing values.
    """
    parts = stretches(series, "validation", 2)
    longest = max((len(part) for part in parts), default=0)
    if not longest:
        raise RecordingError(
            "series: observation: the validation split has no two samples in a row without missing "
            "values; lengthen it (splits) or leave out channels that are mostly missing"
        )
    before = min(warm_up, max(1, longest // 2))
    ahead = max(1, min(steps, longest - before))
    past_and_future, future_inputs = windows(parts, before + ahead, FORECASTS)
    seen = stretches(series, "train", 2) + parts
    if "input" in series:
        room = max(len(part) for part in seen) - before + 1
        criterion = make_criterion(series, steps, seed, min(room, LONGEST_RUN), noise=noise)
        driven, inputs = windows(seen, before + len(criterion.inputs) - 1, LANES)
        history = driven[:before]
    else:
        criterion = make_criterion(series, steps, seed, noise=noise)
        total = sum(len(part) for part in seen)
        chosen = np.linspace(0, total - 1, LANES).astype(int)
        history, inputs = histories(seen, chosen, before), None
    return Validation(
        criterion=criterion,
        history=history,
        inputs=inputs,
        steps=len(criterion.inputs),
        past=past_and_future[:before],
        future=past_and_future[before:],
        future_inputs=future_inputs,
    )


def ranking(
    scores: Sequence[Score], criterion: Criterion, tolerance: float | None
) -> NDArray[np.intp]:
    """Indices of scores from the best on (`Criterion.order`), those that are admitted first."""
    value, error, divergence = (
        np.array([getattr(score, name) for score in scores])
        for name in ("value", "error", "divergence")
    )
    return criterion.order(value, error, divergence, ~admission(scores, tolerance), tolerance)


def admission(scores: Sequence[Score], tolerance: float | None) -> NDArray[np.bool_]:
    """Which of the scores are `admitted` beside the others."""
    error = np.array([score.error for score in scores])
    resting = np.array([score.kind == DECAYED for score in scores])
    return admitted(error, resting, error[resting].min(initial=np.inf), tolerance)
