"""The literature's measures written down plainly: slow, and hard to get wrong.

Independent of the library: only the table of conventions is shared in words (dsr.md, 3.1 and 3.2).
"""

import math

import numpy as np

# bins, lower and upper end of the box, whether the first bin counts
BOXES = {
    "gtf": (30, "margin", True),
    "gtf-legacy": (30, "two sd", True),
    "al-rnn-8": (8, "margin", True),
    "dendplrnn": (30, "two sd", False),
    "mtf": (10, "two sd", False),
    "chaosrnn": (10, "two sd", False),
    "dynamix": (30, "range", False),
    "hierarchical": (30, "range", False),
}


def binned_divergence(true: np.ndarray, generated: np.ndarray, name: str) -> float:
    """KL(true || generated), Laplace-smoothed by 1e-5, points outside the box dropped."""
    bins, box, first = BOXES[name]
    if name == "hierarchical":
        true, generated = ((x - x.mean(axis=0)) / x.std(axis=0, ddof=1) for x in (true, generated))
    channels = true.shape[1]
    deviation = [math.sqrt(sum((v - c.mean()) ** 2 for v in c) / (len(c) - 1)) for c in true.T]
    low, high = [], []
    for c in range(channels):
        if box == "two sd":
            low.append(-2 * deviation[c])
            high.append(2 * deviation[c])
        else:
            margin = 0.1 * deviation[c] if box == "margin" else 0.0
            low.append(min(true[:, c]) - margin)
            high.append(max(true[:, c]) + margin)
    counts = []
    for x in (true, generated):
        histogram: dict[tuple[int, ...], int] = {}
        for point in x.tolist():
            cell = []
            for c in range(channels):
                place = bins * (point[c] - low[c]) / (high[c] - low[c])
                index = math.floor(place)
                if index >= bins or index < (0 if first else 1):
                    break
                cell.append(index)
            else:
                histogram[tuple(cell)] = histogram.get(tuple(cell), 0) + 1
        counts.append(histogram)
    alpha, number = 1e-5, bins**channels
    totals = [sum(h.values()) + alpha * number for h in counts]
    visited = set(counts[0]) | set(counts[1])
    result = 0.0
    for cell in visited:
        p, q = ((h.get(cell, 0) + alpha) / n for h, n in zip(counts, totals, strict=True))
        result += p * math.log(p / q)
    p, q = (alpha / n for n in totals)
    return result + (number - len(visited)) * p * math.log(p / q)


def dense_divergence(true: np.ndarray, generated: np.ndarray, bins: int = 30) -> float:
    """The convention of GTF with numpy's histogram of all bins."""
    deviation = true.std(axis=0, ddof=1)
    low, high = true.min(axis=0) - 0.1 * deviation, true.max(axis=0) + 0.1 * deviation
    edges = [np.linspace(a, b, bins + 1) for a, b in zip(low, high, strict=True)]
    p, q = (np.histogramdd(x, edges)[0] + 1e-5 for x in (true, generated))
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum(p * np.log(p / q)))


def mixture_divergence(
    true: np.ndarray, generated: np.ndarray, draws: np.ndarray, variance: float, drop: bool
) -> float:
    """Mean of log p - log q over draws; dropped is one whose density is 0 in single precision."""
    terms = []
    for draw in draws:
        logs, largest = [], []
        for centres in (true, generated):
            exponent = -0.5 * np.sum((draw - centres) ** 2, axis=1) / variance
            highest = exponent.max()
            logs.append(highest + np.log(np.sum(np.exp(exponent - highest)) / len(centres)))
            largest.append(np.float32(np.exp(exponent)).sum())
        if not drop or min(largest) > 0:
            terms.append(logs[0] - logs[1])
    return float(np.mean(terms))


def spectral_distance(true: np.ndarray, generated: np.ndarray, width: int) -> float:
    """D_H of GTF: mirrored ends, radius of four widths, power that sums to 1."""
    distances = []
    for pair in zip(true.T, generated.T, strict=True):
        roots = []
        for series in pair:
            z = (series - series.mean()) / series.std(ddof=1)
            power = np.abs(np.fft.rfft(z)) ** 2
            smooth, last = np.zeros(len(power)), len(power) - 1
            for shift in range(-4 * width, 4 * width + 1):
                place = np.abs(np.arange(len(power)) + shift)
                place = np.where(place > last, 2 * last - place, place)
                smooth += power[place] * math.exp(-0.5 * (shift / width) ** 2)
            roots.append(np.sqrt(smooth / smooth.sum()))
        distances.append(np.sqrt(np.sum((roots[0] - roots[1]) ** 2)) / np.sqrt(2))
    return float(np.mean(distances))
