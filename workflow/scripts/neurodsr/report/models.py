"""How each model was made and trained, in words."""

from collections.abc import Mapping
from typing import Any

PIECEWISE_LINEAR = {
    "shallow-plrnn": "shallow piecewise-linear RNN",
    "plrnn": "piecewise-linear RNN",
    "mc-plrnn": "mean-centred piecewise-linear RNN",
    "dend-plrnn": "dendritic piecewise-linear RNN",
    "al-rnn": "almost-linear RNN",
}
BASELINES = {
    "var": "vector autoregression",
    "reservoir": "reservoir computer",
    "sindy": "sparse polynomial differential equation (SINDy)",
    "lstm": "long short-term memory network (LSTM)",
    "gru": "gated recurrent unit network (GRU)",
    "neural-ode": "neural ordinary differential equation",
}
CHOSEN = "the epoch of each run was chosen on the validation part"


def description(model: Mapping[str, Any]) -> str:
    """One sentence on a model, from its settings."""
    family = model["family"]
    name = {**PIECEWISE_LINEAR, **BASELINES}[family]
    if family == "var":
        order = model["var"]["order_maximum"]
        return (
            f"{name} by least squares, of an order up to {order} chosen by the Bayesian "
            f"information criterion (Schwarz 1978); {_runs(model)}; further runs were fitted to "
            "data that the first one generated."
        )
    if family == "sindy":
        return (
            f"{name} by sequentially thresholded least squares (Brunton et al. 2016) on smoothed "
            f"derivatives; degree, threshold and smoothing, where not given, were chosen on the "
            f"validation part; {_runs(model)}; further runs were "
            "fitted to bootstrap samples of the training part."
        )
    if family == "reservoir":
        size = model["reservoir"]
        return (
            f"{name} (Jaeger 2001) of {size['units']} units with a ridge regression as read-out; "
            f"its hyper-parameters were chosen from {size['trials']} random ones on the "
            f"validation part; {_runs(model)} with different weights."
        )
    return (
        f"{name} with {_size(model)}; {_runs(model)} from different seeds, "
        f"{model['epochs']} epochs, {_forcing(model['forcing'])}, RAdam with decaying learning "
        f"rate (Liu et al. 2020); {CHOSEN}."
    )


def _runs(model: Mapping[str, Any]) -> str:
    return "1 run" if model["runs"] == 1 else f"{model['runs']} runs"


def _size(model: Mapping[str, Any]) -> str:
    family = model["family"]
    if family in ("lstm", "gru"):
        return f"{model['hidden']} units and an affine read-out"
    if family == "neural-ode":
        return f"{model['neural_ode']['layers']} hidden layers of {model['hidden']} tanh units"
    clipped = ", clipped" if model["clipped"] else ""
    units = ""
    if family == "shallow-plrnn":
        units = f", {model['hidden']} hidden units{clipped}"
    elif family == "dend-plrnn":
        units = f", {model['basis']} basis functions for each unit{clipped}"
    elif family == "al-rnn":
        units = f", {model['rectified']} rectified units"
    return f"latent dimension {model['latent']}{units}, {model['observation']} observation"


def _forcing(forcing: Mapping[str, Any]) -> str:
    if forcing["kind"] == "sparse":
        return f"sparse teacher forcing with interval {forcing['interval']} (Mikhaeil et al. 2022)"
    if forcing["kind"] == "adaptive":
        return "generalised teacher forcing of adaptive strength (Hess et al. 2023)"
    if forcing["kind"] in ("full", "free"):
        return "full teacher forcing" if forcing["kind"] == "full" else "no teacher forcing"
    final = forcing.get("final_strength")
    lowered = "" if final is None else f" lowered to {final}"
    return (
        f"generalised teacher forcing of strength {forcing['strength']}{lowered} (Hess et al. 2023)"
    )
