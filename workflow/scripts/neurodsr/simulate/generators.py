"""Which code simulates a system: a cohort in groups, or orbits of one set of equations."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from neurodsr.simulate import cohort, orbits
from neurodsr.simulate.record import Record
from neurodsr.simulate.systems import SYSTEMS
from neurodsr.tables import Dictionary


class Generator(Protocol):
    """A module that records the participants of a simulated dataset."""

    def record(self, spec: Mapping[str, Any], group: str, participant: str, seed: int) -> Record:
        """Record one participant."""

    def truth(
        self, spec: Mapping[str, Any], participants: Sequence[tuple[str, str]], seed: int
    ) -> tuple[pd.DataFrame, Dictionary]:
        """What is known of each participant, one row each, and what the columns mean."""


GENERATORS: dict[str, Generator] = {"wilson-cowan": cohort, **dict.fromkeys(SYSTEMS, orbits)}


def generator(spec: Mapping[str, Any]) -> Generator:
    """The generator of the system that a simulation asks for."""
    return GENERATORS[spec["system"]]
