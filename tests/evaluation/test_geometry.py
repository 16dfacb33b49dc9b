import itertools

import numpy as np
import pytest

from neurodsr.errors import ConfigError
from neurodsr.evaluation.geometry import (
    PRESETS,
    BinnedReference,
    Binning,
    choose_preset,
    state_space_divergence,
)


def lorenz(steps: int, start: list[float], dt: float = 0.01) -> np.ndarray:
    def flow(v: np.ndarray) -> np.ndarray:
        x, y, z = v
        return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])

    orbit = np.empty((steps + 1000, 3))
    orbit[0] = start
    for t in range(len(orbit) - 1):
        k1 = flow(orbit[t])
        k2 = flow(orbit[t] + dt / 2 * k1)
        k3 = flow(orbit[t] + dt / 2 * k2)
        k4 = flow(orbit[t] + dt * k3)
        orbit[t + 1] = orbit[t] + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return orbit[1000:]


@pytest.fixture(scope="module")
def attractor() -> np.ndarray:
    x = lorenz(10_000, [1.0, 2.0, 20.0])
    return (x - x.mean(axis=0)) / x.std(axis=0)


def plain_divergence(
    true: np.ndarray, generated: np.ndarray, bins: int, low: np.ndarray, high: np.ndarray
) -> float:
    """Dense histograms, bin by bin."""
    edges = [np.linspace(a, b, bins + 1) for a, b in zip(low, high, strict=True)]
    p = np.histogramdd(true, edges)[0] + 1e-5
    q = np.histogramdd(generated, edges)[0] + 1e-5
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum(p * np.log(p / q)))


def divergence(true: np.ndarray, generated: np.ndarray, preset: str = "gtf") -> float:
    return state_space_divergence(true, generated, preset, np.random.default_rng(0))


@pytest.mark.parametrize("preset, margin", [("gtf", 0.1), ("al-rnn-8", 0.1)])
def test_binning_equals_a_plain_implementation(
    attractor: np.ndarray, preset: str, margin: float
) -> None:
    generated = 1.1 * attractor[::-1] + 0.05
    deviation = attractor.std(axis=0)
    expected = plain_divergence(
        attractor,
        generated,
        PRESETS[preset].bins,
        attractor.min(axis=0) - margin * deviation,
        attractor.max(axis=0) + margin * deviation,
    )
    assert divergence(attractor, generated, preset) == pytest.approx(expected, rel=1e-6)


def test_legacy_box_is_two_deviations_around_zero(attractor: np.ndarray) -> None:
    shifted = attractor + 0.3
    expected = plain_divergence(
        attractor, shifted, 30, -2 * attractor.std(axis=0), 2 * attractor.std(axis=0)
    )
    assert divergence(attractor, shifted, "gtf-legacy") == pytest.approx(expected, rel=1e-6)


def test_two_cells_by_hand() -> None:
    """Occupations (3/4, 1/4) against (1/4, 3/4): KL = log(3) / 2."""
    true = np.array([0.0, 0.0, 0.0, 1.0])[:, None]
    generated = np.array([0.0, 1.0, 1.0, 1.0])[:, None]
    reference = BinnedReference(true, Binning(2, "margin", alpha=1e-12))
    assert reference.divergence(generated) == pytest.approx(np.log(3) / 2, abs=1e-9)


def test_python_codes_drop_the_first_bin() -> None:
    true = np.array([0.0, 0.5, 1.5, 2.5, 3.0])[:, None]
    dynamix = BinnedReference(true, Binning(3, "range", first_bin=1))
    assert list(dynamix.cells) == [1, 2]
    assert dynamix.outside(np.array([[0.9], [1.1], [2.9], [3.0]])) == pytest.approx(0.5)


def test_outside_points_count_when_the_convention_keeps_them() -> None:
    """Half of the generated points outside costs log 2; dropped, it costs nothing."""
    true = np.random.default_rng(0).uniform(size=(5000, 1))
    generated = np.concatenate([true, true + 100.0])
    assert divergence(true, generated, "gtf") == pytest.approx(0.0, abs=1e-6)
    assert divergence(true, generated, "gtf-keep") == pytest.approx(np.log(2), abs=1e-6)


def test_known_cases_of_a_lorenz_attractor(attractor: np.ndarray) -> None:
    """Shift, scale, fixed point and shuffle as in the reference measurements."""
    rng = np.random.default_rng(1)
    raw = [lorenz(10_000, start) for start in ([1, 2, 20], [-3, 1, 25], [5, 5, 15])]
    assert 0.3 < np.median([divergence(a, b) for a in raw for b in raw if a is not b]) < 1.0
    assert 10 < divergence(attractor, attractor + 1.0) < 14
    assert divergence(raw[0], 3 * raw[1] + 10) == pytest.approx(11.1, abs=1.0)
    assert divergence(attractor, 2 * attractor) == pytest.approx(10.1, abs=0.7)
    point = np.tile(attractor[5], (10_000, 1))
    assert divergence(attractor, point) == pytest.approx(14.0, abs=0.4)
    shuffled = rng.permutation(attractor)
    assert divergence(attractor, shuffled) == 0.0
    assert divergence(attractor, 3 * attractor + 10, "hierarchical") < 0.01


def test_thirty_bins_in_ten_dimensions_stay_small() -> None:
    x = np.random.default_rng(0).standard_normal((2000, 10))
    assert divergence(x, x) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ConfigError, match="gmm"):
        divergence(np.zeros((5, 13)), np.zeros((5, 13)))


def test_mixture_against_direct_sums() -> None:
    rng = np.random.default_rng(2)
    true, generated = rng.standard_normal((40, 6)), rng.standard_normal((30, 6)) + 0.5
    draws_rng = np.random.default_rng(int(np.random.default_rng(0).integers(2**63)))
    draws = true[draws_rng.integers(40, size=1000)] + draws_rng.standard_normal((1000, 6))
    total = 0.0
    for x in draws:
        p = np.mean([np.exp(-0.5 * np.sum((x - c) ** 2)) for c in true])
        q = np.mean([np.exp(-0.5 * np.sum((x - c) ** 2)) for c in generated])
        total += np.log(p / q) / len(draws)
    assert divergence(true, generated, "gmm") == pytest.approx(total, rel=1e-9)


def test_mixture_of_one_gaussian_has_the_closed_form() -> None:
    """Two unit Gaussians at distance d: KL = d^2 / 2, also where densities underflow."""
    true = np.zeros((50, 8))
    for distance in (1.0, 100.0):
        generated = true.copy()
        generated[:, 0] = distance
        expected = distance**2 / 2
        spread = 4 * distance / np.sqrt(1000)
        assert divergence(true, generated, "gmm") == pytest.approx(expected, abs=spread)
        assert divergence(true, generated, "gmm-symmetric") == pytest.approx(expected, abs=spread)


def test_chunks_do_not_change_a_mixture() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((9000, 7)), rng.standard_normal((9000, 7))
    values = [divergence(x, y, "gmm"), divergence(x, y, "gmm")]
    assert values[0] == values[1] and abs(values[0]) < 0.1


def test_choice_by_channels_and_by_name() -> None:
    assert [choose_preset("auto", n) for n in (1, 5, 6)] == ["gtf", "gtf", "gmm"]
    assert choose_preset("dynamix", 64) == "dynamix"
    with pytest.raises(ConfigError, match="gtf-legacy"):
        choose_preset("gft", 3)


@pytest.mark.parametrize("preset", PRESETS)
def test_equal_trajectories_have_no_divergence(preset: str, attractor: np.ndarray) -> None:
    value = divergence(attractor[:2000], attractor[:2000], preset)
    assert value == pytest.approx(0.0, abs=1e-9)


def test_non_finite_points_are_refused() -> None:
    for bad, preset in itertools.product((np.nan, np.inf), ("gtf", "gmm")):
        with pytest.raises(ValueError, match="finite"):
            divergence(np.zeros((3, 2)), np.full((3, 2), bad), preset)
