import numpy as np

from neurodsr.figures.statespace import draw_statespace
from neurodsr.statespace.verdict import check_state_space
from stage import run

settings = snakemake.params.settings
run(
    snakemake,
    compute=lambda series: check_state_space(
        series, settings, np.random.default_rng(settings["seed"])
    ),
    draw=draw_statespace,
)
