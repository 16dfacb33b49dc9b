"""Rule `convert`: write files of some other kind as a dataset of the standard format."""

from pathlib import Path

from neurodsr.recordings.conversion.convert import convert
from stage import log, open_log

open_log(snakemake.log[0])
sources = [Path(path) for path in snakemake.input.files]
convert(sources, Path(snakemake.output.files[0]).parent, snakemake.params.settings)
log.info("%d files converted to %d files", len(sources), len(snakemake.output.files))
