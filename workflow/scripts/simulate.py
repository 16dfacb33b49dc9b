"""Rule `simulate`: record one simulated subject, as NWB or BIDS EEG."""

import datetime
from pathlib import Path

from neurodsr.simulate.generators import generator
from neurodsr.simulate.participants import TASK
from stage import log, open_log

open_log(snakemake.log[0])
settings, participant = snakemake.params.settings, snakemake.params.participant
record = generator(settings).record(
    settings, snakemake.params.group, participant, snakemake.params.seed
)
log.info("%s: %d samples of %d channels", participant, *record.signal.shape)
if snakemake.params.format == "nwb":
    from neurodsr.recordings.nwb.identity import SYNTHETIC
    from neurodsr.recordings.write_nwb import write_nwb

    write_nwb(
        Path(snakemake.output.files[0]),
        record.signal,
        record.sampling_rate,
        record.channels,
        participant,
        session_description=f"{record.description}, task {TASK}",
        start=datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC),
        lab="neurodsr simulation",
        subject={"description": "simulated, not a living being", "species": SYNTHETIC},
        splits=record.splits,
    )
else:
    from neurodsr.recordings.write_bids import write_eeg

    root = Path(snakemake.output.files[0]).parents[2]
    write_eeg(root, record.signal, record.sampling_rate, record.channels, participant, TASK)
