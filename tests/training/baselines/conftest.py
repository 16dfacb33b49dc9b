"""Settings of all baselines, small."""

from typing import Any

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {
        "var": {"order_maximum": 10},
        "reservoir": {"units": 60, "connections": 5, "warm_up": 40, "trials": 3},
        "sindy": {"degree": 2, "threshold": 0.0, "smoothing": 1},
        "neural_ode": {"layers": 2},
        "noise": 0.0,
    }
