from pathlib import Path

import yaml

from neurodsr import tables
from neurodsr.recordings.cohort import checksum, cohort_table, data_dictionary, read_participants
from neurodsr.recordings.discovery import Source
from stage import open_log

open_log(snakemake.log[0])
sources = [
    Source(s["dataset"], s["recording"], s["format"], tuple(s["files"]), s["entities"])
    for s in snakemake.params.sources
]
roots = {s["dataset"]: s["root"] for s in snakemake.params.sources}
listed = {name: Path(root, "participants.tsv") for name, root in roots.items()}
listed = {name: path for name, path in listed.items() if path.is_file()}
table = cohort_table(
    sources,
    roots,
    {name: read_participants(path) for name, path in listed.items()},
    {source.recording: checksum(roots[source.dataset], source.files) for source in sources},
    snakemake.params.group_column,
)
schema = Path(__file__).parents[1] / "schemas" / "cohort.schema.yaml"
tables.check_rows(table, yaml.safe_load(schema.read_text()), snakemake.output.table)
descriptions = [tables.read_dictionary(path) for path in listed.values()]
tables.write_table(snakemake.output.table, table, data_dictionary(table, descriptions))
