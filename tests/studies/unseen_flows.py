"""Flows that no setting was tuned on."""

import numpy as np


def thomas(s):
    x, y, z = s
    return np.array([np.sin(y) - 0.19 * x, np.sin(z) - 0.19 * y, np.sin(x) - 0.19 * z])


def halvorsen(s):
    x, y, z = s
    return np.array(
        [
            -1.4 * x - 4.0 * y - 4.0 * z - y * y,
            -1.4 * y - 4.0 * z - 4.0 * x - z * z,
            -1.4 * z - 4.0 * x - 4.0 * y - x * x,
        ]
    )


def hindmarsh_rose(s):
    x, y, z = s
    return np.array(
        [y - x**3 + 3.0 * x * x - z + 3.25, 1.0 - 5.0 * x * x - y, 0.006 * (4.0 * (x + 1.6) - z)]
    )


def duffing(s):
    x, v, phase = s
    return np.array([v, x - x**3 - 0.3 * v + 0.5 * np.cos(phase), 1.2 + 0.0 * phase])


def stuart_landau(s):
    x, y = s
    shrink = 1.0 - (x * x + y * y)
    return np.array([shrink * x - y, shrink * y + x])


def van_der_pol(s):
    x, v = s
    return np.array([v, 2.0 * (1.0 - x * x) * v - x])


def chua(s):
    x, y, z = s
    bend = -5 / 7 * x - 1.5 / 7 * (np.abs(x + 1.0) - np.abs(x - 1.0))
    return np.array([15.6 * (y - x - bend), x - y + z, -28.0 * y])


def lorenz84(s):
    x, y, z = s
    return np.array(
        [-y * y - z * z - 0.25 * (x - 8.0), x * y - 4.0 * x * z - y + 1.0, 4.0 * x * y + x * z - z]
    )


def hodgkin_huxley(s):
    """Squid axon at 10 uA/cm2 (ms, mV)."""
    v, m, h, n = s
    return np.array(
        [
            10.0
            - 120.0 * m**3 * h * (v - 50.0)
            - 36.0 * n**4 * (v + 77.0)
            - 0.3 * (v + 54.4),
            0.1 * (v + 40.0) / -np.expm1(-(v + 40.0) / 10.0) * (1 - m)
            - 4.0 * np.exp(-(v + 65.0) / 18.0) * m,
            0.07 * np.exp(-(v + 65.0) / 20.0) * (1 - h) - h / (1 + np.exp(-(v + 35.0) / 10.0)),
            0.01 * (v + 55.0) / -np.expm1(-(v + 55.0) / 10.0) * (1 - n)
            - 0.125 * np.exp(-(v + 65.0) / 80.0) * n,
        ]
    )  # fmt: skip


def mackey_glass(samples, seed=0):
    """At delay 17, Euler steps of 0.1, a sample every 4 units of time."""
    rng = np.random.default_rng(seed)
    lag, step = 170, 0.1
    x = np.full(lag + 1 + 10 * (4 * samples + 500), 1.2)
    x[: lag + 1] += 0.1 * rng.standard_normal()
    for t in range(lag, len(x) - 1):
        x[t + 1] = x[t] + step * (0.2 * x[t - lag] / (1.0 + x[t - lag] ** 10) - 0.1 * x[t])
    return x[-40 * samples :: 40][:samples]
