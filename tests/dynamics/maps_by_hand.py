"""Piecewise-linear maps whose cycles are known, and random ones."""

import numpy as np

from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def shallow(
    rng: np.random.Generator, latent: int, hidden: int, clipped: bool
) -> PiecewiseLinearMap:
    """A random map with strong hidden units: about two fixed points on average."""
    return PiecewiseLinearMap(
        A=np.diag(rng.uniform(0.3, 0.95, latent)),
        W1=1.5 * rng.standard_normal((latent, hidden)) / np.sqrt(hidden),
        W2=rng.standard_normal((hidden, latent)),
        h1=0.5 * rng.standard_normal(latent),
        h2=rng.standard_normal(hidden),
        C=np.zeros((latent, 0)),
        clipped=clipped,
    )


def plrnn(a1: float, w1: float, w2: float, h2: float = -0.97931491) -> PiecewiseLinearMap:
    """A two-dimensional PLRNN of the literature on cycles (Eisenmann et al. 2023)."""
    return PiecewiseLinearMap(
        A=np.diag([a1, 0.96461297]),
        W1=np.array([[0.0, w1], [w2, 0.0]]),
        W2=np.eye(2),
        h1=np.array([0.37298253, h2]),
        h2=np.zeros(2),
        C=np.zeros((2, 0)),
        clipped=False,
    )


def tent(slope: float) -> PiecewiseLinearMap:
    """x' = slope min(x, 1 - x)."""
    one = np.ones((1, 1))
    return PiecewiseLinearMap(
        slope * one, -2 * slope * one, one, np.zeros(1), np.array([-0.5]), np.zeros((1, 0)), False
    )
