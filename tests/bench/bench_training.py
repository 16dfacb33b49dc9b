"""Time of one full update (forward, backward, optimiser): fused kernels against a plain torch loop.

Run it by itself on a quiet machine: ``OMP_NUM_THREADS=1 python tests/bench/bench_training.py``.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

from neurodsr.models.families import Affine, AlmostLinearRNN, Identity, Model, ShallowPLRNN
from neurodsr.training import fused, recursion
from neurodsr.training.optimise import run_losses

CASES = {
    "clipped shPLRNN M3 H50, T 200": (Model(ShallowPLRNN(3, 50), Identity(3, 3)), 1, 200),
    "the same, 5 runs at once": (Model(ShallowPLRNN(3, 50), Identity(3, 3)), 5, 200),
    "the same, 20 runs at once": (Model(ShallowPLRNN(3, 50), Identity(3, 3)), 20, 200),
    "AL-RNN M20 P2, T 200": (Model(AlmostLinearRNN(20, 2), Identity(20, 3)), 1, 200),
    "clipped shPLRNN M20 H200, T 200": (Model(ShallowPLRNN(20, 200), Identity(20, 20)), 1, 200),
    "clipped shPLRNN M16 H512, 64 ch, T 50": (Model(ShallowPLRNN(16, 512), Affine(16, 64)), 1, 50),
}
BATCH = 16


def milliseconds(
    model: Model, runs: int, steps: int, recur: Callable[..., Any], updates: int
) -> float:
    """Median processor time of an update of all runs."""
    rng = np.random.default_rng(0)
    values = np.stack([model.initial(rng) for _ in range(runs)])
    stacked = torch.tensor(values, dtype=torch.float32, requires_grad=True)
    x = torch.randn(runs, steps + 1, model.observation.channels, BATCH)
    s = torch.zeros(runs, steps, 0, BATCH)
    strength = torch.full((runs, steps), 0.15)
    optimiser = torch.optim.RAdam([stacked], 1e-3)
    times = []
    for _ in range(updates):
        started = time.process_time()
        optimiser.zero_grad()
        run_losses(model, stacked, x, s, strength, recur).sum().backward()
        optimiser.step()
        times.append(time.process_time() - started)
    return 1e3 * float(np.median(times[1:]))


def main() -> None:
    torch.set_num_threads(1)
    print(f"{'ms per update and run, batch 16':40} {'plain':>8} {'fused':>8} {'ratio':>7}")
    for name, (model, runs, steps) in CASES.items():
        plain = milliseconds(model, 1, steps, recursion.recur, 8)
        fast = milliseconds(model, runs, steps, fused.recur, 100) / runs
        print(f"{name:40} {plain:8.2f} {fast:8.3f} {plain / fast:6.0f}x")


if __name__ == "__main__":
    main()
