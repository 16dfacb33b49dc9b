"""How often the test of nonlinearity finds something in linear noise: it should in 5 % of cases.

``nice -n 10 .venv/bin/python tests/studies/false_positives.py 500 2000`` runs 500 seeds of eight
processes at each of these lengths (about 12 CPU minutes) and prints the share (%) of cases with
p <= 0.05: of each statistic alone, of the predictive ones together, and of all together, which is
what the verdict rests on. The standard error of 5 % over 500 seeds is 1 %.
"""

import os

os.environ |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}

import sys
import time
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.statespace.determinism import STATISTICS, nonlinearity_test
from neurodsr.statespace.embedding.delays import correlation_delay

SEEDS = 500
TEN = [0.5, -0.3, 0.2, -0.25, 0.3, -0.2, 0.15, -0.1, 0.1, -0.25]


def autoregression(coefficients, samples, rng):
    noise = rng.standard_normal(samples + 1000)
    return lfilter([1.0], [1.0, *(-np.asarray(coefficients))], noise)[1000:]


def pink(samples, rng):
    """Spectrum 1/f from four times the length down, a piece of it."""
    frequency = np.maximum(np.arange(2 * samples + 1), 1)
    phases = rng.standard_normal((2, len(frequency)))
    spectrum = (phases[0] + 1j * phases[1]) / np.sqrt(frequency)
    spectrum[0] = 0.0
    return np.fft.irfft(spectrum, 4 * samples)[:samples]


PROCESSES = {
    "white": lambda n, rng: rng.standard_normal(n),
    "AR(1) 0.8": lambda n, rng: autoregression([0.8], n, rng),
    "AR(10)": lambda n, rng: autoregression(TEN, n, rng),
    "pink": pink,
    "AR(2) modulus 0.9": lambda n, rng: autoregression([1.6, -0.81], n, rng),
    "AR(2) modulus 0.97": lambda n, rng: autoregression([1.9, -0.95], n, rng),
    "exp of AR(1) 0.8": lambda n, rng: np.exp(0.5 * autoregression([0.8], n, rng)),
    "cube of AR(2) 0.9": lambda n, rng: autoregression([1.6, -0.81], n, rng) ** 3,
}


def p_values(x, rng):
    correlation = autocorrelation([x], 200)
    delay = (correlation_delay(correlation) + 1) // 2
    theiler = decay_time(correlation) or delay
    test = nonlinearity_test(x[:, None], [delay], 3, 39, 30, rng, theiler)
    return [*test.p[0], test.p_predictive, test.p_all]


def study(name, samples, seeds):
    p = []
    for seed in range(seeds):
        rng = np.random.default_rng((samples, seed))
        p.append(p_values(PROCESSES[name](samples, rng), rng))
    return 100 * np.mean(np.array(p) <= 0.05 + 1e-9, axis=0)


def main(lengths, seeds=SEEDS):
    print("samples\tprocess\t" + "\t".join([*STATISTICS, "predictive", "all"]) + "\tCPU s")
    for samples in lengths:
        for name in PROCESSES:
            began = time.process_time()
            shares = "\t".join(f"{share:.1f}" for share in study(name, samples, seeds))
            used = time.process_time() - began
            print(f"{samples}\t{name}\t{shares}\t{used:.0f}", flush=True)


if __name__ == "__main__":
    main([int(length) for length in sys.argv[1:]] or [500, 2000])
