from pathlib import Path

import yaml

from neurodsr import tables
from neurodsr.files import write_text
from neurodsr.recordings.cohort.headers import glance
from neurodsr.recordings.cohort.notes import notes_on
from neurodsr.recordings.cohort.people import read_people
from neurodsr.recordings.cohort.summary import summarise
from neurodsr.recordings.cohort.table import checksum, cohort_table, data_dictionary
from neurodsr.recordings.discovery import Source
from stage import log, open_log

KEYS = ("dataset", "recording", "format", "entities", "described")

open_log(snakemake.log[0])
datasets = snakemake.params.datasets
column = snakemake.params.group_column
sources = [
    Source(
        s["dataset"], s["recording"], s["format"], tuple(s["files"]), s["entities"], s["described"]
    )
    for s in snakemake.params.sources
]
blocked = {name: about["blocked"] for name, about in datasets.items()}
whole = [s for s in sources if not blocked[s.dataset].keys() & set(s.files)]
roots = {name: about["root"] for name, about in datasets.items()}
people = {name: read_people(about["root"], about["tables"]) for name, about in datasets.items()}
table = cohort_table(
    sources,
    roots,
    people,
    {s.recording: glance(roots[s.dataset], s) for s in whole},
    {s.recording: checksum(roots[s.dataset], s.files) for s in whole},
    blocked,
    {name: about["labels"] for name, about in datasets.items()},
    column,
)
schema = Path(__file__).parents[1] / "schemas" / "cohort.schema.yaml"
tables.check_rows(table, yaml.safe_load(schema.read_text()), snakemake.output.table)
notes = [
    note
    for name, about in datasets.items()
    for note in notes_on(name, about, people[name], table, column)
]
for note in notes:
    log.warning(note)
title = f"Cohort {snakemake.wildcards.cohort}"
write_text(snakemake.output.summary, summarise(title, table, datasets, notes, column))
tables.write_table(snakemake.output.table, table, data_dictionary(table, people.values(), column))
