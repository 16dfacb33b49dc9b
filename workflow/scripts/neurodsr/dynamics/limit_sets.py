"""Where free runs end: a point, a cycle, an aperiodic set, or nowhere."""

import numpy as np

from neurodsr.models.piecewise_linear import Array

RETURN = 1e-4
UNBOUNDED = 1e6


def classify(orbit: Array, scale: float, exponent: float, tolerance: float) -> tuple[str, int]:
    """Kind of limit set of one orbit, and its period if it repeats itself.

    Parameters
    ----------
    orbit : (time, latent)
        Without its transient.
    scale
        Size of the states that the data visit.
    exponent
        Largest Lyapunov exponent of the orbit.
    tolerance
        Size up to which that counts as zero.

    Returns
    -------
    kind
        ``"unbounded"``, ``"fixed point"`` (constant, or still shrinking towards one), ``"cycle"``
        (repeats itself, or is a closed curve: no positive exponent) or ``"aperiodic"``.
    period
        In samples; 0 when the orbit does not repeat itself exactly, as the samples of a
        continuous rhythm do not.
    """
    if not np.isfinite(orbit).all() or np.abs(orbit).max() > UNBOUNDED * scale:
        return "unbounded", 0
    near = RETURN * scale
    quarter = len(orbit) // 4
    spread = [
        np.ptp(part, axis=0).max() for part in (orbit[-2 * quarter : -quarter], orbit[-quarter:])
    ]
    if spread[1] < near or (exponent < 0 and spread[1] < 0.9 * spread[0]):
        return "fixed point", 1
    distance = np.abs(orbit[:-1] - orbit[-1]).max(axis=1)[::-1]
    for period in np.flatnonzero(distance[: len(orbit) // 2] < near) + 1:
        if np.abs(orbit[period:] - orbit[:-period])[-period:].max() < near:
            return "cycle", int(period)
    return ("aperiodic" if exponent > tolerance else "cycle"), 0


def dominant_period(x: Array, interval: float) -> float:
    """Period at the highest peak of the power spectrum summed over channels, in seconds.

    Hann window, parabola through the logarithms of the peak and its neighbours. NaN for a
    constant trajectory ``(time, channel)``.
    """
    centred = x - x.mean(axis=0)
    window = np.hanning(len(x))[:, None]
    power = np.sum(np.abs(np.fft.rfft(centred * window, axis=0)) ** 2, axis=1)
    if len(power) < 4 or not power[2:-1].max() > 0:
        return float("nan")
    peak = int(np.argmax(power[2:-1])) + 2
    left, middle, right = np.log(np.maximum(power[peak - 1 : peak + 2], 1e-300))
    curvature = left - 2 * middle + right
    shift = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
    return float(len(x) * interval / (peak + np.clip(shift, -0.5, 0.5)))
