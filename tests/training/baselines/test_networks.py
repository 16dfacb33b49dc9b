"""LSTM, GRU and neural ODE: forced recursions, gradients, divergence."""

import logging
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from torchdiffeq import odeint

from neurodsr.models.reconstruction import load_runs
from neurodsr.training.baselines import fit_baseline
from neurodsr.training.baselines.network import Network
from neurodsr.training.baselines.neural_ode import VectorField
from neurodsr.training.baselines.recurrent import RecurrentGRU, RecurrentLSTM

log = logging.getLogger("test")
Settings = dict[str, Any]
STEPS, LANES = 12, 3


def stacked(network: Network, runs: int) -> torch.Tensor:
    rows = [network.initial(np.random.default_rng(run)) for run in range(runs)]
    return torch.from_numpy(np.stack(rows)).requires_grad_()


@pytest.mark.parametrize("kind", [RecurrentLSTM, RecurrentGRU])
def test_an_update_is_that_of_torch(kind: type[RecurrentLSTM] | type[RecurrentGRU]) -> None:
    """Under full forcing, loss (weighted) and gradients are those of the network of torch."""
    network = kind(5, 2, 1, 1)
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.standard_normal((2, STEPS + 1, 2, LANES)))
    s = torch.from_numpy(rng.standard_normal((2, STEPS, 1, LANES)))
    weight = torch.from_numpy(rng.random((1, STEPS + 1, LANES)))
    parameters = stacked(network, 2)
    loss = network.loss(
        network.unpack(parameters), x, x, s, torch.ones(STEPS, dtype=torch.float64), weight
    )
    (gradient,) = torch.autograd.grad(loss.sum(), parameters)
    named = network.unpack(gradient)
    for run in range(2):
        own = {name: value[run] for name, value in network.unpack(parameters.detach()).items()}
        layer = {4: torch.nn.LSTM, 3: torch.nn.GRU}[network.gates](3, 5, dtype=torch.float64)
        readout = torch.nn.Linear(5, 2, dtype=torch.float64)
        with torch.no_grad():
            layer.weight_ih_l0.copy_(own["input_weights"])
            layer.weight_hh_l0.copy_(own["recurrent_weights"])
            layer.bias_ih_l0.copy_(own["bias"])
            layer.bias_hh_l0.zero_()
            readout.weight.copy_(own["readout"])
            readout.bias.copy_(own["readout_bias"])
        u = torch.cat([x[run, :-1], s[run]], 1).permute(0, 2, 1)
        error = readout(layer(u)[0]) - x[run, 1:].permute(0, 2, 1)
        counts = weight[0, 1:, :, None].expand(error.shape)
        known = (counts * error.square()).sum() / counts.sum()
        known.backward()
        assert loss[run].item() == pytest.approx(known.item(), rel=1e-12)
        for name, value in (("input_weights", layer.weight_ih_l0),
                            ("recurrent_weights", layer.weight_hh_l0),
                            ("bias", layer.bias_ih_l0), ("readout", readout.weight),
                            ("readout_bias", readout.bias)):  # fmt: skip
            torch.testing.assert_close(named[name][run], value.grad, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("network", [
    RecurrentLSTM(4, 2, 1, 3), RecurrentGRU(4, 2, 1, 3), VectorField(4, 3, 2, 1),
], ids=["lstm", "gru", "neural-ode"])  # fmt: skip
def test_training_and_simulation_compute_the_same(network: Network) -> None:
    """Unforced, training predicts what the stored model forecasts; forced, it starts anew."""
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.standard_normal((1, STEPS + 1, 2, LANES)))
    s = torch.from_numpy(rng.standard_normal((1, STEPS, 1, LANES)))
    parameters = stacked(network, 1)
    one = network.run(parameters[0].detach().numpy(), 0)
    data, driven = (np.moveaxis(array[0].numpy(), 1, 2) for array in (x, s))

    def predict(strength: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            predicted = network.predict(network.unpack(parameters), x, s, strength)
        return np.moveaxis(predicted[0].numpy(), 1, 2)

    free = torch.zeros(STEPS, dtype=torch.float64)
    first = network.warm_up - 1
    forecast = one.forecast(data[: first + 1], STEPS - first + 1, driven)
    np.testing.assert_allclose(predict(free)[first:], forecast[1:], atol=1e-12)
    if network.warm_up == 1:
        forced = free.clone()
        forced[5] = 1.0
        again = one.forecast(data[5:6], STEPS - 4, driven[5:])
        np.testing.assert_allclose(predict(forced)[5:], again[1:], atol=1e-12)
        forced[5] = 0.25
        start = 0.75 * predict(free)[4] + 0.25 * data[5]
        again = one.forecast(start[None], STEPS - 4, driven[5:])
        np.testing.assert_allclose(predict(forced)[5:], again[1:], atol=1e-12)


def test_half_forced_networks_see_half_of_the_data() -> None:
    network = RecurrentLSTM(4, 2, 0, 1)
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 4, 2, LANES)))
    x[0, 1, 0] = torch.nan
    parameters = network.unpack(stacked(network, 1).detach())
    predicted = network.predict(
        parameters, x, x[:, :3, :0], torch.full((3,), 0.5, dtype=torch.float64)
    )
    h = c = torch.zeros(1, 4, LANES, dtype=torch.float64)
    seen = x[:, 0]
    for t in range(3):
        h, c = network.cell(parameters, seen, h, c)
        own = parameters["readout"] @ h + parameters["readout_bias"][..., None]
        torch.testing.assert_close(predicted[:, t], own)
        # missing data are replaced by the prediction
        seen = torch.where(torch.isnan(x[:, t + 1]), own, 0.5 * own + 0.5 * x[:, t + 1])


def test_a_neural_ode_is_one_solution_without_forcing() -> None:
    network = VectorField(6, 1, 2, 0)
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((2, STEPS + 1, 2, LANES)))
    parameters = network.unpack(stacked(network, 2))
    predicted = network.predict(
        parameters, x, x[:, :STEPS, :0], torch.zeros(STEPS, dtype=torch.float64)
    )
    times = torch.linspace(0, STEPS, STEPS + 1, dtype=torch.float64)
    exact = odeint(
        lambda _, z: network.field(parameters, z, None), x[:, 0], times, rtol=1e-10, atol=1e-10
    )
    torch.testing.assert_close(predicted, exact[1:].transpose(0, 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["lstm", "gru", "neural-ode"])
def test_training_improves_forecasts(
    family: str, series: xr.Dataset, statespace: xr.Dataset, settings: Settings
) -> None:
    forcing = settings["forcing"] | {"strength": 0.3, "final_strength": None}
    settings |= {"family": family, "epochs": 30, "batches_per_epoch": 10, "forcing": forcing}
    settings |= {"validate_every": 15, "sequence_length": 20}
    result = fit_baseline(series, statespace, settings, 0, None, log)
    assert (result["loss"][:, -5:].mean("epoch") < 0.6 * result["loss"][:, 0]).all()
    expected = {"lstm": 4 * 12 * (3 + 12 + 1) + 3 * 12 + 3, "gru": 3 * 12 * 16 + 39,
                "neural-ode": 12 * 4 + 12 * 13 + 39}  # fmt: skip
    assert result.attrs["parameters"] == expected[family]


def test_parameters_are_counted_as_in_the_literature() -> None:
    """Hess et al. (2023), table 1: LSTM 5920 and 51584, neural ODE 4955 and 17995."""
    for network, known in (
        (RecurrentLSTM(35, 5, 0, 1), 5920), (RecurrentLSTM(80, 64, 0, 1), 51584),
        (VectorField(450, 1, 5, 0), 4955), (VectorField(139, 1, 64, 0), 17995),
    ):  # fmt: skip
        assert network.count == known


def test_a_run_that_diverges_is_restarted_then_given_up(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run 0 recovers, run 1 does not; run 2 notices nothing."""
    settings |= {"family": "gru", "runs": 3}
    undisturbed = fit_baseline(series, statespace, settings, 0, None, log)
    calls = 0
    loss = Network.loss

    def poisoned(self: Network, *arguments: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        epoch = calls // settings["batches_per_epoch"]
        calls += 1
        factor = torch.ones(3)
        if epoch == 1:
            factor[0] = torch.nan
        if epoch in (2, 4):
            factor[1] = torch.inf
        return loss(self, *arguments) * factor

    monkeypatch.setattr(Network, "loss", poisoned)
    result = fit_baseline(series, statespace, settings, 0, None, log)
    assert list(result["run_status"].values) == [
        "ok", "failed: loss or gradient diverged twice", "ok",
    ]  # fmt: skip
    assert np.isnan(result["loss"].values[0]).tolist() == [False, True] + [False] * 4
    np.testing.assert_array_equal(result["loss"][2], undisturbed["loss"][2])
    assert [one.run for one in load_runs(result)] == [0, 2]
    assert np.isfinite(result["input_weights"]).all()


def test_windows_of_short_trials_end_with_them(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trials of 30 samples and windows of 40: what comes after the end of a trial is missing."""
    series["segment"].values[:600] = np.r_[np.zeros(90), 1 + np.arange(510) // 30]
    ends = []
    loss = Network.loss

    def watched(self: Network, p: Any, x: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        ends.append(torch.isnan(x).all(2).sum(1))
        return loss(self, p, x, *rest)

    monkeypatch.setattr(Network, "loss", watched)
    series["split"].values[600:780] = 3
    settings |= {"family": "gru", "sequence_length": 40, "epochs": 1}
    fit_baseline(series, statespace, settings, 0, None, log)
    missing = torch.cat(ends).flatten()
    # windows start at a trial's first sample to its tenth: 41 - 30 to 41 - 21 are missing
    assert set(missing[missing > 0].tolist()) == set(range(11, 21))
