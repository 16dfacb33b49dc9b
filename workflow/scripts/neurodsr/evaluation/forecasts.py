"""Short forecasts from many held-out samples: PE(n) and valid prediction time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurodsr.evaluation.measures.prediction import error_curve, valid_steps
from neurodsr.evaluation.protocol import Protocol
from neurodsr.models.piecewise_linear import Array

BLOCKS = 10
"""Groups of consecutive starts, whose spread gives the interval of a forecast's score."""


@dataclass(frozen=True)
class Windows:
    """Windows of held-out data around starts of forecasts.

    Attributes
    ----------
    before, after : (time, window, channel)
        Up to and with the start, and after it.
    inputs
        Of all these times, or None.
    """

    before: Array
    after: Array
    inputs: Array | None

    @property
    def steps(self) -> int:
        return len(self.after)

    @property
    def driven(self) -> Array | None:
        """Inputs from the start on."""
        return None if self.inputs is None else self.inputs[len(self.before) - 1 :]


def windows_of(protocol: Protocol, history: int, steps: int, starts: int) -> Windows:
    """At most so many starts, evenly spaced, each after a history of so many samples."""
    windows, inputs = protocol.forecast_windows(history, steps, starts)
    return Windows(windows[:history], windows[history:], inputs)


@dataclass(frozen=True)
class Forecasts:
    """The measures of forecasts.

    Attributes
    ----------
    short
        Windows for PE.
    long
        Windows for valid prediction time, or None for none.
    threshold
        See `valid_steps`.
    step
        Length of a step in the unit of valid prediction time.
    """

    short: Windows
    long: Windows | None
    threshold: float
    step: float

    @property
    def names(self) -> list[str]:
        """Of the measures, in order."""
        return ["PE"] if self.long is None else ["PE", "VPT"]

    def __call__(self, predict: Callable[[Windows], Array]) -> tuple[Array, dict[str, Array]]:
        """Score a way to forecast.

        Parameters
        ----------
        predict
            Makes ``(step, window, channel)``, the start left out, of windows.

        Returns
        -------
        tuple
            Mean squared error after each step ``(step,)``, and by measure means over blocks of
            starts ``(block,)``.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            predicted = predict(self.short)
            last = np.mean((predicted[-1] - self.short.after[-1]) ** 2, axis=1)
            replicates = {"PE": blocks(last)}
            if self.long is not None:
                scale = float(np.sqrt(self.long.after.var(axis=(0, 1)).mean()))
                valid = valid_steps(predict(self.long), self.long.after, self.threshold, scale)
                replicates["VPT"] = self.step * blocks(valid)
        return error_curve(predicted, self.short.after), replicates


def blocks(values: Array) -> Array:
    """Means of groups of consecutive values ``(window,)``, of about equal size."""
    return np.array([part.mean() for part in np.array_split(values, min(BLOCKS, len(values)))])
