"""Predict a property of people from their dynamics, and from what is known without them."""

import json
from pathlib import Path

import numpy as np

from neurodsr import netcdf
from neurodsr.figures.prediction import draw_prediction
from neurodsr.files import write_text
from neurodsr.group.prediction.connectivity import connectivity, connectivity_table
from neurodsr.group.prediction.predict import predict_target
from neurodsr.group.prediction.table import PREDICTION
from neurodsr.tables import read_table, write_table
from stage import log, open_log, save_figure

open_log(snakemake.log[0])
series = {Path(path).parent.name: path for path in snakemake.input.series}
connections = connectivity_table(
    (recording, connectivity(one))
    for recording, path in series.items()
    if not netcdf.is_excluded(one := netcdf.read(path))
)
prediction = predict_target(
    read_table(snakemake.input.features),
    read_table(snakemake.input.cohort),
    connections,
    snakemake.params.settings,
    np.random.default_rng(snakemake.params.seed),
)
log.info(prediction.statement)

output = snakemake.output
write_table(output.table, prediction.table, PREDICTION)
write_text(output.summary, json.dumps(prediction.summary(), indent=2) + "\n")
save_figure(draw_prediction(prediction), output.figure)
