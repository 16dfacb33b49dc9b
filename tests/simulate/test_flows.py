"""Integration schemes against closed forms."""

import numpy as np
import pytest

from neurodsr.simulate.flows import runge_kutta, stochastic_heun


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
