"""The invariant measures together: D_stsp is blind to time order, D_H to shift and scale."""

from collections.abc import Sequence

import numpy as np

from neurodsr.evaluation.geometry import BinnedReference, MixtureReference
from neurodsr.evaluation.spectra import distance_of_spectra, power_spectrum
from neurodsr.models.piecewise_linear import Array


class InvariantMeasures:
    """D_stsp and D_H against held-out pieces.

    Attributes
    ----------
    geometry
        Reference for D_stsp.
    pieces
        The held-out stretches ``(time, channel)``.
    smoothing
        Of spectra, in frequency bins of the longest piece.
    spectrum : (frequency, channel)
        Of the held-out pieces.
    """

    def __init__(
        self,
        geometry: BinnedReference | MixtureReference,
        pieces: Sequence[Array],
        smoothing: float,
    ) -> None:
        self.geometry = geometry
        self.pieces = list(pieces)
        self.smoothing = smoothing
        self.spectrum = power_spectrum(pieces, smoothing)

    def __call__(self, generated: Sequence[Array]) -> tuple[float, float]:
        """D_stsp and D_H of pieces that have the lengths of the held-out ones."""
        return (
            self.geometry.divergence(np.concatenate(generated)),
            distance_of_spectra(self.spectrum, power_spectrum(generated, self.smoothing)),
        )

    def outside(self, generated: Sequence[Array]) -> float:
        """Share of generated points outside the bins of D_stsp."""
        return self.geometry.outside(np.concatenate(generated))
