import numpy as np
import pytest

from neurodsr.evaluation.measures.invariants import Embedding, InvariantReference

DT = 0.01


def lorenz(samples: int, start: tuple[float, float, float], rho: float = 28.0) -> np.ndarray:
    """Lorenz-63 after a transient, each variable standardised."""

    def flow(v: np.ndarray) -> np.ndarray:
        x, y, z = v
        return np.array([10 * (y - x), x * (rho - z) - y, x * y - 8 / 3 * z])

    orbit = np.empty((samples + 2000, 3))
    orbit[0] = start
    for t in range(len(orbit) - 1):
        k1 = flow(orbit[t])
        k2 = flow(orbit[t] + DT / 2 * k1)
        k3 = flow(orbit[t] + DT / 2 * k2)
        k4 = flow(orbit[t] + DT * k3)
        orbit[t + 1] = orbit[t] + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return orbit[2000:]


@pytest.fixture(scope="module")
def reference() -> InvariantReference:
    return InvariantReference([lorenz(10_000, (1.0, 2.0, 20.0))], Embedding(3, 17), DT)


def test_lorenz_has_its_known_numbers(reference: InvariantReference) -> None:
    """0.906 per s and 2.05; 10 000 samples of an estimate from observations."""
    assert reference.exponent == pytest.approx(0.906, rel=0.25)
    assert reference.dimension == pytest.approx(2.05, abs=0.2)


def test_another_orbit_of_the_system_differs_little(reference: InvariantReference) -> None:
    other = [lorenz(10_000, (-3.0, 1.0, 25.0))]
    assert reference.exponent_error(other) < 0.3
    assert reference.dimension_error(other) < 0.2


def test_a_cycle_has_no_growth_and_dimension_one(reference: InvariantReference) -> None:
    """The exponent counts as 0; quasi-periodic sampling of a closed curve."""
    t = np.arange(5000)[:, None] * DT
    cycle = 10 * np.sin(2 * np.pi * 1.3 * t + [0.0, 1.0, 2.0])
    exponent, dimension = reference.values([cycle])
    assert exponent == 0.0 and dimension == pytest.approx(1.0, abs=0.15)
    assert reference.exponent_error([cycle]) == reference.exponent
    assert reference.dimension_error([cycle]) == pytest.approx(1.05, abs=0.3)


def test_a_point_has_dimension_zero(reference: InvariantReference) -> None:
    assert reference.values([np.ones((5000, 3))]) == (0.0, 0.0)


def test_noise_has_no_exponent_to_compare_with() -> None:
    noise = np.random.default_rng(0).standard_normal((4000, 3))
    assert np.isnan(InvariantReference([noise], Embedding(3, 1), DT).exponent)
