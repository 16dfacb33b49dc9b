from pathlib import Path

from neurodsr.figures.recording import draw_recording
from neurodsr.recordings.recording import identify
from stage import run

source = snakemake.params.source
settings = snakemake.params.settings


def nwb():
    from neurodsr.recordings.nwb import read_nwb

    return read_nwb(Path(source["root"], source["files"][0]), settings)


def bids():
    from neurodsr.recordings.bids import read_bids

    return read_bids(source["root"], source["files"], settings)


def arrays():
    from neurodsr.recordings.arrays import read_arrays

    return read_arrays(source["root"], source["described"], settings)


def read(files):
    formats = {"nwb": nwb, "bids": bids, "arrays": arrays}
    return identify(formats[source["format"]](), source)


run(snakemake, compute=read, draw=draw_recording)
