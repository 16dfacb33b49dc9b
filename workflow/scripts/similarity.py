"""Distances between the dynamics of a cohort's recordings."""

import numpy as np

from neurodsr import netcdf
from neurodsr.figures.similarity import draw_similarity
from neurodsr.group.similarity.compare import compare_dynamics
from neurodsr.group.similarity.recording import Recording
from neurodsr.tables import read_table
from stage import run

params = snakemake.params


def compute(series, dynamics, cohort, hierarchical=()):
    """Distances between all recordings that came so far."""
    pairs = [
        (netcdf.read(one), netcdf.read(other)) for one, other in zip(series, dynamics, strict=True)
    ]
    kept = [Recording(*pair) for pair in pairs if not any(map(netcdf.is_excluded, pair))]
    shared = [netcdf.read(path) for path in hierarchical]
    return compare_dynamics(
        kept,
        shared[0] if shared else None,
        read_table(cohort),
        params.settings,
        np.random.default_rng(params.seed),
    )


run(snakemake, compute=compute, draw=lambda result, **_: draw_similarity(result))
