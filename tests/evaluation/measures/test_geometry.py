import itertools

import numpy as np
import plain_measures
import pytest

from neurodsr.errors import ConfigError
from neurodsr.evaluation.measures.geometry import (
    PRESETS,
    BinnedReference,
    Binning,
    choose_preset,
    reference,
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


def divergence(true: np.ndarray, generated: np.ndarray, preset: str = "gtf") -> float:
    return state_space_divergence(true, generated, preset, np.random.default_rng(0))


@pytest.mark.parametrize("preset", plain_measures.BOXES)
def test_binning_equals_a_plain_implementation(attractor: np.ndarray, preset: str) -> None:
    true, generated = attractor[:4000], 1.1 * attractor[5000:] + [0.05, 0.3, 0.0]
    expected = plain_measures.binned_divergence(true, generated, preset)
    assert divergence(true, generated, preset) == pytest.approx(expected, rel=1e-9)


def test_many_sparse_bins_equal_a_plain_implementation() -> None:
    """30 bins in 5 dimensions are 24 million: counted only where there are points."""
    rng = np.random.default_rng(0)
    true, generated = rng.standard_normal((3000, 5)), 0.8 * rng.standard_normal((2000, 5))
    expected = plain_measures.binned_divergence(true, generated, "gtf")
    assert divergence(true, generated, "gtf") == pytest.approx(expected, rel=1e-9)


def test_dense_histograms_give_the_same(attractor: np.ndarray) -> None:
    expected = plain_measures.dense_divergence(attractor, attractor[::-1] * 1.02)
    assert divergence(attractor, attractor[::-1] * 1.02) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("preset, drop", [("gtf-gmm", True), ("gmm", False)])
def test_mixtures_equal_a_plain_implementation(preset: str, drop: bool) -> None:
    """A third of the draws lie where the density of the generated points underflows."""
    rng = np.random.default_rng(2)
    true, generated = rng.standard_normal((300, 6)), rng.standard_normal((300, 6)) + 0.5
    true[:100, 0] += 20.0
    made = reference(true, preset, np.random.default_rng(0))
    expected = plain_measures.mixture_divergence(true, generated, made.draws, 1.0, drop)
    assert made.divergence(generated) == pytest.approx(expected, rel=1e-9)
    assert made.outside(generated) == pytest.approx(1 / 3 if drop else 0.0, abs=0.05)


def test_symmetric_mixture_is_the_mean_of_both_directions() -> None:
    rng = np.random.default_rng(2)
    true, generated = rng.standard_normal((200, 6)), rng.standard_normal((200, 6)) + 0.5
    directions = [reference(*pair, np.random.default_rng(0)) for pair in
                  ((true, "gtf-gmm"), (generated, "gtf-gmm"))]  # fmt: skip
    expected = [
        plain_measures.mixture_divergence(own, other, made.draws, 1.0, True)
        for own, other, made in zip((true, generated), (generated, true), directions, strict=True)
    ]
    value = divergence(true, generated, "dendplrnn-gmm")
    assert value == pytest.approx(np.mean(expected), rel=1e-9)


def test_far_points_are_not_taken_for_near_ones() -> None:
    """Dropped draws make a far-away generator look near; without, it costs what it should."""
    true = np.random.default_rng(0).standard_normal((500, 8))
    far = np.where(np.arange(500)[:, None] < 5, true, true + 100.0)
    assert divergence(true, far, "gmm") > 4
    assert np.isinf(divergence(true, true + 100.0, "gtf-gmm"))
    assert np.isinf(divergence(true, true + 100.0, "gtf"))


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
    white = rng.multivariate_normal(np.zeros(3), np.cov(attractor.T), 10_000)
    assert divergence(attractor, white) == pytest.approx(5.0, abs=0.7)
    assert 11 < divergence(attractor, attractor + 1.0, "dynamix") < 14.5
    assert divergence(attractor, 3 * attractor + 10, "hierarchical") < 0.01
    assert divergence(attractor, point, "dynamix") == pytest.approx(14.0, abs=0.4)


def test_floor_shrinks_with_samples_as_measured(attractor: np.ndarray) -> None:
    """Independent orbits of Lorenz-63: mean of pairs 0.66 at 1e4, 3.3 at 3e3 samples."""
    rng = np.random.default_rng(0)
    orbits = [
        lorenz(10_000, list(start)) for start in rng.uniform([-9, -9, 15], [9, 9, 35], (6, 3))
    ]
    for samples, expected in ((10_000, 0.66), (3000, 3.3)):
        pairs = itertools.permutations(range(6), 2)
        found = np.mean([divergence(orbits[i][:samples], orbits[j][:samples]) for i, j in pairs])
        assert expected / 2 < found < expected * 2


def test_thirty_bins_in_ten_dimensions_stay_small() -> None:
    x = np.random.default_rng(0).standard_normal((2000, 10))
    assert divergence(x, x) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ConfigError, match="gmm"):
        divergence(np.zeros((5, 13)), np.zeros((5, 13)))


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
