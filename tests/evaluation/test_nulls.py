import numpy as np
import pytest
from known_systems import lozi_series

from neurodsr.evaluation.nulls import constant, persistence, simulated, surrogates
from neurodsr.evaluation.protocol import plan
from neurodsr.models.var import VAR, fit_var


@pytest.fixture(scope="module")
def fold():
    (only,) = plan(lozi_series(4000), 3, 0.25, 50, 10_000).folds
    return only


def test_surrogates_have_values_and_spectra_of_the_data_but_not_their_order(fold) -> None:
    found = surrogates(fold, 2, np.random.default_rng(0))
    assert len(found) == 6
    for pieces, windows in zip(found, [*fold.windows, *fold.windows], strict=True):
        np.testing.assert_array_equal(np.sort(pieces[0], axis=0), np.sort(windows[0], axis=0))
        power = [np.abs(np.fft.rfft(x[0], axis=0)[1:]) for x in (pieces, windows)]
        assert np.corrcoef(power[0][:, 0], power[1][:, 0])[0, 1] > 0.95
        assert np.abs(np.corrcoef(pieces[0][:, 0], windows[0][:, 0])[0, 1]) < 0.2


def test_simulations_of_an_autoregression_have_its_variance(fold) -> None:
    """Variance 1 / (1 - a^2) of an AR(1), without a trace of where it starts."""
    var = VAR(np.array([[[0.8, 0.0], [0.0, -0.5]]]), np.zeros(2), np.eye(2))
    pieces = simulated(fold, var, 20, np.random.default_rng(0))
    assert len(pieces) == 60
    variance = np.var([replica[0] for replica in pieces], axis=(0, 1))
    assert variance == pytest.approx([1 / (1 - 0.64), 1 / (1 - 0.25)], rel=0.03)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_bic_finds_the_order_of_an_autoregression(order: int) -> None:
    rng = np.random.default_rng(order)
    A = np.zeros((order, 2, 2))
    A[-1] = [[0.5, 0.2], [-0.2, 0.5]]
    x = VAR(A, np.zeros(2), np.eye(2)).simulate(np.zeros((order, 2)), 5000, rng)
    assert fit_var([x], 10).order == order


def test_persistence_repeats(fold) -> None:
    start = np.arange(6.0).reshape(2, 3)
    assert persistence(start, 4).shape == (4, 2, 3)
    assert (persistence(start, 4)[3] == start).all()
    first = constant(fold)[0][0]
    assert first.shape == fold.pieces[0].shape and (first == fold.histories(1)[0, 0]).all()
