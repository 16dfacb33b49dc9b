"""Vector autoregression: the linear stochastic model that others have to beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurodsr.models.piecewise_linear import Array


@dataclass(frozen=True)
class VAR:
    r"""Gaussian vector autoregression.

    .. math:: x_t = c + \sum_{k=1}^{p} A_k x_{t-k} + e_t, \quad e_t \sim N(0, S)

    Attributes
    ----------
    A : (order, channel, channel)
    c : (channel,)
    S : (channel, channel)
    """

    A: Array
    c: Array
    S: Array

    @property
    def order(self) -> int:
        return int(self.A.shape[0])

    def radius(self) -> float:
        """Largest modulus of the companion matrix's eigenvalues; the process is stable below 1."""
        order, channels, _ = self.A.shape
        companion = np.eye(order * channels, k=-channels)
        companion[:channels] = np.concatenate(self.A, axis=1)
        return float(np.abs(np.linalg.eigvals(companion)).max())

    def simulate(self, history: Array, steps: int, rng: np.random.Generator | None) -> Array:
        """Continue ``history`` ``(>= order, ..., channel)`` by so many steps.

        With a generator the innovations are drawn, without one they are zero: that is the
        forecast. Returns ``(steps, ..., channel)``.
        """
        order = self.order
        orbit = np.concatenate(
            [history[len(history) - order :], np.zeros((steps, *history.shape[1:]))]
        )
        if rng is not None:
            values, vectors = np.linalg.eigh(self.S)
            root = vectors * np.sqrt(np.maximum(values, 0.0))
            orbit[order:] = rng.standard_normal((steps, *history.shape[1:])) @ root.T
        weights = np.concatenate(self.A, axis=1).T
        for t in range(order, order + steps):
            past = np.moveaxis(orbit[t - order : t][::-1], 0, -2)
            orbit[t] += past.reshape(*past.shape[:-2], -1) @ weights + self.c
        return orbit[order:]


def fit_var(segments: Sequence[Array], maximum_order: int) -> VAR:
    """Least squares fit with the order of the smallest BIC (Schwarz 1978; Lütkepohl 2005, 4.3).

    All orders are compared on the same samples and come from one QR factorisation. A fit that is
    not stable is made so by shrinking ``A_k`` by ``g**k``, which scales every eigenvalue of
    the companion matrix by g, to a radius of 0.999.

    Parameters
    ----------
    segments
        Contiguous stretches ``(time, channel)`` without missing values; no lag crosses a border.
    maximum_order
        Largest order tried. Orders with fewer than two samples for each coefficient of an
        equation are not.

    Raises
    ------
    ValueError
        When the segments are too short for order 1.
    """
    channels = segments[0].shape[1]

    def rows(order: int) -> int:
        return sum(max(len(x) - order, 0) for x in segments)

    usable = [p for p in range(1, maximum_order + 1) if rows(p) >= 2 * (channels * p + 1)]
    if not usable:
        raise ValueError(f"{rows(1)} samples are too few for a VAR(1) of {channels} channels")
    highest = max(usable)
    factor: Array = np.asarray(np.linalg.qr(_regressors(segments, highest), mode="r"))
    samples = rows(highest)
    criterion = np.full(highest, np.inf)
    for order in range(1, highest + 1):
        residual = factor[1 + order * channels :, -channels:]
        sign, logdet = np.linalg.slogdet(residual.T @ residual / samples)
        if sign > 0:
            criterion[order - 1] = samples * logdet + np.log(samples) * order * channels**2
    order = int(np.argmin(criterion)) + 1

    if order < highest:
        factor = np.asarray(np.linalg.qr(_regressors(segments, order), mode="r"))
    known = 1 + order * channels
    coefficients = np.linalg.lstsq(factor[:known, :known], factor[:known, known:])[0]
    residual = factor[known:, known:]
    A: Array = np.asarray(coefficients[1:].reshape(order, channels, channels).transpose(0, 2, 1))

    model = VAR(A, coefficients[0], residual.T @ residual / (rows(order) - known))
    radius = model.radius()
    if radius < 1.0:
        return model
    shrink = (0.999 / radius) ** np.arange(1, order + 1)
    mean = np.concatenate(segments).mean(axis=0)
    A = np.asarray(A * shrink[:, None, None])
    return VAR(A, mean - A.sum(axis=0) @ mean, model.S)


def _regressors(segments: Sequence[Array], order: int) -> Array:
    """Rows ``[1, x_{t-1}, ..., x_{t-order}, x_t]`` of all segments."""
    return np.concatenate(
        [
            np.hstack(
                [np.ones((len(x) - order, 1))]
                + [x[order - k : len(x) - k] for k in range(1, order + 1)]
                + [x[order:]]
            )
            for x in segments
            if len(x) > order
        ]
    )
