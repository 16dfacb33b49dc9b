"""Linear models, whose responses are matrix powers, and a loop that a lesion opens."""

import numpy as np
import pytest
from known_systems import linear, lozi

from neurodsr.dynamics.perturbation import (
    control_directions,
    coupling_strength,
    effective_coupling,
    free_run,
    lesion_effects,
    lesioned,
    pulse_response,
)
from neurodsr.models.piecewise_linear import PiecewiseLinearMap
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction


def run_of(model: PiecewiseLinearMap, B: np.ndarray | None = None) -> PiecewiseLinearReconstruction:
    B = np.eye(model.latent_dimension) if B is None else B
    return PiecewiseLinearReconstruction(model, B, np.linalg.pinv(B), 0)


A = np.array([[0.9, 0.2, 0.0], [0.0, 0.7, 0.1], [0.3, 0.0, 0.5]])


@pytest.mark.parametrize("lag", [1, 4])
def test_coupling_of_a_linear_model_is_the_power_of_its_matrix(lag: int) -> None:
    rng = np.random.default_rng(0)
    B = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    one = run_of(linear(B.T @ A @ B, [0.1, 0.2, 0.3]), B)
    orbit = one.simulate(rng.standard_normal(3), 50)
    expected = np.linalg.matrix_power(A, lag)
    assert effective_coupling(one, orbit, lag) == pytest.approx(expected, abs=1e-12)
    assert coupling_strength(one, orbit, lag) == pytest.approx(np.abs(expected), abs=1e-12)


def test_coupling_of_the_lozi_map() -> None:
    """dx'/dx is -1.7 sign(x): its root mean square is 1.7, its mean is not."""
    one = run_of(lozi())
    orbit = one.simulate(np.array([0.1, 0.1]), 3000)
    share = np.mean(orbit[:, 0] > 0)
    assert effective_coupling(one, orbit, 1)[0, 0] == pytest.approx(-1.7 * (2 * share - 1))
    assert coupling_strength(one, orbit, 1) == pytest.approx(np.array([[1.7, 1.0], [0.5, 0.0]]))


def test_pulse_in_a_linear_model() -> None:
    one = run_of(linear(A, [0.1, 0.2, 0.3]))
    states = np.random.default_rng(0).standard_normal((20, 3))
    response = pulse_response(one, states, 0.5 * np.eye(3), 6)
    for lag in range(6):
        assert response[lag] == pytest.approx(0.5 * np.linalg.matrix_power(A, lag), abs=1e-12)


def test_a_longer_pulse_in_a_linear_model_is_the_sum_of_short_ones() -> None:
    one = run_of(linear(A, [0.1, 0.2, 0.3]))
    states = np.random.default_rng(0).standard_normal((20, 3))
    short = pulse_response(one, states, np.eye(3), 8)
    long = pulse_response(one, states, np.eye(3), 8, length=3)
    assert long[5] == pytest.approx(short[5] + short[4] + short[3], abs=1e-12)
    assert long[1] == pytest.approx(short[1] + short[0], abs=1e-12)


def test_most_effective_direction() -> None:
    """Singular values and right singular vectors of the propagator of a linear model."""
    one = run_of(linear(A, [0.0, 0.0, 0.0]))
    gains, directions = control_directions(one, np.ones((30, 3)), 3)
    _, sizes, right = np.linalg.svd(np.linalg.matrix_power(A, 3))
    assert gains == pytest.approx(sizes)
    assert np.abs(np.sum(directions * right, axis=1)) == pytest.approx(np.ones(3))


def test_a_lesion_stops_an_oscillation_of_two_channels() -> None:
    """A rotation needs both of its channels; a third one with a loop of its own goes on."""
    turn = np.zeros((4, 4))
    turn[:2, :2] = turn[2:, 2:] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]
    one = run_of(linear(turn, np.zeros(4)))
    start = np.array([1.0, 0.0, 0.0, 1.0])
    ranges = lesion_effects(one, start, np.zeros(4), 500, 500)
    assert ranges[0, :2] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert ranges[0, 2:] == pytest.approx([1.0, 1.0], abs=1e-2)
    assert ranges[3, :2] == pytest.approx([1.0, 1.0], abs=1e-2)
    assert ranges[3, 2:] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_a_lesioned_channel_is_seen_at_its_value() -> None:
    one = run_of(linear(A, [0.0, 0.0, 0.0]))
    step = lesioned(one, 0, 2.0)
    for z in np.random.default_rng(0).standard_normal((5, 3)):
        assert step(z) == pytest.approx(A @ [2.0, *z[1:]])


def test_a_free_run_leaves_out_its_transient() -> None:
    orbit = free_run(lambda z: z + 1, np.zeros(1), 3, 4)
    assert orbit[:, 0].tolist() == [3.0, 4.0, 5.0, 6.0]
