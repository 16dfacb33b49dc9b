"""The tests of nonlinearity and determinism on systems that nothing was tuned on, and on traps.

``nice -n 10 .venv/bin/python tests/studies/unseen_systems.py [seeds]`` (default 20, about 3 CPU
minutes) prints for each system, 2000 samples of one channel, how often (%) each verdict is given:
determinism detected, unlike linear Gaussian noise but without determinism shown, linear.
"""

import os

os.environ |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}

import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

from unseen_flows import (
    duffing,
    halvorsen,
    hindmarsh_rose,
    mackey_glass,
    stuart_landau,
    thomas,
    van_der_pol,
)

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.simulate.flows import stochastic_heun
from neurodsr.statespace.determinism import driven_p, nonlinearity_test
from neurodsr.statespace.embedding.delays import correlation_delay

SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
SAMPLES = 2000
NOISE = 0.1
"""Of the measurement of the deterministic systems, in standard deviations."""


FLOWS = {
    # field, start, noise within the dynamics, time between samples
    "Thomas": (thomas, (1.1, 1.1, -0.01), 0.0, 0.6),
    "Halvorsen": (halvorsen, (-1.5, -1.5, 1.0), 0.0, 0.05),
    "Hindmarsh-Rose": (hindmarsh_rose, (-1.0, 0.0, 3.0), 0.0, 1.0),
    "driven Duffing": (duffing, (0.5, 0.0, 0.0), 0.0, 0.3),
    "noisy Stuart-Landau": (stuart_landau, (1.0, 0.0), 0.3, 0.4),
    "noisy van der Pol": (van_der_pol, (1.0, 0.0), 0.4, 0.4),
}


@cache
def flows(name, seeds):
    """First components ``(seed, time)``, observed with noise."""
    field, start, noise, each = FLOWS[name]
    rng = np.random.default_rng(0)
    first = np.array(start)[:, None] + 0.1 * rng.standard_normal((len(start), seeds))
    substeps = max(10, round(each / 0.01))
    states = stochastic_heun(field, first, noise, each, SAMPLES + 1000, rng, substeps=substeps)
    x = states[1000:, 0].T
    return x + NOISE * x.std() * rng.standard_normal(x.shape)


def noisy_mackey_glass(seed):
    x = mackey_glass(SAMPLES, seed)
    return x + NOISE * x.std() * np.random.default_rng((seed, 1)).standard_normal(SAMPLES)


def autoregression(coefficients, noise, moving=(1.0,)):
    return lfilter(moving, [1.0, *(-np.asarray(coefficients))], noise)


def gaussian_ar(coefficients, seed, moving=(1.0,), samples=SAMPLES):
    noise = np.random.default_rng(seed).standard_normal(samples + 1000)
    return autoregression(coefficients, noise, moving)[1000:]


def garch(seed):
    """AR(1) of innovations whose variance remembers their size."""
    rng = np.random.default_rng(seed)
    noise, variance = np.empty(SAMPLES + 1000), 1.0
    for t in range(len(noise)):
        noise[t] = np.sqrt(variance) * rng.standard_normal()
        variance = 0.05 + 0.15 * noise[t] ** 2 + 0.8 * variance
    return autoregression([0.7], noise)[1000:]


def volatility(seed):
    """AR(2) of innovations whose variance fluctuates slowly by itself."""
    rng = np.random.default_rng(seed)
    slow = autoregression([0.98], 0.15 * rng.standard_normal(SAMPLES + 1000))
    noise = np.exp(slow / 2.0) * rng.standard_normal(SAMPLES + 1000)
    return autoregression([1.6, -0.81], noise)[1000:]


def drifting_variance(seed):
    return gaussian_ar([0.8], seed) * np.linspace(0.5, 2.0, SAMPLES)


def drifting_mean(seed):
    return gaussian_ar([0.8], seed) + 3.0 * np.linspace(-1.0, 1.0, SAMPLES) ** 2


def changing_spectrum(seed):
    noise = np.random.default_rng(seed).standard_normal(SAMPLES + 1000)
    x = np.zeros(SAMPLES + 1000)
    for t in range(2, len(x)):
        share = max(0.0, (t - 1000) / SAMPLES)
        x[t] = 1.9 * np.cos(0.2 + 0.5 * share) * x[t - 1] - 0.9 * x[t - 2] + noise[t]
    return x[1000:]


def one_jump(seed):
    x = gaussian_ar([0.8], seed)
    x[SAMPLES // 2 :] *= 3.0
    return x


def jump_of_spectrum(seed):
    """Another autoregression in the second half."""
    first, second = (
        gaussian_ar([1.9 * np.cos(f), -0.9], seed + i) for i, f in enumerate((0.2, 0.6))
    )
    return np.concatenate([first[: SAMPLES // 2], second[SAMPLES // 2 :]])


def heavy_tails(seed):
    noise = np.random.default_rng(seed).standard_t(3, SAMPLES + 1000)
    return autoregression([1.6, -0.81], noise)[1000:]


def skewed(seed):
    noise = np.random.default_rng(seed).exponential(size=SAMPLES + 1000)
    return autoregression([0.8], noise)[1000:]


SYSTEMS = {
    **{name: (lambda seed, name=name: flows(name, SEEDS)[seed]) for name in FLOWS},
    "Mackey-Glass": noisy_mackey_glass,
    "ARMA(2, 1)": lambda seed: gaussian_ar([1.2, -0.5], seed, (1.0, 0.6)),
    "AR(4), two peaks": lambda seed: gaussian_ar([1.2, -0.9, 0.6, -0.55], seed),
    "random walk": lambda seed: gaussian_ar([1.0], seed),
    "cubed ARMA": lambda seed: gaussian_ar([1.2, -0.5], seed, (1.0, 0.6)) ** 3,
    "tanh of AR(2)": lambda seed: np.tanh(0.5 * gaussian_ar([1.6, -0.81], seed)),
    "sine in noise": lambda seed: np.sin(0.37 * np.arange(SAMPLES)) + gaussian_ar([0.6], seed),
    "AR(2), t(3) noise": heavy_tails,
    "AR(1), exponential noise": skewed,
    "AR(1), GARCH noise": garch,
    "AR(2), volatility": volatility,
    "drifting variance": drifting_variance,
    "drifting mean": drifting_mean,
    "changing spectrum": changing_spectrum,
    "jump of variance": one_jump,
    "jump of spectrum": jump_of_spectrum,
    "square of AR(1)": lambda seed: gaussian_ar([0.9], seed) ** 2,
}


def verdict(x, seed):
    """Of the tests alone: what the whole check says where the data are long enough."""
    correlation = autocorrelation([x], 200)
    delay = (correlation_delay(correlation) + 1) // 2
    theiler = decay_time(correlation) or delay
    rng = np.random.default_rng(seed)
    test = nonlinearity_test(x[:, None], [delay], 3, 39, 30, rng, theiler)
    if test.p_all > 0.05:
        return "linear"
    if test.p_predictive > 0.05 or driven_p(x[:, None], [delay], 3, 39, rng, theiler) > 0.05:
        return "undetermined"
    return "nonlinear"


def main() -> None:
    words = ("nonlinear", "undetermined", "linear")
    print("system\t" + "\t".join(words) + "\tCPU s", flush=True)
    for name, make in SYSTEMS.items():
        began = time.process_time()
        found = [verdict(np.asarray(make(seed)), seed) for seed in range(SEEDS)]
        shares = "\t".join(f"{100 * found.count(word) / SEEDS:.0f}" for word in words)
        print(f"{name}\t{shares}\t{time.process_time() - began:.0f}", flush=True)


if __name__ == "__main__":
    main()
