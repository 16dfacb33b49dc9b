"""One thread for each test process: several share the cores. Compiled code is shared by all."""

import numba
import torch

import one_cache

numba.config.CACHE_LOCATOR_CLASSES = one_cache.NAMES
torch.set_num_threads(1)
numba.set_num_threads(1)
