from neurodsr.figures.series import draw_series
from neurodsr.preprocess.series import make_series
from stage import run

settings = snakemake.params.settings


def compute(recording):
    series = make_series(recording, settings)
    if settings["embedding"] == "auto":
        from neurodsr.statespace.delay_coordinates import with_delay_coordinates

        return with_delay_coordinates(series, settings["splits"]["minimum_samples"])
    return series


run(snakemake, compute=compute, draw=draw_series)
