"""All measures: what they are called, and those of free runs together.

Each is blind to something: D_stsp to the order of time, D_H to shift and scale.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.evaluation.measures.correlation import CorrelationReference
from neurodsr.evaluation.measures.events import EventReference
from neurodsr.evaluation.measures.geometry import reference
from neurodsr.evaluation.measures.invariants import Embedding, InvariantReference
from neurodsr.evaluation.measures.spectra import Spectrum, distance_of_spectra, power_spectrum
from neurodsr.evaluation.measures.transport import SlicedReference, directions
from neurodsr.models.piecewise_linear import Array

SLOW, FEW = ("LLE", "D2"), 2
"""Measures that take a tenth of a second each, and replicas for which they are made."""
DIRECTIONS = 100
MOST_POINTS = 20_000
"""Of a trajectory for W1, evenly spaced."""


@dataclass(frozen=True)
class Measure:
    """What a score says.

    Attributes
    ----------
    label
        Words and unit.
    rivals
        Nulls that it is compared with: those that do not have the answer built in.
    forecast
        Whether it is of short forecasts, instead of long free runs.
    sign
        1 where smaller is better, -1 where larger is.
    """

    label: str
    rivals: tuple[str, ...]
    forecast: bool = False
    sign: int = 1


MEASURES = {
    "D_stsp": Measure("state-space divergence (nats)", ("VAR", "IAAFT")),
    "D_H": Measure("Hellinger distance of spectra", ("VAR",)),
    "PE": Measure("prediction error (sd²)", ("VAR", "persistence"), forecast=True),
    "W1": Measure("sliced Wasserstein distance (sd)", ("VAR", "IAAFT")),
    "ACE": Measure("error of autocorrelation", ("VAR",)),
    "CCE": Measure("error of cross-correlation", ("VAR",)),
    "VPT": Measure("valid prediction time", ("VAR", "persistence"), forecast=True, sign=-1),
    "LLE": Measure("difference of largest Lyapunov exponents (1/s)", ("VAR", "IAAFT")),
    "D2": Measure("difference of correlation dimensions", ("VAR", "IAAFT")),
    "event_rate": Measure("event rate (log ratio)", ("VAR", "IAAFT")),
    "event_timing": Measure("event intervals, durations (log)", ("VAR", "IAAFT")),
}
"""A surrogate copies the spectrum of the data, and with it correlations: no rival there."""

FURTHER = ("W1", "ACE", "CCE", "VPT", "LLE", "D2", "events")
"""What settings may add to the first three; ``events`` are both of these."""


class Suite:
    """Measures of free runs against held-out pieces.

    Attributes
    ----------
    names
        Of the measures, in order.
    pieces
        The held-out stretches ``(time, channel)``.
    convention
        Of spectra.
    invariants
        Exponent and dimension of the held-out pieces, or None.
    """

    def __init__(
        self,
        pieces: Sequence[Array],
        preset: str,
        convention: Spectrum,
        further: Sequence[str],
        spiking: Sequence[int],
        event_height: float,
        embedding: Embedding | None,
        interval: float,
        rng: np.random.Generator,
    ) -> None:
        """Prepare the held-out side of all comparisons.

        Parameters
        ----------
        pieces, convention
            As the attributes.
        preset
            Convention of D_stsp, a key of `geometry.PRESETS`.
        further
            Which of `FURTHER` to add.
        spiking
            Channels in which events are looked for.
        event_height
            See `events.EventReference`.
        embedding
            Of the recording; without one there are neither ``LLE`` nor ``D2``.
        interval
            Between samples (s).
        rng
            Draws of mixtures and directions.
        """
        self.pieces, self.convention = list(pieces), convention
        together, channels = np.concatenate(pieces), pieces[0].shape[1]
        self.geometry = reference(together, preset, rng)
        self.spectrum = power_spectrum(pieces, convention)
        self.measures: dict[str, Callable[[Sequence[Array]], float]] = {
            "D_stsp": lambda made: self.geometry.divergence(np.concatenate(made)),
            "D_H": self._spectral,
        }
        if "W1" in further:
            sliced = SlicedReference(thinned(together), directions(channels, DIRECTIONS, rng))
            self.measures["W1"] = lambda made: sliced.distance(thinned(np.concatenate(made)))
        correlations = CorrelationReference(pieces)
        if "ACE" in further:
            self.measures["ACE"] = correlations.autocorrelation_error
        if "CCE" in further and channels > 1:
            self.measures["CCE"] = correlations.cross_correlation_error
        self.invariants = None
        if embedding is not None and {"LLE", "D2"} & set(further):
            self.invariants = InvariantReference(pieces, embedding, interval)
            if "LLE" in further and np.isfinite(self.invariants.exponent):
                self.measures["LLE"] = self.invariants.exponent_error
            if "D2" in further and np.isfinite(self.invariants.dimension):
                self.measures["D2"] = self.invariants.dimension_error
        if "events" in further and len(spiking):
            self.spiking = list(spiking)
            self.events = EventReference([piece[:, self.spiking] for piece in pieces], event_height)
            self.measures["event_rate"] = lambda made: self._events(made)[0]
            self.measures["event_timing"] = lambda made: self._events(made)[1]

    @property
    def names(self) -> list[str]:
        return list(self.measures)

    def keep(self, names: Sequence[str]) -> None:
        """Drop all other measures."""
        self.measures = {name: self.measures[name] for name in names}

    def _spectral(self, generated: Sequence[Array]) -> float:
        other = power_spectrum(generated, self.convention)
        return distance_of_spectra(self.spectrum, other, self.convention)

    def _events(self, generated: Sequence[Array]) -> tuple[float, float]:
        return self.events.errors([piece[:, self.spiking] for piece in generated])

    def __call__(self, replicas: Sequence[Sequence[Array]]) -> dict[str, Array]:
        """Scores ``(replica,)`` by measure.

        Parameters
        ----------
        replicas
            For each, pieces that have the lengths of the held-out ones. Of slow measures, the
            first few count.
        """
        return {
            name: np.array([measure(made) for made in replicas[: FEW if name in SLOW else None]])
            for name, measure in self.measures.items()
        }

    def outside(self, generated: Sequence[Array]) -> float:
        """Share of generated points, or of draws, that D_stsp does not see."""
        return self.geometry.outside(np.concatenate(generated))


def thinned(x: Array) -> Array:
    """At most `MOST_POINTS` of the points ``(time, channel)``."""
    if len(x) <= MOST_POINTS:
        return x
    return np.asarray(x[np.linspace(0, len(x) - 1, MOST_POINTS).astype(int)])


def spiking_channels(series: xr.Dataset, events: str) -> list[int]:
    """Channels in which to look for events: those of spikes (``"auto"``), ``"all"`` or none."""
    channels = range(series.sizes["channel"])
    if events != "auto":
        return list(channels) if events == "all" else []
    quality: Mapping[str, Mapping[str, Any]] = json.loads(series.attrs.get("quality", "{}"))
    if "modality" not in series.coords:
        return []
    modality = series["modality"].values
    spikes = {name for name, facts in quality.items() if facts["kind"] == "spikes"}
    return [c for c in channels if str(modality[c]) in spikes]
