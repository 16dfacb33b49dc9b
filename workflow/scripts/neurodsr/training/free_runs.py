"""Free runs of models in training, and how they compare with the data.

A model of a chaotic system may have a stable point or cycle that the system lacks. Chaos is then a
transient that lasts for ten thousands of steps (Grebogi et al. 1983): free runs of a few thousand
look right, and neither loss nor forecast knows. `FreeRuns.endure` lets those that look right go on,
and looks for single ones that are lost.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from neurodsr.models.model import Model
from neurodsr.training import fused
from neurodsr.training.selection import Criterion

Floats = NDArray[np.float64]
GAIN = 0.3
"""How strongly known samples pull a state before a forecast: of all gains (see `gain`) the one
that is never far from the best."""


@dataclass(frozen=True)
class FreeRuns:
    """A model of the PLRNN family before the criterion."""

    model: Model
    criterion: Criterion

    def score(self, stacked: NDArray[np.float32]) -> tuple[Floats, Floats, list[str]]:
        """Criterion (smaller is better, inf when unbounded), forecast error, kind of free run.

        The forecast error is the mean square over steps, channels and starts, in variances of the
        training data, and inf where the criterion is.
        """
        criterion = self.criterion
        dynamics = _Dynamics(self.model, stacked)
        states = dynamics.states(dynamics.encode(criterion.start), criterion.inputs)
        distances = [criterion.distance(orbit) for orbit in dynamics.observe(states)]
        values = np.array([value for value, _ in distances])
        future, known = criterion.future, criterion.known
        states = dynamics.follow(future, criterion.future_inputs, known)
        seen = np.isfinite(future[known:])
        ahead = dynamics.observe(states)[:, known - 1 :]
        squares = np.where(seen, ahead - future[known:], 0) ** 2
        errors = squares.sum((1, 2, 3)) / seen.sum()
        errors = np.where(np.isfinite(values) & np.isfinite(errors), errors, np.inf)
        return values, errors, [kind for _, kind in distances]

    def endure(self, stacked: NDArray[np.float32], rounds: int) -> tuple[Floats, Floats]:
        """Criterion ``(run,)`` of free runs after ``rounds`` further stretches of their length.

        And the divergence of the data from all that comes after the transient.
        """
        criterion = self.criterion
        dynamics = _Dynamics(self.model, stacked)
        first = states = dynamics.states(dynamics.encode(criterion.start), criterion.inputs)
        every = criterion.thinning(1 + rounds)
        visited = [states[:, criterion.transient :: every]]
        for _ in range(rounds):
            last = torch.from_numpy(np.ascontiguousarray(states[:, -1]))
            states = dynamics.states(last, criterion.inputs)
            visited.append(states[:, ::every])
        pairs = zip(dynamics.observe(first), dynamics.observe(states), strict=True)
        ends = [criterion.distance_after(*pair) for pair in pairs]
        orbits = dynamics.observe(np.concatenate(visited, axis=1))
        return np.array(ends), np.array([criterion.divergence(orbit) for orbit in orbits])


class _Dynamics:
    """The maps that rows of parameters stand for."""

    def __init__(self, model: Model, stacked: NDArray[np.float32]) -> None:
        with torch.no_grad():
            parameters = model.unpack(torch.from_numpy(stacked))
            self.maps = model.family.lower(parameters)
            self.pulled = model.observation.forced
            self.encoder = model.observation.encoder(parameters)
            self.decoder = model.observation.decoder(parameters).numpy()

    def encode(self, start: NDArray[np.float32]) -> torch.Tensor:
        """States ``(run, latent, lane)`` of observations ``(channel, lane)``."""
        return self.encoder @ torch.from_numpy(start)

    def follow(
        self, data: NDArray[np.float32], inputs: NDArray[np.float32], known: int
    ) -> NDArray[np.float32]:
        """States ``(run, step - 1, latent, lane)`` that follow the first one of data.

        The first samples of data ``(step, channel, lane)``, those that are known, pull the states.
        """
        pulled = self.pulled if known > 1 else 0
        signal = (self.encoder[:, None, :pulled] @ torch.from_numpy(data[:-1])).numpy()
        strength = np.zeros(signal.shape[:2], np.float32)
        strength[:, 1:known] = GAIN
        return fused.trajectories(
            self.maps, self.encode(data[0]), signal, strength, inputs[None, :-1]
        )

    def states(self, first: torch.Tensor, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """States ``(run, step, latent, lane)`` after each step of free runs driven by inputs."""
        steps, _, lanes = inputs.shape
        free = np.empty((1, steps, 0, lanes), np.float32)
        strength = np.zeros((len(first), steps), np.float32)
        return fused.trajectories(self.maps, first, free, strength, inputs[None])

    def observe(self, states: NDArray[np.float32]) -> Floats:
        """Observations ``(run, step, channel, lane)``."""
        with np.errstate(invalid="ignore"):  # of free runs that have left all bounds
            observed: Floats = (self.decoder[:, None] @ states).astype(float)
        return observed
