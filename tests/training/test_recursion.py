"""The fused recursion against the plain one, and both against what forcing must do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from neurodsr.models.families import Affine, AlmostLinearRNN, Identity, Model, ShallowPLRNN
from neurodsr.training import fused, recursion
from neurodsr.training.forcing import strengths
from neurodsr.training.optimise import run_losses

MODELS = {
    "clipped": Model(ShallowPLRNN(3, 50), Identity(3, 3)),
    "unclipped, latent above channels": Model(ShallowPLRNN(5, 7, clipped=False), Identity(5, 3)),
    "with inputs": Model(ShallowPLRNN(3, 8, inputs=2), Identity(3, 3)),
    "AL-RNN": Model(AlmostLinearRNN(20, 2), Identity(20, 3)),
    "AL-RNN with inputs": Model(AlmostLinearRNN(6, 3, inputs=1), Identity(6, 3)),
    "affine, latent below channels": Model(ShallowPLRNN(4, 9), Affine(4, 7)),
    "affine, latent above channels": Model(AlmostLinearRNN(6, 2), Affine(6, 4)),
}
SCHEDULES = {
    "generalised": {"kind": "generalised", "strength": 0.15, "final_strength": None},
    "sparse": {"kind": "sparse", "interval": 7},
    "full": {"kind": "generalised", "strength": 1.0, "final_strength": None},
}


def problem(
    model: Model, dtype: torch.dtype, missing: bool, runs: int = 2, steps: int = 45, lanes: int = 19
) -> tuple[Tensor, Tensor, Tensor]:
    """Parameters, observations and inputs."""
    rng = np.random.default_rng(7)
    values = np.stack([model.initial(rng) for _ in range(runs)])
    x = rng.standard_normal((runs, steps + 1, model.observation.channels, lanes))
    if missing:
        x[:, 1:][rng.random(x[:, 1:].shape) < 0.1] = np.nan
    s = rng.standard_normal((runs, steps, model.family.inputs, lanes))
    stacked, x, s = (torch.tensor(array, dtype=dtype) for array in (values, x, s))
    return stacked.requires_grad_(), x, s


def strength_of(schedule: str, x: Tensor) -> Tensor:
    row = strengths(SCHEDULES[schedule], 1, x.shape[1] - 1, 0)[0]
    return torch.tensor(np.tile(row, (len(x), 1)), dtype=x.dtype)


def relative(here: Tensor, there: Tensor) -> float:
    return float((here - there).norm() / there.norm())


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", MODELS)
def test_fused_equals_reference(name: str, schedule: str, missing: bool) -> None:
    model = MODELS[name]
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        stacked, x, s = problem(model, dtype, missing)
        strength = strength_of(schedule, x)
        results = []
        for recur in (fused.recur, recursion.recur):
            loss = run_losses(model, stacked, x, s, strength, recur)
            (gradient,) = torch.autograd.grad(loss.sum(), stacked)
            results.append((loss.detach(), gradient))
        (loss, gradient), (expected_loss, expected_gradient) = results
        assert relative(loss, expected_loss) < tolerance
        assert relative(gradient, expected_gradient) < 10 * tolerance
        assert float(expected_gradient.norm()) > 0


@pytest.mark.parametrize("name", MODELS)
def test_fused_trajectories_equal_reference(name: str) -> None:
    model = MODELS[name]
    stacked, x, _ = problem(model, torch.float32, missing=True)
    with torch.no_grad():
        p = model.unpack(stacked)
        encoder = model.observation.encoder(p)
        signal = model.observation.forcing(p, encoder, x[:, :-1])
        given = (model.family.lower(p), encoder @ x[:, 0], signal, strength_of("generalised", x))
        assert relative(fused.recur(*given), recursion.recur(*given)) < 1e-5


@pytest.mark.parametrize("model", [MODELS["with inputs"], MODELS["AL-RNN with inputs"]])
def test_gradients_of_the_fused_recursion_are_derivatives(model: Model) -> None:
    stacked, x, s = problem(model, torch.float64, missing=True, steps=6, lanes=2)
    strength = strength_of("generalised", x)

    def losses(values: Tensor, inputs: Tensor) -> Tensor:
        return run_losses(model, values, x, inputs, strength)

    assert torch.autograd.gradcheck(losses, (stacked, s.requires_grad_()))


@pytest.mark.parametrize("recur", [fused.recur, recursion.recur])
def test_forcing_end_points(recur: Callable[..., Any]) -> None:
    model = MODELS["clipped"]
    stacked, x, _ = problem(model, torch.float64, missing=False)
    with torch.no_grad():
        maps = model.family.lower(model.unpack(stacked))
        start, signal = x[:, 0], x[:, :-1]
        zeros = torch.zeros(2, 45, dtype=torch.float64)
        # Strength 1 maps every observation, strength 0 iterates the map.
        full = recur(maps, start, signal, zeros + 1)
        torch.testing.assert_close(full[:, 20], maps.step(x[:, 20]))
        free = recur(maps, start, signal, zeros)
        z = start
        for t in range(45):
            z = maps.step(z)
            torch.testing.assert_close(free[:, t], z)


def test_units_without_signal_are_not_forced() -> None:
    model = MODELS["clipped"]
    stacked, x, _ = problem(model, torch.float64, missing=False)
    with torch.no_grad():
        maps = model.family.lower(model.unpack(stacked))
        signal = x[:, :-1].clone()
        signal[0, 10:] = torch.nan
        strength = strength_of("generalised", x)
        partly = fused.recur(maps, x[:, 0], signal, strength)
        strength[0, 10:] = 0
        none = fused.recur(maps, x[:, 0], x[:, :-1], strength)
    torch.testing.assert_close(partly, none)


def test_a_run_that_diverges_leaves_the_others_alone() -> None:
    model = MODELS["clipped"]
    stacked, x, s = problem(model, torch.float32, missing=False)
    strength = strength_of("generalised", x)
    loss = run_losses(model, stacked, x, s, strength)
    (gradient,) = torch.autograd.grad(loss.sum(), stacked)
    with torch.no_grad():
        stacked[1, 0] = torch.nan
    loss_beside = run_losses(model, stacked, x, s, strength)
    (beside,) = torch.autograd.grad(loss_beside.sum(), stacked)
    assert torch.isnan(loss_beside[1])
    assert torch.equal(loss_beside[0], loss[0])
    assert torch.equal(beside[0], gradient[0])


def test_one_update_equals_torch_by_hand() -> None:
    """Mean squared error over observed targets only, written without any of our functions."""
    model = MODELS["clipped"]
    stacked, x, s = problem(model, torch.float64, missing=True, runs=1, steps=5, lanes=1)
    p = {name: value[0] for name, value in model.unpack(stacked).items()}
    z, errors = x[0, 0, :, 0], []
    for t in range(5):
        signal = x[0, t, :, 0]
        z = torch.where(torch.isnan(signal), z, 0.85 * z + 0.15 * torch.nan_to_num(signal))
        u = p["W2"] @ z
        z = p["A"] * z + p["W1"] @ (torch.relu(u + p["h2"]) - torch.relu(u)) + p["h1"]
        target = x[0, t + 1, :, 0]
        errors.append((z - target)[~torch.isnan(target)])
    expected = torch.cat(errors).square().mean()
    loss = run_losses(model, stacked, x, s, strength_of("generalised", x))
    torch.testing.assert_close(loss[0], expected)
