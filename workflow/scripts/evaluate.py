"""Score a trained model on the held-out data of its recording."""

import numpy as np

from neurodsr.evaluation.scores import evaluate
from neurodsr.figures.scores import draw_scores
from stage import run

settings = snakemake.params.settings
rng = np.random.default_rng(snakemake.params.seed)


def compute(series, fit, statespace):
    """Scores, with the verdict on the data themselves carried along."""
    return evaluate(series, fit, settings, rng, statespace).assign_attrs(
        statespace_verdict_code=statespace.attrs["verdict_code"],
        statespace_verdict=statespace.attrs["verdict"],
    )


run(snakemake, compute=compute, draw=draw_scores)
