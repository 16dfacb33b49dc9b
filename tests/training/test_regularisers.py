"""Penalties, each held to what its definition says of a map that is taken apart by hand."""

import numpy as np
import pytest
import torch

from neurodsr.models.families import DendriticPLRNN, Family, Parameters, ShallowPLRNN
from neurodsr.models.model import Model
from neurodsr.models.observation import Identity
from neurodsr.training.regularisers import curvature, folding
from neurodsr.training.windows import Batch

RUNS, LATENT = 3, 4


def drawn(family: Family) -> tuple[Model, Parameters]:
    """A model with the parameters of some runs."""
    model = Model(family, Identity(LATENT, 3))
    rng = np.random.default_rng(1)
    values = torch.from_numpy(rng.standard_normal((RUNS, model.count)))
    return model, model.unpack(values)


@pytest.mark.parametrize(
    ("family", "kinks"),
    [
        (ShallowPLRNN(LATENT, 7, clipped=False), 7),
        (DendriticPLRNN(LATENT, 3, clipped=False), 12),
    ],
    ids=["shallow", "dendritic"],
)
def test_curvature_is_what_the_jacobian_jumps_by(family: Family, kinks: int) -> None:
    """Jacobians on both sides of each kink, found by walking along a line that crosses them all."""
    model, parameters = drawn(family)
    maps = family.lower(parameters).canonical()
    for run in range(RUNS):
        direction = torch.from_numpy(np.random.default_rng(run).standard_normal(LATENT))
        crossings = -maps.h2[run] / (maps.W2[run] @ direction)
        assert len(crossings) == kinks
        sides = torch.cat([crossings - 1e-9, crossings + 1e-9])
        states = (direction[:, None] * sides).expand(RUNS, -1, -1)
        before, after = maps.jacobian(states)[run].split(kinks)
        jumps = (after - before).square().sum((1, 2))
        expected = kinks * jumps.sum()
        torch.testing.assert_close(curvature(model, parameters)[run], expected)


def test_a_bend_costs_the_same_however_many_kinks_share_it() -> None:
    model, parameters = drawn(ShallowPLRNN(LATENT, 5))
    shared, p = drawn(ShallowPLRNN(LATENT, 20))
    p = {
        **parameters,
        "W1": parameters["W1"].repeat(1, 1, 4) / 4,
        "W2": parameters["W2"].repeat(1, 4, 1),
        "h2": parameters["h2"].repeat(1, 4),
    }
    torch.testing.assert_close(curvature(shared, p), curvature(model, parameters))
    p["W1"] = p["W1"] * torch.cat([torch.full((5,), 4.0), torch.zeros(15)])
    torch.testing.assert_close(curvature(shared, p), 4 * curvature(model, parameters))


def test_only_maps_that_fold_are_penalised() -> None:
    """z -> (a z1, z2, ...) has determinant a everywhere."""
    model, parameters = drawn(ShallowPLRNN(LATENT, 5))
    p = {name: torch.zeros_like(value) for name, value in parameters.items()}
    p["A"] = torch.ones(RUNS, LATENT, dtype=torch.float64)
    p["A"][:, 0] = torch.tensor([0.5, -0.5, -2.0])
    x = np.random.default_rng(0).standard_normal((RUNS, 1, 9, 3, 16))
    batch = Batch(x, x, np.zeros((RUNS, 1, 9, 0, 16)), np.ones((RUNS, 1, 16)))
    torch.testing.assert_close(
        folding(model, p, batch), torch.tensor([0.0, 0.5, 2.0], dtype=torch.float64)
    )
