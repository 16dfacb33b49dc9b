from neurodsr.figures.series import draw_series
from neurodsr.preprocess.series import make_series
from stage import run

settings = snakemake.params.settings
run(snakemake, compute=lambda recording: make_series(recording, settings), draw=draw_series)
