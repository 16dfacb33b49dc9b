"""Sparse polynomial differential equations (SINDy)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.models.baselines.flow import Flow
from neurodsr.models.interface import Variables
from neurodsr.models.piecewise_linear import Array


@dataclass(frozen=True)
class SINDy(Flow):
    """``dx/dt`` is a sparse combination of monomials (Brunton, Proctor & Kutz 2016).

    Attributes
    ----------
    coefficients : (channel, term)
        In 1/s.
    exponents : (term, source)
        Of channels, then external inputs, in each monomial. All monomials that divide one of
        them are among them, and a divisor comes before what it divides.
    """

    coefficients: Array
    exponents: NDArray[np.int64]
    interval: float
    run: int

    @property
    def latent_dimension(self) -> int:
        return len(self.coefficients)

    @property
    def input_count(self) -> int:  # type: ignore[override]
        return int(self.exponents.shape[1] - len(self.coefficients))

    @cached_property
    def _divisors(self) -> NDArray[np.int64]:
        """``(term, source)``: which term is left when a source is taken out once, or -1."""
        index = {tuple(row): i for i, row in enumerate(self.exponents.tolist())}
        divisors = np.full(self.exponents.shape, -1)
        for term, source in np.argwhere(self.exponents > 0):
            smaller = self.exponents[term].copy()
            smaller[source] -= 1
            divisors[term, source] = index[tuple(smaller.tolist())]
        return divisors

    @cached_property
    def _levels(self) -> list[tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.intp]]]:
        """For each degree: its terms, for each of them a divisor, and the source that it lacks."""
        degree = self.exponents.sum(axis=1)
        source = np.argmax(self.exponents > 0, axis=1)
        found = []
        for level in range(1, int(degree.max()) + 1):
            terms = np.flatnonzero(degree == level)
            found.append((terms, self._divisors[terms, source[terms]], source[terms]))
        return found

    def library(self, u: Array) -> Array:
        """Values of all monomials ``(..., term)`` at ``u`` ``(..., source)``."""
        values = np.ones((*u.shape[:-1], len(self.exponents)))
        for terms, divisors, sources in self._levels:
            values[..., terms] = values[..., divisors] * u[..., sources]
        return values

    def field(self, u: Array) -> Array:
        return self.library(u) @ self.coefficients.T

    def field_tangent(self, u: Array, v: Array) -> Array:
        channels = len(self.coefficients)
        divisors, exponents = self._divisors[:, :channels], self.exponents[:, :channels]
        slopes = np.where(divisors >= 0, exponents * self.library(u)[..., divisors], 0.0)
        return np.asarray(self.coefficients @ (slopes @ v))

    def variables(self) -> Variables:
        return {
            "coefficients": (("channel", "term"), self.coefficients),
            "exponents": (("term", "source"), self.exponents),
        }

    @classmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        return cls(
            coefficients=one["coefficients"].values,
            exponents=one["exponents"].values.astype(np.int64),
            interval=float(one.attrs["sampling_interval"]),
            run=int(one["run"]),
        )
