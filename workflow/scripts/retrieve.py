"""Rule `retrieve`: put the public files of a dataset into its folder."""

from pathlib import Path

from neurodsr.recordings.retrieval import retrieve
from stage import log, open_log

open_log(snakemake.log[0])
# where the first file goes, less its name in the dataset
root = Path(snakemake.output.files[0].removesuffix(snakemake.params.names[0]))
retrieve(snakemake.params.settings, root, log)
