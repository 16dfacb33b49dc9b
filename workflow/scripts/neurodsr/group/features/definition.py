"""A feature: its name, unit, meaning and source, and how its value is read from a result."""

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr

Read = Callable[[xr.Dataset], float | None]

DYNAMICS, QUALITY, DATA = "dynamics", "quality", "data"
"""Families: false discoveries are controlled within each."""


@dataclass(frozen=True)
class Feature:
    """One feature.

    Attributes
    ----------
    family
        ``dynamics``, ``quality`` (how well a model fits) or ``data`` (of the recording itself).
    unit
        ``1`` for a pure number.
    file
        Result that it is read from; one run of it, where it has runs.
    variables
        What it is read from there.
    read
        Its value; NaN where it is not defined, None where it was not asked for.
    """

    name: str
    family: str
    unit: str
    definition: str
    file: str
    variables: tuple[str, ...]
    read: Read

    @property
    def source(self) -> str:
        return f"{self.file}: {', '.join(self.variables)}"

    def of(self, result: xr.Dataset) -> float | None:
        """Value for a result (of one run), or None where what it is read from was not computed."""
        if any(name not in result and name not in result.attrs for name in self.variables):
            return None
        value = self.read(result)
        return None if value is None else float(value)


class Family:
    """Features that are read from one file.

    A function becomes a feature by ``@family(unit, variable, ...)``: its name and its docstring are
    those of the feature.
    """

    def __init__(self, name: str, file: str) -> None:
        self.name, self.file = name, file
        self.features: list[Feature] = []

    def __call__(self, unit: str, *variables: str) -> Callable[[Read], Read]:
        def register(read: Read) -> Read:
            meaning = " ".join((read.__doc__ or "").split()).removesuffix(".")
            self.add(read.__name__, unit, meaning, variables, read)
            return read

        return register

    def add(
        self, name: str, unit: str, meaning: str, variables: tuple[str, ...], read: Read
    ) -> None:
        """Add a feature whose name is no name of a function."""
        self.features.append(Feature(name, self.name, unit, meaning, self.file, variables, read))
