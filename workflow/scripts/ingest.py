from pathlib import Path

from neurodsr.errors import RecordingError
from neurodsr.figures.recording import draw_recording
from neurodsr.recordings.recording import identify
from stage import run

source = snakemake.params.source
settings = snakemake.params.settings


def nwb():
    from neurodsr.recordings.nwb import read_nwb

    return read_nwb([Path(source["root"], file) for file in source["files"]], settings)


def bids():
    from neurodsr.recordings.bids import read_bids

    return read_bids(source["root"], source["files"], settings)


def phenotype():
    from neurodsr.recordings.tabular.behaviour import read_phenotype

    participant = source["described"]["participant"]
    return read_phenotype(Path(source["root"]), source["files"], participant, settings)


def arrays():
    from neurodsr.recordings.arrays.read import read_arrays

    return read_arrays(source["root"], source["described"], settings, source["files"])


def read(files=()):
    for file, reason in source["blocked"].items():
        raise RecordingError(f"{file}: file: {reason}")
    formats = {"nwb": nwb, "bids": bids, "arrays": arrays, "phenotype": phenotype}
    return identify(formats[source["format"]](), source)


run(snakemake, compute=read, draw=draw_recording)
