"""Train all runs of one model on one recording."""

import logging
from pathlib import Path

import torch

from neurodsr.figures.fit import draw_fit
from neurodsr.training.fit import fit
from stage import run

torch.set_num_threads(snakemake.threads)


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
