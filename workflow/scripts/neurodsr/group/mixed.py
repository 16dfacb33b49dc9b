r"""Linear models with a random intercept, for many features at once, and their permutation tests.

.. math:: y = X \beta + u_{s} + \epsilon, \quad u \sim N(0, \tau^2), \; \epsilon \sim N(0, \sigma^2)

By restricted maximum likelihood in the single ratio of variances, which has closed forms for
everything else (Laird & Ware 1982, Biometrics 38:963). `statsmodels` fits the same model, some
hundred times slower, and is what the tests compare with.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from neurodsr.group.design import Design

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

LARGEST = 1e6
"""Largest ratio of variances that is looked at."""


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes
    ----------
    estimate, error, df : (column,)
        Fixed effects, their standard errors, and degrees of freedom (between or within subjects).
    between, within
        Variances of the intercepts and of the residuals.
    """

    estimate: Array
    error: Array
    df: Array
    between: float
    within: float

    @property
    def reliability(self) -> float:
        """Intraclass correlation of rows of one subject, given the design."""
        total = self.between + self.within
        return self.between / total if total > 0 else np.nan

    @property
    def spread(self) -> float:
        """Standard deviation of what the design leaves over."""
        return float(np.sqrt(self.between + self.within))


class Model:
    """A design with its sums over subjects, ready for any response.

    Parameters
    ----------
    design
        Of the rows that have a value.
    """

    def __init__(self, design: Design) -> None:
        self.X = design.matrix
        self.terms = design.terms
        numbers, self.subject = np.unique(design.subject, return_inverse=True)
        self.counts = np.bincount(self.subject, minlength=len(numbers))
        self.order = np.argsort(self.subject, kind="stable")
        self.first = np.concatenate([[0], np.cumsum(self.counts)[:-1]])
        self.sums = self.total(self.X)
        self.repeated = bool((self.counts > 1).any())
        means = self.sums / self.counts[:, None]
        self.constant = np.all(np.isclose(self.X, means[self.subject]), axis=0)

    def total(self, values: Array) -> Array:
        """Sums over the rows of each subject ``(subject, ...)``."""
        return np.asarray(np.add.reduceat(values[self.order], self.first, axis=0))

    def whitened(self, values: Array, ratio: float) -> Array:
        """Values whose errors are independent, if the ratio of variances is right."""
        part = 1 - 1 / np.sqrt(1 + ratio * self.counts)
        means = self.total(values) / self.counts.reshape(-1, *[1] * (values.ndim - 1))
        scaled = part.reshape(-1, *[1] * (values.ndim - 1)) * means
        return np.asarray(values - scaled[self.subject])

    def fit(self, y: Array) -> Fit:
        """Estimates for a response ``(row,)``."""
        ratio = self.ratio(y) if self.repeated else 0.0
        X, response = self.whitened(self.X, ratio), self.whitened(y, ratio)
        rows, columns = X.shape
        inverse = np.linalg.inv(X.T @ X)
        estimate = inverse @ (X.T @ response)
        within = float(np.sum((response - X @ estimate) ** 2) / (rows - columns))
        subjects = len(self.counts)
        between_df = subjects - self.constant.sum()
        within_df = rows - subjects - (~self.constant).sum() if self.repeated else between_df
        df = np.where(self.constant | (not self.repeated), between_df, within_df)
        error = np.sqrt(within * np.diag(inverse))
        return Fit(estimate, error, np.maximum(df, 1).astype(float), ratio * within, within)

    def ratio(self, y: Array) -> float:
        """Ratio of variances of largest restricted likelihood."""
        rows, columns = self.X.shape
        gram, cross, square = self.X.T @ self.X, self.X.T @ y, float(y @ y)
        sums = self.total(y)

        def deviance(ratio: float) -> float:
            weight = ratio / (1 + ratio * self.counts)
            A = gram - (self.sums * weight[:, None]).T @ self.sums
            b = cross - self.sums.T @ (weight * sums)
            rest = square - weight @ sums**2 - b @ np.linalg.solve(A, b)
            least = float(np.finfo(float).eps * max(square, 1e-300))
            return float(
                (rows - columns) * np.log(max(float(rest), least))
                + np.linalg.slogdet(A)[1]
                + float(np.sum(np.log1p(ratio * self.counts)))
            )

        grid = np.concatenate([[0.0], np.logspace(-4, np.log10(LARGEST), 31)])
        values = [deviance(r) for r in grid]
        best = int(np.argmin(values))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        found = optimize.minimize_scalar(
            deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-6 * (high + 1e-4)}
        )
        return float(found.x) if found.fun < values[best] else float(grid[best])

    def resampled(self, y: Array, ratio: float, weights: Array) -> Array:
        """Estimates ``(resample, column)`` with subjects weighted ``(resample, subject)``."""
        X, response = self.whitened(self.X, ratio), self.whitened(y, ratio)
        columns = X.shape[1]
        A = weights @ self.total(X[:, :, None] * X[:, None, :]).reshape(len(self.counts), -1)
        b = weights @ self.total(X * response[:, None])
        inverse = np.linalg.pinv(A.reshape(-1, columns, columns), hermitian=True)
        estimates: Array = np.einsum("rij,rj->ri", inverse, b)
        return estimates

    def between(self, term: str) -> bool:
        """Whether a term tells subjects apart, who have several rows."""
        return self.repeated and bool(self.constant[self.terms[term]].all())

    def exact(self, term: str) -> bool:
        """Whether exchanges of what the other terms leave over are exact but for their estimates.

        They are not where a term tells subjects apart who have unequally many rows.
        """
        return not self.between(term) or bool((self.counts == self.counts[0]).all())

    def permuted(self, y: Array, term: str, orders: Indices) -> tuple[float, float]:
        """Test of a term by permutation of what the others leave over.

        Parameters
        ----------
        y : (row,)
            Response.
        term
            Name of the term.
        orders
            From `exchanges`.

        Returns
        -------
        F, p
            F of the data, and its rank among the permutations (Freedman & Lane 1983, J. Bus. Econ.
            Stat. 1:292; blocks of Winkler et al. 2015, NeuroImage 123:253). The ratio of variances
            stays that of the data.
        """
        ratio = self.ratio(y) if self.repeated else 0.0
        X, response = self.whitened(self.X, ratio), self.whitened(y, ratio)
        chosen = self.terms[term]
        others = np.delete(np.arange(X.shape[1]), chosen)
        rest, _ = np.linalg.qr(X[:, others])
        own, _ = np.linalg.qr(X[:, chosen] - rest @ (rest.T @ X[:, chosen]))
        left = response - rest @ (rest.T @ response)
        shuffled = self._shuffled(left, orders) if self.between(term) else left[orders]
        shuffled = np.concatenate([left[None], shuffled])
        explained = np.sum((shuffled @ own) ** 2, axis=1)
        total = left @ left - np.sum((shuffled @ rest) ** 2, axis=1)
        unexplained = np.maximum(total - explained, np.finfo(float).eps * (left @ left))
        F = explained / own.shape[1] / (unexplained / (len(y) - X.shape[1]))
        return float(F[0]), float(np.mean(F[0] * (1 - 1e-9) <= F))

    def _shuffled(self, left: Array, orders: Indices) -> Array:
        """Whitened residuals ``(permutation, row)`` whose subject means are exchanged.

        Times the root of the number of rows, these means have equal variances, however many rows a
        subject has. What is within subjects stays where it is.
        """
        root = np.sqrt(self.counts)
        mean = self.total(left) / root
        within = left - (mean / root)[self.subject]
        return np.asarray(within + (mean[orders] / root)[:, self.subject])


def exchanges(
    model: Model, term: str, number: int, blocks: Indices | None, rng: np.random.Generator
) -> Indices:
    """Orders that the null hypothesis about a term allows.

    Parameters
    ----------
    model
        Model with the term.
    term
        Its name.
    number
        Of permutations.
    blocks : (row,), optional
        Rows (or subjects) are only exchanged within the same block, such as a site.
    rng
        Source of the permutations.

    Returns
    -------
    Indices
        Orders of subjects ``(permutation, subject)`` for a term that tells subjects apart who have
        several rows (`Model.between`). Otherwise of rows ``(permutation, row)``: of those of a
        subject, or of all where subjects have one each.
    """
    block = np.zeros(len(model.subject), dtype=np.intp) if blocks is None else blocks
    if model.between(term):
        return _within(block[model.order[model.first]], number, rng)
    keys = [block, model.subject] if model.repeated else [block]
    _, cell = np.unique(np.stack(keys, 1), axis=0, return_inverse=True)
    return _within(cell, number, rng)


def _within(cell: Indices, number: int, rng: np.random.Generator) -> Indices:
    """Random orders in which every element stays in its cell."""
    members = np.argsort(cell, kind="stable")
    drawn = np.argsort(cell[members] + rng.random((number, len(cell))), axis=1)
    out = np.empty((number, len(cell)), dtype=np.intp)
    out[:, members] = members[drawn]
    return out


def interval(fit: Fit, confidence: float) -> tuple[Array, Array]:
    """Confidence interval of each fixed effect, by Student's t."""
    reach = stats.t.ppf((1 + confidence) / 2, fit.df) * fit.error
    return fit.estimate - reach, fit.estimate + reach
