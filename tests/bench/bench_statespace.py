"""Cost of the state-space checks of one long recording of many channels, on one core.

    .venv/bin/python tests/bench/bench_statespace.py [channels] [samples]

By default 64 channels of 10 minutes at 250 Hz: mixed, noisy oscillators, half of them nonlinear.
"""

import os
import resource
import sys
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
import xarray as xr  # noqa: E402

ROOT = Path(__file__).parents[2] / "workflow"
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from neurodsr.statespace.verdict import check_state_space  # noqa: E402
from orchestration.config import complete  # noqa: E402

RATE = 250.0


def recording(channels: int, samples: int) -> xr.Dataset:
    """A series: sources are noise-driven oscillators (8 to 12 Hz), half of them of van der Pol."""
    rng = np.random.default_rng(0)
    sources, h = channels // 4, 2 * np.pi * 10 / RATE
    pace = np.linspace(0.8, 1.2, sources)
    nonlinear = np.arange(sources) < sources // 2
    x, v, orbit = np.ones(sources), np.zeros(sources), np.empty((samples, sources))
    for t in range(samples):
        damping = np.where(nonlinear, 0.5 * (1 - x**2), -0.2)
        kick = np.where(nonlinear, 0.05, 0.3) * rng.standard_normal(sources)
        v = v + h * pace * (damping * v - x) + kick
        x = x + h * pace * v
        orbit[t] = x
    mixed = orbit @ rng.standard_normal((sources, channels))
    mixed = mixed / mixed.std(0) + 0.3 * rng.standard_normal((samples, channels))
    split = np.repeat([0, 1, 2], [samples - 2 * (samples // 6), samples // 6, samples // 6])
    return xr.Dataset(
        {
            "observation": (("time", "channel"), mixed / mixed.std(0)),
            "segment": ("time", np.zeros(samples, int)),
            "split": ("time", split.astype(np.int8)),
        },
        coords={
            "time": np.arange(samples) / RATE,
            "channel": [f"c{i}" for i in range(channels)],
            "scale": ("channel", np.ones(channels)),
            "modality": ("channel", ["electrical series"] * channels),
            "kernel": ("channel", np.zeros(channels)),
        },
        attrs={"sampling_interval": 1 / RATE, "recording": "bench"},
    )


def main(channels: int = 64, samples: int = 150_000) -> None:
    settings = complete({}, "statespace.schema.yaml")
    rng = np.random.default_rng
    check_state_space(recording(4, 2000), settings, rng(0))  # compiles
    series = recording(channels, samples)
    before = time.process_time()
    result = check_state_space(series, settings, rng(0))
    seconds = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{channels} channels x {samples} samples: {seconds:.1f} CPU s, peak {peak:.0f} MiB; "
        f"{result.attrs['verdict']}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
