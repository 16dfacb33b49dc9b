"""When has a search seen everything? Capture and recapture over its samples."""

from collections.abc import Iterable

FEW = 10
"""Samples without which nothing can be told."""


class Census:
    """In how many samples of a search each object was met.

    A sample is one curve, or one round of starts. What was met only once tells how much was never
    met: at least ``(m - 1) / m * q1 (q1 - 1) / (2 (q2 + 1))`` objects, with q1 and q2 the numbers
    of those met in one and in two of m samples (Chao 1987, Biometrics 43:783; bias-corrected).

    Parameters
    ----------
    least
        Samples without which a search does not end.
    """

    def __init__(self, least: int) -> None:
        self.least, self.samples, self.last = least, 0, 0
        self.counts: list[int] = []

    def add(self, number: int = 1) -> None:
        """New objects, not yet met in any sample."""
        self.counts += [0] * number
        self.last = self.samples

    def sample(self, met: Iterable[int]) -> None:
        """One more sample with the indices of the objects met in it."""
        self.samples += 1
        for index in set(met):
            self.counts[index] += 1

    @property
    def unseen(self) -> float:
        """Estimated number of objects that were not met, a lower bound; NaN after few samples."""
        if self.samples < FEW:
            return float("nan")
        once, twice = (sum(count == n for count in self.counts) for n in (1, 2))
        share = (self.samples - 1) / self.samples
        return float(abs(share * once * (once - 1) / (2 * (twice + 1))))

    @property
    def saturated(self) -> bool:
        """Whether it brings nothing new any more.

        Every object was met in three samples at least, and there were as many samples since the
        last new one as before it.
        """
        enough = self.samples >= max(self.least, 2 * self.last)
        return enough and min(self.counts, default=3) > 2
