"""Rule `simulate_participants`: tables of a simulated dataset, among them what is known of it."""

from pathlib import Path

from neurodsr.simulate.truth import write_dataset_files
from stage import log, open_log

open_log(snakemake.log[0])
parameters = snakemake.params
truth = write_dataset_files(
    Path(snakemake.output[0]).parent,
    parameters.name,
    parameters.format,
    parameters.settings,
    parameters.participants,
    parameters.seed,
)
log.info(
    "%d simulated participants, regimes: %s", len(truth), truth["regime"].value_counts().to_dict()
)
