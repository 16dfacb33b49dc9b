"""The compiled recursion against the plain one, and both against what forcing must do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from neurodsr.models.families import PLRNN, AlmostLinearRNN, DendriticPLRNN, ShallowPLRNN
from neurodsr.models.model import Model
from neurodsr.models.observation import Affine, Identity
from neurodsr.training import fused, reference
from neurodsr.training.windows import Batch, alike

MODELS = {
    "shallow, clipped": Model(ShallowPLRNN(3, 50), Identity(3, 3)),
    "shallow, latent above channels": Model(ShallowPLRNN(5, 7, clipped=False), Identity(5, 3)),
    "shallow, all units forced": Model(ShallowPLRNN(5, 7), Identity(5, 3, partial=False)),
    "shallow with inputs": Model(ShallowPLRNN(3, 8, inputs=2), Identity(3, 3)),
    "shallow, affine below": Model(ShallowPLRNN(4, 9), Affine(4, 7)),
    "shallow, affine equal": Model(ShallowPLRNN(4, 9, inputs=1), Affine(4, 4)),
    "AL-RNN": Model(AlmostLinearRNN(20, 2), Identity(20, 3)),
    "AL-RNN with inputs": Model(AlmostLinearRNN(6, 3, inputs=1), Identity(6, 3)),
    "AL-RNN, affine above": Model(AlmostLinearRNN(6, 2), Affine(6, 4)),
    "PLRNN with inputs": Model(PLRNN(7, inputs=2), Identity(7, 4)),
    "PLRNN, affine below": Model(PLRNN(4), Affine(4, 6)),
    "mean-centred PLRNN": Model(PLRNN(6, inputs=1, centred=True), Identity(6, 3)),
    "dendritic, clipped": Model(DendriticPLRNN(6, 5, inputs=1), Identity(6, 4)),
    "dendritic": Model(DendriticPLRNN(5, 7, clipped=False), Identity(5, 5)),
    "dendritic, affine above": Model(DendriticPLRNN(6, 3), Affine(6, 3)),
}
STEPS = 45
SCHEDULES = {
    "generalised": np.full(STEPS, 0.15),
    "sparse": (np.arange(STEPS) % 7 == 6).astype(float),
    "full": np.ones(STEPS),
    "free": np.zeros(STEPS),
}
TOLERANCE = {"float64": 1e-11, "float32": 1e-5}


def problem(
    model: Model, dtype: str, missing: bool, runs: int = 2, steps: int = STEPS, lanes: int = 19
) -> tuple[dict[str, Tensor], Batch]:
    """Parameters to differentiate by, and a batch of noise; weighted where values are missing."""
    rng = np.random.default_rng(7)
    values = np.stack([model.initial(rng) for _ in range(runs)]).astype(dtype)
    x = rng.standard_normal((runs, steps + 1, model.observation.channels, lanes))
    if missing:
        x[:, 1:][rng.random(x[:, 1:].shape) < 0.1] = np.nan
    target = x + 0.1 * rng.standard_normal(x.shape)
    s = rng.standard_normal((runs, steps, model.family.inputs, lanes))
    blocks = (fused.pack(array.astype(dtype)) for array in (x, target, s))
    parameters = model.unpack(torch.from_numpy(values))
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    weight = alike(lanes, steps)
    if missing:
        weight = weight * rng.exponential(size=(runs, *weight.shape[1:]))
    return leaves, Batch(*blocks, weight.astype(dtype))


def gradient(loss: Tensor, parameters: dict[str, Tensor]) -> Tensor:
    parts = torch.autograd.grad(
        loss.sum(), list(parameters.values()), allow_unused=True, materialize_grads=True
    )
    return torch.cat([part.flatten(1) for part in parts], 1)


def relative(here: Tensor, there: Tensor) -> float:
    return float((here - there).norm() / there.norm())


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", MODELS)
def test_fused_equals_reference(name: str, schedule: str, missing: bool) -> None:
    model = MODELS[name]
    for dtype, tolerance in TOLERANCE.items():
        parameters, batch = problem(model, dtype, missing)
        strength = np.tile(SCHEDULES[schedule], (2, 1))
        strength[1] *= 0.9
        loss, expected = (
            losses(model, parameters, batch, strength)
            for losses in (fused.losses, reference.losses)
        )
        assert relative(loss, expected) < tolerance
        here, there = gradient(loss, parameters), gradient(expected, parameters)
        assert relative(here, there) < 10 * tolerance
        assert float(there.norm()) > 0


@pytest.mark.parametrize("name", MODELS)
def test_fused_trajectories_equal_reference(name: str) -> None:
    model = MODELS[name]
    parameters, batch = problem(model, "float32", missing=True)
    strength = np.tile(SCHEDULES["generalised"], (2, 1))
    with torch.no_grad():
        maps = model.family.lower(parameters)
        encoder = model.observation.encoder(parameters)
        x, s = reference.lanes(batch.x), reference.lanes(batch.s)
        start, signal = encoder @ x[:, 0], encoder[:, None] @ x[:, :-1]
        drive = maps.C[:, None] @ s
        expected = reference.recur(
            maps.canonical(), start, signal, torch.from_numpy(strength).float(), drive
        )
        z = fused.trajectories(maps, start, signal.numpy(), strength, s.numpy())
    assert relative(torch.from_numpy(z), expected) < 1e-5


@pytest.mark.parametrize(
    "name", ["shallow with inputs", "dendritic", "mean-centred PLRNN", "shallow, affine below"]
)
def test_gradients_are_derivatives(name: str) -> None:
    model = MODELS[name]
    parameters, batch = problem(model, "float64", missing=True, steps=6, lanes=2)
    strength = np.zeros((2, 6))  # forcing signals count as data: their gradient is left out
    names = list(parameters)

    def losses(*values: Tensor) -> Tensor:
        return fused.losses(model, dict(zip(names, values, strict=True)), batch, strength)

    assert torch.autograd.gradcheck(losses, tuple(parameters.values()))


def test_a_weighted_sum_of_runs_has_weighted_gradients() -> None:
    model = MODELS["shallow, clipped"]
    parameters, batch = problem(model, "float64", missing=False)
    strength = np.tile(SCHEDULES["generalised"], (2, 1))
    weights = torch.tensor([2.0, -0.5], dtype=torch.float64)
    here, there = (
        gradient(weights * losses(model, parameters, batch, strength), parameters)
        for losses in (fused.losses, reference.losses)
    )
    assert relative(here, there) < 1e-11


def free_of(function: Callable[..., Any], maps: Any, start: Tensor, signal: Tensor,
            strength: Tensor) -> Tensor:  # fmt: skip
    if function is fused.trajectories:
        inputs = np.empty((1, signal.shape[1], 0, signal.shape[3]))
        return torch.from_numpy(function(maps, start, signal.numpy(), strength.numpy(), inputs))
    result: Tensor = function(maps.canonical(), start, signal, strength)
    return result


@pytest.mark.parametrize("function", [fused.trajectories, reference.recur])
def test_forcing_end_points(function: Callable[..., Any]) -> None:
    model = MODELS["shallow, clipped"]
    parameters, batch = problem(model, "float64", missing=False)
    with torch.no_grad():
        maps = model.family.lower(parameters)
        step = maps.canonical().step
        x = reference.lanes(batch.x)
        start, signal = x[:, 0], x[:, :-1]
        zeros = torch.zeros(2, STEPS, dtype=torch.float64)
        # Strength 1 maps every observation, strength 0 iterates the map.
        full = free_of(function, maps, start, signal, zeros + 1)
        torch.testing.assert_close(full[:, 20], step(x[:, 20]))
        free = free_of(function, maps, start, signal, zeros)
        z = start
        for t in range(STEPS):
            z = step(z)
            torch.testing.assert_close(free[:, t], z)


def test_units_without_signal_are_not_forced() -> None:
    model = MODELS["shallow, clipped"]
    parameters, batch = problem(model, "float64", missing=False)
    with torch.no_grad():
        maps = model.family.lower(parameters)
        x = reference.lanes(batch.x)
        signal = x[:, :-1].clone()
        signal[0, 10:] = torch.nan
        strength = torch.full((2, STEPS), 0.15, dtype=torch.float64)
        partly = free_of(fused.trajectories, maps, x[:, 0], signal, strength)
        strength[0, 10:] = 0
        none = free_of(fused.trajectories, maps, x[:, 0], x[:, :-1], strength)
    torch.testing.assert_close(partly, none)


@pytest.mark.parametrize("name", ["shallow, clipped", "dendritic, clipped"])
def test_a_run_that_diverges_leaves_the_others_alone(name: str) -> None:
    model = MODELS[name]
    parameters, batch = problem(model, "float32", missing=False)
    strength = np.tile(SCHEDULES["generalised"], (2, 1))
    loss = fused.losses(model, parameters, batch, strength)
    expected = gradient(loss, parameters)
    with torch.no_grad():
        parameters["A"][1, 0] = torch.nan
    beside = fused.losses(model, parameters, batch, strength)
    assert torch.isnan(beside[1])
    assert torch.equal(beside[0], loss[0])
    assert torch.equal(gradient(beside, parameters)[0], expected[0])


def test_one_update_equals_torch_by_hand() -> None:
    """Weighted mean squared error of observed targets only, written without our functions."""
    model = MODELS["shallow, clipped"]
    parameters, batch = problem(model, "float64", missing=True, runs=1, steps=5, lanes=1)
    p = {name: value[0] for name, value in parameters.items()}
    x, y = (torch.from_numpy(blocks[0, 0, :, :, 0]) for blocks in (batch.x, batch.target))
    weight = batch.weight[0, 0, :, 0]
    z, squares, weights = x[0], [], []
    for t in range(5):
        z = torch.where(torch.isnan(x[t]), z, 0.85 * z + 0.15 * torch.nan_to_num(x[t]))
        u = p["W2"] @ z
        z = p["A"] * z + p["W1"] @ (torch.relu(u + p["h2"]) - torch.relu(u)) + p["h1"]
        observed = (z - y[t + 1])[~torch.isnan(y[t + 1])]
        squares.append(weight[t + 1] * observed.square().sum())
        weights.append(weight[t + 1] * len(observed))
    expected = torch.stack(squares).sum() / sum(weights)
    loss = fused.losses(model, parameters, batch, np.full((1, 5), 0.15))
    torch.testing.assert_close(loss[0], expected)


@pytest.mark.parametrize("lanes", [1, 16, 17, 40])
def test_packing_is_undone(lanes: int) -> None:
    values = np.random.default_rng(0).standard_normal((2, 5, 3, lanes))
    blocks = fused.pack(values)
    assert blocks.shape == (2, -(-lanes // 16), 5, 3, 16)
    np.testing.assert_array_equal(fused.unpack(blocks, lanes), values)
