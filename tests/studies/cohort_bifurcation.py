"""On which side of the bifurcation is each subject of the simulated cohort, and how far from it?

    make run
    .venv/bin/python tests/studies/cohort_bifurcation.py [folder of the project] [model]

The subject's own models, trained one by one, are pushed: a constant is added to each channel in
turn, and the fixed point nearest to the data is followed until its stability changes. The
generating populations have their Hopf bifurcation at a drive of 1.879.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow" / "scripts")]

from neurodsr import netcdf  # noqa: E402
from neurodsr.dynamics.fixed_points import find_fixed_points  # noqa: E402
from neurodsr.dynamics.piecewise.bifurcation import follow, pushed  # noqa: E402
from neurodsr.models.reconstruction import load_runs  # noqa: E402

HOPF = 1.879
PUSH = np.linspace(0, 0.3, 121)


def nearest_change(one, data: np.ndarray, channel: int) -> tuple[bool, float]:
    """Is the fixed point nearest to the data stable, and what push changes that (NaN for none)?"""
    states = data[:: max(1, len(data) // 300)] @ one.E.T
    found = find_fixed_points(one.map, states, 100_000, np.random.default_rng(0))
    nearest = np.linalg.norm(one.decode(found.states) - data.mean(0), axis=1).argmin()
    family = pushed(one.map, one.E[:, channel])
    at = [
        event.parameter
        for side in (PUSH, -PUSH)
        for event in follow(family, found.states[[nearest]], side).events
        if event.kind != "border collision"
    ]
    stable = bool(np.abs(found.eigenvalues[nearest, 0]) < 1)
    return stable, min(at, key=abs, default=float("nan"))


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    truth = pd.concat(
        pd.read_csv(path, sep="\t", index_col=0)
        for path in sorted((root / "resources").glob("wc*/truth.tsv"))
    )
    model = sys.argv[2] if len(sys.argv) > 2 else "shallow"
    sides, drives, distances = [], [], []
    for path in sorted(root.glob(f"results/wilson-cowan/*/models/{model}/fit.nc")):
        drive = float(truth.loc[path.parents[2].name.split("_")[0], "drive"])
        series = netcdf.read(path.parents[2] / "series.nc")
        data = series["observation"].values[series["split"].values == 0]
        runs = [nearest_change(one, data, 0) for one in load_runs(netcdf.read(path))]
        stable = np.array([at_rest for at_rest, _ in runs])
        push = np.array([at for _, at in runs])
        sides.append(np.mean(stable == (drive > HOPF)))
        drives.append(drive - HOPF)
        distances.append(np.nanmedian(np.where(stable, 1, -1) * np.abs(push)))
        print(
            f"{path.parents[2].name}: drive {drive:.2f}, {stable.sum()} of {len(stable)} runs at"
            f" rest, stability changes at a push of {np.round(push, 3)} sd a step"
        )
    right, known = np.array(sides), np.isfinite(distances)
    agreement = spearmanr(np.array(drives)[known], np.array(distances)[known]).statistic
    print(
        f"right side: {right.mean():.0%} of runs, most runs in {np.mean(right > 0.5):.0%} of"
        f" subjects; signed distance against drive - {HOPF}: rank correlation {agreement:.2f}"
        f" ({known.sum()} subjects)"
    )


if __name__ == "__main__":
    main()
