import time

import pytest

from neurodsr.errors import ConfigError
from neurodsr.recordings.discovery import (
    Source,
    dataset_files,
    discover,
    list_files,
    require_unique,
)

EEG = [
    "participants.tsv",
    "task-rest_eeg.json",
    "sub-01/sub-01_eeg.json",
    "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_channels.tsv",
    "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_eeg.eeg",
    "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_eeg.vhdr",
    "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_eeg.vmrk",
    "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_events.tsv",
    "sub-02/eeg/sub-02_task-rest_eeg.edf",
]


def names(sources):
    return [source.recording for source in sources]


def test_data_come_first_then_sidecars_from_the_root_down():
    first, second = discover("lab", "bids", EEG)
    assert first == Source(
        dataset="lab",
        recording="sub-01_ses-2_task-rest_run-1",
        format="bids",
        files=(
            "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_eeg.vhdr",
            "task-rest_eeg.json",
            "sub-01/sub-01_eeg.json",
            "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_channels.tsv",
            "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_eeg.eeg",
            "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_eeg.vmrk",
            "sub-01/ses-2/eeg/sub-01_ses-2_task-rest_run-1_events.tsv",
        ),
        entities={"sub": "01", "ses": "2", "task": "rest", "run": "1"},
    )
    assert second.files == ("sub-02/eeg/sub-02_task-rest_eeg.edf", "task-rest_eeg.json")


def test_sidecars_of_other_subjects_tasks_and_suffixes_are_not_inherited():
    files = [
        "sub-1/func/sub-1_task-rest_physio.tsv.gz",
        "task-rest_physio.json",
        "task-rest_bold.json",
        "task-go_physio.json",
        "sub-2/sub-2_task-rest_physio.json",
        "sub-1/func/sub-1_task-rest_run-2_physio.json",
    ]
    (source,) = discover("lab", "bids", files)
    assert source.files == ("sub-1/func/sub-1_task-rest_physio.tsv.gz", "task-rest_physio.json")


def test_suffixes_and_recording_entities_are_modalities_of_one_recording():
    files = [
        "sub-1/eeg/sub-1_task-go_eeg.vhdr",
        "sub-1/beh/sub-1_task-go_recording-heart_physio.tsv.gz",
        "sub-1/beh/sub-1_task-go_recording-breath_physio.tsv.gz",
    ]
    (source,) = discover("lab", "bids", files)
    assert source.recording == "sub-1_task-go"
    assert source.entities == {"sub": "1", "task": "go"}
    assert set(source.files) == set(files)


def test_descriptive_entities_enter_the_name_only_where_they_tell_recordings_apart():
    stem = "sub-{}/func/sub-{}_task-rest_{}"
    files = [
        stem.format(1, 1, "atlas-A_desc-x_timeseries.tsv"),
        stem.format(1, 1, "atlas-B_desc-x_timeseries.tsv"),
        stem.format(1, 1, "physio.tsv.gz"),
        stem.format(2, 2, "atlas-A_desc-x_timeseries.tsv"),
    ]
    sources = discover("lab", "bids", files)
    assert names(sources) == [
        "sub-1_task-rest_atlas-A",
        "sub-1_task-rest_atlas-B",
        "sub-2_task-rest",
    ]
    assert sources[0].files == (files[0], files[2])
    assert sources[1].files == (files[1], files[2])


FUNC = "sub-1/func/sub-1_task-rest_"


def test_derivatives_of_fmri_are_told_apart_by_space_and_take_their_confounds():
    files = [
        FUNC + "desc-confounds_timeseries.json",
        FUNC + "desc-confounds_timeseries.tsv",
        FUNC + "space-MNI_desc-brain_mask.nii.gz",
        FUNC + "space-MNI_desc-preproc_bold.json",
        FUNC + "space-MNI_desc-preproc_bold.nii.gz",
        FUNC + "space-T1w_desc-preproc_bold.nii.gz",
        FUNC + "space-T1w_boldref.nii.gz",
    ]
    first, second = discover("lab", "bids", files)
    assert names([first, second]) == ["sub-1_task-rest_space-MNI", "sub-1_task-rest_space-T1w"]
    assert first.files == (files[4], *files[:4])
    assert second.files == (files[5], files[0], files[1])


def test_confounds_belong_to_parcellated_series_and_are_no_recording():
    confounds = FUNC + "desc-confounds_timeseries.tsv"
    (source,) = discover("lab", "bids", [FUNC + "atlas-A_timeseries.tsv", confounds])
    assert source.files == (FUNC + "atlas-A_timeseries.tsv", confounds)
    assert discover("lab", "bids", [confounds]) == []


def test_split_files_and_folders_of_meg_are_one_recording():
    stem = "sub-1/meg/sub-1_task-rest_"
    files = [
        stem + "split-01_meg.fif",
        stem + "split-02_meg.fif",
        "sub-1/meg/sub-1_acq-crosstalk_meg.fif",
        "sub-1/meg/sub-1_coordsystem.json",
        "sub-2/meg/sub-2_task-rest_meg.ds",
        "sub-emptyroom/ses-20200101/meg/sub-emptyroom_ses-20200101_task-noise_meg.fif",
    ]
    first, second = discover("lab", "bids", files)
    assert names([first, second]) == ["sub-1_task-rest", "sub-2_task-rest"]
    assert first.files == (files[0], files[1], files[3])
    assert first.entities == {"sub": "1", "task": "rest"}


def test_electrodes_belong_whatever_their_space():
    stem = "sub-1/ieeg/sub-1_"
    files = [stem + "task-rest_ieeg.vhdr", stem + "space-MNI_electrodes.tsv"]
    (source,) = discover("lab", "bids", files)
    assert source.files == tuple(files)


def test_events_alone_are_a_recording_and_images_are_none():
    files = [
        "sub-1/func/sub-1_task-go_events.tsv",
        "sub-1/func/sub-1_task-go_bold.nii.gz",
        "sub-2/func/sub-2_task-go_bold.nii.gz",
    ]
    (source,) = discover("lab", "bids", files)
    assert source.files == (files[0],)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("sub-A/sub-A_ses-2_obj-7_ecephys.nwb", "sub-A_ses-2"),
        ("deep/A2929-200711.nwb", "sub-A2929-200711"),
        ("mouse 3_day_1.nwb", "sub-mouse-3-day-1"),
    ],
)
def test_names_of_nwb_files(path, name):
    assert names(discover("lab", "nwb", [path, "dandiset.yaml"])) == [name]


def test_nwb_files_of_one_session_are_told_apart_by_what_differs():
    files = ["sub-A_ses-1_obj-x_ecephys.nwb", "sub-A_ses-1_obj-y_image.nwb"]
    assert names(discover("lab", "nwb", files)) == ["sub-A_ses-1_obj-x", "sub-A_ses-1_obj-y"]


def test_nwb_files_of_one_session_that_differ_in_suffix_alone_keep_it():
    files = ["sub-A_ses-1_behavior+ogen.nwb", "sub-A_ses-1_ecephys.nwb.zarr"]
    apart = discover("lab", "nwb", files)
    assert names(apart) == ["sub-A_ses-1_behavior+ogen", "sub-A_ses-1_ecephys"]
    (together,) = discover("lab", "nwb", files, merge=True)
    assert together.recording == "sub-A_ses-1" and together.files == tuple(files)


def test_what_is_excluded_must_fit_in_all_its_values():
    files = [f"sub-0{s}/eeg/sub-0{s}_task-a_run-{r}_eeg.edf" for s in (1, 2) for r in (1, 2)]
    kept = discover("lab", "bids", files, {}, [{"sub": [1], "run": ["2"]}])
    assert names(kept) == ["sub-01_task-a_run-1", "sub-02_task-a_run-1", "sub-02_task-a_run-2"]
    kept = discover("lab", "bids", files, {"run": [1, 2]}, [{"sub": ["01"]}, {"run": [1]}])
    assert names(kept) == ["sub-02_task-a_run-2"]
    with pytest.raises(ConfigError, match=r"without .* keeps none of 4 files.*sub: 01, 02"):
        discover("lab", "bids", files, {}, [{"sub": [1, 2]}])


def test_filter_keeps_values_and_compares_numbers_as_numbers():
    files = [f"sub-1/eeg/sub-1_task-{t}_run-0{r}_eeg.edf" for t in ("go", "rest") for r in (1, 2)]
    kept = discover("lab", "bids", files, {"task": ["rest"], "run": [1]})
    assert names(kept) == ["sub-1_task-rest_run-01"]
    assert len(discover("lab", "bids", files, {"suffix": ["eeg"]})) == 4


def test_filter_that_keeps_nothing_says_what_there_is():
    with pytest.raises(ConfigError, match=r"'task': \['rset'\].*task: rest"):
        discover("lab", "bids", EEG, {"task": ["rset"]})


def test_empty_dataset_has_no_recordings():
    assert discover("lab", "bids", ["README"], {"task": ["rest"]}) == []


@pytest.mark.parametrize(
    ("format", "files", "words"),
    [
        ("nwb", ["a/sub-1.nwb", "b/sub-1.nwb"], "a/sub-1.nwb.*b/sub-1.nwb"),
        ("nwb", ["sub-1_ses-é.nwb"], "letters, digits"),
        (
            "bids",
            ["sub-1/eeg/sub-1_task-a_eeg.edf", "sub-1/eeg/sub-1_task-a_eeg.vhdr"],
            "_eeg.edf and .*_eeg.vhdr are the same part",
        ),
    ],
)
def test_ambiguous_and_odd_names_are_refused(format, files, words):
    with pytest.raises(ConfigError, match=words):
        discover("lab", format, files)


def test_equal_names_in_two_datasets_are_refused():
    sources = discover("here", "nwb", ["sub-1.nwb"]) + discover("there", "nwb", ["sub-1.nwb"])
    with pytest.raises(ConfigError, match=r"here: sub-1.nwb and there: sub-1.nwb"):
        require_unique(sources)


def test_dataset_files_skip_what_is_hidden_or_not_raw(tmp_path):
    kept = ["README", "sub-1/a.tsv", "sub-1/code/b.tsv", *(f"sub-2/{i}.tsv" for i in range(9))]
    for path in [*kept, ".git/x", "derivatives/y.tsv", "sourcedata/z", "sub-1/.hidden"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert dataset_files(tmp_path) == kept


def test_links_within_the_dataset_are_followed_and_loops_end(tmp_path):
    root = tmp_path / "data"
    (root / ".git/annex").mkdir(parents=True)
    (root / ".git/annex/key").touch()
    (root / "sub-1").mkdir()
    (root / "sub-1/a.nwb").symlink_to("../.git/annex/key")
    (root / "sub-1/gone.nwb").symlink_to("../.git/annex/missing")
    (root / "sub-1/loop").symlink_to("..")
    assert dataset_files(root) == ["sub-1/a.nwb", "sub-1/gone.nwb"]


@pytest.mark.parametrize("target", ["../other", "../other/a.nwb", "/etc/hostname"])
def test_links_that_lead_out_are_refused(tmp_path, target):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.nwb").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/link.nwb").symlink_to(target)
    with pytest.raises(ConfigError, match=r"link.nwb: the link leads out"):
        dataset_files(tmp_path / "data")


def test_a_link_costs_its_own_recording_alone(tmp_path):
    root = tmp_path / "data"
    for path in ("sub-1/sub-1_eeg.edf", "sub-4/sub-4_ecephys.nwb.zarr/units/0"):
        (root / path).parent.mkdir(parents=True)
        (root / path).touch()
    (root / "sub-2").mkdir()
    (root / "sub-2/sub-2_eeg.edf").symlink_to("../../../secret.edf")
    (root / "sub-2/sub-2_events.tsv").symlink_to("../.git/annex/objects/gone")
    (root / "sub-3").symlink_to(tmp_path)
    (root / "sub-4/sub-4_ecephys.nwb.zarr/acquisition").symlink_to("/etc")
    found = list_files(root)
    assert found.files == [
        "sub-1/sub-1_eeg.edf",
        "sub-2/sub-2_eeg.edf",
        "sub-2/sub-2_events.tsv",
        "sub-4/sub-4_ecephys.nwb.zarr",
    ]
    reasons = {path: reason.split(";")[0] for path, reason in found.blocked.items()}
    out = "the link leads out of the dataset"
    assert reasons == {
        "sub-2/sub-2_eeg.edf": out,
        "sub-2/sub-2_events.tsv": ("a link to nothing, e.g. annexed content that was not fetched"),
        "sub-3": out,
        "sub-4/sub-4_ecephys.nwb.zarr": f"acquisition: {out}",
    }


def test_missing_root_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        dataset_files(tmp_path / "nowhere")


def test_a_thousand_subjects_take_less_than_a_second():
    kinds = ("eeg.vhdr", "eeg.eeg", "eeg.vmrk", "eeg.json", "channels.tsv", "events.tsv")
    files = [f"sub-{i:04d}/eeg/sub-{i:04d}_task-rest_{k}" for i in range(1000) for k in kinds]
    started = time.process_time()
    sources = discover("lab", "bids", [*files, "task-rest_eeg.json"])
    assert time.process_time() - started < 1
    assert len(sources) == 1000
    assert all(len(source.files) == 7 for source in sources)


def test_subjects_in_one_folder_cost_no_more():
    kinds = ("eeg.vhdr", "eeg.eeg", "eeg.json", "channels.tsv", "events.tsv")
    files = [f"eeg/sub-{i:04d}_task-rest_{k}" for i in range(1000) for k in kinds]
    started = time.process_time()
    sources = discover("lab", "bids", files)
    assert time.process_time() - started < 1
    assert all(len(source.files) == 5 for source in sources)
