"""dF/F of a known baseline, and events that were put into a trace."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.calcium import baseline_of, deconvolved, over_baseline

RATE = 20.0
TIME = np.arange(6000) / RATE


def fluorescence(seed=0, decay=0.8, noise=0.02):
    """Events, the calcium they leave (decay in s), and what a camera sees."""
    rng = np.random.default_rng(seed)
    events = (rng.random(len(TIME)) < 0.01) * rng.uniform(0.5, 1.5, len(TIME))
    calcium = np.zeros(len(TIME))
    for t in range(1, len(TIME)):
        calcium[t] = np.exp(-1 / (decay * RATE)) * calcium[t - 1] + events[t]
    return events, calcium, calcium + noise * rng.standard_normal(len(TIME))


def test_running_percentile_is_that_of_numpy_at_its_centres():
    values = np.random.default_rng(0).random((500, 1))
    values[100:120] = np.nan
    baseline = baseline_of(values, 80, 10.0)
    for centre in (0, 10, 130, 300, 499):
        inside = values[max(0, centre - 40) : centre + 41, 0]
        assert baseline[centre, 0] == pytest.approx(np.nanpercentile(inside, 10))


def test_dff_takes_a_slow_baseline_out(signal, nothing, options):
    baseline = 100.0 * (1.0 + 0.3 * np.sin(2 * np.pi * TIME / 300))
    _, calcium, _ = fluorescence()
    given = signal(baseline * (1.0 + calcium), RATE)
    result = over_baseline(given, options("baseline", window=30, percentile=5), nothing)
    # within half a window the baseline moves by up to 0.3 * 2 pi * 15 / 300 = 9 %
    assert np.all(np.abs(result.values[:, 0] - calcium) < 0.14 * (1.0 + calcium))
    steady = over_baseline(
        signal(100.0 * (1.0 + calcium), RATE), options("baseline", percentile=5), nothing
    )
    assert np.abs(steady.values[:, 0] - calcium).max() < 0.02


def test_baselines_do_not_reach_from_one_split_into_another(signal, nothing, options):
    values = 100.0 + np.random.default_rng(0).random(6000)
    other = values.copy()
    other[3600:] += 500.0
    step = options("baseline")
    one, two = (over_baseline(signal(v, RATE), step, nothing).values for v in (values, other))
    np.testing.assert_array_equal(one[:3600], two[:3600])
    assert one[3600:].max() < 0.02


def test_dff_of_dff_is_refused(signal, nothing, options):
    values = np.random.default_rng(0).standard_normal(6000)
    with pytest.raises(RecordingError, match="baseline: that of c0 is not positive"):
        over_baseline(signal(values, RATE), options("baseline"), nothing)
    over_baseline(signal(values, RATE), options("baseline", output="difference"), nothing)


def test_events_are_found_where_they_were(signal, nothing, options):
    events, calcium, seen = fluorescence()
    given = signal(seen + 3.0, RATE)
    result = deconvolved(given, options("deconvolution"), nothing)
    # a frame early or late still counts
    near = np.convolve(result.values[:, 0], np.ones(3), "same")
    assert np.corrcoef(near, np.convolve(events, np.ones(3), "same"))[0, 1] > 0.95
    # OASIS makes the factor of decay from frame to frame 2 % smaller than it estimates
    shrunk = -1 / RATE / np.log(0.98 * np.exp(-1 / RATE / 0.8))
    assert result.facts["calcium_decay"] == pytest.approx(shrunk, rel=0.05)
    denoised = deconvolved(given, options("deconvolution", decay=0.8, output="denoised"), nothing)
    assert np.corrcoef(denoised.values[:, 0], calcium)[0, 1] > 0.98


def test_the_training_stretch_is_deconvolved_as_oasis_does_it(signal, nothing, options):
    from oasis.functions import deconvolve

    _, _, seen = fluorescence(1)
    result = deconvolved(signal(seen, RATE), options("deconvolution"), nothing)
    expected = deconvolve(seen[:3600])[1]
    np.testing.assert_allclose(result.values[:3600, 0], expected, atol=1e-3)


def test_deconvolution_is_fitted_to_the_training_split_and_crosses_no_gap(signal, nothing, options):
    _, _, seen = fluorescence(2)
    seen[1000:1005] = np.nan
    other = seen.copy()
    other[3600:] = other[3600:][::-1] * 3.0
    step = options("deconvolution")
    one, two = (deconvolved(signal(v, RATE), step, nothing).values for v in (seen, other))
    np.testing.assert_array_equal(one[:3600], two[:3600])
    assert np.isnan(one[1000:1005]).all() and np.isfinite(np.delete(one, np.s_[1000:1005])).all()


def test_too_little_to_deconvolve_is_explained(signal, nothing, options):
    with pytest.raises(RecordingError, match="deconvolution: c0 has no training stretch of 100"):
        deconvolved(signal(np.arange(100.0), RATE), options("deconvolution"), nothing)
