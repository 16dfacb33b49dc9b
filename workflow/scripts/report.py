"""Write the self-contained page of a cohort."""

from pathlib import Path

from neurodsr.files import write_text
from neurodsr.report.collect import collect_report
from neurodsr.report.page import render_report
from neurodsr.report.study import Study
from stage import log, open_log

open_log(snakemake.log[0])
page = render_report(
    collect_report(
        Study(
            cohort=snakemake.wildcards.cohort,
            root=Path(snakemake.output[0]).parent,
            settings=snakemake.params.settings,
            models=snakemake.params.models,
            datasets=snakemake.params.datasets,
            benchmarks=[Path(path) for path in snakemake.input.benchmarks],
        )
    )
)
write_text(snakemake.output[0], page)
log.info("%d bytes", len(page))
