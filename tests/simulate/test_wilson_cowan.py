"""The Wilson-Cowan equations: fixed points, Jacobian, Hopf bifurcation and limit cycle."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import fsolve

from neurodsr.simulate.flows import runge_kutta
from neurodsr.simulate.wilson_cowan import (
    Parameters,
    eigenvalues,
    field,
    fixed_points,
    hopf_drive,
    jacobian,
    limit_cycle,
)

STANDARD = Parameters()


@pytest.mark.parametrize("drive", [0.0, 0.5, 1.0, 1.25, 2.0, 3.0])
def test_the_field_vanishes_at_fixed_points(drive):
    parameters = replace(STANDARD, drive=drive)
    for point in fixed_points(parameters):
        np.testing.assert_allclose(field(point, parameters), 0.0, atol=1e-9)


def test_rest_is_a_fixed_point_without_drive():
    # S(0) = 0 by construction, so that (0, 0) is exact when both drives vanish.
    np.testing.assert_allclose(fixed_points(replace(STANDARD, drive=0.0)), [[0.0, 0.0]], atol=1e-12)


@pytest.mark.parametrize(("drive", "count"), [(0.8, 1), (1.0, 3), (1.2, 1), (2.5, 1)])
def test_all_fixed_points_are_found(drive, count):
    parameters = replace(STANDARD, drive=drive)
    found = fixed_points(parameters)
    assert len(found) == count
    rng = np.random.default_rng(0)
    for start in rng.uniform(0.0, 0.5, (40, 2)):
        root, _, success, _ = fsolve(lambda s: field(s, parameters), start, full_output=True)
        if success == 1:
            assert np.linalg.norm(found - root, axis=1).min() < 1e-6


@pytest.mark.parametrize("drive", [1.3, 2.4])
def test_jacobian_is_the_derivative(drive):
    parameters = replace(STANDARD, drive=drive, refractoriness=0.8, tau_e=0.01, tau_i=0.017)
    state, h = np.array([0.23, 0.17]), 1e-6
    numeric = np.stack(
        [
            (field(state + h * unit, parameters) - field(state - h * unit, parameters)) / (2 * h)
            for unit in np.eye(2)
        ],
        axis=1,
    )
    np.testing.assert_allclose(jacobian(state, parameters), numeric, rtol=1e-7, atol=1e-6)


def test_copies_along_a_second_axis():
    states = np.random.default_rng(1).uniform(0.0, 0.5, (2, 5))
    together = field(states, STANDARD)
    for copy in range(5):
        np.testing.assert_array_equal(together[:, copy], field(states[:, copy], STANDARD))


def test_hopf_bifurcation():
    drive = hopf_drive(STANDARD, 1.5, 2.5)
    at = replace(STANDARD, drive=drive)
    (point,) = fixed_points(at)
    matrix = jacobian(point, at)
    assert drive == pytest.approx(1.8793132, abs=1e-6)
    assert np.trace(matrix) == pytest.approx(0.0, abs=1e-6)
    assert eigenvalues(point, at)[0].imag == pytest.approx(np.sqrt(np.linalg.det(matrix)))


def test_the_bifurcation_is_supercritical():
    # Amplitude grows from zero as the square root of the distance; nothing coexists beyond it.
    drive = hopf_drive(STANDARD, 1.5, 2.5)
    amplitudes = []
    for distance in (0.08, 0.16):
        cycle = limit_cycle(replace(STANDARD, drive=drive - distance))
        assert cycle is not None
        amplitudes.append(cycle.amplitude[0])
    assert np.log2(amplitudes[1] / amplitudes[0]) == pytest.approx(0.5, abs=0.03)
    beyond = replace(STANDARD, drive=drive + 0.05)
    states = runge_kutta(lambda s: field(s, beyond), fixed_points(beyond)[0] + 0.1, 5e-4, 8000)
    np.testing.assert_allclose(states[-1], fixed_points(beyond)[0], atol=2e-3)


def test_no_hopf_in_the_interval():
    with pytest.raises(ValueError, match="different signs"):
        hopf_drive(STANDARD, 2.0, 2.5)


def test_limit_cycle_agrees_with_an_adaptive_solver():
    parameters = replace(STANDARD, drive=1.4)
    cycle = limit_cycle(parameters)
    assert cycle is not None

    def rising(_, state):
        return state[0] - fixed_points(parameters)[0][0]

    rising.direction = 1.0
    solution = solve_ivp(
        lambda _, s: field(s, parameters),
        (0.0, 1.5),
        [0.3, 0.1],
        method="DOP853",
        rtol=1e-9,
        atol=1e-10,
        events=rising,
        max_step=5e-4,
    )
    assert cycle.period == pytest.approx(np.diff(solution.t_events[0][-6:]).mean(), rel=1e-4)
    late = solution.y[:, solution.t > 1.3]
    np.testing.assert_allclose(cycle.amplitude, np.ptp(late, axis=1) / 2, rtol=1e-3)


def test_no_cycle_around_a_stable_fixed_point():
    assert limit_cycle(replace(STANDARD, drive=2.5)) is None
