"""How each model was made and trained, in words."""

from collections.abc import Iterator, Mapping
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
            "derivatives; degree, threshold and smoothing, where not given, were chosen "
            f"{_by(model)}; {_runs(model)}; further runs were "
            "fitted to bootstrap samples of the training part."
        )
    if family == "reservoir":
        size = model["reservoir"]
        return (
            f"{name} (Jaeger 2001) of {size['units']} units with a ridge regression as read-out; "
            f"its hyper-parameters were chosen from {size['trials']} random ones {_by(model)}; "
            f"{_runs(model)} with different weights."
        )
    parts = [
        f"{model['epochs']} epochs of {model['batches_per_epoch']} updates",
        _forcing(model),
        *(_penalties(model) if family in PIECEWISE_LINEAR else ()),
        *_drawing(model),
        *_noise(model),
        _optimiser(model),
    ]
    return (
        f"{name} with {_size(model)}; {_runs(model)} from different seeds, {', '.join(parts)}; "
        f"the epoch of each run was chosen {_by(model)}{_states(model)}."
    )


def _states(model: Mapping[str, Any]) -> str:
    """How states are inferred of models that may have more units than channels."""
    if model["family"] not in PIECEWISE_LINEAR or model["latent"] == "auto":
        return ""
    return (
        "; with more units than channels, a state was inferred from samples before it too, which"
        " pull the model with the strength (gain) that forecasts the validation part best"
    )


def _by(model: Mapping[str, Any]) -> str:
    """What chooses among epochs and candidates."""
    forecasts = "" if model["forecast_tolerance"] is None else " and forecasts of the latter"
    return f"by free runs against training and validation part{forecasts}"


def _runs(model: Mapping[str, Any]) -> str:
    return "1 run" if model["runs"] == 1 else f"{model['runs']} runs"


def _size(model: Mapping[str, Any]) -> str:
    family = model["family"]
    if family in ("lstm", "gru"):
        return f"{model['hidden']} units and an affine read-out"
    if family == "neural-ode":
        return f"{model['neural_ode']['layers']} hidden layers of {model['hidden']} tanh units"
    clipped = "clipped" if model["clipped"] else "not clipped"
    units = ""
    if family == "shallow-plrnn":
        units = f", {model['hidden']} hidden units, {clipped} (Hess et al. 2023)"
    elif family == "plrnn":
        units = " (Durstewitz 2017)"
    elif family == "mc-plrnn":
        units = " (Brenner et al. 2022)"
    elif family == "dend-plrnn":
        units = f", {model['basis']} basis functions of each unit, {clipped} (Brenner et al. 2022)"
    elif family == "al-rnn":
        units = f", {model['rectified']} rectified units (Brenner et al. 2024)"
    latent = (
        "automatic latent dimension (at most the number of channels)"
        if model["latent"] == "auto"
        else f"latent dimension {model['latent']}"
    )
    return f"{latent}{units}, {model['observation']} observation"


INTERVALS = {
    "auto": "the decorrelation time (autocorrelation or mutual information)",
    "predictability": "ln 2 / largest Lyapunov exponent (else the decorrelation time)",
}


def _forcing(model: Mapping[str, Any]) -> str:
    forcing = model["forcing"]
    kind = forcing["kind"]
    if kind in ("full", "free"):
        said = "full teacher forcing" if kind == "full" else "no teacher forcing"
    elif kind == "sparse":
        given = forcing["interval"]
        interval = INTERVALS.get(given, f"{given} samples")
        said = f"sparse teacher forcing at intervals of {interval} (Mikhaeil et al. 2022)"
    elif kind == "adaptive":
        estimator = forcing["estimator"].replace("_", " ")
        said = f"adaptive generalised teacher forcing ({estimator}; Hess et al. 2023)"
    else:
        first, last = forcing["strength"], forcing["final_strength"]
        way = {"exponential": "exponentially", "linear": "linearly"}[forcing["annealing"]]
        course = "" if last in (None, first) else f" going {way} to {last}"
        said = f"generalised teacher forcing of strength {first}{course} (Hess et al. 2023)"
    whole = model["family"] in PIECEWISE_LINEAR and kind != "free" and not forcing["partial"]
    if whole:
        said += " of all latent units"
    if forcing["neighbours"]:
        said += (
            f", first states of windows inferred from {forcing['neighbours']} samples on each side"
        )
    return said


PENALTIES = {
    "latent": "latent regularisation",
    "observation": "regularisation of the observation",
    "manifold": "manifold-attractor regularisation (Schmidt et al. 2021)",
    "curvature": "penalty on the jumps of the Jacobian",
    "invertibility": "penalty on negative Jacobian determinants",
}


def _penalties(model: Mapping[str, Any]) -> Iterator[str]:
    """Penalties that are on; that on the observation has nothing to act on under identity."""
    for key, words in PENALTIES.items():
        weight = model["regularisation"][key]
        if weight > 0 and not (key == "observation" and model["observation"] == "identity"):
            yield f"{words} with weight {weight:g}"


def _drawing(model: Mapping[str, Any]) -> Iterator[str]:
    if model["rarity"] > 0:
        yield f"windows drawn by the rarity of their states to the power {model['rarity']:g}"
    if model["emphasis"] > 0:
        yield f"errors weighted by the rarity of states to the power {model['emphasis']:g}"


def _noise(model: Mapping[str, Any]) -> Iterator[str]:
    if model["noise"] > 0:
        place = "windows" if model["noise_on"] == "window" else "what states are inferred from"
        yield f"Gaussian noise of {model['noise']:g} sd on {place}"


OPTIMISERS = {
    "radam": "RAdam (Liu et al. 2020)",
    "adam": "Adam (Kingma & Ba 2015)",
    "soap": "RAdam (Liu et al. 2020) along the gradients' own axes (SOAP, Vyas et al. 2025)",
}


def _optimiser(model: Mapping[str, Any]) -> str:
    rate = model["learning_rate"]
    if rate["decay"] == "step":
        borders = ", ".join(f"{100 * step:g} %" for step in sorted(rate["steps"]))
        course = f" multiplied by {rate['factor']:g} at {borders} of the training"
    elif rate["start"] == rate["end"]:
        course = ""
    else:
        way = {"exponential": "exponentially", "cosine": "along half a cosine"}[rate["decay"]]
        course = f" lowered {way} to {rate['end']:g}"
    clip = model["gradient_clip"]
    clipped = f", gradients clipped to a norm of {clip:g}" if clip > 0 else ""
    return f"{OPTIMISERS[model['optimiser']]} with learning rate {rate['start']:g}{course}{clipped}"
