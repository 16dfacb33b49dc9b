"""The GPU kernels of the recursion against plain torch.

Without a GPU they run in Triton's interpreter, where there is Triton (``pip install triton``, which
CPU builds of torch come without) and it is asked for: ``TRITON_INTERPRET=1``.
"""

import os
from typing import Any

import pytest
import torch

from neurodsr.models.maps import CanonicalMap
from neurodsr.training import reference

pytest.importorskip("triton", reason="no Triton here: the GPU kernels are not tested")
if not torch.cuda.is_available() and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("no GPU here: the GPU kernels are not tested", allow_module_level=True)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@pytest.mark.parametrize("clipped", [True, False])
@pytest.mark.parametrize(
    ("latent", "hidden", "targets", "lanes"), [(3, 20, 3, 16), (5, 70, 2, 19), (18, 130, 18, 3)]
)
def test_persistent_equals_reference(
    latent: int, hidden: int, targets: int, lanes: int, clipped: bool
) -> None:
    from neurodsr.training import persistent

    runs, steps = 2, 7
    torch.manual_seed(3)

    def draw(*shape: int) -> Any:
        return (0.4 * torch.randn(runs, *shape, device=DEVICE)).requires_grad_()

    matrices = [draw(latent, latent), draw(latent, hidden), draw(hidden, latent)]
    leaves = [*matrices, draw(latent), draw(hidden), draw(latent, lanes)]
    drive = draw(steps, latent, lanes)
    signal = torch.randn(runs, steps, targets, lanes, device=DEVICE)
    signal[torch.rand_like(signal) < 0.2] = torch.nan
    strength = torch.rand(runs, steps, device=DEVICE)
    weight = torch.randn(runs, steps, latent, lanes, device=DEVICE)

    def evaluate(recursion: reference.Recursion) -> list[torch.Tensor]:
        A, W1, W2, h1, h2, start = leaves
        maps = CanonicalMap(A, W1, W2, h1, h2, torch.zeros(runs, latent, 0), clipped)
        z = recursion(maps, start, signal, strength, drive)
        return [z.detach(), *torch.autograd.grad((weight * z).sum(), [*leaves, drive])]

    for here, there in zip(evaluate(persistent.recur), evaluate(reference.recur), strict=True):
        assert float((here - there).norm()) < 1e-5 * float(there.norm())
