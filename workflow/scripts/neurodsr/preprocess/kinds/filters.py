"""Zero-phase filters of contiguous stretches: band-pass, notch, envelope of a band."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.fft import fft, ifft, irfft, next_fast_len, rfft

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.signal import Signal, by_stretch

Array = NDArray[np.float64]
Kernel = NDArray[np.float64] | NDArray[np.complex128]

# a Hamming window: 53 dB down in the stop band, transition of 3.3 / length
LENGTH = 3.3
BLOCK = 8
FORGOTTEN = 1e-3


def low_pass_kernel(cutoff: float, transition: float) -> Array:
    """Symmetric windowed sinc (Hamming) of unit gain at 0.

    Parameters
    ----------
    cutoff
        Where the gain is one half (cycles per sample), in the middle of the transition.
    transition
        Width (cycles per sample) from the pass band, within 0.2 %, to the stop band, 53 dB down.

    Returns
    -------
    Array
        ``(2 half + 1,)``.
    """
    half = int(np.ceil(LENGTH / transition / 2.0))
    lag = np.arange(-half, half + 1)
    kernel = np.sinc(2.0 * cutoff * lag) * np.hamming(2 * half + 1)
    unit: Array = kernel / kernel.sum()
    return unit


def together(kernels: list[tuple[float, Array]]) -> Array:
    """Weighted sum of symmetric kernels of different lengths."""
    half = max(len(kernel) // 2 for _, kernel in kernels)
    total = np.zeros(2 * half + 1)
    for weight, kernel in kernels:
        inner = len(kernel) // 2
        total[half - inner : half + inner + 1] += weight * kernel
    return total


def band_kernel(highpass: float | None, lowpass: float | None, interval: float) -> Array:
    """Pass what lies between two frequencies (Hz).

    The transitions lie outside the band and are as wide as MNE-Python's default: a quarter of the
    edge but at least 2 Hz, and no wider than the room there is towards 0 and the Nyquist frequency.
    """
    parts: list[tuple[float, Array]] = []
    if lowpass is not None:
        width = min(max(0.25 * lowpass, 2.0), 0.5 / interval - lowpass)
        parts.append((1.0, low_pass_kernel((lowpass + width / 2) * interval, width * interval)))
    else:
        parts.append((1.0, np.ones(1)))
    if highpass is not None:
        width = min(max(0.25 * highpass, 2.0), highpass)
        parts.append((-1.0, low_pass_kernel((highpass - width / 2) * interval, width * interval)))
    return together(parts)


def notch_kernel(frequencies: list[float], width: float, interval: float) -> Array:
    """Remove bands around some frequencies.

    Half of the amplitude passes half a width (Hz) from the middle, all of it three quarters.
    """
    parts: list[tuple[float, Array]] = [(1.0, np.ones(1))]
    for frequency in frequencies:
        upper = low_pass_kernel((frequency + width / 2) * interval, width / 2 * interval)
        lower = low_pass_kernel((frequency - width / 2) * interval, width / 2 * interval)
        parts += [(-1.0, upper), (1.0, lower)]
    return together(parts)


def analytic_kernel(low: float, high: float, interval: float) -> NDArray[np.complex128]:
    """Band-pass of positive frequencies alone: its output's modulus is half of the envelope."""
    width = min(max(0.25 * low, 2.0), low, 0.5 / interval - high)
    shape = low_pass_kernel(((high - low) / 2 + width / 2) * interval, width * interval)
    lag = np.arange(len(shape)) - len(shape) // 2
    kernel: NDArray[np.complex128] = shape * np.exp(1j * np.pi * (low + high) * interval * lag)
    return kernel


def convolve(values: Array, kernel: Kernel) -> NDArray[Any]:
    """Zero-phase convolution of one stretch ``(time, channel)``, continued by odd reflection."""
    half = len(kernel) // 2
    if len(values) < 2:
        alone: NDArray[Any] = values * kernel.sum()
        return alone
    complex_valued = np.iscomplexobj(kernel)
    size = next_fast_len(len(values) + 4 * half, real=not complex_valued)
    forward: Any = fft if complex_valued else rfft
    inverse: Any = ifft if complex_valued else irfft
    spectrum = forward(kernel, size)[:, None]
    result = np.empty(values.shape, dtype=kernel.dtype)
    for first in range(0, values.shape[1], BLOCK):
        part = np.pad(
            values[:, first : first + BLOCK],
            ((half, half), (0, 0)),
            mode="reflect",
            reflect_type="odd",
        )
        whole = inverse(forward(part, size, axis=0) * spectrum, size, axis=0)
        result[:, first : first + BLOCK] = whole[2 * half : 2 * half + len(values)]
    return result


def without_edges(values: Array, samples: int) -> Array:
    """Make the first and last samples of each stretch missing: they were continued by guessing."""
    if samples <= 0:
        return values

    def inner(stretch: Array) -> Array:
        cut = stretch.copy()
        cut[:samples] = np.nan
        cut[max(0, len(cut) - samples) :] = np.nan
        return cut

    return by_stretch(values, inner)


def filtered(signal: Signal, kernel: Kernel, step: str, **facts: Any) -> Signal:
    """Convolve each stretch with a kernel; complex ones give the modulus, doubled."""

    def apply(stretch: Array) -> Array:
        result = convolve(stretch, kernel)
        return 2.0 * np.abs(result) if np.iscomplexobj(result) else result

    reach = (len(kernel) // 2) * signal.interval
    values = by_stretch(signal.values, apply)
    return finished(signal, values, reach, step, **facts)


def finished(signal: Signal, values: Array, reach: float, step: str, **facts: Any) -> Signal:
    """A filter's output, its edges missing as far as the settings want."""
    edge = reach if signal.edges is None else min(signal.edges, reach)
    values = without_edges(values, round(edge / signal.interval))
    if not np.isfinite(values).any():
        longest = (signal.values.shape[0] * signal.interval) if signal.values.size else 0.0
        raise RecordingError(
            f"{signal.modality}: {step}: nothing is left, for it reaches {reach:.4g} s to both "
            f"sides and no stretch of the {longest:.4g} s recorded is longer than twice that; "
            "raise highpass, choose method: butterworth, or set edges: 0"
        )
    return signal.then(step, values=values, reach=signal.reach + reach, facts=facts)


def band_pass(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Zero-phase band-pass, high-pass or low-pass of each stretch.

    Raises
    ------
    RecordingError
        The band does not fit under the Nyquist frequency, or no stretch is long enough.
    """
    highpass, lowpass = options["highpass"], options["lowpass"]
    checked(signal, "filter", highpass or 0.0, lowpass)
    name = described_band(highpass, lowpass)
    if name is None:
        return signal
    band = [highpass, lowpass]
    if options["method"] == "fir":
        kernel = band_kernel(highpass, lowpass, signal.interval)
        return filtered(signal, kernel, f"{name} (FIR)", band=band)
    return butterworth(signal, highpass, lowpass, options["order"], f"{name} (Butterworth)")


def butterworth(
    signal: Signal, highpass: float | None, lowpass: float | None, order: int, step: str
) -> Signal:
    """Forward and backward through a Butterworth filter, so that its order counts twice.

    Its reach is the time after which its impulse response has fallen by 60 dB.
    """
    from scipy.signal import butter, sosfiltfilt

    edges = [edge for edge in (highpass, lowpass) if edge is not None]
    kind = "bandpass" if len(edges) == 2 else "highpass" if lowpass is None else "lowpass"
    design: dict[str, Any] = {"btype": kind, "fs": 1.0 / signal.interval}
    edge = edges if len(edges) == 2 else edges[0]
    sections = butter(order, edge, output="sos", **design)
    _, poles, _ = butter(order, edge, output="zpk", **design)
    samples = np.ceil(np.log(FORGOTTEN) / np.log(np.abs(poles).max()))
    pad = 3 * (2 * len(sections) + 1)

    def apply(stretch: Array) -> Array:
        length = min(max(pad, int(samples)), len(stretch) - 1)
        result: Array = sosfiltfilt(sections, stretch, axis=0, padlen=length)
        return result

    values = by_stretch(signal.values, apply)
    reach = float(samples * signal.interval)
    return finished(signal, values, reach, step, band=[highpass, lowpass])


def notch(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Remove the mains frequency and its harmonics below the Nyquist frequency.

    Raises
    ------
    RecordingError
        The frequency itself lies above the Nyquist frequency.
    """
    base, width = float(options["frequency"]), float(options["width"])
    checked(signal, "notch", 0.0, base + 0.75 * width)
    highest = 0.5 / signal.interval - 0.75 * width
    count = min(int(options["harmonics"]) + 1, int(highest / base))
    frequencies = [base * number for number in range(1, count + 1)]
    kernel = notch_kernel(frequencies, width, signal.interval)
    names = ", ".join(f"{frequency:g}" for frequency in frequencies)
    return filtered(signal, kernel, f"notch {names} Hz", notch=frequencies)


def envelope(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Envelope of a band: modulus of the analytic signal, its square, or that in decibel.

    A complex band-pass kernel gives the analytic signal (the Hilbert transform within the band)
    with a finite reach.

    Raises
    ------
    RecordingError
        The band does not fit under the Nyquist frequency.
    """
    low, high = map(float, options["band"])
    if low >= high:
        raise RecordingError(
            f"{signal.modality}: envelope: band {low:g}-{high:g} Hz is empty; give [low, high]"
        )
    checked(signal, "envelope", low, high)
    kernel = analytic_kernel(low, high, signal.interval)
    output = str(options["output"])
    result = filtered(signal, kernel, f"{output} of {low:g}-{high:g} Hz", envelope=[low, high])
    if output == "amplitude":
        return result
    power = result.values**2 / 2.0
    if output == "decibel":
        power = 10.0 * np.log10(np.maximum(power, np.finfo(float).tiny))
    return replace(result, values=power)


def described_band(highpass: float | None, lowpass: float | None) -> str | None:
    """A band in words; None when it has no edge."""
    if highpass is not None and lowpass is not None:
        return f"band-pass {highpass:g}-{lowpass:g} Hz"
    if highpass is not None:
        return f"high-pass {highpass:g} Hz"
    return None if lowpass is None else f"low-pass {lowpass:g} Hz"


def checked(signal: Signal, section: str, low: float, high: float | None) -> None:
    nyquist = 0.5 / signal.interval
    if low >= nyquist or (high is not None and high >= nyquist):
        raise RecordingError(
            f"{signal.modality}: {section}: {max(low, high or 0.0):g} Hz is not below half of the "
            f"sampling rate, {nyquist:g} Hz; lower it or leave it out"
        )
    if high is not None and low >= high:
        raise RecordingError(
            f"{signal.modality}: {section}: highpass {low:g} Hz is not below lowpass {high:g} Hz; "
            "exchange them"
        )
