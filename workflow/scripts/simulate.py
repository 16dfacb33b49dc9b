"""Rule `simulate`: record one simulated subject, as NWB or BIDS EEG."""

import datetime
from pathlib import Path

from neurodsr.simulate.cohort import CHANNELS, simulate_subject
from neurodsr.simulate.participants import TASK
from stage import log, open_log

open_log(snakemake.log[0])
settings, participant = snakemake.params.settings, snakemake.params.participant
signal = simulate_subject(settings, snakemake.params.group, participant, snakemake.params.seed)
log.info("%s: %d samples of %d channels", participant, *signal.shape)
if snakemake.params.format == "nwb":
    from neurodsr.recordings.write_nwb import write_nwb

    write_nwb(
        Path(snakemake.output.files[0]),
        signal,
        settings["sampling_rate"],
        CHANNELS,
        participant,
        session_description=f"Simulated {settings['system']} populations, task {TASK}",
        start=datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC),
        lab="neurodsr simulation",
        subject={"description": "simulated, not a living being"},
    )
else:
    from neurodsr.recordings.write_bids import write_eeg

    root = Path(snakemake.output.files[0]).parents[2]
    write_eeg(root, signal, settings["sampling_rate"], CHANNELS, participant, TASK)
