"""The analysis of one run: fixed points, exponents and limit set of its free runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from neurodsr.dynamics.basins import Basins, Simulate
from neurodsr.dynamics.fixed_points import FixedPoints, find_fixed_points
from neurodsr.dynamics.limit_sets import classify, dominant_period
from neurodsr.dynamics.lyapunov import kaplan_yorke, lyapunov_spectrum, zero_tolerance
from neurodsr.dynamics.newton import search_smooth
from neurodsr.dynamics.piecewise.cycles import Cycles
from neurodsr.dynamics.piecewise.regions import free_run, pieces_of
from neurodsr.dynamics.tangents import tangent_spectrum
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction
from neurodsr.preprocess.stretches import Stretch, histories

SHOWN = 2000
EXPONENTS = 30
"""Exponents computed at most of a model that is not piecewise linear."""


class RunAnalysis:
    """What is known of one run.

    Attributes
    ----------
    states, visited : (state, latent)
        Of the training data, and of these and of free runs.
    scale
        Size of the states of the data.
    typical : (time, latent)
        The free run on the limit set that most starts lead to; what else is known is of it.
    points
        Fixed points, the nearest to the mean of the data first.
    simulate
        Free runs of many states.
    cycles, basins
        Cycles by order, and basins of random initial states, once they are known.
    """

    def __init__(
        self,
        one: Reconstruction,
        parts: Sequence[Stretch],
        interval: float,
        settings: Mapping[str, Any],
        rng: np.random.Generator,
    ) -> None:
        steps, transient = settings["steps"], settings["transient"]
        data = np.concatenate([part.x for part in parts])
        some = np.arange(len(data))[:: max(1, len(data) // 500)]
        states = one.encode(histories(parts, some, one.warm_up))
        chosen = np.linspace(0, len(data) - 1, settings["starts"]).astype(int)
        starts = one.encode(histories(parts, chosen, one.warm_up))
        self.simulate = free_runs(one)
        orbits = self.simulate(starts, transient + steps)[transient:]
        finite = np.abs(np.nan_to_num(orbits, nan=np.inf)).max(axis=(0, 2)) < 1e12
        freely = orbits[:: max(1, steps // 100), finite].reshape(-1, orbits.shape[-1])

        self.interval = interval
        self.cycles: dict[int, Cycles] | None = None
        self.basins: Basins | None = None
        self.data, self.states = data, states
        self.visited = np.concatenate([states, freely])
        self.points = _nearest_first(
            _fixed_points(one, self.visited, settings["fixed_point_regions"], rng),
            one,
            data,
        )
        self.located = one.decode(self.points.states)
        self.distance = np.linalg.norm(self.located - data.mean(axis=0), axis=1)

        scale = self.scale = float(np.sqrt(states.var(axis=0).sum()))
        leading, error = exponents_of(one, orbits[0], steps, 1)
        tolerance = zero_tolerance(error, steps)
        kinds = [
            classify(orbits[:, i], scale, float(leading[i, 0]), float(tolerance[i, 0]))
            for i in range(orbits.shape[1])
        ]
        self.kinds = [kind for kind, _ in kinds]
        self.kind = Counter(self.kinds).most_common(1)[0][0]
        typical = self.kinds.index(self.kind)
        self.cycle_length = kinds[typical][1]

        spectrum, error = exponents_of(one, orbits[:1, typical], steps)
        self.exponents, self.error = spectrum[0], error[0]
        self.dimension = kaplan_yorke(self.exponents, zero_tolerance(self.error, steps))
        bounded = self.kind != "unbounded"
        self.typical = orbits[:, typical].copy()  # a view would keep all orbits in memory
        self.bounded = bounded
        full = one.decode(orbits[:, typical]) if bounded else np.full((1, data.shape[1]), np.nan)
        moves = self.kind in ("cycle", "aperiodic")
        self.period = dominant_period(full, interval) if moves else np.nan
        self.half_range = np.ptp(full, axis=0) / 2 if self.kind != "fixed point" else 0 * full[0]
        self.relative = float(np.mean(self.half_range / data.std(axis=0)))
        self.orbit = self.typical[:SHOWN] if bounded else np.full_like(orbits[:1, 0], np.nan)
        self.observed = one.decode(self.orbit)

    def values(self, scale: Array) -> dict[str, Any]:
        """All variables of the result; `scale` turns standardised into original units."""
        return {
            "fixed_point_count": len(self.points.states),
            "stable_count": self.points.stability.count("stable"),
            "regions_searched": self.points.regions,
            "search_complete": self.points.complete,
            "fixed_points_unseen": self.points.unseen,
            "fixed_point": self.points.states,
            "fixed_point_observation": self.located,
            "distance": self.distance,
            "eigenvalue_real": self.points.eigenvalues.real,
            "eigenvalue_imag": self.points.eigenvalues.imag,
            "stability": np.array(self.points.stability, dtype=object),
            "type": np.array(self.points.type, dtype=object),
            "lyapunov": self.exponents / self.interval,
            "lyapunov_error": self.error / self.interval,
            "lyapunov_step": self.exponents,
            "kaplan_yorke": self.dimension,
            "limit_set": self.kind,
            "limit_set_start": np.array(self.kinds, dtype=object),
            "cycle_length": self.cycle_length,
            "dominant_period": self.period,
            "amplitude": self.half_range * scale,
            "relative_amplitude": self.relative,
        }


def free_runs(one: Reconstruction) -> Simulate:
    """What simulates the run: orbits ``(steps, state, latent)`` from states ``(state, latent)``."""
    if isinstance(one, PiecewiseLinearReconstruction):
        return partial(free_run, pieces_of(one.map))
    return one.simulate


def _fixed_points(
    one: Reconstruction, states: Array, regions: int, rng: np.random.Generator
) -> FixedPoints:
    """Exactly, region by region, where the map is piecewise linear."""
    if isinstance(one, PiecewiseLinearReconstruction):
        return find_fixed_points(one.map, states, regions, rng)
    return search_smooth(one, states, rng)


def exponents_of(
    one: Reconstruction, z: Array, steps: int, count: int | None = None
) -> tuple[Array, Array]:
    """Lyapunov exponents per step and their errors ``(orbit, count)``."""
    if isinstance(one, PiecewiseLinearReconstruction):
        return lyapunov_spectrum(one.map, z, steps, steps // 10, count)
    count = min(one.latent_dimension, EXPONENTS) if count is None else count
    return tangent_spectrum(one, z, steps, steps // 10, count)


def _nearest_first(points: FixedPoints, one: Reconstruction, data: Array) -> FixedPoints:
    distance = np.linalg.norm(one.decode(points.states) - data.mean(axis=0), axis=1)
    order = np.argsort(distance, kind="stable")
    return replace(points, states=points.states[order], eigenvalues=points.eigenvalues[order])
