"""Power: how often the test of nonlinearity finds nonlinear systems in a series of some length."""

import numpy as np

SAMPLES_PER_TIME = (2, 8)
NOISE = (0.1, 0.2, 0.5, 1.0)
LENGTHS = (10, 20, 40, 80, 160, 320)
SHARES = np.array(
    [
        [
            [0.10, 0.60, 0.94, 0.97, 1.00, 1.00],
            [0.07, 0.48, 0.80, 0.97, 1.00, 1.00],
            [0.03, 0.26, 0.26, 0.47, 0.71, 0.81],
            [0.05, 0.05, 0.05, 0.06, 0.09, 0.11],
        ],
        [
            [0.10, 0.73, 1.00, 1.00, 1.00, 1.00],
            [0.08, 0.70, 1.00, 0.98, 1.00, 1.00],
            [0.05, 0.44, 0.49, 0.74, 0.85, 0.91],
            [0.04, 0.07, 0.11, 0.08, 0.19, 0.18],
        ],
    ]
)
"""``(samples per time, noise, length)``: mean over Lorenz-63, Roessler, and noisy van der Pol and
FitzHugh-Nagumo cycles, observed through one channel, from ``tests/studies/power.py``."""


def power(correlation_times: float, samples: int, noise: float) -> float:
    """Chance to find a nonlinear system in a series of such length, with the default settings.

    Parameters
    ----------
    correlation_times
        Length in autocorrelation times (1/e) of the channel; with fewer than two samples in one,
        half of the samples count.
    samples
        Length in samples.
    noise
        Of the measurement, in standard deviations of the noise-free channel; what lies outside
        10 to 100 % counts as the nearer of these.

    Returns
    -------
    float
        Interpolated between simulated lengths (10 to 320 autocorrelation times of 2 to 8 samples);
        0 for a shorter series.
    """
    correlation_times = min(correlation_times, samples / SAMPLES_PER_TIME[0])
    if correlation_times < LENGTHS[0]:
        return 0.0
    per_time = np.interp(
        np.log(samples / correlation_times), np.log(SAMPLES_PER_TIME), range(len(SAMPLES_PER_TIME))
    )
    row = min(int(per_time), len(SAMPLES_PER_TIME) - 2)
    rest = float(per_time - row)
    shares = (1.0 - rest) * SHARES[row] + rest * SHARES[row + 1]
    at_length = [np.interp(np.log(correlation_times), np.log(LENGTHS), one) for one in shares]
    return float(np.interp(noise, NOISE, at_length))


def detectable_noise(correlation_times: float, samples: int, wanted: float) -> float:
    """Largest noise (see `power`) at which the chance is still `wanted`; 0 where it never is."""
    levels = np.linspace(NOISE[0], NOISE[-1], 91)
    enough = [level for level in levels if power(correlation_times, samples, level) >= wanted]
    return float(max(enough, default=0.0))
