"""Steps against independent implementations and closed forms."""

import numpy as np
import pysindy
import pytest
import reservoirpy
import torch
from scipy.linalg import expm
from small_models import CHANNELS, MODELS, UNITS
from torchdiffeq import odeint

from neurodsr.models.baselines.neural_ode import NeuralODE
from neurodsr.models.baselines.sindy import SINDy


@pytest.mark.parametrize("family", ["lstm", "gru"])
def test_gated_networks_are_those_of_torch(family: str) -> None:
    one = MODELS[family](1)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[family]
    network = kind(CHANNELS + 1, UNITS, dtype=torch.float64)
    with torch.no_grad():
        network.weight_ih_l0.copy_(torch.from_numpy(one.input_weights))
        network.weight_hh_l0.copy_(torch.from_numpy(one.recurrent_weights))
        network.bias_ih_l0.copy_(torch.from_numpy(one.bias))
        network.bias_hh_l0.zero_()
    rng = np.random.default_rng(0)
    x, s = rng.standard_normal((8, 3, CHANNELS)), rng.standard_normal((8, 3, 1))
    with torch.no_grad():
        output = network(torch.from_numpy(np.concatenate([x, s], -1)))[0].numpy()
    z = one.encode(np.concatenate([x, x[:1]]), s)
    np.testing.assert_allclose(z[:, :UNITS], output[-1], atol=1e-12)
    read = output[-1] @ one.readout.T + one.readout_bias
    np.testing.assert_allclose(one.forecast(x, 2, s)[1], read, atol=1e-12)


def test_a_reservoir_is_that_of_reservoirpy() -> None:
    one = MODELS["reservoir"](1)
    nodes = reservoirpy.nodes.Reservoir(
        W=one.recurrent.toarray(), Win=one.input_weights, bias=one.bias, lr=one.leak
    )
    u = np.random.default_rng(0).standard_normal((8, CHANNELS + 1))
    states = nodes.run(u)
    x, s = u[:, :CHANNELS], u[:, CHANNELS:]
    z = one.encode(np.concatenate([x, x[:1]]), s)
    np.testing.assert_allclose(z[:UNITS], states[-1], atol=1e-12)
    read = states[-1] @ one.readout.T + one.readout_bias
    np.testing.assert_allclose(one.forecast(x, 2, s)[1], read, atol=1e-12)


def test_a_polynomial_is_that_of_pysindy() -> None:
    library = pysindy.PolynomialLibrary(degree=3)
    u = np.random.default_rng(0).standard_normal((6, 3))
    features = np.asarray(library.fit_transform(u))
    coefficients = np.random.default_rng(1).standard_normal((2, features.shape[1]))
    one = SINDy(coefficients, library.powers_, 0.1, 0)
    np.testing.assert_allclose(one.field(u), features @ coefficients.T, atol=1e-12)


def test_a_neural_ode_is_that_of_torchdiffeq() -> None:
    one = MODELS["neural-ode"](0)

    def field(_: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(one.field(z.numpy()))

    z = np.random.default_rng(0).standard_normal((3, CHANNELS))
    orbit = odeint(field, torch.from_numpy(z), torch.arange(6.0), method="rk4").numpy()
    np.testing.assert_allclose(one.simulate(z, 6), orbit, atol=1e-12)


def test_the_flow_of_a_linear_field_is_its_matrix_exponential() -> None:
    """To fourth order: halving the step divides the error of the flow by about 16."""
    matrix = np.array([[-0.3, 2.0], [-2.0, -0.1]])
    exponents = np.array([[1, 0], [0, 1], [0, 0]])[[2, 0, 1]]
    errors = []
    for steps in (10, 20):
        one = SINDy(np.hstack([np.zeros((2, 1)), matrix]), exponents, 1.0 / steps, 0)
        end = one.simulate(np.eye(2), steps + 1)[-1].T
        errors.append(np.abs(end - expm(matrix)).max())
    assert errors[1] < 2e-6
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.15)


def test_a_slow_neural_field_is_almost_linear() -> None:
    matrix = np.array([[-0.1, 0.3], [-0.3, -0.1]])
    small = 1e-4
    one = NeuralODE(
        weights_in=small * matrix, bias_in=np.zeros(2),
        weights_between=np.zeros((0, 2, 2)), bias_between=np.zeros((0, 2)),
        weights_out=np.eye(2) / small, bias_out=np.zeros(2), run=0,
    )  # fmt: skip
    np.testing.assert_allclose(one.jacobian(np.zeros(2)), expm(matrix), atol=1e-4)
    z = np.array([0.5, -0.2])
    np.testing.assert_allclose(one.step(z), expm(matrix) @ z, atol=1e-4)
