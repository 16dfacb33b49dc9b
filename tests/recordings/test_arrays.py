"""Arrays of samples: what is read is what was saved, and bad files are named."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from neurodsr.errors import ConfigError, RecordingError
from neurodsr.recordings.arrays.read import PAUSE, read_arrays
from neurodsr.recordings.discovery import choose
from neurodsr.recordings.discovery.arrays import described_sources, sidecar_sources

RNG = np.random.default_rng(0)
TRAIN, TEST = RNG.standard_normal((300, 2)), RNG.standard_normal((200, 2))
READ = {"modalities": {}}


def described(**given):
    return {"sampling_interval": 0.01, "units": "1", "channels": [], **given}


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "train.npy", TRAIN.astype(np.float32))
    np.save(tmp_path / "test.npy", TEST)
    return tmp_path


def test_files_follow_each_other_with_a_pause_and_labels(folder):
    tree = read_arrays(folder, described(train="train.npy", test="test.npy"), READ)
    signal = tree["signal"]
    assert signal.attrs["sampling_rate"] == pytest.approx(100.0)
    assert signal["channel"].values.tolist() == ["0", "1"]
    values = signal["signal"].values
    np.testing.assert_array_equal(values[:300], TRAIN.astype(np.float32))
    assert np.isnan(values[300 : 300 + PAUSE]).all()
    np.testing.assert_array_equal(values[300 + PAUSE :], TEST)
    table = tree["intervals/trials"]
    assert table["split"].values.tolist() == ["train", "test"]
    np.testing.assert_allclose(table["start"].values, [0.0, 4.0])
    np.testing.assert_allclose(table["stop"].values, [3.0, 6.0])


def test_one_file_has_no_trials(folder):
    names = ["a", "b"]
    tree = read_arrays(folder, described(data="test.npy", channels=names, units="mV"), READ)
    assert tree["signal"]["channel"].values.tolist() == names
    assert tree["signal"].attrs["units"] == "mV"
    assert "intervals" not in tree.children
    options = {"source": "arrays", "channels": "b", "query": "", "resample": None}
    chosen = {"modalities": {"lfp": options}}
    tree = read_arrays(folder, described(data="test.npy", channels=names), chosen)
    np.testing.assert_array_equal(tree["lfp"]["signal"].values, TEST[:, 1:])


def test_a_table_that_was_paused_is_resampled(tmp_path):
    """A sine of 1 Hz at 50 Hz, interrupted until 12.007 s, on one clock of 10 Hz."""
    time = np.concatenate([np.arange(500) / 50, 12.007 + np.arange(500) / 50])
    rows = np.column_stack([time, np.sin(2 * np.pi * time)])
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", header="time,x", comments="")
    options = {"source": "arrays", "channels": ".*", "query": "", "resample": 10.0}
    told = {"data": "a.csv", "units": "1", "channels": []}
    tree = read_arrays(tmp_path, told, {"modalities": {"x": options}})
    instants, values = tree["x"]["time"].values, tree["x"]["signal"].values[:, 0]
    np.testing.assert_allclose(instants, np.arange(220) / 10, atol=1e-9)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(values)), np.arange(100, 120))
    inner = np.r_[16:84, 137:203]
    np.testing.assert_allclose(values[inner], np.sin(0.2 * np.pi * inner), rtol=0, atol=2e-3)


@pytest.mark.parametrize("target", [20.0, 7.0, 0.5])
def test_nothing_of_the_training_file_reaches_the_test_file(tmp_path, target):
    """Not when one sample of the result stands for more than the pause would last, either."""
    train, test = RNG.standard_normal((5000, 2)), RNG.standard_normal((5000, 2))
    options = {"source": "arrays", "channels": ".*", "query": "", "resample": target}
    read = {"modalities": {"x": options}}
    np.save(tmp_path / "test.npy", test)
    trees = []
    for level in (0.0, 1000.0):
        np.save(tmp_path / "train.npy", train + level)
        trees.append(read_arrays(tmp_path, described(train="train.npy", test="test.npy"), read))
    one, other = (tree["x"]["signal"].values for tree in trees)
    time, table = trees[0]["x"]["time"].values, trees[0]["intervals/trials"]
    stop, start = table["stop"].values[0] - 1e-9, table["start"].values[1] - 1e-9
    np.testing.assert_array_equal(one[time >= start], other[time >= start])
    np.testing.assert_allclose(one[time < stop] + 1000.0, other[time < stop], rtol=1e-9)
    recorded = (time < stop) | (time >= start)
    np.testing.assert_array_equal(np.isfinite(one[:-1, 0]), recorded[:-1])
    assert abs(np.sum(~recorded) - PAUSE) <= 1


def test_one_file_may_serve_twice(folder):
    tree = read_arrays(folder, described(train="test.npy", test="test.npy"), READ)
    values = tree["signal"]["signal"].values
    np.testing.assert_array_equal(values[:200], values[200 + PAUSE :])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.zeros((3, 50)), r"shape: \(3, 50\) is 3 samples of 50 channels; set `layout`"),
        (np.zeros((2, 3, 4)), "has 3 dimensions"),
        (np.full((5, 2), np.nan), "values: none is finite"),
        (np.array([[{}]], dtype=object), "not an array of plain numbers"),
        (np.zeros((3, 2), complex), "dtype: complex128 is not real"),
        (np.array([["a", "b"]]), "dtype: <U1 is not real"),
        (b"time,channel\n0,1\n", "not an array of plain numbers"),
        (b"", "it is empty"),
        (None, "it is not there"),
    ],
)
def test_bad_files_are_named(tmp_path, content, words):
    path = tmp_path / "bad.npy"
    if isinstance(content, np.ndarray):
        np.save(path, content, allow_pickle=True)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=rf"^bad\.npy: .*{words}"):
        read_arrays(tmp_path, described(data="bad.npy"), READ)


def test_several_arrays_in_one_file_are_refused(tmp_path):
    with (tmp_path / "many.npy").open("wb") as file:
        np.savez(file, a=TRAIN)
    with pytest.raises(RecordingError, match=r"many\.npy: content: several arrays"):
        read_arrays(tmp_path, described(data="many.npy"), READ)


def test_channels_must_agree(folder):
    np.save(folder / "wide.npy", np.ones((50, 3)))
    with pytest.raises(RecordingError, match=r"train \(wide.npy\) 3, test \(test.npy\) 2"):
        read_arrays(folder, described(train="wide.npy", test="test.npy"), READ)
    with pytest.raises(RecordingError, match=r"channels: 1 names for 2 columns"):
        read_arrays(folder, described(data="test.npy", channels=["x"]), READ)


RECORDINGS = {
    "lorenz": {"train": "a.npy", "test": "b.npy"},
    "eeg-own": {"data": "c.npy"},
    "eeg-twice": {"train": "c.npy", "test": "c.npy"},
}


def test_sources_are_the_recordings_described():
    sources = described_sources("bench", RECORDINGS, ["a.npy", "b.npy", "c.npy", "d.npy"])
    assert [source.recording for source in sources] == [
        "sub-eeg-own",
        "sub-eeg-twice",
        "sub-lorenz",
    ]
    assert [source.files for source in sources] == [("c.npy",), ("c.npy",), ("a.npy", "b.npy")]
    assert sources[2].entities == {"sub": "lorenz"} and sources[2].format == "arrays"
    (one,) = choose("bench", sources, {"sub": ["eeg-own"]})
    assert one.recording == "sub-eeg-own"


def test_what_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"recordings\.lorenz\.test: 'b.npy' .*mean 'bb.npy'"):
        described_sources("bench", RECORDINGS, ["a.npy", "bb.npy", "c.npy"])
    sources = described_sources("bench", RECORDINGS, ["a.npy", "b.npy", "c.npy"])
    with pytest.raises(ConfigError, match=r"keeps none of 3.*sub: eeg-own, eeg-twice, lorenz"):
        choose("bench", sources, {"sub": ["x"]})
    with pytest.raises(ConfigError, match=r"'task': \['rest'\].*task: none"):
        choose("bench", sources, {"task": ["rest"]})


NAMES = ["left", "right"]


def save_csv(path, signal, time=None, separator=","):
    columns = signal if time is None else np.column_stack([time, signal])
    header = separator.join(NAMES if time is None else ["time", *NAMES])
    np.savetxt(path, columns, delimiter=separator, header=header, comments="", fmt="%.17g")


def save_mat(path, **variables):
    from scipy.io import savemat

    savemat(path, variables)


def save_mat73(path, **variables):
    """As MATLAB writes v7.3: HDF5 behind a block of text, axes in reverse."""
    import h5py

    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            file[name] = np.asarray(value).T
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def save_nc(path, signal, time=None, **attributes):
    import xarray as xr

    data = xr.DataArray(signal, dims=("time", "channel"), attrs=attributes)
    coords = {"channel": NAMES} if time is None else {"channel": NAMES, "time": time}
    data.assign_coords(coords).to_dataset(name="lfp").to_netcdf(path)


INSTANTS = np.arange(200) * 0.01
WRITERS = {
    "a.npy": lambda path: np.save(path, TEST),
    "a.csv": lambda path: save_csv(path, TEST),
    "a.tsv": lambda path: save_csv(path, TEST, separator="\t"),
    "a.mat": lambda path: save_mat(path, x=TEST),
    "b.mat": lambda path: save_mat73(path, x=TEST),
    "a.nc": lambda path: save_nc(path, TEST),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_signal(tmp_path, name):
    WRITERS[name](tmp_path / name)
    data = read_arrays(tmp_path, described(data=name, channels=NAMES, units="uV"), READ)["signal"]
    np.testing.assert_array_equal(data["signal"].values, TEST)
    assert data["channel"].values.tolist() == NAMES
    assert data.attrs["sampling_rate"] == pytest.approx(100)
    assert data.attrs["units"] == "uV"


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda path: save_csv(path, TEST, INSTANTS), {}),
        (lambda path: save_mat(path, x=TEST, t=INSTANTS), {"time": "t"}),
        (lambda path: save_mat73(path, x=TEST, t=INSTANTS[None]), {"time": "t"}),
        (lambda path: save_nc(path, TEST, INSTANTS, units="mV"), {}),
    ],
    ids=["csv", "mat", "mat73", "nc"],
)
def test_a_column_of_time_tells_the_rate_and_keeps_gaps(tmp_path, write, told, request):
    ending = request.node.callspec.id.removesuffix("73")
    write(tmp_path / f"a.{ending}")
    one = {"data": f"a.{ending}", "units": "1", "channels": [], "sampling_interval": None, **told}
    data = read_arrays(tmp_path, one, READ)["signal"]
    np.testing.assert_array_equal(data["time"], INSTANTS)
    assert data.attrs["sampling_rate"] == pytest.approx(100)
    if ending == "nc":
        assert data.attrs["units"] == "mV"


def test_matlab_structs_and_channels_in_rows(tmp_path):
    save_mat(tmp_path / "eeg.mat", EEG={"data": TEST.T, "srate": 100.0}, other=np.ones((3, 3)))
    one = described(data="eeg.mat", variable="EEG.data", layout="channel-time")
    np.testing.assert_array_equal(read_arrays(tmp_path, one, READ)["signal"]["signal"], TEST)


def test_a_single_dimension_is_time(tmp_path):
    np.save(tmp_path / "a.npy", TEST[:, 0])
    data = read_arrays(tmp_path, described(data="a.npy"), READ)["signal"]
    np.testing.assert_array_equal(data["signal"], TEST[:, :1])


def test_more_channels_than_samples_when_it_is_said(tmp_path):
    np.save(tmp_path / "a.npy", TEST[:4].T)
    told = described(data="a.npy", layout="time-channel")
    assert read_arrays(tmp_path, told, READ)["signal"].sizes == {"time": 2, "channel": 4}
    named = described(data="a.npy", channels=list("abcd"))
    assert read_arrays(tmp_path, named, READ)["signal"].sizes == {"time": 2, "channel": 4}


def test_names_in_quotes_may_hold_commas(tmp_path):
    rows = "".join(f"{i},{a:.17g}\n" for i, a in enumerate(TEST[:, 0]))
    (tmp_path / "a.csv").write_text('"time","CA1, left (dorsal)"\n' + rows)
    one = {"data": "a.csv", "units": "1", "channels": [], "sampling_interval": None}
    data = read_arrays(tmp_path, one, READ)["signal"]
    assert data["channel"].values.tolist() == ["CA1, left (dorsal)"]
    np.testing.assert_array_equal(data["signal"], TEST[:, :1])


def test_named_columns_are_chosen(tmp_path):
    save_csv(tmp_path / "a.csv", TEST)
    data = read_arrays(tmp_path, described(data="a.csv", channels=["right"]), READ)["signal"]
    np.testing.assert_array_equal(data["signal"].values, TEST[:, 1:])


def test_a_folder_with_sidecars_is_a_dataset(tmp_path):
    np.save(tmp_path / "first.npy", TEST)
    about = {"sampling_rate": 50, "subject": "01", "session": 2, "group": "patient", "units": "V"}
    (tmp_path / "first.json").write_text(json.dumps(about))
    save_csv(tmp_path / "sub-02_ses-1_task-rest.csv", TEST, INSTANTS)
    np.save(tmp_path / "bare.npy", TEST)
    (tmp_path / "participants.tsv").write_text("participant_id\n")
    files = sorted(path.name for path in tmp_path.iterdir())
    sources = {s.recording: s for s in sidecar_sources("mine", tmp_path, files)}
    assert sorted(sources) == ["sub-01_ses-2", "sub-02_ses-1_task-rest", "sub-bare"]
    first = sources["sub-01_ses-2"]
    assert first.files == ("first.npy", "first.json") and first.described["group"] == "patient"
    data = read_arrays(tmp_path, first.described, READ, first.files)["signal"]
    assert (data.attrs["sampling_rate"], data.attrs["units"]) == (50, "V")
    second = sources["sub-02_ses-1_task-rest"]
    data = read_arrays(tmp_path, second.described, READ, second.files)["signal"]
    assert data.attrs["sampling_rate"] == pytest.approx(100)
    bare = sources["sub-bare"]
    with pytest.raises(RecordingError, match=r"bare.npy: sampling_interval: nothing says it"):
        read_arrays(tmp_path, bare.described, READ, bare.files)


def test_words_in_a_table_become_categories(tmp_path):
    (tmp_path / "a.csv").write_text("time,mood\n0,low\n1,high\n2,low\n")
    one = {"data": "a.csv", "units": "1", "channels": [], "sampling_interval": None}
    data = read_arrays(tmp_path, one, READ)["signal"]
    np.testing.assert_array_equal(data["signal"].values[:, 0], [1, 0, 1])
    assert json.loads(data.attrs["levels"]) == {"mood": ["high", "low"]}


def test_published_files_are_read():
    data = os.environ.get("NEURODSR_TEST_DATA")
    if not data:
        pytest.skip("NEURODSR_TEST_DATA is not set: no published files here")
    root = Path(data) / "dsr_benchmarks"
    files = {"train": "lorenz63_on0.05_train.npy", "test": "lorenz63_test.npy"}
    tree = read_arrays(root, described(**files), READ)
    values = tree["signal"]["signal"].values
    assert values.shape == (200_000 + PAUSE, 3)
    # 5 % noise: its standard deviation is that of the third difference over sqrt(20)
    train = np.diff(values[:100_000], n=3, axis=0).std(axis=0) / np.sqrt(20)
    np.testing.assert_allclose(train, 0.05, rtol=0.1)
