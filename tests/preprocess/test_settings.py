"""Settings that contradict themselves are named before anything is computed."""

import pytest

from neurodsr.preprocess.settings import STEPS, problems_of_preprocessing


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"filter": {"highpass": 40, "lowpass": 1}}, "filter: 40 Hz is not below 1 Hz"),
        ({"filter": {}}, "filter: neither highpass nor lowpass"),
        ({"regression": {"highpass": 0.1, "lowpass": 0.01}}, "regression: 0.1 Hz is not below"),
        ({"regression": {"columns": ["("]}}, r"regression.columns: '\(' is no regular expression"),
        ({"envelope": {"band": [12, 8]}}, "envelope.band: 12 Hz is not below 8 Hz"),
        ({"reduction": {"components": 2.5}}, "2.5 is neither a number nor a share"),
        (
            {"reduction": {"components": 0.9, "method": "factor-analysis"}},
            "a share of the variance is for method: pca alone",
        ),
        ({"reduction": {"components": 2}, "role": "input"}, "reduction: only for observations"),
        ({"units": "open('x')"}, "units: query: .* holds call"),
        ({"channels": "["}, r"channels: '\[' is no regular expression"),
        ({"interpolation": "hold", "notch": {}}, "notch: only with interpolation: band-limited"),
    ],
)
def test_contradictions_are_named(settings, options, says):
    problems = list(problems_of_preprocessing("preprocess", settings(modalities={"eeg": options})))
    assert len(problems) == 1
    with pytest.raises(ValueError, match=says):
        raise ValueError(problems[0])
    assert problems[0].startswith("preprocess.modalities.eeg.")


def test_defaults_and_expressions_of_labels(settings):
    assert list(problems_of_preprocessing("preprocess", settings())) == []
    wrong = settings(invalid={"labels": "*"})
    assert "invalid.labels" in next(problems_of_preprocessing("preprocess", wrong))


def test_the_steps_are_those_of_the_chain():
    from neurodsr.preprocess.kinds import steps

    assert set(STEPS) == set(steps.STEPS) - {"flat_ends", "bad_channels"}
