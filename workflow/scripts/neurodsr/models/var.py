"""Vector autoregression: the linear stochastic model that others have to beat."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from neurodsr.models.piecewise_linear import Array


@dataclass(frozen=True)
class VAR:
    r"""Gaussian vector autoregression, with external inputs s where there are any (VARX).

    .. math:: x_t = c + \sum_{k=1}^{p} A_k x_{t-k} + C s_{t-1} + e_t, \quad e_t \sim N(0, S)

    Attributes
    ----------
    A : (order, channel, channel)
    c : (channel,)
    S : (channel, channel)
    C : (channel, input)
    """

    A: Array
    c: Array
    S: Array
    C: Array = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def order(self) -> int:
        return int(self.A.shape[0])

    def companion(self) -> Array:
        """The matrix that takes ``[x_{t-1}, ..., x_{t-p}]`` to ``[x_t, ..., x_{t-p+1}]``."""
        order, channels, _ = self.A.shape
        companion = np.eye(order * channels, k=-channels)
        companion[:channels] = np.concatenate(self.A, axis=1)
        return companion

    def radius(self) -> float:
        """Largest modulus of the companion matrix's eigenvalues; the process is stable below 1."""
        return float(np.abs(np.linalg.eigvals(self.companion())).max())

    def simulate(
        self,
        history: Array,
        steps: int,
        rng: np.random.Generator | None,
        inputs: Array | None = None,
    ) -> Array:
        """Continue ``history`` ``(>= order, ..., channel)`` by so many steps.

        With a generator the innovations are drawn, without one they are zero: that is the
        forecast. ``inputs`` ``(>= steps, ..., input)`` begin at the last sample of the history.
        Returns ``(steps, ..., channel)``.
        """
        order = self.order
        orbit = np.concatenate(
            [history[len(history) - order :], np.zeros((steps, *history.shape[1:]))]
        )
        if rng is not None:
            values, vectors = np.linalg.eigh(self.S)
            root = vectors * np.sqrt(np.maximum(values, 0.0))
            orbit[order:] = rng.standard_normal((steps, *history.shape[1:])) @ root.T
        if inputs is not None:
            orbit[order:] += inputs[:steps] @ self.C.T
        weights = np.concatenate(self.A, axis=1).T
        for t in range(order, order + steps):
            past = np.moveaxis(orbit[t - order : t][::-1], 0, -2)
            orbit[t] += past.reshape(*past.shape[:-2], -1) @ weights + self.c
        return orbit[order:]


def fit_var(
    segments: Sequence[Array], maximum_order: int, inputs: Sequence[Array] | None = None
) -> VAR:
    """Least squares fit with the order of the smallest BIC (Schwarz 1978; Lütkepohl 2005, 4.3).

    All orders are compared on the same samples and come from one QR factorisation.

    Parameters
    ----------
    segments
        Contiguous stretches ``(time, channel)`` without missing values; no lag crosses a border.
    maximum_order
        Largest order tried. Orders with fewer than two samples for each coefficient of an
        equation are not.
    inputs
        External inputs of the segments ``(time, input)``.

    Raises
    ------
    ValueError
        When the segments are too short for order 1.
    """
    channels = segments[0].shape[1]
    constant = 1 + (0 if inputs is None else inputs[0].shape[1])
    usable = [
        p
        for p in range(1, maximum_order + 1)
        if _rows(segments, p) >= 2 * (channels * p + constant)
    ]
    if not usable:
        raise ValueError(
            f"{_rows(segments, 1)} samples are too few for a VAR(1) of {channels} channels"
        )
    highest = max(usable)
    factor = _triangle(segments, highest, inputs)
    samples = _rows(segments, highest)
    criterion = np.full(highest, np.inf)
    for order in range(1, highest + 1):
        residual = factor[constant + order * channels :, -channels:]
        sign, logdet = np.linalg.slogdet(residual.T @ residual / samples)
        if sign > 0:
            criterion[order - 1] = samples * logdet + np.log(samples) * order * channels**2
    return fit_order(segments, int(np.argmin(criterion)) + 1, inputs)


def fit_order(segments: Sequence[Array], order: int, inputs: Sequence[Array] | None = None) -> VAR:
    """Least squares fit of a given order; arguments as of `fit_var`.

    A fit that is not stable is made so by shrinking ``A_k`` by ``g**k``, which scales every
    eigenvalue of the companion matrix by g, to a radius of 0.999.
    """
    channels = segments[0].shape[1]
    constant = 1 + (0 if inputs is None else inputs[0].shape[1])
    factor = _triangle(segments, order, inputs)
    known = constant + order * channels
    coefficients = np.linalg.lstsq(factor[:known, :known], factor[:known, known:])[0]
    residual = factor[known:, known:]
    lags = coefficients[constant:].reshape(order, channels, channels)
    A: Array = np.asarray(lags.transpose(0, 2, 1))
    model = VAR(
        A,
        coefficients[0],
        residual.T @ residual / (_rows(segments, order) - known),
        np.asarray(coefficients[1:constant].T),
    )
    radius = model.radius()
    if radius < 1.0:
        return model
    shrink = (0.999 / radius) ** np.arange(1, order + 1)
    A = np.asarray(A * shrink[:, None, None])
    mean = np.concatenate(segments).mean(axis=0)
    drive = 0.0 if inputs is None else model.C @ np.concatenate(inputs).mean(axis=0)
    return VAR(A, mean - A.sum(axis=0) @ mean - drive, model.S, model.C)


def _rows(segments: Sequence[Array], order: int) -> int:
    return sum(max(len(x) - order, 0) for x in segments)


def _triangle(segments: Sequence[Array], order: int, inputs: Sequence[Array] | None) -> Array:
    """QR factor of rows ``[1, s_{t-1}, x_{t-1}, ..., x_{t-order}, x_t]`` of all segments."""
    driven = [np.zeros((len(x), 0)) for x in segments] if inputs is None else inputs
    rows = np.concatenate(
        [
            np.hstack(
                [np.ones((len(x) - order, 1)), s[order - 1 : -1]]
                + [x[order - k : len(x) - k] for k in range(1, order + 1)]
                + [x[order:]]
            )
            for x, s in zip(segments, driven, strict=True)
            if len(x) > order
        ]
    )
    return np.asarray(np.linalg.qr(rows, mode="r"))
