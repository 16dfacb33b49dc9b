"""Complete settings for reading, from the schema's own defaults."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[2] / "workflow"), str(Path(__file__).parent)]


@pytest.fixture(scope="session")
def read_settings():
    """A function that completes partial settings of `read.schema.yaml`."""
    from orchestration.config import complete

    return lambda **given: complete(given, "read.schema.yaml")
