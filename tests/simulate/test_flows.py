"""Integration schemes against closed forms, chaotic systems against published values."""

import numpy as np
import pytest

from neurodsr.simulate.flows import lorenz63, roessler, runge_kutta, stochastic_heun


def rotation(state):
    x, y = state
    return np.array([-y, x])


def test_runge_kutta_turns_a_circle():
    states = runge_kutta(rotation, [1.0, 0.0], dt=0.1, steps=100)
    time = 0.1 * np.arange(1, 101)
    np.testing.assert_allclose(states, np.stack([np.cos(time), np.sin(time)], 1), atol=1e-5)


def test_runge_kutta_is_of_fourth_order():
    errors = [
        abs(runge_kutta(lambda x: -x, [1.0], 1.0, 1, substeps=n)[0, 0] - np.exp(-1.0))
        for n in (8, 16)
    ]
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.15)


def test_copies_are_integrated_together():
    start = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])
    together = runge_kutta(rotation, start, 0.1, 7)
    assert together.shape == (7, 2, 3)
    for copy in range(3):
        np.testing.assert_array_equal(
            together[:, :, copy], runge_kutta(rotation, start[:, copy], 0.1, 7)
        )


def test_stochastic_heun_has_the_variance_of_ornstein_uhlenbeck():
    rng = np.random.default_rng(1)
    rate, noise = 2.0, 0.6
    states = stochastic_heun(
        lambda x: -rate * x, np.zeros((1, 4000)), noise, dt=0.1, steps=30, rng=rng, substeps=4
    )
    assert states[-1].var() == pytest.approx(noise**2 / (2 * rate), rel=0.08)
    correlation = np.corrcoef(states[-1, 0], states[-6, 0])[0, 1]
    assert correlation == pytest.approx(np.exp(-rate * 0.5), abs=0.05)


def test_noise_of_each_component_and_none():
    rng = np.random.default_rng(2)
    states = stochastic_heun(np.zeros_like, np.zeros((2, 2000)), [0.0, 0.5], 0.25, 4, rng)
    assert np.all(states[:, 0] == 0.0)
    np.testing.assert_allclose(states[:, 1].var(axis=1), 0.25 * 0.25 * np.arange(1, 5), rtol=0.1)


def test_stochastic_heun_without_noise_is_deterministic_second_order():
    rng = np.random.default_rng(0)
    states = stochastic_heun(lambda x: -x, [1.0], 0.0, 0.01, 100, rng)
    assert states[-1, 0] == pytest.approx(np.exp(-1.0), rel=1e-4)


def test_lorenz_has_the_known_moments():
    # Long-run moments: <z> = 23.55, sd(x) = 7.92, sd(z) = 8.62.
    trajectory = lorenz63(12000)
    assert trajectory.shape == (12000, 3)
    assert trajectory[:, 2].mean() == pytest.approx(23.55, abs=0.3)
    assert trajectory[:, 0].std() == pytest.approx(7.92, abs=0.2)
    assert trajectory[:, 2].std() == pytest.approx(8.62, abs=0.2)


def test_lorenz_stays_at_its_fixed_point():
    c = np.sqrt(8.0 / 3.0 * 27.0)
    trajectory = lorenz63(10, start=(c, c, 27.0), transient=0)
    np.testing.assert_allclose(trajectory, np.tile([c, c, 27.0], (10, 1)), atol=1e-10)


def test_start_is_drawn_from_the_generator():
    first = lorenz63(50, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(first, lorenz63(50, rng=np.random.default_rng(3)))
    assert not np.allclose(first, lorenz63(50, rng=np.random.default_rng(4)))


def test_roessler_turns_with_the_known_period():
    # Mean frequency of the phase-coherent attractor at a = b = 0.2, c = 5.7 is about 1.07 rad.
    trajectory = roessler(6000)
    phase = np.unwrap(np.arctan2(trajectory[:, 1], trajectory[:, 0]))
    assert (phase[-1] - phase[0]) / (5999 * 0.05) == pytest.approx(1.07, abs=0.02)
