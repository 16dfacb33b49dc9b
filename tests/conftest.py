"""One thread for each test process: several share the cores."""

import numba
import torch

torch.set_num_threads(1)
numba.set_num_threads(1)
