"""Compare the models of a cohort with each other, floor, nulls, truth and published numbers."""

from pathlib import Path

import pandas as pd

from neurodsr import netcdf
from neurodsr.benchmark.page import write_page
from neurodsr.benchmark.runs import RUNS, run_table
from neurodsr.benchmark.summary import (
    SUMMARY,
    known_exponents,
    model_row,
    published_rows,
    reference_rows,
    summary_table,
    truth_row,
)
from neurodsr.figures.benchmark import draw_benchmark
from neurodsr.files import write_text
from neurodsr.tables import read_table, write_table
from stage import log, open_log, save_figure

open_log(snakemake.log[0])
params, output = snakemake.params, snakemake.output
cohort = read_table(snakemake.input.cohort).dropna(subset=["recording"])
truths = [read_table(path) for path in snakemake.input.truth]
truth = pd.concat(truths) if truths else pd.DataFrame()
publications = [read_table(path) for path in snakemake.input.published]
root = Path(output.table).parent

results = {
    (recording, model): {
        name: netcdf.read(root / recording / "models" / model / f"{name}.nc")
        for name in ("fit", "scores", "dynamics")
    }
    for recording in cohort["recording"]
    for model in params.models
}
runs = run_table(results)

rows, conventions = {}, {}
for recording, participant in zip(cohort["recording"], cohort["participant"], strict=True):
    exponents = params.settings["lyapunov"] or known_exponents(truth, participant)
    scores = [results[recording, model]["scores"] for model in params.models]
    scores = [one for one in scores if not netcdf.is_excluded(one)]
    rows[recording] = [
        *(
            model_row(
                model,
                settings,
                results[recording, model],
                runs[(runs["recording"] == recording) & (runs["model"] == model)],
                len(exponents) or params.settings["exponents"],
            )
            for model, settings in params.models.items()
        ),
        *reference_rows(scores),
        *truth_row(exponents),
        *(row for table in publications for row in published_rows(table, params.settings["data"])),
    ]
    conventions[recording] = (
        "D_stsp {divergence}; D_H {spectrum}; PE({prediction_steps}); {starts} starts; "
        "{test_samples} held-out samples.".format_map(scores[0].attrs)
        if scores
        else "No model could be scored."
    )

summary = summary_table(rows)
write_table(output.table, summary, SUMMARY)
write_table(output.runs, runs, RUNS)
write_text(output.page, write_page(params.title, conventions, summary, runs))
save_figure(draw_benchmark(summary, runs), output.figure)
log.info("%d recordings, %d models, %d runs", len(rows), len(params.models), len(runs))
