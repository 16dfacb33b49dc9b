"""The mechanism between observed channels: coupling, pulses, lesions, stimulation, control.

All of it on a free run of the model. A change of the observation, by channel, is put into the
latent state by the encoding ``E`` (``z + E dx``) and read by the observation ``B``.
"""

from collections.abc import Callable, Iterator

import numpy as np

from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

Step = Callable[[Array], Array]
CHUNK = 2_000_000
"""Numbers held at once, about."""


def effective_coupling(one: PiecewiseLinearReconstruction, orbit: Array, lag: int) -> Array:
    """Mean derivative of each channel with respect to each, so many steps before.

    ``B J(z_(t+lag-1)) ... J(z_t) E``, averaged over an orbit. Where the sign changes along the
    orbit a mean hides it; see `coupling_strength`.

    Parameters
    ----------
    one
        The run.
    orbit : (time, latent)
        Of a free run, longer than the lag.
    lag
        Steps from cause to effect.

    Returns
    -------
    Array
        ``(channel to, channel from)``.
    """
    total = sum(part.sum(axis=0) for part in _propagators(one, orbit, lag))
    return np.asarray(total / _count(orbit, lag))


def coupling_strength(one: PiecewiseLinearReconstruction, orbit: Array, lag: int) -> Array:
    """Root mean square of the derivative, as `effective_coupling`."""
    squares = sum((part**2).sum(axis=0) for part in _propagators(one, orbit, lag))
    return np.asarray(np.sqrt(squares / _count(orbit, lag)))


def control_directions(
    one: PiecewiseLinearReconstruction, orbit: Array, lag: int
) -> tuple[Array, Array]:
    """Directions of a small change of the channels, by what is left of it some steps on.

    Eigenvectors of the mean of ``P^T P``, where P is the derivative of all channels with respect
    to all, ``lag`` steps before: the first one is the most effective direction of control.

    Returns
    -------
    gains, directions
        ``(direction,)``, root mean square of the effect of a unit change, in descending order; and
        ``(direction, channel)``, unit vectors with a positive largest component.
    """
    energy = sum(
        np.tensordot(part, part, ((0, 1), (0, 1))) for part in _propagators(one, orbit, lag)
    )
    values, vectors = np.linalg.eigh(energy / _count(orbit, lag))
    directions = vectors.T[::-1]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], 1)
    return np.sqrt(np.maximum(values[::-1], 0.0)), directions * np.sign(largest)


def _count(orbit: Array, lag: int) -> int:
    return len(orbit) - lag + 1


def _propagators(one: PiecewiseLinearReconstruction, orbit: Array, lag: int) -> Iterator[Array]:
    """``(time, channel to, channel from)``, some times after others."""
    size = max(1, CHUNK // (one.map.W1.size + one.map.A.size))
    for first in range(0, _count(orbit, lag), size):
        last = min(first + size, _count(orbit, lag))
        tangents = np.broadcast_to(one.E, (last - first, *one.E.shape))
        for step in range(lag):
            tangents = one.map.jacobian(orbit[first + step : last + step]) @ tangents
        yield one.B @ tangents


def pulse_response(
    one: PiecewiseLinearReconstruction,
    states: Array,
    pushes: Array,
    steps: int,
    length: int = 1,
) -> Array:
    """Mean effect of a pulse on all channels, without linearisation.

    Parameters
    ----------
    one
        The run.
    states : (state, latent)
        States at which the pulse may come, e.g. along a free run.
    pushes : (source, latent)
        What pulses add to the latent state: a column of ``E`` for one of a channel, of ``C`` for
        one of an input, times its size.
    steps
        How long it is followed.
    length
        For how many samples in a row the state is pushed.

    Returns
    -------
    Array
        ``(lag, channel, source)``, from the first sample of the pulse (lag 0) on.
    """
    plain = states
    moved = states + pushes[:, None]  # source, state, latent
    response = np.empty((steps, len(one.B), len(pushes)))
    with np.errstate(over="ignore", invalid="ignore"):
        for lag in range(steps):
            response[lag] = (one.decode(moved) - one.decode(plain)).mean(axis=1).T
            plain, moved = one.step(plain), one.step(moved)
            if lag + 1 < length:
                moved = moved + pushes[:, None]
    return response


def lesioned(one: PiecewiseLinearReconstruction, channel: int, value: float) -> Step:
    """A step in which one channel is held fast for all that reads it.

    The other channels, and that one itself, see it at a constant value; what it becomes is still
    written. Nothing else is changed: a virtual lesion of its influence.
    """
    put, seen = one.E[:, channel], one.B[channel]

    def step(z: Array) -> Array:
        return one.step(z + (value - z @ seen)[..., None] * put)

    return step


def free_run(step: Step, start: Array, transient: int, steps: int) -> Array:
    """States ``(steps, ..., latent)`` after a transient; inf or NaN where they leave."""
    orbit = np.empty((steps, *start.shape))
    z = start
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(transient + steps):
            if t >= transient:
                orbit[t - transient] = z
            z = step(z)
    return orbit


def lesion_effects(
    one: PiecewiseLinearReconstruction, start: Array, mean: Array, transient: int, steps: int
) -> Array:
    """Range of every channel while each of them, in turn, is held at its mean.

    Parameters
    ----------
    one
        The run.
    start : (latent,)
        Where the free runs begin.
    mean : (channel,)
        Values at which channels are held.
    transient, steps
        Of the free runs.

    Returns
    -------
    Array
        Half the range ``(channel lesioned, channel)``; infinite where the model leaves.
    """
    effects = []
    for channel in range(len(mean)):
        orbit = one.decode(free_run(lesioned(one, channel, mean[channel]), start, transient, steps))
        bounded = np.isfinite(orbit).all() and np.abs(orbit).max() < 1e9
        effects.append(np.ptp(orbit, axis=0) / 2 if bounded else np.full(len(mean), np.inf))
    return np.array(effects)
