"""One cache of compiled code for all copies of the library that tests make."""

import hashlib
from pathlib import Path

from numba import config
from numba.core import caching

FOLDER = str(Path(__file__).parent)
"""To be put on a process's path."""
NAMES = "one_cache.ByContent,InTreeCacheLocator"
"""For numba's ``CACHE_LOCATOR_CLASSES``; the second one where there is no ``NUMBA_CACHE_DIR``."""


class ByContent(caching.UserProvidedCacheLocator):
    """Numba's cache in ``NUMBA_CACHE_DIR``, found by the content of a module, not by its path.

    Numba compiles a copy of a module anew, for a minute and a half in every copied project.
    """

    def get_cache_path(self):
        path = Path(self._py_file)
        digest = hashlib.sha1(path.read_bytes()).hexdigest()
        return str(Path(config.CACHE_DIR) / f"{path.stem}_{digest}")
