import numpy as np

from neurodsr.evaluation.runs import run_state


def decay(level: float, samples: int = 400) -> np.ndarray:
    """Exponential decay to a level that noise keeps alive."""
    noise = level * np.random.default_rng(0).standard_normal((samples, 2))
    return np.exp(-np.arange(samples)[:, None] / 20) + noise


def test_a_run_decays_only_when_the_data_do_not() -> None:
    alive = np.random.default_rng(1).standard_normal((400, 2))
    still = np.zeros((400, 2))
    assert run_state([[alive]], [alive]) == "ok"
    assert run_state([[still]], [alive]) == "decayed"
    assert run_state([[decay(0.0)]], [alive]) == "decayed"
    assert run_state([[decay(0.0)]], [decay(0.0)]) == "ok"


def test_most_replicas_decide_on_decay_and_one_on_divergence() -> None:
    alive, still = np.random.default_rng(1).standard_normal((400, 2)), np.zeros((400, 2))
    assert run_state([[alive], [alive], [still]], [alive]) == "ok"
    assert run_state([[alive], [still], [still]], [alive]) == "decayed"
    assert run_state([[alive], [np.full((400, 2), np.inf)]], [alive]) == "diverged"
    assert run_state([[alive], [1e4 * alive]], [alive]) == "diverged"
