"""How files are broken in practice, by kind of dataset, and what must be said of each.

A case is a title, what is done to the participant ``bad`` of a dataset of `whole_datasets`, and a
pattern that the message must fit.
"""

import gzip
import io

import numpy as np
import whole_datasets as whole

BAD = {
    name: getattr(whole, name).replace("{who}", "bad")
    for name in ("SERIES", "PHYSIO", "EEG", "BEH", "EVENTS", "BOLD", "NWB")
}


def rewrite(path, content):
    return lambda study: study.write(path, content)


def edit(path, old, new):
    def change(study):
        text = (study.root / path).read_text()
        assert old in text
        study.write(path, text.replace(old, new))

    return change


def cut(path, share):
    def change(study):
        content = (study.root / path).read_bytes()
        (study.root / path).write_bytes(content[: int(share * len(content))])

    return change


def link(path, target):
    return lambda study: study.link(path, target)


def remove(path):
    return lambda study: (study.root / path).unlink()


def both(*changes):
    def change(study):
        for one in changes:
            one(study)

    return change


SERIES_TSV, SERIES_JSON = BAD["SERIES"] + ".tsv", BAD["SERIES"] + ".json"
GZIPPED = both(remove(SERIES_TSV), rewrite(SERIES_TSV + ".gz", whole.ROWS))
SERIES = [
    ("sidecar without a rate", rewrite(SERIES_JSON, {}), "SamplingFrequency: no sampling rate"),
    ("no sidecar", remove(SERIES_JSON), "SamplingFrequency: no sampling rate"),
    ("rate as text", rewrite(SERIES_JSON, {"RepetitionTime": "2"}), "RepetitionTime: '2'"),
    ("rate of zero", rewrite(SERIES_JSON, {"RepetitionTime": 0}), "RepetitionTime|SamplingFrequ"),
    ("negative rate", rewrite(SERIES_JSON, {"RepetitionTime": -2}), "RepetitionTime|SamplingFrequ"),
    (
        "rate that is no number",
        rewrite(SERIES_JSON, '{"RepetitionTime": NaN}'),
        "RepetitionTime: nan",
    ),
    (
        "rate against interval",
        rewrite(SERIES_JSON, {"RepetitionTime": 2, "SamplingFrequency": 2}),
        "RepetitionTime: 2 s contradicts",
    ),
    ("sidecar cut short", cut(SERIES_JSON, 0.6), "no valid JSON"),
    ("sidecar is a list", rewrite(SERIES_JSON, ["RepetitionTime"]), "no JSON object"),
    (
        "sidecar in Latin-1",
        rewrite(SERIES_JSON, '{"Task": "Mü"}'.encode("latin-1")),
        "no valid JSON",
    ),
    ("a cell too many", rewrite(SERIES_TSV, whole.ROWS + "1\t2\t3\n"), "row 202: 3 cells for 2"),
    ("last row cut", rewrite(SERIES_TSV, whole.ROWS + "1"), "row 202: 1 cells for 2"),
    ("a word among numbers", rewrite(SERIES_TSV, whole.ROWS + "1\tlost\n"), "right: 'lost'"),
    (
        "decimal commas",
        rewrite(SERIES_TSV, whole.ROWS.replace(".", ",")),
        "left: '.*,.*' .*no number",
    ),
    ("commas instead of tabs", rewrite(SERIES_TSV, whole.ROWS.replace("\t", ",")), "left,right"),
    ("no header", rewrite(SERIES_TSV, whole.ROWS.split("\n", 1)[1]), "Columns: neither a header"),
    ("a name twice", edit(SERIES_TSV, "left\tright", "left\tleft"), "a name occurs twice"),
    ("empty file", rewrite(SERIES_TSV, ""), "it is empty"),
    ("header alone", rewrite(SERIES_TSV, "left\tright\n"), "0 samples|no rows|none"),
    ("one row", rewrite(SERIES_TSV, "left\tright\n1\t2\n"), "1 samples"),
    ("nothing but n/a", rewrite(SERIES_TSV, "left\tright\n" + "n/a\tn/a\n" * 50), "has a value"),
    ("annex pointer", rewrite(SERIES_TSV, "/annex/objects/MD5E-s1--0.tsv\n"), "git-annex pointer"),
    (
        "annexed content not there",
        link(SERIES_TSV, "../../.git/annex/objects/x"),
        "link to nothing",
    ),
    ("link out of the dataset", link(SERIES_TSV, "/etc/hostname"), "leads out of the dataset"),
    ("sidecar out of the dataset", link(SERIES_JSON, "/etc/hostname"), "leads out of the dataset"),
    ("an image instead", rewrite(SERIES_TSV, bytes(range(256)) * 4), "not readable as text"),
    (
        "UTF-16 from a spreadsheet",
        rewrite(SERIES_TSV, whole.ROWS.encode("utf-16")),
        "not readable as text",
    ),
    ("cut archive", both(GZIPPED, cut(SERIES_TSV + ".gz", 0.5)), "not readable as text"),
    (
        "no archive",
        both(
            remove(SERIES_TSV),
            lambda s: (s.root / (SERIES_TSV + ".gz")).write_bytes(whole.ROWS.encode()),
        ),
        "not readable as text",
    ),
]

PHYSIO_JSON, PHYSIO_TSV = BAD["PHYSIO"] + ".json", BAD["PHYSIO"] + ".tsv.gz"
PHYSIO = [
    ("columns not named", edit(PHYSIO_JSON, '"Columns"', '"Colums"'), "Columns: neither a header"),
    (
        "columns as text",
        edit(PHYSIO_JSON, '["cardiac", "respiratory"]', '"cardiac"'),
        "Columns: 'cardiac'",
    ),
    ("a column too many", edit(PHYSIO_JSON, '"cardiac"', '"cardiac", "ppg"'), "2 cells for 3"),
    (
        "start as text",
        edit(PHYSIO_JSON, '"StartTime": 0', '"StartTime": "0 s"'),
        "StartTime: '0 s'",
    ),
    (
        "damaged archive",
        lambda s: (s.root / PHYSIO_TSV).write_bytes(
            gzip.compress(b"1\t2\n" * 99)[:-12] + bytes(12)
        ),
        "not readable as text",
    ),
]

VHDR, VOLTS = BAD["EEG"] + "_eeg.vhdr", BAD["EEG"] + "_eeg.eeg"
CHANNELS = BAD["EEG"] + "_channels.tsv"
AS_EDF = both(remove(VHDR), remove(VOLTS), remove(BAD["EEG"] + "_eeg.vmrk"))
EEG = [
    ("data file gone", remove(VOLTS), "_eeg.vhdr: .*"),
    (
        "data file elsewhere",
        edit(VHDR, "DataFile=sub-bad_task-rest_eeg.eeg", "DataFile=../../../x.eeg"),
        "DataFile: .*leads out of the dataset",
    ),
    (
        "data shorter than said",
        both(
            cut(VOLTS, 0.5),
            edit(BAD["EEG"] + "_eeg.json", '"TaskName"', '"RecordingDuration": 60, "TaskName"'),
        ),
        "RecordingDuration",
    ),
    ("header of something else", rewrite(VHDR, "[Nothing]\n"), "_eeg.vhdr: data: "),
    (
        "every channel bad",
        rewrite(CHANNELS, "name\ttype\tunits\tstatus\nFz\tEEG\tuV\tbad\nCz\tEEG\tuV\tbad\n"),
        "channels: none of type",
    ),
    (
        "types that do not exist",
        rewrite(CHANNELS, "name\ttype\tunits\nFz\tBRAIN\tuV\nCz\tBRAIN\tuV\n"),
        "channels|type",
    ),
    (
        "EDF cut in its header",
        both(AS_EDF, rewrite(BAD["EEG"] + "_eeg.edf", "0       X X X X")),
        "_eeg.edf: data: ",
    ),
    (
        "EDF that is none",
        both(AS_EDF, rewrite(BAD["EEG"] + "_eeg.edf", "<html>404</html>" * 40)),
        "_eeg.edf: data: ",
    ),
    (
        "EEGLAB that is none",
        both(AS_EDF, rewrite(BAD["EEG"] + "_eeg.set", "not MATLAB")),
        "_eeg.set: ",
    ),
]

MEG = [
    (
        "FIF that is none",
        both(remove(VHDR), rewrite("sub-bad/meg/sub-bad_task-rest_meg.fif", "FIF?")),
        "_meg.fif: ",
    ),
    (
        "empty CTF folder",
        both(
            remove(VHDR),
            lambda s: (s.root / "sub-bad/meg/sub-bad_task-rest_meg.ds").mkdir(parents=True),
        ),
        "_meg.ds: ",
    ),
]

BEH_TSV, BEH_JSON = BAD["BEH"] + ".tsv", BAD["BEH"] + ".json"
BEH = [
    (
        "a level that is not in the sidecar",
        edit(BEH_TSV, "7\t2\tlo", "7\t2\tmedium"),
        "choice: 'medium' in data row 8 is not among its Levels",
    ),
    ("dates as one writes them", edit(BEH_TSV, "time\tscore", "date\tscore"), None),
    (
        "German dates",
        rewrite(BEH_TSV, "date\tmood\n31.05.2024\t1\n01.06.2024\t2\n"),
        "date: '31.05.2024' .*write dates as",
    ),
    (
        "a unit of time nobody knows",
        rewrite(BEH_JSON, {"time": {"Units": "fortnight"}}),
        "time: 'fortnight' is no unit of time",
    ),
    ("nothing but time", rewrite(BEH_TSV, "time\n1\n2\n3\n"), "columns: neither numbers nor"),
    (
        "a decimal comma",
        rewrite(
            BEH_TSV, "time\trt\n" + "".join(f"{i}\t0.{i + 100}\n" for i in range(30)) + "31\t0,5\n"
        ),
        "rt: '0,5' in data row 31",
    ),
    (
        "time runs backwards twice",
        rewrite(BEH_TSV, "time\tx\n0\t1\n0\t2\n1\t3\n"),
        "timestamps: not increasing",
    ),
    (
        "zones here and there",
        rewrite(BEH_TSV, "datetime\tx\n2024-01-01T10:00\t1\n2024-01-01T11:00+01:00\t2\n"),
        "time zone",
    ),
    (
        "quotes that stay open",
        rewrite(BEH_TSV, 'time\tx\n0\t1\n1\t"2\n2\t3\n'),
        "x: '\"2' in data row 2",
    ),
]

EVENTS_TSV = BAD["EVENTS"] + ".tsv"
EVENTS = [
    ("no onsets", edit(EVENTS_TSV, "onset", "start"), "onset: no such column"),
    ("a word as onset", edit(EVENTS_TSV, "\n4\t", "\nsoon\t"), "onset: 'soon'"),
    (
        "a header alone",
        rewrite(EVENTS_TSV, "onset\tduration\ttrial_type\n"),
        "rows: none|0 samples",
    ),
    ("one event", rewrite(EVENTS_TSV, "onset\tduration\ttrial_type\n0\t1\tgo\n"), "1 samples"),
]

DIARY = [
    (
        "two entries at one time",
        edit("phenotype/ema.tsv", "sub-bad\t2024-05-02", "sub-bad\t2024-05-01"),
        "ema.tsv: sub-bad: timestamps: not increasing",
    ),
    (
        "entries without a date",
        edit("phenotype/ema.tsv", "sub-bad\t2024-05-", "sub-bad\tMay "),
        "date: 'May 01' in data row 1 is neither",
    ),
]

IMAGE = BAD["BOLD"] + ".nii.gz"
CONFOUNDS = "sub-bad/func/sub-bad_task-rest_desc-confounds_timeseries.tsv"


def flat_image(study):
    import nibabel

    image = nibabel.Nifti1Image(np.zeros((3, 3, 2), "f4"), np.eye(4))
    nibabel.save(image, study.root / IMAGE)


BOLD = [
    ("image cut short", cut(IMAGE, 0.5), "_bold.nii.gz: "),
    ("image of one volume", flat_image, "_bold.nii.gz: "),
    ("image that is none", rewrite(IMAGE, "no image"), "_bold.nii.gz: "),
    ("confounds of another run", rewrite(CONFOUNDS, "csf\n1\n2\n"), "_timeseries.tsv: "),
]

NWB_FILE = BAD["NWB"]


def in_nwb(change):
    def damage(study):
        import h5py

        with h5py.File(study.root / NWB_FILE, "r+") as file:
            change(file)

    return damage


def nothing_left(file):
    for place in ("acquisition/lfp", "acquisition/speed", "units"):
        del file[place]


def alone(file):
    """The series `speed`, whose trouble then is the recording's."""
    del file["acquisition/lfp"], file["units"]


def speed(name, value):
    def change(file):
        alone(file)
        attributes = dict(file[f"acquisition/speed/{name}"].attrs)
        del file[f"acquisition/speed/{name}"]
        file[f"acquisition/speed/{name}"] = value
        file[f"acquisition/speed/{name}"].attrs.update(attributes)

    return in_nwb(change)


def outward(file):
    import h5py

    file["acquisition/other"] = h5py.ExternalLink("/etc/hostname", "/")


def dangling(file):
    import h5py

    file["acquisition/other"] = h5py.SoftLink("/nowhere")


def rate_of_zero(file):
    file["acquisition/lfp/starting_time"].attrs["rate"] = 0.0


def no_clock(file):
    del file["acquisition/lfp/starting_time"]


def strange_spike(file):
    file["units/spike_times"][1] = np.nan
    del file["acquisition/lfp"], file["acquisition/speed"]


def empty(file):
    for name in list(file):
        del file[name]


STAMPS = np.arange(200) * 0.01
NWB = [
    ("torn", cut(NWB_FILE, 0.4), "no readable HDF5 file"),
    ("a page of a website", rewrite(NWB_FILE, "<html>404</html>"), "no readable HDF5 file"),
    ("HDF5 but not NWB", in_nwb(empty), "sub-bad.nwb: "),
    ("link to another file", in_nwb(outward), "a link to another file"),
    ("link to nothing", in_nwb(dangling), "a link to nothing"),
    ("rate of zero", in_nwb(rate_of_zero), "rate"),
    ("neither rate nor time stamps", in_nwb(no_clock), "neither a sampling rate nor timestamps"),
    ("time runs backwards", speed("timestamps", STAMPS[::-1]), "timestamps"),
    ("duplicated time stamps", speed("timestamps", np.repeat(STAMPS[:100], 2)), "timestamps"),
    (
        "fewer time stamps than samples",
        speed("timestamps", STAMPS[:150]),
        "timestamps: 150 for 200",
    ),
    ("nothing but NaN", speed("data", np.full((200, 2), np.nan)), "has a value"),
    ("no samples", speed("data", np.empty((0, 2))), "sub-bad.nwb: "),
    ("no data at all", in_nwb(nothing_left), "no supported data"),
    ("a spike at no time", in_nwb(strange_spike), "spike_times"),
    (
        "an empty Zarr store",
        both(remove(NWB_FILE), lambda s: (s.root / "sub-bad/sub-bad.nwb.zarr").mkdir()),
        "sub-bad.nwb.zarr: ",
    ),
    (
        "a Zarr store that leads out",
        both(
            remove(NWB_FILE),
            lambda s: (
                (s.root / "sub-bad/sub-bad.nwb.zarr").mkdir(),
                (s.root / "sub-bad/sub-bad.nwb.zarr/units").symlink_to("/etc"),
            ),
        ),
        "leads out",
    ),
]


def as_npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return rewrite("bad.npy", stream.getvalue())


def many(study):
    with (study.root / "bad.npy").open("wb") as file:
        np.savez(file, a=np.ones(3))


def as_mat(**variables):
    def change(study):
        from scipy.io import savemat

        (study.root / "bad.npy").unlink()
        savemat(study.root / "bad.mat", variables)

    return change


def as_hdf5(name, fill):
    def change(study):
        import h5py

        (study.root / "bad.npy").unlink()
        with h5py.File(study.root / name, "w", userblock_size=512) as file:
            fill(file)
        with (study.root / name).open("r+b") as stream:
            stream.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")

    return change


def as_nc(**variables):
    def change(study):
        import xarray as xr

        (study.root / "bad.npy").unlink()
        xr.Dataset(variables).to_netcdf(study.root / "bad.nc")

    return change


def about(**fields):
    return rewrite("bad.json", {"sampling_interval": 0.01, "subject": "bad", **fields})


def leads_out(file):
    import h5py

    file["x"] = h5py.ExternalLink("/etc/hostname", "/")


CELLS = np.array([[np.ones(3), "x"]], dtype=object)
AXES = ("time", "channel")
ARRAYS = [
    (
        "objects, i.e. a pickle",
        as_npy(np.array([[{}]], object), allow_pickle=True),
        "plain numbers",
    ),
    ("several arrays", many, "several arrays"),
    ("channels in rows", as_npy(np.zeros((5, 90))), "5 samples of 90 channels; set `layout`"),
    ("three dimensions", as_npy(np.zeros((2, 3, 4))), "has 3 dimensions, needs two"),
    ("complex numbers", as_npy(np.zeros((9, 2), complex)), "complex128 is not real"),
    ("text", as_npy(np.array([["a", "b"]])), "is not real"),
    ("nothing but NaN", as_npy(np.full((9, 2), np.nan)), "none is finite"),
    ("one sample", as_npy(np.ones((1, 2))), "1 samples"),
    ("cut short", cut("bad.npy", 0.5), "plain numbers"),
    ("no sidecar", remove("bad.json"), "sampling_interval: nothing says it"),
    ("sidecar cut short", cut("bad.json", 0.5), "bad.json: file: no valid JSON"),
    ("interval as text", about(sampling_interval="10 ms"), "sampling_interval: '10 ms'"),
    ("interval below zero", about(sampling_interval=-1), "sampling_interval: -1"),
    ("rate against interval", about(sampling_rate=50), "sampling_rate: 50 Hz contradicts"),
    ("names for other channels", about(channels=["a", "b", "c"]), "3 names for 2 columns"),
    ("names that are numbers", about(channels=[1, 2]), "channels: .* list of names"),
    ("a layout nobody knows", about(layout="columns"), "layout: 'columns'"),
    ("a column of time in .npy", about(time="t"), "time: a .npy file has no column 't'"),
    (
        "MATLAB with two matrices",
        as_mat(a=np.ones((9, 2)), b=np.ones((9, 2))),
        "variable: 2 matrices",
    ),
    ("MATLAB with cells", as_mat(a=CELLS), "variable: 0 matrices"),
    (
        "MATLAB without the variable",
        both(as_mat(a=np.ones((9, 2))), about(variable="b")),
        "no 'b' in it",
    ),
    ("MATLAB cells by name", both(as_mat(a=CELLS), about(variable="a")), "is not real"),
    (
        "MATLAB that is none",
        both(remove("bad.npy"), rewrite("bad.mat", "x" * 200)),
        "not a readable MATLAB file",
    ),
    ("MATLAB 7.3 that leads out", as_hdf5("bad.mat", leads_out), "a link to another file"),
    (
        "netCDF that is none",
        both(remove("bad.npy"), rewrite("bad.nc", "CDF?")),
        "not a readable netCDF file",
    ),
    (
        "netCDF with two series",
        as_nc(a=(AXES, np.ones((9, 2))), b=(AXES, np.ones((9, 2)))),
        "variable: 2 series",
    ),
    (
        "netCDF in months",
        as_nc(a=(AXES, np.ones((9, 2))), time=("time", np.arange(9.0), {"units": "months"})),
        "'months' is no unit of time",
    ),
]


def csv(text):
    return rewrite("bad.csv", text)


TABLE = [
    ("semicolons", csv("time;a\n0,1;2\n0,2;3\n"), "header: .*';'|2 cells for"),
    ("a row too long", csv("time,a\n0,1\n1,2,3\n2,2\n"), "row 3: 3 cells for 2"),
    ("a row too short", csv("time,a\n0,1\n1\n2,2\n"), "row 3: 1 cells for 2"),
    ("no names", csv("0,1\n1,2\n2,3\n"), "header: the first row holds numbers"),
    ("a name twice", csv("time,a,a\n0,1,1\n1,2,2\n"), "header: 'a' twice"),
    ("no column of time", csv("seconds,a\n0,1\n1,2\n2,2\n"), "sampling_interval: nothing says it"),
    ("time runs backwards", csv("time,a\n0,1\n2,2\n1,3\n"), "timestamps: not increasing"),
    ("a time that is missing", csv("time,a\n0,1\n,2\n1,3\n"), "time: no time in data row 2"),
    ("nothing below the header", csv("time,a\n"), "rows: none below the header"),
    ("a spreadsheet", csv(b"PK\x03\x04\xff\xfe\x00" * 20), "not readable as text"),
]

CASES = {
    "series": SERIES,
    "physio": PHYSIO,
    "eeg": EEG + MEG,
    "behaviour": BEH,
    "events": EVENTS,
    "diary": DIARY,
    "bold": BOLD,
    "nwb": NWB,
    "arrays": ARRAYS,
    "table": TABLE,
}
FORMATS = {"nwb": "nwb", "arrays": "arrays", "table": "arrays"}
