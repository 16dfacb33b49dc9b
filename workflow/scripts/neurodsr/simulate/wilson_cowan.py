"""The Wilson-Cowan equations: an excitatory and an inhibitory population.

With activities E and I and the sigmoid of each population (Wilson & Cowan 1972, Biophys. J. 12:1,
equations 11, 12 and 15)

    tau_E dE/dt = -E + (k_E - r E) S_E(c1 E - c2 I + P)
    tau_I dI/dt = -I + (k_I - r I) S_I(c3 E - c4 I + Q)
    S(x) = 1 / (1 + exp(-a (x - theta))) - 1 / (1 + exp(a theta)),   k = 1 - 1 / (1 + exp(a theta))

The default parameters are those of the limit cycle of their figure 11. The external drive P
takes the cycle away through a supercritical Hopf bifurcation near P = 1.88.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from neurodsr.simulate.flows import runge_kutta

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Parameters:
    """Parameters of one subject; times in seconds, the others without unit."""

    drive: float = 1.25
    inhibitory_drive: float = 0.0
    excitation_to_e: float = 16.0
    inhibition_to_e: float = 12.0
    excitation_to_i: float = 15.0
    inhibition_to_i: float = 3.0
    slope_e: float = 1.3
    threshold_e: float = 4.0
    slope_i: float = 2.0
    threshold_i: float = 3.7
    refractoriness: float = 1.0
    tau_e: float = 0.01
    tau_i: float = 0.01


@dataclass(frozen=True)
class Cycle:
    """A stable limit cycle: period in seconds, half of the peak-to-peak range of each component."""

    period: float
    amplitude: Floats


def _logistic(x: Floats | float) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(x))))


def _floor(slope: float, threshold: float) -> float:
    """Value of the logistic function at zero input, which the sigmoid subtracts."""
    return 1.0 / (1.0 + math.exp(slope * threshold))


def field(state: Floats, parameters: Parameters) -> Floats:
    """Time derivative (1/s) of the activities ``(2, ...)``."""
    p = parameters
    e, i = state
    floor_e, floor_i = _floor(p.slope_e, p.threshold_e), _floor(p.slope_i, p.threshold_i)
    input_e = p.excitation_to_e * e - p.inhibition_to_e * i + p.drive
    input_i = p.excitation_to_i * e - p.inhibition_to_i * i + p.inhibitory_drive
    response_e = _logistic(p.slope_e * (input_e - p.threshold_e)) - floor_e
    response_i = _logistic(p.slope_i * (input_i - p.threshold_i)) - floor_i
    return np.array(
        [
            (-e + (1.0 - floor_e - p.refractoriness * e) * response_e) / p.tau_e,
            (-i + (1.0 - floor_i - p.refractoriness * i) * response_i) / p.tau_i,
        ]
    )


def jacobian(state: Floats, parameters: Parameters) -> Floats:
    """Exact Jacobian (2, 2) of `field` at one state (2,), in 1/s."""
    p = parameters
    e, i = state
    floor_e, floor_i = _floor(p.slope_e, p.threshold_e), _floor(p.slope_i, p.threshold_i)
    logistic_e = float(
        _logistic(
            p.slope_e * (p.excitation_to_e * e - p.inhibition_to_e * i + p.drive - p.threshold_e)
        )
    )
    logistic_i = float(
        _logistic(
            p.slope_i
            * (p.excitation_to_i * e - p.inhibition_to_i * i + p.inhibitory_drive - p.threshold_i)
        )
    )
    gain_e = (1.0 - floor_e - p.refractoriness * e) * p.slope_e * logistic_e * (1.0 - logistic_e)
    gain_i = (1.0 - floor_i - p.refractoriness * i) * p.slope_i * logistic_i * (1.0 - logistic_i)
    rows = [
        [
            -1.0 - p.refractoriness * (logistic_e - floor_e) + gain_e * p.excitation_to_e,
            -gain_e * p.inhibition_to_e,
        ],
        [
            gain_i * p.excitation_to_i,
            -1.0 - p.refractoriness * (logistic_i - floor_i) - gain_i * p.inhibition_to_i,
        ],
    ]
    return np.asarray(np.array(rows) / np.array([[p.tau_e], [p.tau_i]]))


def fixed_points(parameters: Parameters, grid: int = 4000) -> Floats:
    """All fixed points, in order of growing E.

    On the E-nullcline I is a function of E; the I-equation along it is one equation in E, whose
    sign changes on a grid are refined to machine precision.

    Returns
    -------
    points
        Shape (point, 2).
    """
    p = parameters
    floor = _floor(p.slope_e, p.threshold_e)
    top = 1.0 - floor

    def inhibition(e: Floats) -> Floats:
        response = e / (top - p.refractoriness * e) + floor
        need = p.threshold_e + np.log(response / (1.0 - response)) / p.slope_e
        return np.asarray((p.excitation_to_e * e + p.drive - need) / p.inhibition_to_e)

    def mismatch(e: Floats) -> Floats:
        return np.asarray(field(np.array([e, inhibition(e)]), p)[1])

    # The response of the E-population lies between -floor and 1 - floor, which bounds E.
    low = -floor * top / (1.0 - p.refractoriness * floor)
    high = top * top / (1.0 + p.refractoriness * top)
    margin = 1e-9 * (high - low)
    candidates = np.linspace(low + margin, high - margin, grid)
    signs = np.sign(mismatch(candidates))
    roots = [
        brentq(
            lambda e: float(mismatch(np.asarray(e))), candidates[k], candidates[k + 1], xtol=1e-15
        )
        for k in np.flatnonzero(signs[:-1] * signs[1:] < 0.0)
    ]
    return np.array([[e, float(inhibition(np.asarray(e)))] for e in roots]).reshape(-1, 2)


def eigenvalues(point: Floats, parameters: Parameters) -> npt.NDArray[np.complex128]:
    """Eigenvalues (1/s) of the flow at a fixed point, the leading one (largest real part) first.

    Of a complex pair the one with positive imaginary part comes first.
    """
    values = np.linalg.eigvals(jacobian(point, parameters)).astype(np.complex128)
    return values[np.lexsort((-values.imag, -values.real))]


def hopf_drive(parameters: Parameters, low: float, high: float) -> float:
    """Drive between `low` and `high` where the last fixed point changes stability by a Hopf.

    Raises
    ------
    ValueError
        When the leading eigenvalue does not change sign in the interval, or is not complex.
    """

    def growth(drive: float) -> float:
        at = replace(parameters, drive=drive)
        return float(eigenvalues(fixed_points(at)[-1], at)[0].real)

    drive = float(brentq(growth, low, high, xtol=1e-12))
    at = replace(parameters, drive=drive)
    if eigenvalues(fixed_points(at)[-1], at)[0].imag == 0.0:
        raise ValueError(f"the bifurcation at drive {drive} is not a Hopf bifurcation")
    return drive


def limit_cycle(
    parameters: Parameters, settle: float = 8.0, periods: float = 10.0, substeps: int = 100
) -> Cycle | None:
    """The stable limit cycle around the last fixed point, None when that point attracts.

    Parameters
    ----------
    parameters
        Of the system.
    settle
        Time left for the approach to the cycle, in units of the time in which a small perturbation
        of the unstable fixed point grows by e.
    periods
        Time over which the cycle is measured, in turns around the fixed point; at least two.
    substeps
        Integration steps in one turn around the fixed point.
    """
    point = fixed_points(parameters)[-1]
    leading = eigenvalues(point, parameters)[0]
    if leading.real <= 0.0:
        return None
    turn = 2.0 * np.pi / float(leading.imag)
    dt = turn / substeps
    steps = round(2.0 * periods * substeps)
    states = runge_kutta(
        lambda state: field(state, parameters),
        point + 0.01,
        dt,
        round(settle / float(leading.real) / dt) + steps,
    )[-steps:]
    centred = states[:, 0] - point[0]
    before = np.flatnonzero((centred[:-1] < 0.0) & (centred[1:] >= 0.0))
    crossings = before + centred[before] / (centred[before] - centred[before + 1])
    period = dt * float(crossings[-1] - crossings[0]) / (len(crossings) - 1)
    return Cycle(period=period, amplitude=np.asarray(np.ptp(states, axis=0) / 2.0))
