"""Systems against their fixed points, derivatives, published moments and exponents."""

import numpy as np
import pytest

from neurodsr.simulate.exponents import lyapunov_spectrum
from neurodsr.simulate.flows import runge_kutta
from neurodsr.simulate.orbits import sampled
from neurodsr.simulate.systems import (
    SYSTEMS,
    BurstingNeuron,
    Lorenz63,
    Lorenz96,
    Roessler,
    perturbed,
)


@pytest.mark.parametrize("system", [make() for make in SYSTEMS.values()], ids=list(SYSTEMS))
def test_jacobians_are_the_derivatives_of_the_fields(system):
    start = system.start[:, None]
    states = start * (1 + 0.1 * np.random.default_rng(0).standard_normal((len(start), 3)))
    jacobian = system.jacobian(states)
    for k in range(len(start)):
        step = np.zeros_like(states)
        step[k] = 1e-6 * max(1.0, np.abs(states[k]).max())
        slope = (system.field(states + step) - system.field(states - step)) / (2 * step[k, 0])
        np.testing.assert_allclose(jacobian[:, k], slope, rtol=1e-5, atol=1e-4)
    assert len(system.channels) == len(start)


def test_lorenz_rests_where_the_closed_form_says():
    c = np.sqrt(8.0 / 3.0 * 27.0)
    point = np.array([c, c, 27.0])
    np.testing.assert_allclose(Lorenz63().field(point), 0.0, atol=1e-12)
    eigenvalues = np.sort_complex(np.linalg.eigvals(Lorenz63().jacobian(point)))
    np.testing.assert_allclose(eigenvalues[0], -13.85458, atol=1e-5)
    np.testing.assert_allclose(eigenvalues[2], 0.09396 + 10.19451j, atol=1e-5)


def test_roessler_rests_where_the_closed_form_says():
    a, b, c = 0.2, 0.2, 5.7
    for sign in (1, -1):
        z = (c + sign * np.sqrt(c**2 - 4 * a * b)) / (2 * a)
        np.testing.assert_allclose(Roessler().field(np.array([a * z, -z, z])), 0.0, atol=1e-10)


def test_lorenz96_rests_at_its_forcing_and_its_waves_grow_as_known():
    # Eigenvalues at x_i = F: F (exp(i k) - exp(-2 i k)) - 1 for the wave numbers k (Lorenz 1996).
    system = Lorenz96(12, 3.0)
    point = np.full(12, 3.0)
    np.testing.assert_array_equal(system.field(point), 0.0)
    k = 2 * np.pi * np.arange(12) / 12
    expected = 3.0 * (np.exp(1j * k) - np.exp(-2j * k)) - 1.0
    found = np.linalg.eigvals(system.jacobian(point))
    for value in expected:
        assert np.abs(found - value).min() < 1e-10


def test_lorenz96_conserves_its_energy_but_for_forcing_and_friction():
    state = np.random.default_rng(0).standard_normal(9)
    friction = state @ (5.0 - state)
    assert state @ Lorenz96(9, 5.0).field(state) == pytest.approx(friction)


def test_lorenz_has_the_known_moments():
    # Long-run moments: <z> = 23.55, sd(x) = 7.92, sd(z) = 8.62.
    orbit = sampled(Lorenz63(), 0.01, 12000, 1, np.random.default_rng(0))
    assert orbit[:, 2].mean() == pytest.approx(23.55, abs=0.4)
    assert orbit[:, 0].std() == pytest.approx(7.92, abs=0.2)
    assert orbit[:, 2].std() == pytest.approx(8.62, abs=0.2)


def test_roessler_turns_with_the_known_period():
    # Mean frequency of the phase-coherent attractor at a = b = 0.2, c = 5.7 is about 1.07 rad.
    orbit = sampled(Roessler(), 0.1, 3000, 2, np.random.default_rng(0))
    phase = np.unwrap(np.arctan2(orbit[:, 1], orbit[:, 0]))
    assert (phase[-1] - phase[0]) / 299.9 == pytest.approx(1.07, abs=0.02)


def test_the_neuron_bursts():
    orbit = sampled(BurstingNeuron(), 5e-4, 1200, 10, np.random.default_rng(0))
    v = orbit[:, 0]
    spikes = 5e-4 * np.flatnonzero((v[:-1] < -20) & (v[1:] >= -20))
    pauses = np.diff(spikes)
    bursts = np.flatnonzero(pauses > 0.05)
    assert -75 < v.min() < -60 and -15 < v.max() < 0
    assert len(bursts) >= 3
    assert np.all(np.diff(bursts) >= 10)  # spikes in a burst
    assert np.median(pauses) < 0.006
    assert np.all((pauses[bursts] > 0.07) & (pauses[bursts] < 0.1))
    assert np.all((orbit[:, 1:] >= 0) & (orbit[:, 1:] <= 1))


def test_the_neuron_bursts_from_all_its_starts():
    system = BurstingNeuron()
    states = perturbed(system, 20, np.random.default_rng(1))
    states = runge_kutta(system.field, states, 1.0, 1, 10000)[0]
    lowest = runge_kutta(system.field, states, 1e-3, 200, 10)[:, 0].min(axis=0)
    assert np.all(lowest < -65)


def test_without_input_the_neuron_is_silent():
    system = BurstingNeuron(nmda=0.0)
    end = runge_kutta(system.field, system.start, 1e-4, 20000)[-1]
    np.testing.assert_allclose(system.field(end), 0.0, atol=0.01)
    assert end[0] < -60


@pytest.mark.parametrize(
    ("system", "leading", "total", "tolerance"),
    [
        (Lorenz63(), 0.906, -13.0 - 2.0 / 3.0, 0.02),
        (Roessler(), 0.071, None, 0.006),
        (Lorenz96(5), 0.475, -5.0, 0.05),
    ],
    ids=["lorenz63", "roessler", "lorenz96"],
)
def test_exponents_are_the_known_ones(system, leading, total, tolerance):
    # Sprott (2003) for the first two; the sum is the mean divergence of the flow.
    spectrum = lyapunov_spectrum(system, np.random.default_rng(0), blocks=400, lanes=32)
    assert spectrum.exponents[0] == pytest.approx(leading, abs=tolerance)
    assert np.abs(spectrum.exponents).min() < 0.02
    if total is not None:
        assert spectrum.exponents.sum() == pytest.approx(total, rel=1e-3)
    assert spectrum.regime == "chaotic"


def test_regimes_without_chaos():
    # Below rho = 24.74 the points C attract; Roessler at c = 2.5 has a cycle.
    rest = lyapunov_spectrum(Lorenz63(rho=10.0), np.random.default_rng(0), 300, 2)
    assert rest.regime == "fixed point"
    cycle = lyapunov_spectrum(Roessler(c=2.5), np.random.default_rng(0), 300, 2)
    assert cycle.regime == "limit cycle"
