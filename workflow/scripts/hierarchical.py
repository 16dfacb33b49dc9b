"""Train the hierarchical model of a cohort."""

import csv
import logging
from pathlib import Path

import numba
import numpy as np
import torch

from neurodsr import netcdf
from neurodsr.dynamics.between import between_groups, growth_rates
from neurodsr.figures.hierarchical import draw_hierarchical
from neurodsr.training.cohort import fit_cohort
from stage import run

torch.set_num_threads(snakemake.threads)
numba.set_num_threads(min(snakemake.threads, numba.config.NUMBA_NUM_THREADS))
params = snakemake.params


def compute(series, cohort):
    """One model of all recordings that came so far."""
    read = [netcdf.read(path) for path in series]
    kept = {one.attrs["recording"]: one for one in read if not netcdf.is_excluded(one)}
    fit = fit_cohort(
        kept,
        params.settings,
        params.features,
        params.vector_rate,
        params.seed,
        logging.getLogger("neurodsr"),
    )
    rng = np.random.default_rng(params.seed)
    fit["growth_rate"] = growth_rates(fit, rng)
    line = between_groups(fit, groups_of(cohort), rng)
    return fit.merge(line, combine_attrs="no_conflicts")


def draw(result, series, cohort):
    """Vectors by the groups of the table."""
    return draw_hierarchical(result, groups_of(cohort))


def groups_of(cohort):
    """Group of each recording that has one."""
    with Path(cohort).open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    return {row["recording"]: row["group"] for row in rows if row["group"] != "n/a"}


run(snakemake, compute=compute, draw=draw)
