import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.channels import (
    Channel,
    describe_channels,
    kind_by_name,
    positions_in_table,
)
from neurodsr.recordings.bids.sidecars import Part
from neurodsr.recordings.discovery import parse_name

DATA = "sub-1/ieeg/sub-1_task-rest_ieeg.vhdr"
TABLE = "sub-1/ieeg/sub-1_task-rest_channels.tsv"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ECG ECG", "ECG"),
        ("EKG1", "ECG"),
        ("ecg_left", "ECG"),
        ("HEOG", "EOG"),
        ("EOG L", "EOG"),
        ("VEO", "EOG"),
        ("EMG-chin", "EMG"),
        ("EEG A2-A1", "REF"),
        ("M1-M2", "REF"),
        ("STI 014", "TRIG"),
        ("Status", "TRIG"),
        ("EEG Fp1", None),
        ("Cz", None),
        ("A1", None),
        ("LTRIGON1", None),
        ("FECG", None),
        ("GSRx", None),
    ],
)
def test_names_that_tell_a_type(name, kind):
    assert kind_by_name(name) == kind


@pytest.fixture
def part(study):
    def made(tables):
        for path, content in tables.items():
            study.write(path, content)
        names = tuple(parse_name(path) for path in (DATA, *tables))
        return Part(study.root, names[0], names)

    return made


def test_the_table_decides_and_the_file_fills_in(part):
    rows = "name\ttype\tunits\tstatus\nA1\tseeg\tuV\tgood\nA2\tSEEG\tn/a\tBAD\n"
    told = {"A2": "eeg", "A1": "eeg", "X": "misc", "T": "stim"}
    channels, retyped = describe_channels(part({TABLE: rows}), told)
    assert channels == {
        "A2": Channel("SEEG", bad=True),
        "A1": Channel("SEEG", unit="uV"),
        "X": Channel("MISC"),
        "T": Channel("TRIG"),
    }
    assert retyped == {}


def test_a_channel_that_cannot_be_eeg_is_retyped_and_told(part):
    rows = "name\ttype\nFz\tEEG\nECG ECG\tEEG\nHEOG\tMISC\n"
    told = dict.fromkeys(["Fz", "ECG ECG", "HEOG"], "eeg")
    channels, retyped = describe_channels(part({TABLE: rows}), told)
    assert retyped == {"ECG ECG": "ECG"}
    assert [channel.kind for channel in channels.values()] == ["EEG", "ECG", "MISC"]


def test_electrodes_in_the_brain_without_a_table(part):
    channels, retyped = describe_channels(part({}), {"LA1": "eeg", "ECG": "eeg", "X": "misc"})
    assert [channel.kind for channel in channels.values()] == ["IEEG", "ECG", "MISC"]
    assert retyped == {"ECG": "ECG"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("name\ttype\nP1\tEEG\n", "channels: channels.tsv names P1, the data have Fz"),
        ("type\tunits\nEEG\tuV\n", "channels.tsv: name: no such column"),
        ("name\tunits\nFz\tuV\n", "channels.tsv: type: no such column"),
        ("name\ttype\nFz\n", "channels.tsv: row 2: 1 cells"),
    ],
)
def test_broken_channel_tables_are_named(part, rows, words):
    with pytest.raises(RecordingError, match=words):
        describe_channels(part({TABLE: rows}), {"Fz": "eeg"})


def electrodes(space):
    return f"sub-1/ieeg/sub-1_space-{space}_electrodes.tsv"


def coordinates(space):
    return f"sub-1/ieeg/sub-1_space-{space}_coordsystem.json"


def test_positions_come_from_one_coordinate_system_in_metres(part):
    rows = "name\tx\ty\tz\tsize\nA1\t10\t20\t-30\t5\nA2\tn/a\tn/a\tn/a\t5\n"
    system = {"iEEGCoordinateSystem": "ACPC", "iEEGCoordinateUnits": "mm"}
    made = part(
        {
            electrodes("ACPC"): rows,
            coordinates("ACPC"): system,
            electrodes("MNI"): rows.replace("10", "99"),
            coordinates("MNI"): {"iEEGCoordinateUnits": "m"},
        }
    )
    found = positions_in_table(made, ["A2", "A1", "B7"])
    nan = [np.nan] * 3
    np.testing.assert_allclose(found.values, [nan, [0.01, 0.02, -0.03], nan])
    assert found.attributes == {"coordinate_system": "ACPC", "coordinate_units": "m"}


def test_positions_without_a_system_keep_what_is_known(part):
    found = positions_in_table(part({electrodes("X"): "name\tx\ty\tz\nA1\t1\t2\t3\n"}), ["A1"])
    np.testing.assert_array_equal(found.values, [[1, 2, 3]])
    assert found.attributes == {"coordinate_system": "X", "coordinate_units": ""}
    assert positions_in_table(part({}), ["A1"]) is None


def test_broken_positions_are_named(part):
    made = part({electrodes("X"): "name\tx\ty\nA1\t1\t2\n"})
    with pytest.raises(RecordingError, match=r"electrodes.tsv: z: no such column"):
        positions_in_table(made, ["A1"])
