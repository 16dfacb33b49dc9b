"""Arrays of samples: what is read is what was saved, and bad files are named."""

import os
from pathlib import Path

import numpy as np
import pytest

from neurodsr.errors import ConfigError, RecordingError
from neurodsr.recordings.arrays import PAUSE, read_arrays
from neurodsr.recordings.described import described_sources

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
    chosen = {"modalities": {"lfp": {"source": "arrays", "channels": "b", "units_query": ""}}}
    tree = read_arrays(folder, described(data="test.npy", channels=names), chosen)
    np.testing.assert_array_equal(tree["lfp"]["signal"].values, TEST[:, 1:])


def test_one_file_may_serve_twice(folder):
    tree = read_arrays(folder, described(train="test.npy", test="test.npy"), READ)
    values = tree["signal"]["signal"].values
    np.testing.assert_array_equal(values[:200], values[200 + PAUSE :])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.zeros(5), r"shape: \(5,\) has 1 dimensions, needs two"),
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
    (one,) = described_sources("bench", RECORDINGS, ["c.npy"], {"sub": ["eeg-own"]})
    assert one.recording == "sub-eeg-own"


def test_what_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"recordings\.lorenz\.test: 'b.npy' .*mean 'bb.npy'"):
        described_sources("bench", RECORDINGS, ["a.npy", "bb.npy", "c.npy"])
    with pytest.raises(ConfigError, match="sub: x keeps none of lorenz, eeg-own, eeg-twice"):
        described_sources("bench", RECORDINGS, [], {"sub": ["x"]})
    with pytest.raises(ConfigError, match="entities: 'task'"):
        described_sources("bench", RECORDINGS, [], {"task": ["rest"]})


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
