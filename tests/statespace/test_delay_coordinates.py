import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.statespace.delay_coordinates import with_delay_coordinates


def split(given, validation=100):
    """The first samples after the training split become the validation split."""
    train = int(np.sum(given["split"] == 0))
    given["split"].values[train : train + validation] = 1
    return given


def test_a_lone_channel_gets_copies_until_it_is_an_embedding(lorenz, series):
    given = split(series(lorenz[:5000, :1], train=3500))
    result = with_delay_coordinates(given, 50)
    number, delay = result.attrs["embedding_dimension"], result.attrs["embedding_delay"]
    assert 3 <= number <= 4 and delay == pytest.approx(17, abs=1)
    assert result["channel"].values.tolist()[:2] == ["c0", f"c0(t-{delay})"]
    assert result.attrs["embedding_choice"].startswith(f"automatic, {number} copies")


@pytest.mark.parametrize("kind", ["full state", "noise"])
def test_nothing_is_added_where_it_is_not_needed_or_does_not_help(lorenz, series, kind):
    values = (
        lorenz[:3000] if kind == "full state" else np.random.default_rng(0).normal(size=(900, 2))
    )
    given = series(values)
    result = with_delay_coordinates(given, 50)
    assert result.drop_attrs(deep=False).identical(given.drop_attrs(deep=False))
    assert "embedding_dimension" not in result.attrs
    assert result.attrs["embedding_choice"].startswith("automatic, no copies: ")


def test_only_the_training_samples_decide(lorenz, series):
    changed = lorenz[:4000, :1].copy()
    changed[3000:] = np.random.default_rng(0).normal(size=(1000, 1))
    one = with_delay_coordinates(split(series(lorenz[:4000, :1], train=3000)), 50)
    other = with_delay_coordinates(split(series(changed, train=3000)), 50)
    assert one.attrs == other.attrs


def test_too_short_a_split_is_refused(lorenz, series):
    given = split(series(lorenz[:3000, :1], train=2800))
    with pytest.raises(RecordingError, match=r"validation split: \d+ samples after delays"):
        with_delay_coordinates(given, 90)
