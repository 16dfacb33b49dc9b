from pathlib import Path

from neurodsr.figures.recording import draw_recording
from neurodsr.recordings.recording import identify
from stage import run

source = snakemake.params.source
settings = snakemake.params.settings


def read(files):
    if source["format"] == "nwb":
        from neurodsr.recordings.nwb import read_nwb

        recording = read_nwb(Path(source["root"], source["files"][0]), settings)
    else:
        from neurodsr.recordings.bids import read_bids

        recording = read_bids(source["root"], source["files"], settings)
    return identify(recording, source)


run(snakemake, compute=read, draw=draw_recording)
