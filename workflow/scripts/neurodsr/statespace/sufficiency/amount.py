"""Amount of data: which dimension and exponents can be told from so many samples?"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Amount:
    """How much data there is, for what.

    Attributes
    ----------
    largest_dimension
        Of an attractor whose correlation dimension so many samples can show.
    largest_chaotic_dimension
        Of an attractor whose Lyapunov exponents they can show.
    enough
        Whether the dimension that was found is below either.
    sentence
        The same in words.
    """

    largest_dimension: float
    largest_chaotic_dimension: float
    enough: bool
    sentence: str


def amount_of_data(
    samples: int, correlation_times: float, predictability_times: float, dimension: float
) -> Amount:
    """Bounds of Eckmann and Ruelle (1992, Physica D 56:185).

    The correlation dimension over a decade of distances needs more than ``10^(D / 2)`` samples,
    Lyapunov exponents more than ``10^D``.

    Parameters
    ----------
    samples
        Of the training split.
    correlation_times, predictability_times
        Its length in these; NaN where not known.
    dimension
        Of the attractor; NaN where not known.
    """
    largest = 2.0 * np.log10(max(samples, 1))
    chaotic = 0.5 * largest
    length = [f"{samples} samples", f"{correlation_times:.0f} autocorrelation times"]
    if np.isfinite(predictability_times):
        length.append(f"{predictability_times:.0f} predictability times")
    bounds = (
        f"{', '.join(length)}: enough for an attractor of dimension {largest:.1f} at most, and of "
        f"{chaotic:.1f} for its Lyapunov exponents"
    )
    enough = bool(dimension <= chaotic)
    if np.isnan(dimension):
        said = "the dimension is not known"
    elif enough:
        said = f"the dimension found, {dimension:.1f}, is below both"
    elif dimension <= largest:
        said = f"the dimension found, {dimension:.1f}, allows no exponents"
    else:
        said = f"the dimension found, {dimension:.1f}, is more than the data can show"
    return Amount(float(largest), float(chaotic), enough, f"{bounds}; {said}")
