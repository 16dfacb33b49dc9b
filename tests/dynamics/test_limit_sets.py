import numpy as np
import pytest
from known_systems import lozi

from neurodsr.dynamics.limit_sets import classify, dominant_period


def circle(cycle: float, steps: int = 4000, decay: float = 1.0) -> np.ndarray:
    angle = 2 * np.pi * np.arange(steps) / cycle
    radius = decay ** np.arange(steps)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def test_kinds() -> None:
    assert classify(circle(25), 1.0, 0.0, 1e-3) == ("cycle", 25)
    assert classify(circle(10 * np.pi), 1.0, -1e-5, 1e-3) == ("cycle", 0)
    assert classify(np.ones((500, 2)), 1.0, -0.1, 1e-3) == ("fixed point", 1)
    assert classify(circle(25, decay=0.9995), 1.0, -5e-4, 1e-3)[0] == "fixed point"
    chaos = lozi().simulate(np.array([0.1, 0.1]), 4000)
    assert classify(chaos, 1.0, 0.47, 1e-3) == ("aperiodic", 0)
    chaos[3000] = np.inf
    assert classify(chaos, 1.0, np.nan, 1e-3)[0] == "unbounded"


@pytest.mark.parametrize("cycle", [7.3, 39.474, 211.0])
def test_period_between_bins(cycle: float) -> None:
    assert dominant_period(circle(cycle) + 5.0, 0.02) == pytest.approx(0.02 * cycle, rel=2e-3)


def test_strongest_rhythm_wins() -> None:
    x = circle(20) + 0.5 * circle(7)
    assert dominant_period(x, 1.0) == pytest.approx(20, rel=1e-3)


def test_constant_has_no_period() -> None:
    assert np.isnan(dominant_period(np.ones((100, 2)), 1.0))
