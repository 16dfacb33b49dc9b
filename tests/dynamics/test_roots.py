"""Networks of two units that do not see each other, each with three known fixed points."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq

from neurodsr.dynamics.newton import search_smooth
from neurodsr.models.baselines.neural_ode import NeuralODE
from neurodsr.models.baselines.recurrent import GRU, LSTM
from neurodsr.models.baselines.reservoir import Reservoir
from neurodsr.models.interface import Baseline

GAIN, TWO = 2.0, np.eye(2)
READ = {"readout": TWO, "readout_bias": np.zeros(2), "warm_up": 1, "run": 0}


def reservoir() -> Reservoir:
    """x = tanh(2 x)."""
    return Reservoir(
        weights=np.zeros((2, 1)), sources=np.array([[0], [1]]), input_weights=GAIN * TWO,
        bias=np.zeros(2), leak=0.6, **READ,
    )  # fmt: skip


def gru() -> GRU:
    """x = tanh(2 x), whatever the gates."""
    nothing = np.zeros((2, 2))
    weights = np.vstack([nothing, nothing, GAIN * TWO])
    return GRU(input_weights=weights, recurrent_weights=np.zeros((6, 2)), bias=np.zeros(6), **READ)


def lstm() -> LSTM:
    """c = c / 2 + tanh(2 tanh(c)) with a forget gate of 1 / 2 and the other ones open."""
    nothing = np.zeros((2, 2))
    weights = np.vstack([nothing, nothing, GAIN * TWO, nothing])
    bias = np.repeat([40.0, 0.0, 0.0, 40.0], 2)
    return LSTM(input_weights=weights, recurrent_weights=np.zeros((8, 2)), bias=bias, **READ)


def neural_ode() -> NeuralODE:
    """dx/dt = tanh(2 x) - 3 tanh(x / 2)."""
    return NeuralODE(
        weights_in=np.vstack([GAIN * TWO, 0.5 * TWO]), bias_in=np.zeros(4),
        weights_between=np.zeros((0, 4, 4)), bias_between=np.zeros((0, 4)),
        weights_out=np.hstack([TWO, -1.5 * TWO]), bias_out=np.zeros(2), run=0,
    )  # fmt: skip


def outer(equation: Callable[[float], float]) -> float:
    return float(brentq(equation, 0.2, 20.0, xtol=1e-14))


CASES: dict[str, tuple[Callable[[], Baseline], float, float]] = {
    "reservoir": (reservoir, outer(lambda x: np.tanh(2 * x) - x), 0.4 + 0.6 * 2),
    "gru": (gru, outer(lambda x: np.tanh(2 * x) - x), 0.5 + 0.5 * 2),
    "lstm": (lstm, np.tanh(outer(lambda c: np.tanh(2 * np.tanh(c)) - c / 2)), 0.5 + 2),
    "neural-ode": (
        neural_ode,
        outer(lambda x: np.tanh(2 * x) - 1.5 * np.tanh(x / 2)),
        1 + 1.25 + 1.25**2 / 2 + 1.25**3 / 6 + 1.25**4 / 24,
    ),
}


@pytest.mark.parametrize("family", CASES)
def test_all_roots_are_found_once(family: str) -> None:
    """Nine: each unit at 0 or at either outer root; at 0 the slope of a unit is known.

    Of the flow that is the slope of one step of Runge and Kutta, 1 + r + ... + r^4 / 24.
    """
    make, root, slope = CASES[family]
    one = make()
    rng = np.random.default_rng(0)
    visited = one.encode(rng.standard_normal((1, 300, 2)))
    found = search_smooth(one, visited, rng)
    places = one.decode(found.states)
    expected = np.array([[a, b] for a in (-root, 0, root) for b in (-root, 0, root)])
    assert len(places) == 9 and found.unseen < 1 and not found.complete
    order = np.lexsort(np.round(places, 6).T[::-1])
    assert places[order] == pytest.approx(expected, abs=1e-7)
    middle = np.linalg.norm(places, axis=1).argmin()
    leading = np.abs(found.eigenvalues[middle, :2])
    assert leading == pytest.approx([slope, slope], rel=1e-4)
    moved = np.abs(found.eigenvalues[:, 0]) > 1
    assert moved.sum() == 5  # all but the four corners
