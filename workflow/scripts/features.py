"""Collect features and pulse responses of a cohort's recordings, and who was left out and why."""

from pathlib import Path

import pandas as pd
import yaml

from neurodsr import netcdf
from neurodsr.group.features.table import (
    COLUMNS,
    INCLUSION,
    acceptable_runs,
    hierarchical_features,
    inclusion,
    recording_features,
)
from neurodsr.group.responses import RESPONSES, response_curve
from neurodsr.tables import check_rows, read_table, write_table
from stage import log, open_log

open_log(snakemake.log[0])
root = Path(snakemake.output.features).parent.parent
models = snakemake.params.models
schema = Path(__file__).parents[1] / "schemas" / "features.schema.yaml"

frames, curves, included = [], [], []
for recording in read_table(snakemake.input.cohort)["recording"].dropna():
    folder = root / recording
    results = {name: netcdf.read(folder / f"{name}.nc") for name in ("series", "statespace")}
    of_models = {
        model: {
            name: netcdf.read(folder / "models" / model / f"{name}.nc")
            for name in ("fit", "scores", "dynamics")
        }
        for model in models
    }
    frames.append(recording_features(recording, results, of_models))
    included.extend(inclusion(recording, results, of_models))
    curves += [
        response_curve(recording, model, one["dynamics"], acceptable_runs(one["scores"]))
        for model, one in of_models.items()
    ]
    log.info("%s: %d values", recording, len(frames[-1]))

for path in snakemake.input.get("hierarchical", []):
    frames.append(hierarchical_features(netcdf.read(path)))

features = pd.concat(frames, ignore_index=True)
check_rows(features, yaml.safe_load(schema.read_text()), "features.tsv")
write_table(snakemake.output.features, features, COLUMNS)
responses = pd.concat(
    [one for one in curves if len(one)] or [pd.DataFrame(columns=list(RESPONSES))]
)
write_table(snakemake.output.responses, responses, RESPONSES)
write_table(snakemake.output.inclusion, pd.DataFrame(included, columns=list(INCLUSION)), INCLUSION)
