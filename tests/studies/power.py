"""How often the test of nonlinearity finds nonlinear systems, over length and noise.

``nice -n 10 .venv/bin/python tests/studies/power.py`` prints the table of
``statespace/sufficiency/power.py`` (about 5 CPU minutes): the share of four systems, seen through
one channel, that reach p <= 0.05 with 39 surrogates. Two are chaotic (Lorenz-63, Roessler), two
are limit cycles with noise in their dynamics (van der Pol, FitzHugh-Nagumo). To each, noise of the
measurement is added. Lengths are in autocorrelation times (1/e), of two and of eight samples.
"""

import os

os.environ |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).parent))

from false_positives import p_values

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.simulate.flows import stochastic_heun
from neurodsr.statespace.sufficiency.power import LENGTHS, NOISE, SAMPLES_PER_TIME

SEEDS = 24


def lorenz(s):
    x, y, z = s
    return np.array([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])


def roessler(s):
    x, y, z = s
    return np.array([-y - z, x + 0.2 * y, 0.2 + z * (x - 5.7)])


def van_der_pol(s):
    x, v = s
    return np.array([v, (1.0 - x * x) * v - x])


def fitzhugh_nagumo(s):
    v, w = s
    return np.array([v - v**3 / 3.0 - w + 0.5, 0.08 * (v + 0.7 - 0.8 * w)])


SYSTEMS = {
    # field, start, noise within the dynamics, integration step, transient
    "Lorenz-63": (lorenz, (1.0, 1.0, 20.0), 0.0, 0.005, 30.0),
    "Roessler": (roessler, (1.0, 1.0, 0.0), 0.0, 0.02, 200.0),
    "van der Pol": (van_der_pol, (1.0, 0.0), 0.3, 0.02, 50.0),
    "FitzHugh-Nagumo": (fitzhugh_nagumo, (0.0, 0.0), 0.1, 0.1, 300.0),
}


def simulate(name, samples_per_time, samples):
    """First components ``(seed, time)`` with so many samples in an autocorrelation time."""
    field, start, noise, step, transient = SYSTEMS[name]
    rng = np.random.default_rng(0)
    spread = np.array(start)[:, None] + 0.1 * rng.standard_normal((len(start), SEEDS))
    first = stochastic_heun(field, spread, noise, step, int(transient / step), rng)
    fine = stochastic_heun(field, first[-1], noise, step, 20_000, rng)[:, 0]
    decay = decay_time(autocorrelation(list(fine.T), 5000))
    each = max(1, round(decay / samples_per_time))
    states = stochastic_heun(field, first[-1], noise, each * step, samples, rng, substeps=each)
    return states[:, 0].T


def main():
    print("samples/time\tnoise\tsystem\t" + "\t".join(map(str, LENGTHS)))
    for per_time in SAMPLES_PER_TIME:
        series = {name: simulate(name, per_time, per_time * LENGTHS[-1]) for name in SYSTEMS}
        for noise in NOISE:
            shares = []
            for name, clean in series.items():
                row = []
                for length in LENGTHS:
                    if len(row) > 1 and min(row[-2:]) == 1.0:
                        row.append(1.0)
                        continue
                    found = 0
                    for seed, x in enumerate(clean):
                        rng = np.random.default_rng((length, seed))
                        x = x[: per_time * length]
                        x = x + noise * clean.std() * rng.standard_normal(len(x))
                        found += p_values(x, rng)[-1] <= 0.05 + 1e-9
                    row.append(found / len(clean))
                shares.append(row)
                print(f"{per_time}\t{noise}\t{name}\t" + "\t".join(f"{p:.2f}" for p in row))
            mean = "\t".join(f"{p:.2f}" for p in np.mean(shares, axis=0))
            print(f"{per_time}\t{noise}\tmean\t{mean}", flush=True)


if __name__ == "__main__":
    main()
