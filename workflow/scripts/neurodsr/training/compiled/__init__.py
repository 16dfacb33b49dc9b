"""Compiled training: the recursion, its adjoint, and the optimiser, over runs and lanes."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import caching


@cache
def _stamp() -> str:
    """Digest of all modules of this package: they are compiled into one another."""
    total = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()


class _PackageStamp:
    """Numba's disk cache, but a change in any module of the package makes it compile anew."""

    def get_source_stamp(self) -> str:
        return _stamp()


class GivenFolder(_PackageStamp, caching.UserProvidedCacheLocator):
    """Cache in ``NUMBA_CACHE_DIR``, shared by all copies of the package."""

    def get_cache_path(self) -> str:
        settings: Any = numba.config
        return str(Path(settings.CACHE_DIR) / f"training_{_stamp()}")


class BesideSource(_PackageStamp, caching.InTreeCacheLocator):
    """Cache in ``__pycache__``."""


class UserFolder(_PackageStamp, caching.UserWideCacheLocator):
    """Cache in the user's own folder."""


LOCATORS = ",".join(f"{__name__}.{one.__name__}" for one in (GivenFolder, BesideSource, UserFolder))


def compiled(function: Callable[..., Any], parallel: bool = False) -> Any:
    """Compile a function at its first call, keep the code on disk, and release the GIL in it."""
    settings: Any = numba.config
    before = settings.CACHE_LOCATOR_CLASSES
    settings.CACHE_LOCATOR_CLASSES = LOCATORS
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy", parallel=parallel)(function)
    finally:
        settings.CACHE_LOCATOR_CLASSES = before


def parallel(function: Callable[..., Any]) -> Any:
    """`compiled`, with ``prange`` loops shared among threads."""
    return compiled(function, parallel=True)
