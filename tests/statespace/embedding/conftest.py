"""More systems with known answers."""

import pytest

from neurodsr.simulate.flows import runge_kutta
from neurodsr.simulate.systems import Lorenz96, Roessler


@pytest.fixture(scope="session")
def roessler():
    """Roessler's system (0.2, 0.2, 5.7), 10000 states every 0.1."""
    return runge_kutta(Roessler().field, [1.0, 1.0, 0.0], 0.1, 12_000, 2)[2000:]


@pytest.fixture(scope="session")
def lorenz_96():
    """Lorenz-96 with 4 components and forcing 32, 3000 states every 0.05."""
    system = Lorenz96(4, 32.0)
    return runge_kutta(system.field, system.start, 0.05, 3500, 5)[500:]
