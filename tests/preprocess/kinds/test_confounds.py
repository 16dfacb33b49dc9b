"""Known mixtures: confounds and frequencies that were put in come out, the rest stays."""

import numpy as np
import pytest
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.confounds import regression
from neurodsr.preprocess.kinds.regression import out_of_band

INTERVAL = 2.0
VOLUMES = 300
TIME = INTERVAL * np.arange(VOLUMES)
MOTION = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]


@pytest.fixture
def confounds():
    """A function that builds a recording which holds confounds."""

    def build(columns, samples=VOLUMES):
        values = np.stack(list(columns.values()), axis=1)
        table = xr.Dataset(
            {"signal": (("time", "channel"), values)},
            coords={"time": INTERVAL * np.arange(samples), "channel": list(columns)},
            attrs={"kind": "continuous", "sampling_rate": 1 / INTERVAL, "purpose": "confounds"},
        )
        return xr.DataTree.from_dict({"/confounds": table})

    return build


def motion(seed=0):
    return dict(zip(MOTION, np.random.default_rng(seed).standard_normal((6, VOLUMES)), strict=True))


def bold(signal, values, train=0.6):
    return signal(values, 1 / INTERVAL, train=train, name="bold")


def neural(seed=1):
    """A signal whose stretches (train, test) are orthogonal to constant and line by themselves."""
    values = np.random.default_rng(seed).standard_normal((VOLUMES, 2))
    for where in (slice(0, 180), slice(180, VOLUMES)):
        line = np.stack([np.ones(len(values[where])), np.arange(len(values[where]))], axis=1)
        values[where] -= line @ np.linalg.lstsq(line, values[where], rcond=None)[0]
    return values


def test_a_known_confound_and_drift_are_removed_exactly(signal, confounds, options):
    moved = motion()
    table = np.stack(list(moved.values()), axis=1)
    weights = np.random.default_rng(2).standard_normal((6, 2))
    # no noise: the mixture is confounds, a line and a level, and nothing else
    mixed = table @ weights + 0.01 * TIME[:, None] + 500.0
    step = options("regression", strategies=["motion6"])
    result = regression(bold(signal, mixed), step, confounds(moved))
    np.testing.assert_allclose(result.values, mixed[:180].mean(axis=0) + 0 * mixed, atol=1e-9)


def test_weights_are_those_of_joint_least_squares(signal, confounds, options):
    moved = motion()
    table = np.stack(list(moved.values()), axis=1)
    mixed = neural() + table @ np.full((6, 2), 0.5)
    band = {"highpass": 0.01, "lowpass": 0.1}
    step = options("regression", strategies=["motion6"], weights="split", **band)
    result = regression(bold(signal, mixed), step, confounds(moved)).values
    for where in (slice(0, 180), slice(180, VOLUMES)):
        count = len(mixed[where])
        drift = np.stack([np.ones(count), np.arange(count)], axis=1)
        design = np.concatenate(
            [drift, out_of_band(count, INTERVAL, 0.01, 0.1), table[where]], axis=1
        )
        rest = mixed[where] - design @ np.linalg.lstsq(design, mixed[where], rcond=None)[0]
        np.testing.assert_allclose(result[where], rest + mixed[:180].mean(axis=0), atol=1e-8)


def test_neither_confounds_nor_frequencies_come_back(signal, confounds, options):
    """One after the other, in either order, brings the first back (Lindquist et al. 2019)."""
    moved = motion()
    table = np.stack(list(moved.values()), axis=1)[:180]
    mixed = neural() + np.stack(list(moved.values()), axis=1) @ np.ones((6, 2))
    step = options("regression", strategies=["motion6"], weights="split", lowpass=0.1)
    result = regression(bold(signal, mixed), step, confounds(moved)).values[:180]
    high = out_of_band(180, INTERVAL, None, 0.1)
    centred = result - result.mean(axis=0)
    assert np.abs(high.T @ centred).max() < 1e-8
    assert np.abs(table.T @ centred).max() < 1e-8

    def without(design, values):
        design = np.concatenate([np.ones((180, 1)), design], axis=1)
        return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]

    assert np.abs(table.T @ without(high, without(table, mixed[:180]))).max() > 1.0
    assert np.abs(high.T @ without(table, without(high, mixed[:180]))).max() > 1.0


def test_nilearn_finds_the_same(signal, confounds, options):
    clean = pytest.importorskip("nilearn.signal").clean
    moved = {name: values - values.mean() for name, values in motion().items()}
    table = np.stack(list(moved.values()), axis=1)
    mixed = neural() + table @ np.ones((6, 2))
    band = {"highpass": 0.0085, "degree": None}
    step = options("regression", strategies=["motion6"], **band)
    result = regression(bold(signal, mixed, train=1.0), step, confounds(moved)).values
    # without a constant among its regressors it wants everything centred
    expected = clean(
        mixed, confounds=table, standardize=False, standardize_confounds=False, t_r=INTERVAL,
        detrend=False, filter="cosine", high_pass=0.0085,
    )  # fmt: skip
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_cosines_have_the_frequencies_outside_the_band():
    basis = out_of_band(200, INTERVAL, 0.01, 0.1)
    spectrum = np.abs(np.fft.rfft(np.concatenate([basis, basis[::-1]]), axis=0))
    frequency = np.fft.rfftfreq(400, INTERVAL)[spectrum.argmax(axis=0)]
    assert np.all((frequency < 0.01) | (frequency > 0.1))
    assert basis.shape[1] == np.sum((frequency < 0.01) | (frequency > 0.1))
    np.testing.assert_allclose(basis.T @ basis, 100.0 * np.eye(basis.shape[1]), atol=1e-8)


def test_rejected_volumes_have_no_say(signal, confounds, options):
    moved = motion()
    table = np.stack(list(moved.values()), axis=1)
    jumps = np.zeros(VOLUMES)
    jumps[[50, 51, 200]] = 1.0
    columns = {**moved, "framewise_displacement": 0.1 + jumps, "std_dvars": 1.0 + jumps}
    mixed = table @ np.ones((6, 2)) + 0.02 * TIME[:, None]
    spoilt = mixed.copy()
    spoilt[jumps > 0] += 1e4
    given = {"strategies": ["motion6"], "framewise_displacement": 0.5, "lowpass": 0.2}
    step = options("regression", **given)
    one = regression(bold(signal, mixed), step, confounds(columns))
    two = regression(bold(signal, spoilt), step, confounds(columns))
    np.testing.assert_array_equal(np.flatnonzero(one.rejected["movement"]), [50, 51, 200])
    np.testing.assert_allclose(one.values, two.values, atol=1e-6)
    assert np.isnan(one.values[[50, 51, 200]]).all()
    step = options("regression", std_dvars=1.5, before=1, after=2, shortest=3)
    rejected = regression(bold(signal, mixed), step, confounds(columns)).rejected["movement"]
    np.testing.assert_array_equal(
        np.flatnonzero(rejected), [49, 50, 51, 52, 53, 199, 200, 201, 202]
    )


def test_test_volumes_do_not_change_training(signal, confounds, options):
    moved = motion()
    mixed = neural() + np.stack(list(moved.values()), axis=1) @ np.ones((6, 2))
    other = mixed.copy()
    other[180:] = 7.0 * other[180:][::-1] ** 2
    step = options("regression", strategies=["motion6"], highpass=0.008, lowpass=0.2)
    one, two = (regression(bold(signal, v), step, confounds(moved)).values for v in (mixed, other))
    np.testing.assert_array_equal(one[:180], two[:180])


def test_strategies_take_the_columns_of_fmriprep(signal, confounds, options):
    columns = motion()
    for name in MOTION:
        columns |= {f"{name}_{suffix}": np.random.default_rng(hash(name) % 99).random(VOLUMES)
                    for suffix in ("derivative1", "power2", "derivative1_power2")}  # fmt: skip
        columns[f"{name}_derivative1"][0] = np.nan
    for name in ("white_matter", "csf", "global_signal", "cosine00", "cosine01", "a_comp_cor_00"):
        columns[name] = np.random.default_rng(len(name)).random(VOLUMES) + len(columns)
    tree = confounds(columns)

    def chosen(**given):
        step = options("regression", **given)
        return regression(bold(signal, neural()), step, tree).facts["confounds"]

    assert chosen(strategies=["motion6"]) == MOTION
    assert len(chosen(strategies=["motion24"])) == 24
    assert chosen(strategies=["wm-csf", "global"]) == ["white_matter", "csf", "global_signal"]
    assert chosen(strategies=["cosine"], acompcor=1) == ["cosine00", "cosine01", "a_comp_cor_00"]
    assert chosen(columns=["c.f"]) == ["csf"]


def test_dummy_volumes_are_missing(signal, confounds, options):
    columns = motion()
    columns["non_steady_state_outlier00"] = (np.arange(VOLUMES) == 0).astype(float)
    columns["non_steady_state_outlier01"] = (np.arange(VOLUMES) == 1).astype(float)
    for given, expected in (({}, [0, 1]), ({"dummy_volumes": 3}, [0, 1, 2])):
        step = options("regression", strategies=["motion6"], **given)
        result = regression(bold(signal, neural()), step, confounds(columns))
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(result.values[:, 0])), expected)


def test_what_cannot_be_regressed_is_explained(signal, confounds, options, nothing):
    given = bold(signal, neural())
    step = options("regression", strategies=["motion6"])
    with pytest.raises(RecordingError, match="has no modality of confounds"):
        regression(given, step, nothing)
    with pytest.raises(RecordingError, match="no confound fits 'global'; it has trans_x"):
        regression(given, options("regression", strategies=["global"]), confounds(motion()))
    with pytest.raises(RecordingError, match="5 aCompCor components asked for, 0 are there"):
        regression(given, options("regression", acompcor=5), confounds(motion()))
    with pytest.raises(RecordingError, match="no confound framewise_displacement"):
        step = options("regression", framewise_displacement=0.5)
        regression(given, step, confounds(motion()))
    with pytest.raises(RecordingError, match=r"regressors for 120 volumes"):
        regression(given, options("regression", highpass=0.24), nothing)
    short = {name: values[:200] for name, values in motion().items()}
    with pytest.raises(RecordingError, match="200 rows do not cover the 300 volumes"):
        step = options("regression", strategies=["motion6"])
        regression(given, step, confounds(short, 200))
