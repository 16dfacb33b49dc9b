import numpy as np

from neurodsr.statespace.embedding.candidates import candidates, representative_channels


def test_copies_of_a_channel_are_left_out():
    rng = np.random.default_rng(0)
    sources = rng.standard_normal((500, 3))
    x = np.repeat(sources, 4, axis=1) + 0.01 * rng.standard_normal((500, 12))
    assert sorted(c // 4 for c in representative_channels([x], 3)) == [0, 1, 2]
    assert representative_channels([x], 12) == list(range(12))


def test_channels_that_share_much_come_before_noise():
    rng = np.random.default_rng(1)
    shared = rng.standard_normal((1000, 2)) @ rng.standard_normal((2, 10))
    x = np.hstack([rng.standard_normal((1000, 3)), shared])
    assert all(c >= 3 for c in representative_channels([x], 2))


def test_candidates_are_standardised_and_constant_channels_harmless():
    rng = np.random.default_rng(2)
    x = np.stack([5 + 3 * rng.standard_normal(300), np.ones(300)], axis=1)
    chosen, vectors = candidates([x], 8, 10, 100)
    assert chosen == [0, 1] and len(vectors.points) == 100
    np.testing.assert_allclose(vectors.values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(vectors.values.std(axis=0), [1, 0], atol=1e-12)
