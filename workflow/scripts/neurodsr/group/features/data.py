"""Classical features of the recording itself, for comparison with those of the dynamics."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from neurodsr.group.features.definition import DATA, Family
from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.preprocess.stretches import stretches

Array = NDArray[np.float64]

series = Family(DATA, "series.nc")
statespace = Family(DATA, "statespace.nc")


def _pieces(result: xr.Dataset) -> list[Array]:
    return [stretch.x for stretch in stretches(result, "train", 2)]


def _spectrum(result: xr.Dataset) -> tuple[Array, Array]:
    """Frequencies (Hz) and power of the longest stretch, mean over standardised channels."""
    longest = max(_pieces(result), key=len)
    window = np.hanning(len(longest))[:, None]
    spectra = np.abs(np.fft.rfft((longest - longest.mean(axis=0)) * window, axis=0)[1:]) ** 2
    power = (spectra / spectra.sum(axis=0)).mean(axis=1)
    return np.fft.rfftfreq(len(longest), result.attrs["sampling_interval"])[1:], power


@series("recorded unit", "scale")
def signal_sd(result: xr.Dataset) -> float:
    """Standard deviation of the first channel in the training data."""
    return float(result["scale"].values[0])


@series("1", "observation")
def first_component(result: xr.Dataset) -> float:
    """Share of the variance of the standardised channels along their first principal component."""
    together = np.concatenate(_pieces(result))
    singular = np.linalg.svd(together - together.mean(axis=0), compute_uv=False)
    return float(singular[0] ** 2 / np.sum(singular**2))


@series("Hz", "observation")
def peak_frequency(result: xr.Dataset) -> float:
    """Frequency of the highest peak of the power spectrum, mean over standardised channels."""
    frequency, power = _spectrum(result)
    return float(frequency[np.argmax(np.convolve(power, np.ones(5) / 5, mode="same"))])


@series("1", "observation")
def spectral_entropy(result: xr.Dataset) -> float:
    """Entropy of that spectrum over its largest possible value; 1 for white noise."""
    power = _spectrum(result)[1]
    shares = power[power > 0]
    return float(-np.sum(shares * np.log(shares)) / np.log(power.size))


@series("1", "observation")
def spectral_slope(result: xr.Dataset) -> float:
    """Slope of log power over log frequency (Theil-Sen, 20 bins of equal width in log frequency);
    0 for white noise, -2 for a random walk."""
    frequency, power = _spectrum(result)
    edges = np.geomspace(frequency[0], frequency[-1] * (1 + 1e-9), 21)
    bins = np.digitize(frequency, edges)
    own = [bins == i for i in range(1, 21) if (power[bins == i] > 0).any()]
    x = [np.log(frequency[one]).mean() for one in own]
    y = [np.log(power[one].mean()) for one in own]
    return float(stats.theilslopes(y, x).slope) if len(own) > 2 else np.nan


@series("s", "observation")
def correlation_time(result: xr.Dataset) -> float:
    """Time after which the autocorrelation falls below 1/e, mean over channels."""
    pieces = _pieces(result)
    longest = max(len(piece) for piece in pieces)
    lags = [
        decay_time(autocorrelation([piece[:, i] for piece in pieces], longest - 1))
        for i in range(pieces[0].shape[1])
    ]
    known = [lag for lag in lags if lag is not None]
    return float(np.mean(known) * result.attrs["sampling_interval"]) if known else np.nan


@statespace("1", "nonlinearity_p")
def nonlinearity_p(result: xr.Dataset) -> float:
    """p of the surrogate test for nonlinear structure."""
    return float(result.attrs["nonlinearity_p"])


@statespace("1", "noise_level")
def noise_level(result: xr.Dataset) -> float:
    """Noise as a share of the signal's standard deviation, from correlation sums."""
    return float(result.attrs["noise_level"])


@statespace("1", "correlation_dimension")
def correlation_dimension(result: xr.Dataset) -> float:
    """Correlation dimension of the delay-embedded data."""
    return float(result.attrs["correlation_dimension"])


@statespace("1/s", "largest_exponent")
def data_exponent(result: xr.Dataset) -> float:
    """Largest Lyapunov exponent of the data, from the divergence of neighbouring states."""
    return float(result.attrs["largest_exponent"])
