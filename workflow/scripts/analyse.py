"""Fixed points, exponents and limit sets of a trained model."""

import numpy as np

from neurodsr.dynamics.analysis import analyse
from neurodsr.figures.dynamics import draw_dynamics
from stage import run

settings = snakemake.params.settings
rng = np.random.default_rng(snakemake.params.seed)
run(
    snakemake,
    compute=lambda series, fit: analyse(series, fit, settings, rng),
    draw=draw_dynamics,
)
