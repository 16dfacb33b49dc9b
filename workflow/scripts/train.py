"""Train all runs of one model on one recording."""

import logging
from pathlib import Path

import numba
import torch

from neurodsr.figures.fit import draw_fit
from neurodsr.training.fit import fit
from stage import run

torch.set_num_threads(snakemake.threads)
numba.set_num_threads(min(snakemake.threads, numba.config.NUMBA_NUM_THREADS))


def compute(series, statespace):
    """The fit; an interrupted training goes on from its checkpoint."""
    return fit(
        series,
        statespace,
        snakemake.params.settings,
        snakemake.params.seed,
        Path(snakemake.params.checkpoint),
        logging.getLogger("neurodsr"),
    )


run(snakemake, compute=compute, draw=draw_fit)
