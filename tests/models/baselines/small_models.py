"""One small model of every family, with random parameters, without and with an input."""

from collections.abc import Callable

import numpy as np

from neurodsr.models.baselines.autoregression import Autoregression
from neurodsr.models.baselines.neural_ode import NeuralODE
from neurodsr.models.baselines.recurrent import GRU, LSTM
from neurodsr.models.baselines.reservoir import Reservoir
from neurodsr.models.baselines.sindy import SINDy
from neurodsr.models.interface import Baseline
from neurodsr.models.var import VAR

CHANNELS, UNITS = 2, 4


def gated(kind: type[LSTM] | type[GRU], gates: int) -> Callable[[int], Baseline]:
    def make(inputs: int) -> Baseline:
        rng = np.random.default_rng(gates)
        return kind(
            input_weights=rng.standard_normal((gates * UNITS, CHANNELS + inputs)),
            recurrent_weights=rng.standard_normal((gates * UNITS, UNITS)),
            bias=rng.standard_normal(gates * UNITS),
            readout=rng.standard_normal((CHANNELS, UNITS)),
            readout_bias=rng.standard_normal(CHANNELS),
            warm_up=5,
            run=0,
        )

    return make


def reservoir(inputs: int) -> Reservoir:
    rng = np.random.default_rng(0)
    return Reservoir(
        weights=0.5 * rng.standard_normal((UNITS, 2)),
        sources=np.array([[0, 2], [1, 3], [0, 1], [2, 3]]),
        input_weights=rng.standard_normal((UNITS, CHANNELS + inputs)),
        bias=rng.standard_normal(UNITS),
        leak=0.7,
        readout=rng.standard_normal((CHANNELS, UNITS)),
        readout_bias=rng.standard_normal(CHANNELS),
        warm_up=5,
        run=0,
    )


def sindy(inputs: int) -> SINDy:
    powers = [(i, j) for i in range(3) for j in range(3) if i + j <= 2]
    powers = sorted(powers, key=sum)
    exponents = [(*p, *[0] * inputs) for p in powers] + [(0, 0, 1)] * inputs
    rng = np.random.default_rng(1)
    return SINDy(rng.standard_normal((CHANNELS, len(exponents))), np.array(exponents), 0.1, 0)


def neural_ode(inputs: int) -> NeuralODE:
    rng = np.random.default_rng(2)
    return NeuralODE(
        weights_in=rng.standard_normal((UNITS, CHANNELS + inputs)),
        bias_in=rng.standard_normal(UNITS),
        weights_between=rng.standard_normal((1, UNITS, UNITS)),
        bias_between=rng.standard_normal((1, UNITS)),
        weights_out=rng.standard_normal((CHANNELS, UNITS)),
        bias_out=rng.standard_normal(CHANNELS),
        run=0,
    )


def autoregression(inputs: int) -> Autoregression:
    rng = np.random.default_rng(3)
    A = 0.3 * rng.standard_normal((3, CHANNELS, CHANNELS))
    return Autoregression(
        VAR(A, np.ones(CHANNELS), np.eye(CHANNELS), rng.standard_normal((CHANNELS, inputs))), 0
    )


MODELS: dict[str, Callable[[int], Baseline]] = {
    "var": autoregression,
    "reservoir": reservoir,
    "sindy": sindy,
    "lstm": gated(LSTM, 4),
    "gru": gated(GRU, 3),
    "neural-ode": neural_ode,
}
