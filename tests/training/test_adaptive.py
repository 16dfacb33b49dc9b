"""Adaptive forcing: growth against explicit Jacobians, and the recursion of the strength."""

from typing import Any

import numpy as np
import pytest
import torch

from neurodsr.models.families import PLRNN, AlmostLinearRNN, DendriticPLRNN, Family, ShallowPLRNN
from neurodsr.models.maps import ElementwiseMap, ShallowMap, StructuredMap
from neurodsr.training import adaptive
from neurodsr.training.adaptive import ESTIMATORS, growth, next_strength, sample_times, upper_bound

RUNS, BLOCKS, STEPS = 2, 2, 7
FAMILIES = {
    "clipped shallow": ShallowPLRNN(3, 10),
    "shallow": ShallowPLRNN(5, 8, clipped=False),
    "one-dimensional": ShallowPLRNN(1, 6),
    "plrnn": PLRNN(6),
    "mean-centred": PLRNN(6, centred=True),
    "dendritic": DendriticPLRNN(4, 5),
    "al-rnn": AlmostLinearRNN(7, 3),
}


def random_map(family: Family, kind: torch.dtype = torch.float64) -> StructuredMap:
    rng = np.random.default_rng(0)
    parameters = {
        name: torch.tensor(0.6 * rng.standard_normal((RUNS, *shape)), dtype=kind)
        for name, shape in family.shapes.items()
    }
    return family.lower(parameters)


def observations(channels: int, kind: type = np.float64) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.standard_normal((RUNS, BLOCKS, STEPS + 1, channels, 16)).astype(kind)


def jacobians(maps: StructuredMap, E: torch.Tensor, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``(run, lane, step, latent, latent)`` by automatic differentiation, and what is known."""
    canonical = maps.canonical()
    lanes = np.moveaxis(x[:, :, :-1], 1, 3)
    z = np.einsum("rmn,rtnbl->rtmbl", E.numpy(), lanes).reshape(*lanes.shape[:2], E.shape[1], -1)
    known = np.isfinite(z).all(2)
    states = torch.tensor(np.nan_to_num(z))
    J = [
        torch.autograd.functional.jacobian(lambda s: canonical.step(s).sum(2), states[:, t])
        for t in range(states.shape[1])
    ]
    # (run out, unit out, run in, unit in, lane) of each step: a run does not depend on others
    own = [torch.stack([j[r, :, r] for r in range(RUNS)]) for j in J]
    return torch.stack(own, 2).permute(0, 4, 2, 1, 3).numpy(), known.transpose(0, 2, 1)


def expected(J: np.ndarray, known: np.ndarray, estimator: str) -> np.ndarray:
    norms = np.where(known, np.linalg.norm(J, 2, axis=(3, 4)), np.nan)
    if estimator == "batch_maximum":
        return np.nanmax(norms, axis=(1, 2))
    if estimator == "product_upper_bound":
        return np.exp(np.nanmean(np.log(norms), axis=2)).max(axis=1)
    mean = np.nanmean(np.where(known[..., None, None], J, np.nan), axis=2)
    return np.linalg.norm(mean, 2, axis=(2, 3)).max(axis=1)


@pytest.fixture
def every_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptive, "sample_times", lambda maps, steps: np.arange(steps))


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("name", FAMILIES)
def test_growth_equals_that_of_explicit_jacobians(
    name: str, estimator: str, every_sample: None
) -> None:
    maps = random_map(FAMILIES[name])
    latent = maps.a.shape[1]
    E = torch.tensor(np.random.default_rng(2).standard_normal((RUNS, latent, 3)))
    x = observations(3)
    x[0, 1, 2:4, 1, 5] = np.nan
    x[1, 0, :, 0, 3] = np.nan
    J, known = jacobians(maps, E, x)
    known[1, 3] = False
    J[1, 3] = np.eye(latent)  # a lane that is never known must not count
    some = known.any(axis=2)
    reference = [
        expected(J[r : r + 1, some[r]], known[r : r + 1, some[r]], estimator)[0]
        for r in range(RUNS)
    ]
    assert growth(maps, E, x, estimator) == pytest.approx(reference, rel=2e-3)


def test_bound_holds_for_every_jacobian(every_sample: None) -> None:
    for family in FAMILIES.values():
        maps = random_map(family)
        E = torch.eye(maps.a.shape[1], dtype=torch.float64).expand(RUNS, -1, -1)
        x = 3 * observations(maps.a.shape[1])
        largest = growth(maps, E, x, "batch_maximum")
        assert (growth(maps, E, x, "jacobian_upper_bound") >= 0.999 * largest).all()


def test_bound_has_its_closed_form() -> None:
    maps = random_map(FAMILIES["clipped shallow"])
    norms = [np.linalg.norm(m.numpy(), 2, axis=(1, 2)) for m in (maps.W1, maps.W2)]
    own = maps.a.abs().numpy().max(axis=1)
    assert upper_bound(maps) == pytest.approx(own + norms[0] * norms[1])


def rotation(stretch: float) -> ElementwiseMap:
    """An al-rnn whose linear units turn and stretch: every Jacobian is a multiple of a rotation."""
    c, s = np.cos(0.3), np.sin(0.3)
    turn = torch.tensor(stretch * np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), dtype=torch.float32)
    nothing = torch.zeros(1, 3)
    return ElementwiseMap(
        a=nothing,
        W=turn[None],
        alpha=torch.zeros(1, 1, 0),
        H=torch.zeros(1, 1, 0),
        h1=nothing,
        C=torch.zeros(1, 3, 0),
        clipped=False,
        centred=False,
    )


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_rotations_need_no_forcing_and_stretching_by_two_needs_one_half(estimator: str) -> None:
    x, E = observations(3, np.float32)[:1], torch.eye(3)[None]
    kept = growth(rotation(1.0), E, x, estimator)
    assert kept == pytest.approx([1.0])
    assert next_strength(np.array([0.0]), kept, 0.999) == pytest.approx([0.0], abs=1e-6)
    doubled = growth(rotation(2.0), E, x, estimator)
    assert next_strength(np.array([0.0]), doubled, 0.999) == pytest.approx([0.5])


def test_strength_follows_the_recursion_of_algorithm_1() -> None:
    alpha = np.array([1.0, 0.2, 0.2, 0.3, 0.7])
    kappa = np.array([2.0, 2.0, 0.5, np.nan, np.inf])
    # needed: 0.5, 0.5, 0, as it is, 1; lowered by a tenth of the way, raised at once
    expected = [0.9 * 1.0 + 0.1 * 0.5, 0.5, 0.9 * 0.2, 0.3, 1.0]
    assert next_strength(alpha, kappa, 0.9) == pytest.approx(expected)
    assert next_strength(next_strength(alpha, kappa, 0.9), kappa, 0.9)[0] == pytest.approx(0.905)


def test_unknown_signals_and_lost_models_leave_no_estimate(every_sample: None) -> None:
    maps = random_map(FAMILIES["clipped shallow"])
    E = torch.eye(3, dtype=torch.float64).expand(RUNS, -1, -1)
    x = observations(3)
    x[0] = np.nan
    maps.W1[1] = np.nan
    assert np.isnan(growth(maps, E, x, "product_upper_bound")).all()


def sizes(latent: int, hidden: int) -> StructuredMap:
    zeros: Any = torch.zeros
    return ShallowMap(
        zeros(1, latent), zeros(1, latent, hidden), zeros(1, hidden, latent), zeros(1, latent),
        zeros(1, hidden), zeros(1, latent, 0), True,
    )  # fmt: skip


def test_samples_are_evenly_spaced_and_fewer_for_larger_maps() -> None:
    np.testing.assert_array_equal(sample_times(sizes(3, 100), 200), np.arange(200))
    few = sample_times(sizes(16, 512), 50)
    assert 10 <= len(few) <= 20
    assert set(np.diff(few)) <= {3, 4} and few[0] <= 2 and few[-1] >= 47
    assert len(sample_times(sizes(100, 1000), 5)) == 1


def test_few_samples_estimate_what_all_do(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = random_map(ShallowPLRNN(4, 60), torch.float32)
    E = torch.eye(4).expand(RUNS, -1, -1)
    rng = np.random.default_rng(3)
    t = np.arange(201)[:, None, None]
    phase, speed = 2 * np.pi * rng.random((4, 1)), 0.1 + 0.05 * rng.random((4, 16))
    x = np.tile(np.sin(speed * t + phase).astype(np.float32), (RUNS, 1, 1, 1, 1))
    few = growth(maps, E, x, "product_upper_bound")
    monkeypatch.setattr(adaptive, "sample_times", lambda maps, steps: np.arange(0, steps, 8))
    assert growth(maps, E, x, "product_upper_bound") == pytest.approx(few, rel=0.03)
