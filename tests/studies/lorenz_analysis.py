"""Is the analysis of models trained on Lorenz-63 that of the equations?

    .venv/bin/python tests/studies/lorenz_analysis.py [epochs] [runs] [adaptive | constant]

Trains clipped shallow PLRNNs (100 hidden units and adaptive forcing, or 50 and a constant strength
of 0.15; 50 updates an epoch) on 90 000 samples with 5 % noise, and compares each run's fixed
points, the eigenvalues there and its Lyapunov spectrum with those of the equations. The third
exponent says how fast states off the attractor come back, of which data on it tell little.
"""

import logging
import sys
import time
from pathlib import Path

import numba
import numpy as np
import torch
import xarray as xr

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "workflow" / "scripts")]

from neurodsr.dynamics.analysis import analyse  # noqa: E402
from neurodsr.simulate.flows import runge_kutta  # noqa: E402
from neurodsr.simulate.systems import Lorenz63  # noqa: E402
from neurodsr.training.fit import fit  # noqa: E402
from orchestration.config import complete  # noqa: E402

DT, SAMPLES = 0.01, 100_000
CENTRE = np.sqrt(72.0)
POINTS = np.array([[-CENTRE, -CENTRE, 27.0], [CENTRE, CENTRE, 27.0], [0.0, 0.0, 0.0]])
FORCING = {
    "adaptive": ({"kind": "adaptive"}, 100),
    "constant": ({"kind": "generalised", "strength": 0.15, "final_strength": None}, 50),
}
EXPONENTS = np.array([0.906, 0.0, -14.572])


def series_of(x: np.ndarray) -> tuple[xr.Dataset, np.ndarray, np.ndarray]:
    """Noisy and standardised, the last tenth for validation; with mean and sd."""
    x = x + 0.05 * x.std(0) * np.random.default_rng(0).standard_normal(x.shape)
    mean, sd = x.mean(0), x.std(0)
    split = np.zeros(len(x), np.int8)
    split[int(0.9 * len(x)) :] = 1
    series = xr.Dataset(
        {
            "observation": (("time", "channel"), (x - mean) / sd),
            "segment": ("time", np.zeros(len(x), int)),
            "split": ("time", split),
        },
        coords={"channel": ["x", "y", "z"], "scale": ("channel", sd), "offset": ("channel", mean)},
        attrs={"sampling_interval": DT, "recording": "lorenz"},
    )
    return series, mean, sd


def main() -> None:
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    given = sys.argv[1:]
    epochs, runs, forcing = (*given, *("1000", "5", "adaptive")[len(given) :])
    epochs, runs = int(epochs), int(runs)
    kind, hidden = FORCING[forcing]
    flow = Lorenz63()
    orbit = runge_kutta(flow.field, flow.start, DT, SAMPLES + 1000)[1000:]
    series, mean, sd = series_of(orbit)
    settings = complete(
        {
            "family": "shallow-plrnn", "hidden": hidden, "runs": runs, "epochs": epochs,
            "sequence_length": 200, "forcing": kind,
            "learning_rate": {"start": 0.01, "end": 1e-5, "decay": "cosine"},
            "regularisation": {"latent": 1e-5}, "gradient_clip": 0, "validate_every": 20,
        },
        "models.schema.yaml",
    )  # fmt: skip
    statespace = xr.Dataset(
        attrs={
            "sequence_length": 200,
            "forcing_interval": 30,
            "predictability_time": 76,
            "noise_level": 0.0,
        }
    )
    began = time.process_time()
    trained = fit(series, statespace, settings, 1, None, logging.getLogger())
    print(f"{runs} runs of {50 * epochs} updates: {time.process_time() - began:.0f} CPU s")
    wanted = complete({"steps": 100_000, "cycle_order": 1, "basin_starts": 0, "starts": 2,
                       "manifold_length": 0}, "analysis.schema.yaml")  # fmt: skip
    began = time.process_time()
    found = analyse(series, trained, wanted, np.random.default_rng(0))
    print(f"analysis of all: {time.process_time() - began:.0f} CPU s")
    size = np.array([*np.linalg.norm(POINTS[:2], axis=1), np.linalg.norm(np.ptp(orbit, axis=0))])
    errors, spectra = [], []
    for run in found["run"].values:
        one = found.sel(run=run)
        points = one["fixed_point"].values[:, :3] * sd + mean
        points = points[np.isfinite(points).all(1)]
        gaps = np.linalg.norm(points[:, None] - POINTS, axis=2)
        nearest = gaps.min(0) if len(gaps) else np.full(3, np.nan)
        errors.append(100 * nearest / size)
        spectra.append(one["lyapunov"].values[:3])
        growth = np.log(np.hypot(one["eigenvalue_real"], one["eigenvalue_imag"]).values[:, 0]) / DT
        order = gaps.argmin(0) if len(gaps) else []
        print(
            f"run {run}: {len(points)} fixed points (proved: {float(one['search_complete']):.0f});"
            f" off by {np.round(errors[-1], 1)} %; growth there"
            f" {np.round(growth[order], 2)} /s (true 0.094, 0.094, 11.83); exponents"
            f" {np.round(spectra[-1], 3)}, D_KY {float(one['kaplan_yorke']):.3f};"
            f" {one['limit_set'].values}"
        )
    middle = np.median(spectra, axis=0)
    print("median error of the fixed points (% of their distance from 0, of the origin % of the"
          " attractor's extent):", np.round(np.nanmedian(errors, axis=0), 2))  # fmt: skip
    print("median exponents:", np.round(middle, 3), "of the equations:", EXPONENTS,
          f"largest off by {100 * (middle[0] / EXPONENTS[0] - 1):.1f} %")  # fmt: skip


if __name__ == "__main__":
    main()
